package api

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records"
)

// shownDigits is how much of a caller's number is left when it is masked:
// enough to tell two callers apart, too little to call back.
const shownDigits = 3

// maskParty hides a caller: the last digits of a long enough number remain, the name goes.
func maskParty(p wire.Party) wire.Party {
	n := []rune(p.Number)
	switch {
	case len(n) == 0:
		return wire.Party{}
	case len(n) <= 2*shownDigits: // an extension: half of it would give it away
		return wire.Party{Number: "***"}
	}
	return wire.Party{Number: "***" + string(n[len(n)-shownDigits:])}
}

func maskSummary(s wire.CallSummary) wire.CallSummary {
	s.Caller, s.Lead = maskParty(s.Caller), "" // whose number is a question away
	return s
}

// audience is what a token's bearer may see of callers.
type audience struct {
	full  bool
	agent string // role agent: sees the callers it serves
	teams string // role supervisor, bound to them: sees their callers; joined by spaces, for snapshots are kept by audience
	in    Teams  // who is in them
	// masked: role wallboard, bound to teams: is shown what is theirs, without their callers
	masked bool
}

func (s *Server) audienceOf(t records.Identity) audience {
	a := audience{full: seesNumbers(t)}
	if bound(t) {
		a.teams, a.in, a.masked = strings.Join(t.Teams, " "), s.Teams, wire.Role(t.Role) == wire.RoleWallboard
	}
	if wire.Role(t.Role) == wire.RoleAgent {
		a.agent = t.Agent
	}
	return a
}

// sees tells whether the callers of an agent's calls may be seen.
func (a audience) sees(agent string) bool {
	return a.full || (a.agent != "" && a.agent == agent) || a.over(agent)
}

// supervises tells whether an agent is in one of the teams to which the audience is bound.
func (a audience) supervises(agent string) bool {
	return a.teams != "" && agent != "" && slices.Contains(strings.Fields(a.teams), a.in.TeamOf(agent))
}

// over tells whether the audience supervises an agent, and not merely shows it.
func (a audience) over(agent string) bool { return !a.masked && a.supervises(agent) }

// seesLive tells whether the caller of a call in progress may be seen.
func (a audience) seesLive(v wire.LiveCall) bool {
	return a.full || serves(a.agent, v) || a.over(v.Serving)
}

func (a audience) live(v wire.LiveCall) wire.LiveCall {
	if !a.seesLive(v) {
		v.CallSummary, v.About, v.Script = maskSummary(v.CallSummary), nil, ""
	}
	v.Supervisors = a.supervisors(v)
	return v
}

func (a audience) contact(v wire.Contact) wire.Contact {
	if !a.sees(v.Agent) {
		v.CallSummary = maskSummary(v.CallSummary)
	}
	return v
}

// harmless are the entries that tell nothing of the caller.
var harmless = map[orchestrator.EntryType]bool{
	orchestrator.EntryCallAnswered: true, orchestrator.EntryCallRefused: true,
	orchestrator.EntryCallUnqueued: true, orchestrator.EntryCallRinging: true,
	orchestrator.EntryCallMissed: true, orchestrator.EntryCallMessage: true, orchestrator.EntryCallMachine: true, orchestrator.EntryCallConnected: true, orchestrator.EntryCallParted: true,
	orchestrator.EntryAgentState: true, orchestrator.EntryAgentLine: true, orchestrator.EntryPBXState: true,
	orchestrator.EntryCampaignState: true,
}

// entry shows a journal entry, without what it tells of a caller when the
// audience may not see that. served says that the entry's call is known to be
// the audience's own.
func (a audience) entry(e orchestrator.Entry, served bool) wire.Entry {
	v := entryView(e)
	if a.full || served || v.Data == nil || harmless[e.Type] {
		return v
	}
	switch e.Type {
	case orchestrator.EntryCallStarted, orchestrator.EntryCallEnded:
		var s wire.CallSummary
		if err := json.Unmarshal(v.Data, &s); err != nil || s.Agent == "" || !a.sees(s.Agent) {
			v.Data, _ = json.Marshal(maskSummary(s)) // a summary always marshals
		}
	case orchestrator.EntryCallOffered:
		if !a.sees(e.Agent) {
			v.Data = without(v.Data, func(o *wire.EntryOffered) { o.About, o.Script = nil, "" })
		}
	case orchestrator.EntryCallPreview:
		if !a.sees(e.Agent) {
			v.Data = without(v.Data, func(p *wire.EntryPreview) { p.About, p.Script = nil, "" })
		}
	case orchestrator.EntryCallQueued: // the name of a number is as good as the number
		v.Data = without(v.Data, func(q *wire.EntryQueued) { q.Known = "" })
	case orchestrator.EntryAgentDisposed:
		v.Data = without(v.Data, func(d *wire.EntryDisposed) { d.Notes = "" })
	case orchestrator.EntryCallNode: // its detail may hold what the caller keyed in
		v.Data = without(v.Data, func(n *wire.EntryNode) { n.Detail = nil })
	default: // recordings' names, faults, transfers, and whatever is new: not shown
		v.Data = nil
	}
	return v
}

// without returns an entry's data without what hide takes away; none when it cannot be read.
func without[T any](data json.RawMessage, hide func(*T)) json.RawMessage {
	var v T
	if json.Unmarshal(data, &v) != nil {
		return nil
	}
	hide(&v)
	data, _ = json.Marshal(v) // it came from JSON
	return data
}

func (a audience) timeline(entries []orchestrator.Entry, served bool) []wire.Entry {
	return each(a.seen(entries), func(e orchestrator.Entry) wire.Entry { return a.entry(e, served) })
}
