package redisstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestOffersTellHowTheyCameAbout: whether the call or the agent waited, for how
// long, and after how many times that more agents were let serve the call.
func TestOffersTellHowTheyCameAbout(t *testing.T) {
	t.Parallel()
	defs := defs(2, queue("ventas", func(q *acd.Queue) { q.Requires, q.Relax = "en >= 3", []acd.Relax{{After: 20 * time.Second}} }))
	defs.Skills = []acd.Skill{{Name: "en"}}
	defs.Agents[0].Skills = map[string]int{"en": 5}
	w := setup(t, defs)
	w.login("a00", "a01")
	w.advance(3 * time.Second)
	o := w.serve("c1", "ventas")
	if want := (orchestrator.Match{Strategy: "longest_idle", FreeMS: 3000}); o.Match != want {
		t.Errorf("of an agent who was free: %+v, want %+v", o.Match, want)
	}
	p := w.enqueue("c2", "ventas") // a01 may not serve it yet
	if got, want := fmt.Sprint(p.Staff, p.Widens), "2 [20s]"; got != want {
		t.Errorf("of a call that waits: %s, want %s", got, want)
	}
	p = w.enqueue("c2", "ventas")
	if got, want := fmt.Sprint(p.Result, " ", p.Staff, p.Widens), "waiting 2 [20s]"; got != want {
		t.Errorf("asked for once more, as the first answer may have been lost: %s, want %s", got, want)
	}
	w.advance(20 * time.Second)
	late := w.offered()
	if want := (orchestrator.Match{Strategy: "longest_idle", Relaxed: 1, WaitedMS: 20_000, FreeMS: 23_000}); late.Agent != "a01" || late.Match != want {
		t.Errorf("once less is required: %s %+v, want %+v", late.Agent, late.Match, want)
	}
	w.enqueue("c3", "ventas")
	w.advance(time.Second)
	w.finish(o.ID)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	freed := w.offered()
	if want := (orchestrator.Match{Freed: true, Strategy: "longest_idle", WaitedMS: 1000}); freed.Match != want {
		t.Errorf("of an agent who became free: %+v, want %+v", freed.Match, want)
	}
}
