package ivr

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	t.Parallel()
	rows := []struct{ in, want string }{
		{"Ana \"la jefa\" Núñez", "Ana \"la jefa\" Núñez"},
		{"a\x00b\r\nc\x1b[31m", "abc[31m"},
		{"\xff\xfe600", "600"},
	}
	for _, r := range rows {
		if got := clean(r.in); got != r.want {
			t.Errorf("clean(%q) = %q, want %q", r.in, got, r.want)
		}
	}
	if got := clean(strings.Repeat("ñ", 400)); len(got) > maxValue || !utf8.ValidString(got) {
		t.Errorf("a long value keeps %d bytes", len(got))
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		valid func(string) bool
		yes   []string
		no    []string
	}{
		{"destination", ValidDestination, []string{"+34910", "12#", "*45"}, []string{"", "+", "5&PJSIP/x", "5 5", "1\n2", "(55)", "55+", strings.Repeat("1", 40)}},
		{"language", ValidLanguage, []string{"es", "es-MX", "en_GB"}, []string{"", "text", "ES", "e", "es-"}},
		{"variable", ValidVariable, []string{"x", "nombre_2"}, []string{"", "2x", "call.did", "ñ"}},
	}
	for _, r := range rows {
		for _, s := range r.yes {
			if !r.valid(s) {
				t.Errorf("%s: %q is refused", r.name, s)
			}
		}
		for _, s := range r.no {
			if r.valid(s) {
				t.Errorf("%s: %q is taken", r.name, s)
			}
		}
	}
}
