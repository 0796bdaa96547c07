package pacing

import "math"

// dial orders calls one by one, each for the campaign that is furthest behind
// its share of those that nothing holds back.
func (p *Pacer) dial(f *foresight) {
	for i := range p.campaigns {
		if p.campaigns[i].cfg.Mode == ModeAgentless {
			p.agentless(i, f)
		}
	}
	f.ringMost = p.mostOnWay(f)
	for {
		best, lead := -1, math.Inf(-1)
		for i := range p.campaigns {
			k := &p.campaigns[i]
			if k.cfg.Mode == ModeAgentless {
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
		p.decision.Holds = append(p.decision.Holds, p.campaigns[i].hold)
	}
}

// order is one more call of a campaign.
func (p *Pacer) order(index int, f *foresight) {
	k := &p.campaigns[index]
	d := &p.decision
	if n := len(d.Dials); n > 0 && d.Dials[n-1].Campaign == index && d.Dials[n-1].Segment == k.turn {
		d.Dials[n-1].Count++
	} else {
		d.Dials = append(d.Dials, Dial{Campaign: index, Segment: k.turn, Count: 1})
	}
	k.orders.place(p.now, 1)
	k.leads[k.turn]--
	p.carrier.tokens--
	f.lines--
	f.ramp--
	if k.cfg.Mode == ModeAgentless {
		return
	}
	f.onWay++
	k.onWay++
	k.worst += k.atPeak(p.now)
	k.answers += k.risky(k.turn, p.now)
	var chance [moments]float64
	k.fresh(&chance, p.now)
	p.outlook.answer(&chance)
	var worst [moments]float64
	k.freshAtPeak(&worst, p.now)
	p.answerJumped(k, &chance, &worst)
}

// mostOnWay is the cap on calls on their way that holds whatever the estimates
// are: so many per agent, and so many per agent who is or may soon be free.
func (p *Pacer) mostOnWay(f *foresight) int {
	rate := 1.0
	for i := range p.campaigns {
		rate = math.Min(rate, math.Max(p.campaigns[i].pooled, 0.02))
	}
	on := float64(p.roster.onDuty())
	soon := 3*(math.Max(0, float64(f.free))+f.soon+1)/rate + 2
	return int(math.Min(p.cfg.RingingPerAgent*on, soon))
}

// closed says whether a campaign may not dial at all, whatever the mode.
func (p *Pacer) closed(k *campaign, index int, f *foresight) (Hold, bool) {
	h := Hold{Campaign: index}
	stop := func(l Limit, have, bound float64) (Hold, bool) {
		h.Limit, h.Have, h.Bound = l, have, bound
		return h, true
	}
	ring := (k.cfg.RingTimeout + setupTime).Seconds()
	switch {
	case k.gate == gateUnknown:
		return stop(LimitUnknown, 0, 0)
	case k.gate == gateClosed || p.now >= k.until:
		return stop(LimitClosed, 0, 0)
	case p.now+ring > k.until:
		return stop(LimitClosing, k.until-p.now, ring)
	case p.now < k.pause: // an order was refused: ask again later, whatever the count of leads says
		h.Until = p.origin.Add(asDuration(k.pause))
		return stop(LimitLeads, 0, float64(k.orders.pending()))
	case k.leads[k.turn] < 1:
		return stop(LimitLeads, math.Max(0, k.leads[k.turn]), float64(k.orders.pending()))
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
	allowed := f.free
	if k.cfg.Mode == ModePower && guard == stageLevel {
		allowed = int(k.cfg.Ratio * math.Max(0, float64(f.free)))
	}
	switch {
	case f.onWay < f.free && guard != stageRepair: // each call in the air has its agent
		return h, true
	case f.onWay >= allowed && (k.cfg.Mode == ModeProgressive || k.cfg.Mode == ModePower):
		return stop(LimitAgents, float64(f.onWay), float64(max(allowed, 0)))
	case guard == stageRepair:
		if spare := f.free - (f.free+4)/5; p.covered(k, f, max(spare, min(f.free, 1))) {
			return h, true
		}
		return stop(LimitSpent, k.budget.graceLeft(), 0)
	case guard == stageProgressive:
		if p.covered(k, f, f.free) {
			return h, true
		}
		return stop(LimitBudget, k.budget.Balance, 0.3)
	}
	k.risk = p.outlook.abandon(f.free)
	if k.jump > 0 {
		k.risk += k.jump * math.Max(0, k.jumped.abandon(f.free)-k.risk)
	}
	k.atStake = p.stake(k, f)
	bound, shared := p.bound(k)
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

// covered says whether each call of a campaign in the air has one of so many free
// agents to itself, and those of the other campaigns hardly ever need them.
func (p *Pacer) covered(k *campaign, f *foresight, agents int) bool {
	if k.onWay >= agents {
		return false
	}
	return f.onWay < agents || f.onWay > k.onWay && p.outlook.abandon(f.free) <= levelNone
}

// behind is how many connected calls a campaign lacks to its share, those
// expected of its calls in the air included.
func (p *Pacer) behind(k *campaign) float64 {
	if len(p.campaigns) == 1 {
		return 0
	}
	total, shares := 0.0, 0.0
	for i := range p.campaigns {
		if o := &p.campaigns[i]; o.cfg.Mode != ModeAgentless {
			total += o.prospects()
			shares += o.cfg.Share
		}
	}
	return k.cfg.Share/shares*total - k.prospects()
}

func (k *campaign) prospects() float64 {
	return k.Connects + float64(k.onWay)*k.pooled
}

// bound is the chance of abandonment that a campaign may accept. Every call
// dialled adds to the risk of those of other campaigns in the air, so none
// accepts much more than they do; and while another one is well behind its share
// and waits for less risk, no more than that one.
func (p *Pacer) bound(k *campaign) (bound float64, shared bool) {
	const (
		tolerance = 3   // connected calls behind a share
		neighbour = 1.5 // times the level of a campaign with calls in the air
	)
	bound = k.allowed()
	for i := range p.campaigns {
		o := &p.campaigns[i]
		if o == k || o.cfg.Mode == ModeAgentless || o.cfg.Mode == ModePower {
			continue
		}
		level := o.allowed()
		if o.onWay > 0 && neighbour*level < bound {
			bound, shared = neighbour*level, true
		}
		waits := o.hold.Limit == LimitRisk || o.hold.Limit == LimitBudget || o.hold.Limit == LimitStake || o.hold.Limit == LimitSpent
		if o.guard == stageProgressive || o.guard == stageRepair {
			level = levelNone // it waits for an agent whom no call in the air may need
		}
		if waits && level < bound && p.behind(o) > math.Max(p.behind(k), 0)+tolerance {
			bound, shared = level, true
		}
	}
	return bound, shared
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

func (p *Pacer) partOf(k *campaign) float64 {
	total := 0.0
	for i := range p.campaigns {
		total += p.campaigns[i].Connects
	}
	return k.Connects / math.Max(total, 1)
}

func (p *Pacer) shareOf(k *campaign) float64 {
	shares := 0.0
	for i := range p.campaigns {
		shares += p.campaigns[i].cfg.Share
	}
	return k.cfg.Share / shares
}

// agentless orders the calls of a campaign that needs no agents, by rate alone.
func (p *Pacer) agentless(index int, f *foresight) {
	k := &p.campaigns[index]
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
