package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// TestOrdersToAnotherProcess: whatever is ordered of a process is done on a PBX that
// another one drives, and refusals come back as they are.
func TestOrdersToAnotherProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.callsOut(asIs)
		other := s.second("two")
		s.wait(5 * time.Second)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		c := s.live()
		if err := other.Ask(t.Context(), c.Call, call.Wish{Do: call.WishHold, By: "api:test"}); err != nil {
			t.Errorf("hold: %v", err)
		}
		s.wait(time.Second)
		if ch, _ := s.pbx.Channel("in.1"); !ch.Held {
			t.Errorf("the caller hears no music: %+v", ch)
		}
		err := other.Ask(t.Context(), c.Call, call.Wish{Do: call.WishHold, By: "api:test"})
		if here := s.eng.Ask(t.Context(), c.Call, call.Wish{Do: call.WishHold, By: "api:test"}); err == nil || here == nil ||
			fault.KindOf(err) != fault.KindOf(here) || fault.Text(err) != fault.Text(here) {
			t.Errorf("held already: %v, and asked of who drives the PBX: %v", err, here)
		}
		if err := other.Ask(t.Context(), c.Call, call.Wish{Do: call.WishHangup, By: "api:test"}); err != nil {
			t.Errorf("hangup: %v", err)
		}
		s.wait(time.Minute)
		for _, id := range []string{c.Call, "none"} {
			if err := other.Ask(t.Context(), id, call.Wish{Do: call.WishHangup}); fault.KindOf(err) != fault.NotFound {
				t.Errorf("call %q, which is not live: %v", id, err)
			}
		}

		s.pbx.Endpoint(outsideNumber, pbxtest.AnswerAfter(2*time.Second).ThenHangUp(time.Minute))
		made, err := other.Dial(t.Context(), "lima", order("910000001"), "k1")
		if again, err := s.eng.Dial(t.Context(), "lima", order("910000001"), "k1"); err != nil || again.Call != made.Call {
			t.Errorf("a key is the same for all processes: %+v, %v, want %+v", again, err, made)
		}
		if refused, err := other.Dial(t.Context(), "lima", order("910000001"), ""); err != nil || refused.Refusal == nil || refused.Refusal.Agent == "" {
			t.Errorf("an agent who is in a call: %+v, %v", refused, err)
		}
		if err != nil || made.Call == "" || made.Refusal != nil {
			t.Errorf("dial: %+v, %v", made, err)
		}
		s.wait(5 * time.Minute)
		if err := other.Ready(t.Context(), "lima"); err != nil {
			t.Errorf("the PBX that the other drives: %v", err)
		}
		if err := other.Ready(t.Context(), "none"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a PBX that there is not: %v", err)
		}
		for range 2 { // by its id it is the same attempt, whoever is asked
			begun, err := other.Attempt(t.Context(), "lima", attempt("910000001"))
			if err != nil || begun.Call != attemptID || begun.Refusal != nil {
				t.Errorf("attempt: %+v, %v", begun, err)
			}
		}
		s.wait(5 * time.Minute)
		if n := s.leadRung(); n != 2 { // the agent's call, and the campaign's
			t.Errorf("rung %d times", n)
		}
		if _, err := other.Attempt(t.Context(), "lima", call.Attempt{Call: attemptID, Flow: "sales"}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("an attempt of no campaign: %v", err)
		}
		if _, err := other.CallBack(t.Context(), "lima", call.CallbackOrder{Queue: "sales", Number: "910000001"}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a callback of a queue that calls nobody back: %v", err)
		}

		if _, err := other.Do(t.Context(), orchestrator.AgentCommand{Op: orchestrator.AgentLine, Agent: "ana", Trusted: true}); err != nil {
			t.Errorf("a permanent line: %v", err)
		}
		s.wait(5 * time.Second)
		s.idle(s.line())
		s.logout()
		other.Stop()
		s.finish(s.outcomes()...)
	})
}

// TestOrdersWhileNobodyDrives: an order waits for whoever takes the PBX over.
func TestOrdersWhileNobodyDrives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		other := s.second("two")
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(10 * time.Second)
		c := s.live()
		s.kill() // its lease is to run out yet
		asked := time.Now()
		if err := other.Ask(t.Context(), c.Call, call.Wish{Do: call.WishHangup, By: "api:test"}); err != nil {
			t.Errorf("asked of who is taking over: %v, after %v", err, time.Since(asked))
		}
		s.eng = other
		s.finish(orchestrator.OutcomeServed)
	})
}
