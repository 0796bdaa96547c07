package redisstore_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// pauseDefs has four agents, two of them in team "a", and reasons with limits.
func pauseDefs(change ...func(*acd.PauseReason)) acd.Definitions {
	d := defs(4, queue("ventas", noWrap), queue("soporte", noWrap))
	d.Teams = []acd.Team{{ID: "a"}}
	d.Agents[0].Team, d.Agents[1].Team = "a", "a"
	d.Agents[3].Queues = d.Agents[3].Queues[1:]
	d.TimeZone = "America/Bogota"
	coffee := acd.PauseReason{Name: "coffee", Digit: "1"}
	for _, f := range change {
		f(&coffee)
	}
	d.PauseReasons = []acd.PauseReason{coffee, {Name: "lunch", Digit: "2"}}
	return d
}

func override(c *orchestrator.AgentCommand) { c.Override = true }

// skip moves the clock and deals with what is due.
func (w *world) skip(d time.Duration) {
	w.Helper()
	w.advance(d)
	w.must(w.svc.Expire(w.ctx()))
}

// TestPausesByTheDay: so often, and for so long, in a day of the centre; the next day anew.
func TestPausesByTheDay(t *testing.T) {
	t.Parallel()
	w := setup(t, pauseDefs(func(p *acd.PauseReason) { p.Times, p.PerDay = 3, 20*time.Minute }))
	w.login("a00")
	for range 2 {
		w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
		w.skip(8 * time.Minute)
		w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	}
	if got := w.do(orchestrator.AgentPause, "a00", reason("1")); got.Result != orchestrator.AgentOK || got.Over != "" {
		t.Fatalf("the third: %+v", got)
	}
	if a := w.agent("a00"); a.PauseDue != w.clock().Add(4*time.Minute).UnixMilli() {
		t.Errorf("what is left of the day ends at %d: %+v", a.PauseDue, a)
	}
	w.skip(4*time.Minute + time.Second)
	a := w.wantState("a00", acd.StatePaused)
	if last := w.changes("a00"); a.Over != acd.OverTime || last[len(last)-1].Over != "time" || last[len(last)-1].From != "paused" {
		t.Errorf("that the time is over is not told: %+v, %+v", a, last[len(last)-1])
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	if got := w.do(orchestrator.AgentPause, "a00", reason("coffee")); got.Result != orchestrator.AgentUsedUp || got.Over != "times" {
		t.Errorf("the fourth: %+v", got)
	}
	w.wantState("a00", acd.StateAvailable)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("lunch")) // which has none
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	if got := w.do(orchestrator.AgentPause, "a00", reason("coffee"), override); got.Result != orchestrator.AgentOK || got.Over != "times" {
		t.Errorf("ordered all the same: %+v", got)
	}
	if a := w.agent("a00"); a.Over != acd.OverTimes {
		t.Errorf("an ordered one is not told as over: %+v", a)
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	w.skip(time.Date(2026, 3, 3, 4, 59, 0, 0, time.UTC).Sub(w.clock())) // 23:59 in Bogota
	w.wantDo(orchestrator.AgentUsedUp, orchestrator.AgentPause, "a00", reason("coffee"))
	w.skip(2 * time.Minute)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
	w.clean()
}

// TestAPauseOverMidnight takes of each day what is in it.
func TestAPauseOverMidnight(t *testing.T) {
	t.Parallel()
	w := setup(t, pauseDefs(func(p *acd.PauseReason) { p.PerDay = 20 * time.Minute }))
	w.login("a00")
	w.skip(time.Date(2026, 3, 3, 4, 50, 0, 0, time.UTC).Sub(w.clock())) // 23:50
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
	w.skip(25 * time.Minute)
	if a := w.agent("a00"); a.Over != "" {
		t.Errorf("over at 00:15: %+v", a)
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
	w.skip(4 * time.Minute)
	if a := w.agent("a00"); a.Over != "" {
		t.Errorf("over after 19 minutes of the day: %+v", a)
	}
	w.skip(2 * time.Minute)
	if a := w.agent("a00"); a.Over != acd.OverTime {
		t.Errorf("not over after 21 minutes of the day: %+v", a)
	}
	w.clean()
}

// TestAPauseInterruptedByACall is one pause, and the call is none of it.
func TestAPauseInterruptedByACall(t *testing.T) {
	t.Parallel()
	w := setup(t, pauseDefs(func(p *acd.PauseReason) { p.Times, p.PerDay = 1, 10*time.Minute }))
	w.login("a00")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
	w.skip(time.Minute)
	d, err := w.svc.Dial(w.ctx(), orchestrator.Dialling{Call: "c1", Agent: "a00", PBX: pbx, Queue: "ventas"})
	w.must(err)
	w.skip(20 * time.Minute)
	w.finish(d.Offer.ID)
	a := w.wantState("a00", acd.StatePaused)
	if a.Reason != "coffee" || a.Over != "" || a.PauseDue != w.clock().Add(9*time.Minute).UnixMilli() {
		t.Errorf("after the call: %+v", a)
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	w.wantDo(orchestrator.AgentUsedUp, orchestrator.AgentPause, "a00", reason("coffee"))
	w.clean()
}

// TestAPauseOfTwoNights takes of today what is in it, as one over one midnight does.
func TestAPauseOfTwoNights(t *testing.T) {
	t.Parallel()
	w := setup(t, pauseDefs(func(p *acd.PauseReason) { p.PerDay = 8 * time.Hour }))
	w.login("a00")
	w.skip(time.Date(2026, 3, 3, 4, 0, 0, 0, time.UTC).Sub(w.clock())) // 23:00 in Bogota
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
	w.skip(34 * time.Hour) // 09:00, two midnights later
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	if got := w.do(orchestrator.AgentPause, "a00", reason("coffee")); got.Result != orchestrator.AgentUsedUp {
		t.Errorf("nine hours of today are taken, eight may be: %+v", got)
	}
	w.clean()
}

// TestExpireWaitsForWhatIsBeingDealtWith: who has what is due dealt with finds it done, also
// when another was at it already.
func TestExpireWaitsForWhatIsBeingDealtWith(t *testing.T) {
	t.Parallel()
	w := setup(t, pauseDefs(func(p *acd.PauseReason) { p.PerDay = 20 * time.Minute }))
	w.login("a00")
	for range 30 {
		w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
		w.advance(21 * time.Minute)
		var others sync.WaitGroup
		begun := make(chan struct{}, 3)
		for range cap(begun) {
			others.Go(func() {
				begun <- struct{}{}
				if err := w.svc.Expire(w.ctx()); err != nil {
					t.Error(err)
				}
			})
		}
		for range cap(begun) {
			<-begun
		}
		w.must(w.svc.Expire(w.ctx()))
		if a := w.agent("a00"); a.Over != acd.OverTime {
			t.Errorf("what was due is not done: %+v", a)
		}
		others.Wait()
		w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
		w.skip(24 * time.Hour)
	}
}

// TestMidnightGivesAnewToWhoIsOver: who used up the day's time and pauses on has that of
// the next day from midnight on.
func TestMidnightGivesAnewToWhoIsOver(t *testing.T) {
	t.Parallel()
	w := setup(t, pauseDefs(func(p *acd.PauseReason) { p.PerDay = 20 * time.Minute }))
	w.login("a00")
	w.skip(time.Date(2026, 3, 3, 4, 30, 0, 0, time.UTC).Sub(w.clock())) // 23:30
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
	w.skip(25 * time.Minute)
	if a := w.agent("a00"); a.Over != acd.OverTime {
		t.Fatalf("%+v", a)
	}
	w.skip(10 * time.Minute) // 00:05
	a, last := w.agent("a00"), w.changes("a00")
	if a.Over != "" || a.PauseDue != w.clock().Add(15*time.Minute).UnixMilli() {
		t.Errorf("five minutes of the new day, and it is over: %q, due %d", a.Over, a.PauseDue)
	}
	if n := len(last); last[n-1].Over != "" || last[n-2].Over != "time" {
		t.Errorf("nobody is told: %+v", last[n-2:])
	}
	w.skip(16 * time.Minute)
	if a := w.agent("a00"); a.Over != acd.OverTime {
		t.Errorf("21 minutes of the new day: %+v", a)
	}
	w.clean()
}

// TestAReloadOfTheZoneGivesNothingAnew: nor does it take anything twice.
func TestAReloadOfTheZoneGivesNothingAnew(t *testing.T) {
	t.Parallel()
	d := pauseDefs(func(p *acd.PauseReason) { p.Times, p.PerDay = 1, 10*time.Minute })
	w := setup(t, d)
	w.login("a00", "a01")
	for _, id := range []string{"a00", "a01"} {
		w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, id, reason("coffee"))
	}
	w.skip(time.Minute)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	d.TimeZone = "America/Caracas" // one hour further east; it is 05:01 there
	w.must(w.svc.Reload(w.ctx(), d))
	w.wantDo(orchestrator.AgentUsedUp, orchestrator.AgentPause, "a00", reason("coffee"))
	w.skip(time.Minute)
	if a := w.agent("a01"); a.Over != "" || a.PauseDue != w.clock().Add(8*time.Minute).UnixMilli() {
		t.Errorf("two of ten minutes are taken: %+v", a)
	}
	w.clean()
}

// TestOtherLimitsHoldForWhoIsPaused: definitions that limit a reason hold for who pauses for it, and for who will.
func TestOtherLimitsHoldForWhoIsPaused(t *testing.T) {
	t.Parallel()
	limits := func(perDay time.Duration, times int) acd.Definitions {
		return pauseDefs(func(p *acd.PauseReason) { p.PerDay, p.Times = perDay, times })
	}
	w := setup(t, limits(time.Hour, 0))
	w.login("a01")
	o := w.serve("c1", "ventas")
	w.login("a00")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, "a01", reason("coffee"))
	w.skip(time.Minute)
	w.must(w.svc.Reload(w.ctx(), limits(10*time.Minute, 0)))
	if a := w.agent("a00"); a.PauseDue != w.clock().Add(9*time.Minute).UnixMilli() {
		t.Errorf("nine minutes are left: due %d", a.PauseDue)
	}
	w.finish(o.ID)
	if a := w.wantState("a01", acd.StatePaused); a.PauseDue != w.clock().Add(10*time.Minute).UnixMilli() {
		t.Errorf("ten minutes are left: due %d", a.PauseDue)
	}
	w.skip(30 * time.Minute)
	if a := w.agent("a00"); a.Over != acd.OverTime {
		t.Errorf("half an hour of ten minutes, and nobody is told: over %q, due %d", a.Over, a.PauseDue)
	}
	w.must(w.svc.Reload(w.ctx(), limits(0, 1)))
	if a := w.agent("a00"); a.Over != "" || a.PauseDue != 0 {
		t.Errorf("there is no limit of time any more: %+v", a)
	}
	told := len(w.changes("a00"))
	w.must(w.svc.Reload(w.ctx(), limits(0, 1)))
	if n := len(w.changes("a00")); n != told {
		t.Errorf("nothing changed, and %d times something was told", n-told)
	}
	w.clean()
}

// TestAnotherPauseInTheWrapUpCounts: an agent calls somebody in a coffee pause and, in the
// wrap-up of that call, takes lunch. That is a pause of its own; to go back to coffee is none.
func TestAnotherPauseInTheWrapUpCounts(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas"))
	d.PauseReasons = []acd.PauseReason{{Name: "coffee", Digit: "1", Times: 2}, {Name: "lunch", Digit: "2", Times: 1}}
	w := setup(t, d)
	w.login("a00")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
	call := func(id string) orchestrator.Offer {
		dialled, err := w.svc.Dial(w.ctx(), orchestrator.Dialling{Call: id, Agent: "a00", PBX: pbx, Queue: "ventas"})
		w.must(err)
		w.skip(time.Minute)
		return *dialled.Offer
	}
	wrap := func(o orchestrator.Offer) {
		w.finish(o.ID)
		w.wantState("a00", acd.StateWrapup)
	}
	wrap(call("c1"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("lunch"))
	w.skip(time.Minute)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee")) // the second
	o := call("c2")
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, "a00", reason("coffee")) // which it goes back to
	wrap(o)
	w.wantDo(orchestrator.AgentUsedUp, orchestrator.AgentPause, "a00", reason("lunch"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee")) // the second still
	w.skip(time.Minute)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00")
	w.wantDo(orchestrator.AgentUsedUp, orchestrator.AgentPause, "a00", reason("coffee"))
	w.clean()
}

// TestPausesAtOnce: of two who ask at the same instant one is refused, and who will
// pause after the call counts.
func TestPausesAtOnce(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		in         acd.PauseScope
		first, not string
		may        []string
	}{
		{acd.PauseInCentre, "a00", "a03", nil},
		{acd.PauseInTeam, "a00", "a01", []string{"a02"}},
		{acd.PauseInQueue, "a03", "a02", nil},
		{acd.PauseInTeam, "a02", "a03", []string{"a00"}},
	} {
		t.Run(string(r.in)+" "+r.first, func(t *testing.T) {
			t.Parallel()
			w := setup(t, pauseDefs(func(p *acd.PauseReason) { p.AtOnce, p.AtOnceIn = 1, r.in }))
			w.login(r.first)
			queue := "soporte"
			o := w.serve("c1", queue)
			w.login(append(r.may, r.not)...)
			w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, r.first, reason("coffee"))
			w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, r.first, reason("coffee"))
			if got := w.do(orchestrator.AgentPause, r.not, reason("coffee")); got.Result != orchestrator.AgentTooMany || got.Over != "at_once" {
				t.Fatalf("%+v", got)
			}
			for _, other := range r.may {
				w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, other, reason("coffee"))
			}
			w.finish(o.ID)
			w.wantState(r.first, acd.StatePaused)
			w.wantDo(orchestrator.AgentTooMany, orchestrator.AgentPause, r.not, reason("coffee"))
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, r.not, reason("coffee"), override)
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, r.not)
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, r.first, reason("lunch"))
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, r.not, reason("coffee"))
			w.clean()
		})
	}
}

