package pacing

import "math"

// dial orders calls one by one, each for the campaign that is furthest behind
// its share of those that nothing holds back.
func (p *Pacer) dial(f *foresight) {
	for i := range p.campaigns {
		if k := &p.campaigns[i]; k.cfg.Mode == ModeAgentless && !k.removed {
			p.agentless(i, f)
		}
	}
	f.ringMost = p.mostOnWay(f)
	for {
		best, lead := -1, math.Inf(-1)
		for i := range p.campaigns {
			k := &p.campaigns[i]
			if k.cfg.Mode == ModeAgentless || k.removed {
				continue
			}
			h, ok := p.mayDial(k, i, f)
			if !ok {
				k.hold = h
				continue
			}
			if behind := p.behind(k); behind > lead {
				best, lead = i, behind
			}
		}
		if best < 0 {
			break
		}
		p.order(best, f)
	}
	for i := range p.campaigns {
		if k := &p.campaigns[i]; !k.removed {
			p.decision.Holds = append(p.decision.Holds, k.hold)
		}
	}
}

// order is one more call of a campaign.
func (p *Pacer) order(index int, f *foresight) {
	k := &p.campaigns[index]
	d := &p.decision
	if n := len(d.Dials); n > 0 && d.Dials[n-1].Campaign == index && d.Dials[n-1].Segment == k.upNext {
		d.Dials[n-1].Count++
	} else {
		d.Dials = append(d.Dials, Dial{Campaign: index, Segment: k.upNext, Count: 1})
	}
	k.orders.place(p.now, 1)
	p.carrier.tokens--
	f.lines--
	f.ramp--
	if k.cfg.Mode != ModeAgentless {
		p.launch(f, index)
	}
	k.ordered(p.now)
}

// mostOnWay is the cap on calls on their way that holds whatever the estimates
// are: so many per agent, and so many per agent who is or may soon be free.
func (p *Pacer) mostOnWay(f *foresight) int {
	rate := 1.0
	for i := range p.campaigns {
		if k := &p.campaigns[i]; !k.removed {
			rate = math.Min(rate, math.Max(k.pooled, 0.02))
		}
	}
	on := float64(p.agents.onDuty())
	soon := ringingPerFree*(math.Max(0, float64(f.free))+f.soon+1)/rate + 2
	return int(math.Min(p.cfg.RingingPerAgent*on, soon))
}

// closed says whether a campaign may not dial at all, whatever the mode.
func (p *Pacer) closed(k *campaign, index int, f *foresight) (Hold, bool) {
	h := Hold{Campaign: index}
	stop := func(l Limit, have, bound float64) (Hold, bool) {
		h.Limit, h.Have, h.Bound = l, have, bound
		return h, true
	}
	next := &k.segments[k.upNext]
	ring := (k.cfg.RingTimeout + setupTime).Seconds()
	switch {
	case k.gate == gateUnknown:
		return stop(LimitUnknown, 0, 0)
	case k.gate == gateClosed || p.now >= k.until:
		return stop(LimitClosed, 0, 0)
	case p.now+ring > k.until:
		return stop(LimitClosing, k.until-p.now, ring)
	case k.nonsense.at(p.now) > mostDoubt:
		return stop(LimitInput, k.nonsense.at(p.now), mostDoubt)
	case p.now < next.pause: // orders were refused: ask again later, whatever the count of leads says
		h.Until = p.origin.Add(asDuration(next.pause))
		return stop(LimitLeads, 0, float64(k.orders.pending()))
	case next.leads < 1:
		return stop(LimitLeads, math.Max(0, next.leads), float64(k.orders.pending()))
	case f.lines < 1:
		return stop(LimitLines, p.lines-float64(f.lines), p.lines)
	case !(p.carrier.tokens >= 1):
		return stop(LimitRate, math.Max(0, p.carrier.tokens), p.carrier.Rate)
	case f.ramp < 1:
		return stop(LimitRamp, float64(p.decision.Count()), float64(p.decision.Count()))
	}
	return h, false
}

