package optimum

import "math"

// Policy says how many numbers should ring: Policy[b] of them while b calls are
// with agents or waiting. Whoever sees fewer dials the difference at once; who
// sees more waits.
type Policy []int

// Target is the number to keep ringing at b connected calls; nothing beyond the table.
func (p Policy) Target(b int) int {
	if b < 0 || b >= len(p) {
		return 0
	}
	return p[b]
}

// Progressive is the policy that dials one number for each free agent.
func Progressive(agents int) Policy {
	p := make(Policy, agents+1)
	for b := range p {
		p[b] = agents - b
	}
	return p
}

// Measures are the exact stationary figures of a policy.
type Measures struct {
	Utilisation float64 // share of their time that agents handle calls
	Abandonment float64 // lost calls over answered calls
	Ringing     float64 // mean numbers ringing
	Waiting     float64 // mean callees waiting for an agent
	EdgeMass    float64 // probability that the model's waiting room is full
	CapMass     float64 // probability that the model's bound on ringing calls is reached

	served, lost float64 // per second
}

// chain is the process under a policy: rates, and work space that carries the
// last solution over to the next policy, which is nearly the same.
type chain struct {
	c       Case
	top     int     // largest b
	width   int     // number of x values, 0..c.Ringing
	nu, p   float64 // resolution rate of a ringing call; chance that it is an answer
	down    []float64
	serve   []float64 // served calls per second at b
	lose    []float64 // lost calls per second at b
	credit  float64   // the share of answers beyond the waiting room that count as served; the rest are lost
	pi      []float64
	policy  Policy
	value   []float64
	sum, up []float64 // per level of b: probability, and rate of answers
}

func newChain(c Case, credit float64) *chain {
	top := c.Agents + c.Waiting
	k := &chain{
		c: c, top: top, width: c.Ringing + 1, nu: 1 / c.Ring, p: c.Answer, credit: credit,
		down: make([]float64, top+1), serve: make([]float64, top+1), lose: make([]float64, top+1),
		sum: make([]float64, top+1), up: make([]float64, top+1),
	}
	for b := range k.down {
		k.serve[b] = float64(min(b, c.Agents)) / c.Handle
		k.lose[b] = float64(max(b-c.Agents, 0)) / c.Patience
		k.down[b] = k.serve[b] + k.lose[b]
	}
	k.pi = make([]float64, (top+1)*k.width)
	k.value = make([]float64, (top+1)*k.width)
	return k
}

// row is the slice of a state array that belongs to b, indexed by x.
func (k *chain) row(a []float64, b int) []float64 { return a[b*k.width : (b+1)*k.width] }

// target is the policy's wish inside the model. With nobody connected something
// must ring, or the process would stand still for ever.
func (k *chain) target(p Policy, b int) int {
	t := min(p.Target(b), k.width-1)
	if b == 0 {
		t = max(t, 1)
	}
	return t
}

// stationary computes the distribution under the policy. Sweeps of Gauss-Seidel
// settle the fast part, the ringing calls; between sweeps the slow part, the
// number connected, is set exactly: it is a birth-death chain whose rates follow
// from the present distribution within each level (the aggregation of Koury,
// McAllister and Stewart, 1984). It returns the largest relative change of the
// last sweep.
func (k *chain) stationary(policy Policy, tol float64) float64 {
	k.reset(policy)
	change := math.Inf(1)
	for sweep := 0; sweep < 5000 && change > tol; sweep++ {
		k.aggregate()
		change = 0
		for b := k.top; b >= 0; b-- {
			change += k.sweepLevel(policy, b)
		}
	}
	k.aggregate()
	return change
}

// reset puts every state below the policy's target to zero: the policy leaves it
// at once. What was there moves to the target, so that no level starts empty.
func (k *chain) reset(policy Policy) {
	fresh := k.policy == nil
	k.policy = policy
	for b := 0; b <= k.top; b++ {
		row, t, moved := k.row(k.pi, b), k.target(policy, b), 0.0
		for x := 0; x < t; x++ {
			moved += row[x]
			row[x] = 0
		}
		row[t] += moved
		if fresh {
			row[t] = 1
		}
	}
}

