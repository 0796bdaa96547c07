package erlang

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s: got %.9g, want %.9g within %g", what, got, want, tol)
	}
}

func TestB(t *testing.T) {
	t.Parallel()
	near(t, "no lines", B(0, 3), 1, 0)
	near(t, "one line", B(1, 3), 0.75, 1e-15)
	// a²/2 / (1 + a + a²/2) with a = 2
	near(t, "two lines", B(2, 2), 0.4, 1e-15)
	sum, term := 0.0, 1.0
	for i := 0; i <= 20; i++ {
		if i > 0 {
			term *= 15.0 / float64(i)
		}
		sum += term
	}
	near(t, "twenty lines by the sum", B(20, 15), term/sum, 1e-14)
}

func TestC(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		q              C
		wait, sl, asa  float64
		occ            float64
		levelThreshold float64
	}{
		{"100 per half hour, 14 agents", C{14, 100.0 / 1800, 180}, .174132, .888350, 7.8359, .714286, 20},
		{"100 per half hour, 12 agents", C{12, 100.0 / 1800, 180}, .449388, .640158, 40.4449, .833333, 20},
		{"240 per hour", C{24, 240.0 / 3600, 300}, .298072, .771698, 22.3554, .833333, 20},
		{"600 per hour", C{45, 600.0 / 3600, 240}, .340706, .775393, 16.3539, .888889, 20},
		{"beyond equilibrium", C{2, 1, 3}, 1, 0, math.Inf(1), 1, 20},
	} {
		near(t, tc.name+" wait", tc.q.Wait(), tc.wait, 5e-7)
		near(t, tc.name+" level", tc.q.ServiceLevel(tc.levelThreshold), tc.sl, 5e-7)
		near(t, tc.name+" occupancy", tc.q.Occupancy(), tc.occ, 5e-7)
		if math.IsInf(tc.asa, 1) != math.IsInf(tc.q.MeanWait(), 1) {
			t.Errorf("%s: mean wait %v, want %v", tc.name, tc.q.MeanWait(), tc.asa)
		} else if !math.IsInf(tc.asa, 1) {
			near(t, tc.name+" mean wait", tc.q.MeanWait(), tc.asa, 5e-5)
		}
	}
}

func TestA(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                string
		q                   A
		wait, abandon, mean float64
	}{
		{"14 agents", A{14, 100.0 / 1800, 180, 120}, .126976, .022839, 2.7407},
		{"10 agents", A{10, 100.0 / 1800, 180, 120}, .496853, .137464, 16.4957},
		{"20 agents", A{20, 240.0 / 3600, 300, 180}, .470706, .099988, 17.9978},
		{"40 agents", A{40, 600.0 / 3600, 240, 90}, .406720, .077970, 7.0173},
	} {
		m := tc.q.Solve()
		near(t, tc.name+" wait", m.Wait, tc.wait, 5e-7)
		near(t, tc.name+" abandon", m.Abandon, tc.abandon, 5e-7)
		near(t, tc.name+" mean wait", m.MeanWait, tc.mean, 5e-5)
		sum := 0.0
		for _, p := range m.States {
			sum += p
		}
		near(t, tc.name+" states", sum, 1, 1e-12)
		// What enters leaves: served plus given up is offered.
		served := m.Occupancy * float64(tc.q.Agents) / tc.q.Handle
		near(t, tc.name+" conservation", served+tc.q.Arrival*m.Abandon, tc.q.Arrival, 1e-12)
	}
	near(t, "14 agents occupancy", A{14, 100.0 / 1800, 180, 120}.Solve().Occupancy, .6980, 5e-5)
}

func TestALimits(t *testing.T) {
	t.Parallel()
	patient := A{24, 240.0 / 3600, 300, 1e9}.Solve()
	c := C{24, 240.0 / 3600, 300}
	near(t, "endless patience is Erlang C", patient.Wait, c.Wait(), 1e-5)
	// Patience equal to handling makes every state a Poisson(a) state.
	m := A{3, 0.5, 10, 10}.Solve()
	near(t, "equal rates, empty", m.States[0], math.Exp(-5), 1e-12)
	hasty := A{10, 1, 8, 1e-9}.Solve()
	near(t, "no patience is Erlang B", hasty.Abandon, B(10, 8), 1e-6)
	near(t, "nothing offered", A{4, 0, 100, 10}.Solve().States[0], 1, 0)
	big := A{5000, 50, 100, 30}.Solve()
	near(t, "five thousand agents", big.Occupancy*50+50*big.Abandon, 50, 1e-8)
}

// TestLevelOfA: in the long run everybody is answered who does not give up; at once
// only who does not wait; with endless patience it is the queue C; and for one agent
// the integral is known.
func TestLevelOfA(t *testing.T) {
	t.Parallel()
	for _, q := range []A{{14, 100.0 / 1800, 180, 120}, {10, 100.0 / 1800, 180, 120}, {20, 240.0 / 3600, 300, 180}, {40, 600.0 / 3600, 240, 90}, {1, 0.5, 3, 2}, {300, 1.5, 200, 60}} {
		m := q.Solve()
		near(t, "in the long run", q.ServiceLevel(40*q.Patience), 1-m.Abandon, 1e-6)
		near(t, "at once", q.ServiceLevel(0), 1-m.Wait, 1e-12)
		if a, b := q.ServiceLevel(10), q.ServiceLevel(20); a > b {
			t.Errorf("%v: within 10 s %v, within 20 s %v", q, a, b)
		}
	}
	c := C{14, 100.0 / 1800, 180}
	near(t, "endless patience", A{c.Agents, c.Arrival, c.Handle, 1e7}.ServiceLevel(20), c.ServiceLevel(20), 1e-4)
}
