package runner

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator"
)

// TestMachines: machines are no people for the law, nor for the pacer, whoever finds them; a
// sample of them is put through, and how many of it are people is told.
func TestMachines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3)
		w.leads("l", 400)
		w.staff(5)
		kinds := map[string]int{}
		w.life = func(p *person) { // mu is held
			p.hears = orchestrator.VerdictPerson
			switch w.rnd.IntN(10) {
			case 0, 1, 2, 3:
				p.hears, p.machine = orchestrator.VerdictMachine, true
				kinds["machines"]++
			case 4:
				p.hears = orchestrator.VerdictMachine
				kinds["taken for machines"]++
			case 5:
				p.hears, p.machine = orchestrator.VerdictUnsure, true
				kinds["not found"]++
			}
		}
		c := march(campaign.ModeProgressive)
		c.Attempts = campaign.Attempts{Lead: 1, Number: 1, Day: 9, Week: 9}
		c.Machines.Detect, c.Machines.Sample = campaign.DetectBefore, 30
		s := w.sit("one", c)
		s.order("march", campaign.OnStart)
		time.Sleep(90 * time.Minute)
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if n := w.dialled(); n != 400 {
			t.Fatalf("%d calls", n)
		}
		var want leadstore.Heard
		people, machines := 0, 0
		for _, p := range w.calls {
			switch p.hears {
			case orchestrator.VerdictPerson:
				want.Persons++
			case orchestrator.VerdictUnsure:
				want.Unsure++
			default:
				want.Machines++
			}
			if p.Sampled {
				want.Sampled++
				if !p.machine {
					want.People++
				}
			}
			if p.Machine == "agent" && p.hears != orchestrator.VerdictMachine {
				want.Marked++
			}
			if p.Machine == "" {
				people++
			} else {
				machines++
			}
		}
		if v.Heard != want || want.Sampled == 0 || want.People == 0 || want.Marked == 0 {
			t.Errorf("%+v, want %+v, of %v", v.Heard, want, kinds)
		}
		if got := v.Today.Results; got[campaign.ResultMachine] != int64(machines) || got[campaign.ResultServed] != int64(people) {
			t.Errorf("%v, want %d machines and %d served", got, machines, people)
		}
		if v.Live.Answered != float64(people) || v.Live.Abandoned != 0 {
			t.Errorf("the pacer counts %v answered, %v abandoned, of %d people", v.Live.Answered, v.Live.Abandoned, people)
		}
		l, err := w.store.Ledger(t.Context(), time.Now().Add(-24*time.Hour))
		must(t, err)
		if answered, abandoned := l.Window("march", time.Now().Add(-24*time.Hour), time.Now().Add(pacing.LedgerPeriod)); answered != people || abandoned != 0 {
			t.Errorf("the law counts %d answered, %d abandoned, of %d people", answered, abandoned, people)
		}
		w.close(s)
	})
}

// TestGreeted: where the law counts from the end of the greeting, whose greeting took a second
// had an agent in time; where it counts from the answer, not.
func TestGreeted(t *testing.T) {
	t.Parallel()
	c := march(campaign.ModeProgressive)
	at := time.Now()
	s := orchestrator.CallSummary{Call: "1", AnsweredAt: at.UnixMilli(), GreetedAt: at.UnixMilli() + 1000, ConnectedAt: at.UnixMilli() + 2500, Outcome: orchestrator.OutcomeServed}
	abandon := c.Rules.Rules[1].Detail.(*compliance.Abandon)
	for starts, want := range map[compliance.Start]bool{compliance.StartAnswer: true, compliance.StartGreetingEnd: false} {
		abandon.Starts = starts
		if got := endedAs(c, s, at); got.Abandoned != want || got.Result != campaign.ResultServed {
			t.Errorf("%s: %+v", starts, got)
		}
		if o := attemptOf(c, at, &flight{Attempt: leadstore.Attempt{Call: "1", Planned: at}, brief: &brief{}}); o.Greeted == want || o.Within != 2*time.Second {
			t.Errorf("%s: %+v", starts, o)
		}
	}
}
