package pacing

import (
	"math"
	"testing"
	"time"
)

func testBudget(agents float64) *budget {
	c := CampaignConfig{}
	c.setDefaults(0)
	b := &budget{window: newWindow(NewLedger(), &c), limit: 0.03, grace: 100, Overdrawn: -1, LogBase: math.Log(baseFirst)}
	b.forward(day(0))
	b.size(agents, 0)
	return b
}

func day(seconds float64) time.Time {
	return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC).Add(asDuration(seconds))
}

func TestBudgetByHand(t *testing.T) {
	t.Parallel()
	b := testBudget(20)
	for range 50 {
		b.resolved(false, 0, 0, day(0))
	}
	near(t, "balance after 50 served", b.Balance, 1.5, 1e-9)
	b.resolved(true, 0, 0, day(0))
	near(t, "balance after one abandoned", b.Balance, 1.53-1, 1e-9)
	near(t, "left", b.left(), 0.53, 1e-9)
	near(t, "left with grace", b.graceLeft(), 2, 1e-9)
	b.count(day(0), -1, 0)
	near(t, "balance after an answer was a machine's", b.Balance, 0.5, 1e-9)
}

func TestBudgetStages(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name              string
		served, abandoned int
		at                float64
		want              stage
	}{
		{"fresh window", 0, 0, 0, stageProgressive},
		{"a third of a call earned", 11, 0, 0, stageCareful},
		{"more than the reserve", 60, 0, 0, stageLevel},
		{"one lost of few", 20, 1, 0, stageProgressive},
		{"overdrawn just now", 20, 4, 5, stageRepair},
		{"overdrawn for a minute", 20, 4, 60, stageRepair},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			b := testBudget(20)
			for range r.served {
				b.resolved(false, 0, 0, day(0))
			}
			for range r.abandoned {
				b.resolved(true, 0, 0, day(0))
			}
			if got := b.stage(r.at); got != r.want {
				t.Errorf("stage %d, want %d", got, r.want)
			}
		})
	}
}

// Overdrawn, no row of answers that had an agent opens the way to over-dialling:
// only the window that is paid back does.
func TestBudgetPaysBackFirst(t *testing.T) {
	t.Parallel()
	b := testBudget(20)
	for range 9 {
		b.resolved(true, 0, 0, day(0))
	}
	for served := 0; b.left() < 0; served++ {
		if got := b.stage(1); got > stageProgressive {
			t.Fatalf("after %d served: stage %d with %.2f left", served, got, b.left())
		}
		b.resolved(false, 1, 1, day(0))
	}
	for range 40 {
		b.resolved(false, 1, 1, day(0))
	}
	if got := b.stage(1); got < stageCareful {
		t.Errorf("paid back: stage %d with %.2f left", got, b.left())
	}
}

// A call that had an agent when it was launched, while the window was overdrawn,
// and is abandoned all the same stops dialling; one launched before does not.
func TestBudgetStopsWhenCoveredCallsAreLost(t *testing.T) {
	t.Parallel()
	b := testBudget(20)
	for range 9 {
		b.resolved(true, 0, 5, day(0))
	}
	if got := b.stage(6); got != stageRepair {
		t.Errorf("lost calls from before: stage %d, want %d", got, stageRepair)
	}
	b.resolved(true, 7, 9, day(0))
	if got := b.stage(9); got != stageStop {
		t.Errorf("a covered call lost: stage %d, want %d", got, stageStop)
	}
	if got := b.stage(9 + firstHold); got != stageRepair {
		t.Errorf("after the hold: stage %d, want %d", got, stageRepair)
	}
}

// Of 1000 people 20 are hung up on by detection and 30 may be: 10 of the other 980.
func TestFalseMachinesAreTakenFromTheLimit(t *testing.T) {
	t.Parallel()
	c := CampaignConfig{Limit: 0.03, FalseMachines: 0.02}
	near(t, "limit", c.paceable(), 10.0/980, 1e-12)
	c.FalseMachines = 0.08
	near(t, "limit where detection alone breaks it", c.paceable(), 0, 0)
}

// What a quiet hour earns beyond the cap is not there to be burst.
func TestBudgetDoesNotHoard(t *testing.T) {
	t.Parallel()
	b := testBudget(20)
	for range 5000 {
		b.resolved(false, 0, 0, day(0))
	}
	b.size(20, 0)
	b.resolved(false, 0, 0, day(0))
	if most := b.target + 3/b.gain; b.Balance > most+1e-9 {
		t.Errorf("balance %v beyond %v", b.Balance, most)
	}
	if b.level() > levelHighest {
		t.Errorf("level %v", b.level())
	}
}

// With every answer abandoned at the level's own chance, the balance settles on
// its target and the rate on the limit, wherever the level started.
func TestBudgetSettlesOnTheLimit(t *testing.T) {
	t.Parallel()
	for _, bias := range []float64{0.2, 1, 5} { // true chance over modelled
		b := testBudget(20)
		lost, debt := 0.0, 0.0
		const n = 20000
		for range n {
			b.size(20, 1)
			if b.stage(1e9) >= stageCareful {
				debt += 0.4 * bias * b.level()
			}
			abandoned := debt >= 1
			if abandoned {
				debt--
				lost++
			}
			b.resolved(abandoned, 0, 0, day(0))
		}
		if rate := lost / n; rate > 0.03 || rate < 0.022 {
			t.Errorf("bias %v: rate %v", bias, rate)
		}
	}
}

func testWindow(c CampaignConfig) *window {
	c.setDefaults(0)
	w := newWindow(NewLedger(), &c)
	return &w
}

func TestWindowRolls(t *testing.T) {
	t.Parallel()
	w := testWindow(CampaignConfig{})
	w.forward(day(0))
	w.add(day(0), 100, 3)
	w.forward(day(22 * 3600))
	near(t, "answered after 22 h", w.sumAnswered, 100, 0)
	w.forward(day(23.5 * 3600))
	near(t, "answered when about to leave", w.sumAnswered, 0, 0)
	near(t, "abandoned until they have left", w.sumAbandoned, 3, 0)
	w.forward(day(24.2 * 3600))
	near(t, "abandoned after a day", w.sumAbandoned, 0, 0)
	w.forward(day(3600)) // a clock that goes back
	w.add(day(24.2*3600), 1, 1)
	near(t, "abandoned", w.sumAbandoned, 1, 0)
	w.forward(day(1e7))
	near(t, "abandoned after months", w.sumAbandoned, 0, 0)
}

func TestWindowOfFixedPeriods(t *testing.T) {
	t.Parallel()
	w := testWindow(CampaignConfig{WindowKind: WindowFixed, WindowStart: day(0).Add(-time.Hour)})
	w.forward(day(0))
	w.add(day(0), 10, 1)
	w.forward(day(22.9 * 3600))
	near(t, "answered in the same period", w.sumAnswered, 10, 0)
	near(t, "abandoned in the same period", w.sumAbandoned, 1, 0)
	if !w.forward(day(23.1 * 3600)) {
		t.Error("the next period did not begin")
	}
	near(t, "answered in the next", w.sumAnswered, 0, 0)
}
