// Package erlang has the formulas of queues with Poisson arrivals and exponential
// service: what is lost (B), who waits (C), and who waits with limited patience (A).
// They plan staff, and are the yardstick for simulated queues. It is arithmetic.
package erlang

import "math"

// B is the share of calls lost on n lines offered a erlangs when nobody
// waits (Erlang 1917), by the recursion B(i) = a·B(i-1)/(i + a·B(i-1)).
func B(n int, a float64) float64 {
	b := 1.0
	for i := 1; i <= n; i++ {
		b = a * b / (float64(i) + a*b)
	}
	return b
}

// C is the queue M/M/n: Poisson arrivals, exponential service, nobody
// gives up. Rates are per second, durations in seconds.
type C struct {
	Agents  int
	Arrival float64 // calls per second
	Handle  float64 // mean service time, seconds
}

// Load is the offered load in erlangs.
func (q C) Load() float64 { return q.Arrival * q.Handle }

// Wait is the probability that a call waits: 1 when the queue has no
// equilibrium, that is when the load reaches the number of agents.
func (q C) Wait() float64 {
	a, n := q.Load(), float64(q.Agents)
	if a >= n {
		return 1
	}
	b := B(q.Agents, a)
	return b / (1 - a/n*(1-b))
}

// ServiceLevel is the share of calls that wait at most t seconds.
func (q C) ServiceLevel(t float64) float64 {
	a, n := q.Load(), float64(q.Agents)
	if a >= n {
		return 0
	}
	return 1 - q.Wait()*math.Exp(-(n-a)*t/q.Handle)
}

// MeanWait is the mean wait of all calls in seconds (the average speed of
// answer); +Inf without equilibrium.
func (q C) MeanWait() float64 {
	a, n := q.Load(), float64(q.Agents)
	if a >= n {
		return math.Inf(1)
	}
	return q.Wait() * q.Handle / (n - a)
}

// Occupancy is the share of their time that agents serve.
func (q C) Occupancy() float64 { return min(q.Load()/float64(q.Agents), 1) }

// A is the queue M/M/n+M: as C, and each waiting call gives up
// after an exponential patience (Palm 1957; Garnett, Mandelbaum and Reiman,
// "Designing a call center with impatient customers", 2002).
type A struct {
	Agents   int
	Arrival  float64 // calls per second
	Handle   float64 // mean service time, seconds
	Patience float64 // mean patience, seconds
}

// Measures are the stationary figures of an A queue.
type Measures struct {
	States    []float64 // States[j] is the probability of j calls in service or waiting; the tail beyond is under 1e-15
	Wait      float64   // probability of finding all agents busy
	Abandon   float64   // share of calls that give up
	MeanWait  float64   // mean wait of all calls, served or not, seconds
	QueueLen  float64   // mean number of calls waiting
	Occupancy float64   // share of their time that agents serve
}

// Solve sums the birth-death chain. The queue always has an equilibrium.
func (q A) Solve() Measures {
	states := q.states()
	m := Measures{States: states}
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

// ServiceLevel is the share of calls that are answered after at most t seconds:
// those that do not wait, and of those that would wait for v, with the density of v
// summed up over all states, who has the patience. For n agents with service rate m,
// c = n·m, patience rate p and arrivals l it is
//
//	1 - P(wait) + π(n)·c·∫ exp(-(c+p)·v + l/p·(1 - exp(-p·v))) dv, v from 0 to t
//
// since π(n+k) times the density of the time in which the k before and one of those in
// service have gone, is π(n)·c·exp(-c·v)·(l/p·(1-exp(-p·v)))^k/k!.
func (q A) ServiceLevel(t float64) float64 {
	m := q.Solve()
	c, p := float64(q.Agents)/q.Handle, 1/q.Patience
	const steps = 2000 // of Simpson's rule
	step, sum := t/steps, 0.0
	for i := range steps + 1 {
		v := float64(i) * step
		weight := 2.0 + 2*float64(i%2)
		if i == 0 || i == steps {
			weight = 1
		}
		sum += weight * math.Exp(-(c+p)*v+q.Arrival/p*-math.Expm1(-p*v))
	}
	return min(1, 1-m.Wait+m.States[q.Agents]*c*sum*step/3)
}

// states grows from the most likely state outwards, so that neither a huge nor
// a tiny load overflows, and stops where a state adds nothing.
func (q A) states() []float64 {
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