func TestAWarningBeyondTheLimits(t *testing.T) {
	t.Parallel()
	w := setup(t, pauseDefs(func(p *acd.PauseReason) { p.AtOnce, p.AtOnceIn, p.Over = 1, acd.PauseInCentre, "warn" }))
	w.login("a00", "a01")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
	if got := w.do(orchestrator.AgentPause, "a01", reason("coffee")); got.Result != orchestrator.AgentOK || got.Over != "at_once" {
		t.Errorf("%+v", got)
	}
	if last := w.changes("a01"); last[len(last)-1].Over != "at_once" {
		t.Errorf("not told: %+v", last[len(last)-1])
	}
	w.clean()
}

// TestAtTheSameInstant: whatever many ask at once, no more pause than may.
func TestAtTheSameInstant(t *testing.T) {
	t.Parallel()
	d := defs(64, queue("ventas"))
	d.PauseReasons = []acd.PauseReason{{Name: "coffee", AtOnce: 5, AtOnceIn: acd.PauseInQueue}}
	w := setup(t, d)
	for _, a := range d.Agents {
		w.login(a.ID)
	}
	var wg sync.WaitGroup
	var ok atomic.Int64
	for _, a := range d.Agents {
		wg.Go(func() {
			got, err := w.svc.Do(w.ctx(), orchestrator.AgentCommand{Op: orchestrator.AgentPause, Agent: a.ID, Trusted: true, Reason: "coffee"})
			if err != nil {
				t.Error(err)
			}
			if got.Result == orchestrator.AgentOK {
				ok.Add(1)
			}
		})
	}
	wg.Wait()
	if ok.Load() != 5 {
		t.Errorf("%d of 64 pause, 5 may", ok.Load())
	}
	w.clean()
}

