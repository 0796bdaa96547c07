package pacing

import (
	"math"
	"time"
)

// Decide orders calls, or says why not. now is the caller's clock.
func (p *Pacer) Decide(now time.Time) *Decision {
	d := &p.decision
	d.Dials, d.Cancels, d.Holds = d.Dials[:0], d.Cancels[:0], d.Holds[:0]
	behind := time.Duration(0)
	if !p.origin.IsZero() {
		behind = p.clock.Sub(now)
	}
	p.advance(now)
	p.dirty, p.decided = false, p.now
	p.next = p.now + p.cfg.Tick.Seconds()
	d.Next = p.origin.Add(time.Duration(p.next * 1e9))
	p.carrier.forward(p.now)
	p.refresh()
	if hold, ok := p.distrust(behind); ok {
		for i := range p.campaigns {
			hold.Campaign = i
			p.holds(&p.campaigns[i], hold)
		}
		return d
	}
	f := p.foresee()
	p.seen = f
	for i := range p.campaigns {
		p.prepare(&p.campaigns[i], i, &f)
	}
	p.dial(&f)
	p.giveUp(&f)
	return d
}

func (p *Pacer) holds(k *campaign, h Hold) {
	k.hold = h
	p.decision.Holds = append(p.decision.Holds, h)
}

// mostDoubt is the number of senseless inputs within about a minute that are borne.
const mostDoubt = 40

// distrust says whether nothing may be dialled because the input is not to be trusted.
func (p *Pacer) distrust(behind time.Duration) (Hold, bool) {
	stale := p.cfg.StaleAfter.Seconds()
	unknown := math.IsNaN(p.lines) || math.IsNaN(p.carrier.allowed) || math.IsNaN(p.inbound.waiting) || math.IsNaN(p.inbound.reserve)
	switch doubts := p.doubts(); {
	case p.now-p.news > stale:
		return Hold{Limit: LimitStale, Have: p.now - p.news, Bound: stale}, true
	case behind > backwards:
		return Hold{Limit: LimitInput, Have: behind.Seconds(), Bound: backwards.Seconds(), Until: p.clock}, true
	case doubts > mostDoubt:
		return Hold{Limit: LimitInput, Have: doubts, Bound: mostDoubt}, true
	case unknown:
		return Hold{Limit: LimitInput, Have: doubts + 1, Bound: 0}, true
	}
	return Hold{}, false
}

// foresight is what a decision is made from.
type foresight struct {
	free     int     // idle agents not spoken for; negative when people wait
	onWay    int     // calls that may yet need an agent
	soon     float64 // agents expected to come free by the last moment
	expected float64 // answers expected of the calls in the air
	lines    int     // that are left
	ramp     int     // calls that this decision may still order
	ringMost int     // calls that may be on their way
}

// foresee works out what the calls in the air and the busy agents will come to.
func (p *Pacer) foresee() foresight {
	var f foresight
	c := &p.flight.count
	pending := 0
	for i := range p.campaigns {
		pending += p.campaigns[i].orders.pending()
	}
	on := p.roster.onDuty()
	p.outlook.reset(on + c[StateLaunched] + c[StateDetecting] + pending)
	idle := p.lookAtAgents(&f)
	waiting := max(0, c[StateWaiting]-p.roster.count[StateReserved])
	f.free = idle - waiting - int(p.inbound.waiting) - int(p.inbound.reserve)
	for i := range p.campaigns {
		k := &p.campaigns[i]
		if k.jump = p.jumpWeight(k); k.jump > 0 {
			k.jumped.copyOf(&p.outlook)
		}
	}
	p.lookAtCalls(&f)
	p.lookAtInbound()
	f.lines = int(p.lines) - len(p.flight.calls) - pending
	f.ramp = max(3, (on+3)/4)
	return f
}

// missedFor is how long, in seconds, an idle agent is not counted on whose phone
// did not answer the last offer.
const missedFor = 600

// lookAtAgents adds the busy agents and counts the idle ones.
func (p *Pacer) lookAtAgents(f *foresight) (idle int) {
	returns := p.handling.returns()
	var chance [moments]float64
	for i := range p.roster.agents {
		a := &p.roster.agents[i]
		switch {
		case a.State == StateGone || a.Leaving:
		case a.State == StateIdle:
			if !a.Missed || p.now-a.Since > missedFor {
				idle++
			}
		default:
			if !p.release(a, &chance) {
				p.handling.freeBy(a, p.now, returns, &chance)
			}
			p.outlook.free(&chance)
			f.soon += chance[moments-1]
		}
	}
	return idle
}

// release fills in the same chances, 0 or 1, of an agent whose end of work is
// known; false when it is not.
func (p *Pacer) release(a *agentRecord, chance *[moments]float64) bool {
	if p.cfg.Release == nil {
		return false
	}
	at, known := p.cfg.Release(a.ID)
	if !known {
		return false
	}
	in := at.Sub(p.origin).Seconds() - p.now
	for m, by := range p.idleBy {
		chance[m] = 0
		if in <= by {
			chance[m] = 1
		}
	}
	return true
}

