package runner

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// close ends a world: the processes first, then what is left of the calls.
func (w *world) close(seats ...*seat) {
	for _, s := range seats {
		s.runner.Stop()
	}
	w.live.Wait()
	must(w.t, w.db.Close())
}

// TestProgressive: each free agent gets a call, and no more are made; each lead is served
// once, and the records say so.
func TestProgressive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 20)
		w.staff(3)
		idle := march(campaign.ModeProgressive)
		idle.ID, idle.Queue = "idle", "support"
		s := w.sit("one", march(campaign.ModeProgressive), idle)
		time.Sleep(10 * time.Second)
		if w.dialled() != 0 {
			t.Fatalf("%d calls before the start", w.dialled())
		}
		s.order("march", campaign.OnStart)
		time.Sleep(10 * time.Minute)
		if calls, _, most := w.count(); most > 3 || calls != 20 {
			t.Errorf("%d calls, %d at once", calls, most)
		}
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if v.Today.Attempts != 20 || v.Today.Results[campaign.ResultServed] != 20 || v.Today.Abandoned != 0 || v.Today.Open != 0 {
			t.Errorf("%+v", v.Today)
		}
		if len(v.Seen) != 1 || v.Seen[0].State != "finished" || v.Seen[0].Reason != "finished" || v.Seen[0].Leads != 20 {
			t.Errorf("%+v", v.Seen)
		}
		if v.Live == nil || v.Live.Agents["free"] != 3 || v.Live.Held == "" {
			t.Errorf("%+v", v.Live)
		}
		if looked := len(w.looked); looked < 10 { // each minute
			t.Errorf("agents were looked at %d times", looked)
		}
		if other := slices.DeleteFunc(w.looked, func(q string) bool { return q == "sales" }); len(other) > 0 {
			t.Errorf("agents of queues were looked at that no campaign has: %v", other)
		}
		w.close(s)
	})
}

// TestAgentsVanish: once the last agent is gone, nobody is called any more.
func TestAgentsVanish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 50)
		w.staff(4)
		w.life = func(p *person) {
			p.answers, p.outcome, p.cause = false, orchestrator.OutcomeBusy, orchestrator.CauseBusy
		}
		s := w.sit("one", march(campaign.ModePower))
		s.order("march", campaign.OnStart)
		time.Sleep(5 * time.Second)
		w.leave()
		n := w.dialled()
		if n == 0 {
			t.Fatal("nobody was called")
		}
		time.Sleep(time.Minute)
		if w.dialled() != n {
			t.Errorf("%d calls, and %d when the agents went", w.dialled(), n)
		}
		w.close(s)
	})
}

// TestPredictive: with many agents more is dialled than agents are free, and the law's limit holds.
func TestPredictive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 7)
		w.leads("l", 900)
		w.staff(20)
		w.life = func(p *person) { // mu is held: a quarter answers
			p.rings, p.talk = time.Duration(2+w.rnd.IntN(12))*time.Second, time.Duration(20+w.rnd.IntN(80))*time.Second
			if w.rnd.IntN(4) > 0 {
				p.answers, p.outcome, p.cause, p.rings = false, orchestrator.OutcomeNoAnswer, orchestrator.CauseNoAnswer, 20*time.Second
			}
		}
		c := march(campaign.ModePredictive)
		c.Trunks[0].Lines = 200
		c.Attempts = campaign.Attempts{Lead: 1, Number: 1, Day: 9, Week: 9}
		s := w.sit("one", c)
		s.order("march", campaign.OnStart)
		time.Sleep(time.Hour)
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if calls, _, most := w.count(); calls != 900 || most <= 20 {
			t.Errorf("%d calls, %d at once", calls, most)
		}
		if v.Today.Answered < 150 || float64(v.Today.Abandoned) > 0.04*float64(v.Today.Answered) || v.Live.Abandoned != float64(v.Today.Abandoned) || v.Live.AnswerRate < 0.15 || v.Live.AnswerRate > 0.35 {
			t.Errorf("%+v, %+v", v.Today, v.Live)
		}
		w.close(s)
	})
}

