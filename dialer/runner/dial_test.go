package runner

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/gate"
)

// counting stops a process that asks for the same leads without end.
type counting struct {
	Store
	n atomic.Int64
}

func (c *counting) Again(ctx context.Context, id, list string, ids []int64) ([]leadstore.Candidate, error) {
	if c.n.Add(1) > 2000 {
		time.Sleep(time.Hour)
	}
	return c.Store.Again(ctx, id, list, ids)
}

// TestFullTrunkBesideOneThatMayNotCall: the trunk that may call a number is full, and another
// that may not has room: the lead waits, and the process that dials goes on.
func TestFullTrunkBesideOneThatMayNotCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 10)
		w.staff(4)
		c := march(campaign.ModePower)
		c.Trunks = []campaign.Trunk{{PBX: "main", Lines: 1, PerSecond: 10}, {PBX: "spain", Lines: 10, PerSecond: 10}}
		asked := &counting{Store: w.store}
		s := w.sitWith("one", func(_ *seat, p *Parts) {
			p.Store = asked
			p.Gate = gate.Gate{"main": {Dial: "PJSIP/{number}@trunk", Region: "CO", Allow: []string{"+57"}},
				"spain": {Dial: "PJSIP/{number}@trunk", Region: "ES", Allow: []string{"+34"}}}
		}, c)
		s.order("march", campaign.OnStart)
		time.Sleep(10 * time.Second)
		if n := asked.n.Load(); n > 1000 {
			t.Errorf("the same leads were asked for %d times within ten seconds: nothing else is done meanwhile", n)
		}
		w.close(s)
	})
}

// TestOneNumberOfTwoLeads: a phone that two leads have is not rung while it rings or talks, and
// its person is spoken with no more often a day than the profile allows.
func TestOneNumberOfTwoLeads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		w.leads("m", 1)
		w.staff(4)
		c := march(campaign.ModePower)
		c.Lists = append(c.Lists, campaign.List{List: "m", Weight: 1})
		c.Attempts = campaign.New().Attempts // two attempts a day
		c.Rules.Rules = append(c.Rules.Rules, compliance.Rule{ID: "once", Kind: compliance.KindCap, From: "1990-01-01",
			Detail: &compliance.Cap{Counts: compliance.CountConversations, Most: 1, Per: "day", Same: compliance.SamePerson, Channels: compliance.ChannelsCall}})
		s := w.sit("one", c)
		s.order("march", campaign.OnStart)
		time.Sleep(5 * time.Minute)
		_, _, most := w.count()
		spoke := 0
		for _, p := range w.calls {
			if p.ConnectedAt > 0 {
				spoke++
			}
		}
		if most > 1 || spoke > 1 {
			t.Errorf("%d calls to one phone at once, %d conversations with one person on a day; the rule allows one", most, spoke)
		}
		w.close(s)
	})
}

// TestOnePersonOfTwoLeads: two leads who share a number are one person, also where both come up
// at the same moment, by their other numbers, of one campaign or of two.
func TestOnePersonOfTwoLeads(t *testing.T) {
	t.Parallel()
	for _, lists := range [][]string{{"l"}, {"l", "m"}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			for i, list := range []string{"l", "m"} {
				must(t, second(w.store.CreateList(t.Context(), leads.List{ID: list, Region: "CO"}, "me")))
				must(t, w.bring(list, fmt.Sprintf("phone,phone2\n+57300100000%d,+576010000002\n", i)))
			}
			w.staff(4)
			w.leave()
			var all []*campaign.Campaign
			for i, list := range lists {
				c := march(campaign.ModePower)
				c.ID = fmt.Sprint("c", i)
				c.Attempts.Day = 1
				if c.Lists[0].List = list; len(lists) == 1 {
					c.Lists = append(c.Lists, campaign.List{List: "m", Weight: 1})
				}
				all = append(all, c)
			}
			s := w.sit("one", all...)
			for _, c := range all {
				s.order(c.ID, campaign.OnStart)
			}
			time.Sleep(10 * time.Second) // both are in the hoppers, and no agent is there
			w.back()
			time.Sleep(5 * time.Minute)
			if n := w.dialled(); n != 1 {
				t.Errorf("lists %v: %d calls to one person, who may be called once a day", lists, n)
			}
			w.close(s)
		})
	}
}

