package pacingsim

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/dialer/pacing"
)

// oneToOne dials one number for each free agent: the simplest algorithm.
type oneToOne struct {
	Board
	next    time.Time
	ordered int
}

func (o *oneToOne) Observe(e pacing.Event) {
	o.Count(e)
	if e.Kind == pacing.CallLaunched || e.Kind == pacing.CallRefused {
		o.ordered--
	}
	o.next = e.At
}

func (o *oneToOne) Next() time.Time { return o.next }

func (o *oneToOne) Decide(now time.Time, orders *Orders) {
	o.next = time.Time{}
	if len(o.Tally) == 0 || !o.Tally[0].Open {
		return
	}
	t := &o.Tally[0]
	n := o.Idle - t.Launched - t.Detecting - t.Waiting - o.ordered
	orders.Dial(0, 0, n)
	o.ordered += max(n, 0)
}

func newOneToOne(Setup) (Controller, error) { return &oneToOne{}, nil }

func load(t testing.TB, name string) *World {
	t.Helper()
	w, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// 140 s of handling after a search of some 75 s: progressive dialling keeps
// agents busy for 65 % of the time at a quarter of answers, at any size.
func TestOneToOneIsHalfIdle(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"s3", "n50"} {
		r := simulate(t, Options{World: load(t, name), Seeds: 2, Hours: 3, Workers: 2, Factory: newOneToOne})
		if r.UtilisationMean < 0.62 || r.UtilisationMean > 0.68 || r.AbandonMean != 0 {
			t.Errorf("%s: utilisation %.3f, abandoned %.4f", name, r.UtilisationMean, r.AbandonMean)
		}
	}
}

// auditor checks that every call that is ordered is launched or refused once,
// ends once, and is only heard of in between.
type auditor struct {
	Controller
	t                         *testing.T
	ordered, refused, started int
	ended                     int
	live                      map[pacing.CallID]pacing.Kind
}

func (a *auditor) Observe(e pacing.Event) {
	a.Controller.Observe(e)
	if e.Kind > pacing.CallReclassified {
		return
	}
	last, known := a.live[e.Call]
	switch e.Kind {
	case pacing.CallRefused:
		a.refused++
		return
	case pacing.CallReclassified: // said in wrap-up
		return
	case pacing.CallLaunched:
		a.started++
		if known {
			a.t.Errorf("call %d launched twice", e.Call)
		}
	default:
		if !known {
			a.t.Errorf("event %d of call %d, which is not live", e.Kind, e.Call)
		}
	}
	switch e.Kind {
	case pacing.CallFailed, pacing.CallEnded, pacing.CallAbandoned:
		a.ended++
		delete(a.live, e.Call)
		if e.Kind == pacing.CallFailed && last != pacing.CallLaunched && last != pacing.CallRinging {
			a.t.Errorf("call %d failed after event %d", e.Call, last)
		}
		return
	}
	a.live[e.Call] = e.Kind
}

func (a *auditor) Decide(now time.Time, o *Orders) {
	a.Controller.Decide(now, o)
	for _, d := range o.Dials() {
		a.ordered += d.Count
	}
}

func TestEveryCallEndsOnce(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"s3", "s10", "s12", "s13", "s14", "s15", "s16", "shock50"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var a *auditor
			o := Options{World: load(t, name), Factory: func(u Setup) (Controller, error) {
				c, err := Ours()(u)
				a = &auditor{Controller: c, t: t, live: map[pacing.CallID]pacing.Kind{}}
				return a, err
			}}
			s, err := newSim(&o, 3, 0.5)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.run(t.Context(), s.end); err != nil {
				t.Fatal(err)
			}
			if a.ended+len(a.live) != a.started || a.started < 100 {
				t.Errorf("%d launched, %d ended, %d live", a.started, a.ended, len(a.live))
			}
			if a.ordered-a.refused-a.started > 50 {
				t.Errorf("%d ordered, %d refused, %d launched", a.ordered, a.refused, a.started)
			}
			up := 0
			for i := range s.calls {
				if s.calls[i].live && !s.calls[i].inbound {
					up++
				}
			}
			if up != s.lines {
				t.Errorf("%d calls are up and %d lines are counted", up, s.lines)
			}
		})
	}
}