// TestOrders: paused, drained and stopped campaigns call nobody; who talks talks on, and of a
// stopped one phones that rang long enough are given up.
func TestOrders(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		order, then campaign.RunTrigger
		state       campaign.RunState
		ends        int // calls that are over before their time
	}{{campaign.OnPause, campaign.OnResume, campaign.RunPaused, 0}, {campaign.OnDrain, "", campaign.RunStopped, 0}, {campaign.OnStop, campaign.OnStart, campaign.RunStopped, 3}} {
		t.Run(string(r.order), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				w.leads("l", 9)
				w.staff(3)
				w.life = func(p *person) { p.rings = 40 * time.Second }
				s := w.sit("one", march(campaign.ModeProgressive))
				s.order("march", campaign.OnStart)
				time.Sleep(18 * time.Second)
				must(t, second(s.runner.Order(t.Context(), "march", r.order, "me", "test")))
				time.Sleep(15 * time.Second)
				if calls, over, _ := w.count(); calls != 3 || over != r.ends {
					t.Errorf("%d calls, %d of them over", calls, over)
				}
				time.Sleep(3 * time.Minute)
				v, err := s.runner.View(t.Context(), "march")
				must(t, err)
				if calls, _, _ := w.count(); v.Run.State != r.state || calls != 3 {
					t.Errorf("%s, %d calls", v.Run.State, calls)
				}
				if r.then != "" {
					must(t, second(s.runner.Order(t.Context(), "march", r.then, "me", "")))
					time.Sleep(5 * time.Minute)
					if calls, _, _ := w.count(); calls < 9 {
						t.Errorf("%d calls after %s", calls, r.then)
					}
				}
				w.close(s)
			})
		})
	}
}

// TestRefusedAtDialling: what forbids a number between its choice and its dialling is obeyed,
// and in the journal with its reason.
func TestRefusedAtDialling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 3)
		w.staff(3)
		w.leave()
		s := w.sit("one", march(campaign.ModeProgressive))
		s.order("march", campaign.OnStart)
		time.Sleep(10 * time.Second) // they are in the hopper, and no agent is there
		must(t, second(w.store.Forbid(t.Context(), leads.Entry{Number: "+573001000001", Why: "asked"})))
		w.back()
		time.Sleep(2 * time.Minute)
		refused := 0
		for _, e := range w.entries {
			if e.Type == orchestrator.EntryCampaignRefused && strings.Contains(string(e.Data), `"reason":"do_not_call"`) && !strings.Contains(string(e.Data), "+573001000001") {
				refused++
			}
		}
		if w.dialled() != 2 || refused != 1 {
			t.Errorf("%d calls, %d refused", w.dialled(), refused)
		}
		w.close(s)
	})
}

// TestAppointment: a lead whom the campaign has done with is called again at the time that it
// asked for, and once.
func TestAppointment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 3)
		w.staff(1)
		s := w.sit("one", march(campaign.ModeProgressive))
		s.order("march", campaign.OnStart)
		time.Sleep(5 * time.Minute)
		at := time.Now().Add(time.Hour)
		must(t, second(s.runner.Appoint(t.Context(), "march", 2, campaign.Appointment{At: at}, "me")))
		for want, a := range map[string]campaign.Appointment{"is past": {At: time.Now()}, "no such number": {At: at, Number: "+573001009999"}} {
			if _, err := s.runner.Appoint(t.Context(), "march", 2, a, "me"); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
		if _, err := s.runner.Appoint(t.Context(), "march", 99, campaign.Appointment{At: at}, "me"); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
		time.Sleep(59 * time.Minute)
		if w.dialled() != 3 {
			t.Errorf("%d calls before the time", w.dialled())
		}
		time.Sleep(3 * time.Hour)
		n := 0
		for _, p := range w.calls {
			if p.Lead == "2" {
				n++
			}
		}
		if w.dialled() != 4 || n != 2 {
			t.Errorf("%d calls, %d to the lead", w.dialled(), n)
		}
		w.close(s)
	})
}

