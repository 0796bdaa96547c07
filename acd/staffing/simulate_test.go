package staffing_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/staffing"
)

// one is a queue with agents who can and may do the same.
func one(change ...func(*acd.Queue)) acd.Definitions {
	q := acd.NewQueue()
	q.ID, q.MaxWait = "q", 0
	for _, c := range change {
		c(&q)
	}
	a := acd.NewAgent()
	a.ID, a.PBX, a.Endpoint, a.Queues = "a", "main", "PJSIP/1", []acd.Membership{{Queue: "q"}}
	return acd.Definitions{Queues: []acd.Queue{q}, Agents: []acd.Agent{a}}
}

// TestSimulationAgreesWithErlang: with one queue and one kind of agents the simulation is
// the queue of the formulas; the vectors are those of TestVectors, from elsewhere.
func TestSimulationAgreesWithErlang(t *testing.T) {
	t.Parallel()
	hour := time.Hour
	for _, x := range []struct {
		i                         staffing.Interval
		patience                  time.Duration
		agents                    int
		waits, level, asa, gaveUp float64
	}{
		{staffing.Interval{Length: half, Calls: 100, Handle: 3 * time.Minute}, 0, 14, .174132, .888350, 7.8359, 0},
		{staffing.Interval{Length: half, Calls: 100, Handle: 3 * time.Minute}, 0, 12, .449388, .640158, 40.4449, 0},
		{staffing.Interval{Length: hour, Calls: 240, Handle: 5 * time.Minute}, 0, 24, .298072, .771698, 22.3554, 0},
		{staffing.Interval{Length: hour, Calls: 600, Handle: 4 * time.Minute}, 0, 45, .340706, .775393, 16.3539, 0},
		{staffing.Interval{Length: half, Calls: 100, Handle: 3 * time.Minute}, 2 * time.Minute, 14, .126976, -1, 2.7407, .022839},
		{staffing.Interval{Length: half, Calls: 100, Handle: 3 * time.Minute}, 2 * time.Minute, 10, .496853, -1, 16.4957, .137464},
		{staffing.Interval{Length: hour, Calls: 240, Handle: 5 * time.Minute}, 3 * time.Minute, 20, .470706, -1, 17.9978, .099988},
		{staffing.Interval{Length: hour, Calls: 600, Handle: 4 * time.Minute}, 90 * time.Second, 40, .406720, -1, 7.0173, .077970},
	} {
		target := staffing.Target{Model: staffing.Simulated, Level: .8, Within: 20 * time.Second, Patience: x.patience}
		formula := target
		if formula.Model = staffing.ErlangC; x.patience > 0 {
			formula.Model = staffing.ErlangA
		}
		exact, err := staffing.With(x.i, x.agents, formula)
		if err != nil {
			t.Fatal(err)
		}
		s := staffing.Simulation{Definitions: one(), Calls: 200_000, Seed: 1}
		list := []staffing.QueueInterval{{Queue: "q", Interval: x.i}}
		p, err := s.With(list, x.agents, target)
		if err != nil {
			t.Fatal(err)
		}
		near := func(what string, got, want, tolerance float64) {
			t.Helper()
			if want >= 0 && math.Abs(got-want) > tolerance {
				t.Errorf("%v calls, %d agents, patience %s: %s %.5f, want %.5f", x.i.Calls, x.agents, x.patience, what, got, want)
			}
		}
		near("waits", p.Waits, x.waits, .012)
		near("level", p.Level, x.level, .012)
		near("level by the formula", p.Level, exact.Level, .012)
		near("mean wait", p.ASA.Seconds(), x.asa, .1*x.asa)
		near("give up", p.Abandoned, x.gaveUp, .006)
		near("occupancy", p.Occupancy, exact.Occupancy, .01)
		want, err := staffing.For(x.i, formula)
		if err != nil {
			t.Fatal(err)
		}
		s.Calls = 0
		got, err := s.For(list, target)
		if err != nil || got.Agents < want.Agents-1 || got.Agents > want.Agents+1 {
			t.Errorf("%v calls, patience %s: %d agents, %v; the formula says %d", x.i.Calls, x.patience, got.Agents, err, want.Agents)
		}
	}
}

