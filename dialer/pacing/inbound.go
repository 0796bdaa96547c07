package pacing

import "math"

// inboundLoad learns how often inbound calls take agents, and how many agents must
// be kept free for them so that enough are answered in time.
type inboundLoad struct {
	Rate float64 `json:"rate"` // calls per second, decaying
	Last float64 `json:"last"`
	Keep float64 `json:"keep"` // agents kept free beyond those that were asked for

	waiting, reserve float64
}

func (r *inboundLoad) began(now float64) { r.Rate = r.at(now) + 1/inboundMemory; r.Last = now }

func (r *inboundLoad) at(now float64) float64 {
	if r.Rate == 0 {
		return 0
	}
	return r.Rate * math.Exp(-(now-r.Last)/inboundMemory)
}

// inboundWaited takes in how long an inbound call waited. A call too late asks
// for more agents to be kept free, and each in time for as many fewer as makes
// the two even at the service level: like the level of a campaign, the number
// settles where the service level is met, whatever the load.
func (p *Pacer) inboundWaited(seconds float64) {
	if p.cfg.InboundShare == 0 {
		return
	}
	allowed := 1 - p.cfg.InboundShare
	if seconds > p.cfg.InboundWithin.Seconds() {
		p.inbound.Keep += inboundGain * (1 - allowed)
	} else {
		p.inbound.Keep -= inboundGain * allowed
	}
	p.inbound.Keep = min(max(p.inbound.Keep, 0), float64(p.agents.onDuty())/2)
}

// spoken is how many agents inbound calls ask for: those who wait, and those to
// be kept free.
func (r *inboundLoad) spoken() int { return int(r.waiting) + int(r.reserve+r.Keep+0.5) }
