package pacing

// agentRecord is one agent and what is known of their pace. Records of agents
// who are gone are kept, for they come back.
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
	Waits   float64    `json:"waits"` // start of the present wait for a call
}

// roster are the agents of the pool, in the order of their first appearance.
type roster struct {
	agents []agentRecord
	index  map[AgentID]int
	count  [agentStateCount]int
}

const (
	mostAgents   = 20000
	speedCertain = 16 // inverse variance of agents' speeds that is believed: a spread of 25 %
)

// record finds or makes an agent's record; nil when there are more than anyone employs.
func (r *roster) record(id AgentID) *agentRecord {
	if i, ok := r.index[id]; ok {
		return &r.agents[i]
	}
	if id == 0 || len(r.agents) >= mostAgents {
		return nil
	}
	r.agents = append(r.agents, agentRecord{ID: id, Speed: 1})
	r.index[id] = len(r.agents) - 1
	r.count[StateGone]++
	return &r.agents[len(r.agents)-1]
}

// onDuty is the number of agents who are there.
func (r *roster) onDuty() int { return len(r.agents) - r.count[StateGone] }

// agentEvent moves an agent; false if the event makes no sense.
func (p *Pacer) agentEvent(e *Event) bool {
	a := p.roster.record(e.Agent)
	if a == nil {
		return false
	}
	switch e.Kind {
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
	case StateGone, StateIdle, StateReserved: // no phase of a call's handling
	}
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
	p.roster.count[a.State]--
	p.roster.count[to]++
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

// inboundRate learns how often inbound calls take agents.
type inboundRate struct {
	Rate float64 `json:"rate"` // per second, decaying
	Last float64 `json:"last"`

	waiting, reserve float64
}

const inboundMemory = 600.0 // seconds

func (r *inboundRate) began(now float64) { r.Rate = r.at(now) + 1/inboundMemory; r.Last = now }

func (r *inboundRate) at(now float64) float64 {
	if r.Rate == 0 {
		return 0
	}
	return r.Rate * exp(-(now-r.Last)/inboundMemory)
}
