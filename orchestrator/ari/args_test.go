package ari

import (
	"slices"
	"testing"
	"testing/quick"
)

func TestSplitArgs(t *testing.T) {
	t.Parallel()
	rows := []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"inbound,5550123", []string{"inbound", "5550123"}},
		{",", []string{"", ""}},
		{"a,,b", []string{"a", "", "b"}},
		{`a\,b,c`, []string{"a,b", "c"}},
		{`"a,b",c`, []string{"a,b", "c"}},
		{"f(a,b),c", []string{"f(a,b)", "c"}},
		{"x[1,2],c", []string{"x[1,2]", "c"}},
		{"a),b", []string{"a)", "b"}},
		{`x\"y,a\(b,c\[d,e\\f,,last`, []string{`x"y`, "a(b", "c[d", `e\f`, "", "last"}}, // as a real Asterisk did
		{`end\`, []string{"end"}},
	}
	for _, r := range rows {
		if got := splitArgs(r.in); !slices.Equal(got, r.want) {
			t.Errorf("splitArgs(%q) = %q, want %q", r.in, got, r.want)
		}
	}
}

func TestArgsSurviveTheJourney(t *testing.T) {
	t.Parallel()
	holds := func(args []string) bool {
		if len(args) == 0 || (len(args) == 1 && args[0] == "") {
			return true // no arguments and one empty argument look the same
		}
		return slices.Equal(splitArgs(joinArgs(args)), args)
	}
	if err := quick.Check(holds, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
}
