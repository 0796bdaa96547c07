package acd

import (
	"math"
	"time"
)

// Fact is something an agent's record tells that a strategy may order by. The
// strings are field names of the stored record.
type Fact string

// Facts of an agent.
const (
	FactFreeSince Fact = "free_since" // when the agent last became free, unix ms
	FactOfferedAt Fact = "offered_at" // when a call was last offered, unix ms; 0 is never
	FactServed    Fact = "served"     // conversations since login
	FactLoad      Fact = "load"       // how much of the last time was taken up by calls; see Load
	FactNone      Fact = "none"       // nothing: agents come in the order of their ids
)

// Strategy names how a queue orders its free agents.
type Strategy string

// Strategies. Each orders agents of the same rank.
const (
	// LongestIdle prefers who has been free for longest. A missed call counts
	// as the end of being idle.
	LongestIdle Strategy = "longest_idle"
	// RoundRobin goes round: who was offered a call longest ago is next.
	RoundRobin Strategy = "round_robin"
	// FewestCalls prefers who has had the fewest conversations since login.
	FewestCalls Strategy = "fewest_calls"
	// LeastOccupied prefers who was least taken up by ringing, talking and wrap-up
	// of late.
	LeastOccupied Strategy = "least_occupied"
	// MostSkilled prefers who has the highest levels in the skills that are required,
	// then who has been free for longest.
	MostSkilled Strategy = "most_skilled"
	// FixedOrder is always the same: by rank, then by id.
	FixedOrder Strategy = "fixed_order"
	// RingAll rings several at the same time (Queue.RingAtOnce), those first who have been
	// free for longest: the first answer wins.
	RingAll Strategy = "ring_all"
	// Random draws among all who are free, by the offer's id or, of a queue with a seed, by
	// the seed and how often was drawn before.
	Random Strategy = "random"
)

// strategies is the table of what a strategy orders free agents by: the fact that
// is lowest comes first. A new strategy is a new row; the store's scripts know facts alone.
var strategies = map[Strategy]Fact{
	LongestIdle:   FactFreeSince,
	RoundRobin:    FactOfferedAt,
	FewestCalls:   FactServed,
	LeastOccupied: FactLoad,
	MostSkilled:   FactFreeSince,
	FixedOrder:    FactNone,
	RingAll:       FactFreeSince,
	Random:        FactNone,
}

// Fact is what a strategy orders free agents by.
func (s Strategy) Fact() Fact { return strategies[s] }

// loadSpan is how fast what an agent did is forgotten: what lies half an hour back
// counts a third of what is new.
const loadSpan = 30 * time.Minute

// Load is the load of an agent who had load (0 for none) until the time from, and
// has been taken up by calls from then to now (unix ms). It is the logarithm of
//
//	busy = ∫ e^((s−now)/span) ds over all times s taken up
//
// plus now/span, so that time, which passes for all alike, changes nothing of the
// order in which agents are, and nobody's need be looked at again. The store's
// scripts compute the same.
func Load(load float64, from, now int64) float64 {
	span := float64(loadSpan.Milliseconds())
	at := float64(now) / span
	busy := span * (1 - math.Exp(float64(from-now)/span))
	if load > 0 {
		busy += math.Exp(load - at)
	}
	if busy <= 0 {
		return load
	}
	return math.Log(busy) + at
}

// CallScore is the order of a waiting call, lowest first: the moment it began
// to wait (unix ms), moved back by what its priority is worth. Because time goes on for
// all alike, a call of low priority is overtaken only by those that came so much later
// at most: nobody starves. A tier is above all ages and priorities: it is for emergencies.
func CallScore(enteredMS int64, worth time.Duration, tier int) float64 {
	return float64(enteredMS) - float64(worth.Milliseconds()) - float64(tier)*tierStep
}

// tierStep separates tiers: unix ms stay below it until the year 2286, and 9 tiers
// of it are exact in what the store writes.
const tierStep = 1e13
