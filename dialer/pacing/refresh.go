package pacing

import "math"

const (
	rebuildEvery  = 30.0 // seconds between rebuilds of the tables,
	rebuildFirst  = 10.0 // and while little is known
	estimateEvery = 0.5  // seconds between estimates of the answer rates
)

// refresh brings the estimates up to date.
func (p *Pacer) refresh() {
	for i := range p.campaigns {
		k := &p.campaigns[i]
		k.orders.expire(p.now, p.cfg.OrderTimeout.Seconds())
		if k.cfg.Mode == ModeAgentless {
			k.tokens = math.Min(k.tokens+k.cfg.Rate*math.Max(0, p.now-k.earnedAt), math.Max(1, k.cfg.Rate/2))
			k.earnedAt = p.now
		}
	}
	if dt := p.now - p.estimated; dt >= estimateEvery || dt < 0 {
		p.estimate(dt)
		p.estimated = p.now
	}
	if p.now >= p.rebuildAt {
		p.forgetLost()
		p.rebuild()
		p.rebuildAt = p.now + rebuildEvery
		if p.handling.Talk.count() < 200 {
			p.rebuildAt = p.now + rebuildFirst
		}
	}
}

// estimate renews the answer rates and watches for drift. dt is the time since the last.
func (p *Pacer) estimate(dt float64) {
	dt = math.Min(math.Max(dt, 0), 5)
	for i := range p.flight.calls {
		c := &p.flight.calls[i]
		if c.State != StateLaunched {
			continue
		}
		k := &p.campaigns[c.Campaign]
		age := p.now - c.Launched
		j, w := k.ring.weight(age, k.segments[c.Segment].rate)
		k.drift.expected += w * k.ring.answerIn(j, dt)
	}
	for i := range p.campaigns {
		p.campaigns[i].estimate(p.now)
	}
}

// answerIn is the share of answers that come within dt of bin j.
func (r *ringLaw) answerIn(j int, dt float64) float64 {
	if j >= ringBins {
		return 0
	}
	return (r.answer[j+1] - r.answer[j]) * dt / ringStep
}

// rebuild works out all tables anew.
func (p *Pacer) rebuild() {
	for i := range p.campaigns {
		p.campaigns[i].ring.live = [ringBins + 1]float64{}
	}
	for i := range p.flight.calls {
		if c := &p.flight.calls[i]; c.State == StateLaunched {
			p.campaigns[c.Campaign].ring.live[ringBin(p.now-c.Launched)]++
		}
	}
	delay := math.Inf(1)
	p.ahead = [moments]float64{}
	weights := 0.0
	for i := range p.campaigns {
		k := &p.campaigns[i]
		k.ring.rebuild()
		if k.removed {
			continue
		}
		w := k.cfg.Share
		weights += w
		for m := range p.ahead {
			p.ahead[m] += w * k.ring.quantile(0.1+0.2*float64(m))
		}
		delay = math.Min(delay, k.cfg.Threshold.Seconds())
	}
	if weights == 0 {
		weights, delay = 1, 0
	}
	p.patience = delay
	delay -= p.pickUp()
	for m := range p.ahead {
		p.ahead[m] /= weights
		p.idleBy[m] = math.Max(0, p.ahead[m]+delay)
	}
	for i := range p.campaigns {
		p.campaigns[i].ring.tabulate(&p.ahead)
	}
	h := &p.handling
	h.Talk.live, h.Inbound.live, h.Wrap.live = [hazardBins]float64{}, [hazardBins]float64{}, [hazardBins]float64{}
	for i := range p.agents.list {
		a := &p.agents.list[i]
		age := (p.now - a.Since) / a.Speed
		switch a.State {
		case StateTalking:
			expose(&h.Talk.live, age)
		case StateInbound:
			expose(&h.Inbound.live, age)
		case StateWrapping:
			expose(&h.Wrap.live, age)
		case StateGone, StateIdle, StateReserved: // no phase of a call's handling
		}
	}
	h.rebuild(&p.idleBy, p.inbound.Last > 0)
}

// pickUp is the mean time from the offer of a call to the talk, over the agents
// of whom it is known and who can serve in time at all.
func (p *Pacer) pickUp() float64 {
	sum, n := 0.0, 0.0
	for i := range p.agents.list {
		if a := &p.agents.list[i]; a.State != StateGone && a.Offers >= 3 && a.PickUp < p.patience {
			sum += a.PickUp
			n++
		}
	}
	if n == 0 {
		return p.cfg.BridgeDelay.Seconds()
	}
	return math.Max(sum/n, p.cfg.BridgeDelay.Seconds())
}

// forgetLost drops calls whose end was never told.
func (p *Pacer) forgetLost() {
	for i := len(p.flight.calls) - 1; i >= 0; i-- {
		c := &p.flight.calls[i]
		k := &p.campaigns[c.Campaign]
		age := p.now - c.Since
		lost := false
		switch c.State {
		case StateLaunched, StateDetecting:
			lost = p.now-c.Launched > (k.cfg.RingTimeout+setupTime).Seconds()+60
		case StateWaiting:
			lost = age > k.cfg.Threshold.Seconds()+60
		default:
			lost = age > 6*3600
		}
		if lost {
			k.nonsense.add(p.now)
			p.lose(c, k)
			p.flight.ends-- // it may yet be told how it ended
			p.flight.ended[p.flight.ends%len(p.flight.ended)] = 0
		}
	}
}
