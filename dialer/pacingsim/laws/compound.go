package laws

import (
	"math"
	"math/rand/v2"
)

// Shifted moves another law to the right by a constant: a post-dial delay
// before the phone can ring, for instance.
type Shifted struct {
	law Law
	by  float64
}

// NewShifted is the law of by + X for X of law.
func NewShifted(law Law, by float64) Shifted { return Shifted{law, by} }

// Sample implements Law.
func (s Shifted) Sample(r *rand.Rand) float64 { return s.by + s.law.Sample(r) }

// Mean implements Law.
func (s Shifted) Mean() float64 { return s.by + s.law.Mean() }

// Var implements Law.
func (s Shifted) Var() float64 { return s.law.Var() }

// CDF implements Law.
func (s Shifted) CDF(x float64) float64 { return s.law.CDF(x - s.by) }

// Quantile implements Law.
func (s Shifted) Quantile(p float64) float64 { return s.by + s.law.Quantile(p) }

// Mixture follows one of several laws, chosen by weight for each draw: short
// "not interested" talks beside real conversations.
type Mixture struct {
	upto  []float64 // upto[i] is the summed weight of parts 0..i; the last is 1
	parts []Law
}

// NewMixture mixes parts by weights, which are positive, as many as the parts,
// and need not sum to one. It keeps its own copies.
func NewMixture(weights []float64, parts []Law) Mixture {
	m := Mixture{upto: make([]float64, len(parts)), parts: append([]Law(nil), parts...)}
	total, sum := 0.0, 0.0
	for _, w := range weights {
		total += w
	}
	for i, w := range weights {
		sum += w
		m.upto[i] = sum / total
	}
	m.upto[len(m.upto)-1] = 1
	return m
}

func (m Mixture) weight(i int) float64 {
	if i == 0 {
		return m.upto[0]
	}
	return m.upto[i] - m.upto[i-1]
}

// Sample implements Law.
func (m Mixture) Sample(r *rand.Rand) float64 {
	u := r.Float64()
	for i, upto := range m.upto {
		if u < upto {
			return m.parts[i].Sample(r)
		}
	}
	return m.parts[len(m.parts)-1].Sample(r)
}

// Mean implements Law.
func (m Mixture) Mean() float64 {
	mean := 0.0
	for i, p := range m.parts {
		mean += m.weight(i) * p.Mean()
	}
	return mean
}

// Var implements Law: the mean of the variances plus the variance of the means.
func (m Mixture) Var() float64 {
	mean, v := m.Mean(), 0.0
	for i, p := range m.parts {
		d := p.Mean() - mean
		v += m.weight(i) * (p.Var() + d*d)
	}
	return v
}

// CDF implements Law.
func (m Mixture) CDF(x float64) float64 {
	c := 0.0
	for i, p := range m.parts {
		c += m.weight(i) * p.CDF(x)
	}
	return c
}

// Quantile implements Law. A mixture has no closed form; it is found by halving
// the interval between the parts' own quantiles, which always hold it, down to
// the resolution of a float64.
func (m Mixture) Quantile(p float64) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, part := range m.parts {
		q := part.Quantile(p)
		if math.IsNaN(q) {
			return q
		}
		low, high = min(low, q), max(high, q)
	}
	switch {
	case p >= 1:
		return high
	case p <= 0 || m.CDF(low) >= p:
		return low
	}
	for range 200 {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			break
		}
		if m.CDF(mid) >= p {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}
