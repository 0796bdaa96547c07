package call

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestNewRulesForThoseWhoWait: what a definition says is in force for those who wait, too:
// at once, or when a phone has rung that rings for them.
func TestNewRulesForThoseWhoWait(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		old, now func(*orchestrator.QueuePlan)
		is       func(c *Call) bool
	}{
		"a longest wait": {func(*orchestrator.QueuePlan) {}, func(p *orchestrator.QueuePlan) { p.MaxWait = 2 * time.Minute },
			func(c *Call) bool { return c.Timers[TimerWait] == c.Visit.Entered+2*time.Minute.Milliseconds() }},
		"no longest wait": {func(p *orchestrator.QueuePlan) { p.MaxWait = 2 * time.Minute }, func(p *orchestrator.QueuePlan) { p.MaxWait = 0 },
			func(c *Call) bool { return c.Timers[TimerWait] == c.Visit.Entered+5*time.Minute.Milliseconds() }}, // the flow's
		"announcements":    {func(p *orchestrator.QueuePlan) { p.AnnounceEvery = 0 }, func(p *orchestrator.QueuePlan) { p.AnnounceEvery = 20 * time.Second }, func(c *Call) bool { return c.Timers[TimerAnnounce] > 0 }},
		"no announcements": {func(p *orchestrator.QueuePlan) { p.AnnounceEvery = time.Minute }, func(p *orchestrator.QueuePlan) { p.AnnounceEvery = 0 }, func(c *Call) bool { return c.Timers[TimerAnnounce] == 0 }},
		"a key":            {func(*orchestrator.QueuePlan) {}, func(p *orchestrator.QueuePlan) { p.ExitKey = "7" }, func(c *Call) bool { return c.Visit.Plan.ExitKey == "7" }},
		"who may leave":    {func(*orchestrator.QueuePlan) {}, func(p *orchestrator.QueuePlan) { p.LeaveWhenEmpty = true }, func(c *Call) bool { return c.Visit.Plan.LeaveWhenEmpty }},
	} {
		for _, rings := range []bool{false, true} {
			w := newWorld(toyFlow{})
			r.old(&w.desk.plan)
			w.quiet()
			w.endPlays()
			w.quiet()
			if rings {
				ringing(w)
				w.quiet()
			}
			place := w.desk.place
			r.now(&w.desk.plan)
			w.post(Input{Kind: InRules})
			w.quiet()
			if rings {
				if r.is(&w.me.c) && w.me.c.State == StateOffered && name == "a key" {
					t.Errorf("%s: in force while a phone rings", name)
				}
				w.agentHangsUp(orchestrator.CauseBusy)
				w.quiet()
			}
			if c := &w.me.c; c.State != StateWaiting || !r.is(c) || c.Visit.Ruled || w.desk.place == nil || !rings && w.desk.place != place {
				t.Errorf("%s, a phone rings %v: in state %q, %+v, timers %v", name, rings, c.State, c.Visit, c.Timers)
			}
			w.callerHangsUp()
			w.settle(time.Minute)
			w.checkEnded(t, orchestrator.OutcomeAbandoned)
			w.checkKept(t)
		}
	}
}

// nobodyKnown is a centre without queues.
type nobodyKnown struct{ toyPeople }

func (nobodyKnown) Knows(orchestrator.Target) bool { return false }

// TestNewMusicForThoseWhoWait: the music is that of the definitions, too, and a queue that
// is defined no more leaves those who wait as they are.
func TestNewMusicForThoseWhoWait(t *testing.T) {
	t.Parallel()
	w := at(inQueue)
	w.desk.plan.MusicClass = "fiesta"
	w.post(Input{Kind: InRules})
	w.quiet()
	if got := w.me.c.Visit.Plan.MusicClass; got != "fiesta" || w.pbx.hears() != "music" || w.pbx.class != "fiesta" {
		t.Errorf("the plan has %q, the caller hears %q of %q", got, w.pbx.hears(), w.pbx.class)
	}
	for _, row := range []struct{ language, class string }{{"", "fiesta"}, {"en", "fiesta"}, {"es", "rancheras"}, {"es-MX", "rancheras"}, {"es_CO", "vallenato"}} {
		w.me.c.Language, w.desk.plan.MusicIn = row.language, map[string]string{"es": "rancheras", "es_CO": "vallenato"}
		w.post(Input{Kind: InRules})
		w.quiet()
		if w.pbx.hears() != "music" || w.pbx.class != row.class {
			t.Errorf("in %q the caller hears %q of %q, want %q", row.language, w.pbx.hears(), w.pbx.class, row.class)
		}
		w.me.c.Language, w.desk.plan.MusicIn = "", nil
		w.post(Input{Kind: InRules})
		w.quiet()
	}
	w.rules.People = nobodyKnown{}
	w.desk.plan.MusicClass = "rock"
	w.post(Input{Kind: InRules})
	w.quiet()
	if w.me.c.State != StateWaiting || w.me.c.Visit.Plan.MusicClass != "fiesta" {
		t.Errorf("in state %q, with %+v", w.me.c.State, w.me.c.Visit.Plan)
	}
}

// heardFlow is a toyFlow that keeps what it is told.
type heardFlow struct {
	toyFlow
	heard *[]orchestrator.FlowInput
}

func (f heardFlow) Next(state json.RawMessage, in orchestrator.FlowInput, now time.Time) (orchestrator.FlowStep, error) {
	*f.heard = append(*f.heard, in)
	return f.toyFlow.Next(state, in, now)
}

// TestEachExitKeyLeads: a queue may have several keys that lead out of it, and the flow is told which
// was pressed.
func TestEachExitKeyLeads(t *testing.T) {
	t.Parallel()
	for key, out := range map[string]bool{"1": true, "7": true, "4": false} {
		var heard []orchestrator.FlowInput
		w := at(func(w *world) { w.desk.plan.ExitKey = "17" }, inQueue)
		w.rules.Flows = heardFlow{heard: &heard}
		w.presses(key)
		w.quiet()
		want := orchestrator.FlowInput{Kind: orchestrator.FlowDigit, Digit: key}
		if out {
			want = orchestrator.FlowInput{Kind: orchestrator.FlowQueued, Result: "exit", Digit: key}
		}
		if len(heard) != 1 || heard[0].Kind != want.Kind || heard[0].Result != want.Result || heard[0].Digit != key {
			t.Errorf("key %s: the flow heard %+v, want %+v", key, heard, want)
		}
	}
}
