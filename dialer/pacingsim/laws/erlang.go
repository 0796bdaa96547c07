package laws

import "math"

// ErlangB is the share of calls lost on n lines offered a erlangs when nobody
// waits (Erlang 1917), by the recursion B(i) = a·B(i-1)/(i + a·B(i-1)).
func ErlangB(n int, a float64) float64 {
	b := 1.0
	for i := 1; i <= n; i++ {
		b = a * b / (float64(i) + a*b)
	}
	return b
}

// ErlangC is the queue M/M/n: Poisson arrivals, exponential service, nobody
// gives up. Rates are per second, durations in seconds.
type ErlangC struct {
	Agents  int
	Arrival float64 // calls per second
	Handle  float64 // mean service time, seconds
}

// Load is the offered load in erlangs.
func (q ErlangC) Load() float64 { return q.Arrival * q.Handle }

// Wait is the probability that a call waits: 1 when the queue has no
// equilibrium, that is when the load reaches the number of agents.
func (q ErlangC) Wait() float64 {
	a, n := q.Load(), float64(q.Agents)
	if a >= n {
		return 1
	}
	b := ErlangB(q.Agents, a)
	return b / (1 - a/n*(1-b))
}

// ServiceLevel is the share of calls that wait at most t seconds.
func (q ErlangC) ServiceLevel(t float64) float64 {
	a, n := q.Load(), float64(q.Agents)
	if a >= n {
		return 0
	}
	return 1 - q.Wait()*math.Exp(-(n-a)*t/q.Handle)
}

// MeanWait is the mean wait of all calls in seconds (the average speed of
// answer); +Inf without equilibrium.
func (q ErlangC) MeanWait() float64 {
	a, n := q.Load(), float64(q.Agents)
	if a >= n {
		return math.Inf(1)
	}
	return q.Wait() * q.Handle / (n - a)
}

// Occupancy is the share of their time that agents serve.
func (q ErlangC) Occupancy() float64 { return min(q.Load()/float64(q.Agents), 1) }

// ErlangA is the queue M/M/n+M: as ErlangC, and each waiting call gives up
// after an exponential patience (Palm 1957; Garnett, Mandelbaum and Reiman,
// "Designing a call center with impatient customers", 2002).
type ErlangA struct {
	Agents   int
	Arrival  float64 // calls per second
	Handle   float64 // mean service time, seconds
	Patience float64 // mean patience, seconds
}

// ErlangAMeasures are the stationary figures of an ErlangA queue.
type ErlangAMeasures struct {
	States    []float64 // States[j] is the probability of j calls in service or waiting; the tail beyond is under 1e-15
	Wait      float64   // probability of finding all agents busy
	Abandon   float64   // share of calls that give up
	MeanWait  float64   // mean wait of all calls, served or not, seconds
	QueueLen  float64   // mean number of calls waiting
	Occupancy float64   // share of their time that agents serve
}

// Solve sums the birth-death chain. The queue always has an equilibrium.
func (q ErlangA) Solve() ErlangAMeasures {
	states := q.states()
	m := ErlangAMeasures{States: states}
	n, busy := q.Agents, 0.0
	for j, p := range states {
		busy += float64(min(j, n)) * p
		if j >= n {
			m.Wait += p
			m.QueueLen += float64(j-n) * p
		}
	}
	m.Occupancy = busy / float64(n)
	if q.Arrival > 0 {
		m.MeanWait = m.QueueLen / q.Arrival
		m.Abandon = m.MeanWait / q.Patience
	}
	return m
}

// states grows from the most likely state outwards, so that neither a huge nor
// a tiny load overflows, and stops where a state adds nothing.
func (q ErlangA) states() []float64 {
	down := func(j int) float64 { // rate from j to j-1
		return float64(min(j, q.Agents))/q.Handle + float64(max(j-q.Agents, 0))/q.Patience
	}
	mode := 0
	for down(mode+1) < q.Arrival {
		mode++
	}
	p := make([]float64, mode+1, 2*mode+64)
	p[mode] = 1
	total := 1.0
	for j := mode; j > 0; j-- {
		p[j-1] = p[j] * down(j) / q.Arrival
		total += p[j-1]
	}
	for j := mode; p[j] > 1e-17*total || j < q.Agents; j++ {
		p = append(p, p[j]*q.Arrival/down(j+1))
		total += p[j+1]
	}
	for j := range p {
		p[j] /= total
	}
	return p
}
