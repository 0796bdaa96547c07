package pacingsim

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim/laws"
	"github.com/operadora/operadora/orchestrator/erlang"
)

// blind dials at random times, whatever happens: a Poisson stream.
type blind struct {
	rate float64
	rng  *rand.Rand
	next time.Time
}

func (b *blind) Observe(e pacing.Event) {
	if b.next.IsZero() {
		b.next = e.At
	}
}
func (b *blind) Next() time.Time { return b.next }
func (b *blind) Decide(now time.Time, o *Orders) {
	for !b.next.After(now) {
		o.Dial(0, 0, 1)
		b.next = b.next.Add(duration(b.rng.ExpFloat64() / b.rate))
	}
}

// silent never dials.
type silent struct{}

func (silent) Observe(pacing.Event)       {}
func (silent) Next() time.Time            { return time.Time{} }
func (silent) Decide(time.Time, *Orders)  {}
func newSilent(Setup) (Controller, error) { return silent{}, nil }

func exponential(mean float64) *laws.Spec {
	return &laws.Spec{Kind: laws.KindExponential, Mean: mean}
}

// allAnswer is a world in which every lead answers after a second and patience
// is exponential: dialled blindly, an Erlang A queue.
func allAnswer(agents int, talk, patience float64) *World {
	return &World{Name: "erlang", WarmUp: 1800, Agents: Agents{Count: agents},
		Campaigns: []Campaign{{Name: "c", Answer: Curve{Const: 1}, AnswerDelay: &laws.Spec{Kind: laws.KindDeterministic, Mean: 1},
			Talk: exponential(talk), Patience: exponential(patience)}},
		Control: Control{Command: -1, Event: -1, Bridge: -1}, Carrier: Carrier{CallsPerSecond: 1000}}
}

func simulate(t *testing.T, o Options) Result {
	t.Helper()
	if err := o.World.Validate(); err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestBlindDiallingIsErlangA(t *testing.T) {
	t.Parallel()
	rows := []struct {
		agents                    int
		rate, talk, patience, tol float64
	}{
		{5, 0.04, 120, 2, 0.012},   // nearly Erlang B
		{20, 0.16, 120, 60, 0.012}, // patient
		{50, 0.40, 120, 20, 0.012},
	}
	for _, r := range rows {
		q := erlang.A{Agents: r.agents, Arrival: r.rate, Handle: r.talk, Patience: r.patience}.Solve()
		got := simulate(t, Options{World: allAnswer(r.agents, r.talk, r.patience), Seeds: 6, FirstSeed: 1, Hours: 30, Workers: 2,
			Factory: func(u Setup) (Controller, error) {
				return &blind{rate: r.rate, rng: rand.New(rand.NewPCG(u.Seed, 1))}, nil
			}})
		if math.Abs(got.AbandonMean-q.Abandon) > r.tol || math.Abs(got.UtilisationMean-q.Occupancy) > r.tol {
			t.Errorf("%d agents: abandoned %.4f, utilisation %.4f; Erlang A has %.4f, %.4f",
				r.agents, got.AbandonMean, got.UtilisationMean, q.Abandon, q.Occupancy)
		}
	}
}

// With next to no patience, blind dialling is a loss system.
func TestBlindDiallingWithoutPatienceIsErlangB(t *testing.T) {
	t.Parallel()
	got := simulate(t, Options{World: allAnswer(10, 100, 0.01), Seeds: 6, FirstSeed: 5, Hours: 30, Workers: 2,
		Factory: func(u Setup) (Controller, error) {
			return &blind{rate: 0.08, rng: rand.New(rand.NewPCG(u.Seed, 2))}, nil
		}})
	if want := erlang.B(10, 8); math.Abs(got.AbandonMean-want) > 0.01 {
		t.Errorf("lost %.4f, Erlang B %.4f", got.AbandonMean, want)
	}
}

func TestInboundAloneIsErlangC(t *testing.T) {
	t.Parallel()
	w := allAnswer(10, 100, 2)
	w.Inbound = &Inbound{PerHour: Curve{Const: 306}, Talk: exponential(100)}
	q := erlang.C{Agents: 10, Arrival: 0.085, Handle: 100}
	got := simulate(t, Options{World: w, Seeds: 6, FirstSeed: 9, Hours: 50, Workers: 2, Factory: newSilent})
	if math.Abs(got.UtilisationMean-q.Occupancy()) > 0.015 || math.Abs(got.InboundInTime-q.ServiceLevel(20)) > 0.03 {
		t.Errorf("utilisation %.4f, %.4f answered in 20 s; Erlang C has %.4f, %.4f",
			got.UtilisationMean, got.InboundInTime, q.Occupancy(), q.ServiceLevel(20))
	}
}