// mayDial says whether a campaign may dial one more call, and if not why.
func (p *Pacer) mayDial(k *campaign, index int, f *foresight) (Hold, bool) {
	h, closed := p.closed(k, index, f)
	if closed {
		return h, false
	}
	stop := func(l Limit, have, bound float64) (Hold, bool) {
		h.Limit, h.Have, h.Bound = l, have, bound
		return h, false
	}
	guard := k.guard
	switch {
	case guard == stageStop:
		h.Until = p.origin.Add(asDuration(k.budget.HoldUntil))
		return stop(LimitSpent, k.budget.graceLeft(), 0)
	case f.onWay >= f.ringMost:
		return stop(LimitRinging, float64(f.onWay), float64(f.ringMost))
	}
	free := p.freeFor(index)
	switch {
	case guard != stageRepair && p.room(index, false): // each call in the air has its agent
		return h, true
	case k.cfg.Mode == ModeProgressive && guard != stageRepair, k.cfg.Mode == ModePower && k.onWay >= p.power(k, free):
		return stop(LimitAgents, float64(f.onWay), float64(max(free, 0)))
	case guard == stageRepair:
		if p.covered(k, index, true) {
			return h, true
		}
		return stop(LimitSpent, k.budget.graceLeft(), 0)
	case guard == stageProgressive:
		if p.covered(k, index, false) {
			return h, true
		}
		return stop(LimitBudget, k.budget.Balance, leastBalance)
	}
	k.risk = p.risk(k, index)
	k.atStake = p.stake(k, index)
	bound, shared := p.bound(k, index)
	switch {
	case k.atStake > k.budget.left():
		return stop(LimitStake, k.atStake, k.budget.left())
	case k.cfg.Mode == ModePower:
		return h, true
	case k.risk <= bound:
		return h, true
	case shared:
		return stop(LimitShare, p.partOf(k), p.shareOf(k))
	case guard == stageCareful:
		return stop(LimitBudget, k.budget.Balance, k.budget.reserve)
	}
	return stop(LimitRisk, k.risk, bound)
}

// power is how many calls of a campaign of ModePower may be on their way.
func (p *Pacer) power(k *campaign, free int) int {
	if k.guard != stageLevel {
		return max(free, 0)
	}
	return int(k.cfg.Ratio * math.Max(0, float64(free)))
}

// covered says whether one more call of a campaign has a free agent: one that no
// call in the air may need, or one beyond its own calls where those of the other
// campaigns will hardly ever need it.
func (p *Pacer) covered(k *campaign, index int, spare bool) bool {
	if p.room(index, spare) {
		return true
	}
	agents, others := p.freeFor(index), 0
	if spare {
		agents = butSpare(agents)
	}
	for i := range p.campaigns {
		if i != index {
			others += p.campaigns[i].onWay
		}
	}
	return others > 0 && k.onWay < agents && p.risk(k, index) <= levelNone
}

// bound is the chance of abandonment that a campaign may accept. Every call
// dialled adds to the risk of those of other campaigns in the air, so none
// accepts much more than they do; and while another one is well behind its share
// and waits for less risk, no more than that one.
func (p *Pacer) bound(k *campaign, index int) (bound float64, shared bool) {
	bound = k.allowed()
	for i := range p.campaigns {
		o := &p.campaigns[i]
		if o == k || o.removed || o.cfg.Mode == ModeAgentless || o.cfg.Mode == ModePower || !p.meet(index, i) {
			continue
		}
		level := o.allowed()
		if o.onWay > 0 && neighbour*level < bound {
			bound, shared = neighbour*level, true
		}
		waits := p.dialling(o) && (o.hold.Limit == LimitRisk || o.hold.Limit == LimitBudget || o.hold.Limit == LimitStake || o.hold.Limit == LimitSpent)
		if o.guard == stageProgressive || o.guard == stageRepair {
			level = levelNone // it waits for an agent whom no call in the air may need
		}
		if waits && level < bound && p.behind(o) > math.Max(p.behind(k), 0)+math.Max(shareTolerance, shareSlack*(k.hour.Sum+o.hour.Sum)) {
			bound, shared = level, true
		}
	}
	return bound, shared
}

// meet says whether two campaigns have agents in common.
func (p *Pacer) meet(a, b int) bool {
	if len(p.cuts) == 1 {
		return true
	}
	for i := range p.agents.list {
		if x := &p.agents.list[i]; x.State != StateGone && x.Skills>>a&1 != 0 && x.Skills>>b&1 != 0 {
			return true
		}
	}
	return false
}

// allowed is the chance of abandonment that a campaign's own budget allows.
func (k *campaign) allowed() float64 {
	switch k.guard {
	case stageLevel:
		return k.level
	case stageStop:
		return levelHighest // it has nothing to lose and nothing to dial
	default:
		return math.Min(k.level, levelLowest)
	}
}

// agentless orders the calls of a campaign that needs no agents, by rate alone.
func (p *Pacer) agentless(index int, f *foresight) {
	k := &p.campaigns[index]
	k.pickSegment(p.now)
	for k.tokens >= 1 {
		h, closed := p.closed(k, index, f)
		if closed {
			k.hold = h
			return
		}
		k.tokens--
		p.order(index, f)
	}
	k.hold = Hold{Campaign: index, Limit: LimitRate, Have: k.tokens, Bound: k.cfg.Rate}
}
