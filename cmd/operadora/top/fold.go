package top

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// Names of the stream's events.
const (
	eventSnapshot = "snapshot"
	eventChange   = "change"
)

// Apply takes an event of the stream in. An event that cannot be read is an
// error and changes nothing; one of an unknown kind is passed over.
func (m *Model) Apply(e client.Event) error {
	switch e.Name {
	case eventSnapshot:
		return m.begin(e.Data)
	case eventChange:
		var entry orchestrator.Entry
		if err := json.Unmarshal(e.Data, &entry); err != nil {
			return fmt.Errorf("event %s: %w", e.ID, err)
		}
		if err := m.change(entry); err != nil {
			return fmt.Errorf("event %s (%s): %w", e.ID, entry.Type, err)
		}
	}
	return nil
}

// begin replaces everything by a snapshot, except what has been counted.
func (m *Model) begin(data json.RawMessage) error {
	var s struct {
		At     int64           `json:"at"`
		Agents []api.Agent     `json:"agents"`
		Queues []api.Queue     `json:"queues"`
		Calls  []api.LiveCall  `json:"calls"`
		PBXs   map[string]bool `json:"pbxs"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if m.Since.IsZero() {
		m.Since = time.UnixMilli(s.At)
		m.Ended, m.counted = map[orchestrator.Outcome]int{}, map[string]bool{}
	}
	m.PBXs, m.Queues, m.Agents, m.Calls = s.PBXs, map[string]api.Queue{}, map[string]api.Agent{}, map[string]Call{}
	if m.PBXs == nil {
		m.PBXs = map[string]bool{}
	}
	for _, q := range s.Queues {
		m.Queues[q.ID] = q
	}
	for _, a := range s.Agents {
		m.Agents[a.ID] = a
	}
	for _, c := range s.Calls {
		m.Calls[c.Call] = Call{LiveCall: c, Rings: c.State == call.StateOffered}
	}
	return nil
}

// change takes one journal entry in.
func (m *Model) change(e orchestrator.Entry) error {
	if m.Since.IsZero() {
		return nil // resumed without ever having begun: nothing to change
	}
	switch e.Type {
	case orchestrator.EntryAgentState:
		return m.agentChanged(e)
	case orchestrator.EntryPBXState:
		return m.pbxChanged(e)
	case orchestrator.EntryCallStarted:
		return m.callStarted(e)
	case orchestrator.EntryCallEnded:
		return m.callEnded(e)
	default:
		return m.callChanged(e)
	}
}

func (m *Model) agentChanged(e orchestrator.Entry) error {
	var d orchestrator.AgentChange
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return err
	}
	a := m.Agents[e.Agent]
	if d.To != a.State {
		a.Since = e.At.UnixMilli()
	}
	a.ID, a.State, a.Reason, a.Call, a.Queue = e.Agent, d.To, d.Reason, d.Call, e.Queue
	if a.State == stateAvailable || a.State == statePaused || a.State == stateOffline {
		a.Call, a.Queue = "", "" // the entry names the call that brought the change about
	}
	a.Next, a.NextReason, a.RestUntil, a.RestFor = d.Next, d.NextReason, d.RestUntil, d.RestFor
	if a.State == stateAvailable {
		a.Reason = "" // the entry says what freed the agent
	}
	if d.Device != "" {
		a.Device = orchestrator.DeviceState(d.Device)
	}
	m.Agents[e.Agent] = a
	return nil
}

func (m *Model) pbxChanged(e orchestrator.Entry) error {
	var d struct{ State string }
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return err
	}
	m.PBXs[e.PBX] = d.State == "connected"
	return nil
}

func (m *Model) callStarted(e orchestrator.Entry) error {
	if m.counted[e.Call] {
		return nil // told again after its end
	}
	c := Call{LiveCall: api.LiveCall{State: call.StateArriving}}
	if err := json.Unmarshal(e.Data, &c.CallSummary); err != nil {
		return err
	}
	c.Call = e.Call
	m.Calls[e.Call] = c
	return nil
}

func (m *Model) callEnded(e orchestrator.Entry) error {
	delete(m.Calls, e.Call)
	if m.counted[e.Call] {
		return nil
	}
	var d orchestrator.CallSummary
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return err
	}
	m.counted[e.Call] = true
	if d.Kind != orchestrator.KindFeature {
		m.Ended[d.Outcome]++
	}
	return nil
}

// callChanged follows a call in progress. The stream has no entry for the
// state itself: it follows from what happened.
func (m *Model) callChanged(e orchestrator.Entry) error {
	c, ok := m.Calls[e.Call]
	if !ok {
		return nil
	}
	var d struct{ Node, Flow, Agent, Result string } // each entry has some of them
	if len(e.Data) > 0 {
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return err
		}
	}
	at := e.At.UnixMilli()
	switch e.Type {
	case orchestrator.EntryCallNode:
		c.Node = d.Flow + "/" + d.Node
		if c.State == call.StateArriving {
			c.State = call.StateInFlow
		}
	case orchestrator.EntryCallQueued:
		c.State, c.Queue, c.Serving = call.StateWaiting, e.Queue, ""
		if c.QueuedAt == 0 || c.ConnectedAt > 0 {
			c.QueuedAt = at
		}
		c.WaitSince = c.QueuedAt // one who comes back has waited since the first time
	case orchestrator.EntryCallOffered:
		c.State, c.Serving, c.Rings = call.StateOffered, d.Agent, false
	case orchestrator.EntryCallRinging:
		c.Rings = true
	case orchestrator.EntryCallMissed:
		c.State, c.Serving, c.Rings = call.StateWaiting, "", false
	case orchestrator.EntryCallConnected:
		c.State, c.Serving, c.Agent, c.ConnectedAt, c.WaitSince = call.StateTalking, d.Agent, d.Agent, at, 0
	case orchestrator.EntryCallParted, orchestrator.EntryCallUnqueued:
		c.State, c.Serving, c.Rings, c.WaitSince = call.StateInFlow, "", false, 0
	case orchestrator.EntryCallTransfer:
		c.State = transferState(d.Result)
	default: // answered, recordings, faults, and what later versions tell: not on the screen
	}
	m.Calls[e.Call] = c
	return nil
}

func transferState(result string) call.State {
	switch result {
	case "dialling":
		return call.StateTransferring
	case "connected":
		return call.StateTalking
	}
	return call.StateInFlow
}
