package campaign

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// TestWhoHearsTheFlow: without agents who heard the flow to its end was served, who hung up before has
// left, and is treated as who was served unless the campaign says otherwise.
func TestWhoHearsTheFlow(t *testing.T) {
	t.Parallel()
	c := &Campaign{Mode: ModeAgentless}
	for outcome, want := range map[orchestrator.Outcome]Result{orchestrator.OutcomeCompleted: ResultServed, orchestrator.OutcomeLeft: ResultLeft, orchestrator.OutcomeFailed: ResultAbandoned} {
		if got := c.EndedAs(orchestrator.CallSummary{Outcome: outcome, AnsweredAt: 1}, time.Second, false); got.Result != want || !got.Person || got.Abandoned != (want == ResultAbandoned) {
			t.Errorf("%s: %+v, want %s", outcome, got, want)
		}
	}
	if got := c.EndedAs(orchestrator.CallSummary{Outcome: orchestrator.OutcomeLeft, AnsweredAt: 1, QueuedAt: 2, ConnectedAt: 3}, time.Second, false); got.Result != ResultServed {
		t.Errorf("with an agent: %+v", got)
	}
	again := Retry{Do: StepAgain, After: time.Hour}
	for _, r := range []struct {
		rules map[string]Retry
		want  Retry
	}{{nil, Retry{Do: StepFinish}}, {map[string]Retry{"served": again}, again}, {map[string]Retry{"served": {Do: StepFinish}, "left": again}, again}} {
		c.Retry = yamlfile.Map[Retry]{}
		for name, rule := range r.rules {
			c.Retry = append(c.Retry, yamlfile.Entry[Retry]{Key: name, Value: rule})
		}
		if got, _ := c.rule(Attempt{Result: ResultLeft}); got != r.want {
			t.Errorf("%+v: %+v", r.rules, got)
		}
	}
}
