package acd

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

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
	if got := CallScore(1_000_000, 2*time.Minute, 0); got != 880_000 {
		t.Errorf("two minutes before: %f", got)
	}
}

// TestPriorityPoint: what a point counts as is the queue's, for its own points, and those of
// known callers and of flows; who is put to the front is there whatever a point counts as.
func TestPriorityPoint(t *testing.T) {
	t.Parallel()
	slow, fast := NewQueue(), NewQueue()
	slow.ID, slow.Priority, slow.Point = "slow", 1, 10*time.Second
	fast.ID = "fast"
	dir := newDirectory(Definitions{Queues: []Queue{slow, fast}, Callers: []KnownCaller{{ID: "vip", Numbers: []string{"1"}, Priority: 3}}}, nil, 0)
	for _, x := range []struct {
		c    CallRecord
		want float64
	}{
		{CallRecord{Queue: "fast"}, 0}, {CallRecord{Queue: "fast", Priority: 2}, -120_000},
		{CallRecord{Queue: "slow"}, -10_000}, {CallRecord{Queue: "slow", Priority: 2}, -30_000}, {CallRecord{Queue: "slow", Priority: 2, Caller: "1"}, -60_000},
		{CallRecord{Queue: "slow", AheadMS: 600_000}, -610_000},
		{CallRecord{Queue: "gone", Priority: 1}, -60_000},
	} {
		if got := dir.score(x.c); got != x.want {
			t.Errorf("%+v: %f, want %f", x.c, got, x.want)
		}
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
	for i, r := range []struct{ took, want float64 }{{100, 100}, {200, 150}, {300, 200}} { // the mean of the first
		if p = p.Took(r.took); p.Handle != r.want {
			t.Errorf("call %d: %+v, want %f", i, p, r.want)
		}
	}
	for range 100 {
		p = p.Took(200)
	}
	if p = p.Took(400); math.Abs(p.Handle-210) > 0.1 { // then a twentieth of each
		t.Errorf("after many: %+v", p)
	}
	if p.leaves() != 0 {
		t.Error("nobody has waited, and some go away")
	}
	for i := range 1000 { // every fifth goes away after 60 s, the others are answered after 10
		if p = p.Went(60_000, false); i > 0 {
			p = p.Went(10_000, true).Went(10_000, true).Went(10_000, true).Went(10_000, true)
		}
	}
	if per := 1 / p.leaves(); math.Abs(per-100_000) > 5_000 {
		t.Errorf("one goes away in %.0f ms of waiting, want 100000", per)
	}
}
