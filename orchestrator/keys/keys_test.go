package keys

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// play types keys, one after the other, where a blank is a pause, and writes
// down what comes of it: keys that pass as they are, actions in brackets, a
// refusal as !.
func play(t Table, typed string) string {
	var out strings.Builder
	held := ""
	for _, k := range typed {
		var r Result
		if k == ' ' {
			r = t.Pause(held)
		} else {
			r = t.Press(held, string(k))
		}
		out.WriteString(r.Pass)
		if r.Does != "" {
			fmt.Fprintf(&out, "[%s", r.Does)
			if r.Number != "" {
				out.WriteString(" " + r.Number)
			}
			out.WriteString("]")
		}
		if r.Wrong {
			out.WriteString("!")
		}
		held = r.Held
	}
	return out.String()
}

func TestTable(t *testing.T) {
	t.Parallel()
	rows := []struct{ prefix, typed, want string }{
		{"*", "12345", "12345"},
		{"*", "#0#", "#0#"},
		{"*", "*1", "[hold]"},
		{"*", "5*15", "5[hold]5"},
		{"*", "* 1", "*1"},
		{"*", "* ", "*"},
		{"*", "*", ""},
		{"*", "**1", "*[hold]"},
		{"*", "***", "**"},
		{"*", "*B*", "*B"},
		{"*", "*A", "*A"},
		{"*", "*0", ""},
		{"*", "*0 ", "*0"},
		{"*", "*01", "[machine]"},
		{"*", "*02", "*02"},
		{"*", "*0*1", "*0[hold]"},
		{"*", "*00", "[hangup]"},
		{"*", "*8*8", "[mute][mute]"},
		{"*", "*2102#", "[transfer 102]"},
		{"*", "*2102#7", "[transfer 102]7"},
		{"*", "*2102 3#", "!3#"},
		{"*", "*2 ", "!"},
		{"*", "*2#", "!"},
		{"*", "*21*1", "!1"},
		{"*", "*2*", "!"},
		{"*", "*2" + strings.Repeat("1", maxNumber) + "#", "[transfer " + strings.Repeat("1", maxNumber) + "]"},
		{"*", "*2" + strings.Repeat("1", maxNumber+1), "!"},
		{"*", "*93#", "[dispose 3]"},
		{"*", "*3102#", "[consult 102]"},
		{"*", "*4*5*6*7", "[complete][cancel][swap][conference]"},
		{"*", "*#1#", "[send 1]"},
		{"*", "*##", "!"},
		{"*", "*9A", "!"},
		{"#", "#1*1", "[hold]*1"},
		{"#", "#2102#", "[transfer 102]"},
		{"##", "##1", "[hold]"},
		{"##", "#1", "#1"},
		{"##", "###1#", "[send 1]"},
		{"*#", "*1", "*1"},
		{"*#", "**#1", "*[hold]"},
		{"", "*1*2102#*00", "*1*2102#*00"},
	}
	for _, r := range rows {
		if got := play(Table{Prefix: r.prefix}, r.typed); got != r.want {
			t.Errorf("prefix %q, typed %q: %q, want %q", r.prefix, r.typed, got, r.want)
		}
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	for prefix, fits := range map[string]bool{"": true, "*": true, "#": true, "**": true, "*#9": true, "1": false, "*1234": false, "*A": false, " *": false} {
		if err := (Table{Prefix: prefix}).Validate(); (err == nil) != fits {
			t.Errorf("%q: %v", prefix, err)
		}
	}
}

// TestCodesApart: no code begins with another, or the longer one could not be typed.
func TestCodesApart(t *testing.T) {
	t.Parallel()
	for i, a := range Codes {
		for j, b := range Codes {
			if i != j && strings.HasPrefix(b.Keys, a.Keys) {
				t.Errorf("%q (%s) begins with %q (%s)", b.Keys, b.Does, a.Keys, a.Does)
			}
		}
	}
}

// TestNothingLost: whatever is typed and however it is timed, the keys that are
// no part of a code reach the other side once, in order.
func TestNothingLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := Table{Prefix: rapid.SampledFrom([]string{"", "*", "#", "**", "*#", "*9*"}).Draw(t, "prefix")}
		var typed, out string
		held := ""
		take := func(r Result) {
			out += r.Pass
			if r.Does != "" || r.Wrong { // the code takes the rest
				if !strings.HasPrefix(typed, out+table.Prefix) || table.Prefix == "" {
					t.Fatalf("typed %q, passed %q, and a code", typed, out)
				}
				typed = out
			}
			held = r.Held
			if (held == "") != (r.Wait == 0) {
				t.Fatalf("%+v", r)
			}
			if typed != out+held {
				t.Fatalf("typed %q, passed %q, held back %q", typed, out, held)
			}
		}
		for range rapid.IntRange(0, 60).Draw(t, "keys") {
			if rapid.IntRange(0, 5).Draw(t, "pause") == 0 {
				take(table.Pause(held))
				continue
			}
			k := rapid.SampledFrom([]string{"*", "*", "#", "0", "1", "2", "5", "8", "9", "A"}).Draw(t, "key")
			typed += k
			take(table.Press(held, k))
		}
	})
}
