package redisstore_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// wantDials has an agent make a call.
func (w *world) wantDials(want orchestrator.AgentResult, call, agent, queue string) orchestrator.Dialled {
	w.Helper()
	d, err := w.svc.Dial(w.ctx(), orchestrator.Dialling{Call: call, PBX: pbx, Visit: 2, Agent: agent, Queue: queue, By: "test"})
	w.must(err)
	if d.Result != want || (d.Offer != nil) != (want == orchestrator.AgentOK) {
		w.Fatalf("agent %s calls for %q: %q, offer %+v, want %q", agent, queue, d.Result, d.Offer, want)
	}
	return d
}

// TestAnAgentWhoCallsGetsNoCall: an agent is held in one step for a call that the
// agent makes, gets no other, and has wrap-up and outcome afterwards.
func TestAnAgentWhoCallsGetsNoCall(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.wantDials(orchestrator.AgentNotLoggedIn, "o1", "a01", "")
	w.wantDials(orchestrator.AgentUnknown, "o1", "nobody", "")
	w.login("a01")
	w.wantDials(orchestrator.AgentBadQueue, "o1", "a01", "none")
	o := *w.wantDials(orchestrator.AgentOK, "o1", "a01", "").Offer
	a := w.wantState("a01", acd.StateTalking)
	if a.Call != "o1" || a.Offer != o.ID || !o.Answered || o.Queue == "" {
		t.Errorf("%+v holds %+v", o, a)
	}
	if again := w.wantDials(orchestrator.AgentOK, "o1", "a01", ""); again.Offer.ID != o.ID {
		t.Errorf("asked again: %s, before %s", again.Offer.ID, o.ID)
	}
	w.wantDials(orchestrator.AgentBusy, "o2", "a01", "")
	if p := w.enqueue("c1", o.Queue); p.Offer != nil {
		t.Fatalf("a call was offered: %+v", p.Offer)
	}
	if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
		t.Errorf("%d mended, %v", n, err)
	}
	w.leave("c1", 0)
	w.must(w.svc.Finished(w.ctx(), o, time.Minute))
	if a := w.wantState("a01", acd.StateWrapup); a.Calls != 1 || a.TalkMS != time.Minute.Milliseconds() {
		t.Errorf("figures: %+v", a)
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01", disposition("1"))

	t.Log("nobody was reached: an outcome, and no conversation")
	o = *w.wantDials(orchestrator.AgentOK, "o3", "a01", "").Offer
	w.must(w.svc.Finished(w.ctx(), o, 0))
	if a := w.wantState("a01", acd.StateWrapup); a.Calls != 1 {
		t.Errorf("%d conversations", a.Calls)
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01", disposition("1"))

	t.Log("given up before the agent picked up: free at once")
	o = *w.wantDials(orchestrator.AgentOK, "o4", "a01", "").Offer
	_, err := w.svc.Failed(w.ctx(), o, orchestrator.OfferCancelled)
	w.must(err)
	w.wantState("a01", acd.StateAvailable)
	if r := w.records(); len(r.Offers) != 0 || len(r.Calls) != 0 {
		t.Errorf("left: %+v %+v", r.Offers, r.Calls)
	}
}

// TestOnlyWhoIsFreePreviews: for a call that the agent has not asked for only one is held whom
// a call could be offered to: not who is paused, wraps up or is passed over.
func TestOnlyWhoIsFreePreviews(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.login("a01")
	given := func(call string, want orchestrator.AgentResult) *orchestrator.Offer {
		t.Helper()
		d, err := w.svc.Dial(w.ctx(), orchestrator.Dialling{Call: call, PBX: pbx, Visit: 2, Agent: "a01", By: "test", Free: true})
		w.must(err)
		if d.Result != want {
			t.Fatalf("call %s: %q, want %q", call, d.Result, want)
		}
		return d.Offer
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a01", func(c *orchestrator.AgentCommand) { c.Reason = "1" })
	given("o1", orchestrator.AgentBusy)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a01")
	o := given("o2", orchestrator.AgentOK)
	if again := given("o2", orchestrator.AgentOK); again.ID != o.ID {
		t.Errorf("asked again: %s, before %s", again.ID, o.ID)
	}
	_, err := w.svc.Failed(w.ctx(), *o, orchestrator.OfferNoAnswer) // and is passed over for a while
	w.must(err)
	w.wantState("a01", acd.StateAvailable)
	given("o3", orchestrator.AgentPhoneBusy)
}

// TestAPauseOutlastsACall: who is paused may call, and is paused again; a call
// from wrap-up ends it; during a call that is offered nobody calls.
func TestAPauseOutlastsACall(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.login("a01")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a01", func(c *orchestrator.AgentCommand) { c.Reason = "1" })
	before := w.agent("a01")
	o := *w.wantDials(orchestrator.AgentOK, "o1", "a01", "").Offer
	w.must(w.svc.Finished(w.ctx(), o, time.Minute))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01")
	if a := w.wantState("a01", acd.StatePaused); a.Reason != before.Reason {
		t.Errorf("paused for %q, before for %q", a.Reason, before.Reason)
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a01")
	served := w.serve("c1", o.Queue)
	w.finish(served.ID)
	w.wantState("a01", acd.StateWrapup)
	o = *w.wantDials(orchestrator.AgentOK, "o2", "a01", "").Offer
	w.must(w.svc.Finished(w.ctx(), o, time.Second))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01")
	if p := w.enqueue("c2", o.Queue); p.Offer == nil {
		t.Fatalf("no offer: %+v", p)
	}
	w.wantDials(orchestrator.AgentBusy, "o3", "a01", "")
}

// TestTheAgentsPhone: a click does not ring a phone that is in another call, and
// the phone that dials is in that call.
func TestTheAgentsPhone(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.login("a01")
	endpoint := w.agent("a01").Endpoint
	w.must(w.svc.Device(w.ctx(), pbx, endpoint, orchestrator.DeviceBusy))
	w.wantDials(orchestrator.AgentPhoneBusy, "o1", "a01", "")
	d, err := w.svc.Dial(w.ctx(), orchestrator.Dialling{Call: "o1", PBX: pbx, Visit: 2, Endpoint: endpoint, By: "phone"})
	w.must(err)
	if d.Result != orchestrator.AgentOK || d.Offer.Agent != "a01" {
		t.Errorf("dialled at the phone: %+v", d)
	}
}

// TestOneAgentOneCall: sixty-four calls at once, of queues and of the agent's own
// making, get the agent once.
func TestOneAgentOneCall(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.login("a01")
	queue := w.svc.Definitions().Agents[0].Queues[0].Queue
	var got atomic.Int32
	together(func(n int) {
		if n%2 == 0 {
			d, err := w.svc.Dial(w.ctx(), orchestrator.Dialling{Call: fmt.Sprint("o", n), PBX: pbx, Visit: 2, Agent: "a01"})
			if err == nil && d.Result == orchestrator.AgentOK {
				got.Add(1)
			}
			return
		}
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: fmt.Sprint("c", n), PBX: pbx, Queue: queue, Entered: w.clock()})
		if err == nil && p.Offer != nil {
			got.Add(1)
		}
	})
	if got.Load() != 1 {
		t.Errorf("the agent got %d calls", got.Load())
	}
}

// TestATakenOverCallHoldsItsSupervisor: whoever takes a call over is held for it,
// whatever queue it is of and whatever the phone is doing, beside an agent who is
// in it, too; asked again by the next process the answer is the same.
func TestATakenOverCallHoldsItsSupervisor(t *testing.T) {
	t.Parallel()
	defs := agentDefs()
	defs.Agents = append(defs.Agents, acd.Agent{ID: "boss", PBX: pbx, Endpoint: "PJSIP/900"})
	w := setup(t, defs)
	over := func(want orchestrator.AgentResult, queue string) *orchestrator.Offer {
		d, err := w.svc.Dial(w.ctx(), orchestrator.Dialling{Call: "c1", PBX: pbx, Visit: 9, Agent: "boss", Queue: queue, By: "test", Over: true})
		w.must(err)
		if d.Result != want {
			w.Fatalf("taking over a call of %q: %q, want %q", queue, d.Result, want)
		}
		return d.Offer
	}
	w.login("a01")
	served := w.serve("c1", "ventas")
	over(orchestrator.AgentNotLoggedIn, served.Queue)
	w.login("boss")
	w.device("900", orchestrator.DeviceBusy)
	over(orchestrator.AgentBadQueue, "none")
	o := over(orchestrator.AgentOK, served.Queue)
	if again := over(orchestrator.AgentOK, served.Queue); again.ID != o.ID || o.Agent != "boss" || o.ID == served.ID {
		t.Errorf("asked again: %+v, before %+v", again, o)
	}
	if a := w.wantState("boss", acd.StateTalking); a.Call != "c1" || a.Queue != served.Queue {
		t.Errorf("boss: %+v", a)
	}
	if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
		t.Errorf("%d mended, %v", n, err)
	}
	w.finish(served.ID)
	w.must(w.svc.Finished(w.ctx(), *o, time.Minute))
	w.wantState("boss", acd.StateWrapup)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "boss", disposition("1"))
}
