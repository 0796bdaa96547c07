package acd

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// estimateOf is what estimates are, worked out for one queue on one group of PBXs, agent by agent.
func estimateOf(dir *directory, c Counts, at QueueAt) time.Duration {
	serves := func(id string, at QueueAt) bool {
		p := dir.profiles[id]
		m := p.place(at.Queue)
		return m != nil && !m.Reserve && dir.group(p.PBX) == at.Group
	}
	agents := func(places ...QueueAt) (n float64) {
		for id := range dir.profiles {
			all := true
			for _, at := range places {
				all = all && serves(id, at)
			}
			if all {
				n += c.staff[id].atWork
			}
		}
		return n
	}
	o := outlook{agents: agents(at), mean: c.handle(at), leaves: c.Paces[at].leaves()}
	for _, other := range dir.crews.places { // who outlasts the wait is looked at in an order
		if n, both := c.Inside[other].Waiting, agents(at, other); n > 0 && both > 0 {
			o.before = append(o.before, crowd{work: float64(n) * c.handle(other) * both / agents(other), agents: both})
		}
	}
	if len(o.before) == 0 {
		for id := range dir.profiles {
			if serves(id, at) && c.staff[id].free {
				return 0
			}
		}
	}
	return o.wait()
}

// TestEstimatesOfAllQueues: what is expected of all queues at once is what is expected of each.
func TestEstimatesOfAllQueues(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 7))
	told := 0
	for round := range 60 {
		d := Definitions{Groups: map[string]string{"uno": "trunk", "dos": "trunk"}}
		queues := 1 + r.IntN(8)
		for i := range queues {
			q := NewQueue()
			q.ID = fmt.Sprintf("q%d", i)
			d.Queues = append(d.Queues, q)
		}
		for i := range 1 + r.IntN(30) {
			a := NewAgent()
			a.ID, a.PBX, a.Endpoint = fmt.Sprintf("a%d", i), []string{"uno", "dos", "tres"}[r.IntN(3)], fmt.Sprintf("PJSIP/%d", i)
			for _, k := range r.Perm(queues)[:r.IntN(queues+1)] {
				a.Queues = append(a.Queues, Membership{Queue: fmt.Sprintf("q%d", k), Rank: r.IntN(2), Reserve: r.IntN(6) == 0})
			}
			d.Agents = append(d.Agents, a)
		}
		dir := newDirectory(d, nil, 0)
		c := Counts{Inside: map[QueueAt]Inside{}, Paces: map[QueueAt]Pace{}}
		for _, id := range slices.Sorted(maps.Keys(dir.profiles)) {
			for _, as := range []string{string(StateTalking), string(StatePaused), PassedOver, string(StateAvailable)} {
				if n := r.IntN(4) - 1; n > 0 {
					c.Agents = append(c.Agents, Standing{id, as, n})
				}
			}
		}
		for i := range queues {
			for _, group := range dir.groups() {
				at := QueueAt{fmt.Sprintf("q%d", i), group}
				c.Inside[at] = Inside{Waiting: max(0, r.IntN(9)-2)}
				if r.IntN(4) > 0 {
					c.Paces[at] = Pace{Handle: 1000 * float64(1+r.IntN(300)), Handled: 1 + r.IntN(20), Waited: float64(r.IntN(90_000)), Left: float64(r.IntN(3))}
				}
			}
		}
		c.reckon()
		all := c.estimates(dir.crews)
		for i := range queues {
			id, want := fmt.Sprintf("q%d", i), time.Duration(0)
			for _, group := range dir.groups() {
				want = max(want, estimateOf(dir, c, QueueAt{id, group}))
			}
			if diff := all[id] - want; diff.Abs() > time.Millisecond {
				t.Errorf("round %d: a wait of %s is expected of %s, want %s", round, all[id], id, want)
			}
			if want > 0 {
				told++
			}
		}
	}
	if told < 100 {
		t.Errorf("a wait is expected of %d queues alone", told)
	}
}
