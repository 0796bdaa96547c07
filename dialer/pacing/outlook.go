package pacing

import "math"

// outlook is the balance of answers and agents at each moment ahead: the law of
// D, the number of calls in the air that a person will have answered by then,
// less the number of busy agents who will be idle in time for a call that is
// answered then. The law is exact (the convolution of all chances) for pools of
// usual size, and normal with a correction for its skewness beyond.
type outlook struct {
	exact bool
	law   [moments]spread
	mean  [moments]float64
	vari  [moments]float64
	third [moments]float64 // third cumulant
}

// spread is the law of a whole number: prob[i] is the chance of low+i.
type spread struct {
	prob []float64
	low  int
}

const (
	exactUpTo  = 90    // calls and agents
	negligible = 1e-10 // chance at the edge of a spread that is cut off
)

func (o *outlook) reset(size int) {
	o.exact = size <= exactUpTo
	o.mean, o.vari, o.third = [moments]float64{}, [moments]float64{}, [moments]float64{}
	for m := range o.law {
		o.law[m].prob = append(o.law[m].prob[:0], 1)
		o.law[m].low = 0
	}
}

// copyOf takes over another outlook.
func (o *outlook) copyOf(x *outlook) {
	o.exact, o.mean, o.vari, o.third = x.exact, x.mean, x.vari, x.third
	for m := range o.law {
		o.law[m].prob = append(o.law[m].prob[:0], x.law[m].prob...)
		o.law[m].low = x.law[m].low
	}
}

// answer adds a call with its chances to be answered by each moment.
func (o *outlook) answer(chance *[moments]float64) {
	for m, p := range chance {
		v := p * (1 - p)
		o.mean[m] += p
		o.vari[m] += v
		o.third[m] += v * (1 - 2*p)
		if o.exact {
			o.law[m].plus(p)
		}
	}
}

// free adds a busy agent with the chances to be idle in time for each moment.
func (o *outlook) free(chance *[moments]float64) {
	for m, q := range chance {
		v := q * (1 - q)
		o.mean[m] -= q
		o.vari[m] += v
		o.third[m] -= v * (1 - 2*q)
		if o.exact {
			o.law[m].minus(q)
		}
	}
}

// plus adds a variable that is 1 with chance p and else 0.
func (s *spread) plus(p float64) {
	if p <= negligible {
		return
	}
	s.prob = append(s.prob, 0)
	for i := len(s.prob) - 1; i > 0; i-- {
		s.prob[i] += p * (s.prob[i-1] - s.prob[i])
	}
	s.prob[0] *= 1 - p
	s.trim()
}

// minus subtracts such a variable.
func (s *spread) minus(q float64) {
	s.low--
	if q <= negligible {
		s.low++
		return
	}
	s.plus(1 - q)
}

// trim cuts off edges that do not matter.
func (s *spread) trim() {
	n := len(s.prob)
	for n > 1 && s.prob[n-1] < negligible {
		n--
	}
	cut := 0
	for cut < n-1 && s.prob[cut] < negligible {
		cut++
	}
	if cut > 0 {
		copy(s.prob, s.prob[cut:n])
		s.low += cut
		n -= cut
	}
	s.prob = s.prob[:n]
}

// atLeast is the chance of k or more.
func (s *spread) atLeast(k int) float64 {
	sum := 0.0
	for i := max(k-s.low, 0); i < len(s.prob); i++ {
		sum += s.prob[i]
	}
	return math.Min(sum, 1)
}

// abandon is the chance that a call which is answered at one of the moments, all
// alike, finds free agents and those who come free in time all taken.
func (o *outlook) abandon(free int) float64 {
	sum := 0.0
	for m := range o.law {
		if o.exact {
			sum += o.law[m].atLeast(free)
		} else {
			sum += o.tail(m, float64(free))
		}
	}
	return sum / moments
}

// tail is P(D >= k) for a D that is nearly normal (Edgeworth's expansion to the
// third cumulant, with the correction for whole numbers).
func (o *outlook) tail(m int, k float64) float64 {
	v := math.Max(o.vari[m], 1e-9)
	sd := math.Sqrt(v)
	x := (k - 0.5 - o.mean[m]) / sd
	p := math.Erfc(x/math.Sqrt2) / 2
	p += math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) * o.third[m] / (6 * v * sd) * (x*x - 1)
	return math.Min(math.Max(p, 0), 1)
}
