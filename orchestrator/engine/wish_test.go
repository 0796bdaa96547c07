package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// everybody knows every agent and queue.
type everybody struct{}

func (everybody) Dialled(_, digits string) (orchestrator.Target, bool) {
	return orchestrator.Target{Kind: orchestrator.TargetQueue, Name: digits}, digits == "sales"
}
func (everybody) Knows(orchestrator.Target) bool { return true }

// Oversees lets bea and col listen, bea do all, and nobody else anything.
func (everybody) Oversees(_, supervisor, agent string) (orchestrator.Oversight, error) {
	o := orchestrator.Oversight{Team: "sales", Endpoint: "PJSIP/" + supervisor, May: []orchestrator.MonitorMode{orchestrator.MonitorListen}}
	switch {
	case supervisor == "bea" && agent != "bea":
		o.May = append(slices.Clone(orchestrator.MonitorModes), orchestrator.MonitorTakeover)
		o.Visible = true
	case supervisor == "nobody":
		return o, fault.New("everybody", fault.NotFound, "supervisor: no agent %q", supervisor)
	case supervisor != "col" || agent != "ana":
		return o, fault.New("everybody", fault.Denied, "%q is no supervisor of %q", supervisor, agent)
	}
	return o, nil
}

// ask wants something of the only call. Whoever is not answered asks again.
func (s *site) ask(do call.WishKind, to orchestrator.Target) {
	s.t.Helper()
	err := s.eng.Ask(s.t.Context(), s.live().Call, call.Wish{Do: do, To: to, By: "test"})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		s.t.Errorf("%s: %v", do, err)
	}
	synctest.Wait()
}

// TestHoldAndTransferInTrouble holds, resumes and transfers a caller, with one
// command after the other unanswered, in three ways, or the process killed at
// it. The caller is served twice all the same, and nothing is left over.
func TestHoldAndTransferInTrouble(t *testing.T) {
	t.Parallel()
	inTrouble(t, 16, func(t *testing.T, tr trouble) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(20 * time.Second)
		killed := tr.begin(s)
		again := func() {
			if killed() {
				s.wait(time.Second)
				s.start()
			}
		}
		for _, do := range []call.WishKind{call.WishHold, call.WishResume, call.WishTransfer} {
			s.ask(do, orchestrator.Target{Kind: orchestrator.TargetQueue, Name: "sales"})
			s.wait(5 * time.Second)
			again()
			s.wait(15 * time.Second)
			if do == call.WishHold {
				if c, ok := s.pbx.Channel("in.1"); !ok || !c.Held || c.Bridge != "" {
					t.Errorf("on hold: %+v %v", c, ok)
				}
			}
			if do == call.WishResume {
				if c, ok := s.pbx.Channel("in.1"); !ok || c.Held || c.Bridge == "" {
					t.Errorf("taken back: %+v %v", c, ok)
				}
			}
		}
		s.wait(time.Minute)
		again()
		s.wait(time.Minute)
		s.pbx.Decide(nil)
		if c, ok := s.pbx.Channel("in.1"); !ok || c.Held || c.Bridge == "" {
			t.Errorf("after the transfer: %+v %v", c, ok)
		}
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.finish(orchestrator.OutcomeServed)
		s.served(2)
	})
}

// served checks how many conversations with agents are on the timelines.
func (s *site) served(want int) {
	s.t.Helper()
	connected := 0
	for _, e := range s.store.log {
		if e.Type == orchestrator.EntryCallConnected {
			connected++
		}
	}
	if connected != want {
		s.t.Errorf("served %d times", connected)
	}
}

// TestAskingForNoCall says so, and does not wait for a call that says nothing.
func TestAskingForNoCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		if err := s.eng.Ask(t.Context(), "none", call.Wish{Do: call.WishHold}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("no call: %v", err)
		}
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(time.Second)
		s.store.set(true)
		s.pbx.Press("in.1", "5")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, r := range s.store.calls {
			if err := s.eng.Ask(ctx, r.ID, call.Wish{Do: call.WishHold}); err == nil {
				t.Error("it was done without a conversation")
			}
		}
		s.store.set(false)
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.finish(orchestrator.OutcomeLeft)
	})
}

// TestQueueThatIsFull: whoever sends a customer to a queue hears from that, and not
// merely that it was asked; the conversation goes on. So do codes.
func TestQueueThatIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(20 * time.Second)
		s.floor.full = "billing"
		to := func(queue string) orchestrator.Target {
			return orchestrator.Target{Kind: orchestrator.TargetQueue, Name: queue}
		}
		for _, do := range []call.WishKind{call.WishTransfer, call.WishConsult, call.WishTransfer} {
			err := s.eng.Ask(t.Context(), s.live().Call, call.Wish{Do: do, To: to("billing"), By: "test"})
			if fault.KindOf(err) != fault.Conflict || err == nil || !strings.Contains(err.Error(), `queue "billing" is full`) {
				t.Errorf("%s: %v", do, err)
			}
			if c := s.live(); c.State != call.StateTalking || c.Customer().Held {
				t.Errorf("%s: state %q, %+v", do, c.State, c.Customer())
			}
		}
		if err := s.eng.Ask(t.Context(), s.live().Call, call.Wish{Do: call.WishTransfer, To: to("sales"), By: "test"}); err != nil {
			t.Errorf("to a queue with room: %v", err)
		}
		s.wait(20 * time.Second)
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.finish(orchestrator.OutcomeServed)
	})
}

// TestTransferByCode: an agent's present call is found by the phone that dialled
// the code, and the code's own call hears what came of it.
func TestTransferByCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(20 * time.Second)
		for id := range s.store.calls {
			s.floor.talks = id
		}
		s.pbx.ArriveAs(pbxtest.Arrival{Channel: "in.2", Args: []string{"feature", "transfer", "PJSIP/101", "sales"}})
		s.wait(10 * time.Second)
		s.served(2)
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.finish(orchestrator.OutcomeCompleted, orchestrator.OutcomeServed)
	})
}
