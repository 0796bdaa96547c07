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

// TestPausesAgreeWithTheModel plays days of agents beside a slow, obviously right count.
func TestPausesAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	rdb, tenant := client(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		w := newWorld(t, rdb, fmt.Sprintf("%s-p%d", tenant, run))
		r := acd.PauseReason{Name: "coffee", Times: rapid.IntRange(0, 3).Draw(rt, "times"), AtOnce: rapid.IntRange(0, 2).Draw(rt, "at once"),
			PerDay: time.Duration(rapid.IntRange(0, 3).Draw(rt, "per day")) * 20 * time.Minute, AtOnceIn: rapid.SampledFrom([]acd.PauseScope{"centre", "team", "queue"}).Draw(rt, "in")}
		if r.AtOnce == 0 {
			r.AtOnceIn = acd.PauseInCentre
		}
		d := pauseDefs(func(p *acd.PauseReason) { r.Digit = p.Digit; *p = r })
		w.svc = w.unstarted(acd.Parts{Definitions: d})
		zone, _ := time.LoadLocation(d.TimeZone)
		type stay struct{ from, to time.Time } // of a pause; to zero: it lasts
		stays, ids := map[string][]stay{}, []string{"a00", "a01", "a02", "a03"}
		w.login(ids...)
		paused := func(id string) bool { n := len(stays[id]); return n > 0 && stays[id][n-1].to.IsZero() }
		together := func(a, b string) bool {
			switch r.AtOnceIn {
			case acd.PauseInTeam:
				return (a < "a02") == (b < "a02")
			default: // all serve soporte
				return true
			}
		}
		want := func(id string) string {
			now := w.clock().In(zone)
			day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
			times, took, others := 0, time.Duration(0), 0
			for _, s := range stays[id] {
				to := s.to
				if to.IsZero() {
					to = now
				}
				if !s.from.Before(day) {
					times++
				}
				if from := s.from; to.After(day) {
					if from.Before(day) {
						from = day
					}
					took += to.Sub(from)
				}
			}
			for _, other := range ids {
				if other != id && paused(other) && together(id, other) {
					others++
				}
			}
			switch {
			case r.Times > 0 && times >= r.Times:
				return "times"
			case r.PerDay > 0 && took >= r.PerDay:
				return "time"
			case r.AtOnce > 0 && others >= r.AtOnce:
				return "at_once"
			}
			return ""
		}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			id := rapid.SampledFrom(ids).Draw(rt, "agent")
			w.skip(time.Duration(rapid.IntRange(1, 90).Draw(rt, "minutes")) * time.Minute)
			if paused(id) {
				w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, id)
				stays[id][len(stays[id])-1].to = w.clock()
				continue
			}
			over, got := want(id), w.do(orchestrator.AgentPause, id, reason("coffee"))
			if got.Over != over || (got.Result == orchestrator.AgentOK) != (over == "") {
				rt.Fatalf("%s at %s: %+v, want %q; %v", id, w.clock().In(zone), got, over, stays)
			}
			if over == "" {
				stays[id] = append(stays[id], stay{from: w.clock()})
			}
		}
		if bad := invariants(w, w.records()); len(bad) > 0 {
			rt.Fatal(bad)
		}
		if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
			rt.Fatalf("a healthy store was mended: %d %v", n, err)
		}
	})
}
