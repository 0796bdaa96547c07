package pacingsim

import "github.com/operadora/operadora/dialer/pacing"

// Board counts agents and calls by state from events, for algorithms that need
// no more. The zero value is ready; Tally has one entry per campaign after the
// first event of it.
type Board struct {
	Idle, Reserved, Talking, Inbound, Wrapping int // agents by state; those away are not counted
	InboundWaiting                             int // inbound calls in queue
	Tally                                      []Tally

	agents map[pacing.AgentID]pacing.AgentState
	calls  map[pacing.CallID]pacing.CallState
}

// Tally are the calls of one campaign.
type Tally struct {
	Open                                                bool
	Launched, Detecting, Waiting, Connected, OnMachines int // calls up now, by state
	Dials, Answered, Machines, Abandoned, Failed        int // totals since the start
}

// Up is the number of calls that hold a line.
func (t *Tally) Up() int {
	return t.Launched + t.Detecting + t.Waiting + t.Connected + t.OnMachines
}

// Agents is the number of agents on duty.
func (b *Board) Agents() int { return b.Idle + b.Reserved + b.Talking + b.Inbound + b.Wrapping }

// AgentState is where an agent stands.
func (b *Board) AgentState(a pacing.AgentID) pacing.AgentState { return b.agents[a] }

// Count takes one event in.
func (b *Board) Count(e pacing.Event) {
	if b.agents == nil {
		b.agents = map[pacing.AgentID]pacing.AgentState{}
		b.calls = map[pacing.CallID]pacing.CallState{}
	}
	for len(b.Tally) <= e.Campaign {
		b.Tally = append(b.Tally, Tally{})
	}
	if s, ok := agentAfter(e.Kind); ok {
		b.agent(e.Agent, s)
		return
	}
	b.call(e, &b.Tally[e.Campaign])
}

// agentAfter is the state that an event puts an agent in.
func agentAfter(k pacing.Kind) (pacing.AgentState, bool) {
	switch k {
	case pacing.AgentIdle:
		return pacing.StateIdle, true
	case pacing.AgentReserved:
		return pacing.StateReserved, true
	case pacing.AgentTalking:
		return pacing.StateTalking, true
	case pacing.AgentTalkingInbound:
		return pacing.StateInbound, true
	case pacing.AgentWrapping:
		return pacing.StateWrapping, true
	case pacing.AgentGone, pacing.AgentMissed:
		return pacing.StateGone, true
	}
	return pacing.StateGone, false
}

func (b *Board) agent(a pacing.AgentID, to pacing.AgentState) {
	if n := b.agentCount(b.agents[a]); n != nil {
		*n--
	}
	if n := b.agentCount(to); n != nil {
		*n++
	}
	if to == pacing.StateGone {
		delete(b.agents, a)
		return
	}
	b.agents[a] = to
}

func (b *Board) agentCount(s pacing.AgentState) *int {
	switch s {
	case pacing.StateIdle:
		return &b.Idle
	case pacing.StateReserved:
		return &b.Reserved
	case pacing.StateTalking:
		return &b.Talking
	case pacing.StateInbound:
		return &b.Inbound
	case pacing.StateWrapping:
		return &b.Wrapping
	case pacing.StateGone: // nobody asks how many are away
	}
	return nil
}

func (b *Board) call(e pacing.Event, t *Tally) {
	switch e.Kind {
	case pacing.CallLaunched:
		t.Dials++
		t.Launched++
		b.calls[e.Call] = pacing.StateLaunched
	case pacing.CallPickedUp:
		b.move(e, t, pacing.StateDetecting)
	case pacing.CallPerson:
		t.Answered++
		b.move(e, t, pacing.StateWaiting)
	case pacing.CallMachine:
		t.Machines++
		b.move(e, t, pacing.StateMachine)
	case pacing.CallConnected:
		b.move(e, t, pacing.StateConnected)
	case pacing.CallAbandoned:
		t.Abandoned++
		b.end(e, t)
	case pacing.CallFailed:
		t.Failed++
		b.end(e, t)
	case pacing.CallEnded:
		b.end(e, t)
	case pacing.InboundWaiting:
		b.InboundWaiting = int(e.Value)
	case pacing.CampaignOpened:
		t.Open = true
	case pacing.CampaignClosed:
		t.Open = false
	}
}

// callCount is where t counts calls of a state.
func (t *Tally) callCount(s pacing.CallState) *int {
	switch s {
	case pacing.StateDetecting:
		return &t.Detecting
	case pacing.StateWaiting:
		return &t.Waiting
	case pacing.StateConnected:
		return &t.Connected
	case pacing.StateMachine:
		return &t.OnMachines
	case pacing.StateLaunched:
	}
	return &t.Launched
}

func (b *Board) move(e pacing.Event, t *Tally, to pacing.CallState) {
	from, known := b.calls[e.Call]
	if !known {
		return
	}
	*t.callCount(from)--
	*t.callCount(to)++
	b.calls[e.Call] = to
}

func (b *Board) end(e pacing.Event, t *Tally) {
	if from, known := b.calls[e.Call]; known {
		*t.callCount(from)--
		delete(b.calls, e.Call)
	}
}
