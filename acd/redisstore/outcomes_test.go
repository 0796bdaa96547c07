package redisstore_test

import (
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// treeDefs has dispositions in trees, in a queue that says what holds for them.
func treeDefs(rule acd.OutcomeRule) acd.Definitions {
	d := defs(2, queue("ventas", func(q *acd.Queue) { q.Outcome = &rule }), queue("soporte"))
	d.PauseReasons = []acd.PauseReason{{Name: "lunch"}}
	d.Dispositions = []acd.Disposition{{Name: "sale", Queues: []string{"ventas"}}, {Name: "cash", Digits: "1", Parent: "sale"}, {Name: "card", Digits: "2", Parent: "sale"},
		{Name: "lost"}, {Name: "price", Digits: "3", Parent: "lost"}, {Name: "none", Digits: "0"}}
	return d
}

type outcome struct {
	Call, Disposition, Path, By, Notes string
	Also                               bool
}

func (w *world) outcomes() (out []outcome) {
	w.Helper()
	for _, e := range w.journal(orchestrator.EntryAgentDisposed) {
		var o outcome
		w.decode(e.Data, &o)
		out = append(out, o)
	}
	return out
}

func (w *world) wantOutcomes(want ...outcome) {
	w.Helper()
	if got := w.outcomes(); !slices.Equal(got, want) {
		w.Errorf("on record: %+v\nwant %+v", got, want)
	}
}

func also(codes ...string) func(*orchestrator.AgentCommand) {
	return func(c *orchestrator.AgentCommand) { c.Also, c.Notes = codes, "a note" }
}

// TestWhatIsWrongWithADisposition: a group is told with what is in it, a name that is none with
// the one that may be meant, and what is given twice as such.
func TestWhatIsWrongWithADisposition(t *testing.T) {
	t.Parallel()
	d := treeDefs(acd.OutcomeRule{Several: 3})
	d.Dispositions = append(d.Dispositions, acd.Disposition{Name: "credit", Parent: "card_kinds"}, acd.Disposition{Name: "card_kinds", Parent: "sale"})
	w := setup(t, d)
	w.login("a00")
	w.finish(w.serve("c1", "ventas").ID)
	for _, row := range []struct {
		give string
		also []string
		want orchestrator.Wrong
	}{
		{"sale", nil, orchestrator.Wrong{Field: "disposition", Value: "sale", Why: "a group: give one of cash, card, credit"}},
		{"none", []string{"lost"}, orchestrator.Wrong{Field: "also", Value: "lost", Why: "a group: give one of price"}},
		{"prise", nil, orchestrator.Wrong{Field: "disposition", Value: "prise", Why: "not a disposition; did you mean \"price\"?"}},
		{"cash", []string{"price", "1"}, orchestrator.Wrong{Field: "also", Value: "1", Why: "given before"}},
		{"1*7", nil, orchestrator.Wrong{Field: "disposition", Value: "1*7", Why: "not a disposition; it knows cash, card, price, none, credit"}},
	} {
		got := w.do(orchestrator.AgentDispose, "a00", func(c *orchestrator.AgentCommand) { c.Disposition, c.Also = row.give, row.also })
		if got.Result != orchestrator.AgentBadDisposition || got.Wrong != row.want {
			t.Errorf("%s %v: %s %+v, want %+v", row.give, row.also, got.Result, got.Wrong, row.want)
		}
	}
	if len(w.outcomes()) > 0 {
		t.Errorf("on record is %+v", w.outcomes())
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00", disposition("1*3*1")) // by keys, what is pressed twice is given once
}

// TestDispositionsInTrees: a group is not given, its queues are those of what is below
// it, and the way to what was given is on record.
func TestDispositionsInTrees(t *testing.T) {
	t.Parallel()
	w := setup(t, treeDefs(acd.OutcomeRule{Several: 1}))
	w.login("a00")
	o := w.serve("c1", "ventas")
	w.wantDo(orchestrator.AgentBadDisposition, orchestrator.AgentDispose, "a00", disposition("sale"))
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentDispose, "a00", disposition("1"))
	w.finish(o.ID)
	o = w.serve("c2", "soporte")
	w.finish(o.ID)
	w.wantDo(orchestrator.AgentBadDisposition, orchestrator.AgentDispose, "a00", disposition("cash")) // of another queue
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00", disposition("price"))
	w.wantOutcomes(outcome{Call: "c1", Disposition: "cash", Path: "sale/cash", By: "test"}, outcome{Call: "c2", Disposition: "price", Path: "lost/price", By: "test"})
	w.clean()
}

// TestWhichDispositionIsWrong: of several that are given, the one that is too many or not of the
// call's queue is named, not the first.
func TestWhichDispositionIsWrong(t *testing.T) {
	t.Parallel()
	w := setup(t, treeDefs(acd.OutcomeRule{Several: 2}))
	w.login("a00")
	refused := func(want orchestrator.AgentResult, wrong orchestrator.Wrong, code string, also ...string) {
		t.Helper()
		got := w.do(orchestrator.AgentDispose, "a00", func(c *orchestrator.AgentCommand) { c.Disposition, c.Also = code, also })
		if got.Result != want || got.Wrong != wrong {
			t.Errorf("%s %v: %s %+v, want %+v", code, also, got.Result, got.Wrong, wrong)
		}
	}
	w.finish(w.serve("c1", "soporte").ID)
	refused(orchestrator.AgentTooManyOutcomes, orchestrator.Wrong{Field: "also", Value: "none", Why: "one too many: a call of queue soporte may have 1 (outcome.several)"}, "price", "none")
	refused(orchestrator.AgentBadDisposition, orchestrator.Wrong{Field: "also", Value: "cash", Why: "not a disposition of queue soporte"}, "price", "cash")
	refused(orchestrator.AgentBadDisposition, orchestrator.Wrong{Field: "disposition", Value: "cash", Why: "not a disposition of queue soporte"}, "cash")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00", disposition("price"))
	w.finish(w.serve("c2", "ventas").ID)
	refused(orchestrator.AgentTooManyOutcomes, orchestrator.Wrong{Field: "also", Value: "none", Why: "one too many: a call of queue ventas may have 2 (outcome.several)"}, "cash", "price", "none")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00", disposition("cash"), also("price"))
	w.clean()
}

func TestSeveralDispositionsAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, treeDefs(acd.OutcomeRule{Several: 2}))
	w.login("a00")
	o := w.serve("c1", "ventas")
	w.finish(o.ID)
	w.wantDo(orchestrator.AgentTooManyOutcomes, orchestrator.AgentDispose, "a00", disposition("1"), also("card", "price"))
	w.wantDo(orchestrator.AgentBadDisposition, orchestrator.AgentDispose, "a00", disposition("1*7"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00", disposition("1*3*1"))
	w.wantOutcomes(outcome{Call: "c1", Disposition: "cash", Path: "sale/cash", By: "test"}, outcome{Call: "c1", Disposition: "price", Path: "lost/price", By: "test", Also: true})
	o = w.serve("c2", "ventas")
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentDispose, "a00", disposition("none"), also("card"))
	w.finish(o.ID)
	if got := w.outcomes(); len(got) != 4 || got[2].Notes != "a note" || got[2].Disposition != "none" || got[3].Disposition != "card" || !got[3].Also || got[3].Notes != "" {
		t.Errorf("%+v", got)
	}
	o = w.serve("c3", "soporte") // which has no rule: one
	w.finish(o.ID)
	w.wantDo(orchestrator.AgentTooManyOutcomes, orchestrator.AgentDispose, "a00", disposition("3*0"))
	w.clean()
}

