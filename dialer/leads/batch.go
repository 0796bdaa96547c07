package leads

import (
	"slices"

	"github.com/operadora/operadora/orchestrator/fault"
)

// State is where an import stands. The words are stored: never rename one.
type State string

// The states.
const (
	StateReceiving State = "receiving" // its file is on its way
	StateReady     State = "ready"     // the file is there; nothing was done with it
	StateChecking  State = "checking"  // a dry run goes on
	StateRunning   State = "running"   // its rows are being brought in
	StateDone      State = "done"      // all rows are in
	StateFailed    State = "failed"    // the file cannot be read; no row of it is in
	StateUndoing   State = "undoing"   // what it brought is being taken back
	StateUndone    State = "undone"    // as if it had not been
)

// Trigger is what moves an import.
type Trigger string

// The triggers.
const (
	OnSend   Trigger = "send"   // somebody begins to send the file
	OnFile   Trigger = "file"   // the file has come whole
	OnCheck  Trigger = "check"  // somebody wants a dry run
	OnStart  Trigger = "start"  // somebody wants it done
	OnFinish Trigger = "finish" // all rows were gone through
	OnFail   Trigger = "fail"
	OnUndo   Trigger = "undo" // somebody wants it taken back
)

// table is how imports move. What is not here is refused.
var table = map[State]map[Trigger]State{
	StateReceiving: {OnSend: StateReceiving, OnFile: StateReady, OnFail: StateFailed, OnUndo: StateUndone},
	StateReady:     {OnSend: StateReceiving, OnCheck: StateChecking, OnStart: StateRunning, OnUndo: StateUndone},
	StateChecking:  {OnFinish: StateReady, OnFail: StateFailed, OnUndo: StateUndone},
	StateRunning:   {OnFinish: StateDone, OnFail: StateFailed, OnUndo: StateUndoing},
	StateDone:      {OnUndo: StateUndoing},
	StateFailed:    {OnUndo: StateUndone},
	StateUndoing:   {OnFinish: StateUndone, OnFail: StateDone}, // what is left of it is in, and may be undone again
	StateUndone:    {},
}

// Next is the only way to another state.
func Next(s State, t Trigger) (State, error) {
	next, ok := table[s][t]
	if !ok {
		return s, fault.New("", fault.Conflict, "an import that is %s cannot %s", s, t)
	}
	return next, nil
}

// Working tells whether somebody works at an import in the state.
func (s State) Working() bool {
	return s == StateChecking || s == StateRunning || s == StateUndoing
}

// Target is what an import brings its rows into.
type Target string

// The targets.
const (
	IntoList      Target = "list"        // leads of a list
	IntoDoNotCall Target = "do_not_call" // numbers that must not be called
	IntoHashes    Target = "hashes"      // an external list of numbers that must not be called, as hashes
)

// Scope says among which leads a number or an id may be only once.
type Scope string

// The scopes.
const (
	ScopeList Scope = "list" // those of the list
	ScopeAll  Scope = "all"  // those of all lists
	ScopeNone Scope = "none" // it may be as often as it comes
)

// Action says what becomes of a lead that is there already.
type Action string

// The actions.
const (
	ActionSkip   Action = "skip"   // it stays as it is
	ActionUpdate Action = "update" // it gets the row's values and its further numbers
)

// Duplicates say what makes two leads the same, and what becomes of the second: they
// are the same when they have a number in common, or the id that they have elsewhere.
type Duplicates struct {
	Scope  Scope
	Action Action
}

// Validate names what cannot be right.
func (d Duplicates) Validate() error {
	switch d.Scope {
	case ScopeList, ScopeAll, ScopeNone:
	default:
		return invalid("duplicates: the scope %q is none of list, all, none", short(string(d.Scope)))
	}
	if d.Action != ActionSkip && d.Action != ActionUpdate {
		return invalid("duplicates: the action %q is neither skip nor update", short(string(d.Action)))
	}
	return nil
}

// Merge gives a lead that is there the values of a row: what the row has replaces what
// there was, and its further numbers come last. A number may be in the time zones of both:
// none that somebody named is forgotten.
func Merge(there, row Lead) Lead {
	out := there
	if row.External != "" {
		out.External = row.External
	}
	if row.Name != "" {
		out.Name = row.Name
	}
	if row.Language != "" {
		out.Language = row.Language
	}
	out.Fields = map[string]any{}
	for _, from := range []map[string]any{there.Fields, row.Fields} {
		for name, v := range from {
			out.Fields[name] = v
		}
	}
	out.Numbers = nil
	at := map[string]int{}
	for _, list := range [][]Number{there.Numbers, row.Numbers} {
		for _, n := range list {
			i, seen := at[n.Number]
			switch {
			case !seen && len(out.Numbers) < maxPhones:
				at[n.Number] = len(out.Numbers)
				out.Numbers = append(out.Numbers, n)
			case seen && slices.ContainsFunc(n.Zones, func(z string) bool { return !slices.Contains(out.Numbers[i].Zones, z) }):
				out.Numbers[i].Zones = with(out.Numbers[i].Zones, n.Zones...)
			}
		}
	}
	return out
}
