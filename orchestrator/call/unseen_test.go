package call

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestCallsOfAgentsEndWhenThePBXSays: somebody hangs up on a call that an agent makes, or
// on a callback, while nobody listens. It ends on record then, and not when it is taken up.
func TestCallsOfAgentsEndWhenThePBXSays(t *testing.T) {
	t.Parallel()
	agent, customer := agentEnds(orchestrator.CauseNormal), func(w *world) { w.pbx.end(w.me.c.Customer().Channel, orchestrator.CauseNormal) }
	busy := func(w *world) { w.pbx.end(w.me.c.Customer().Channel, orchestrator.CauseBusy) }
	for name, row := range map[string]struct {
		begin   func() *world
		who     func(*world)
		outcome orchestrator.Outcome
		by      string
	}{
		"a call by a click, the agent":         {func() *world { return out(byClick, outTalks...) }, agent, orchestrator.OutcomeServed, "agent"},
		"a call by a click, the customer":      {func() *world { return out(byClick, outTalks...) }, customer, orchestrator.OutcomeServed, "caller"},
		"a call at the phone, the agent":       {func() *world { return out(atPhone, outTalks...) }, agent, orchestrator.OutcomeServed, "agent"},
		"a call on a line, the agent":          {func() *world { return out(onLine, outTalks...) }, agent, orchestrator.OutcomeServed, "agent"},
		"while it rings, the agent":            {func() *world { return out(byClick, asked, agentUp) }, agent, orchestrator.OutcomeCancelled, "agent"},
		"while it rings, the agent on a line":  {func() *world { return out(onLine, asked, agentUp) }, agent, orchestrator.OutcomeCancelled, "agent"},
		"while it rings, the customer is busy": {func() *world { return out(byClick, asked, agentUp) }, busy, orchestrator.OutcomeBusy, "operadora"},
		"a callback, the agent": {func() *world {
			return back("agent", (*world).offer, (*world).agentAnswers, (*world).customerAnswers, after(time.Minute))
		}, agent, orchestrator.OutcomeServed, "agent"},
		"a callback, the customer": {func() *world {
			return back("agent", (*world).offer, (*world).agentAnswers, (*world).customerAnswers, after(time.Minute))
		}, customer, orchestrator.OutcomeServed, "caller"},
		"a callback to whom is rung first, the customer": {func() *world {
			return back("customer", (*world).offer, (*world).customerAnswers, (*world).agentAnswers, after(time.Minute))
		}, customer, orchestrator.OutcomeServed, "caller"},
	} {
		for _, adopted := range []bool{true, false} {
			w := row.begin()
			w.goAway(true)
			w.pass(3 * time.Second)
			row.who(w)
			hung := w.now
			w.pass(10 * time.Second)
			if adopted {
				w.load()
			}
			w.comeBack(false)
			w.quiet()
			w.settle(time.Minute)
			w.checkEnded(t, row.outcome)
			c := w.me.c
			if c.EndedBy != row.by {
				t.Errorf("%s, adopted %v: ended by %q, want %q", name, adopted, c.EndedBy, row.by)
			}
			const more = int64(4000) // a tone says that nobody was reached
			if late := c.EndedAt - hung.UnixMilli(); row.by == "operadora" && (late < 10_000 || late > 10_000+more) || row.by != "operadora" && late != 0 {
				t.Errorf("%s, adopted %v: ended %d ms after the hang-up", name, adopted, late)
			}
		}
	}
}