// TestADefaultAtTheEnd of wrap-up, however it ends, marked as one; and it may be mended.
func TestADefaultAtTheEnd(t *testing.T) {
	t.Parallel()
	byDefault := outcome{Call: "c1", Disposition: "price", Path: "lost/price", By: "default"}
	for name, end := range map[string]func(w *world){
		"time":   func(w *world) { w.skip(31 * time.Second) },
		"code":   func(w *world) { w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00") },
		"ready":  func(w *world) { w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00") },
		"pause":  func(w *world) { w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00") },
		"logout": func(w *world) { w.wantDo(orchestrator.AgentOK, orchestrator.AgentLogout, "a00") },
		"dial": func(w *world) {
			d, err := w.svc.Dial(w.ctx(), orchestrator.Dialling{Call: "c9", Agent: "a00", PBX: pbx, Queue: "soporte"})
			w.must(err)
			if d.Offer == nil {
				w.Fatalf("%+v", d)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, treeDefs(acd.OutcomeRule{Default: "price", Several: 1}))
			w.login("a00")
			o := w.serve("c1", "ventas")
			w.finish(o.ID)
			w.wantOutcomes()
			end(w)
			w.wantOutcomes(byDefault)
			w.clean()
			if name == "time" {
				w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00", disposition("0"))
				w.wantOutcomes(byDefault, outcome{Call: "c1", Disposition: "none", By: "test"})
			}
		})
	}
	t.Run("no wrap-up", func(t *testing.T) {
		t.Parallel()
		d := treeDefs(acd.OutcomeRule{Default: "price", Several: 1})
		d.Queues[0].WrapUp = 0
		w := setup(t, d)
		w.login("a00")
		w.finish(w.serve("c1", "ventas").ID)
		w.wantOutcomes(byDefault)
		w.clean()
	})
}

// TestARequiredDisposition keeps the agent in wrap-up, with a cause and a clock, until
// it is given; what the agent asks for meanwhile waits for it.
func TestARequiredDisposition(t *testing.T) {
	t.Parallel()
	for _, wrap := range []time.Duration{0, 30 * time.Second} {
		d := treeDefs(acd.OutcomeRule{Required: true, Several: 1})
		d.Queues[0].WrapUp = wrap
		w := setup(t, d)
		w.login("a00")
		w.finish(w.serve("c1", "ventas").ID)
		w.wantState("a00", acd.StateWrapup)
		w.wantDo(orchestrator.AgentOwes, orchestrator.AgentDispose, "a00")
		w.wantDo(orchestrator.AgentOwes, orchestrator.AgentResume, "a00")
		if d, err := w.svc.Dial(w.ctx(), orchestrator.Dialling{Call: "c9", Agent: "a00", PBX: pbx, Queue: "soporte"}); err != nil || d.Offer != nil || d.Result != orchestrator.AgentOwes {
			t.Errorf("%+v, %v", d, err)
		}
		due := w.clock().Add(wrap).UnixMilli()
		w.skip(wrap + time.Second)
		a := w.wantState("a00", acd.StateWrapup)
		last := w.changes("a00")
		if u := a.Unavailable(); u != (acd.Unavailability{Cause: acd.CauseOutcome, Since: due}) || last[len(last)-1].Reason != "outcome" {
			t.Errorf("%+v, told %+v", u, last[len(last)-1])
		}
		w.clean()
		if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
			t.Errorf("mended %d, %v", n, err)
		}
		w.wantDo(orchestrator.AgentLater, orchestrator.AgentLogout, "a00")
		w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, "a00", reason("lunch"))
		w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00") // takes it back, and no more
		w.wantState("a00", acd.StateWrapup)
		w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, "a00", reason("lunch"))
		w.wantOutcomes()
		w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00", disposition("2"))
		if a := w.wantState("a00", acd.StatePaused); a.Reason != "lunch" || a.Owes || a.Owed {
			t.Errorf("%+v", a)
		}
		w.wantOutcomes(outcome{Call: "c1", Disposition: "card", Path: "sale/card", By: "test"})
		w.clean()
	}
}