// The k-th lead does the same under any algorithm.
func TestCommonRandomNumbers(t *testing.T) {
	t.Parallel()
	leads := func(f Factory) (out []Outcome) {
		o := Options{World: load(t, "s3"), Factory: f}
		s, err := newSim(&o, 11, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.run(t.Context(), seconds(1800)); err != nil {
			t.Fatal(err)
		}
		s.campaigns[0].leads[0] = 0
		for k := range 500 {
			out = append(out, s.Lead(0, k))
		}
		return out
	}
	if diff := cmp.Diff(leads(newOneToOne), leads(Ours())); diff != "" {
		t.Errorf("leads differ between algorithms (-one to one +ours):\n%s", diff)
	}
}

func TestRunIsDeterministic(t *testing.T) {
	t.Parallel()
	o := Options{World: load(t, "s14"), Seeds: 3, FirstSeed: 5, Hours: 0.2, Factory: Ours(), KeepSeeds: true, KeepDay: true}
	a := simulate(t, o)
	o.Workers = 3
	if diff := cmp.Diff(a, simulate(t, o)); diff != "" {
		t.Errorf("one worker and three differ:\n%s", diff)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, Options{World: load(t, "s3"), Seeds: 4, Hours: 100, Workers: 2, Factory: Ours(),
		Progress: func(done, total float64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestProgressAddsUp(t *testing.T) {
	t.Parallel()
	last := 0.0
	r := simulate(t, Options{World: load(t, "s1"), Seeds: 2, Hours: 1, Workers: 2, Factory: newOneToOne,
		Progress: func(done, total float64) {
			if done < last || done > total+1e-6 {
				t.Errorf("%v of %v hours after %v", done, total, last)
			}
			last = done
		}})
	if last < 2.99 || r.Seeds != 2 {
		t.Errorf("ended at %v virtual hours", last)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	if _, err := Find(Algorithms(), "operadora:progressive"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"operadora:warp", "nobody"} {
		if _, err := Find(Algorithms(), bad); err == nil {
			t.Errorf("%s was found", bad)
		}
	}
}

// cutter orders more than the caps allow and cancels what rings too early.
type cutter struct {
	oneToOne
	calls []pacing.CallID
}

func (c *cutter) Observe(e pacing.Event) {
	c.oneToOne.Observe(e)
	if e.Kind == pacing.CallRinging {
		c.calls = append(c.calls, e.Call)
	}
}

func (c *cutter) Decide(now time.Time, o *Orders) {
	c.next = now.Add(time.Second)
	o.Dial(0, 0, 60)
	for _, id := range c.calls {
		o.Cancel(id)
	}
	c.calls = c.calls[:0]
}

// What agents wait once the list is empty is not held against anybody.
func TestUtilisationEndsWithTheList(t *testing.T) {
	t.Parallel()
	w := load(t, "s16")
	w.Campaigns[0].Leads = 500 // for half an hour or so of eight
	short := simulate(t, Options{World: w, Seeds: 1, Factory: newOneToOne})
	w = load(t, "s16")
	long := simulate(t, Options{World: w, Seeds: 1, Factory: newOneToOne})
	if short.UtilisationMean < long.UtilisationMean-0.1 {
		t.Errorf("utilisation %.3f with a short list, %.3f with a long one", short.UtilisationMean, long.UtilisationMean)
	}
}

// The modes that are not the default keep the limit, and do what they say.
func TestModes(t *testing.T) {
	t.Parallel()
	run := func(change func(*Campaign)) Result {
		w := load(t, "s3")
		change(&w.Campaigns[0])
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		return simulate(t, Options{World: w, Seeds: 2, Hours: 3, Workers: 2, Factory: Ours()})
	}
	eager := run(func(*Campaign) {})
	calm := run(func(c *Campaign) { c.Mode, c.TargetWait = "wait", 25 })
	if calm.AgentWaitMean < 22 || calm.AgentWaitMean > 28 || calm.AbandonMean >= eager.AbandonMean {
		t.Errorf("agents wait %.1f s, want 25; abandoned %.4f, %.4f without a target",
			calm.AgentWaitMean, calm.AbandonMean, eager.AbandonMean)
	}
	greedy := run(func(c *Campaign) { c.Mode, c.TargetWait = "wait", 1 })
	power := run(func(c *Campaign) { c.Mode, c.Ratio = "power", 9 })
	for name, r := range map[string]Result{"wait": greedy, "power": power} {
		if r.LimitRatioWorst > 1.05 || r.AbandonMean < 0.02 {
			t.Errorf("%s: abandoned %.4f, at worst %.3f of the limit", name, r.AbandonMean, r.LimitRatioWorst)
		}
	}
}

func TestViolationsAreCounted(t *testing.T) {
	t.Parallel()
	r := simulate(t, Options{World: load(t, "s3"), Seeds: 1, Hours: 0.1, Factory: func(Setup) (Controller, error) { return &cutter{}, nil }})
	if r.CapViolations == 0 || r.CutBeforeMinRing == 0 {
		t.Errorf("%d violations of caps and %d calls cut early", r.CapViolations, r.CutBeforeMinRing)
	}
}