// TestLeadsAnswerUnseen: leads answer while nobody listens, and wait, or leave. They have
// waited from their answer on, or, where the PBX does not tell of it, from the last moment
// at which they are known not to have answered; and nobody is taken for a machine by the
// silence in which they wait.
func TestLeadsAnswerUnseen(t *testing.T) {
	t.Parallel()
	const dialled, rang, answered = 0, int64(1000), int64(3000) // ms since the attempt began
	for name, row := range map[string]struct {
		tacit, rings, leaves, cut, hears bool
		cause                            orchestrator.Cause
		unanswered                       bool // it only rang
		outcome                          orchestrator.Outcome
		by                               string
		at                               int64 // of the answer, ms since the attempt began; -1: on record there is none
	}{
		"waits":                           {rings: true, outcome: orchestrator.OutcomeAbandoned, by: "operadora", at: answered},
		"waits, the socket was cut":       {rings: true, cut: true, outcome: orchestrator.OutcomeAbandoned, by: "operadora", at: answered},
		"waits, is to be listened to":     {rings: true, hears: true, outcome: orchestrator.OutcomeAbandoned, by: "operadora", at: answered},
		"waits, not told":                 {rings: true, tacit: true, outcome: orchestrator.OutcomeAbandoned, by: "operadora", at: rang},
		"waits, not told, nor of ringing": {tacit: true, outcome: orchestrator.OutcomeAbandoned, by: "operadora", at: dialled},
		"leaves":                          {rings: true, leaves: true, cause: 16, outcome: orchestrator.OutcomeAbandoned, by: "number", at: answered},
		"leaves, whatever is the cause":   {rings: true, leaves: true, cause: 17, outcome: orchestrator.OutcomeAbandoned, by: "number", at: answered},
		"leaves, the socket was cut":      {leaves: true, cut: true, cause: 16, outcome: orchestrator.OutcomeAbandoned, by: "number", at: answered},
		"leaves, not told":                {rings: true, leaves: true, tacit: true, cause: 16, outcome: orchestrator.OutcomeLost, by: "number", at: -1},
		"leaves, not told, nor why":       {leaves: true, tacit: true, cause: 0, outcome: orchestrator.OutcomeLost, by: "number", at: -1},
		"rings out":                       {rings: true, leaves: true, unanswered: true, cause: 16, outcome: orchestrator.OutcomeNoAnswer, by: "number", at: -1},
		"rings out, not told":             {rings: true, leaves: true, unanswered: true, tacit: true, cause: 19, outcome: orchestrator.OutcomeNoAnswer, by: "number", at: -1},
		"is busy, not told":               {leaves: true, unanswered: true, tacit: true, cause: 17, outcome: orchestrator.OutcomeBusy, by: "number", at: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAttemptWorld(graph{{Kind: orchestrator.ActHangup}})
			o := w.me.c.Attempt
			o.Flow, o.Queue, o.Within, o.Greeted = "", "A", 2*time.Second, true
			if row.hears {
				o.Machines = Machines{Detect: DetectBefore, Do: MachineHangUp, Listening: orchestrator.Listening{Most: time.Second}}
			}
			w.pbx.tacit = row.tacit
			began := w.now.UnixMilli()
			w.quiet()
			w.pass(time.Second)
			if row.rings {
				leadRings(w)
			}
			w.quiet()
			if row.cut {
				w.goAway(true)
			}
			w.cut, w.wire = true, nil
			w.pass(2 * time.Second)
			if !row.unanswered {
				leadAnswers(w)
			}
			w.pass(2 * time.Second)
			if row.leaves {
				w.pbx.end(w.customer, row.cause)
			}
			w.pass(13 * time.Second)
			if row.cut {
				w.comeBack(false)
			} else {
				w.load()
			}
			w.quiet()
			w.settle(time.Minute)
			w.checkEnded(t, row.outcome)
			w.checkKept(t)
			c := w.me.c
			at := c.AnsweredAt - began
			if c.AnsweredAt == 0 {
				at = -1
			}
			if at != row.at || c.EndedBy != row.by || c.Machine != "" || c.GreetedAt > c.AnsweredAt {
				t.Errorf("answered at %d ms, want %d; ended by %q, machine %q, greeted at %d", at, row.at, c.EndedBy, c.Machine, c.GreetedAt)
			}
			if !row.leaves && c.QueuedAt != c.AnsweredAt {
				t.Errorf("waited from %d ms on", c.QueuedAt-began)
			}
			if t.Failed() {
				t.Log(w.story())
			}
		})
	}
}

// TestMadeAndNotDialled: a process dies after the PBX made the channel of a lead's phone, and
// before it was dialled. It is not dialled again, and nobody says that it rang.
func TestMadeAndNotDialled(t *testing.T) {
	t.Parallel()
	w := newAttemptWorld(graph{{Kind: orchestrator.ActHangup}})
	w.decides()
	w.run(&w.me.pbx, answerLost, 0)
	w.pbx.channels[w.customer].made = true
	w.crash(time.Second)
	w.settle(5 * time.Minute)
	w.checkEnded(t, orchestrator.OutcomeLost)
	if n := w.rung[w.customer]; n != 1 {
		t.Errorf("ordered %d times:\n%s", n, w.story())
	}
}
