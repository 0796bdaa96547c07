package call

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestLevels: a call that goes through the levels of a support waits in each for as long as the flow, or the queue, says of
// that one, and keeps the time of its first entry in all.
func TestLevels(t *testing.T) {
	t.Parallel()
	w := newWorld(graph{
		{Kind: orchestrator.ActQueue, Queue: "A", Wait: 2 * time.Minute, Edges: map[string]int{"timeout": 1}},
		{Kind: orchestrator.ActQueue, Queue: "B", Wait: 2 * time.Minute, Edges: map[string]int{"timeout": 2}},
		{Kind: orchestrator.ActQueue, Queue: "C", Edges: map[string]int{"timeout": 3}},
		{Kind: orchestrator.ActQueue, Queue: "D", Wait: 30 * time.Second, Edges: map[string]int{}},
	})
	w.desk.plan.MaxWait = time.Minute
	w.quiet()
	first := w.now
	for i, level := range []string{"A", "B", "C", "D"} {
		at := first.Add(time.Duration(i) * (time.Minute + time.Second))
		w.settle(at.Add(20 * time.Second).Sub(w.now))
		if v, place := w.me.c.Visit, w.desk.place; w.me.c.State != StateWaiting || v.Queue != level || place == nil || place.entered != w.me.c.QueuedAt || v.Entered != place.entered {
			t.Fatalf("%s after it came: %s in %s, place %+v; it came first at %d", w.now.Sub(first), w.me.c.State, v.Queue, place, w.me.c.QueuedAt)
		}
		if level != "D" {
			w.settle(at.Add(time.Minute + time.Second).Sub(w.now))
		}
	}
	if w.settle(15 * time.Second); w.me.c.Visit.Queue == "D" {
		t.Errorf("it waits in D for longer than the flow says: %+v", w.me.c.Visit)
	}
}
