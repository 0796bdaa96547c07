package pacing

import (
	"math"
	"math/rand/v2"
	"testing"
)

// same is the same chance at every moment.
func same(p float64) *[moments]float64 { return &[moments]float64{p, p, p, p, p} }

func TestOutlookByHand(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		answers []float64
		frees   []float64
		free    int
		want    float64
	}{
		{"nothing in the air, one agent free", nil, nil, 1, 0},
		{"nothing in the air, no agent", nil, nil, 0, 1},
		{"one call for the only agent", []float64{0.25}, nil, 1, 0.25},
		{"two calls for one agent", []float64{0.5, 0.5}, nil, 1, 0.75},
		{"two calls for two agents", []float64{0.5, 0.5}, nil, 2, 0.25},
		{"no agent free, one may be", nil, []float64{0.3}, 0, 0.7},
		// abandoned unless the agent comes free and the other call is not answered
		{"one call, one agent who may be free", []float64{0.4}, []float64{0.3}, 0, 1 - 0.3*0.6},
		{"people wait already", nil, []float64{0.5, 0.5}, -1, 1 - 0.25},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			var o outlook
			o.reset(len(r.answers) + len(r.frees))
			for _, p := range r.answers {
				o.answer(same(p))
			}
			for _, q := range r.frees {
				o.free(same(q))
			}
			if got := o.abandon(r.free); math.Abs(got-r.want) > 1e-9 {
				t.Errorf("chance of abandonment %v, want %v", got, r.want)
			}
		})
	}
}

// The order in which calls and agents are added does not matter, and a pool of
// every outcome enumerated gives the same law.
func TestOutlookAgainstEnumeration(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		n, m := r.IntN(6), r.IntN(6)
		p := make([]float64, n+m)
		for i := range p {
			p[i] = r.Float64()
		}
		var o outlook
		o.reset(n + m)
		for _, i := range r.Perm(n + m) {
			if i < n {
				o.answer(same(p[i]))
			} else {
				o.free(same(p[i]))
			}
		}
		for k := -m; k <= n+1; k++ {
			want := 0.0
			for set := range 1 << (n + m) {
				chance, d := 1.0, 0
				for i := range p {
					if set>>i&1 == 0 {
						chance *= 1 - p[i]
						continue
					}
					chance *= p[i]
					if i < n {
						d++
					} else {
						d--
					}
				}
				if d >= k {
					want += chance
				}
			}
			if got := o.abandon(k); math.Abs(got-want) > 1e-8 {
				t.Fatalf("n=%d m=%d k=%d: %v, want %v", n, m, k, got, want)
			}
		}
	}
}

// Where the law of big pools takes over from the exact one, the two agree.
func TestOutlookNormalIsClose(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		var exact, normal outlook
		exact.reset(exactUpTo)
		normal.reset(exactUpTo + 1)
		for range 35 + r.IntN(20) {
			p := same(0.4 * r.Float64())
			exact.answer(p)
			normal.answer(p)
		}
		for range 40 + r.IntN(20) {
			q := same(0.2 * r.Float64())
			exact.free(q)
			normal.free(q)
		}
		for k := -4; k < 20; k++ {
			a, b := exact.abandon(k), normal.abandon(k)
			if math.Abs(a-b) > 0.004 {
				t.Errorf("k=%d: exact %.5f, normal %.5f", k, a, b)
			}
		}
	}
}
