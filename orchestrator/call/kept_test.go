package call

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestPlaceOfTheNextCall: the distributor is told of those who hung up while they waited, or were cut
// off, also while a phone rang; and of nobody who went another way.
func TestPlaceOfTheNextCall(t *testing.T) {
	t.Parallel()
	hangsUp := (*world).callerHangsUp
	for name, r := range map[string]struct {
		steps []func(*world)
		keeps bool
	}{
		"hung up":                            {[]func(*world){inQueue, hangsUp}, true},
		"hung up, killed at once":            {[]func(*world){inQueue, func(w *world) { w.callerHangsUp(); w.decide(); w.crash(time.Second) }}, true},
		"while a phone rang":                 {[]func(*world){inQueue, ringing, hangsUp}, true},
		"after a phone had rung":             {[]func(*world){inQueue, ringing, agentEnds(orchestrator.CauseNoAnswer), hangsUp}, true},
		"the PBX stopped":                    {[]func(*world){inQueue, stopped}, true},
		"the PBX stopped while a phone rang": {[]func(*world){inQueue, ringing, stopped}, true},
		"ended by staff":                     {[]func(*world){inQueue, ordered(WishHangup)}, false},
		"ended by staff while a phone rang":  {[]func(*world){inQueue, ringing, ordered(WishHangup)}, false},
		"by a key":                           {[]func(*world){func(w *world) { w.desk.plan.ExitKey = "9" }, inQueue, func(w *world) { w.presses("9") }, hangsUp}, false},
		"waited too long":                    {[]func(*world){func(w *world) { w.desk.plan.MaxWait = time.Minute }, inQueue, after(2 * time.Minute), hangsUp}, false},
		"served":                             {[]func(*world){inQueue, ringing, answered, hangsUp}, false},
	} {
		w := at(r.steps...)
		w.quiet()
		if w.desk.keeps != r.keeps {
			t.Errorf("%s: kept %v, want %v; ended by %q, %s", name, w.desk.keeps, r.keeps, w.me.c.EndedBy, w.me.c.Outcome)
		}
	}
}

// TestPlaceGoesAlong: the place that a call has of an earlier one is on the timeline, is asked
// for again after a loss, and in the next queue; the wait is that of the call itself.
func TestPlaceGoesAlong(t *testing.T) {
	t.Parallel()
	kept := orchestrator.Kept{Since: 1, Call: "c0"}
	w := at(func(w *world) { w.desk.kept = kept }, inQueue)
	if f := w.last(orchestrator.EntryCallQueued); f["kept_of"] != "c0" || f["kept_since"] == nil {
		t.Errorf("the timeline says %v", f)
	}
	w.desk.kept = orchestrator.Kept{}
	if q := w.me.c; q.Visit.Entered == 1 || q.Kept != kept {
		t.Errorf("entered %d, place %+v", q.Visit.Entered, q.Kept)
	}
	x := change{c: w.me.c, now: w.now}
	if q := x.waiting(&Visit{N: 9, Queue: "B", State: VisitAsked}); q.Kept != kept {
		t.Errorf("asks for %+v", q)
	}
	x.c.ConnectedAt = 5
	if q := x.waiting(&Visit{N: 9, Queue: "B", State: VisitAsked}); q.Kept != (orchestrator.Kept{}) {
		t.Errorf("served, and asks for %+v", q)
	}
}
