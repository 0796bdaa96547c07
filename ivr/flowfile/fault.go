package flowfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/operadora/operadora/ivr"
)

// Code names a kind of fault. E codes keep a set of flows from being used, W
// codes are advice. The strings are public: never reuse one.
type Code string

// The codes.
const (
	CodeForm        Code = "E00" // no YAML, an unknown key, a value of the wrong kind
	CodeTarget      Code = "E01" // an edge to a node that does not exist
	CodeStart       Code = "E02" // no start node
	CodeUnreachable Code = "E03" // no path leads to a node
	CodeNoExit      Code = "E04" // no path from a node ends the call
	CodeSpin        Code = "E05" // a cycle that waits for nobody
	CodeMissingEdge Code = "E06" // an outcome that nothing handles
	CodeUnset       Code = "E07" // a variable read before it is set on some path
	CodePrompt      Code = "E08" // a prompt is undefined or lacks a language
	CodeSound       Code = "E09" // a sound is not on the PBX
	CodeKeys        Code = "E10" // ambiguous menu keys
	CodeBounds      Code = "E11" // impossible limits of a gather
	CodeUnknown     Code = "E12" // an unknown queue, calendar, flow or destination
	CodeRecursion   Code = "E14" // sub-flows that call themselves
	CodeOutcome     Code = "E15" // an edge for an outcome that never comes

	CodeUnusedPrompt Code = "W01" // nobody plays a prompt
	CodeManyOptions  Code = "W02" // a menu with more than five options
	CodeUnmasked     Code = "W03" // a long number that is shown in the timeline
	CodeNoHuman      Code = "W04" // no path to a person
	CodeImpatient    Code = "W05" // a limit that leaves no time to act
)

// Warning tells whether a code is only advice.
func (c Code) Warning() bool { return strings.HasPrefix(string(c), "W") }

// Fault is one thing that is wrong with a definition.
type Fault struct {
	Code Code
	At   ivr.Pos
	Flow string // "" in files that are no flow
	Node string // "" when it concerns no single node
	Text string
}

// String returns "file:line:column: code flow f, node n: text".
func (f Fault) String() string {
	where := ""
	if f.Flow != "" {
		where = " flow " + f.Flow
	}
	if f.Node != "" {
		where += ", node " + f.Node
	}
	if where != "" {
		where += ":"
	}
	return fmt.Sprintf("%s: %s%s %s", f.At, f.Code, where, f.Text)
}

// Faults is a list of faults. As an error it holds at least one E code.
type Faults []Fault

// Error returns one line per fault, errors and warnings.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns the faults as an error when one of them is more than a warning.
func (fs Faults) Err() error {
	if slices.ContainsFunc(fs, func(f Fault) bool { return !f.Code.Warning() }) {
		return fs
	}
	return nil
}

// sorted returns the faults by place, each once.
func (fs Faults) sorted() Faults {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line),
			cmp.Compare(a.At.Column, b.At.Column), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(fs)
}
