package pacing

import (
	"math"
	"time"
)

// budget steers the accepted chance of abandonment by what the legal window
// still bears, and is the guard beneath it.
//
// Its currency is abandoned calls: every answered call earns the limit (0.03),
// every abandoned one costs one. Since the balance is counted and not estimated,
// a wrong model moves the level until the balance is right again, and no debt is
// ever forgiven; what is earned beyond Cap is, so that a quiet hour does not end
// in a burst.
type budget struct {
	window  `json:"-"`
	Balance float64 `json:"balance"`  // earned less spent, never above what the window has left
	LogBase float64 `json:"log_base"` // log of the level at a balance on target
	limit   float64
	grace   float64 // answers below which the limit is taken of this number

	// Overdrawn, only served answers bring the rate down again, so calls are
	// dialled that each have a free agent. If one of those is abandoned all the
	// same, agents are not what they seem: all dialling stops, each time for twice
	// as long as the last.
	HoldFor   float64 `json:"hold_for"` // seconds
	HoldUntil float64 `json:"hold_until"`
	Served    int     `json:"served"`    // answers in a row with an agent in time
	Overdrawn float64 `json:"overdrawn"` // when the window was last overdrawn, -1 when it is not

	gain    float64 // of the log of the level per abandoned call off target
	reserve float64 // balance below which over-dialling ends
	target  float64
}

// stage is how much the guard allows.
type stage uint8

const (
	stageStop        stage = iota // no call at all
	stageRepair                   // overdrawn: each call has a free agent, and some agents are spare
	stageProgressive              // each call has a free agent
	stageCareful                  // a chance of abandonment of levelLowest
	stageLevel                    // the level that the balance gives
)

// size fits the margins to the pool: agents on duty and answers expected of the
// calls in the air. Bigger pools have more in the air when the news of an
// abandoned call arrives, so they react less to each and keep more in reserve. A
// window with many answers can spare more for the shocks to come: the margin
// grows as the root of what was earned, so its share of the budget shrinks.
func (b *budget) size(agents, inAir float64) {
	b.gain = math.Min(math.Max(gainOf20*math.Sqrt(gainPool/math.Max(agents, 1)), gainLowest), gainOf20)
	b.reserve = 1 + reserveInAir*inAir
	b.target = b.reserve + 1/b.gain + savings*math.Min(1, agents/gainPool)*math.Sqrt(b.limit*b.sumAnswered)
}

// left is what the window bears of further abandoned calls.
func (b *budget) left() float64 { return b.limit*b.sumAnswered - b.sumAbandoned }

// forward moves the window on. A fixed period that begins owes nothing and has
// saved nothing.
func (b *budget) forward(now time.Time) {
	if b.window.forward(now) {
		b.Balance, b.Served, b.HoldFor, b.HoldUntil, b.Overdrawn = 0, 0, 0, 0, -1
	}
}

// graceLeft is the same with the allowance for a window with few answers.
func (b *budget) graceLeft() float64 {
	return b.limit*math.Max(b.sumAnswered, b.grace) - b.sumAbandoned
}

// resolved takes in an answered call, launched at a time: with an agent in time or not.
func (b *budget) resolved(abandoned bool, launched, now float64, at time.Time) {
	lost := 0
	if abandoned {
		lost = 1
		b.Served = 0
		if b.Overdrawn >= 0 && launched > b.Overdrawn && now >= b.HoldUntil {
			b.HoldFor = math.Min(math.Max(2*b.HoldFor, firstHold), longestHold)
			b.HoldUntil = now + b.HoldFor
		}
	} else if b.Served++; float64(b.Served)*b.limit > 1 {
		b.HoldFor = 0 // even if the next has none, those since the last that had none keep the limit
	}
	b.count(at, 1, lost)
	b.mark(now)
	off := math.Min(math.Max(b.Balance-b.target, -2/b.gain), 2/b.gain)
	b.LogBase += baseSpeed * b.limit * b.gain * b.gain * off
	b.LogBase = math.Min(math.Max(b.LogBase, math.Log(baseLowest)), math.Log(baseHighest))
}

// count takes in answers at a time; negative numbers take back what was believed.
func (b *budget) count(at time.Time, answered, abandoned int) {
	b.add(at, answered, abandoned)
	b.Balance += b.limit*float64(answered) - float64(abandoned)
	b.clip()
}

// mark notes when the window is overdrawn.
func (b *budget) mark(now float64) {
	switch {
	case b.left() >= 0:
		b.Overdrawn = -1
	case b.Overdrawn < 0:
		b.Overdrawn = now
	}
}

func (b *budget) clip() { b.Balance = math.Min(math.Min(b.Balance, b.target+3/b.gain), b.left()) }

// stage is what the guard allows now; it knows no model.
func (b *budget) stage(now float64) stage {
	b.clip()
	b.mark(now)
	switch {
	case b.Overdrawn >= 0 && now < b.HoldUntil:
		return stageStop
	case b.graceLeft() < 0:
		return stageRepair
	case b.left() < 0 || b.Balance < leastBalance:
		return stageProgressive
	case b.Balance < b.reserve:
		return stageCareful
	}
	return stageLevel
}

// level is the accepted chance of abandonment at stageLevel.
func (b *budget) level() float64 {
	off := math.Min(math.Max(b.Balance-b.target, -4/b.gain), 3/b.gain)
	return math.Min(math.Max(math.Exp(b.LogBase+b.gain*off), levelLowest), levelHighest)
}
