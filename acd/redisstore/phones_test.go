package redisstore_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

func (w *world) device(n string, d orchestrator.DeviceState) {
	w.Helper()
	w.must(w.svc.Device(w.ctx(), pbx, "PJSIP/"+n, d))
}

func TestAPhoneInAnotherCallIsPassedOver(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.login("a00", "a01")
	w.device("100", orchestrator.DeviceBusy)
	if p := w.enqueue("c1", "ventas"); p.Offer == nil || p.Offer.Agent != "a01" {
		t.Fatalf("%+v", p)
	}
	if p := w.enqueue("c2", "ventas"); p.Offer != nil {
		t.Fatalf("a busy phone was rung: %+v", p)
	}
	w.device("100", orchestrator.DeviceUnreachable)
	w.device("100", orchestrator.DeviceBusy)
	if c := w.records().Calls["c2"]; c.Offer != "" {
		t.Fatalf("an offer for a phone that cannot be used: %+v", c)
	}
	w.device("100", orchestrator.DeviceFree)
	if o := w.offered(); o.Call != "c2" || o.Agent != "a00" {
		t.Fatalf("%+v", o)
	}
}

func TestAPhoneThatAnswersBusyRests(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.login("a00")
	w.device("100", orchestrator.DeviceFree)
	o := w.enqueue("c1", "ventas").Offer
	w.failed(o.ID, orchestrator.OfferBusy)
	a := w.wantState("a00", acd.StateAvailable)
	if a.Device != orchestrator.DeviceBusy || !a.Hearsay || a.Misses != 0 {
		t.Fatalf("%+v", a)
	}
	// The PBX calls the phone free at once: it is not rung again before the queue's retry time.
	w.device("100", orchestrator.DeviceFree)
	if a := w.agent("a00"); a.Offer != "" || a.Rest != epoch.Add(5*time.Second).UnixMilli() {
		t.Fatalf("%+v", a)
	}
	w.advance(5 * time.Second)
	o2 := w.offered()
	if o2.Call != "c1" {
		t.Fatalf("%+v", o2)
	}
	// Nothing more is heard of the phone: it gets another chance after the long rest, the second in a row.
	w.failed(o2.ID, orchestrator.OfferUnreachable)
	w.advance(59 * time.Second)
	if a := w.agent("a00"); a.Device != orchestrator.DeviceUnreachable || a.Offer != "" {
		t.Fatalf("%+v", a)
	}
	w.advance(time.Second)
	if o := w.offered(); o.Call != "c1" {
		t.Fatalf("%+v", o)
	}
}

// TestAPhoneThatIsFreeAgainRestsShortly: the PBX tells that the phone is free before it tells that the offer failed, or
// after: the phone is tried again after the queue's retry time, and not after a long rest.
func TestAPhoneThatIsFreeAgainRestsShortly(t *testing.T) {
	t.Parallel()
	for name, way := range map[string][]string{"before": {"ringing", "free", "fails"}, "after": {"ringing", "fails", "free"}} {
		w := setup(t, defs(1, queue("ventas")))
		w.login("a00")
		w.device("100", orchestrator.DeviceFree)
		w.advance(time.Second)
		o := w.enqueue("c1", "ventas").Offer
		for _, step := range way {
			w.advance(time.Millisecond)
			switch step {
			case "ringing":
				w.device("100", orchestrator.DeviceBusy)
			case "free":
				w.device("100", orchestrator.DeviceFree)
			case "fails":
				w.failed(o.ID, orchestrator.OfferBusy)
			}
		}
		if a := w.agent("a00"); a.Rest == 0 || a.Rest > w.clock().Add(5*time.Second).UnixMilli() {
			t.Errorf("%s: it rests until %d, now is %d", name, a.Rest, w.clock().UnixMilli())
		}
	}
}

func TestAPBXThatCannotDialDoesNotBurnTheQueue(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.login("a00")
	w.enqueue("c1", "ventas")
	w.enqueue("c2", "ventas")
	offer := w.agent("a00").Offer
	if p := w.failed(offer, orchestrator.OfferError); p.Result != orchestrator.PlacedWaiting {
		t.Fatalf("%+v", p)
	}
	if a := w.wantState("a00", acd.StateAvailable); a.Rest == 0 || a.Misses != 0 {
		t.Fatalf("%+v", a)
	}
	// The agent's own word ends the rest.
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	if o := w.offered(); o.Call != "c1" {
		t.Fatalf("%+v", o)
	}
}

