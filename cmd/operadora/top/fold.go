package top

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
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
		var entry wire.Entry
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
	var s wire.Snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	m.free = map[string]time.Time{}
	if m.Since.IsZero() {
		m.Since = s.At
		m.Ended, m.counted = map[wire.Outcome]int{}, map[string]bool{}
	}
	m.PBXs, m.Queues, m.Agents, m.Calls = s.PBXs, map[string]wire.Queue{}, map[string]wire.Agent{}, map[string]Call{}
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
		m.Calls[c.ID] = Call{LiveCall: c, Rings: c.State == wire.CallStateOffered}
	}
	for _, w := range s.Waiting {
		if c, known := m.Calls[w.Call]; known {
			c.Away = !w.AwaySince.IsZero()
			m.Calls[w.Call] = c
		}
	}
	return nil
}

// change takes one journal entry in.
func (m *Model) change(e wire.Entry) error {
	if m.Since.IsZero() {
		return nil // resumed without ever having begun: nothing to change
	}
	switch e.Type {
	case wire.EntryTypeAgentState:
		return m.agentChanged(e)
	case wire.EntryTypePBXState:
		return m.pbxChanged(e)
	case wire.EntryTypeCallStarted:
		return m.callStarted(e)
	case wire.EntryTypeCallEnded:
		return m.callEnded(e)
	default:
		return m.callChanged(e)
	}
}

// missed are the reasons by which an agent who was rung is free anew.
var missed = map[string]bool{string(wire.OfferFailureNoAnswer): true, string(wire.OfferFailureRejected): true}

func (m *Model) agentChanged(e wire.Entry) error {
	var d wire.EntryAgentState
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return err
	}
	a := m.Agents[e.Agent]
	if d.To != a.State {
		free := m.free[e.Agent]
		delete(m.free, e.Agent)
		switch {
		case a.State == wire.AgentStateAvailable && d.To == wire.AgentStateReserved:
			m.free[e.Agent], a.Since = a.Since, e.At
		case a.State == wire.AgentStateReserved && d.To == wire.AgentStateAvailable && !missed[d.Reason] && d.RestUntil.IsZero() && !free.IsZero():
			a.Since = free // another took the call
		default:
			a.Since = e.At
		}
	}
	a.ID, a.State, a.Reason, a.Call, a.Queue = e.Agent, d.To, d.Reason, d.Call, e.Queue
	if a.State == wire.AgentStateAvailable || a.State == wire.AgentStatePaused || a.State == wire.AgentStateOffline {
		a.Call, a.Queue = "", "" // the entry names the call that brought the change about
	}
	a.WrapUpUntil, a.PauseUntil, a.Over = time.Time{}, time.Time{}, d.Over
	switch d.To {
	case wire.AgentStateWrapup:
		a.WrapUpUntil = d.Until
	case wire.AgentStatePaused:
		a.PauseUntil = d.Until
	default:
	}
	a.Next, a.NextReason, a.RestUntil, a.RestFor = d.Next, d.NextReason, d.RestUntil, d.RestFor
	if a.State == wire.AgentStateAvailable {
		a.Reason = "" // the entry says what freed the agent
	}
	if d.Device != "" {
		a.Device = d.Device
	}
	m.Agents[e.Agent] = a
	return nil
}

func (m *Model) pbxChanged(e wire.Entry) error {
	var d wire.EntryPBXState
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return err
	}
	m.PBXs[e.PBX] = d.State == wire.EntryPBXStateStateConnected
	for id, c := range m.Calls {
		if c.PBX == e.PBX && d.State != wire.EntryPBXStateStateReplaced { // else another process has it
			c.Away = d.State == wire.EntryPBXStateStateDisconnected
			m.Calls[id] = c
		}
	}
	return nil
}

func (m *Model) callStarted(e wire.Entry) error {
	if m.counted[e.Call] {
		return nil // told again after its end
	}
	c := Call{LiveCall: wire.LiveCall{State: wire.CallStateArriving}}
	if err := json.Unmarshal(e.Data, &c.CallSummary); err != nil {
		return err
	}
	c.ID = e.Call
	m.Calls[e.Call] = c
	return nil
}

func (m *Model) callEnded(e wire.Entry) error {
	delete(m.Calls, e.Call)
	if m.counted[e.Call] {
		return nil
	}
	var d wire.CallSummary
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return err
	}
	m.counted[e.Call] = true
	if d.Kind != wire.CallKindFeature {
		m.Ended[d.Outcome]++
	}
	return nil
}

// callChanged follows a call in progress. The stream has no entry for the
// state itself: it follows from what happened.
func (m *Model) callChanged(e wire.Entry) error {
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
	switch e.Type {
	case wire.EntryTypeCallNode:
		c.Node = d.Flow + "/" + d.Node
		if c.State == wire.CallStateArriving {
			c.State = wire.CallStateFlow
		}
	case wire.EntryTypeCallQueued:
		c.State, c.Queue, c.Serving = wire.CallStateWaiting, e.Queue, ""
		if c.QueuedAt.IsZero() || !c.ConnectedAt.IsZero() {
			c.QueuedAt = e.At
		}
		c.WaitSince = c.QueuedAt // one who comes back has waited since the first time
	case wire.EntryTypeCallOffered:
		c.State, c.Serving, c.Rings = wire.CallStateOffered, d.Agent, false
	case wire.EntryTypeCallRinging:
		c.Rings = true
	case wire.EntryTypeCallMissed:
		c.State, c.Serving, c.Rings = wire.CallStateWaiting, "", false
	case wire.EntryTypeCallConnected:
		c.State, c.Serving, c.Agent, c.ConnectedAt, c.WaitSince = wire.CallStateTalking, d.Agent, d.Agent, e.At, time.Time{}
	case wire.EntryTypeCallParted, wire.EntryTypeCallUnqueued:
		c.State, c.Serving, c.Rings, c.WaitSince = wire.CallStateFlow, "", false, time.Time{}
	case wire.EntryTypeCallDialled:
		c.State, c.Serving = dialledState(c.State, d.Result), e.Agent
	case wire.EntryTypeCallTransfer:
		c.State = transferState(c.State, d.Result)
	default: // answered, recordings, faults, and what later versions tell: not on the screen
	}
	m.Calls[e.Call] = c
	return nil
}

// dialledState is where a call stands that an agent makes.
func dialledState(was wire.CallState, result string) wire.CallState {
	switch result {
	case "dialling", "ringing":
		return wire.CallStateDialing
	case "answered":
		return wire.CallStateConnecting
	}
	if was == wire.CallStateDialing {
		return wire.CallStateFailing
	}
	return was
}

// transferState is where a call stands that stood at was. A transfer that is
// asked for or refused beside a conversation moves nothing.
func transferState(was wire.CallState, result string) wire.CallState {
	switch result {
	case "dialling":
		return wire.CallStateTransferring
	case "connected":
		return wire.CallStateTalking
	}
	if was == wire.CallStateTransferring {
		return wire.CallStateFlow
	}
	return was
}
