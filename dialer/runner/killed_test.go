package runner

import (
	"cmp"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/orchestrator"
)

var (
	seed  = flag.Uint64("campaign.seed", 0, "the world to run again, as a failure of TestKilled names it; 0: new ones")
	seeds = flag.Int("campaign.seeds", 2, "how many worlds TestKilled runs")
)

// TestKilled kills the process that dials at any moment: before and after what it writes, and
// before and after a call is made. The next goes on. No attempt is dialled twice and none is
// lost: each has one call, and each call is on record with what became of it; no lead is
// rung while it is in a call; what the law counts is what happened.
func TestKilled(t *testing.T) {
	t.Parallel()
	n := *seeds
	if testing.Short() {
		n = 1
	}
	for i := range n {
		s := cmp.Or(*seed, uint64(time.Now().UnixNano())+uint64(i))
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { killing(t, s) })
		})
		if *seed != 0 {
			break
		}
	}
}

func killing(t *testing.T, seed uint64) {
	w := newWorld(t, seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	w.leads("l", 40)
	w.staff(5)
	w.life = func(p *person) { // mu is held
		p.rings, p.talk = time.Duration(1+w.rnd.IntN(20))*time.Second, time.Duration(5+w.rnd.IntN(40))*time.Second
		switch w.rnd.IntN(4) {
		case 0:
			p.answers, p.outcome, p.cause = false, orchestrator.OutcomeBusy, orchestrator.CauseBusy
		case 1:
			p.answers, p.outcome, p.cause = false, orchestrator.OutcomeNoAnswer, orchestrator.CauseNoAnswer
		}
	}
	c := march([]campaign.Mode{campaign.ModeProgressive, campaign.ModePower, campaign.ModePredictive}[rnd.IntN(3)])
	kills, most := 0, 25
	if testing.Short() {
		most = 5
	}
	var all []*seat
	for round := 0; ; round++ {
		if round == 0 {
			_, _, err := w.store.Move(t.Context(), "march", campaign.OnStart, "me", "")
			must(t, err)
		}
		var lives atomic.Int64
		lives.Store(5 + rnd.Int64N(150))
		w.dies = func() bool { return round < most && lives.Add(-1) == 0 }
		s := w.sit(fmt.Sprint("p", round), c)
		all = append(all, s)
		for s.killed.Load() == false && time.Now().Before(time.Date(2000, 1, 3, 0, 0, 0, 0, time.UTC)) {
			time.Sleep(time.Second)
			if round >= most && w.done() {
				break
			}
		}
		if !s.killed.Load() {
			break
		}
		kills++
		s.runner.Stop() // what is left of it can do nothing any more
	}
	w.live.Wait()
	time.Sleep(3 * time.Minute)
	calls, _, peak := w.count()
	t.Logf("%s, killed %d times, %d calls, %d at once", c.Mode, kills, calls, peak)
	w.check()
	all[len(all)-1].paced()
	w.close(all...)
}

// paced holds what a process paces by against what happened.
func (s *seat) paced() {
	s.t.Helper()
	v, err := s.runner.View(s.t.Context(), "march")
	must(s.t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if answered, abandoned := s.happened(); v.Live == nil || v.Live.Answered != float64(answered) || v.Live.Abandoned != float64(abandoned) {
		s.t.Errorf("it is paced by %+v, and there were %d answered and %d abandoned", v.Live, answered, abandoned)
	}
}

// TestAnswersAreCountedOnce: who waits as the pacer is made anew is counted by it once, by how their
// wait ends; and who has an agent, or waited too long for one, as it is known by then.
func TestAnswersAreCountedOnce(t *testing.T) {
	t.Parallel()
	for joins, when := range map[time.Duration]func(p *person) bool{
		time.Second:             func(p *person) bool { return p.ConnectedAt == 0 },
		2500 * time.Millisecond: func(p *person) bool { return p.ConnectedAt > 0 },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 5)
			w.leads("l", 40)
			w.staff(5)
			w.joins = joins
			var defined atomic.Pointer[campaign.Campaign]
			defined.Store(march(campaign.ModeProgressive))
			s := w.sitWith("one", func(_ *seat, p *Parts) {
				p.Defined = func() map[string]*campaign.Campaign { return byID([]*campaign.Campaign{defined.Load()}) }
			})
			s.order("march", campaign.OnStart)
			anew := 0
			for range 3000 {
				time.Sleep(100 * time.Millisecond)
				w.mu.Lock()
				there := false
				for _, p := range w.calls {
					there = there || p.AnsweredAt > 0 && p.EndedAt == 0 && when(p)
				}
				w.mu.Unlock()
				if !there || anew == 8 {
					continue
				}
				time.Sleep(50 * time.Millisecond) // it is on record
				defined.Store(march(campaign.ModeProgressive))
				s.order("march", campaign.OnPause) // which has it looked at
				s.order("march", campaign.OnResume)
				anew++
				time.Sleep(5 * time.Second)
			}
			if anew < 4 {
				t.Fatalf("made anew %d times", anew)
			}
			w.live.Wait()
			time.Sleep(time.Minute)
			s.paced()
			w.close(s)
		})
	}
}

