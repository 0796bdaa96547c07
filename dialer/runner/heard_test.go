package runner

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// belated is a dialler that answers nothing, and makes the call a while later.
type belated struct {
	*seat
	by time.Duration
}

// Attempt implements Dialler.
func (d belated) Attempt(ctx context.Context, pbx string, o call.Attempt) (call.Begun, error) {
	d.live.Go(func() {
		time.Sleep(d.by)
		_, _ = d.seat.Attempt(ctx, pbx, o) // it rings once
	})
	return call.Begun{}, errKilled
}

// TestNewsOfACallThatWasGivenUp: an attempt that was given up as never dialled, and is dialled
// after all, is on record and counted as it went, and its lead is not rung beside it.
func TestNewsOfACallThatWasGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		w.staff(1)
		c := march(campaign.ModeProgressive)
		c.Retry = yamlfile.Map[campaign.Retry]{{Key: "failed", Value: campaign.Retry{Do: campaign.StepAgain, After: 40 * time.Second}}}
		s := w.sitWith("one", func(s *seat, p *Parts) { p.Dialler = belated{s, 90 * time.Second} }, c)
		s.order("march", campaign.OnStart)
		time.Sleep(10 * time.Minute)
		v, err := s.runner.View(t.Context(), "march")
		must(t, err)
		if n := w.dialled(); n != 1 || v.Today.Attempts != 1 || v.Today.Results[campaign.ResultServed] != 1 || v.Live.Answered != 1 || len(w.double) > 0 {
			t.Errorf("%d calls, %v twice at once, %+v, %v answered for the pacer", n, w.double, v.Today, v.Live.Answered)
		}
		w.close(s)
	})
}

// TestDispositionThatTheJournalLost: what an agent said while nobody read the journal, and is not
// in it any more, is asked of the call's record.
func TestDispositionThatTheJournalLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 2)
		w.staff(1)
		c := march(campaign.ModeProgressive)
		c.Retry = yamlfile.Map[campaign.Retry]{{Key: "disposition:later", Value: campaign.Retry{Do: campaign.StepAgain, After: time.Hour}}}
		one := w.sit("one", c)
		one.order("march", campaign.OnStart)
		for w.dialled() < 2 { // the first is over
			time.Sleep(time.Second)
		}
		one.killed.Store(true)
		one.runner.Stop()
		w.live.Wait()
		w.mu.Lock()
		for _, p := range w.calls {
			p.said = "later"
		}
		w.lost = len(w.entries)
		w.tell(orchestrator.EntryPBXState, "", "", map[string]string{}) // it goes on
		w.mu.Unlock()
		two := w.sit("two", c)
		time.Sleep(63 * time.Minute)
		if a, b := w.called("1"), w.called("2"); a != 2 || b != 2 {
			t.Errorf("%d and %d calls to leads who were to be called an hour later", a, b)
		}
		w.close(one, two)
	})
}

// TestDrainOfWhatIsGone: a campaign that is drained, and is gone from the definitions, is stopped
// once its last call is over.
func TestDrainOfWhatIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 9)
		w.staff(2)
		var gone atomic.Bool
		defined := byID([]*campaign.Campaign{march(campaign.ModeProgressive)})
		s := w.sitWith("one", func(_ *seat, p *Parts) {
			p.Defined = func() map[string]*campaign.Campaign {
				if gone.Load() {
					return nil
				}
				return defined
			}
		})
		s.order("march", campaign.OnStart)
		time.Sleep(10 * time.Second)
		gone.Store(true)
		s.runner.Wake()
		s.order("march", campaign.OnDrain)
		stands := func(want campaign.RunState) {
			t.Helper()
			runs, err := s.runner.Runs(t.Context())
			must(t, err)
			if calls, over, _ := w.count(); runs["march"].State != want || calls != 2 {
				t.Errorf("%s, with %d calls, %d of them over", runs["march"].State, calls, over)
			}
		}
		time.Sleep(5 * time.Second)
		stands(campaign.RunDraining)
		time.Sleep(time.Minute)
		stands(campaign.RunStopped)
		w.close(s)
	})
}

// sluggish is a dialler that takes a while to begin a call.
type sluggish struct{ *seat }

// Attempt implements Dialler.
func (d sluggish) Attempt(ctx context.Context, pbx string, o call.Attempt) (call.Begun, error) {
	time.Sleep(3 * time.Second)
	return d.seat.Attempt(ctx, pbx, o)
}

