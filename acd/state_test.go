package acd

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator"
)

// TestAgentTableGolden pins every pair of state and trigger: where it leads,
// "later" where it is remembered, "-" where it is refused.
func TestAgentTableGolden(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	fmt.Fprintf(&b, "%-10s", "")
	for _, tr := range Triggers {
		fmt.Fprintf(&b, " %-16s", tr)
	}
	for _, s := range States {
		fmt.Fprintf(&b, "\n%-10s", s)
		for _, tr := range Triggers {
			cell := "-"
			if to, err := s.Next(tr); err == nil {
				cell = string(to)
			} else if !errors.Is(err, orchestrator.ErrNoTransition) || to != s {
				t.Errorf("%s %s: %s, %v", s, tr, to, err)
			}
			if due, ok := s.Later(tr); ok {
				cell = "later " + string(due)
			}
			fmt.Fprintf(&b, " %-16s", cell)
		}
	}
	text := regexp.MustCompile(` +\n`).ReplaceAllString(b.String()+"\n", "\n")
	golden(t, "testdata/agent_table.txt", text)
}

func TestEveryStateReachesOffline(t *testing.T) {
	t.Parallel()
	for _, from := range States {
		seen := map[State]bool{from: true}
		for list := []State{from}; len(list) > 0; list = list[1:] {
			for _, tr := range Triggers {
				if to, err := list[0].Next(tr); err == nil && !seen[to] {
					seen[to] = true
					list = append(list, to)
				}
			}
		}
		for _, to := range States {
			if !seen[to] {
				t.Errorf("%s is out of reach from %s", to, from)
			}
		}
	}
}

func TestRememberedTriggersExistWhenTheCallEnds(t *testing.T) {
	t.Parallel()
	for s, row := range laterTable {
		for wish, due := range row {
			if _, err := s.Next(due); err != nil {
				t.Errorf("%s remembers %s as %s: %v", s, wish, due, err)
			}
			if _, err := s.Next(wish); err == nil {
				t.Errorf("%s both remembers and does %s", s, wish)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, s := range States {
		want := orchestrator.AgentAlready
		if s == StateOffline {
			want = orchestrator.AgentNotLoggedIn
		}
		if got := refusal(s, OnPause); got != want {
			t.Errorf("refused in %s: %s, want %s", s, got, want)
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	if got := CallScore(1_000_000, 2, 0); got != 880_000 {
		t.Errorf("two points are two minutes: %f", got)
	}
}

func TestOfferIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := MakeOfferID("01hx", newUnique())
		if !strings.HasPrefix(id, "01hx-") || seen[id] {
			t.Fatalf("id %s", id)
		}
		seen[id] = true
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	var p Pace
	rows := []struct {
		now, entered int64
		want         float64
	}{
		{1_000, 0, 0},                        // the first tells nothing
		{11_000, 500, 10_000},                // the first gap
		{31_000, 500, 12_000},                // 10000 + 0.2·(20000−10000)
		{91_000, 80_000, 12_000},             // came after the last start: nobody waited meanwhile
		{90_000, 0, 12_000},                  // a clock that goes back is not believed
		{100_000, 0, 12_000 - 0.2*(2_000.0)}, // gap 10000 since 90000
	}
	for i, r := range rows {
		p = p.Next(r.now, r.entered)
		if p.Gap != r.want || p.At != r.now {
			t.Errorf("step %d: %+v, want gap %f", i, p, r.want)
		}
	}
	if got := (Pace{Gap: 1500}).Estimate(3).Seconds(); got != 4.5 {
		t.Errorf("estimate %f", got)
	}
	if (Pace{}).Estimate(3) != 0 {
		t.Error("nothing is known, but there is an estimate")
	}
}
