package figures_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd/figures"
)

// TestAWrapUpIsOfTheQueueItFollows: an agent sends a call on to another queue that the agent serves, too, and gets it again from
// there: the wrap-up between is of the first.
func TestAWrapUpIsOfTheQueueItFollows(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(minutes float64) int64 { return noon.UnixMilli() + int64(minutes*minute) }
	change := func(minutes float64, state, call string) figures.Change {
		return figures.Change{Agent: "a", State: state, Call: call, At: at(minutes), Queues: []string{"sales", "support"}}
	}
	d := &figures.Day{Now: at(60),
		Stays: []figures.Stay{
			{Call: "1", Queue: "sales", Agent: "a", Entered: at(1), Left: at(2), Result: "answered", Talk: 8 * minute, Over: true},
			{Call: "1", Queue: "support", Agent: "a", Entered: at(10), Left: at(13), Result: "answered", Talk: 7 * minute, Over: true},
		},
		Changes: []figures.Change{
			change(-1, "offline", ""), change(0, "available", ""), change(1, "reserved", "1"), change(2, "talking", "1"), change(10, "wrapup", "1"),
			change(12, "available", ""), change(12, "reserved", "1"), change(13, "talking", "1"), change(20, "wrapup", "1"), change(21, "available", ""),
		}}
	d.Join(time.Hour)
	r := find(t, "agents")
	for queue, want := range map[string]float64{"sales": 2 * minute, "support": 1 * minute} {
		table, err := r.Make(d, figures.Query{From: noon, To: noon.Add(time.Hour), Queue: queue})
		if err != nil {
			t.Fatal(err)
		}
		m := measure(t, r, "wrapping_up_ms")
		if got, _ := m.Of(&table.Total); got != want {
			t.Errorf("wrap-up of %s: %v ms, want %v", queue, got, want)
		}
	}
}
