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
