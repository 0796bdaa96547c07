package yamlfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a file. Line and Column count from 1; without a line it is
// File as a whole, the zero value is not from a file.
type Pos struct {
	File         string
	Line, Column int
}

// String returns "file:line:column".
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Code names a kind of fault. E codes keep a file from being used, W codes are
// advice. The strings are public: never reuse one. Package flowfile has more.
type Code string

// The codes of the reader, and one that all definitions have.
const (
	CodeForm    Code = "E00" // no YAML, an unknown key, a value of the wrong kind
	CodeBounds  Code = "E11" // a value out of bounds
	CodeUnknown Code = "E12" // a name that nothing has: a queue, calendar, flow, PBX or destination
	CodeUnmet   Code = "W07" // a requirement that no agent of the queue meets
	CodeLanes   Code = "W09" // more kinds of calls may wait than are looked past at once
)

// Warning tells whether a code is only advice.
func (c Code) Warning() bool { return strings.HasPrefix(string(c), "W") }

// Fault is one thing that is wrong with a file.
type Fault struct {
	At    Pos
	Code  Code
	Where string // the key, or what the fault is about: "queues[0].wrap_up", "flow x, node y"
	Text  string
}

// String returns "file:line:column: code where: text"; without a place, "where: text".
func (f Fault) String() string {
	text := f.Text
	if f.Where != "" {
		text = f.Where + ": " + text
	}
	if f.At == (Pos{}) {
		return text
	}
	return fmt.Sprintf("%s: %s %s", f.At, f.Code, text)
}

// Error is String: a fault is an error.
func (f Fault) Error() string { return f.String() }

// Faults is a list of faults; see Err for how it becomes an error.
type Faults []Fault

// Error returns one line per fault.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns those that are more than a warning as an error, nil when there are none.
func (fs Faults) Err() error {
	errs := slices.DeleteFunc(slices.Clone(fs), func(f Fault) bool { return f.Code.Warning() })
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// Sorted returns the faults by place, each once.
func (fs Faults) Sorted() Faults {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line),
			cmp.Compare(a.At.Column, b.At.Column), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(fs)
}
