package main

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestAgentsCallsEndUnseen: calls that an agent made end while operadora is dead, by the
// agent, by the customer, and before the customer has picked up. They end on record when
// they did. No call has come in before, and nobody has dialled a code.
func TestAgentsCallsEndUnseen(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := outboundRig(t, carrier, "")
	ana := r.desk("101")
	api, err := r.API("supervisor")
	must(t, err)
	_, err = r.Run("agent", "login", "101", "--token", api.Token, "--url", api.Base)
	must(t, err)
	_, desk := r.stores()
	type end struct {
		by      string
		outcome orchestrator.Outcome
		at      func(a, c *lab.Call) *lab.Call // who hangs up
		left    int                            // channels of phones afterwards
	}
	first := func(a, _ *lab.Call) *lab.Call { return a }
	second := func(_, c *lab.Call) *lab.Call { return c }
	ends := []end{
		{"agent", orchestrator.OutcomeServed, first, 1}, {"caller", orchestrator.OutcomeServed, second, 1},
		{"agent", orchestrator.OutcomeCancelled, first, 1},
	}
	var hung, back []time.Time
	for n, e := range ends {
		r.eventually("the agent is free", func() error { return agentIs(t, desk, "101", acd.StateAvailable, "") })
		api, err := r.API("supervisor")
		must(t, err)
		_, err = api.DialForAgentWithResponse(limit(t), "101", wire.Dial{Number: "910000001"})
		must(t, err)
		a := r.answers(ana)
		c := r.next(carrier)
		if e.outcome == orchestrator.OutcomeServed {
			must(t, c.Answer())
			r.talk(c, a)
		} else {
			must(t, c.Ring())
			must(t, a.WaitSound(limit(t)))
		}
		r.kill()
		hung = append(hung, time.Now())
		must(t, e.at(a, c).Hangup())
		r.awaitPhones(e.left)
		back = append(back, time.Now())
		r.start()
		ended(t, a)
		ended(t, c)
		r.awaitEnds(orchestrator.KindOutbound, n+1)
	}
	for n, c := range r.settledOf(orchestrator.KindOutbound, len(ends)) {
		at := time.UnixMilli(c.EndedAt)
		t.Logf("call %d: ended on record %v after the hang-up; operadora was back %v after it", n, at.Sub(hung[n]), back[n].Sub(hung[n]))
		if e := ends[n]; c.EndedBy != e.by || c.Outcome != e.outcome {
			t.Errorf("call %d: %s, ended by %q, want %s by %q", n, c.Outcome, c.EndedBy, e.outcome, e.by)
		}
		if !at.Before(back[n]) || at.Before(hung[n].Add(-time.Second)) {
			t.Errorf("call %d ended at %v, hung up at %v, and operadora was back at %v", n, at, hung[n], back[n])
		}
	}
}