// lookAtCalls adds the calls in the air and those ordered.
func (p *Pacer) lookAtCalls(f *foresight) {
	var chance, worst [moments]float64
	for i := range p.campaigns {
		p.campaigns[i].onWay, p.campaigns[i].worst, p.campaigns[i].answers = 0, 0, 0
	}
	for i := range p.flight.calls {
		c := &p.flight.calls[i]
		k := &p.campaigns[c.Campaign]
		if c.State > StateDetecting || c.GivenUp || k.cfg.Mode == ModeAgentless {
			continue
		}
		rate := k.risky(int(c.Segment), p.now)
		if c.State == StateDetecting {
			person := k.detection.person(p.now-c.Since, rate)
			for m := range chance {
				chance[m] = person
			}
			worst = chance
			k.worst += k.detection.person(p.now-c.Since, math.Max(rate, k.segments[c.Segment].Peak))
			k.answers += person
		} else {
			j, w := k.ring.weight(p.now-c.Launched, rate)
			for m, g := range k.ring.gained[j] {
				chance[m] = math.Min(w*g, 1)
			}
			k.answers += math.Min(w*(1-k.ring.answer[j]), 1)
			if k.jump > 0 {
				_, v := k.ring.weight(p.now-c.Launched, math.Max(rate, k.segments[c.Segment].Peak))
				for m, g := range k.ring.gained[j] {
					worst[m] = math.Min(v*g, 1)
				}
			}
			j, w = k.ring.weight(p.now-c.Launched, math.Max(rate, k.segments[c.Segment].Peak))
			k.worst += math.Min(w*(1-k.ring.answer[j]), 1)
		}
		f.onWay++
		k.onWay++
		f.expected += chance[moments-1]
		p.outlook.answer(&chance)
		p.answerJumped(k, &chance, &worst)
	}
	for i := range p.campaigns {
		k := &p.campaigns[i]
		if k.cfg.Mode == ModeAgentless {
			continue
		}
		k.fresh(&chance, p.now)
		for range k.orders.pending() {
			f.onWay++
			k.onWay++
			k.worst += k.atPeak(p.now)
			k.answers += k.risky(k.turn, p.now)
			f.expected += chance[moments-1]
			p.outlook.answer(&chance)
			k.freshAtPeak(&worst, p.now)
			p.answerJumped(k, &chance, &worst)
		}
	}
}

// lookAtInbound adds the inbound calls that may come first: few, and each unlikely.
func (p *Pacer) lookAtInbound() {
	rate := p.inbound.at(p.now)
	if rate == 0 {
		return
	}
	var chance [moments]float64
	parts := int(4*rate*p.ahead[moments-1]) + 2
	for m, t := range p.ahead {
		chance[m] = math.Min(rate*t/float64(parts), 1)
	}
	for range parts {
		p.outlook.answer(&chance)
	}
}

// risky is a segment's answer rate, raised by a part of its uncertainty; by more
// after an alarm that answers no longer come as expected.
func (k *campaign) risky(segment int, now float64) float64 {
	s := &k.segments[segment]
	z := 0.3 + 40/(s.exposed+40)
	if now < k.drift.Alarm {
		z = math.Max(z, 1)
	}
	return math.Min(s.rate+z*s.deviates, 0.99)
}

// fresh fills in the chances of a call that is launched now.
func (k *campaign) fresh(chance *[moments]float64, now float64) {
	rate := k.risky(k.turn, now)
	for m, g := range k.ring.gained[0] {
		chance[m] = rate * g
	}
}

// prepare settles what a campaign may do in this decision.
func (p *Pacer) prepare(k *campaign, index int, f *foresight) {
	k.budget.forward(p.clock)
	k.budget.size(float64(p.roster.onDuty()), f.expected)
	k.guard = k.budget.stage(p.now)
	k.level = k.budget.level()
	if k.cfg.Mode == ModeWait {
		k.level = math.Min(k.level, math.Exp(k.logWait))
	}
	if p.now < k.drift.Alarm {
		k.level /= 2
	}
	k.pickSegment()
}

// pickSegment moves on to the next segment that has leads.
func (k *campaign) pickSegment() {
	for range k.segments {
		k.turn = (k.turn + 1) % len(k.segments)
		if k.leads[k.turn] >= 1 {
			return
		}
	}
}

// giveUp cancels calls that have rung for the legal minimum when agents have
// become so scarce that those in the air are likely to be abandoned.
func (p *Pacer) giveUp(f *foresight) {
	risk := p.outlook.abandon(f.free)
	if risk < 0.15 || f.onWay == 0 {
		return
	}
	for i := range p.flight.calls {
		c := &p.flight.calls[i]
		k := &p.campaigns[c.Campaign]
		if c.State != StateLaunched || c.GivenUp || k.cfg.Mode == ModeAgentless || k.cfg.Mode == ModePower || risk < 3*k.level {
			continue
		}
		if c.Rang < 0 || p.now-c.Rang < k.cfg.MinRing.Seconds()+0.05 {
			continue
		}
		c.GivenUp = true
		p.decision.Cancels = append(p.decision.Cancels, c.ID)
	}
}