// TestPausesOutliveProcessesAndRecords: neither another process nor the loss of the
// agent's record gives the day anew, and what is left in a set holds nobody up.
func TestPausesOutliveProcessesAndRecords(t *testing.T) {
	t.Parallel()
	d := pauseDefs(func(p *acd.PauseReason) { p.Times, p.AtOnce, p.AtOnceIn = 1, 1, acd.PauseInCentre })
	w := setup(t, d)
	w.login("a00", "a01")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a00", reason("coffee"))
	w.svc.Stop()
	w.start(d)
	w.wantDo(orchestrator.AgentTooMany, orchestrator.AgentPause, "a01", reason("coffee"))
	w.must(w.rdb.HDel(w.ctx(), "op:{"+w.tenant+"}:acd:agents", "a00").Err())
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a01", reason("coffee"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a01")
	if _, err := w.svc.Heal(w.ctx(), pbx); err != nil {
		t.Fatal(err)
	}
	w.wantState("a00", acd.StateAvailable) // revived
	w.wantDo(orchestrator.AgentUsedUp, orchestrator.AgentPause, "a00", reason("coffee"))
	w.clean()
}

// pauseModel counts what agents take, slowly and obviously right: all stays, and when pauses began.
type pauseModel struct {
	reasons [2]acd.PauseReason
	zone    string
	agents  map[string]*pausing
}

