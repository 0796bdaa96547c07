package optimum

import (
	"math"
	"strings"
	"testing"

	"github.com/operadora/operadora/dialer/pacingsim"
)

// TestSimulationAgrees runs each half of the optimal mixture in the simulator
// and compares with its exact figures. The seeds' means must lie within four
// standard errors, estimated from the seeds themselves: by chance one comparison
// in 500 errs with twelve seeds (Student's t), and the seeds are fixed.
func TestSimulationAgrees(t *testing.T) {
	t.Parallel()
	for _, world := range []string{"exp5", "exp10"} {
		w, err := pacingsim.Load(world)
		if err != nil {
			t.Fatal(err)
		}
		c, err := FromWorld(w)
		if err != nil {
			t.Fatal(err)
		}
		s := solve(t, c)
		for part, exact := range map[string]Measures{"safe": s.SafeMeasures, "bold": s.BoldMeasures,
			"mix": {Utilisation: s.Utilisation, Abandonment: s.Abandonment}} {
			factory, err := pacingsim.Find([]pacingsim.Algorithm{Algorithm()}, "optimum:part="+part)
			if err != nil {
				t.Fatal(err)
			}
			r, err := pacingsim.Run(t.Context(), pacingsim.Options{World: w, Factory: factory, Seeds: 12, FirstSeed: 500, Hours: 8, KeepSeeds: true})
			if err != nil {
				t.Fatal(err)
			}
			use, lost := make([]float64, 0, 12), make([]float64, 0, 12)
			for _, x := range r.PerSeed {
				use, lost = append(use, x.Utilisation), append(lost, x.Abandon)
			}
			agrees(t, world+" "+part+" utilisation", use, exact.Utilisation)
			agrees(t, world+" "+part+" abandonment", lost, exact.Abandonment)
		}
	}
}

func agrees(t *testing.T, what string, x []float64, want float64) {
	t.Helper()
	n, sum, squares := float64(len(x)), 0.0, 0.0
	for _, v := range x {
		sum += v
		squares += v * v
	}
	mean := sum / n
	se := math.Sqrt((squares/n - mean*mean) / (n - 1))
	if !(math.Abs(mean-want) <= 4*se) || se > 0.01 {
		t.Errorf("%s: simulated %.5f ± %.5f, exact %.5f", what, mean, se, want)
	}
	t.Logf("%s: simulated %.5f ± %.5f, exact %.5f", what, mean, se, want)
}

func TestFromWorldRefuses(t *testing.T) {
	t.Parallel()
	for world, want := range map[string]string{"s3": "without machines and failures", "s10": "a fixed team", "s15": "one campaign"} {
		w, err := pacingsim.Load(world)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := FromWorld(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", world, err, want)
		}
	}
}