// TestSimulationKnowsTheRouting: agents of two queues are fewer than each queue's own,
// who cannot serve does not, and what relaxes with time counts from then on.
func TestSimulationKnowsTheRouting(t *testing.T) {
	t.Parallel()
	d := acd.Definitions{Skills: []acd.Skill{{Name: "en"}}}
	for _, id := range []string{"sales", "support"} {
		q := acd.NewQueue()
		q.ID, q.MaxWait = id, 0
		d.Queues = append(d.Queues, q)
	}
	agent := func(skills map[string]int, queues ...string) {
		a := acd.NewAgent()
		a.ID, a.PBX, a.Endpoint, a.Skills = fmt.Sprint("a", len(d.Agents)), "main", fmt.Sprint("PJSIP/", len(d.Agents)), skills
		for _, q := range queues {
			a.Queues = append(a.Queues, acd.Membership{Queue: q})
		}
		d.Agents = append(d.Agents, a)
	}
	interval := staffing.Interval{Name: "10:00", Length: half, Calls: 60, Handle: 3 * time.Minute}
	both := []staffing.QueueInterval{{Queue: "sales", Interval: interval}, {Queue: "support", Interval: interval}}
	target := staffing.Target{Model: staffing.Simulated, Level: .8, Within: 20 * time.Second}
	plan := func(s staffing.Simulation) staffing.Plan {
		t.Helper()
		p, err := s.For(both, target)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	agent(nil, "sales")
	agent(nil, "support")
	apart := plan(staffing.Simulation{Definitions: d, Seed: 3})
	d.Agents = nil
	agent(nil, "sales", "support")
	shared := plan(staffing.Simulation{Definitions: d, Seed: 3})
	alone, err := staffing.For(interval, staffing.Target{Model: staffing.ErlangC, Level: .8, Within: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if apart.Agents < 2*alone.Agents-1 || apart.Agents > 2*alone.Agents+1 || shared.Agents >= apart.Agents {
		t.Errorf("%d agents apart (%d each by the formula), %d who share", apart.Agents, alone.Agents, shared.Agents)
	}
	if len(shared.Queues) != 2 || shared.Queues[0].Level < .8 || shared.Queues[1].Level < .8 || math.Abs(shared.Load-12) > 1e-9 {
		t.Errorf("%+v", shared)
	}
	if diff := cmp.Diff([]staffing.Like{{Agent: "a0", Agents: apart.Agents / 2}, {Agent: "a1", Agents: apart.Agents - apart.Agents/2}}, apart.Who); diff != "" && apart.Agents%2 == 0 {
		t.Errorf("who (-want +got):\n%s", diff)
	}
	again := plan(staffing.Simulation{Definitions: d, Seed: 3})
	if diff := cmp.Diff(shared, again); diff != "" {
		t.Errorf("the same seed gives (-first +again):\n%s", diff)
	}

	// One in four knows English: sales, which needs it, has them alone.
	d.Queues[0].Requires = "en >= 1"
	for range 3 {
		agent(nil, "sales", "support")
	}
	d.Agents[0].Skills = map[string]int{"en": 3}
	skilled := plan(staffing.Simulation{Definitions: d, Seed: 3})
	if skilled.Agents < 4*alone.Agents-8 {
		t.Errorf("%d agents of whom a quarter may serve sales", skilled.Agents)
	}
	d.Queues[0].Relax = []acd.Relax{{After: 5 * time.Second}}
	relaxed := plan(staffing.Simulation{Definitions: d, Seed: 3})
	if relaxed.Agents >= skilled.Agents || relaxed.Agents < shared.Agents {
		t.Errorf("%d agents when anybody may after 5 s; %d when never, %d when at once", relaxed.Agents, skilled.Agents, shared.Agents)
	}
	d.Queues[0].Requires, d.Queues[0].Relax = "en >= 5", nil
	var wrong *staffing.Wrong
	if _, err := (staffing.Simulation{Definitions: d}).For(both, target); !errors.As(err, &wrong) || wrong.Field != "queue" || wrong.Value != "sales" {
		t.Errorf("a queue that nobody may serve: %v", err)
	}
	if _, err := (staffing.Simulation{Definitions: d}).For([]staffing.QueueInterval{{Queue: "sales", Interval: staffing.Interval{Length: half, Calls: 5}}}, target); err == nil || !strings.Contains(err.Error(), "aht") {
		t.Errorf("without a handling time: %v", err)
	}
	if p, err := (staffing.Simulation{Definitions: d}).For([]staffing.QueueInterval{{Queue: "sales", Interval: staffing.Interval{Length: half}}}, target); err != nil || p.Agents != 0 {
		t.Errorf("without a call: %+v, %v", p, err)
	}
}

// TestSimulationKeepsLimits: a longest wait and a longest line send callers away.
func TestSimulationKeepsLimits(t *testing.T) {
	t.Parallel()
	i := []staffing.QueueInterval{{Queue: "q", Interval: staffing.Interval{Length: half, Calls: 100, Handle: 3 * time.Minute}}}
	target := staffing.Target{Model: staffing.Simulated, Level: .5, Within: 20 * time.Second}
	with := func(change func(*acd.Queue)) staffing.Plan {
		t.Helper()
		p, err := staffing.Simulation{Definitions: one(change), Seed: 5}.With(i, 8, target) // of ten that are busy
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := with(func(*acd.Queue) {}); p.Occupancy != 0 {
		t.Errorf("a line that grows without end settled: %+v", p)
	}
	if p := with(func(q *acd.Queue) { q.MaxWait = 30 * time.Second }); p.Occupancy < .9 || p.ASA > 30*time.Second || p.Abandoned != 0 {
		t.Errorf("at most 30 s: %+v", p)
	}
	if p := with(func(q *acd.Queue) { q.MaxLength = 2 }); p.Occupancy < .85 || p.ASA > 60*time.Second {
		t.Errorf("at most two in line: %+v", p)
	}
}
