package pacing

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// state is what a Pacer has learnt: what a restart should not lose. What it owes
// is in the ledger; calls and agents Resync tells.
type state struct {
	Version   int             `json:"version"`
	Origin    time.Time       `json:"origin"`
	Clock     time.Time       `json:"clock"`
	Handling  handling        `json:"handling"`
	Inbound   inboundLoad     `json:"inbound"`
	Carrier   carrier         `json:"carrier"`
	Wait      float64         `json:"wait"`
	Agents    []agentRecord   `json:"agents"`
	Campaigns []campaignState `json:"campaigns"`
}

type campaignState struct {
	ID        string         `json:"id"`
	Segments  []segmentState `json:"segments"`
	Total     segmentState   `json:"total"`
	Ring      ringLaw        `json:"ring"`
	Detection detection      `json:"detection"`
	Drift     drift          `json:"drift"`
	Budget    budget         `json:"budget"`
	Hour      hour           `json:"hour"`
	LogWait   float64        `json:"log_wait"`
}

// segmentState is a segment with its launches that have not matured.
type segmentState struct {
	segment
	Air *airing `json:"air,omitempty"`
	Sec int     `json:"sec,omitempty"`
}

func (s *segment) save() segmentState {
	if s.air == nil {
		return segmentState{segment: *s}
	}
	return segmentState{segment: *s, Air: s.air, Sec: s.air.last}
}

const stateVersion = 2

// Save is the state to keep, as JSON. The ledger is kept apart from it.
func (p *Pacer) Save() ([]byte, error) {
	s := state{Version: stateVersion, Origin: p.origin, Clock: p.clock, Handling: p.handling, Inbound: p.inbound,
		Carrier: p.carrier, Wait: p.wait, Agents: p.agents.list}
	if math.IsNaN(s.Carrier.Rate) {
		s.Carrier.Rate = 0
	}
	for i := range p.campaigns {
		k := &p.campaigns[i]
		if k.removed {
			continue
		}
		c := campaignState{ID: k.cfg.ID, Total: k.total.save(), Ring: k.ring, Detection: k.detection, Drift: k.drift,
			Budget: k.budget, Hour: k.hour, LogWait: k.logWait}
		for j := range k.segments {
			c.Segments = append(c.Segments, k.segments[j].save())
		}
		s.Campaigns = append(s.Campaigns, c)
	}
	return json.Marshal(s)
}

// Resume takes up a saved state. It is for a new Pacer; each campaign takes up
// what was learnt under its id, wherever it stood, and those that are new begin
// anew. Campaigns are closed to dialling, as in a new Pacer, until they are told
// to be open. After an error the Pacer must not be used.
func (p *Pacer) Resume(saved []byte) error {
	var s state
	if err := json.Unmarshal(saved, &s); err != nil {
		return fmt.Errorf("pacing state: %w", err)
	}
	if s.Version != stateVersion {
		return fmt.Errorf("pacing state: version %d, not %d", s.Version, stateVersion)
	}
	p.origin, p.clock = s.Origin, s.Clock
	p.now = s.Clock.Sub(s.Origin).Seconds()
	p.news, p.estimated, p.decided = p.now, p.now, p.now
	talk := p.handling.Talk.prior
	wrap := p.handling.Wrap.prior
	p.handling = s.Handling
	p.handling.Talk.prior, p.handling.Inbound.prior, p.handling.Wrap.prior = talk, talk, wrap
	p.inbound.Rate, p.inbound.Last, p.inbound.Keep, p.wait = s.Inbound.Rate, s.Inbound.Last, s.Inbound.Keep, s.Wait
	if s.Carrier.Rate > 0 {
		p.carrier.Rate, p.carrier.Share = math.Min(s.Carrier.Rate, p.carrier.allowed), s.Carrier.Share
	}
	p.carrier.last = p.now
	p.resumeAgents(s.Agents)
	for i := range s.Campaigns {
		for j := range p.campaigns {
			if p.campaigns[j].cfg.ID == s.Campaigns[i].ID {
				p.campaigns[j].resume(&s.Campaigns[i], p.clock)
			}
		}
	}
	p.rebuild()
	p.rebuildAt = p.now
	return nil
}

// resumeAgents takes up what is known of the agents; where they are is not known.
func (p *Pacer) resumeAgents(agents []agentRecord) {
	for _, a := range agents {
		x := p.agents.record(a.ID)
		if x == nil {
			continue
		}
		x.Speed, x.Weight, x.Ratios, x.PickUp, x.Offers = a.Speed, a.Weight, a.Ratios, a.PickUp, a.Offers
		if !(x.Speed >= 0.4 && x.Speed <= 2.5) {
			x.Speed, x.Weight, x.Ratios = 1, 0, 0
		}
	}
}

