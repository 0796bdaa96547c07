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
			if k := &p.campaigns[i]; !k.removed {
				hold.Campaign = i
				k.hold = hold
				d.Holds = append(d.Holds, hold)
			}
		}
		return d
	}
	f := p.foresee()
	p.seen = f
	for i := range p.campaigns {
		p.prepare(&p.campaigns[i], &f)
	}
	p.dial(&f)
	p.giveUp()
	return d
}

// distrust says whether nothing may be dialled because the input is not to be trusted.
func (p *Pacer) distrust(behind time.Duration) (Hold, bool) {
	stale := p.cfg.StaleAfter.Seconds()
	unknown := math.IsNaN(p.lines) || math.IsNaN(p.carrier.allowed) || math.IsNaN(p.inbound.waiting) || math.IsNaN(p.inbound.reserve)
	switch doubts := p.nonsense.at(p.now); {
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

// foresight is what a decision is made from, beside the cuts.
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
	if p.recut {
		p.recutting()
	}
	c := &p.flight.count
	pending, people := 0, 0
	for i := range p.campaigns {
		pending += p.campaigns[i].orders.pending()
	}
	on := p.agents.onDuty()
	for i := range p.cuts {
		x := &p.cuts[i]
		x.free, x.onWay = 0, 0
		x.outlook.reset(on + c[StateLaunched] + c[StateDetecting] + pending)
	}
	p.lookAtAgents(&f)
	for i := range p.cuts {
		o := &p.cuts[i].outlook
		p.cuts[i].soon = math.Max(0, -o.mean[moments/2]-stakeDeviates*math.Sqrt(o.vari[moments/2]))
	}
	reserved := p.agents.count[StateReserved] // people who wait, but not for long
	for i := range p.flight.calls {
		if x := &p.flight.calls[i]; x.State == StateWaiting {
			if people++; people > reserved {
				p.spokenFor(int(x.Campaign), &f)
			}
		}
	}
	spoken := p.inbound.spoken()
	f.free -= spoken
	for i := range p.cuts {
		p.cuts[i].free -= spoken
	}
	for i := range p.campaigns {
		if k := &p.campaigns[i]; len(p.cuts) > 0 {
			if k.jump = p.jumpWeight(k); k.jump > 0 {
				for j := range p.cuts {
					p.cuts[j].jumped[i].copyOf(&p.cuts[j].outlook)
				}
			}
		}
	}
	p.lookAtCalls(&f)
	p.lookAtInbound()
	f.lines = int(p.lines) - len(p.flight.calls) - pending
	f.ramp = max(rampLeast, (on+rampShare-1)/rampShare)
	return f
}

// spokenFor takes a free agent off the cuts of a campaign, whose caller waits.
func (p *Pacer) spokenFor(campaign int, f *foresight) {
	f.free--
	for i := range p.cuts {
		if x := &p.cuts[i]; x.of(campaign) {
			x.free--
		}
	}
}

// lookAtAgents adds the busy agents and counts the idle ones. Agents whose phone
// takes longer to be picked up than a person may wait help nobody.
func (p *Pacer) lookAtAgents(f *foresight) {
	returns := p.handling.returns()
	var chance [moments]float64
	for i := range p.agents.list {
		a := &p.agents.list[i]
		if a.State == StateGone || a.Leaving || a.Offers >= 3 && a.PickUp >= p.patience {
			continue
		}
		idle := a.State == StateIdle
		switch {
		case idle && a.Missed && p.now-a.Since <= missedFor:
			continue
		case idle:
			f.free++
		case a.FreeAt >= 0:
			for m, by := range p.idleBy {
				chance[m] = 0
				if a.FreeAt-p.now <= by {
					chance[m] = 1
				}
			}
		default:
			p.handling.freeBy(a, p.now, returns, &chance)
		}
		for j := range p.cuts {
			x := &p.cuts[j]
			switch {
			case a.Skills&x.campaigns == 0:
			case idle:
				x.free++
			default:
				x.outlook.free(&chance)
			}
		}
		if !idle {
			f.soon += chance[moments-1]
		}
	}
}

// lookAtCalls adds the calls in the air and those ordered.
func (p *Pacer) lookAtCalls(f *foresight) {
	for i := range p.campaigns {
		k := &p.campaigns[i]
		k.onWay, k.worst, k.expected = 0, 0, 0
	}
	var chance, worst [moments]float64
	for i := range p.flight.calls {
		c := &p.flight.calls[i]
		k := &p.campaigns[c.Campaign]
		if c.State > StateDetecting || k.cfg.Mode == ModeAgentless {
			continue
		}
		rate, peak := k.risky(int(c.Segment), p.now), k.peakOf(int(c.Segment), p.now)
		if c.State == StateDetecting {
			person, atPeak := k.detection.person(p.now-c.Since, rate), k.detection.person(p.now-c.Since, peak)
			for m := range chance {
				chance[m], worst[m] = person, atPeak
			}
			p.inTheAir(f, int(c.Campaign), &chance, &worst, person, atPeak)
			continue
		}
		j, w := k.ring.weight(p.now-c.Launched, rate)
		_, v := k.ring.weight(p.now-c.Launched, peak)
		rest := 1 - k.ring.answer[j]
		gained := &k.ring.gained[j]
		if c.GivenUp >= 0 && p.now-c.GivenUp < cancelTakes { // it may be answered until the cancel is confirmed
			rest = k.ring.gained[j][0]
			gained = &[moments]float64{rest, rest, rest, rest, rest}
		}
		for m, g := range gained {
			chance[m], worst[m] = math.Min(w*g, 1), math.Min(v*g, 1)
		}
		p.inTheAir(f, int(c.Campaign), &chance, &worst, math.Min(w*rest, 1), math.Min(v*rest, 1))
	}
	for i := range p.campaigns {
		k := &p.campaigns[i]
		if k.cfg.Mode == ModeAgentless {
			continue
		}
		for range k.orders.pending() {
			p.launch(f, i)
		}
	}
}

// inTheAir counts a call in the air, with its chances to be answered by each
// moment and at all, as expected and at the peak rate.
func (p *Pacer) inTheAir(f *foresight, index int, chance, atPeak *[moments]float64, ever, everAtPeak float64) {
	k := &p.campaigns[index]
	f.onWay++
	k.onWay++
	k.worst += everAtPeak
	k.expected += ever
	f.expected += chance[moments-1]
	for i := range p.cuts {
		x := &p.cuts[i]
		if !x.of(index) {
			continue
		}
		x.onWay++
		x.outlook.answer(chance)
		for o := range p.campaigns {
			switch {
			case p.campaigns[o].jump == 0:
			case o == index:
				x.jumped[o].answer(atPeak)
			default:
				x.jumped[o].answer(chance)
			}
		}
	}
}

// launch counts a call of the segment that is next as if it were launched now.
func (p *Pacer) launch(f *foresight, index int) {
	k := &p.campaigns[index]
	rate, peak := k.risky(k.upNext, p.now), k.peakOf(k.upNext, p.now)
	var chance, worst [moments]float64
	for m, g := range k.ring.gained[0] {
		chance[m], worst[m] = rate*g, peak*g
	}
	p.inTheAir(f, index, &chance, &worst, rate, peak)
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
	for i := range p.cuts {
		x := &p.cuts[i]
		for range parts {
			x.outlook.answer(&chance)
			for o := range p.campaigns {
				if p.campaigns[o].jump > 0 {
					x.jumped[o].answer(&chance)
				}
			}
		}
	}
}

// risky is a segment's answer rate, raised by a part of its uncertainty; by more
// after an alarm that answers no longer come as expected.
func (k *campaign) risky(segment int, now float64) float64 {
	s := &k.segments[segment]
	z := riskyAlways + riskyNew/(s.exposed+riskyNew)
	if now < k.drift.Alarm {
		z = math.Max(z, 1)
	}
	return math.Min(s.rate+z*s.deviates, 0.99)
}

// prepare settles what a campaign may do in this decision.
func (p *Pacer) prepare(k *campaign, f *foresight) {
	k.budget.forward(p.clock)
	k.hour.forward(p.now)
	k.budget.size(float64(p.agents.onDuty()), f.expected)
	k.guard = k.budget.stage(p.now)
	k.level = k.budget.level()
	if k.cfg.Mode == ModeWait {
		k.level = math.Min(k.level, math.Exp(k.logWait))
	}
	if p.now < k.drift.Alarm {
		k.level /= 2
	}
	k.pickSegment(p.now)
}

// giveUp cancels the call that has rung longest beyond the legal minimum, if the
// next answer is likely to find nobody. It is one call at a time: whether another
// is to go is seen when that one is off the outlook.
func (p *Pacer) giveUp() {
	best, rang := -1, math.Inf(1)
	for i := range p.flight.calls {
		c := &p.flight.calls[i]
		k := &p.campaigns[c.Campaign]
		if !k.cfg.GiveUp || c.State != StateLaunched || c.GivenUp >= 0 || c.Rang < 0 || c.Rang >= rang ||
			k.cfg.Mode == ModeAgentless || k.cfg.Mode == ModePower || p.now-c.Rang < k.cfg.MinRing.Seconds() {
			continue
		}
		best, rang = i, c.Rang
	}
	if best < 0 {
		return
	}
	c := &p.flight.calls[best]
	k := &p.campaigns[c.Campaign]
	if risk := p.risk(k, int(c.Campaign)); risk < giveUpRisk || risk < giveUpLevels*k.level {
		return
	}
	c.GivenUp = p.now
	k.givenUp++
	p.decision.Cancels = append(p.decision.Cancels, c.ID)
}
