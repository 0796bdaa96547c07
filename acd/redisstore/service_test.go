package redisstore_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

func TestACallFindsAnAgent(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	if p := w.enqueue("c1", "ventas"); p.Result != orchestrator.PlacedWaiting || p.Position != 1 {
		t.Fatalf("nobody is logged in: %+v", p)
	}
	w.login("a00")
	o := w.offered()
	if o.Call != "c1" || o.Agent != "a00" || o.Endpoint != "PJSIP/100" || o.Ring != 20*time.Second || o.PBX != pbx {
		t.Fatalf("offer %+v", o)
	}
	w.wantState("a00", acd.StateReserved)
	w.answer(o.ID)
	w.wantState("a00", acd.StateTalking)
	w.finish(o.ID)
	if a := w.wantState("a00", acd.StateWrapup); a.Due != epoch.Add(30*time.Second).UnixMilli() {
		t.Errorf("wrap-up until %d", a.Due)
	}
	if p := w.enqueue("c2", "ventas"); p.Result != orchestrator.PlacedWaiting {
		t.Fatalf("the only agent wraps up: %+v", p)
	}
	w.advance(30 * time.Second)
	if o := w.offered(); o.Call != "c2" || o.Agent != "a00" {
		t.Fatalf("offer %+v", o)
	}
}

func TestFailedOfferKeepsThePlace(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.login("a00")
	p := w.enqueue("c1", "ventas")
	w.enqueue("c2", "ventas")
	w.advance(20 * time.Second)
	if p = w.failed(p.Offer.ID, orchestrator.OfferNoAnswer); p.Result != orchestrator.PlacedWaiting || p.Position != 1 {
		t.Fatalf("c1 must be first again: %+v", p)
	}
	if a := w.wantState("a00", acd.StateAvailable); a.Misses != 1 || a.Rest == 0 {
		t.Errorf("the agent must rest after a miss: %+v", a)
	}
	w.login("a01")
	if o := w.offered(); o.Call != "c1" || o.Agent != "a01" {
		t.Fatalf("offer %+v", o)
	}
	w.advance(5 * time.Second)
	o := w.offered()
	if o.Call != "c2" || o.Agent != "a00" {
		t.Fatalf("after the rest: %+v", o)
	}
	w.failed(o.ID, orchestrator.OfferRejected)
	if a := w.wantState("a00", acd.StatePaused); a.Reason != acd.ReasonMissed {
		t.Errorf("two misses pause: %+v", a)
	}
}