func (k *campaign) resume(s *campaignState, clock time.Time) {
	k.detection, k.drift, k.hour, k.logWait = s.Detection, s.Drift, s.Hour, s.LogWait
	s.Ring.priorRate, s.Ring.priorMean, s.Ring.timeout = k.ring.priorRate, k.ring.priorMean, k.ring.timeout
	k.ring = s.Ring
	b := &s.Budget
	b.window, b.limit, b.grace = k.budget.window, k.budget.limit, k.budget.grace
	k.budget = *b
	k.budget.window.forward(clock)
	k.budget.sum()
	k.budget.clip()
	k.inAir = k.inAir[:0]
	for i := range min(len(s.Segments), len(k.segments)) {
		if k.segments[i].resume(&s.Segments[i], k.cfg.AnswerPrior); k.segments[i].air != nil {
			k.inAir = append(k.inAir, int32(i))
		}
	}
	if len(k.segments) > 1 && s.Total.Air != nil {
		k.total.resume(&s.Total, k.cfg.AnswerPrior)
	}
}

func (s *segment) resume(from *segmentState, prior float64) {
	s.Persons, s.Launches, s.Peak, s.PeakAt, s.rate = from.Persons, from.Launches, from.Peak, from.PeakAt, prior
	if s.air = from.Air; s.air != nil {
		s.air.last = from.Sec
	}
}

// Resync takes in what is live, as a reconciliation found it at a time: agents
// and calls that are not in the lists are gone. It comes after Resume and after
// any gap in the events.
func (p *Pacer) Resync(now time.Time, agents []AgentView, calls []CallView) {
	if behind := p.clock.Sub(now); behind > backwards { // the clock was put back: what was learnt is no older by that
		p.origin, p.clock = p.origin.Add(-behind), now
	}
	p.advance(now)
	p.news, p.dirty = p.now, true
	none := &Event{Kind: AgentIdle}
	seen := make(map[AgentID]bool, len(agents))
	for _, v := range agents {
		a := p.agents.record(v.Agent)
		if a == nil || v.State >= agentStateCount {
			p.doubt(none)
			continue
		}
		seen[v.Agent] = true
		if a.State != v.State {
			a.WasBusy = false // what happened in between is not known: nothing to learn
			p.agents.count[a.State]--
			p.agents.count[v.State]++
			a.State, a.Since = v.State, p.since(v.Since)
			a.Waits, a.FreeAt = a.Since, -1
		}
		a.Leaving = v.Leaving
	}
	for i := range p.agents.list {
		if a := &p.agents.list[i]; a.State != StateGone && !seen[a.ID] {
			p.agents.count[a.State]--
			p.agents.count[StateGone]++
			a.State, a.Since, a.Leaving, a.WasBusy = StateGone, p.now, false, false
		}
	}
	p.resyncCalls(calls)
}

// since is a time of the past in the Pacer's seconds.
func (p *Pacer) since(t time.Time) float64 {
	if t.IsZero() {
		return p.now
	}
	return math.Min(t.Sub(p.origin).Seconds(), p.now)
}

func (p *Pacer) resyncCalls(calls []CallView) {
	live := make(map[CallID]bool, len(calls))
	for _, v := range calls {
		if v.Call == 0 || v.Campaign < 0 || v.Campaign >= len(p.campaigns) || v.State >= callStateCount ||
			v.Segment < 0 || v.Segment >= len(p.campaigns[v.Campaign].segments) {
			p.doubt(&Event{Kind: CallLaunched, Campaign: v.Campaign})
			continue
		}
		live[v.Call] = true
		if c := p.flight.find(v.Call); c != nil {
			p.catchUp(c, v.State)
			continue
		}
		k := &p.campaigns[v.Campaign]
		if k.orders.settle() {
			k.fly(v.Segment, p.now)
			k.launched(v.Segment, p.since(v.Launched), 1)
		}
		c := callRecord{ID: v.Call, Campaign: int32(v.Campaign), Segment: int32(v.Segment), State: v.State,
			Launched: p.since(v.Launched), Rang: -1, Since: p.now, GivenUp: -1}
		if !v.Ringing.IsZero() {
			c.Rang = p.since(v.Ringing)
		}
		p.flight.add(c)
	}
	for i := len(p.flight.calls) - 1; i >= 0; i-- {
		c := &p.flight.calls[i]
		if live[c.ID] {
			continue
		}
		p.lose(c, &p.campaigns[c.Campaign])
	}
}

// catchUp brings a call to where a reconciliation found it. What was missed on
// the way is counted: who talks to an agent has answered.
func (p *Pacer) catchUp(c *callRecord, to CallState) {
	k := &p.campaigns[c.Campaign]
	from := c.State
	if from == to {
		return
	}
	if from <= StateDetecting && (to == StateWaiting || to == StateConnected) {
		p.answeredBy(c, k, true)
	}
	if to == StateConnected && from <= StateWaiting {
		at := p.clock
		if from == StateWaiting {
			at = p.atTime(c.Since)
		}
		p.resolve(c.ID, k, false, c.Launched, at)
		k.hour.connected(p.now)
	}
	p.flight.move(c, to, p.now)
}
