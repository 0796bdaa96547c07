package live

import (
	"encoding/json"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/session"
)

// Touch says what a journal entry changes.
type Touch struct {
	Rows    []Key // agents and calls to be read anew
	Numbers bool  // of queues, who waits in them, and PBXs
	Dialled bool  // campaigns
	All     bool  // everything may be another
}

// numbers are the entries that change how many wait, or who serves.
var numbers = map[orchestrator.EntryType]bool{
	orchestrator.EntryCallQueued: true, orchestrator.EntryCallUnqueued: true, orchestrator.EntryCallOffered: true,
	orchestrator.EntryCallMissed: true, orchestrator.EntryCallConnected: true, orchestrator.EntryCallParted: true,
	orchestrator.EntryCallTransfer: true, orchestrator.EntryCallCallback: true, orchestrator.EntryCallEnded: true,
	orchestrator.EntryAgentState: true, orchestrator.EntryPBXState: true,
}

// general are the events of operadora itself after which nothing is sure.
var general = map[orchestrator.SystemNews]bool{
	orchestrator.SystemDefinitions: true, orchestrator.SystemHealed: true, orchestrator.SystemRewound: true,
	orchestrator.SystemStoreAway: true,
}

// Of says what an entry changes. An entry of a type that is not known changes what it names.
func Of(e orchestrator.Entry) Touch {
	t := Touch{Numbers: numbers[e.Type]}
	switch e.Type {
	case orchestrator.EntrySystem:
		var s orchestrator.SystemEvent
		_ = json.Unmarshal(e.Data, &s) // what cannot be read is none of those
		t.All = general[s.What]
		return t
	case orchestrator.EntryCampaignState:
		t.Dialled = true
		return t
	case orchestrator.EntryPBXState, orchestrator.EntryCampaignRefused, orchestrator.EntryCallMailed:
		return t
	default:
	}
	if e.Call != "" && !session.Is(e.Call) {
		t.Rows = append(t.Rows, Key{Calls, e.Call})
	}
	if e.Agent != "" {
		t.Rows = append(t.Rows, Key{Agents, e.Agent})
	}
	return t
}
