package redisstore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

func (w *world) clean() {
	w.Helper()
	if bad := invariants(w, w.records()); len(bad) > 0 {
		w.Fatalf("invariants: %v", bad)
	}
}

func TestReloadMovesAgents(t *testing.T) {
	t.Parallel()
	d := defs(2, queue("ventas"), queue("soporte"))
	for i := range d.Agents {
		d.Agents[i].Queues = d.Agents[i].Queues[:1]
	}
	w := setup(t, d)
	w.login("a00", "a01")
	o := w.serve("c1", "ventas") // a00
	w.enqueue("s1", "soporte")
	next := defs(2, queue("ventas"), queue("soporte"))
	for i := range next.Agents {
		next.Agents[i].Queues = next.Agents[i].Queues[1:]
	}
	w.must(w.svc.Reload(w.ctx(), next))
	if got := w.offered(); got.Call != "s1" || got.Agent != "a01" {
		t.Fatalf("a new place takes effect at once: %+v", got)
	} else {
		w.answer(got.ID)
	}
	w.clean()
	w.finish(o.ID)
	w.advance(30 * time.Second)
	w.until("wrap-up ends", func() bool { return w.agent("a00").State == acd.StateAvailable })
	if p := w.enqueue("c2", "ventas"); p.Offer != nil {
		t.Errorf("nobody serves ventas any more: %+v", p.Offer)
	}
	if p := w.enqueue("s2", "soporte"); p.Offer == nil || p.Offer.Agent != "a00" {
		t.Errorf("a00 serves soporte now: %+v", p)
	}
	w.clean()
}

func TestReloadRemovesAgents(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(3, queue("ventas")))
	w.login("a00", "a01", "a02")
	o := w.serve("c1", "ventas") // a00
	moved := defs(2, queue("ventas"))
	moved.Agents[1].Endpoint = "PJSIP/901"
	moved.Agents[0].ID = "b00"
	moved.Agents[0].Endpoint = "PJSIP/900"
	w.must(w.svc.Reload(w.ctx(), moved))
	r := w.records()
	if _, there := r.Agents["a02"]; there || r.Agents["a00"].Next != acd.OnLogoutDue {
		t.Fatalf("a02 is gone, a00 leaves after the call: %+v", r.Agents)
	}
	if a, there := r.Agents["a01"]; there {
		t.Fatalf("whose phone changed has to log in again: %+v", a)
	}
	w.clean()
	w.finish(o.ID)
	w.wantState("a00", acd.StateOffline)
	w.must(w.svc.Reload(w.ctx(), moved))
	if _, there := w.records().Agents["a00"]; there {
		t.Error("a record that is free is forgotten")
	}
	w.login("a01")
	if p := w.enqueue("c2", "ventas"); p.Offer == nil || p.Offer.Endpoint != "PJSIP/901" {
		t.Errorf("%+v", p.Offer)
	}
	w.clean()
}

func TestReloadTakesARemovalBack(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas"))
	w := setup(t, d)
	w.login("a00")
	o := w.serve("c1", "ventas")
	w.must(w.svc.Reload(w.ctx(), defs(0, queue("ventas"))))
	w.must(w.svc.Reload(w.ctx(), d))
	w.finish(o.ID)
	w.wantState("a00", acd.StateWrapup)
	w.clean()
}

func TestReloadClosesAQueue(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas", noWrap), queue("soporte", noWrap)))
	w.enqueue("s1", "soporte")
	w.must(w.svc.Reload(w.ctx(), defs(1, queue("ventas", noWrap))))
	if p := w.enqueue("s2", "soporte"); p.Result != orchestrator.RefusedQueue {
		t.Fatalf("a closing queue took a call: %+v", p)
	}
	w.must(w.svc.Reload(w.ctx(), defs(1, queue("ventas", noWrap)))) // once more: still closing
	w.login("a00")
	o := w.offered()
	if o.Call != "s1" {
		t.Fatalf("who is inside is served: %+v", o)
	}
	if p := w.failed(o.ID, orchestrator.OfferNoAnswer); p.Result != orchestrator.PlacedWaiting {
		t.Fatalf("%+v", p)
	}
	w.advance(5 * time.Second)
	o = w.offered()
	w.answer(o.ID)
	w.finish(o.ID)
	w.clean()
	w.must(w.svc.Reload(w.ctx(), defs(1, queue("ventas", noWrap), queue("soporte", noWrap))))
	if p := w.enqueue("s3", "soporte"); p.Offer == nil {
		t.Errorf("it is open again: %+v", p)
	}
}

func TestReloadRefusesWrongDefinitions(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	bad := defs(1, queue("ventas"))
	bad.Agents[0].Endpoint = "PJSIP/1&SIP/evil"
	if err := w.svc.Reload(w.ctx(), bad); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("error %v", err)
	}
	if got := w.svc.Definitions().Agents[0].Endpoint; got != "PJSIP/100" {
		t.Errorf("the old ones stay in force: %s", got)
	}
}

