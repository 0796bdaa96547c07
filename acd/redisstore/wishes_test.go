package redisstore_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// changes are the agent.state entries of an agent, in order.
func (w *world) changes(agent string) (out []orchestrator.AgentChange) {
	w.Helper()
	for _, e := range w.journal(orchestrator.EntryAgentState) {
		if e.Agent == agent {
			var c orchestrator.AgentChange
			w.decode(e.Data, &c)
			out = append(out, c)
		}
	}
	return out
}

// TestWrapUpEndsWithoutAnOutcome: a disposition without a code ends wrap-up, and
// the outcome may still be given until the next call.
func TestWrapUpEndsWithoutAnOutcome(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.wantDo(orchestrator.AgentNotLoggedIn, orchestrator.AgentDispose, "a01")
	w.login("a01")
	w.wantDo(orchestrator.AgentNothingToClose, orchestrator.AgentDispose, "a01")
	o := w.serve("c1", "ventas")
	w.wantDo(orchestrator.AgentNothingToClose, orchestrator.AgentDispose, "a01") // in conversation there is no wrap-up to end
	w.finish(o.ID)
	w.wantState("a01", acd.StateWrapup)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01")
	w.wantState("a01", acd.StateAvailable)
	if n := len(w.journal(orchestrator.EntryAgentDisposed)); n != 0 {
		t.Errorf("%d outcomes on record, and none was given", n)
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01", disposition("1"))
	w.wantDo(orchestrator.AgentNothingToClose, orchestrator.AgentDispose, "a01", disposition("1"))
}

// TestWrapUpIsExtended by as much, and up to as long, as the queue lets it.
func TestWrapUpIsExtended(t *testing.T) {
	t.Parallel()
	d := agentDefs()
	d.Queues[0].ExtendWrapUp = &acd.Extension{By: 20 * time.Second, Most: time.Minute}
	w := setup(t, d)
	w.wantDo(orchestrator.AgentNotLoggedIn, orchestrator.AgentExtend, "a01")
	w.login("a01")
	w.wantDo(orchestrator.AgentNothingToClose, orchestrator.AgentExtend, "a01")
	o := w.serve("c1", "ventas")
	w.wantDo(orchestrator.AgentNothingToClose, orchestrator.AgentExtend, "a01")
	w.finish(o.ID)
	began := w.clock()
	w.skip(10 * time.Second)
	for _, want := range []time.Duration{50 * time.Second, time.Minute} {
		w.wantDo(orchestrator.AgentOK, orchestrator.AgentExtend, "a01")
		a, last := w.agent("a01"), w.changes("a01")
		if a.Due != began.Add(want).UnixMilli() || last[len(last)-1].Until != a.Due || last[len(last)-1].From != "wrapup" {
			t.Errorf("want %s: %+v, told %+v", want, a, last[len(last)-1])
		}
	}
	w.wantDo(orchestrator.AgentNoMore, orchestrator.AgentExtend, "a01")
	w.skip(49 * time.Second)
	w.wantState("a01", acd.StateWrapup)
	w.clean()
	w.skip(2 * time.Second)
	w.wantState("a01", acd.StateAvailable)
	w.login("a00")
	o = w.serve("c2", "soporte") // which extends none
	w.finish(o.ID)
	w.wantDo(orchestrator.AgentNoMore, orchestrator.AgentExtend, "a00")
	w.clean()
}

// TestAWishWaitsForTheEndOfWrapUp: who asks for a pause or to leave during a call
// keeps the wrap-up, and the outcome can be given in it and after it.
func TestAWishWaitsForTheEndOfWrapUp(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name string
		op   orchestrator.AgentOp
		end  func(w *world)
		want acd.State
	}{
		{"logout, outcome", orchestrator.AgentLogout, func(w *world) {
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01", disposition("1"))
		}, acd.StateOffline},
		{"logout, no outcome", orchestrator.AgentLogout, func(w *world) { w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01") }, acd.StateOffline},
		{"logout, time over", orchestrator.AgentLogout, func(w *world) { w.advance(30 * time.Second); w.must(w.svc.Expire(w.ctx())) }, acd.StateOffline},
		{"logout, ready instead", orchestrator.AgentLogout, func(w *world) { w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a01") }, acd.StateAvailable},
		{"logout, pause instead", orchestrator.AgentLogout, func(w *world) {
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a01", reason("1"))
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a01")
		}, acd.StateAvailable},
		{"pause, outcome", orchestrator.AgentPause, func(w *world) {
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01", disposition("9"))
		}, acd.StatePaused},
		{"pause, time over", orchestrator.AgentPause, func(w *world) { w.advance(30 * time.Second); w.must(w.svc.Expire(w.ctx())) }, acd.StatePaused},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, agentDefs())
			w.login("a01")
			o := w.serve("c1", "ventas")
			w.wantDo(orchestrator.AgentLater, r.op, "a01")
			w.finish(o.ID)
			if a := w.wantState("a01", acd.StateWrapup); a.Next == "" {
				t.Errorf("the wish is forgotten: %+v", a)
			}
			r.end(w)
			if a := w.wantState("a01", r.want); a.Next != "" {
				t.Errorf("the wish stands: %+v", a)
			}
			w.clean()
		})
	}
}

// TestAnOutcomeIsTakenAfterTheLogout, where there is no wrap-up to give it in.
func TestAnOutcomeIsTakenAfterTheLogout(t *testing.T) {
	t.Parallel()
	d := agentDefs()
	d.Queues[0].WrapUp = 0
	w := setup(t, d)
	w.login("a01")
	o := w.serve("c1", "ventas")
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentLogout, "a01")
	w.finish(o.ID)
	w.wantState("a01", acd.StateOffline)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01", disposition("1"))
	w.wantState("a01", acd.StateOffline)
	if n := len(w.journal(orchestrator.EntryAgentDisposed)); n != 1 {
		t.Errorf("%d outcomes on record", n)
	}
	w.wantDo(orchestrator.AgentNotLoggedIn, orchestrator.AgentDispose, "a01", disposition("1"))
}

