package pacingsim

import (
	"fmt"
	"testing"
)

// The production pacer keeps the limit in every world that ships, with fewer
// seeds and hours than the benchmark, and never breaks a cap or cuts a call short.
func TestLimitIsKeptInEveryWorld(t *testing.T) {
	t.Parallel()
	for _, name := range Worlds() {
		if name == "s12-ofcom" { // cannot be kept by any pacing, as the file says
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := load(t, name)
			jumps := w.jumps()
			if testing.Short() && jumps && !quick[name] {
				t.Skip("needs hours, which take too long here")
			}
			o := Options{World: w, Seeds: 1, FirstSeed: 40, Hours: 2, Workers: 1, Factory: Ours()}
			switch {
			case w.Agents.Count <= 20:
				o.Seeds = 2
			case w.Agents.Count >= 100 && !jumps:
				o.Hours = 0.3
			case jumps:
				o.Hours = min(w.Hours, 6)
			}
			few := w.Campaigns[0].Limit < 0.03 || len(w.Campaigns) > 1 // in half an hour one call is more than the limit
			if testing.Short() && !jumps && !few {
				o.Seeds, o.Hours = 1, o.Hours/4
				w.WarmUp = min(w.WarmUp, 900)
			}
			r := simulate(t, o)
			if r.SeedsOverLimit > 0 {
				t.Errorf("%d of %d seeds over the limit, the worst at %.3f of it", r.SeedsOverLimit, r.Seeds, r.LimitRatioWorst)
			}
			if r.CutBeforeMinRing != 0 || r.CapViolations != 0 {
				t.Errorf("%d calls cut short, %d over the caps", r.CutBeforeMinRing, r.CapViolations)
			}
		})
	}
}

// quick are the worlds that jump which are simulated even where that takes long.
var quick = map[string]bool{"jump20-2m": true, "jump8-3m": true}

// jumps says whether the answer rate changes so much, or so often, that only a
// whole day shows whether the limit is kept: the first jump may cost more than a
// short day bears.
func (w *World) jumps() bool {
	for i := range w.Campaigns {
		if c := &w.Campaigns[i]; c.Answer.Every > 0 || c.Lists != nil {
			return true
		}
	}
	return false
}

// Pacing by prediction is worth its risk: utilisation well above one to one.
func TestUtilisationIsAheadOfProgressive(t *testing.T) {
	t.Parallel()
	rows := []struct {
		world string
		least float64
	}{{"exp5", 0.78}, {"exp10", 0.83}, {"exp20", 0.87}, {"exp50", 0.92}, {"s3", 0.85}, {"step50", 0.88}}
	for _, r := range rows {
		t.Run(r.world, func(t *testing.T) {
			t.Parallel()
			o := Options{World: load(t, r.world), Seeds: 2, FirstSeed: 60, Hours: 2, Factory: Ours()}
			got := simulate(t, o)
			if got.UtilisationMean < r.least {
				t.Errorf("utilisation %.3f, at least %.3f is asked", got.UtilisationMean, r.least)
			}
		})
	}
}

// A pool that loses half its agents in two minutes abandons less than twice the
// limit in the ten minutes that follow.
func TestStaffShock(t *testing.T) {
	t.Parallel()
	w := load(t, "shock50")
	w.Agents.Staffing[0].At = 5400
	r := simulate(t, Options{World: w, Seeds: 3, FirstSeed: 80, Hours: 1.2, Factory: Ours(), KeepDay: true})
	answered, abandoned := 0, 0
	for _, b := range r.Day[90:100] {
		answered += b.Answered
		abandoned += b.Abandoned
	}
	if float64(abandoned) > 0.06*float64(answered) {
		t.Errorf("%d of %d abandoned in the ten minutes after the shock", abandoned, answered)
	}
}

// BenchmarkDay is one seed of eight hours.
func BenchmarkDay(b *testing.B) {
	for _, name := range []string{"s3", "n50", "s5"} {
		b.Run(fmt.Sprintf("world=%s", name), func(b *testing.B) {
			w := load(b, name)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Run(b.Context(), Options{World: w, Seeds: 1, Factory: Ours()}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
