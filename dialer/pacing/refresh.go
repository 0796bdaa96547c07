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
	passed := math.Max(dt, 0)
	dt = math.Min(passed, 5)
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
		k := &p.campaigns[i]
		k.estimate(p.now)
		for s := range k.segments {
			k.segments[s].climb(passed, float64(k.onWay), &k.ring)
		}
	}
}

// answerIn is the share of answers that come within dt of bin j.
func (r *ringLaw) answerIn(j int, dt float64) float64 {
	if j >= ringBins {
		return 0
	}
	return (r.answer[j+1] - r.answer[j]) * dt / ringStep
}

func (k *campaign) estimate(now float64) {
	memory := math.Min(math.Max(150/math.Max(k.pooled, 0.01), 500), 3000)
	if since, alarm := k.drift.weigh(now); alarm {
		for s := range k.segments {
			k.segments[s].forget(since)
		}
	}
	persons, exposed := k.cfg.AnswerPrior*k.cfg.AnswerPriorCalls, k.cfg.AnswerPriorCalls
	for s := range k.segments {
		a, b := k.segments[s].sums(now, &k.ring)
		persons += a
		exposed += b
	}
	k.pooled = math.Min(math.Max(persons/exposed, 0.001), 0.98)
	weight := 30.0
	if len(k.segments) == 1 {
		weight = k.cfg.AnswerPriorCalls
		k.segments[0].estimate(now, k.cfg.AnswerPrior, weight, memory, &k.ring)
		return
	}
	for s := range k.segments {
		k.segments[s].estimate(now, k.pooled, weight, memory, &k.ring)
	}
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
		w := k.cfg.Share
		weights += w
		for m := range p.ahead {
			p.ahead[m] += w * k.ring.quantile(0.1+0.2*float64(m))
		}
		delay = math.Min(delay, k.cfg.Threshold.Seconds())
	}
	delay = math.Max(0, delay-p.cfg.BridgeDelay.Seconds())
	for m := range p.ahead {
		p.ahead[m] /= weights
		p.idleBy[m] = p.ahead[m] + delay
	}
	for i := range p.campaigns {
		p.campaigns[i].ring.tabulate(&p.ahead)
	}
	h := &p.handling
	h.Talk.live, h.Inbound.live, h.Wrap.live = [hazardBins]float64{}, [hazardBins]float64{}, [hazardBins]float64{}
	for i := range p.roster.agents {
		a := &p.roster.agents[i]
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
			p.doubt()
			p.flight.remove(c)
			p.flight.ends-- // it may yet be told how it ended
			p.flight.ended[p.flight.ends%len(p.flight.ended)] = 0
		}
	}
}