// pausing is one agent of a pauseModel.
type pausing struct {
	stays []pauseStay
	began []pauseStay // whose to is not used
	why   string      // pauses for it now
	back  string      // goes back to it after the call
	call  string      // an offer
	wraps bool        // the call is over, wrap-up is not
	later bool        // asked for it in the call: it is one of its own
	crowd [2]bool     // by reason: the pause is one too many at once
}

type pauseStay struct {
	why      string
	from, to time.Time // to zero: it lasts
}

func (m *pauseModel) defs() acd.Definitions {
	d := pauseDefs()
	d.Queues[1].WrapUp = 10 * time.Second // soporte
	d.PauseReasons, d.TimeZone = m.reasons[:], m.zone
	return d
}

func (m *pauseModel) index(why string) int {
	if why == m.reasons[0].Name {
		return 0
	}
	return 1
}

// used returns which limit of the day is used up, with so many pauses more, and what of it is taken.
func (m *pauseModel) used(a *pausing, why string, now time.Time, more int) (string, time.Duration) {
	zone, _ := time.LoadLocation(m.zone)
	at := now.In(zone)
	day, r, took := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone), m.reasons[m.index(why)], time.Duration(0)
	for _, s := range a.began {
		if s.why == why && !s.from.Before(day) {
			more++
		}
	}
	for _, s := range a.stays {
		if s.to.IsZero() {
			s.to = now
		}
		if s.from.Before(day) {
			s.from = day
		}
		if s.why == why && s.to.After(s.from) {
			took += s.to.Sub(s.from)
		}
	}
	switch {
	case r.Times > 0 && more > r.Times:
		return "times", took
	case r.PerDay > 0 && took >= r.PerDay:
		return "time", took
	}
	return "", took
}

