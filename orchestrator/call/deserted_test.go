package call

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestDeserted: when the last agent logs out, who waits in a queue that lets callers go
// then goes on in the flow; whoever is being rung for an agent only if that comes to
// nothing; and whom an agent takes, or who waits elsewhere, is not concerned.
func TestDeserted(t *testing.T) {
	t.Parallel()
	deserted := func(queue string) func(*world) {
		return func(w *world) { w.post(Input{Kind: InDeserted, Queue: queue}) }
	}
	lets := func(w *world) { w.desk.plan.LeaveWhenEmpty = true }
	missed := agentEnds(orchestrator.CauseNoAnswer)
	for name, r := range map[string]struct {
		steps []func(*world)
		leave bool
	}{
		"waiting":                        {[]func(*world){lets, inQueue, deserted("sales")}, true},
		"another queue":                  {[]func(*world){lets, inQueue, deserted("B")}, false},
		"a queue that keeps its callers": {[]func(*world){inQueue, deserted("sales")}, false},
		"while a phone rings":            {[]func(*world){lets, inQueue, ringing, deserted("sales")}, false},
		"and nobody picks up":            {[]func(*world){lets, inQueue, ringing, deserted("sales"), missed}, true},
		"and the agent picks up":         {[]func(*world){lets, inQueue, ringing, deserted("sales"), answered}, false},
		"and it is killed meanwhile": {[]func(*world){lets, inQueue, ringing, deserted("sales"), after(time.Second),
			func(w *world) { w.crash(time.Second) }, missed}, true},
		"and another is free by then": {[]func(*world){lets, inQueue, ringing, deserted("sales"), func(w *world) { w.desk.free++ }, missed, after(time.Second)}, false},
	} {
		w := at(r.steps...)
		w.quiet()
		why := w.last(orchestrator.EntryCallUnqueued)["why"]
		if r.leave != (why == "no_agents") || r.leave != (w.desk.place == nil && w.me.c.ConnectedAt == 0 && w.me.c.State != StateOffered) {
			t.Errorf("%s: unqueued for %v, place %+v, state %s", name, why, w.desk.place, w.me.c.State)
		}
	}
}
