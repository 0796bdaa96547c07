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

// strategies is the table of what a strategy weighs. A strategy is a row of
// weights over facts and nothing else; so a new one is a new row, and the
// store's scripts compute the same score from the same row.
var strategies = map[Strategy]map[Fact]float64{
	LongestIdle: {FactFreeSince: 1},
	RoundRobin:  {FactOfferedAt: 1},
}

// levelStep separates levels: it is larger than any sum of facts (unix ms stay
// below 10^13 until the year 2286), and 99 levels of it are exact in a float64.
const levelStep = 1e13

// maxLevel is the highest level an agent may have in a queue.
const maxLevel = 99

// Score is the order of a free agent in a queue, lowest first:
// level·10¹³ + Σ weight·fact. Agents of a lower level come first whatever the facts.
func Score(s Strategy, level int, facts map[Fact]float64) float64 {
	score := float64(level) * levelStep
	for fact, weight := range strategies[s] {
		score += weight * facts[fact]
	}
	return score
}

// CallScore is the order of a waiting call, lowest first: the moment it began
// to wait (unix ms), moved back a minute for each point of priority. Because
// time goes on for all alike, a call of low priority is overtaken only by those
// that came within that many minutes: nobody starves.
func CallScore(enteredMS int64, priority int) float64 {
	return float64(enteredMS) - float64(priority)*60_000
}