// TestRestart has one Service leave things behind and another, with other
// definitions, find them.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(3, queue("ventas"), queue("soporte")))
	w.login("a00", "a01", "a02")
	ringing := w.enqueue("c1", "ventas").Offer
	talking := w.serve("c2", "ventas")
	done := w.serve("c3", "ventas")
	w.finish(done.ID)
	w.enqueue("c4", "soporte")
	w.svc.Stop()
	w.svc.Stop() // twice is fine

	next := defs(3, queue("ventas"))
	w.start(next)
	w.advance(time.Minute) // the offer's and the wrap-up's time have passed meanwhile
	gone := <-w.desk.withdrawn
	o := w.offered()
	if gone.ID != ringing.ID || o.Call != "c1" || o.Agent != done.Agent {
		t.Fatalf("withdrawn %+v, then %+v", gone, o)
	}
	w.answer(o.ID)
	s, err := w.svc.Board(w.ctx(), 0)
	w.must(err)
	if len(s.Queues) != 2 || s.Queues[0].ID != "soporte" || !s.Queues[0].Closing || s.Queues[0].Callers != 1 {
		t.Errorf("a call of a queue that is gone stays visible: %+v", s.Queues)
	}
	w.finish(talking.ID)
	w.advance(time.Minute)
	if o = w.offered(); o.Call != "c4" { // of the queue that is gone, by whom it had
		t.Fatalf("offered %+v", o)
	}
	if p := w.enqueue("c5", "soporte"); p.Result != orchestrator.RefusedQueue {
		t.Errorf("it takes somebody new: %+v", p)
	}
	w.answer(o.ID)
	w.finish(o.ID)
	w.advance(time.Minute)
	w.until("the call is finished", func() bool { return w.agent(o.Agent).State == acd.StateAvailable })
	_, err = w.svc.Heal(w.ctx(), pbx)
	w.must(err)
	for _, id := range []string{"a00", "a01", "a02"} {
		if queues := strings.Split(w.agent(id).Queues, ","); !slices.Contains(queues, "ventas") || slices.Contains(queues, "soporte") {
			t.Errorf("nobody is in it any more, and %s serves %v", id, queues)
		}
	}
}

// TestEditsHoldForThoseWhoWait: what a queue requires, after what wait, which tier its
// callers have and how long phones ring is as the definitions say now, for who waits, too.
func TestEditsHoldForThoseWhoWait(t *testing.T) {
	t.Parallel()
	asks := func(q *acd.Queue) { q.Requires = "es >= 1" }
	for name, r := range map[string]struct {
		before, after func(*acd.Queue)
		first         string // who is offered to the agent
		wait          time.Duration
		ring          time.Duration
	}{
		"no more is required": {asks, func(*acd.Queue) {}, "old", 0, 20 * time.Second},
		"less after a while":  {asks, func(q *acd.Queue) { q.Requires, q.Relax = "es >= 1", []acd.Relax{{After: 30 * time.Second}} }, "old", 20 * time.Second, 20 * time.Second},
		"now is an emergency": {func(*acd.Queue) {}, func(q *acd.Queue) { q.Tier = 5 }, "new", 0, 20 * time.Second},
		"phones ring shorter": {func(*acd.Queue) {}, func(q *acd.Queue) { q.RingTimeout = 7 * time.Second }, "old", 0, 7 * time.Second},
	} {
		first := func(change func(*acd.Queue)) acd.Definitions {
			d := defs(1, queue("una", func(*acd.Queue) {}), queue("otra", func(*acd.Queue) {}))
			of := 0
			if name == "now is an emergency" {
				of = 1
			}
			change(&d.Queues[of])
			d.Skills = []acd.Skill{{Name: "es"}}
			return d
		}
		w := setup(t, first(r.before))
		w.enqueue("old", "una")
		w.advance(10 * time.Second)
		w.enqueue("new", "otra")
		w.must(w.svc.Reload(w.ctx(), first(r.after)))
		w.login("a00")
		if r.wait > 0 {
			if o := w.offered(); o.Call != "new" {
				t.Fatalf("%s: %s is offered, and the agent may not serve the other yet", name, o.Call)
			}
			w.leave("new", 0)
			w.advance(r.wait)
		}
		if o := w.offered(); o.Call != r.first || o.Ring != r.ring {
			t.Errorf("%s: %s is offered, ringing for %s", name, o.Call, o.Ring)
		}
	}
}

// TestAClosedQueueGoes: a queue whose definition is gone is shown as long as somebody waits in
// it, goes on for whose conversation is of it, and is forgotten after both.
func TestAClosedQueueGoes(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas"), queue("soporte")))
	w.login("a00")
	o := w.serve("s1", "soporte")
	w.enqueue("s2", "soporte")
	shown := func(when string, want ...string) {
		t.Helper()
		var got []string
		b, err := w.svc.Board(w.ctx(), 0)
		w.must(err)
		for _, q := range b.Queues {
			got = append(got, q.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the board has %v, want %v", when, got, want)
		}
	}
	serves := func(when string, want ...string) {
		t.Helper()
		n, err := w.svc.Heal(w.ctx(), pbx)
		w.must(err)
		a, err := w.svc.Agent(w.ctx(), "a00")
		if w.must(err); n != 0 || !slices.Equal(a.Queues, want) {
			t.Errorf("%s: the agent serves %v, want %v; %d mended", when, a.Queues, want, n)
		}
	}
	w.must(w.svc.Reload(w.ctx(), defs(2, queue("ventas"))))
	shown("somebody waits", "soporte", "ventas")
	serves("somebody waits", "soporte", "ventas")
	w.leave("s2", 0)
	shown("nobody waits", "ventas")
	serves("somebody talks", "soporte", "ventas")
	if p := w.failed(o.ID, orchestrator.OfferError); p.Result != orchestrator.PlacedWaiting { // it was never joined
		t.Errorf("%+v", p)
	}
	shown("somebody waits again", "soporte", "ventas")
	w.advance(5 * time.Second)
	o = w.offered()
	w.answer(o.ID)
	w.finish(o.ID)
	w.wantState("a00", acd.StateWrapup) // as the queue says that is gone
	serves("nobody talks", "soporte", "ventas")
	shown("nobody talks", "ventas")
	w.advance(time.Minute)
	w.until("the agent is free", func() bool { return w.agent("a00").State == acd.StateAvailable })
	serves("nobody wraps up", "ventas")
	if p := w.enqueue("v1", "ventas"); p.Offer == nil {
		t.Errorf("%+v", p)
	}
	w.clean()
}
