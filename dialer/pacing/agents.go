package pacing

import "fmt"

// agentRecord is one agent and what is known of them. Records of agents who are
// gone are kept, for they come back.
type agentRecord struct {
	ID      AgentID    `json:"id"`
	State   AgentState `json:"state"`
	Leaving bool       `json:"leaving"`
	Missed  bool       `json:"missed"` // the phone did not answer the last offer
	Since   float64    `json:"since"`
	Speed   float64    `json:"speed"` // factor on talk and wrap-up
	Weight  float64    `json:"weight"`
	Ratios  float64    `json:"ratios"` // weighted sum of duration over mean
	WasBusy bool       `json:"was_busy"`
	Waits   float64    `json:"waits"`   // start of the present wait for a call
	PickUp  float64    `json:"pick_up"` // mean time from the offer to the talk, as learnt
	Offers  float64    `json:"offers"`  // offers that it was learnt from
	Skills  uint64     `json:"skills"`  // campaigns that the agent serves, a bit each
	FreeAt  float64    `json:"free_at"` // when the agent will be idle, where that is known, else -1
}

// agents are those of the pool, in the order of their first appearance.
type agents struct {
	list  []agentRecord
	index map[AgentID]int
	count [agentStateCount]int
}

const mostAgents = 20000

// record finds or makes an agent's record; nil when there are more than anyone employs.
func (r *agents) record(id AgentID) *agentRecord {
	if i, ok := r.index[id]; ok {
		return &r.list[i]
	}
	if id == 0 || len(r.list) >= mostAgents {
		return nil
	}
	r.list = append(r.list, agentRecord{ID: id, Speed: 1, Skills: everySkill, FreeAt: -1})
	r.index[id] = len(r.list) - 1
	r.count[StateGone]++
	return &r.list[len(r.list)-1]
}

// onDuty is the number of agents who are there.
func (r *agents) onDuty() int { return len(r.list) - r.count[StateGone] }

// agentEvent moves an agent; false if the event makes no sense.
func (p *Pacer) agentEvent(e *Event) bool {
	a := p.agents.record(e.Agent)
	if a == nil {
		return false
	}
	switch e.Kind {
	case AgentFreeAt:
		if a.State < StateReserved || e.Until.IsZero() {
			return false
		}
		a.FreeAt = e.Until.Sub(p.origin).Seconds()
	case AgentLeaving:
		a.Leaving = true
		return a.State != StateGone
	case AgentMissed:
		a.Missed = true
		p.moveAgent(a, StateGone)
	case AgentIdle:
		p.moveAgent(a, StateIdle)
	case AgentReserved:
		p.moveAgent(a, StateReserved)
	case AgentTalking:
		p.moveAgent(a, StateTalking)
	case AgentTalkingInbound:
		if a.State != StateInbound {
			p.inboundWaited(e.Value)
		}
		p.moveAgent(a, StateInbound)
	case AgentWrapping:
		p.moveAgent(a, StateWrapping)
	case AgentGone:
		p.moveAgent(a, StateGone)
	}
	return true
}

// moveAgent changes an agent's state and learns from the phase that is over.
func (p *Pacer) moveAgent(a *agentRecord, to AgentState) {
	if a.State == to {
		return
	}
	lasted := p.now - a.Since
	switch a.State {
	case StateTalking:
		p.learnPhase(a, &p.handling.Talk, lasted)
	case StateInbound:
		p.learnPhase(a, &p.handling.Inbound, lasted)
	case StateWrapping:
		p.learnPhase(a, &p.handling.Wrap, lasted)
	case StateReserved:
		if to == StateTalking || to == StateInbound {
			a.pickedUp(lasted)
		}
	case StateGone, StateIdle: // no phase of a call's handling
	}
	a.FreeAt = -1
	if a.WasBusy && (to == StateIdle || to == StateGone) {
		if !a.Leaving {
			p.handling.finished(to == StateIdle)
		}
		a.WasBusy = false
	}
	switch to {
	case StateTalking, StateInbound:
		a.WasBusy, a.Missed = true, false
		if to == StateTalking {
			p.waited(p.now - a.Waits)
		} else {
			p.inbound.began(p.now)
		}
	case StateGone:
		a.Leaving = false
	case StateIdle:
		a.Leaving = false
		if a.State != StateReserved {
			a.Waits = p.now
		}
	case StateReserved, StateWrapping: // the wait, or the work, goes on
	}
	if a.State == StateTalking && to == StateIdle {
		p.handling.Wrap.end(0) // no wrap-up is one of no length
	}
	p.agents.count[a.State]--
	p.agents.count[to]++
	a.State, a.Since = to, p.now
}

// learnPhase takes in how long an agent's phase lasted.
func (p *Pacer) learnPhase(a *agentRecord, h *hazard, lasted float64) {
	if !(lasted >= 0) {
		return
	}
	h.end(lasted / a.Speed)
	w := 1 / (h.spread() + 0.05)
	a.Weight += w
	a.Ratios += w * lasted / h.mean()
	if a.Weight > 400 { // some hundreds of calls: forget the oldest half
		a.Weight, a.Ratios = a.Weight/2, a.Ratios/2
	}
	a.Speed = (speedCertain + a.Ratios) / (speedCertain + a.Weight)
	a.Speed = min(max(a.Speed, 0.4), 2.5)
}

// pickedUp learns how long an agent's phone takes: nothing on a permanent line,
// seconds where it rings.
func (a *agentRecord) pickedUp(lasted float64) {
	a.Offers = min(a.Offers+1, pickUpMemory)
	a.PickUp += (lasted - a.PickUp) / a.Offers
}

// SetSkills says which campaigns an agent serves. An agent of whom it was never
// said serves them all, those to come included.
func (p *Pacer) SetSkills(id AgentID, campaigns ...int) error {
	mask := uint64(0)
	for _, i := range campaigns {
		if p.campaign(i) == nil {
			return fmt.Errorf("skills of agent %d: there is no campaign %d", id, i)
		}
		mask |= 1 << i
	}
	a := p.agents.record(id)
	if a == nil {
		return fmt.Errorf("skills of agent %d: no such agent, or more than %d of them", id, mostAgents)
	}
	if a.Skills != mask {
		a.Skills = mask
		p.recut, p.dirty = true, true
	}
	return nil
}