// TestNoReasonStaysOnAFreeAgent: a reason is of a pause. Why a call was missed is
// in the journal.
func TestNoReasonStaysOnAFreeAgent(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.login("a01")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a01", reason("lunch"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a01")
	p := w.enqueue("c1", "ventas")
	w.failed(p.Offer.ID, orchestrator.OfferNoAnswer)
	if a := w.wantState("a01", acd.StateAvailable); a.Reason != "" {
		t.Errorf("the agent is free and has the reason %q", a.Reason)
	}
	all := w.changes("a01")
	if last := all[len(all)-1]; last.Reason != "no_answer" {
		t.Errorf("the journal does not tell why: %+v", last)
	}
}

// TestWishesAreTold: what an agent asked for is in the journal and on the boards
// before it happens, and also that it was taken back.
func TestWishesAreTold(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.login("a01")
	o := w.serve("c1", "ventas")
	want := func(next, reason string) {
		t.Helper()
		all := w.changes("a01")
		if last := all[len(all)-1]; last.Next != next || last.NextReason != reason {
			t.Errorf("the journal says next %q for %q, want %q for %q", last.Next, last.NextReason, next, reason)
		}
		v, err := w.svc.Agent(w.ctx(), "a01")
		w.must(err)
		if v.Next != next || v.NextReason != reason {
			t.Errorf("the board says next %q for %q, want %q for %q", v.Next, v.NextReason, next, reason)
		}
	}
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, "a01", reason("lunch"))
	want("pause", "lunch")
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentLogout, "a01")
	want("logout", "")
	w.finish(o.ID)
	want("logout", "")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a01")
	want("", "")
}

// TestABusyPhoneRestsLongerEachTime: one that answers busy although the PBX calls
// it free is not tried for ever at the same pace, and everybody can see why.
func TestABusyPhoneRestsLongerEachTime(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.login("a00")
	w.device("100", orchestrator.DeviceFree)
	o := *w.enqueue("c1", "ventas").Offer
	for _, rest := range []time.Duration{5, 10, 20, 40, 80, 160, 320, 600, 600} {
		w.failed(o.ID, orchestrator.OfferBusy)
		w.device("100", orchestrator.DeviceFree) // our own ringing was over
		v, err := w.svc.Agent(w.ctx(), "a00")
		w.must(err)
		if got := time.UnixMilli(v.RestUntil).Sub(w.clock()); got != rest*time.Second || v.RestFor != "busy" || v.Eligible {
			t.Fatalf("it rests for %s (%s), want %s", got, v.RestFor, rest*time.Second)
		}
		all := w.changes("a00")
		if last := all[len(all)-1]; last.RestFor != "busy" || last.RestUntil == 0 {
			t.Errorf("the journal says nothing of it: %+v", last)
		}
		w.advance(rest * time.Second)
		o = w.offered()
	}
	w.answer(o.ID)
	w.finish(o.ID)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	o = *w.enqueue("c2", "ventas").Offer
	w.failed(o.ID, orchestrator.OfferBusy)
	w.device("100", orchestrator.DeviceFree)
	if a := w.agent("a00"); a.Rest != w.clock().Add(5*time.Second).UnixMilli() {
		t.Errorf("after a call that was served it rests until %d as if it had not been", a.Rest)
	}
}
