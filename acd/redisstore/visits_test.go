package redisstore_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestALateLeaveTouchesNoLaterVisit: a flow that takes a caller from one queue to
// another orders both at once, and the leave may come last.
func TestALateLeaveTouchesNoLaterVisit(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]string{"the same queue": "ventas", "another queue": "soporte"} {
		for state, agents := range map[string]int{"waiting": 0, "offered": 2} {
			t.Run(name+", "+state, func(t *testing.T) {
				t.Parallel()
				w := setup(t, defs(2, queue("ventas"), queue("soporte")))
				for _, a := range []string{"a00", "a01"}[:agents] {
					w.login(a)
				}
				w.visit("c1", "ventas", 1)
				w.visit("c1", second, 2)
				w.leave("c1", 1)
				c, ok := w.records().Calls["c1"]
				if !ok || c.Queue != second || c.Visit != 2 || (c.Offer != "") != (agents > 0) {
					t.Fatalf("the second visit: %v %+v", ok, c)
				}
				w.clean()
				w.leave("c1", 2)
				if r := w.records(); len(r.Calls)+len(r.Offers) != 0 {
					t.Errorf("left behind: %+v", r)
				}
				w.clean()
			})
		}
	}
}

func TestAVisitThatIsOverDoesNotComeBack(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas"), queue("soporte")))
	w.visit("c1", "soporte", 2)
	if p := w.visit("c1", "ventas", 1); p.Result != orchestrator.PlacedOut {
		t.Errorf("an older visit: %+v", p)
	}
	w.login("a00")
	o := w.offered()
	if o.Queue != "soporte" || o.Visit != 2 {
		t.Fatalf("%+v", o)
	}
	if p := w.visit("c1", "ventas", 1); p.Result != orchestrator.PlacedOut {
		t.Errorf("an older visit of an offered call: %+v", p)
	}
	if p := w.visit("c1", "soporte", 2); p.Offer == nil || p.Offer.ID != o.ID {
		t.Errorf("the same visit again: %+v", p)
	}
	w.clean()
}

// TestAVisitTakesTheOfferOfTheOneBeforeBack: the agent of the first visit is
// free for others at once, and without blame.
func TestAVisitTakesTheOfferOfTheOneBeforeBack(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas"), queue("soporte"))
	d.Agents[0].Queues = d.Agents[0].Queues[:1]
	w := setup(t, d)
	w.login("a00")
	first := w.visit("c1", "ventas", 1).Offer
	if o := <-w.desk.offers; o.ID != first.ID {
		t.Fatalf("%+v", o)
	}
	w.advance(time.Second)
	w.visit("c2", "ventas", 1)
	if p := w.visit("c1", "soporte", 2); p.Result != orchestrator.PlacedWaiting {
		t.Fatalf("%+v", p)
	}
	if gone := <-w.desk.withdrawn; gone.ID != first.ID || gone.Visit != 1 {
		t.Errorf("withdrawn %+v, want %+v", gone, first)
	}
	if o := w.offered(); o.Call != "c2" {
		t.Errorf("%+v", o)
	}
	if a := w.wantState("a00", acd.StateReserved); a.Rest != 0 || a.Misses != 0 {
		t.Errorf("%+v", a)
	}
	held, err := w.svc.Holding(w.ctx(), pbx)
	if w.must(err); held.Waiting["c1"] != 2 || held.Waiting["c2"] != 1 {
		t.Errorf("held: %+v", held)
	}
	w.clean()
}

// TestARefusedMoveWritesNothing: the call stays where it is until it leaves.
func TestARefusedMoveWritesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas"), queue("corta", func(q *acd.Queue) { q.MaxLength = 1 })))
	w.visit("c0", "corta", 1)
	w.visit("c1", "ventas", 1)
	if p := w.visit("c1", "corta", 2); p.Result != orchestrator.RefusedFull {
		t.Fatalf("%+v", p)
	}
	w.clean()
	w.leave("c1", 1)
	if _, ok := w.records().Calls["c1"]; ok {
		t.Error("c1 is still there")
	}
}

// TestACallThatIsTakenAndAsksAgain: the question for a place may be repeated, and
// come after an agent has answered. It finds that agent and reserves no other.
func TestACallThatIsTakenAndAsksAgain(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas", noWrap)))
	w.login("a00")
	o := w.visit("c1", "ventas", 1).Offer
	w.login("a01")
	w.answer(o.ID)
	p := w.visit("c1", "ventas", 1)
	if p.Result != orchestrator.PlacedOffered || p.Offer == nil || p.Offer.ID != o.ID {
		t.Errorf("asked again: %+v", p)
	}
	w.wantState("a01", acd.StateAvailable)
	w.clean()

	w.failed(o.ID, orchestrator.OfferError) // the join came to nothing: it has its place back
	again := w.visit("c1", "ventas", 1).Offer
	if again == nil || again.ID == o.ID {
		t.Fatalf("after the join came to nothing: %+v", again)
	}
	w.answer(again.ID)
	w.finish(again.ID)
	w.failed(w.visit("c1", "ventas", 2).Offer.ID, orchestrator.OfferCancelled)
	w.clean()
	if n := w.rdb.Exists(w.ctx(), "op:{"+w.tenant+"}:acd:taken").Val(); n != 0 {
		t.Error("something is remembered of calls that are over")
	}
}
