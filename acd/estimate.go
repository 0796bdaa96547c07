package acd

import (
	"math"
	"time"
)

// Pace is what a queue on a group of PBXs has taught lately: how long its calls take
// agents up, and how soon who waits goes away. The store's scripts keep it.
type Pace struct {
	Handle  float64 `json:"handle,omitempty"`  // smoothed: from the offer to the end of wrap-up, ms; 0 is unknown
	Handled int     `json:"handled,omitempty"` // calls that Handle is of, up to paceCalls
	Waited  float64 `json:"waited,omitempty"`  // by who has left the queue, answered or not, ms; fading
	Left    float64 `json:"left,omitempty"`    // of those, who were not answered; fading alike
}

// paceCalls is of how many calls a smoothed handling time is at least: each counts as
// one of so many. paceFade is what is left of an older wait with each newer one.
const (
	paceCalls = 20
	paceFade  = 0.98
)

// Took is the pace after a call took an agent up for so many ms:
//
//	handle' = handle + (took − handle) / min(calls, 20)
func (p Pace) Took(ms float64) Pace {
	p.Handled = min(p.Handled+1, paceCalls)
	p.Handle += (ms - p.Handle) / float64(p.Handled)
	return p
}

// Went is the pace after somebody who had waited so many ms left the queue. What is
// left of the sums gives the rate at which who waits goes away, θ = Σ left ÷ Σ waited.
func (p Pace) Went(ms float64, answered bool) Pace {
	p.Waited, p.Left = p.Waited*paceFade+ms, p.Left*paceFade
	if !answered {
		p.Left++
	}
	return p
}

// leaves is θ, per ms.
func (p Pace) leaves() float64 {
	if p.Waited <= 0 {
		return 0
	}
	return p.Left / p.Waited
}

// crowd is who is served before a call by some of the agents who may serve it.
type crowd struct {
	work   float64 // handling times, ms: what of it those agents do
	agents float64 // how many of them may
}

// outlook is what an expected wait depends on.
type outlook struct {
	agents float64 // at work, who may serve the call
	mean   float64 // handling time, ms
	before []crowd
	leaves float64 // how often one who waits goes away, per ms
}

// wait is how long a call waits whose agents are all taken up; 0 when nobody can tell.
// With s = agents ÷ mean calls served in a ms, and a calls before it, of whom some go away,
//
//	wait = Σ 1 ÷ (s + i·θ), i = 0 … a  ≈  ln(1 + (a+1)·θ ÷ s) ÷ θ
//
// A crowd takes no more than the agents that it shares with the call: one whose work
// outlasts the wait counts as those agents being away.
func (o outlook) wait() time.Duration {
	if o.agents <= 0 || o.mean <= 0 {
		return 0
	}
	outlasts := make([]bool, len(o.before))
	ahead, free := o.count(outlasts)
	for again := true; again; ahead, free = o.count(outlasts) {
		again = false
		for i, c := range o.before {
			if !outlasts[i] && c.agents < free && free-c.agents >= 1 && c.work > c.agents*(ahead+1)*o.mean/free {
				outlasts[i], again = true, true
				break
			}
		}
	}
	wait := (ahead + 1) * o.mean / free
	if o.leaves > 0 {
		wait = math.Log1p(wait*o.leaves) / o.leaves
	}
	return time.Duration(wait * float64(time.Millisecond))
}

// count is how many calls are before, and how many agents there are for them, without
// those that outlast.
func (o outlook) count(outlasts []bool) (ahead, free float64) {
	free = o.agents
	for i, c := range o.before {
		if outlasts[i] {
			free -= c.agents
		} else {
			ahead += c.work / o.mean
		}
	}
	return ahead, free
}
