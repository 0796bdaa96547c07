package runner

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator"
)

// The states of agents, as the journal tells them (acd.State).
const (
	stateAvailable = "available"
	stateReserved  = "reserved"
	stateTalking   = "talking"
	stateWrapup    = "wrapup"
)

// agent is an agent as the pacer was told.
type agent struct {
	Agent
	number pacing.AgentID
	as     pacing.AgentState
	spared time.Time // until then they are given no lead: they were not there for the last one
}

// stands says where an agent stands for the pacer; f is the attempt that the agent is in, nil
// for none.
func (a *agent) stands(now time.Time, f *flight) pacing.AgentState {
	switch a.State {
	case stateAvailable:
		if a.Resting.After(now) || a.Device != orchestrator.DeviceFree && a.Device != orchestrator.DeviceUnknown {
			return pacing.StateGone
		}
		return pacing.StateIdle
	case stateReserved:
		return pacing.StateReserved
	case stateTalking:
		if f == nil || a.calls(f) {
			return pacing.StateInbound
		}
		return pacing.StateTalking
	case stateWrapup:
		return pacing.StateWrapping
	}
	return pacing.StateGone
}

// calls tells whether an agent is held for a call to a lead who has not answered: to the pacer
// they serve somebody else meanwhile (one who was offered a call and is free again has missed it).
func (a *agent) calls(f *flight) bool { return f != nil && f.Agent == a.ID && f.Connected.IsZero() }

// word says where an agent stands for people; f as in stands.
func (a *agent) word(now time.Time, f *flight) string {
	if a.State == stateTalking && a.calls(f) {
		return "calling"
	}
	return agentWords[a.stands(now, f)]
}

// lookAtFloor learns where the agents of some campaigns stand, and who waits for them.
func (t *term) lookAtFloor(ctx context.Context, of []*campaign.Campaign) error {
	var queues []string
	for _, c := range of {
		if c.Queue != "" && !slices.Contains(queues, c.Queue) {
			queues = append(queues, c.Queue)
		}
	}
	list, waiting, err := t.Floor.Floor(ctx, queues)
	if err != nil {
		return err
	}
	gone := maps.Clone(t.agents)
	for _, a := range list {
		if t.agents[a.ID] == nil {
			t.lastID++
			t.agents[a.ID] = &agent{number: pacing.AgentID(t.lastID)}
		}
		t.agents[a.ID].Agent = a
		delete(gone, a.ID)
	}
	for id := range gone {
		t.agents[id].State, t.agents[id].Queues = "", nil
	}
	maps.DeleteFunc(waiting, func(call, _ string) bool { return t.flights[call] != nil })
	t.waiting = waiting
	return nil
}

func (t *term) agentNumber(id string) pacing.AgentID {
	if a := t.agents[id]; a != nil {
		return a.number
	}
	return 0
}

// serves tells whether an agent serves a campaign that is paced.
func (t *term) serves(a *agent) bool {
	return slices.ContainsFunc(a.Queues, func(q string) bool { return t.skilled[q] != nil })
}

// agentViews are the agents of campaigns as they stand, for a pacer that is made.
func (t *term) agentViews(now time.Time) (out []pacing.AgentView) {
	for _, a := range t.agents {
		if !t.serves(a) {
			a.as = pacing.StateGone
			continue
		}
		var skills []int
		for _, q := range a.Queues {
			skills = append(skills, t.skilled[q]...)
		}
		_ = t.pacer.SetSkills(a.number, skills...) // its campaigns are the pacer's own
		a.as = a.stands(now, t.flights[a.Call])
		if a.as != pacing.StateGone {
			out = append(out, pacing.AgentView{Agent: a.number, State: a.as, Leaving: a.Leaving, Since: a.Since})
		}
	}
	return out
}

// agentChanged takes in an entry about an agent.
func (t *term) agentChanged(e orchestrator.Entry) {
	a := t.agents[e.Agent]
	var c orchestrator.AgentChange
	if a == nil || json.Unmarshal(e.Data, &c) != nil || c.To == "" {
		return
	}
	a.State, a.Since, a.Call, a.Leaving, a.Resting, a.Until = c.To, e.At, c.Call, c.Next != "", moment(c.RestUntil), time.Time{}
	if c.Device != "" {
		a.Device = orchestrator.DeviceState(c.Device)
	}
	if c.To == stateWrapup {
		a.Until = moment(c.Until)
	}
	t.settleAgent(a, t.Now())
}

// settleAgents tells the pacer of agents whose rest is over.
func (t *term) settleAgents(now time.Time) {
	for _, a := range t.agents {
		if !a.Resting.IsZero() && !a.Resting.After(now) {
			a.Resting = time.Time{}
			t.settleAgent(a, now)
		}
	}
}

var agentKinds = map[pacing.AgentState]pacing.Kind{pacing.StateGone: pacing.AgentGone, pacing.StateIdle: pacing.AgentIdle, pacing.StateReserved: pacing.AgentReserved,
	pacing.StateTalking: pacing.AgentTalking, pacing.StateInbound: pacing.AgentTalkingInbound, pacing.StateWrapping: pacing.AgentWrapping}

// settleAgent tells the pacer where an agent stands.
func (t *term) settleAgent(a *agent, now time.Time) {
	if !t.serves(a) {
		return
	}
	tell := func(k pacing.Kind, until time.Time) {
		t.pacer.Observe(pacing.Event{At: now, Kind: k, Agent: a.number, Until: until})
	}
	if as := a.stands(now, t.flights[a.Call]); as != a.as {
		a.as = as
		tell(agentKinds[as], time.Time{})
	}
	if a.Leaving && a.as != pacing.StateGone {
		tell(pacing.AgentLeaving, time.Time{})
	}
	if a.as == pacing.StateWrapping && !a.Until.IsZero() && !a.Leaving {
		tell(pacing.AgentFreeAt, a.Until)
	}
}
