package pacing

import "math"

// carrier meters launches: a token bucket whose rate backs off by what share of
// the attempts is refused. A carrier that bears less than it is given refuses the
// excess, so the share falls as the rate does and settles at a little more than
// is borne; one that refuses a share of whatever it gets is not helped by backing
// off, and gets most of the rate all the same.
type carrier struct {
	Rate    float64 `json:"rate"`  // calls per second now
	Share   float64 `json:"share"` // of the attempts refused, of some sixteen
	allowed float64
	floor   float64 // part of what is allowed below which the rate does not go
	tokens  float64
	last    float64
	refused float64 // time of the last refusal
}

func newCarrier(allowed, floor float64) carrier {
	return carrier{Rate: allowed, allowed: allowed, floor: floor, tokens: 1, refused: math.Inf(-1)}
}

// accepted takes in an attempt that the carrier took.
func (c *carrier) accepted() { c.Share -= c.Share * carrierWeight }

// congested takes in an attempt that the carrier had no room for. A refusal
// within the time in which others may still be on their way backs off once.
func (c *carrier) congested(now float64) {
	c.Share += (1 - c.Share) * carrierWeight
	if now-c.refused >= carrierPause/4 {
		c.Rate = math.Max(c.Rate*(1-c.Share/2), c.allowed*c.floor)
		c.refused = now
	}
}

// forward earns tokens; the bucket holds half a second's worth and never less than one.
func (c *carrier) forward(now float64) {
	dt := math.Max(0, now-c.last)
	c.last = now
	if now-c.refused > carrierPause {
		c.Rate = math.Min(c.allowed, c.Rate+dt*c.allowed*(1-c.Share)/carrierRecovery)
	}
	c.Rate = math.Min(c.Rate, c.allowed)
	c.tokens = math.Min(c.tokens+dt*c.Rate, math.Max(1, c.Rate/2))
}

// allow sets the calls per second that are allowed; NaN is unknown.
func (c *carrier) allow(rate float64) {
	if rate > c.allowed && c.Rate >= c.allowed {
		c.Rate = rate
	}
	c.allowed = rate
	c.Rate = math.Min(c.Rate, rate)
	if math.IsNaN(c.Rate) && rate >= 0 {
		c.Rate = rate
	}
	if math.IsNaN(c.tokens) {
		c.tokens = 0
	}
}
