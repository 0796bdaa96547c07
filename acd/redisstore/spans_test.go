package redisstore_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/orchestrator"
)

// forFigures are the changes of agents in the journal, as figures are made of them.
func (w *world) forFigures() (list []figures.Change) {
	w.Helper()
	for _, e := range w.journal(orchestrator.EntryAgentState) {
		var c orchestrator.AgentChange
		w.decode(e.Data, &c)
		list = append(list, figures.Change{Agent: e.Agent, State: c.To, Reason: c.Reason, Call: c.Call, At: e.At.UnixMilli()})
	}
	return list
}

// wrappedUp is the time of wrap-up that figures find for a call in the journal.
func (w *world) wrappedUp(call string) (sum time.Duration) {
	w.Helper()
	for _, s := range figures.Spans(w.forFigures(), w.clock().UnixMilli()) {
		if s.State == figures.Wrapping && s.Call == call {
			sum += time.Duration(s.Until-s.At) * time.Millisecond
		}
	}
	return sum
}

// TestWrapUpIsItsCalls: all of the time for finishing is the call's, also what was added to
// it, what a disposition was owed for, and what came after news of the phone.
func TestWrapUpIsItsCalls(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		queue func(*acd.Queue)
		in    func(*world)
	}{
		"as it is":  {func(*acd.Queue) {}, func(*world) {}},
		"the phone": {func(*acd.Queue) {}, func(w *world) { w.device("100", orchestrator.DeviceFree) }},
		"extended": {func(q *acd.Queue) { q.ExtendWrapUp = &acd.Extension{By: 30 * time.Second, Most: 3 * time.Minute} }, func(w *world) {
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentExtend, "a00")
		}},
		"owed": {func(q *acd.Queue) { q.WrapUp, q.Outcome = 5*time.Second, &acd.OutcomeRule{Required: true, Several: 1} }, func(w *world) { w.skip(6 * time.Second) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := defs(1, queue("ventas", r.queue))
			d.Dispositions = []acd.Disposition{{Name: "sale"}}
			w := setup(t, d)
			w.login("a00")
			o := w.serve("c1", "ventas")
			w.skip(time.Minute)
			w.finish(o.ID)
			began := w.clock()
			w.skip(2 * time.Second)
			r.in(w)
			w.skip(20 * time.Second)
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00", func(c *orchestrator.AgentCommand) { c.Disposition = "sale" })
			if got, want := w.wrappedUp("c1"), w.clock().Sub(began); got != want {
				t.Errorf("%s of wrap-up are the call's, %s were", got, want)
			}
		})
	}
}

// TestAPauseAfterACallIsOne: a pause that was asked for in a call is one, whatever the phone
// tells as it hangs up.
func TestAPauseAfterACallIsOne(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas", noWrap))
	d.PauseReasons = []acd.PauseReason{{Name: "coffee"}}
	w := setup(t, d)
	w.login("a00")
	o := w.serve("c1", "ventas")
	w.device("100", orchestrator.DeviceBusy)
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, "a00", reason("coffee"))
	w.skip(time.Minute)
	w.finish(o.ID)
	w.skip(time.Second)
	w.device("100", orchestrator.DeviceFree)
	w.skip(time.Minute)
	day := figures.Day{Now: w.clock().UnixMilli(), Changes: w.forFigures()}
	day.Join(time.Hour)
	r, err := figures.Find("pauses")
	w.must(err)
	table, err := r.Make(&day, figures.Query{From: epoch, To: w.clock(), Zone: time.UTC, By: []figures.Dimension{figures.ByReason}})
	w.must(err)
	if n := table.Total[figures.Pauses]; n != 1 {
		t.Errorf("%d pauses", n)
	}
}
