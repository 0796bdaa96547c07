package call

import (
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
	w.rules.People = nobodyKnown{}
	w.desk.plan.MusicClass = "rock"
	w.post(Input{Kind: InRules})
	w.quiet()
	if w.me.c.State != StateWaiting || w.me.c.Visit.Plan.MusicClass != "fiesta" {
		t.Errorf("in state %q, with %+v", w.me.c.State, w.me.c.Visit.Plan)
	}
}
