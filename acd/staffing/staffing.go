// Package staffing says how many agents an interval needs so that a target is met,
// by the formulas of orchestrator/erlang: C, in which nobody gives up, and A, in
// which callers have a mean patience; or by a simulation of the very routing
// (Simulation). It is arithmetic, without clock or store.
//
// The formulas take each queue for itself, with its own agents, arrivals by chance at an even
// rate within the interval, and a state that has settled: agents who serve several
// queues are fewer than the sum.
package staffing

import (
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/operadora/operadora/orchestrator/erlang"
)

// Model is a formula.
type Model string

// Models.
const (
	ErlangC   Model = "erlang-c"
	ErlangA   Model = "erlang-a"
	Simulated Model = "simulation"
)

// Interval is a time with so many calls.
type Interval struct {
	Name   string
	Length time.Duration
	Calls  float64
	Handle time.Duration // mean handling time: conversation, hold, wrap-up
}

// Target is what is to be reached. Limits that are 0 do not count.
type Target struct {
	Model     Model
	Level     float64       // share of calls to be answered …
	Within    time.Duration // … after a wait of at most this
	ASA       time.Duration // longest mean wait
	Abandon   float64       // largest share of calls that may give up; ErlangA only
	Occupancy float64       // largest share of their time that agents may serve
	Patience  time.Duration // mean patience; ErlangA
	Shrinkage float64       // share of paid time that agents are not there: pauses, training, absence
}

// Plan is what an interval needs and what comes of it.
type Plan struct {
	Interval
	Load      float64 // erlangs: agents that would be busy all the time
	Agents    int     // at their phones
	Staff     int     // on the roster: Agents / (1 - shrinkage)
	Level     float64 // share of calls answered within Target.Within
	Waits     float64 // share of calls that wait
	ASA       time.Duration
	Occupancy float64
	Abandoned float64 // share of calls
	// Of a simulation: what comes of each queue, and who the agents are.
	Queues []QueuePlan
	Who    []Like
}

// QueuePlan is what comes of a queue that shares its agents with others.
type QueuePlan struct {
	Queue                          string
	Calls, Level, Waits, Abandoned float64
	ASA                            time.Duration
}

// Wrong is a value that nothing can be planned for.
type Wrong struct{ Field, Value, Why string }

func (w *Wrong) Error() string { return fmt.Sprintf("%s: %q: %s", w.Field, w.Value, w.Why) }

// most is the largest number of agents that is looked for.
const most = 100_000

// Check says what of a target cannot be.
func (t Target) Check() error {
	share := func(field string, v float64, most float64) error {
		if v < 0 || v > most || math.IsNaN(v) {
			return &Wrong{field, fmt.Sprint(v), fmt.Sprintf("is no share from 0 to %v", most)}
		}
		return nil
	}
	for _, err := range []error{share("level", t.Level, 0.9999), share("abandon", t.Abandon, 1), share("occupancy", t.Occupancy, 1), share("shrinkage", t.Shrinkage, 0.95)} {
		if err != nil {
			return err
		}
	}
	switch {
	case t.Model != ErlangC && t.Model != ErlangA && t.Model != Simulated:
		return &Wrong{"model", string(t.Model), "there are erlang-c, erlang-a and simulation"}
	case t.Within < 0:
		return &Wrong{"within", t.Within.String(), "is negative"}
	case t.ASA < 0:
		return &Wrong{"asa", t.ASA.String(), "is negative"}
	case t.Model == ErlangA && t.Patience <= 0:
		return &Wrong{"patience", t.Patience.String(), "erlang-a needs how long callers wait before they give up, larger than 0; it is estimated for a queue of the records alone, and only if somebody gave up"}
	case t.Model == ErlangC && t.Abandon > 0:
		return &Wrong{"abandon", fmt.Sprint(t.Abandon), "in erlang-c nobody gives up; use erlang-a"}
	case t.Level == 0 && t.ASA == 0 && t.Abandon == 0 && t.Occupancy == 0:
		return &Wrong{"level", "0", "there is no target: give a service level, a mean wait, a share that may give up, or an occupancy"}
	}
	return nil
}

func (i Interval) check() error {
	switch {
	case i.Length <= 0:
		return &Wrong{"interval", i.Length.String(), "is no length of time"}
	case i.Calls < 0 || math.IsNaN(i.Calls) || math.IsInf(i.Calls, 0):
		return &Wrong{"calls", fmt.Sprint(i.Calls), "is no number of calls"}
	case i.Calls > 0 && i.Handle <= 0:
		return &Wrong{"aht", i.Handle.String(), "calls need a mean handling time larger than 0"}
	}
	return nil
}

// For plans an interval by a formula.
func For(i Interval, t Target) (Plan, error) {
	if err := t.Check(); err != nil {
		return Plan{}, err
	}
	if err := i.check(); err != nil {
		return Plan{}, err
	}
	p := Plan{Interval: i, Level: 1}
	if i.Calls == 0 {
		return p, nil
	}
	n := 1 + sort.Search(most, func(n int) bool { return met(i.with(n+1, t), t) })
	if n > most {
		return p, &Wrong{"level", fmt.Sprint(t.Level), fmt.Sprintf("%d agents are not enough for %s", most, i.Name)}
	}
	p = i.with(n, t)
	p.Staff = int(math.Ceil(float64(n)/(1-t.Shrinkage) - 1e-9))
	return p, nil
}

// With is what comes of a number of agents.
func With(i Interval, n int, t Target) (Plan, error) {
	if n < 1 {
		return Plan{}, &Wrong{"agents", fmt.Sprint(n), "is less than 1"}
	}
	if _, err := For(i, t); err != nil {
		return Plan{}, err
	}
	return i.with(n, t), nil
}

func (i Interval) with(n int, t Target) Plan {
	rate, handle, within := i.Calls/i.Length.Seconds(), i.Handle.Seconds(), t.Within.Seconds()
	p := Plan{Interval: i, Load: rate * handle, Agents: n, Staff: n}
	if t.Model == ErlangA {
		q := erlang.A{Agents: n, Arrival: rate, Handle: handle, Patience: t.Patience.Seconds()}
		m := q.Solve()
		p.Level, p.Waits, p.ASA, p.Occupancy, p.Abandoned = q.ServiceLevel(within), m.Wait, seconds(m.MeanWait), m.Occupancy, m.Abandon
		return p
	}
	q := erlang.C{Agents: n, Arrival: rate, Handle: handle}
	p.Level, p.Waits, p.ASA, p.Occupancy = q.ServiceLevel(within), q.Wait(), seconds(q.MeanWait()), q.Occupancy()
	return p
}

// seconds is a length of time; one that never ends is the longest that there is.
func seconds(s float64) time.Duration {
	if s > float64(math.MaxInt64)/float64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(s * float64(time.Second))
}

func met(p Plan, t Target) bool {
	// In C a queue that is at its load never settles.
	return (t.Model == ErlangA || p.Load < float64(p.Agents)) &&
		p.Level >= t.Level && (t.ASA == 0 || p.ASA <= t.ASA) &&
		(t.Abandon == 0 || p.Abandoned <= t.Abandon) && (t.Occupancy == 0 || p.Occupancy <= t.Occupancy)
}
