package orchestrator

import (
	"strings"
	"testing"
)

func TestCleanParty(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, in, number, text string }{
		{"plain", "+34910000001", "+34910000001", "+34910000001"},
		{"quotes and brackets", `"<600>"`, "600", "600"},
		{"header injection", "600\r\nX-Evil: 1", "600X-Evil 1", "600X-Evil: 1"},
		{"dial string", "555&PJSIP/x@trunk", "555PJSIPxtrunk", "555&PJSIP/x@trunk"},
		{"accents stay", "José Ñandú", "José Ñandú", "José Ñandú"},
		{"broken utf-8", "a\xffb", "ab", "ab"},
		{"nul and bell", "a\x00b\a", "ab", "ab"},
		{"too long", strings.Repeat("9", 200), strings.Repeat("9", 64), strings.Repeat("9", 64)},
	}
	for _, r := range rows {
		got := CleanParty(Party{Number: r.in, Name: r.in})
		if got.Number != r.number || got.Name != r.text {
			t.Errorf("%s: got %q %q, want %q %q", r.name, got.Number, got.Name, r.number, r.text)
		}
		if again := CleanParty(got); again != got {
			t.Errorf("%s: cleaning twice changes %v to %v", r.name, got, again)
		}
	}
}

func TestMaskNumber(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "12": "**", "123": "***", "+34910000123": "*********123", "ñandú": "**ndú"} {
		if got := MaskNumber(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestAreKeys(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"1": true, "0123456789*#ABCDabcd": true, "": false, "6w": false, "w6": false, "6w6": false, "6,": false,
		"6@100": false, "E": false, "1 ": false, "1\n": false, "１": false, "1\xff": false} {
		if got := AreKeys(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
