package acd

import (
	"math"
	"testing"
	"time"
)

func TestOutlook(t *testing.T) {
	t.Parallel()
	const minute = float64(60_000)
	for name, r := range map[string]struct {
		o    outlook
		want time.Duration
	}{
		"nobody is at work":         {outlook{mean: minute}, 0},
		"nothing is known":          {outlook{agents: 3}, 0},
		"next, of one agent":        {outlook{agents: 1, mean: minute}, time.Minute},
		"third, of two agents":      {outlook{agents: 2, mean: minute, before: []crowd{{2 * minute, 2}}}, 90 * time.Second},
		"longer calls come before":  {outlook{agents: 2, mean: minute, before: []crowd{{6 * minute, 2}}}, 210 * time.Second},
		"half of the others':":      {outlook{agents: 4, mean: minute, before: []crowd{{3 * minute, 4}, {1 * minute, 2}}}, 75 * time.Second},
		"who outlasts the wait":     {outlook{agents: 3, mean: minute, before: []crowd{{100 * minute, 1}}}, 30 * time.Second},
		"two who do":                {outlook{agents: 4, mean: minute, before: []crowd{{100 * minute, 1}, {200 * minute, 2}}}, time.Minute},
		"all that there are remain": {outlook{agents: 1, mean: minute, before: []crowd{{9 * minute, 1}}}, 10 * time.Minute},
		"some of those before go":   {outlook{agents: 1, mean: minute, before: []crowd{{9 * minute, 1}}, leaves: 1 / minute}, time.Duration(math.Log(11) * float64(time.Minute))},
	} {
		if got := r.o.wait(); got.Round(time.Millisecond) != r.want.Round(time.Millisecond) {
			t.Errorf("%s: %s, want %s", name, got, r.want)
		}
	}
}

// TestExpectedWaitsAreBetterThanAppQueues: over simulated days, lightly and heavily loaded.
func TestExpectedWaitsAreBetterThanAppQueues(t *testing.T) {
	t.Parallel()
	for _, load := range []float64{1, 1.1, 1.25} {
		ours, theirs := WaitErrors(10, load)
		t.Logf("load %.2f, %d who waited and were answered: off by %.0f s (p95 %.0f), app_queue by %.0f s (p95 %.0f)", load, ours.Callers, ours.Mean, ours.P95, theirs.Mean, theirs.P95)
		if ours.Callers < 1000 || ours.Mean > 0.8*theirs.Mean || ours.P95 > 0.8*theirs.P95 {
			t.Errorf("load %.2f: off by %.0f s (p95 %.0f), app_queue by %.0f s (p95 %.0f)", load, ours.Mean, ours.P95, theirs.Mean, theirs.P95)
		}
	}
}
