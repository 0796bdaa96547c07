package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/redisstore"
	"github.com/operadora/operadora/orchestrator"
)

// lastMoment is a store in which an agent answers just after the offer was looked at.
type lastMoment struct {
	*redisstore.Store
	now func() time.Time
}

func (s lastMoment) Offer(ctx context.Context, id string) (acd.OfferRecord, bool, error) {
	o, ok, err := s.Store.Offer(ctx, id)
	if err == nil && ok {
		_, err = s.Answer(ctx, s.now(), id, "next")
	}
	return o, ok, err
}

// TestAnsweredWhileItLapses: the agent picks up in the moment of the deadline.
// Whoever was told that the offer is valid keeps the caller.
func TestAnsweredWhileItLapses(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.login("a00")
	o := w.enqueue("c1", "ventas").Offer
	w.svc.Stop()
	w.mu.Lock()
	w.now = w.now.Add(time.Minute)
	w.mu.Unlock()
	svc, err := acd.New(acd.Parts{Store: lastMoment{w.store, w.clock}, Now: w.clock, Definitions: defs(2, queue("ventas"))})
	w.must(err)
	w.must(svc.Expire(w.ctx()))
	if a := w.wantState("a00", acd.StateTalking); a.Misses != 0 || a.Rest != 0 {
		t.Errorf("%+v", a)
	}
	if ok, err := svc.Answered(w.ctx(), *o); !ok || err != nil {
		t.Errorf("the offer was valid, and is not any more: %v, %v", ok, err)
	}
	select {
	case gone := <-w.desk.withdrawn:
		t.Errorf("withdrawn: %+v", gone)
	default:
	}
}

// TestTalkingHoldsTheAgent: an agent talks, and the offer has lapsed or the store
// has lost it. Whatever became of the agent and of the call meanwhile, the
// distributor holds the agent from when it is told, and nobody else for the call.
func TestTalkingHoldsTheAgent(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		meanwhile func(w *world, o orchestrator.Offer)
		after     acd.State // of the agent when the conversation is over
	}{
		"answered":   {func(w *world, o orchestrator.Offer) { w.answer(o.ID) }, acd.StateAvailable},
		"unanswered": {func(*world, orchestrator.Offer) {}, acd.StateAvailable},
		"lapsed": {func(w *world, o orchestrator.Offer) {
			w.failed(o.ID, orchestrator.OfferNoAnswer)
		}, acd.StateAvailable},
		"the call is offered to another": {func(w *world, o orchestrator.Offer) {
			w.login("a01")
			if p := w.failed(o.ID, orchestrator.OfferNoAnswer); p.Offer == nil || p.Offer.Agent != "a01" {
				w.Fatalf("%+v", p)
			}
		}, acd.StateAvailable},
		"the agent is offered another call": {func(w *world, o orchestrator.Offer) {
			w.failed(o.ID, orchestrator.OfferCancelled)
			if p := w.enqueue("c2", "ventas"); p.Offer == nil || p.Offer.Agent != "a00" {
				w.Fatalf("%+v", p)
			}
		}, acd.StateAvailable},
		"the agent has paused": {func(w *world, o orchestrator.Offer) {
			w.failed(o.ID, orchestrator.OfferError)
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00")
		}, acd.StatePaused},
		"the agent was paused for it": {func(w *world, o orchestrator.Offer) {
			w.failed(o.ID, orchestrator.OfferNoAnswer)
			for w.agent("a00").State != acd.StatePaused {
				w.advance(5 * time.Second)
				w.failed(w.offered().ID, orchestrator.OfferNoAnswer)
			}
		}, acd.StateAvailable},
		"the offer is lost": {func(w *world, o orchestrator.Offer) {
			w.failed(o.ID, orchestrator.OfferCancelled)
		}, acd.StateAvailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, defs(2, queue("ventas", noWrap)))
			w.login("a00")
			o := *w.enqueue("c1", "ventas").Offer
			r.meanwhile(w, o)
			for range 2 { // told twice it is no different
				if ok, err := w.svc.Talking(w.ctx(), o); !ok || err != nil {
					t.Fatalf("%v %v", ok, err)
				}
			}
			a := w.wantState("a00", acd.StateTalking)
			if a.Offer != o.ID || a.Call != "c1" || a.Misses != 0 || a.Rest != 0 {
				t.Errorf("%+v", a)
			}
			got := w.records()
			if c, there := got.Calls["c1"]; there {
				t.Errorf("the call is still in the queue: %+v", c)
			}
			for _, other := range got.Offers {
				if other.ID != o.ID && (other.Call == "c1" || other.Agent == "a00") {
					t.Errorf("another offer stands: %+v", other)
				}
			}
			w.clean()
			w.must(w.svc.Finished(w.ctx(), o, time.Minute))
			if a := w.agent("a00"); a.State != r.after && a.State != acd.StateReserved || a.Calls != 1 {
				t.Errorf("after the conversation: %+v", a)
			}
			w.clean()
		})
	}
}

// TestTalkingIsRefused: who is logged out, or in another conversation, is not held.
func TestTalkingIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas", noWrap)))
	w.login("a00")
	o := *w.enqueue("c1", "ventas").Offer
	w.failed(o.ID, orchestrator.OfferCancelled)
	other := w.serve("c2", "ventas")
	if ok, err := w.svc.Talking(w.ctx(), o); ok || err != nil {
		t.Errorf("held beside another conversation: %v %v", ok, err)
	}
	w.finish(other.ID)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentLogout, "a00")
	if ok, err := w.svc.Talking(w.ctx(), o); ok || err != nil {
		t.Errorf("held while logged out: %v %v", ok, err)
	}
	w.clean()
}
