package optimum

import "math"

// gain is the price-adjusted reward of a distribution, per second.
func (m Measures) gain(price float64) float64 { return m.served - price*m.lost }

// reward is the price-adjusted reward per second in a state.
func (k *chain) reward(b, x int, price float64) float64 {
	r := k.serve[b] - price*k.lose[b]
	if b == k.top {
		r += float64(x) * k.nu * k.p * (k.credit - price*(1-k.credit))
	}
	return r
}

// evaluate solves for the relative values of the current policy, whose
// stationary distribution and gain are known. A sweep of Gauss-Seidel settles
// the ringing calls; the levels of b are then corrected exactly as in
// stationary, by the birth-death equation that the residuals satisfy.
func (k *chain) evaluate(gain, price, tol float64) {
	for range 2000 {
		for b := k.top; b >= 0; b-- {
			k.sweepValues(b, gain, price)
		}
		if k.correct(gain, price) <= tol {
			return
		}
	}
}

// neighbours are the value rows around b, nil at the borders.
func (k *chain) neighbours(b int) (below, row, above []float64) {
	row = k.row(k.value, b)
	if b > 0 {
		below = k.row(k.value, b-1)
	}
	if b < k.top {
		above = k.row(k.value, b+1)
	}
	return below, row, above
}

// sweepValues solves each state of one b in turn, given the others.
func (k *chain) sweepValues(b int, gain, price float64) {
	below, row, above := k.neighbours(b)
	t := k.target(k.policy, b)
	for x := 0; x < k.width; x++ {
		in, out := k.expect(b, x, t, below, row, above)
		if out > 0 {
			row[x] = (k.reward(b, x, price) - gain + in) / out
		}
	}
	if b == 0 {
		row[0] = row[t] // nothing rings and nobody talks: only dialling leads on
	}
}

// expect sums rate times value over the moves out of (b, x), and the rates; a
// failed call that is replaced at once is no move.
func (k *chain) expect(b, x, t int, below, row, above []float64) (in, out float64) {
	answer, fail := k.nu*k.p*float64(x), k.nu*(1-k.p)*float64(x)
	if above == nil {
		answer, fail = 0, k.nu*float64(x)
	} else if answer > 0 {
		in += answer * above[max(x-1, k.target(k.policy, b+1))]
	}
	if below != nil {
		in += k.down[b] * below[max(x, k.target(k.policy, b-1))]
	}
	if x != t {
		in += fail * row[max(x-1, t)]
		answer += fail
	}
	return in, answer + k.down[b]
}

// correct shifts the values of each level so that its mean residual vanishes and
// returns the mean absolute residual before the shift. Levels that the policy
// reaches with less than 1e-12 are shifted like their neighbours.
func (k *chain) correct(gain, price float64) float64 {
	flow, shift, total := 0.0, 0.0, 0.0
	for b := 0; b <= k.top; b++ {
		below, row, above := k.neighbours(b)
		t, pi, mean := k.target(k.policy, b), k.row(k.pi, b), 0.0
		for x := t; x < k.width; x++ {
			in, out := k.expect(b, x, t, below, row, above)
			r := k.reward(b, x, price) - gain + in - out*row[x]
			mean += pi[x] * r
			total += pi[x] * math.Abs(r)
		}
		k.sum[b], k.up[b] = sum(pi), mean
	}
	for b := 0; b <= k.top; b++ {
		row := k.row(k.value, b)
		for x := range row {
			row[x] += shift
		}
		flow += k.up[b]
		if b < k.top && k.sum[b+1] > 1e-12 && k.sum[b] > 1e-12 {
			shift -= flow / (k.sum[b+1] * k.down[b+1]) // what goes up comes down
		}
	}
	return total
}

func sum(a []float64) float64 {
	s := 0.0
	for _, v := range a {
		s += v
	}
	return s
}

// improve returns, for each b, the number of ringing calls of highest value.
// Values closer than the noise of the solution count as equal and the smaller
// number wins, so that policies do not flicker.
func (k *chain) improve() Policy {
	p := make(Policy, k.top+1)
	for b := range p {
		row := k.row(k.value, b)
		scale := math.Abs(row[k.policy.Target(b)]) + 1
		best := k.target(k.policy, b)
		for x, v := range row {
			if (b > 0 || x > 0) && v > row[best]+1e-11*scale {
				best = x
			}
		}
		p[b] = best
	}
	return p
}

// ceiling is an upper bound on the gain of every policy in the model, whatever
// it depends on: the largest gain that the present values promise in any state
// when the next dialling decision is the best there is. It is sharp when the
// values are those of the best policy.
func (k *chain) ceiling(price float64) float64 {
	best := make([]float64, len(k.value)) // value of (b, x) before the decision
	for b := 0; b <= k.top; b++ {
		row, out := k.row(k.value, b), k.row(best, b)
		high := math.Inf(-1)
		for x := k.width - 1; x >= 0; x-- {
			if b > 0 || x > 0 {
				high = max(high, row[x])
			}
			out[x] = high
		}
	}
	bound := math.Inf(-1)
	for b := 0; b <= k.top; b++ {
		row, here := k.row(k.value, b), k.row(best, b)
		for x := 0; x < k.width; x++ {
			if b == 0 && x == 0 {
				continue
			}
			r := k.reward(b, x, price)
			if x > 0 {
				answer, fail := k.nu*k.p*float64(x), k.nu*(1-k.p)*float64(x)
				up := here
				if b < k.top {
					up = k.row(best, b+1)
				}
				r += answer*(up[x-1]-row[x]) + fail*(here[x-1]-row[x])
			}
			if b > 0 {
				r += k.down[b] * (k.row(best, b-1)[x] - row[x])
			}
			bound = max(bound, r)
		}
	}
	return bound
}