func TestCancelledOfferIsNoBlame(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.login("a00")
	w.enqueue("c1", "ventas")
	w.enqueue("c2", "ventas")
	w.leave("c1", 0)
	if o := w.offered(); o.Call != "c2" || o.Agent != "a00" {
		t.Fatalf("the agent gets the next caller at once: %+v", o)
	}
	if a := w.agent("a00"); a.Misses != 0 || a.Rest != 0 {
		t.Errorf("%+v", a)
	}
	w.leave("c1", 0) // again: nothing to do
}

func TestOfferLapses(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.login("a00")
	o := w.enqueue("c1", "ventas").Offer
	w.login("a01")
	w.advance(29 * time.Second)
	w.answerable(o.ID)
	w.advance(time.Second)
	next := w.offered()
	gone := <-w.desk.withdrawn
	if gone.ID != o.ID || next.Call != "c1" || next.Agent != "a01" {
		t.Fatalf("withdrawn %+v, next %+v", gone, next)
	}
	if ok, err := w.svc.Answered(w.ctx(), *o); ok || err != nil {
		t.Errorf("a lapsed offer was answered: %v %v", ok, err)
	}
	// The engine's own word on it comes late: it gets the call's true place.
	if p := w.failed(o.ID, orchestrator.OfferNoAnswer); p.Offer == nil || p.Offer.ID != next.ID {
		t.Errorf("%+v", p)
	}
	if a := w.agent("a00"); a.Misses != 1 {
		t.Errorf("%+v", a)
	}
}

// answerable checks that an offer is still in force.
func (w *world) answerable(offer string) {
	w.Helper()
	if _, ok := w.records().Offers[offer]; !ok {
		w.Fatalf("offer %s is gone", offer)
	}
}

// TestAPhoneInItsOwnCodesCallIsNotRung: an agent dials a feature code while a
// caller waits. Whatever the PBX has told of the phone by then, it is in a call.
func TestAPhoneInItsOwnCodesCallIsNotRung(t *testing.T) {
	t.Parallel()
	code := func(op orchestrator.AgentOp) orchestrator.AgentCommand {
		return orchestrator.AgentCommand{Op: op, PBX: pbx, Endpoint: "PJSIP/100", By: "phone"}
	}
	for name, ready := range map[string]func(w *world) orchestrator.AgentCommand{
		"logs in": func(*world) orchestrator.AgentCommand { return code(orchestrator.AgentLogin) },
		"is ready again": func(w *world) orchestrator.AgentCommand {
			w.login("a00")
			w.do(orchestrator.AgentPause, "a00")
			return code(orchestrator.AgentResume)
		},
		"ends wrap-up": func(w *world) orchestrator.AgentCommand {
			w.login("a00")
			w.finish(w.serve("c0", "ventas").ID)
			return code(orchestrator.AgentDispose)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, told := range []bool{true, false} {
				w := setup(t, defs(1, queue("ventas")))
				if told {
					w.device("100", orchestrator.DeviceFree)
				}
				cmd := ready(w)
				w.enqueue("c1", "ventas")
				if a, err := w.svc.Do(w.ctx(), cmd); err != nil || a.Result != orchestrator.AgentOK {
					t.Fatalf("%+v %v", a, err)
				}
				if a := w.wantState("a00", acd.StateAvailable); a.Offer != "" {
					t.Errorf("told %v: rung in its own call: %+v", told, a)
				}
				if told {
					w.device("100", orchestrator.DeviceBusy)
					w.device("100", orchestrator.DeviceFree)
				} else { // of a phone of which nothing is told the call is surely over
					w.advance(10 * time.Second)
				}
				if o := w.offered(); o.Call != "c1" || o.Agent != "a00" {
					t.Errorf("told %v: %+v", told, o)
				}
				w.clean()
			}
		})
	}
}
