package session

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

var (
	states   = []State{StateLost, StateConnecting, StateIdle, StateLent, StateEnding, StateEnded}
	triggers = []Trigger{OnRing, OnUp, OnLent, OnBack, OnGone, OnEnd, OnOver}
)

// TestTable holds every pair of state and trigger; "-" is refused.
func TestTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, s := range states {
		for _, tr := range triggers {
			to, err := s.Next(tr)
			if err != nil {
				to = "-"
			}
			fmt.Fprintf(&b, "%-10s %-4s %s\n", s, tr, to)
		}
	}
	golden := filepath.Join("testdata", "table.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Errorf("the table is not that of %s:\n%s", golden, b.String())
	}
}

// TestEveryStateEnds follows the table from each state to the end.
func TestEveryStateEnds(t *testing.T) {
	t.Parallel()
	for _, from := range states {
		seen, next := map[State]bool{}, []State{from}
		for len(next) > 0 {
			s := next[0]
			next = next[1:]
			for _, to := range table[s] {
				if !seen[to] {
					seen[to] = true
					next = append(next, to)
				}
			}
		}
		if from != StateEnded && !seen[StateEnded] {
			t.Errorf("no way leads from %q to the end", from)
		}
	}
	if len(table) != len(states) || slices.Contains(states, "") {
		t.Error("the test does not know all states")
	}
}
