package ivr

import (
	"sort"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// Pos is a place in a definition file.
type Pos = yamlfile.Pos

// Flow is one graph of nodes.
type Flow struct {
	ID        string
	Version   string   // the author's label; the revision's hash is what counts
	Language  string   // the language a call begins in and falls back to
	Languages []string // every language its prompts must speak; contains Language
	Start     string
	OnError   string   // node for outcomes nobody handles; "" hangs up
	Params    []string // variables a calling flow hands over
	Prompts   map[string]*Prompt
	Nodes     map[string]*Node
	At        Pos
	StartAt   Pos
	OnErrorAt Pos
}

// Prompt is something to say, in each language.
type Prompt struct {
	Key    string
	Sounds map[string][]string // language -> sound names; "" holds for every language
	Text   map[string]string   // language -> what the sounds say, for people
	At     Pos
}

// In returns the prompt's sounds in a language, nil when it does not speak it.
// A regional language ("es-MX") falls back to its base ("es").
func (p *Prompt) In(lang string) []string {
	for _, l := range []string{lang, orchestrator.BaseLanguage(lang), ""} {
		if s, ok := p.Sounds[l]; ok {
			return s
		}
	}
	return nil
}

// End is the target that hangs the call up.
const End = "end"

// Edge leads from an outcome of a node to the next node, or to End.
type Edge struct {
	To string
	At Pos
}

// Node is one step of a flow.
type Node struct {
	Name string
	Type NodeType
	On   map[string]Edge // by outcome
	Step Step
	At   Pos
}

// Outcomes returns the outcomes that have an edge, sorted.
func (n *Node) Outcomes() []string {
	out := make([]string, 0, len(n.On))
	for o := range n.On {
		out = append(out, o)
	}
	sort.Strings(out)
	return out
}

// Step is what a node does: one of the step types of this package.
type Step interface {
	// enter takes the node's first action.
	enter(r *run)
}

// waiter is a step that goes on by an input.
type waiter interface {
	Step
	input(r *run, in input)
}

// NodeNames returns the names of all nodes, sorted.
func (f *Flow) NodeNames() []string {
	names := make([]string, 0, len(f.Nodes))
	for n := range f.Nodes {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Speaks tells whether a flow declares a language or its base.
func (f *Flow) Speaks(lang string) bool {
	for _, l := range f.Languages {
		if l == lang || l == orchestrator.BaseLanguage(lang) {
			return true
		}
	}
	return false
}

// Item is one thing to play: exactly one field is set.
type Item struct {
	Prompt string // key of a prompt
	Sound  string // name of a sound, the same in every language
	Tone   string // name of a tone of the PBX
	Say    *Say
	At     Pos
}

// Say speaks a value.
type Say struct {
	Form     SayForm
	Value    string // may hold {{variables}}
	Gender   string // "f", "m" or "": of what is counted, for languages that care
	Currency string // of money: ISO 4217
}

// SayForm is how a value is spoken.
type SayForm string

// The forms of speech.
const (
	SayDigits SayForm = "digits" // one by one
	SayNumber SayForm = "number" // as a whole number
	SayDate   SayForm = "date"   // 2026-01-15
	SayTime   SayForm = "time"   // 13:05
	SayMoney  SayForm = "money"  // 12.50, in Currency
)

// Tries says what to play at each attempt: entry i at attempt i, the last one
// for all that follow.
type Tries [][]Item

// at returns the items of attempt n, counted from 0.
func (t Tries) at(n int) []Item {
	if len(t) == 0 {
		return nil
	}
	return t[min(n, len(t)-1)]
}

// Waits holds the patience of a question.
type Waits struct {
	FirstDigit time.Duration // silence before the first key
	InterDigit time.Duration // silence between keys
}

// Retries says how often a question is asked again.
type Retries struct{ NoInput, NoMatch int }

// The values of a question that says nothing else.
const (
	DefaultFirstDigit = 5 * time.Second
	DefaultInterDigit = 3 * time.Second
	DefaultRetries    = 2
	DefaultRing       = 30 * time.Second
	DefaultMailMax    = 120 * time.Second
	DefaultMailQuiet  = 5 * time.Second
)
