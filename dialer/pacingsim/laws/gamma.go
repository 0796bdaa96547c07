package laws

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mathext"
)

// Gamma is the gamma law; with a whole shape k it is the sum of k exponential
// phases. It suits answer delays.
type Gamma struct{ shape, scale float64 }

// NewGamma is the gamma law with the given shape and mean, both positive.
func NewGamma(shape, mean float64) Gamma { return Gamma{shape: shape, scale: mean / shape} }

// Sample implements Law by the squeeze of Marsaglia and Tsang, "A simple method
// for generating gamma variables", ACM TOMS 26(3), 2000. A shape below one is
// drawn one higher and brought back by a power of a uniform, as they propose.
func (g Gamma) Sample(r *rand.Rand) float64 {
	shape, boost := g.shape, 1.0
	if shape < 1 {
		boost = math.Pow(1-r.Float64(), 1/shape)
		shape++
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		u := 1 - r.Float64()
		if u < 1-0.0331*x*x*x*x || math.Log(u) < 0.5*x*x+d*(1-v+math.Log(v)) {
			return boost * d * v * g.scale
		}
	}
}

// Mean implements Law.
func (g Gamma) Mean() float64 { return g.shape * g.scale }

// Var implements Law.
func (g Gamma) Var() float64 { return g.shape * g.scale * g.scale }

// CDF implements Law.
func (g Gamma) CDF(x float64) float64 {
	if x <= 0 {
		return 0
	}
	return mathext.GammaIncReg(g.shape, x/g.scale)
}

// Quantile implements Law.
func (g Gamma) Quantile(p float64) float64 {
	switch {
	case math.IsNaN(p):
		return p
	case p <= 0:
		return 0
	case p >= 1:
		return math.Inf(1)
	}
	return g.scale * mathext.GammaIncRegInv(g.shape, p)
}
