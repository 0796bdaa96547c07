package pacingsim

import (
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
)

// knowing is the production pacer with one thing no pacer knows: which leads a
// person will answer (not when). It dials the others too, for the list must be
// worked through, and pays no heed to them. What it gains over the pacer alone
// is what a perfect guess at every lead would be worth at most to this pacer.
type knowing struct {
	*pacing.Pacer
	oracle  Oracle
	next    []pacing.Dial // buffer
	ordered [][]bool      // of each campaign's orders that are not launched yet: would a person answer
	heads   []int
	hidden  map[pacing.CallID]bool
}

// newKnowing reads what is known: of the ladder of oracles, "answers" is
// outcome-clairvoyant and "releases" is service-clairvoyant.
func newKnowing(args string) (Factory, error) {
	switch strings.TrimSpace(args) {
	case "", "answers":
		return knowingAnswers, nil
	case "releases":
		return knowingReleases, nil
	}
	return nil, fmt.Errorf("%q is neither answers nor releases", args)
}

// knowingReleases is the production pacer that is told when agents will be idle.
func knowingReleases(u Setup) (Controller, error) {
	p, err := newPacer(u, "")
	if err != nil {
		return nil, err
	}
	return &releasing{p, u.Oracle}, nil
}

// releasing tells the pacer when each agent who begins a talk or wrap-up will be idle.
type releasing struct {
	*pacer
	oracle Oracle
}

// Decide implements Controller. When a talk ends is not settled before the agent
// has begun it, so the agents are asked at the next decision.
func (r *releasing) Decide(now time.Time, orders *Orders) {
	for _, id := range r.oracle.Busy() {
		if at, ok := r.oracle.Release(id); ok {
			r.Observe(pacing.Event{At: now, Kind: pacing.AgentFreeAt, Agent: id, Until: at})
		}
	}
	r.pacer.Decide(now, orders)
}

func knowingAnswers(u Setup) (Controller, error) {
	cfg := config(u)
	for i := range cfg.Campaigns {
		cfg.Campaigns[i].AnswerPrior, cfg.Campaigns[i].AnswerPriorCalls = 0.97, 1000
	}
	p, err := pacing.New(cfg)
	if err != nil {
		return nil, err
	}
	n := len(cfg.Campaigns)
	return &knowing{Pacer: p, oracle: u.Oracle, ordered: make([][]bool, n), heads: make([]int, n),
		hidden: map[pacing.CallID]bool{}}, nil
}

// Observe hides what happens to leads that no person answers.
func (k *knowing) Observe(e pacing.Event) {
	switch e.Kind {
	case pacing.CallLaunched, pacing.CallRefused:
		if !k.settle(e.Campaign) {
			if e.Kind == pacing.CallLaunched {
				k.hidden[e.Call] = true
			}
			e = pacing.Event{At: e.At, Kind: pacing.Heartbeat}
		}
	case pacing.CallRinging, pacing.CallPickedUp, pacing.CallMachine, pacing.CallFailed, pacing.CallEnded:
		if k.hidden[e.Call] {
			if e.Kind == pacing.CallFailed || e.Kind == pacing.CallEnded {
				delete(k.hidden, e.Call)
			}
			e = pacing.Event{At: e.At, Kind: pacing.Heartbeat}
		}
	}
	k.Pacer.Observe(e)
}

// settle takes the oldest order of a campaign off and tells whether a person will answer it.
func (k *knowing) settle(campaign int) bool {
	q := &k.ordered[campaign]
	if k.heads[campaign] >= len(*q) {
		return true
	}
	person := (*q)[k.heads[campaign]]
	k.heads[campaign]++
	if k.heads[campaign] == len(*q) {
		*q, k.heads[campaign] = (*q)[:0], 0
	}
	return person
}

// Decide orders, for each call the pacer wants, the leads up to the next that a
// person will answer.
func (k *knowing) Decide(now time.Time, orders *Orders) {
	d := k.Pacer.Decide(now)
	k.next = append(k.next[:0], d.Dials...)
	const furthest = 400 // leads to look ahead for one that answers
	for _, x := range k.next {
		n := 0
		for range x.Count {
			for range furthest {
				person := k.oracle.Lead(x.Campaign, n).Class == Person
				k.ordered[x.Campaign] = append(k.ordered[x.Campaign], person)
				n++
				if person {
					break
				}
			}
		}
		orders.Dial(x.Campaign, x.Segment, n)
	}
	for _, id := range d.Cancels {
		orders.Cancel(id)
	}
}
