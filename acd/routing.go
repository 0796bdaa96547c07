package acd

import (
	"cmp"
)

// Routing says who may serve a call, from when on and in which order, by definitions:
// the lanes, ranks, facts and scores that the store's scripts are given. What decides
// between free agents (Free.Compare) and between waiting calls (Score) is what the
// scripts do; a property test holds the two together. It is for simulations: nothing
// of it is live. It may be used from any goroutine.
type Routing struct{ dir *directory }

// NewRouting makes definitions ready.
func NewRouting(d Definitions) *Routing { return &Routing{newDirectory(d, nil, 0)} }

// Profile names who can and may do the same as an agent.
func (r *Routing) Profile(agent string) string { return r.dir.stationOf(agent).Profile }

// RoutedRing is who may serve a call from so long after it came to the queue.
type RoutedRing struct {
	AfterMS int64
	Ranks   map[string]int // by profile; a lower one comes first
}

// Rings are those that a call goes through while it waits.
func (r *Routing) Rings(c CallRecord) []RoutedRing {
	rings, lanes := r.dir.way(c)
	out := make([]RoutedRing, 0, len(rings))
	for i, l := range lanes {
		out = append(out, RoutedRing{rings[i].After, l.Ranks})
	}
	return out
}

// Score is the order of a waiting call, lowest first.
func (r *Routing) Score(c CallRecord) float64 { return r.dir.score(c) }

// Fact is what a queue orders free agents of one rank by. With lot true they are drawn.
func (r *Routing) Fact(queue string) (fact Fact, lot bool) {
	q, _ := r.dir.queue(queue)
	return q.Strategy.Fact(), q.Strategy == Random
}

// Free is an agent who may serve a call now.
type Free struct {
	Agent string
	Rank  int
	Fact  float64
}

// Compare is the order in which free agents get a call, lowest first.
func (f Free) Compare(g Free) int {
	return cmp.Or(cmp.Compare(f.Rank, g.Rank), cmp.Compare(f.Fact, g.Fact), cmp.Compare(f.Agent, g.Agent))
}
