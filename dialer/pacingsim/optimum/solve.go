package optimum

import (
	"context"
	"fmt"
	"math"
)

// Solution is the best pacing of a case under its limit.
type Solution struct {
	Case Case // with the defaults filled in

	// Utilisation and Abandonment are those of the best policy: Safe for a share
	// 1-Mix of the time, Bold for the share Mix.
	Utilisation float64
	Abandonment float64

	// UpperBound is a utilisation that no controller of the true dialer can
	// exceed under the limit, short of ringing more than Case.Ringing numbers at
	// once or of giving up calls that ring: it adds up what the search left open (weak duality) and what cutting
	// off the waiting room could hide.
	UpperBound float64

	Safe, Bold                 Policy // the neighbours on both sides of the limit
	SafeMeasures, BoldMeasures Measures
	Mix                        float64
	Price                      float64 // worth of a lost call in served calls at the optimum

	Progressive Measures // one number for each free agent, for comparison
}

// Gap is the distance from a utilisation to the optimum as a share of what
// predictive pacing can gain over progressive at all.
func (s Solution) Gap(utilisation float64) float64 {
	return (s.Utilisation - utilisation) / (s.Utilisation - s.Progressive.Utilisation)
}

// point is a best policy for one price.
type point struct {
	price  float64
	policy Policy
	m      Measures
}

// Solve finds the best policy of a case. It is deterministic and takes
// milliseconds for ten agents, about a second for fifty.
func Solve(ctx context.Context, c Case) (Solution, error) {
	if err := c.Validate(); err != nil {
		return Solution{}, fmt.Errorf("optimum: %w", err)
	}
	c = c.withDefaults()
	k := newChain(c, 0)
	s := Solution{Case: c}
	k.stationary(Progressive(c.Agents), 1e-13)
	s.Progressive = k.measure()
	safe, bold, err := k.bracket(ctx, c.Limit)
	if err != nil {
		return Solution{}, err
	}
	safe, bold, err = k.bisect(ctx, safe, bold)
	if err != nil {
		return Solution{}, err
	}
	s.Safe, s.SafeMeasures, s.Bold, s.BoldMeasures = safe.policy, safe.m, bold.policy, bold.m
	s.Price = (safe.price + bold.price) / 2
	s.mix()
	s.UpperBound = upperBound(c, s.Price, safe.policy)
	return s, nil
}

// mix sets the share of time on the bold policy that uses the limit up. Time
// shares mix rates, so the ratio is solved on served and lost calls per second.
func (s *Solution) mix() {
	kappa := s.Case.Limit / (1 - s.Case.Limit) // lost calls allowed per served one
	a, b := s.SafeMeasures, s.BoldMeasures
	slack, excess := kappa*a.served-a.lost, b.lost-kappa*b.served
	if excess > 0 && slack >= 0 {
		s.Mix = slack / (slack + excess)
	}
	served := a.served + s.Mix*(b.served-a.served)
	lost := a.lost + s.Mix*(b.lost-a.lost)
	s.Utilisation = served * s.Case.Handle / float64(s.Case.Agents)
	if served+lost > 0 {
		s.Abandonment = lost / (served + lost)
	}
}

// bracket finds prices on both sides of the limit. Where even worthless calls
// are not lost often enough to reach it, both points are the boldest policy.
func (k *chain) bracket(ctx context.Context, limit float64) (safe, bold point, err error) {
	at, err := k.solveAt(ctx, 1, Progressive(k.c.Agents))
	if err != nil {
		return at, at, err
	}
	for at.m.Abandonment > limit {
		bold = at
		if at, err = k.solveAt(ctx, 2*at.price, at.policy); err != nil {
			return at, at, err
		}
	}
	safe = at
	for bold.policy == nil {
		if at.price < 1e-9 {
			return safe, safe, nil
		}
		if at, err = k.solveAt(ctx, at.price/2, at.policy); err != nil {
			return at, at, err
		}
		if at.m.Abandonment > limit {
			bold = at
		} else {
			safe = at
		}
	}
	return safe, bold, nil
}

// bisect closes in on the price at which the best policy changes from keeping
// the limit to breaking it.
func (k *chain) bisect(ctx context.Context, safe, bold point) (point, point, error) {
	for safe.price-bold.price > 1e-6*safe.price {
		mid, err := k.solveAt(ctx, math.Sqrt(safe.price*bold.price), safe.policy)
		if err != nil {
			return safe, bold, err
		}
		if mid.m.Abandonment > k.c.Limit {
			bold = mid
		} else {
			safe = mid
		}
	}
	return safe, bold, nil
}

// solveAt improves the policy until no state that it visits would be left in
// another way (Howard's policy iteration).
func (k *chain) solveAt(ctx context.Context, price float64, policy Policy) (point, error) {
	for range 100 {
		if err := ctx.Err(); err != nil {
			return point{}, err
		}
		k.stationary(policy, 1e-13)
		m := k.measure()
		visited := append([]float64(nil), k.sum...)
		k.evaluate(m.gain(price), price, 1e-12)
		next, same := k.improve(), true
		for b := range next {
			if visited[b] > 1e-12 && next[b] != k.target(policy, b) {
				same = false
			}
		}
		if same {
			// Values of states that the policy never visits may still be
			// rough, and hide a better way; settle them before believing it.
			k.polish(m.gain(price), price, 1e-10, 10)
			next = k.improve()
			for b := range next {
				same = same && (visited[b] <= 1e-12 || next[b] == k.target(policy, b))
			}
		}
		if same {
			return point{price, next, m}, nil
		}
		policy = next
	}
	return point{}, fmt.Errorf("optimum: policies do not settle at a price of %v", price)
}

// polish repeats sweeps and improvements until the values hold in states that
// are never visited as well, so that the ceiling is sharp: within tol of the
// gain, or until the rounds are used up. It returns the gap that is left.
func (k *chain) polish(gain, price, tol float64, rounds int) float64 {
	gap := k.ceiling(price) - gain
	for round := 0; round < rounds && gap > tol; round++ {
		for range 5 {
			for b := k.top; b >= 0; b-- {
				k.sweepValues(b, gain, price)
			}
			for b := 0; b <= k.top; b++ {
				k.sweepValues(b, gain, price)
			}
			k.policy = k.improve()
		}
		gap = min(gap, k.ceiling(price)-gain)
	}
	return gap
}

// upperBound is the utilisation that weak duality allows at a price: for each
// policy under the limit, lost <= kappa·served, so served·(1 - price·kappa) <=
// gain <= ceiling.
//
// A callee beyond the model's waiting room is credited with the most that it can
// bring in the true dialer. Served after everybody else, it outlives the j
// waiting before it and then finds an agent with a chance of at most
// N·mu/(N·mu + (j+1)·theta): the product of (N·mu + i·theta)/(N·mu + (i+1)·theta)
// for i = j..0, the chances that somebody before it leaves before it does.
func upperBound(c Case, price float64, policy Policy) float64 {
	kappa := c.Limit / (1 - c.Limit)
	if price*kappa >= 1 {
		return 1
	}
	busy, room := float64(c.Agents)/c.Handle, float64(c.Waiting+1)/c.Patience
	k := newChain(c, busy/(busy+room))
	k.stationary(policy, 1e-13)
	gain := k.measure().gain(price)
	k.evaluate(gain, price, 1e-12)
	ceiling := gain + k.polish(gain, price, 1e-12, 200)
	return min(1, ceiling/(1-price*kappa)*c.Handle/float64(c.Agents))
}
