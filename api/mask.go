package api

import (
	"encoding/json"
	"slices"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// shownDigits is how much of a caller's number is left when it is masked:
// enough to tell two callers apart, too little to call back.
const shownDigits = 3

// maskParty hides a caller: the last digits of a long enough number remain, the name goes.
func maskParty(p orchestrator.Party) orchestrator.Party {
	n := []rune(p.Number)
	switch {
	case len(n) == 0:
		return orchestrator.Party{}
	case len(n) <= 2*shownDigits: // an extension: half of it would give it away
		return orchestrator.Party{Number: "***"}
	}
	return orchestrator.Party{Number: "***" + string(n[len(n)-shownDigits:])}
}

func maskSummary(s orchestrator.CallSummary) orchestrator.CallSummary {
	s.Caller = maskParty(s.Caller)
	return s
}

// audience is what a token's bearer may see of callers.
type audience struct {
	full  bool
	agent string // role agent: sees the callers it serves
}

func audienceOf(t records.Token) audience {
	a := audience{full: seesNumbers(t)}
	if Role(t.Role) == RoleAgent {
		a.agent = t.Agent
	}
	return a
}

// sees tells whether the callers of an agent's calls may be seen.
func (a audience) sees(agent string) bool { return a.full || (a.agent != "" && a.agent == agent) }

func (a audience) live(v LiveCall) LiveCall {
	if !a.full && !v.serves(a.agent) {
		v.CallSummary = maskSummary(v.CallSummary)
	}
	return v
}

func (a audience) contact(v records.Contact) records.Contact {
	if !a.sees(v.Agent) {
		v.CallSummary = maskSummary(v.CallSummary)
	}
	return v
}

// entry hides what a journal entry tells of a caller. served says that the
// entry's call is known to be the audience's own.
func (a audience) entry(e orchestrator.Entry, served bool) orchestrator.Entry {
	if a.full || served {
		return e
	}
	switch e.Type {
	case orchestrator.EntryCallStarted, orchestrator.EntryCallEnded:
		var s orchestrator.CallSummary
		if json.Unmarshal(e.Data, &s) != nil {
			e.Data = nil
			return e
		}
		if !a.sees(s.Agent) || s.Agent == "" {
			e.Data, _ = json.Marshal(maskSummary(s)) // a summary always marshals
		}
	case orchestrator.EntryCallNode: // its detail may hold what the caller keyed in
		var n orchestrator.Note
		if json.Unmarshal(e.Data, &n) != nil {
			e.Data = nil
			return e
		}
		n.Detail = nil
		e.Data, _ = json.Marshal(n)
	case orchestrator.EntryCallAnswered, orchestrator.EntryCallQueued, orchestrator.EntryCallRefused, orchestrator.EntryCallUnqueued,
		orchestrator.EntryCallOffered, orchestrator.EntryCallRinging, orchestrator.EntryCallMissed, orchestrator.EntryCallConnected,
		orchestrator.EntryCallParted, orchestrator.EntryAgentState, orchestrator.EntryAgentDisposed, orchestrator.EntryPBXState:
		// nothing of the caller in them
	default: // recordings' names, faults, transfers, and whatever is new: not shown
		e.Data = nil
	}
	return e
}

func (a audience) timeline(entries []orchestrator.Entry, served bool) []orchestrator.Entry {
	out := slices.Clone(entries)
	for i, e := range out {
		out[i] = a.entry(e, served)
	}
	return out
}
