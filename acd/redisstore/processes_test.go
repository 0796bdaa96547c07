package redisstore_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestTwoProcesses has a process that drives the PBX and one that serves its
// API only. Whatever the second brings about, the first is told of it.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas"))
	w := empty(t)
	start := func(drives bool) *acd.Service {
		return w.process(acd.Parts{Definitions: d, Drives: func(string) bool { return drives }})
	}
	driver, other := start(true), start(false)
	w.own(driver, w.desk, pbx)

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
	w.leave("c2", 0)

	// By a command to the other process, which has no calls.
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00")
	w.enqueue("c1", "ventas")
	w.svc = other
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	if got := w.offered(); got.Call != "c1" || got.Agent != "a00" {
		t.Fatalf("%+v", got)
	}
	if a := w.wantState("a00", acd.StateReserved); a.Rest != 0 || a.Misses != 0 {
		t.Errorf("the agent is innocent: %+v", a)
	}
	w.clean()
}
