package pacing

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// state is what a Pacer has learnt and owes: everything that a restart must not
// lose. Calls and agents are not in it; Resync tells them.
type state struct {
	Version   int             `json:"version"`
	Origin    time.Time       `json:"origin"`
	Clock     time.Time       `json:"clock"`
	Handling  handling        `json:"handling"`
	Inbound   inboundRate     `json:"inbound"`
	Rate      float64         `json:"rate"` // calls per second that the carrier bore
	Wait      float64         `json:"wait"`
	Agents    []agentRecord   `json:"agents"`
	Campaigns []campaignState `json:"campaigns"`
}

type campaignState struct {
	Name      string       `json:"name"`
	Segments  []answerRate `json:"segments"`
	Ring      ringLaw      `json:"ring"`
	Detection detection    `json:"detection"`
	Drift     drift        `json:"drift"`
	Budget    budget       `json:"budget"`
	Connects  float64      `json:"connects"`
	LogWait   float64      `json:"log_wait"`
}

const stateVersion = 1

// Save is the state to keep, as JSON.
func (p *Pacer) Save() ([]byte, error) {
	s := state{Version: stateVersion, Origin: p.origin, Clock: p.clock, Handling: p.handling, Inbound: p.inbound,
		Rate: p.carrier.Rate, Wait: p.wait, Agents: p.roster.agents}
	if math.IsNaN(s.Rate) {
		s.Rate = 0
	}
	for i := range p.campaigns {
		k := &p.campaigns[i]
		s.Campaigns = append(s.Campaigns, campaignState{k.cfg.Name, k.segments, k.ring, k.detection, k.drift, k.budget, k.Connects, k.logWait})
	}
	return json.Marshal(s)
}

// Resume takes up a saved state. It is for a new Pacer of the same campaigns, in
// the same order; another number of campaigns or segments is an error, after
// which the Pacer must not be used. Campaigns are closed to dialling, as in a
// new Pacer, until they are told to be open.
func (p *Pacer) Resume(saved []byte) error {
	var s state
	if err := json.Unmarshal(saved, &s); err != nil {
		return fmt.Errorf("pacing state: %w", err)
	}
	if s.Version != stateVersion {
		return fmt.Errorf("pacing state: version %d, not %d", s.Version, stateVersion)
	}
	if len(s.Campaigns) != len(p.campaigns) {
		return fmt.Errorf("pacing state: %d campaigns, not %d", len(s.Campaigns), len(p.campaigns))
	}
	for i := range s.Campaigns {
		if n, want := len(s.Campaigns[i].Segments), len(p.campaigns[i].segments); n != want {
			return fmt.Errorf("pacing state: %d segments of campaign %d, not %d", n, i, want)
		}
	}
	p.origin, p.clock = s.Origin, s.Clock
	p.now = s.Clock.Sub(s.Origin).Seconds()
	p.news, p.estimated, p.decided = p.now, p.now, p.now
	talk := p.handling.Talk.prior
	wrap := p.handling.Wrap.prior
	p.handling = s.Handling
	p.handling.Talk.prior, p.handling.Inbound.prior, p.handling.Wrap.prior = talk, talk, wrap
	p.inbound.Rate, p.inbound.Last, p.wait = s.Inbound.Rate, s.Inbound.Last, s.Wait
	if s.Rate > 0 {
		p.carrier.Rate = math.Min(s.Rate, p.carrier.allowed)
	}
	p.carrier.last = p.now
	p.resumeAgents(s.Agents)
	for i := range s.Campaigns {
		p.campaigns[i].resume(&s.Campaigns[i])
	}
	p.rebuild()
	p.rebuildAt = p.now
	return nil
}

// resumeAgents takes up what is known of the agents; where they are is not known.
func (p *Pacer) resumeAgents(agents []agentRecord) {
	for _, a := range agents {
		x := p.roster.record(a.ID)
		if x == nil {
			continue
		}
		x.Speed, x.Weight, x.Ratios = a.Speed, a.Weight, a.Ratios
		if !(x.Speed >= 0.4 && x.Speed <= 2.5) {
			x.Speed, x.Weight, x.Ratios = 1, 0, 0
		}
	}
}

func (k *campaign) resume(s *campaignState) {
	k.segments = s.Segments
	k.detection, k.drift, k.Connects, k.logWait = s.Detection, s.Drift, s.Connects, s.LogWait
	s.Ring.priorRate, s.Ring.priorMean, s.Ring.timeout = k.ring.priorRate, k.ring.priorMean, k.ring.timeout
	k.ring = s.Ring
	b := &s.Budget
	b.rolling, b.part, b.start = k.budget.rolling, k.budget.part, k.budget.start
	b.limit, b.grace = k.budget.limit, k.budget.grace
	k.budget = *b
	k.budget.sum()
	for i := range k.segments {
		k.segments[i].rate = k.cfg.AnswerPrior
	}
}

// Resync takes in what is live, as a reconciliation found it at a time: agents
// and calls that are not in the lists are gone. It comes after Resume and after
// any gap in the events.
func (p *Pacer) Resync(now time.Time, agents []AgentView, calls []CallView) {
	p.advance(now)
	p.news, p.dirty = p.now, true
	seen := make(map[AgentID]bool, len(agents))
	for _, v := range agents {
		a := p.roster.record(v.Agent)
		if a == nil || v.State >= agentStateCount {
			p.doubt()
			continue
		}
		seen[v.Agent] = true
		if a.State != v.State {
			a.WasBusy = false // what happened in between is not known: nothing to learn
			p.roster.count[a.State]--
			p.roster.count[v.State]++
			a.State, a.Since = v.State, p.since(v.Since)
			a.Waits = a.Since
		}
		a.Leaving = v.Leaving
	}
	for i := range p.roster.agents {
		if a := &p.roster.agents[i]; a.State != StateGone && !seen[a.ID] {
			p.roster.count[a.State]--
			p.roster.count[StateGone]++
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
			p.doubt()
			continue
		}
		live[v.Call] = true
		if c := p.flight.find(v.Call); c != nil {
			if c.State != v.State {
				p.flight.move(c, v.State, p.now)
			}
			continue
		}
		k := &p.campaigns[v.Campaign]
		if k.orders.settle() {
			k.segments[v.Segment].launched(p.since(v.Launched), 1)
		}
		c := callRecord{ID: v.Call, Campaign: int32(v.Campaign), Segment: int32(v.Segment), State: v.State,
			Launched: p.since(v.Launched), Rang: -1, Since: p.now}
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
		if c.State == StateLaunched { // how it ended is not known: it shows what it showed so far
			k := &p.campaigns[c.Campaign]
			k.segments[c.Segment].launched(c.Launched, -(1 - k.ring.by(p.now-c.Launched)))
		}
		p.flight.remove(c)
	}
}
