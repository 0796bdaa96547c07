package staffing

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/operadora/operadora/acd"
)

// Simulation plans intervals by playing the very routing of definitions.
type Simulation struct {
	Definitions acd.Definitions
	Calls       int    // played for each trial
	Seed        uint64 // the same seed gives the same plans
}

// SimulatedCalls is how many calls are played for each trial unless others are asked for:
// shares are told to about one in a hundred.
const SimulatedCalls = 20_000

// For plans an interval for all its queues together: the fewest agents with whom each
// queue meets the target. Its intervals are of one time, a queue each.
func (s Simulation) For(queues []QueueInterval, t Target) (Plan, error) {
	if err := t.Check(); err != nil {
		return Plan{}, err
	}
	plan, flows, err := s.flows(queues, t)
	if err != nil || len(flows) == 0 {
		return plan, err
	}
	p := s.pool(flows)
	for _, f := range flows {
		if !slices.ContainsFunc(p.agents, func(a acd.Agent) bool { return p.mayServe(a, f.Queue) }) {
			return plan, &Wrong{"queue", f.Queue, "no agent of the definitions may serve its calls"}
		}
	}
	trial := func(n int) (Plan, bool) { return s.trial(p, plan, flows, n, t) }
	low, high := 0, max(1, int(math.Ceil(plan.Load)))
	enough, met := trial(high)
	for !met {
		if low, high = high, high+max(1, high/4); high > mostSimulated {
			return plan, &Wrong{"level", fmt.Sprint(t.Level), fmt.Sprintf("%d agents are not enough for %s", mostSimulated, plan.Name)}
		}
		enough, met = trial(high)
	}
	for high-low > 1 {
		middle := (low + high) / 2
		if fewer, met := trial(middle); met {
			enough, high = fewer, middle
		} else {
			low = middle
		}
	}
	enough.Staff = int(math.Ceil(float64(high)/(1-t.Shrinkage) - 1e-9))
	return enough, nil
}

// pool is the agents who serve one of the queues of some flows.
func (s Simulation) pool(flows []Flow) *pool {
	serving := map[string]bool{}
	for _, f := range flows {
		serving[f.Queue] = true
	}
	return newPool(s.Definitions, serving)
}

// mostSimulated is the largest number of agents that is played.
const mostSimulated = 5000

// QueueInterval is a queue's calls in an interval.
type QueueInterval struct {
	Queue string
	Interval
	Patience time.Duration // 0 is without end
}

// flows checks what is to be planned, and sums it up.
func (s Simulation) flows(queues []QueueInterval, t Target) (plan Plan, flows []Flow, err error) {
	plan = Plan{Level: 1}
	for _, q := range queues {
		if err := q.check(); err != nil {
			return plan, nil, err
		}
		plan.Name, plan.Length = q.Name, q.Length
		if q.Calls == 0 {
			continue
		}
		f := Flow{Queue: q.Queue, Rate: q.Calls / q.Length.Seconds(), Handle: q.Handle.Seconds(), Patience: cmp.Or(t.Patience, q.Patience).Seconds()}
		flows = append(flows, f)
		plan.Queues = append(plan.Queues, QueuePlan{Queue: q.Queue, Calls: q.Calls})
		plan.Load += f.Rate * f.Handle
		plan.Calls += q.Calls
	}
	if plan.Calls > 0 {
		plan.Handle = seconds(plan.Load / (plan.Calls / plan.Length.Seconds()))
	}
	return plan, flows, nil
}

// mayServe tells whether an agent may serve the calls of a queue, be it after some time.
func (p *pool) mayServe(a acd.Agent, queue string) bool {
	for _, r := range p.routing.Rings(acd.CallRecord{Queue: queue, PBX: a.PBX}) {
		if _, may := r.Ranks[p.routing.Profile(a.ID)]; may {
			return true
		}
	}
	return false
}

// trial is what comes of n agents, and whether every queue meets the target.
func (s Simulation) trial(p *pool, plan Plan, flows []Flow, n int, t Target) (Plan, bool) {
	plan.Agents, plan.Who, plan.Staff = n, p.mix(n), n
	out, occupancy, ok := p.run(flows, n, cmp.Or(s.Calls, SimulatedCalls), t.Within.Seconds(), s.Seed)
	if !ok {
		return plan, false
	}
	plan.Occupancy, plan.Level, plan.Waits, plan.ASA, plan.Abandoned = occupancy, 0, 0, 0, 0
	plan.Queues = slices.Clone(plan.Queues)
	met := t.Occupancy == 0 || occupancy <= t.Occupancy
	for i, o := range out {
		share := func(n int) float64 { return float64(n) / float64(max(o.calls, 1)) }
		q := &plan.Queues[i]
		q.Level, q.Waits, q.Abandoned, q.ASA = share(o.within), share(o.waits), share(o.gaveUp), seconds(o.waited/float64(max(o.calls, 1)))
		part := q.Calls / plan.Calls
		plan.Level, plan.Waits, plan.Abandoned = plan.Level+part*q.Level, plan.Waits+part*q.Waits, plan.Abandoned+part*q.Abandoned
		plan.ASA += time.Duration(part * float64(q.ASA))
		met = met && q.Level >= t.Level && (t.ASA == 0 || q.ASA <= t.ASA) && (t.Abandon == 0 || q.Abandoned <= t.Abandon)
	}
	return plan, met
}

// With is what comes of a number of agents.
func (s Simulation) With(queues []QueueInterval, n int, t Target) (Plan, error) {
	plan, flows, err := s.flows(queues, t)
	if err != nil || len(flows) == 0 {
		return plan, err
	}
	p := s.pool(flows)
	if len(p.agents) == 0 {
		return plan, &Wrong{"queue", flows[0].Queue, "no agent of the definitions may serve its calls"}
	}
	plan, _ = s.trial(p, plan, flows, n, t)
	return plan, nil
}
