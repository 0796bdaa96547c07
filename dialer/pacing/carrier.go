package pacing

import "math"

func exp(x float64) float64 { return math.Exp(x) }

// carrier meters launches: a token bucket whose rate backs off when the carrier
// has no room and then creeps up again (additive increase, multiplicative
// decrease; Chiu and Jain, 1989).
type carrier struct {
	Rate      float64 `json:"rate"` // calls per second now
	allowed   float64
	tokens    float64
	last      float64
	backedOff float64 // time of the last decrease
}

func newCarrier(allowed float64) carrier {
	return carrier{Rate: allowed, allowed: allowed, tokens: 1, backedOff: math.Inf(-1)}
}

// congested halves the rate, at most once in two seconds: the refusals of calls
// launched before a decrease say nothing about the rate after it. An eighth of
// the rate goes on, to find out when the carrier has room again.
func (c *carrier) congested(now float64) {
	if now-c.backedOff < 2 {
		return
	}
	c.Rate = math.Max(c.Rate/2, c.allowed/8)
	c.backedOff = now
}

// forward earns tokens; the bucket holds half a second's worth and never less than one.
func (c *carrier) forward(now float64) {
	dt := math.Max(0, now-c.last)
	c.last = now
	if now-c.backedOff > 5 {
		c.Rate = math.Min(c.allowed, c.Rate+dt*c.allowed/60)
	}
	c.Rate = math.Min(c.Rate, c.allowed)
	c.tokens = math.Min(c.tokens+dt*c.Rate, math.Max(1, c.Rate/2))
}

// orders are calls ordered and neither launched nor refused yet, oldest first.
type orders struct {
	at   []float64
	head int
}

func (o *orders) pending() int { return len(o.at) - o.head }

func (o *orders) place(now float64, n int) {
	if o.head > 0 && o.head*2 >= len(o.at) {
		o.at = o.at[:copy(o.at, o.at[o.head:])]
		o.head = 0
	}
	for range n {
		o.at = append(o.at, now)
	}
}

// settle takes the oldest order off; false if there is none.
func (o *orders) settle() bool {
	if o.pending() == 0 {
		return false
	}
	o.head++
	return true
}

// expire forgets orders older than timeout seconds.
func (o *orders) expire(now, timeout float64) {
	for o.pending() > 0 && now-o.at[o.head] > timeout {
		o.head++
	}
}