// TestWhoWasDialledIsNotOrderedAgain: a Redis that is lost takes the lease with it, and what it knew
// of a phone that rings: the attempt is not ordered again under the next lease.
func TestWhoWasDialledIsNotOrderedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		w.staff(1)
		w.life = func(p *person) { p.rings = 10 * time.Minute }
		c := march(campaign.ModeProgressive)
		c.Attempts.Lead = 1
		s := w.sit("one", c)
		s.order("march", campaign.OnStart)
		time.Sleep(3 * time.Second)
		if n := w.dialled(); n != 1 {
			t.Fatalf("%d calls", n)
		}
		w.mu.Lock()
		clear(w.calls)
		w.holder = ""
		w.mu.Unlock()
		time.Sleep(3 * time.Minute)
		if n := w.dialled(); n != 0 {
			t.Error("who was dialled is dialled again for the same attempt")
		}
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if v.Today.Open != 0 || v.Today.Results[campaign.ResultFailed] != 1 {
			t.Errorf("%+v", v.Today)
		}
		w.close(s)
	})
}

// TestFullTrunkCostsNoAttempt: a call that the gate's cap of the trunk refuses reached nobody. It is
// no attempt, the trunk is left alone for a moment, and the lead is called once there is room.
func TestFullTrunkCostsNoAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 5)
		w.staff(5)
		free := time.Now().Add(2 * time.Minute)
		refused := 0
		w.life = func(p *person) { // mu is held
			if time.Now().Before(free) {
				refused++
				p.rings, p.answers, p.outcome = 0, false, orchestrator.OutcomeRefused
			}
		}
		c := march(campaign.ModeProgressive)
		c.Attempts = campaign.Attempts{Lead: 1, Number: 1, Day: 1, Week: 1}
		s := w.sit("one", c)
		s.order("march", campaign.OnStart)
		time.Sleep(10 * time.Minute)
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if v.Today.Results[campaign.ResultServed] != 5 || refused > 5*30 {
			t.Errorf("%d refused, %+v", refused, v.Today)
		}
		w.close(s)
	})
}

// update imports a file whose rows change leads that are there.
func (w *world) update(list, text string) {
	w.t.Helper()
	importer := leadstore.NewImporter(w.store, slog.New(slog.DiscardHandler))
	must(w.t, importer.Start(w.t.Context()))
	defer importer.Stop()
	i, err := w.store.NewImport(w.t.Context(), leadstore.Order{Target: leads.IntoList, List: list, File: "x.csv", By: "me", Duplicates: leads.Duplicates{Scope: leads.ScopeList, Action: leads.ActionUpdate}})
	must(w.t, err)
	_, err = w.store.Receive(w.t.Context(), i.N, strings.NewReader(text))
	must(w.t, err)
	_, err = w.store.Begin(w.t.Context(), i.N, false, nil)
	must(w.t, err)
	for tries := 0; i.State != leads.StateDone && tries < 1000; tries++ {
		time.Sleep(10 * time.Millisecond)
		i, err = w.store.Import(w.t.Context(), i.N)
		must(w.t, err)
	}
	if i.State != leads.StateDone {
		w.t.Fatalf("%+v", i)
	}
}

func owing(from, n, days int) string {
	var b strings.Builder
	b.WriteString("phone,id,days_overdue\n")
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, "+57300100%04d,%d,%d\n", i, i, days)
	}
	return b.String()
}

