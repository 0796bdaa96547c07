package acd

// Fact is something an agent's record tells that a strategy may order by. The
// strings are field names of the stored record.
type Fact string

// Facts of an agent.
const (
	FactFreeSince Fact = "free_since" // when the agent last became free, unix ms
	FactOfferedAt Fact = "offered_at" // when a call was last offered, unix ms; 0 is never
)

// Strategy names how a queue orders its free agents.
type Strategy string

// Strategies.
const (
	// LongestIdle prefers who has been free for longest. A missed call counts
	// as the end of being idle.
	LongestIdle Strategy = "longest_idle"
	// RoundRobin goes round: who was offered a call longest ago is next.
	RoundRobin Strategy = "round_robin"
)

// strategies is the table of what a strategy orders free agents by: the fact that
// is lowest comes first. A new strategy is a new row; the store's scripts know facts alone.
var strategies = map[Strategy]Fact{
	LongestIdle: FactFreeSince,
	RoundRobin:  FactOfferedAt,
}

// Fact is what a strategy orders free agents by.
func (s Strategy) Fact() Fact { return strategies[s] }

// CallScore is the order of a waiting call, lowest first: the moment it began
// to wait (unix ms), moved back a minute for each point of priority. Because
// time goes on for all alike, a call of low priority is overtaken only by those
// that came within that many minutes: nobody starves.
func CallScore(enteredMS int64, priority int) float64 {
	return float64(enteredMS) - float64(priority)*60_000
}
