package ivr

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Comparison names how a switch compares a variable. The list is closed: no
// code of a flow's author is ever run.
type Comparison string

// The comparisons.
const (
	CompareEquals  Comparison = "equals"
	CompareNot     Comparison = "not_equals"
	CompareIn      Comparison = "in"
	ComparePrefix  Comparison = "prefix"
	CompareMatches Comparison = "matches" // RE2 expression, anywhere in the value
	CompareAtLeast Comparison = "at_least"
	CompareAtMost  Comparison = "at_most"
	CompareSet     Comparison = "set" // "true": has a value; "false": is empty or unset
)

// Test compares one variable. Make it by NewTest.
type Test struct {
	Var    string
	How    Comparison
	Values []string // may hold {{variables}}; several only for CompareIn
	regex  *regexp.Regexp
}

// NewTest makes a comparison; the error says in plain words what is wrong with it.
func NewTest(name string, how Comparison, values ...string) (Test, error) {
	t := Test{Var: name, How: how, Values: values}
	if len(values) == 0 || (len(values) > 1 && how != CompareIn) {
		return t, fmt.Errorf("%s needs one value", how)
	}
	v := values[0]
	switch how {
	case CompareEquals, CompareNot, CompareIn, ComparePrefix:
	case CompareMatches:
		re, err := regexp.Compile(v)
		if err != nil {
			return t, fmt.Errorf("%q is no regular expression: %w", v, err)
		}
		t.regex = re
	case CompareAtLeast, CompareAtMost:
		if _, err := strconv.ParseFloat(v, 64); err != nil && len(References(v)) == 0 {
			return t, fmt.Errorf("%s compares numbers, and %q is none", how, v)
		}
	case CompareSet:
		if v != "true" && v != "false" {
			return t, fmt.Errorf("set takes true or false, not %q", v)
		}
	default:
		return t, fmt.Errorf("there is no comparison %q", how)
	}
	return t, nil
}

// String returns the comparison as people write it.
func (t Test) String() string {
	switch t.How {
	case CompareSet:
		if t.Values[0] == "true" {
			return t.Var + " is set"
		}
		return t.Var + " is not set"
	case CompareEquals:
		return t.Var + " = " + t.Values[0]
	default: // reads as it is written
	}
	return t.Var + " " + string(t.How) + " " + strings.Join(t.Values, ", ")
}

func (t Test) holds(s *state) bool {
	got := s.look(t.Var)
	want := make([]string, len(t.Values))
	for i, v := range t.Values {
		want[i] = s.fill(v)
	}
	switch t.How {
	case CompareEquals:
		return got == want[0]
	case CompareNot:
		return got != want[0]
	case CompareIn:
		return slices.Contains(want, got)
	case ComparePrefix:
		return strings.HasPrefix(got, want[0])
	case CompareMatches:
		return t.regex != nil && t.regex.MatchString(got)
	case CompareSet:
		return (got != "") == (want[0] == "true")
	case CompareAtLeast, CompareAtMost:
		a, errA := strconv.ParseFloat(got, 64)
		b, errB := strconv.ParseFloat(want[0], 64)
		if errA != nil || errB != nil {
			return false
		}
		return a == b || (a > b) == (t.How == CompareAtLeast)
	}
	return false
}