// sweepLevel balances the states of one b, from the most ringing calls down, and
// returns the summed change.
func (k *chain) sweepLevel(policy Policy, b int) float64 {
	row, t := k.row(k.pi, b), k.target(policy, b)
	var below, above []float64
	if b > 0 {
		below = k.row(k.pi, b-1)
	}
	if b < k.top {
		above = k.row(k.pi, b+1)
	}
	answer, fail, change := k.nu*k.p, k.nu*(1-k.p), 0.0
	if b == k.top {
		fail = k.nu // an answer beyond the waiting room leaves b as it is
	}
	for x := k.width - 1; x >= t; x-- {
		in := 0.0
		if x+1 < k.width {
			in = float64(x+1) * fail * row[x+1]
			if below != nil {
				in += float64(x+1) * answer * below[x+1]
			}
		}
		if above != nil {
			in += k.down[b+1] * above[x]
		}
		out := k.nu*float64(x) + k.down[b]
		if x == t {
			in += k.lifted(t, below, above, b)
			out -= fail * float64(x) // a failed call is replaced at once
		}
		if out > 0 {
			next := in / out
			change += math.Abs(next - row[x])
			row[x] = next
		}
	}
	return change
}

// lifted is the flow into target t of b from neighbours with fewer ringing calls.
func (k *chain) lifted(t int, below, above []float64, b int) float64 {
	in := 0.0
	for x := 0; x <= t; x++ {
		if below != nil {
			in += float64(x) * k.nu * k.p * below[x]
		}
		if above != nil && x < t {
			in += k.down[b+1] * above[x]
		}
	}
	return in
}

// aggregate rescales the levels to the exact distribution of b, given the
// distribution within each.
func (k *chain) aggregate() {
	for b := 0; b <= k.top; b++ {
		mass, rate := 0.0, 0.0
		for x, p := range k.row(k.pi, b) {
			mass += p
			rate += p * float64(x)
		}
		k.sum[b], k.up[b] = mass, 0
		if mass > 0 {
			k.up[b] = rate / mass * k.nu * k.p
		}
	}
	level, total := 1.0, 1.0
	scale := make([]float64, k.top+1)
	scale[0] = 1
	for b := 1; b <= k.top; b++ {
		level *= k.up[b-1] / k.down[b]
		if level > 1e200 {
			for i := range b {
				scale[i] /= 1e200
			}
			level, total = level/1e200, total/1e200
		}
		scale[b] = level
		total += level
	}
	for b := range scale {
		want := scale[b] / total
		row := k.row(k.pi, b)
		if k.sum[b] <= 0 {
			row[k.target(k.policy, b)] = want
			continue
		}
		f := want / k.sum[b]
		for x := range row {
			row[x] *= f
		}
		k.sum[b] = want
	}
}

// measure reads the figures off the stationary distribution.
func (k *chain) measure() Measures {
	var m Measures
	for b := 0; b <= k.top; b++ {
		row := k.row(k.pi, b)
		ringing := 0.0
		for x, p := range row {
			ringing += float64(x) * p
		}
		m.Ringing += ringing
		m.Waiting += float64(max(b-k.c.Agents, 0)) * k.sum[b]
		m.served += k.serve[b] * k.sum[b]
		m.lost += k.lose[b] * k.sum[b]
		m.CapMass += row[k.width-1]
		if b == k.top {
			m.EdgeMass = k.sum[b]
			turned := ringing * k.nu * k.p
			m.served += k.credit * turned
			m.lost += (1 - k.credit) * turned
		}
	}
	m.Utilisation = m.served * k.c.Handle / float64(k.c.Agents)
	if m.served+m.lost > 0 {
		m.Abandonment = m.lost / (m.served + m.lost)
	}
	return m
}

// Evaluate computes the exact figures of a policy, however good or bad it is.
func Evaluate(c Case, p Policy) (Measures, error) {
	if err := c.Validate(); err != nil {
		return Measures{}, err
	}
	k := newChain(c.withDefaults(), 0)
	k.stationary(p, 1e-13)
	return k.measure(), nil
}