// TestJournalLost: what became of attempts while nobody read the journal, and is not in it any
// more, is asked of their calls.
func TestJournalLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3)
		w.leads("l", 40)
		w.staff(5)
		one := w.sit("one", march(campaign.ModeProgressive))
		one.order("march", campaign.OnStart)
		time.Sleep(20 * time.Second)
		one.killed.Store(true)
		one.runner.Stop()
		w.live.Wait() // all calls end, and nobody hears of it
		w.mu.Lock()
		w.lost = len(w.entries)
		w.mu.Unlock()
		two := w.sit("two", march(campaign.ModeProgressive))
		for range 3600 {
			if w.done() {
				break
			}
			time.Sleep(time.Second)
		}
		w.live.Wait()
		time.Sleep(time.Minute)
		w.check()
		w.close(one, two)
	})
}

// nothing is what a reader of others' tables has to bring up to date.
var nothing = fstest.MapFS{"migrations/sqlite/00001_none.sql": {Data: []byte("-- +goose Up\nSELECT 1;\n")}}

// done tells whether every lead is finished, and nothing goes on.
func (w *world) done() bool {
	seen, err := w.store.Stand(w.t.Context(), "march")
	must(w.t, err)
	n := int64(0)
	for _, s := range seen {
		if s.State == "finished" {
			n += s.Leads
		}
	}
	return n == 40
}

// happened counts who answered, and those of them for whom nobody was there in time. mu is held.
func (w *world) happened() (answered, abandoned int) {
	for _, p := range w.calls {
		if p.AnsweredAt > 0 {
			answered++
			if p.ConnectedAt == 0 || p.ConnectedAt-p.AnsweredAt > 2000 {
				abandoned++
			}
		}
	}
	return answered, abandoned
}

// check holds the records of a world against what happened in it.
func (w *world) check() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.double) > 0 {
		w.t.Errorf("rung while they were in a call: %v", w.double)
	}
	own, err := w.db.Tables(w.t.Context(), "look", nothing)
	must(w.t, err)
	onRecord, calls, answered, abandoned := map[string]bool{}, map[int64]int{}, 0, 0
	must(w.t, own.Query(w.t.Context(), func(r *sql.Rows) error {
		var id, state, result, outcome string
		var lead, at int64
		var n, lost int
		if err := r.Scan(&id, &lead, &n, &state, &result, &outcome, &at, &lost); err != nil {
			return err
		}
		onRecord[id] = true
		p := w.calls[id]
		switch {
		case state != "ended":
			w.t.Errorf("attempt %s is %s", id, state)
		case p == nil && (result != "failed" || outcome != ""):
			w.t.Errorf("attempt %s was never dialled, and is on record as %s", id, result)
		case p != nil && string(p.Outcome) != outcome:
			w.t.Errorf("attempt %s ended as %s, and is on record as %s", id, p.Outcome, outcome)
		case p != nil && p.AnsweredAt != at:
			w.t.Errorf("attempt %s was answered at %d, and is on record with %d", id, p.AnsweredAt, at)
		}
		if calls[lead]++; n != calls[lead] {
			w.t.Errorf("attempt %s is the %dth of lead %d, and on record as %d", id, calls[lead], lead, n)
		}
		if at > 0 {
			answered++
			abandoned += lost
		}
		return nil
	}, "SELECT call, lead, n, state, result, outcome, answered_at, abandoned FROM campaign_attempts ORDER BY planned_at, call"))
	for id, p := range w.calls {
		if !onRecord[id] {
			w.t.Errorf("call %s to lead %s is on no record", id, p.Lead)
		}
	}
	happened, lost := w.happened()
	if answered != happened || abandoned != lost {
		w.t.Errorf("on record are %d answered and %d abandoned, and there were %d and %d", answered, abandoned, happened, lost)
	}
	l, err := w.store.Ledger(w.t.Context(), time.Time{})
	must(w.t, err)
	if a, b := l.Window("march", time.Time{}, time.Now().Add(time.Hour)); a != happened || b != lost {
		w.t.Errorf("the ledger has %d answered and %d abandoned, and there were %d and %d", a, b, happened, lost)
	}
	for lead, n := range calls {
		if n > 3 {
			w.t.Errorf("lead %d was called %d times", lead, n)
		}
	}
	if len(calls) != 40 {
		w.t.Errorf("%d leads were called", len(calls))
	}
}
