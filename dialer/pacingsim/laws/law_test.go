package laws

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

var continuous = []struct {
	name      string
	law       Law
	mean, std float64
	quantiles map[float64]float64 // from closed forms worked out apart from the code
}{
	{"uniform", NewUniform(1, 4), 2.5, 3 / math.Sqrt(12), map[float64]float64{0: 1, 0.5: 2.5, 1: 4}},
	{"exponential", NewExponential(120), 120, 120, map[float64]float64{0.5: 120 * math.Ln2, 0: 0, 1: math.Inf(1)}},
	{"gamma, three phases", NewGamma(3, 8.5), 8.5, 8.5 / math.Sqrt(3), map[float64]float64{0.5: 8.5 / 3 * 2.674060313723561}},
	{"gamma, one phase", NewGamma(1, 7), 7, 7, map[float64]float64{0.9: 7 * math.Log(10)}},
	{"gamma, shape below one", NewGamma(0.5, 2), 2, 2 * math.Sqrt2, map[float64]float64{0.6826894921370859: 2}}, // chi square with one degree of freedom, twice its mean
	{"lognormal", NewLogNormal(120, 1), 120, 120, map[float64]float64{0.5: 120 / math.Sqrt2}},
	{"shifted gamma", NewShifted(NewGamma(3, 8.5), 1.5), 10, 8.5 / math.Sqrt(3), map[float64]float64{0: 1.5}},
	{"mixture", NewMixture([]float64{1, 3}, []Law{NewUniform(0, 1), NewUniform(2, 4)}), 2.375, math.Sqrt(0.25*(1.0/12) + 0.75*(4.0/12) + 0.25*1.875*1.875 + 0.75*0.625*0.625),
		map[float64]float64{0.125: 0.5, 0.25: 1, 0.625: 3, 1: 4, 0: 0}},
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s: got %.9g, want %.9g within %g", what, got, want, tol)
	}
}

func TestMeansAndQuantiles(t *testing.T) {
	t.Parallel()
	for _, tc := range continuous {
		near(t, tc.name+" mean", tc.law.Mean(), tc.mean, 1e-9*tc.mean)
		near(t, tc.name+" deviation", math.Sqrt(tc.law.Var()), tc.std, 1e-9*tc.std)
		near(t, tc.name+" cv", CV(tc.law), tc.std/tc.mean, 1e-9)
		for p, want := range tc.quantiles {
			got := tc.law.Quantile(p)
			if math.IsInf(want, 1) && math.IsInf(got, 1) {
				continue
			}
			near(t, tc.name+" quantile", got, want, 1e-9*max(want, 1))
		}
		for p := 0.001; p < 1; p += 0.0131 {
			near(t, tc.name+" cdf of quantile", tc.law.CDF(tc.law.Quantile(p)), p, 1e-9)
		}
		if c := tc.law.CDF(-1); c != 0 {
			t.Errorf("%s: CDF(-1) = %v", tc.name, c)
		}
		if q := tc.law.Quantile(math.NaN()); !math.IsNaN(q) {
			t.Errorf("%s: Quantile(NaN) = %v", tc.name, q)
		}
	}
}

// TestSamples compares draws with the law. The mean may be off by five standard
// errors (one seed in 1.7 million), the empirical distribution function by the
// Dvoretzky-Kiefer-Wolfowitz bound at one seed in a million.
func TestSamples(t *testing.T) {
	t.Parallel()
	const n = 200_000
	for i, tc := range continuous {
		r := rand.New(rand.NewPCG(2026, uint64(i)))
		x, sum := make([]float64, n), 0.0
		for j := range x {
			x[j] = tc.law.Sample(r)
			sum += x[j]
		}
		near(t, tc.name+" mean of draws", sum/n, tc.mean, 5*tc.std/math.Sqrt(n))
		slices.Sort(x)
		bound, worst := math.Sqrt(math.Log(2/1e-6)/(2*n)), 0.0
		for j, v := range x {
			c := tc.law.CDF(v)
			worst = max(worst, math.Abs(c-float64(j)/n), math.Abs(c-float64(j+1)/n))
		}
		if !(worst <= bound) {
			t.Errorf("%s: distribution of draws off by %.5f, bound %.5f", tc.name, worst, bound)
		}
	}
}

func TestDeterministic(t *testing.T) {
	t.Parallel()
	l := NewDeterministic(20)
	r := rand.New(rand.NewPCG(1, 1))
	near(t, "draw", l.Sample(r), 20, 0)
	near(t, "mean", l.Mean(), 20, 0)
	near(t, "variance", l.Var(), 0, 0)
	near(t, "below", l.CDF(19.999), 0, 0)
	near(t, "at", l.CDF(20), 1, 0)
	near(t, "quantile", l.Quantile(0.3), 20, 0)
	near(t, "cv of nothing", CV(NewDeterministic(0)), 0, 0)
}

func TestMixtureWithAtom(t *testing.T) {
	t.Parallel()
	m := NewMixture([]float64{1, 1}, []Law{NewDeterministic(5), NewUniform(0, 10)})
	near(t, "just under the atom", m.Quantile(0.2), 4, 1e-12)
	near(t, "in the atom", m.Quantile(0.5), 5, 1e-12)
	near(t, "above the atom", m.Quantile(0.8), 6, 1e-12)
	near(t, "lowest", m.Quantile(0), 0, 0)
}

func TestSampleDoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, tc := range continuous {
		if a := testing.AllocsPerRun(100, func() { tc.law.Sample(r) }); a != 0 {
			t.Errorf("%s: %v allocations a draw", tc.name, a)
		}
	}
}

func BenchmarkSample(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, tc := range continuous {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tc.law.Sample(r)
			}
		})
	}
}