// beyond is the limit that one more pause would be beyond.
func (m *pauseModel) beyond(id, why string, now time.Time) string {
	if full, _ := m.used(m.agents[id], why, now, 1); full != "" {
		return full
	}
	others, r := 0, m.reasons[m.index(why)]
	for other, a := range m.agents {
		together := r.AtOnceIn != acd.PauseInTeam || (id < "a02") == (other < "a02") // all serve soporte
		if other != id && (a.why == why || a.back == why) && together {
			others++
		}
	}
	if r.AtOnce > 0 && others >= r.AtOnce {
		return "at_once"
	}
	return ""
}

func (a *pausing) begin(why string, now time.Time, anew bool) {
	a.end(now)
	a.why, a.back, a.later, a.wraps = why, "", false, false
	if why == "" {
		return
	}
	a.stays = append(a.stays, pauseStay{why: why, from: now})
	if anew {
		a.began = append(a.began, pauseStay{why: why, from: now})
	}
}

func (a *pausing) end(now time.Time) {
	if n := len(a.stays); a.why != "" {
		a.stays[n-1].to = now
	}
	a.why = ""
}

// TestPausesAgreeWithTheModel plays days of agents, with calls that interrupt pauses and definitions that
// change meanwhile, beside a slow, obviously right count.
func TestPausesAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	rdb, tenant := client(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		w := newWorld(t, rdb, fmt.Sprintf("%s-p%d", tenant, run))
		drawn := func(name, digit string) acd.PauseReason {
			r := acd.PauseReason{Name: name, Digit: digit, Times: rapid.IntRange(0, 3).Draw(rt, "times"), AtOnce: rapid.IntRange(0, 2).Draw(rt, "at once"),
				PerDay: time.Duration(rapid.IntRange(0, 3).Draw(rt, "per day")) * 20 * time.Minute, AtOnceIn: rapid.SampledFrom([]acd.PauseScope{"centre", "team", "queue"}).Draw(rt, "in"),
				Over: rapid.SampledFrom([]string{"refuse", "warn"}).Draw(rt, "over")}
			if r.AtOnce == 0 {
				r.AtOnceIn = acd.PauseInCentre
			}
			if r.AtOnce == 0 && r.Times == 0 && r.PerDay == 0 {
				r.Over = "refuse"
			}
			return r
		}
		zones := []string{"America/Bogota", "America/Caracas", "Europe/Madrid", "Pacific/Kiritimati", "Asia/Kathmandu"}
		redefine := func(m *pauseModel) {
			m.reasons = [2]acd.PauseReason{drawn("coffee", "1"), drawn("lunch", "2")}
			m.zone = rapid.SampledFrom(zones).Draw(rt, "zone")
		}
		ids := []string{"a00", "a01", "a02", "a03"}
		m := &pauseModel{agents: map[string]*pausing{}}
		redefine(m)
		w.svc = w.unstarted(acd.Parts{Definitions: m.defs()})
		w.login(ids...)
		for _, id := range ids {
			m.agents[id] = &pausing{}
		}
		ask := func(id, why string) {
			a, now := m.agents[id], w.clock()
			over, got := m.beyond(id, why, now), w.do(orchestrator.AgentPause, id, reason(why))
			refused := over != "" && m.reasons[m.index(why)].Over == "refuse"
			if got.Over != over || (got.Result == orchestrator.AgentOK || got.Result == orchestrator.AgentLater) == refused {
				rt.Fatalf("%s at %s: %+v, want %q; %+v", id, now, got, over, a)
			}
			if refused {
				return
			}
			a.crowd[m.index(why)] = over == "at_once"
			if a.call != "" {
				a.back, a.later = why, true
			} else {
				a.begin(why, now, true)
			}
		}
		calls := 0
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			w.skip(time.Duration(rapid.SampledFrom([]int{1, 1, 1, 7, 7, 20, 45, 90, 400, 3000}).Draw(rt, "minutes")) * time.Minute)
			for _, a := range m.agents {
				if a.wraps { // its ten seconds are over
					a.begin(a.back, w.clock(), a.later)
				}
			}
			id, why := rapid.SampledFrom([]string{"a00", "a00", "a00", "a01", "a01", "a02", "a03"}).Draw(rt, "agent"), rapid.SampledFrom([]string{"coffee", "lunch"}).Draw(rt, "reason")
			a, now := m.agents[id], w.clock()
			switch step := rapid.SampledFrom([]string{"pause", "pause", "pause", "ready", "call", "call", "call", "call", "reload"}).Draw(rt, "step"); {
			case step == "reload":
				redefine(m)
				w.must(w.svc.Reload(w.ctx(), m.defs()))
				for _, x := range m.agents {
					for i := range x.crowd {
						x.crowd[i] = x.crowd[i] && m.reasons[i].AtOnce > 0
					}
				}
			case step == "call" && a.call == "": // which a pause goes on after
				calls++
				d, err := w.svc.Dial(w.ctx(), orchestrator.Dialling{Call: fmt.Sprintf("c%d", calls), Agent: id, PBX: pbx, Queue: "soporte"})
				w.must(err)
				back := a.why
				a.end(now)
				a.call, a.back = d.Offer.ID, back
			case step == "call":
				w.finish(a.call)
				a.call, a.wraps = "", true
				if why != a.back && rapid.Bool().Draw(rt, "in wrap-up") {
					ask(id, why)
				}
			case step == "ready" && a.call == "" && a.why != "":
				w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, id)
				a.end(now)
			case step == "pause" && a.why == why: // already
			case step == "pause" && a.back == why && !a.later: // that is where the agent goes
				w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, id, reason(why))
			case step == "pause":
				ask(id, why)
			}
			for id, a := range m.agents {
				over, rec := "", w.agent(id)
				if a.why != "" {
					if over, _ = m.used(a, a.why, now, 0); over == "" && a.crowd[m.index(a.why)] {
						over = "at_once"
					}
				}
				if string(rec.Over) != over || (rec.State == acd.StatePaused) != (a.why != "") {
					rt.Fatalf("%s at %s: %s, over %q, want %q; %+v", id, now, rec.State, rec.Over, over, a)
				}
			}
			if bad := invariants(w, w.records()); len(bad) > 0 {
				rt.Fatal(bad)
			}
		}
		if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
			rt.Fatalf("a healthy store was mended: %d %v", n, err)
		}
	})
}