// TestFilterHoldsWhenDialling: who paid while they waited in the hopper is not called any more.
func TestFilterHoldsWhenDialling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		must(t, second(w.store.CreateList(t.Context(), leads.List{ID: "l", Region: "CO"}, "me")))
		must(t, w.bring("l", owing(0, 40, 60)))
		w.staff(1)
		c := march(campaign.ModeProgressive)
		c.Lists[0].Filter = "days_overdue > 30"
		s := w.sit("one", c)
		s.order("march", campaign.OnStart)
		time.Sleep(2 * time.Minute)
		if w.dialled() == 0 {
			t.Fatal("nobody was called")
		}
		w.update("l", owing(0, 40, 0))
		if l, err := w.store.Lead(t.Context(), 40); err != nil || fmt.Sprint(l.Fields["days_overdue"]) != "0" {
			t.Fatalf("%+v %v", l, err)
		}
		s.runner.Wake()
		time.Sleep(time.Minute)
		n := w.dialled()
		time.Sleep(30 * time.Minute)
		if w.dialled() != n {
			t.Errorf("%d leads were called whom the filter does not choose any more", w.dialled()-n)
		}
		w.close(s)
	})
}

// away is a dialler that cannot be reached at first.
type away struct {
	*seat
	until time.Time
}

// Attempt implements Dialler.
func (d away) Attempt(ctx context.Context, pbx string, o call.Attempt) (call.Begun, error) {
	if time.Now().Before(d.until) {
		return call.Begun{}, errKilled
	}
	return d.seat.Attempt(ctx, pbx, o)
}

// TestWhoIsForbiddenMeanwhileIsNotOrderedAgain: the order to make a call failed, and is given
// again. Who must not be called by then is not.
func TestWhoIsForbiddenMeanwhileIsNotOrderedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		w.staff(1)
		c := march(campaign.ModeProgressive)
		s := w.sitWith("one", func(s *seat, p *Parts) { p.Dialler = away{s, time.Now().Add(10 * time.Second)} }, c)
		s.order("march", campaign.OnStart)
		time.Sleep(5 * time.Second)
		must(t, second(w.store.Forbid(t.Context(), leads.Entry{Number: "+573001000000", Why: "asked for it", By: "me"})))
		time.Sleep(5 * time.Minute)
		if n := w.dialled(); n != 0 {
			t.Errorf("%d calls to a number that must not be called since five seconds", n)
		}
		w.close(s)
	})
}

// TestOneNumberOfTwoCampaigns: a phone that rings or talks for a campaign is not rung for another.
func TestOneNumberOfTwoCampaigns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		w.leads("m", 1)
		w.staff(4)
		april := march(campaign.ModePower)
		april.ID, april.Lists = "april", []campaign.List{{List: "m", Weight: 1}}
		s := w.sit("one", march(campaign.ModePower), april)
		s.order("march", campaign.OnStart)
		s.order("april", campaign.OnStart)
		time.Sleep(5 * time.Minute)
		if calls, _, most := w.count(); calls != 2 || most != 1 {
			t.Errorf("%d calls, %d at once; there are two leads with one phone", calls, most)
		}
		w.close(s)
	})
}

// TestWhoMayStillBeCalledIsOrderedAgain: an attempt whose order failed does not count against
// itself when the order is given again.
func TestWhoMayStillBeCalledIsOrderedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		w.staff(1)
		c := march(campaign.ModeProgressive)
		c.Attempts, c.Lockout = campaign.Attempts{Lead: 1, Number: 1, Day: 1, Week: 1}, time.Hour
		c.Rules.Rules = append(c.Rules.Rules, compliance.Rule{ID: "once", Kind: compliance.KindCap, From: "1990-01-01",
			Detail: &compliance.Cap{Counts: compliance.CountAttempts, Most: 1, Per: "day", Same: compliance.SamePerson, Channels: compliance.ChannelsCall}})
		s := w.sitWith("one", func(s *seat, p *Parts) { p.Dialler = away{s, time.Now().Add(10 * time.Second)} }, c)
		s.order("march", campaign.OnStart)
		time.Sleep(5 * time.Minute)
		if n := w.dialled(); n != 1 {
			t.Errorf("%d calls to a lead that may be called once", n)
		}
		w.close(s)
	})
}
