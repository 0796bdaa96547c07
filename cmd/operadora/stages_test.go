package main

import (
	"testing"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestHangUpsInEveryStage: in every stage of what an agent does by keys either side
// hangs up, on real phones. Afterwards nothing is left on the PBX, no agent is
// stuck, and each call is on record once.
func TestHangUpsInEveryStage(t *testing.T) {
	t.Parallel()
	r := keysRig(t)
	r.start()
	ana, ben := r.login("101"), r.login("102")
	hangs := func(c *lab.Call) { r.t.Helper(); must(t, c.Hangup()) }
	rings := func() *lab.Call {
		b := r.next(ben)
		must(t, b.Ring())
		return b
	}
	rows := []struct {
		name string
		do   func(caller, agent *lab.Call)
	}{
		{"on hold, the caller", func(c, a *lab.Call) {
			r.types(a, "*1")
			must(t, c.WaitSound(limit(t)))
			hangs(c)
			ended(t, a)
		}},
		{"on hold, the agent", func(c, a *lab.Call) {
			r.types(a, "*1")
			must(t, c.WaitSound(limit(t)))
			hangs(a)
			ended(t, c)
		}},
		{"in the middle of a code, the agent", func(c, a *lab.Call) {
			r.types(a, "*210")
			hangs(a)
			ended(t, c)
		}},
		{"in the middle of a code, the caller", func(c, a *lab.Call) {
			r.types(a, "*210")
			hangs(c)
			ended(t, a)
		}},
		{"transferred and ringing, the caller", func(c, a *lab.Call) {
			r.types(a, "*2102#")
			ended(t, a)
			b := rings()
			hangs(c)
			ended(t, b)
		}},
		{"transferred and served, the second agent", func(c, a *lab.Call) {
			r.types(a, "*2102#")
			ended(t, a)
			b := r.takes(ben, c)
			hangs(b)
			ended(t, c)
		}},
		{"in a flow, the caller", func(c, a *lab.Call) {
			r.types(a, "*#1#")
			must(t, a.WaitSound(limit(t)))
			r.types(c, "49")
			hangs(c)
			ended(t, a)
		}},
		{"in a flow, the agent, and then the flow ends", func(c, a *lab.Call) {
			r.types(a, "*#1#")
			must(t, a.WaitSound(limit(t)))
			hangs(a)
			r.types(c, "49291234")
			ended(t, c)
		}},
	}
	for _, row := range rows {
		t.Log(row.name)
		caller := r.queue("5550001")
		a := r.takes(ana, caller)
		a.PlayTone(0)
		caller.PlayTone(0)
		row.do(caller, a)
	}
	for _, c := range r.settled(len(rows)) {
		if c.Outcome != orchestrator.OutcomeServed || c.TalkMS == 0 {
			t.Errorf("the record: %+v", c)
		}
	}
}
