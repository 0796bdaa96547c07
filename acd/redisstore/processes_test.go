package redisstore_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestTwoProcesses has a process that drives the PBX and one that serves its
// API only. Whatever the second brings about, the first one's desk gets it.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas"))
	w := setup(t, d)
	w.svc.Stop()
	live := &liveCalls{state: map[string]orchestrator.CallState{
		"c1": orchestrator.StateWaiting, "c2": orchestrator.StateWaiting}}
	start := func(desk *desk, drives bool) *acd.Service {
		t.Helper()
		s, err := acd.New(acd.Parts{Store: w.store, Definitions: d, Calls: live, Now: w.clock,
			Drives: func(string) bool { return drives }})
		w.must(err)
		w.must(s.Start(w.ctx(), desk))
		t.Cleanup(s.Stop)
		return s
	}
	idleDesk := newDesk()
	idleDesk.lose("c1")
	idleDesk.lose("c2")
	driver, other := start(w.desk, true), start(idleDesk, false)

	w.svc = driver
	w.login("a00")
	o := w.serve("c1", "ventas")
	w.enqueue("c2", "ventas")
	w.finish(o.ID)
	w.advance(time.Minute) // wakes the driver; wake the other as well: it must keep its hands off
	other.Wake()
	if got := w.offered(); got.Call != "c2" {
		t.Fatalf("%+v", got)
	}
	w.failed(w.agent("a00").Offer, orchestrator.OfferNoAnswer)
	w.must(w.svc.Leave(w.ctx(), "c2", "hangup"))

	// By a command to the other process: its desk does not know the call.
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00")
	w.enqueue("c1", "ventas")
	w.svc = other
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	w.until("the other process gives the offer back", func() bool { return w.agent("a00").Rest > 0 })
	w.mu.Lock()
	w.now = w.now.Add(2 * time.Second) // nobody is woken: the driver looks by itself
	w.mu.Unlock()
	if got := w.offered(); got.Call != "c1" || got.Agent != "a00" {
		t.Fatalf("%+v", got)
	}
	if len(idleDesk.offers) != 0 {
		t.Error("the other process's desk took an offer")
	}
	w.clean()
}