// TestDefinitionsAreReadAnew: definitions that change while calls are ordered, ring and talk make
// no other count of them: no more are dialled than agents are free, and each list has its own.
func TestDefinitionsAreReadAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 30)
		must(t, second(w.store.CreateList(t.Context(), leads.List{ID: "m", Region: "CO"}, "me")))
		must(t, w.bring("m", owing(100, 30, 0)))
		w.staff(2)
		var now atomic.Pointer[map[string]*campaign.Campaign]
		read := func(there bool) {
			c := march(campaign.ModeProgressive)
			c.Lists = append(c.Lists, campaign.List{List: "m", Weight: 1})
			all := byID(slices.Repeat([]*campaign.Campaign{c}, map[bool]int{true: 1}[there]))
			now.Store(&all)
		}
		read(true)
		s := w.sitWith("one", func(s *seat, p *Parts) {
			p.Defined, p.Dialler = func() map[string]*campaign.Campaign { return *now.Load() }, sluggish{s}
		})
		s.order("march", campaign.OnStart)
		for i := range 240 {
			time.Sleep(time.Second)
			read(i%3 > 0) // gone for a second, and there again
			s.runner.Wake()
			time.Sleep(300 * time.Millisecond)
			v, err := s.runner.View(t.Context(), "march")
			if err != nil || v.Live == nil {
				continue
			}
			if up := v.Live.OnWay + v.Live.Waiting + v.Live.Connected; up > 2 {
				t.Fatalf("%d calls for two agents: %+v", up, v.Live)
			}
		}
		if calls, _, most := w.count(); most > 2 || calls < 10 {
			t.Errorf("%d calls, %d at once", calls, most)
		}
		w.close(s)
	})
}

// TestClockPutBack: a clock that is put back does not stop dialling, nor does it when the process
// dies beside it.
func TestClockPutBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 200)
		w.staff(2)
		seats := []*seat{w.sit("one", march(campaign.ModeProgressive))}
		seats[0].order("march", campaign.OnStart)
		for _, dies := range []bool{false, true} {
			time.Sleep(2 * time.Minute)
			n := w.dialled()
			w.skew.Add(-int64(6 * time.Hour))
			if dies {
				seats[0].runner.Stop()
				seats = append(seats, w.sit("two", march(campaign.ModeProgressive)))
			}
			time.Sleep(5 * time.Minute)
			if more := w.dialled() - n; n == 0 || more < 20 {
				t.Errorf("%d calls in five minutes; %d before", more, n)
			}
		}
		w.close(seats...)
	})
}

// TestWhoDialsAfterTheDead: who takes the lease of a process that is certainly dead, before it runs
// out, is who dials from then on.
func TestWhoDialsAfterTheDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		w.staff(1)
		one := w.sit("one", march(campaign.ModeProgressive))
		one.order("march", campaign.OnStart)
		time.Sleep(10 * time.Second)
		one.killed.Store(true)
		two := w.sitWith("two", func(_ *seat, p *Parts) { p.Dead = func(holder string) bool { return holder == "one/one" } }, march(campaign.ModeProgressive))
		time.Sleep(10 * time.Second)
		v, err := two.runner.View(t.Context(), "march")
		must(t, err)
		if v.By != "two" || v.Live == nil {
			t.Errorf("dialled by %q, %+v", v.By, v.Live)
		}
		w.close(one, two)
	})
}

// TestCallsKeepTheirList: calls that are up when a pacer is made are of their list for it, also
// where nothing of the lists was read yet.
func TestCallsKeepTheirList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.leads("l", 1)
		w.leads("m", 1)
		c := march(campaign.ModeProgressive)
		c.Lists = append(c.Lists, campaign.List{List: "m", Weight: 1})
		s := w.sit("one", c)
		s.runner.Stop()
		list, err := w.store.List(t.Context(), "m")
		must(t, err)
		f := &flight{Attempt: leadstore.Attempt{Call: "x", Campaign: "march", List: list.Number(), Planned: time.Now()}}
		x := &term{Runner: s.runner, flights: map[string]*flight{"x": f}}
		must(t, x.rebuild(t.Context(), map[string]campaign.Run{"march": {Campaign: "march", State: campaign.RunRunning, Began: time.Now()}}, []*campaign.Campaign{c}))
		if f.segment != 1 {
			t.Errorf("a call of the second list is in segment %d", f.segment)
		}
		w.close()
	})
}

// TestAnAnswerThatIsFoundLater: who answered while nobody listened has done so then, and not
// when it was found out.
func TestAnAnswerThatIsFoundLater(t *testing.T) {
	t.Parallel()
	found := time.Date(2026, 3, 2, 10, 0, 18, 0, time.UTC)
	tm := &term{flights: map[string]*flight{"c1": {}}}
	news := tm.take([]orchestrator.Entry{{Type: orchestrator.EntryCallDialled, Call: "c1", At: found, Data: []byte(`{"result":"answered","ago_ms":15000}`)}})
	if want := found.Add(-15 * time.Second); len(news) != 1 || !news[0].Answered.Equal(want) || !tm.flights["c1"].Answered.Equal(want) {
		t.Errorf("%+v, want an answer at %v", news, want)
	}
}
