package laws

import (
	"math"
	"math/rand/v2"
)

// Law is a probability law on the non-negative numbers.
type Law interface {
	// Sample draws one value. It does not allocate.
	Sample(r *rand.Rand) float64
	// Mean is the expectation.
	Mean() float64
	// Var is the variance.
	Var() float64
	// CDF is P(X <= x), for every real x.
	CDF(x float64) float64
	// Quantile is the smallest x with CDF(x) >= p. For p <= 0 it is the lowest
	// value of the law, for p >= 1 the highest, which may be +Inf; NaN for NaN.
	Quantile(p float64) float64
}

// CV is the coefficient of variation of a law: its standard deviation over its
// mean, and 0 for a law whose mean is 0.
func CV(l Law) float64 {
	if l.Mean() == 0 {
		return 0
	}
	return math.Sqrt(l.Var()) / l.Mean()
}

// Deterministic always takes the same value.
type Deterministic struct{ value float64 }

// NewDeterministic is the law of the constant value.
func NewDeterministic(value float64) Deterministic { return Deterministic{value} }

// Sample implements Law; it draws nothing from r.
func (d Deterministic) Sample(*rand.Rand) float64 { return d.value }

// Mean implements Law.
func (d Deterministic) Mean() float64 { return d.value }

// Var implements Law.
func (d Deterministic) Var() float64 { return 0 }

// CDF implements Law.
func (d Deterministic) CDF(x float64) float64 {
	if x < d.value {
		return 0
	}
	return 1
}

// Quantile implements Law.
func (d Deterministic) Quantile(p float64) float64 {
	if math.IsNaN(p) {
		return p
	}
	return d.value
}

// Uniform takes every value between two bounds alike.
type Uniform struct{ low, high float64 }

// NewUniform is the uniform law on [low, high].
func NewUniform(low, high float64) Uniform { return Uniform{low, high} }

// Sample implements Law.
func (u Uniform) Sample(r *rand.Rand) float64 { return u.low + (u.high-u.low)*r.Float64() }

// Mean implements Law.
func (u Uniform) Mean() float64 { return (u.low + u.high) / 2 }

// Var implements Law.
func (u Uniform) Var() float64 { return (u.high - u.low) * (u.high - u.low) / 12 }

// CDF implements Law.
func (u Uniform) CDF(x float64) float64 {
	switch {
	case x < u.low:
		return 0
	case x >= u.high:
		return 1
	}
	return (x - u.low) / (u.high - u.low)
}

// Quantile implements Law.
func (u Uniform) Quantile(p float64) float64 {
	if math.IsNaN(p) {
		return p
	}
	return u.low + (u.high-u.low)*min(max(p, 0), 1)
}

// Exponential is the law without memory.
type Exponential struct{ mean float64 }

// NewExponential is the exponential law with the given mean.
func NewExponential(mean float64) Exponential { return Exponential{mean} }

// Sample implements Law.
func (e Exponential) Sample(r *rand.Rand) float64 { return e.mean * r.ExpFloat64() }

// Mean implements Law.
func (e Exponential) Mean() float64 { return e.mean }

// Var implements Law.
func (e Exponential) Var() float64 { return e.mean * e.mean }

// CDF implements Law.
func (e Exponential) CDF(x float64) float64 {
	if x <= 0 {
		return 0
	}
	return -math.Expm1(-x / e.mean)
}

// Quantile implements Law.
func (e Exponential) Quantile(p float64) float64 {
	return -e.mean * math.Log1p(-min(max(p, 0), 1))
}

// LogNormal is the law of exp(Z) for a normal Z. It is the usual fit for talk
// times (Brown et al., "Statistical analysis of a telephone call center", 2005).
type LogNormal struct{ mu, sigma float64 }

// NewLogNormal is the lognormal law with the given mean and coefficient of
// variation, both positive.
func NewLogNormal(mean, cv float64) LogNormal {
	s2 := math.Log1p(cv * cv)
	return LogNormal{mu: math.Log(mean) - s2/2, sigma: math.Sqrt(s2)}
}

// Sample implements Law.
func (l LogNormal) Sample(r *rand.Rand) float64 {
	return math.Exp(l.mu + l.sigma*r.NormFloat64())
}

// Mean implements Law.
func (l LogNormal) Mean() float64 { return math.Exp(l.mu + l.sigma*l.sigma/2) }

// Var implements Law.
func (l LogNormal) Var() float64 {
	m := l.Mean()
	return math.Expm1(l.sigma*l.sigma) * m * m
}

// CDF implements Law.
func (l LogNormal) CDF(x float64) float64 {
	if x <= 0 {
		return 0
	}
	return math.Erfc(-(math.Log(x)-l.mu)/(l.sigma*math.Sqrt2)) / 2
}

// Quantile implements Law.
func (l LogNormal) Quantile(p float64) float64 {
	return math.Exp(l.mu + l.sigma*math.Sqrt2*math.Erfinv(2*min(max(p, 0), 1)-1))
}
