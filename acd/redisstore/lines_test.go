package redisstore_test

import (
	"testing"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestALinePausesAndMakesReady: an agent whose permanent line is gone is paused for
// that, unless paused already, also after a call; its coming back makes nobody
// ready who is paused for something else.
func TestALinePausesAndMakesReady(t *testing.T) {
	t.Parallel()
	trusted := func(c *orchestrator.AgentCommand) { c.Trusted = true }
	w := setup(t, agentDefs())
	w.wantDo(orchestrator.AgentNotLoggedIn, orchestrator.AgentLineDown, "a01", trusted)
	if at := w.do(orchestrator.AgentLook, "a01", trusted).Phone; at.PBX != pbx || at.Endpoint != "PJSIP/101" { // who opens the line asks before
		t.Errorf("the phone of who is logged out: %+v", at)
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentLine, "a01", trusted)
	w.wantState("a01", acd.StateAvailable)
	if p := w.enqueue("c0", "ventas"); p.Offer != nil {
		t.Errorf("a call before the line is there: %+v", p.Offer)
	}
	w.must(w.svc.Leave(w.ctx(), "c0", 0, "test"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentLine, "a01", trusted) // once more: the line is what counts

	t.Log("gone and back")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentLineDown, "a01", trusted)
	if a := w.wantState("a01", acd.StatePaused); a.Reason != orchestrator.ReasonLine {
		t.Errorf("paused for %q", a.Reason)
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentLineUp, "a01", trusted)
	w.wantState("a01", acd.StateAvailable)
	w.wantDo(orchestrator.AgentAlready, orchestrator.AgentLineUp, "a01", trusted)

	t.Log("paused for lunch: neither matters")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a01", reason("1"))
	lunch := w.wantState("a01", acd.StatePaused).Reason
	for _, op := range []orchestrator.AgentOp{orchestrator.AgentLineDown, orchestrator.AgentLineUp} {
		w.wantDo(orchestrator.AgentAlready, op, "a01", trusted)
		if a := w.wantState("a01", acd.StatePaused); a.Reason != lunch {
			t.Errorf("after %s paused for %q", op, a.Reason)
		}
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a01")

	t.Log("gone in a call: paused after it, unless it is back before")
	w.device("101", orchestrator.DeviceFree)
	o := w.serve("c1", "ventas")
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentLineDown, "a01", trusted)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentLineUp, "a01", trusted)
	w.wantState("a01", acd.StateTalking)
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentLineDown, "a01", trusted)
	w.finish(o.ID)
	w.wantState("a01", acd.StateWrapup)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentLineUp, "a01", trusted) // wrap-up goes on
	w.wantState("a01", acd.StateWrapup)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01")
	w.wantState("a01", acd.StateAvailable)
}