// TestTrunkElsewhere: a campaign dials over a PBX that another process drives, from when it is
// connected there until it is no more, whether that is told or found out.
func TestTrunkElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 300)
		w.staff(2)
		w.life = func(p *person) {
			p.rings, p.answers, p.outcome, p.cause = time.Second, false, orchestrator.OutcomeBusy, orchestrator.CauseBusy
		}
		w.far = true
		c := march(campaign.ModeProgressive)
		s := w.sit("one", c)
		s.order("march", campaign.OnStart)
		time.Sleep(20 * time.Second)
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if w.dialled() != 0 || v.Live == nil || !strings.Contains(v.Live.Held, "no PBX of its trunks is connected") {
			t.Errorf("%d calls, %+v", w.dialled(), v.Live)
		}
		goes := func(want bool) {
			t.Helper()
			n := w.dialled()
			time.Sleep(2 * time.Second)
			if more := w.dialled() - n; more > 0 != want {
				t.Errorf("%d more calls", more)
			}
		}
		w.there(true, true)
		goes(true)
		w.there(false, true)
		time.Sleep(time.Second)
		goes(false)
		w.there(true, false) // nobody tells
		time.Sleep(6 * time.Second)
		goes(true)
		asked := w.questions()
		time.Sleep(time.Minute)
		if n := w.questions() - asked; n < 5 || n > 20 {
			t.Errorf("it was asked %d times in a minute", n)
		}
		w.there(false, false)
		time.Sleep(6 * time.Second)
		goes(false)
		w.close(s)
	})
}

// TestAgentless: a flow speaks to leads. Who asks for an agent and waits for one is no abandoned
// call; nobody is called while no agent is free for who would ask; and who asks not to be called
// again is on the do-not-call list at once, and is called by no campaign.
func TestAgentless(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 30)
		w.staff(2)
		w.leave()
		w.life = func(p *person) {
			p.talk = 15 * time.Second
			p.asks, p.never = strings.HasSuffix(p.of.Number, "5"), strings.HasSuffix(p.of.Number, "9")
		}
		c := march(campaign.ModeAgentless)
		c.Never, c.Pacing.Rate = "never", 1
		s := w.sit("one", c)
		s.order("march", campaign.OnStart)
		time.Sleep(time.Minute)
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if w.dialled() != 0 || v.Live == nil || v.Live.Held != "no agent is free for who would ask for one" {
			t.Errorf("%d calls while no agent is there: %+v", w.dialled(), v.Live)
		}
		w.back()
		time.Sleep(15 * time.Minute)
		v, err = s.runner.View(t.Context(), "march")
		must(t, err)
		served := 0
		for _, p := range w.calls {
			if p.ConnectedAt > 0 {
				if served++; p.ConnectedAt-p.AnsweredAt < 2000 {
					t.Errorf("%+v", p.CallSummary)
				}
			}
		}
		if w.dialled() != 30 || served != 3 || v.Today.Results[campaign.ResultServed] != 30 || v.Today.Abandoned != 0 || v.Live.Agents["free"] != 2 {
			t.Errorf("%d calls, %d with an agent, %+v, %+v", w.dialled(), served, v.Today, v.Live)
		}
		told, err := w.store.Told(t.Context(), "+573001000009")
		must(t, err)
		if len(told.DoNotCall) != 1 || !told.DoNotCall[0].Expires.IsZero() || !strings.HasPrefix(told.DoNotCall[0].Why, "asked for it in call ") || told.DoNotCall[0].By != "campaign:march" {
			t.Errorf("%+v", told)
		}
		w.close(s)
	})
}

// TestLimitOfTomorrow: a lower limit that comes into force while a campaign runs is the one by
// which is paced from then on.
func TestLimitOfTomorrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 60)
		w.staff(2)
		c := march(campaign.ModeProgressive)
		day := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
		for i, r := range c.Rules.Rules {
			if r.Kind == compliance.KindAbandon {
				c.Rules.Rules[i].Detail = &compliance.Abandon{Percent: 50, Window: 720 * time.Hour, WindowKind: compliance.WindowRolling, Threshold: 2 * time.Second}
				c.Rules.Rules = append(c.Rules.Rules, compliance.Rule{ID: "abandon-new", Kind: compliance.KindAbandon, From: day,
					Detail: &compliance.Abandon{Percent: 1, Window: 720 * time.Hour, WindowKind: compliance.WindowRolling, Threshold: 2 * time.Second}})
			}
		}
		s := w.sit("one", c)
		s.order("march", campaign.OnStart)
		time.Sleep(11 * time.Hour) // a rule is in force 14 h before its day begins in UTC
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if v.Live == nil || v.Live.Answered == 0 {
			t.Fatalf("%+v", v.Live)
		}
		if want := v.Live.Limit*float64(v.Live.Answered) - float64(v.Live.Abandoned); v.Live.BudgetLeft > want+0.5 {
			t.Errorf("the limit is %v, of %v answered calls %v were abandoned, so %v are left; the pacer has %v", v.Live.Limit, v.Live.Answered, v.Live.Abandoned, want, v.Live.BudgetLeft)
		}
		w.close(s)
	})
}
