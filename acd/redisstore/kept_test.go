package redisstore_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// hangUp takes a call out of its queue as the owner does whose caller hung up.
func (w *world) hangUp(call string) {
	w.Helper()
	w.must(w.svc.Leave(w.ctx(), call, 1, orchestrator.LeftLine))
}

// redefine has other rules for ventas.
func (w *world) redefine(change ...func(*acd.Queue)) {
	w.Helper()
	w.must(w.svc.Reload(w.ctx(), defs(1, queue("ventas", append(change, noWrap)...), queue("otra", noWrap))))
}

// before tells whether one waiting call comes before another.
func (w *world) before(call, other string) bool {
	w.Helper()
	c := w.records().Calls
	return c[call].Score != 0 && c[call].Score < c[other].Score
}

// TestPlaceKept: who hung up while waiting and calls again within the time is where they
// would be, once, in that queue, by the number in whatever form.
func TestPlaceKept(t *testing.T) {
	t.Parallel()
	const number, other = "+34600123456", "+34911000000"
	keeps := func(q *acd.Queue) { q.PlaceKept = 5 * time.Minute }
	for name, x := range map[string]struct {
		do       func(w *world)
		from, to string
		back     bool
	}{
		"hung up":           {func(w *world) { w.hangUp("c1") }, "0034600123456", "ventas", true},
		"just in time":      {func(w *world) { w.hangUp("c1"); w.advance(5*time.Minute - 2*time.Second) }, number, "ventas", true},
		"too late":          {func(w *world) { w.hangUp("c1"); w.advance(5 * time.Minute) }, number, "ventas", false},
		"left by a key":     {func(w *world) { w.must(w.svc.Leave(w.ctx(), "c1", 1, "exit")) }, number, "ventas", false},
		"another number":    {func(w *world) { w.hangUp("c1") }, "+34600123457", "ventas", false},
		"no number":         {func(w *world) { w.hangUp("c0") }, "anonymous", "ventas", false},
		"another queue":     {func(w *world) { w.hangUp("c1") }, number, "otra", false},
		"had it back":       {func(w *world) { w.hangUp("c1"); w.from("b", "ventas", number) }, number, "ventas", false},
		"had it, and again": {func(w *world) { w.hangUp("c1"); w.from("b", "ventas", number); w.hangUp("b") }, number, "ventas", true},
		"forgotten": {func(w *world) {
			w.hangUp("c1")
			w.must(w.svc.ForgetCaller(w.ctx(), number))
		}, number, "ventas", false},
		"refused between": {func(w *world) {
			w.hangUp("c1")
			w.redefine(func(q *acd.Queue) { keeps(q); q.MaxLength = 1 })
			if p := w.from("b", "ventas", number); p.Result != orchestrator.RefusedFull {
				w.Fatalf("%+v", p)
			}
			w.redefine(keeps)
		}, number, "ventas", true},
		"while a phone rang": {func(w *world) {
			w.login("a00")
			o := w.offered() // c0, who goes
			w.failed(o.ID, orchestrator.OfferCancelled)
			o = w.offered()
			if o.Call != "c1" {
				w.Fatalf("%+v", o)
			}
			w.do(orchestrator.AgentPause, "a00")
			w.failed(o.ID, orchestrator.OfferAbandoned)
		}, number, "ventas", true},
		"went elsewhere while a phone rang": {func(w *world) {
			w.login("a00")
			w.failed(w.offered().ID, orchestrator.OfferCancelled)
			w.do(orchestrator.AgentPause, "a00")
			w.failed(w.offered().ID, orchestrator.OfferCancelled)
		}, number, "ventas", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, defs(1, queue("ventas", noWrap, keeps), queue("otra", noWrap, keeps)))
			w.from("c0", "ventas", "anonymous")
			w.advance(time.Second)
			began := w.clock()
			w.from("c1", "ventas", number)
			w.advance(time.Second)
			w.from("c2", "ventas", other)
			w.advance(time.Minute)
			x.do(w)
			w.from("last", x.to, "+34911000001")
			w.advance(time.Second)
			p := w.from("back", x.to, x.from)
			if got := p.Kept.Since == began.UnixMilli(); got != x.back || (p.Kept.Call != "") != x.back {
				t.Errorf("has the place back: %v, want %v: %+v", got, x.back, p)
			}
			if c := w.records().Calls["back"]; c.Entered != w.clock().UnixMilli() {
				t.Errorf("for boards it has waited since it called: %+v", c)
			}
			if before := w.before("back", "last"); before != x.back {
				t.Errorf("comes before who called in between: %v, want %v", before, x.back)
			}
		})
	}
}

// TestPlaceKeptOnce: two calls of one number at once get one place, and an order that
// is repeated gets the same answer.
func TestPlaceKeptOnce(t *testing.T) {
	t.Parallel()
	const number = "+34600123456"
	w := setup(t, defs(1, queue("ventas", noWrap, func(q *acd.Queue) { q.PlaceKept = time.Hour })))
	w.from("c1", "ventas", number)
	w.advance(time.Second)
	w.hangUp("c1")
	got := make(chan orchestrator.Placement, 16)
	for i := range cap(got) {
		go func() {
			p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: "b" + string(rune('a'+i)), PBX: pbx, Queue: "ventas", Visit: 1, Entered: w.clock(),
				Caller: orchestrator.Party{Number: number}})
			if err != nil {
				t.Error(err)
			}
			got <- p
		}()
	}
	n := 0
	for range cap(got) {
		if p := <-got; p.Kept.Call == "c1" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d have the place", n)
	}
	again := 0
	for i := range cap(got) {
		if p := w.from("b"+string(rune('a'+i)), "ventas", number); p.Kept.Call == "c1" && p.Position == 1 {
			again++
		}
	}
	if again != 1 {
		t.Errorf("asked again, %d have it", again)
	}
}

// TestPlaceKeptGoesAlong: the call that has a place back has it in the next queue, too, and
// once the store has forgotten it, and by other definitions.
func TestPlaceKeptGoesAlong(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas", noWrap), queue("otra", noWrap)))
	kept := orchestrator.Kept{Since: w.clock().UnixMilli(), Call: "c1"}
	w.advance(time.Minute)
	w.from("x", "otra", "+34911000000")
	w.advance(time.Second)
	p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: "b", PBX: pbx, Queue: "otra", Visit: 2, Entered: w.clock(), Kept: kept})
	if w.must(err); p.Position != 1 || p.Kept != kept {
		t.Fatalf("%+v", p)
	}
	w.redefine(func(q *acd.Queue) { q.Priority = 1 })
	if !w.before("b", "x") {
		t.Error("lost with other definitions")
	}
}
