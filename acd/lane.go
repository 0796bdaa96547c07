package acd

import (
	"cmp"
	"maps"
	"slices"

	"github.com/operadora/operadora/orchestrator"
)

// Lane is what a waiting call asks for: a queue, and who of its agents may serve
// the call, in which order. Agents who can and may do the same have one Profile,
// so a lane has a rank for each profile that serves it, and nothing for each agent.
//
// Calls that ask for the same wait in the same lane. A lane is named by its
// content: one that is stored is never changed, other definitions make others.
type Lane struct {
	ID    string // of the set in which calls wait
	Table string // names Rules and Ranks
	Rules LaneRules
	Ranks map[string]int // profile -> rank; agents of a lower rank come first
}

// LaneRules is what an offer to a call of the lane needs to know of its queue.
type LaneRules struct {
	Queue      string   `json:"id"`
	Strategy   Strategy `json:"strategy"`
	Fact       Fact     `json:"fact"` // what agents of one rank are ordered by, lowest first
	RingMS     int64    `json:"ring_ms"`
	HoldMS     int64    `json:"hold_ms"`           // life of an offer: ring time and grace
	Random     bool     `json:"random,omitempty"`  // agents of one rank are drawn
	Seed       int      `json:"seed,omitempty"`    // by it, as often as some were before; 0: by the offer's id
	AtOnce     int      `json:"at_once,omitempty"` // most phones that ring for a call at the same time; 0 is one
	AutoAnswer bool     `json:"auto_answer,omitempty"`
	Tier       int      `json:"tier,omitempty"` // of its calls
}

// Fields returns the table as the store keeps it: a rank for each profile, and
// the rules under the empty name.
func (l *Lane) Fields() map[string]any {
	fields := make(map[string]any, len(l.Ranks)+1)
	for profile, rank := range l.Ranks {
		fields[profile] = rank
	}
	fields[""] = mustJSON(l.Rules)
	return fields
}

// Ring is a lane that a call is in from so long after it came to the queue.
type Ring struct {
	Lane  string `json:"lane"`
	Table string `json:"table"`
	After int64  `json:"after"` // ms
}

// way returns the rings that a call goes through while it waits, and their lanes.
func (dir *directory) way(c CallRecord) (rings []Ring, lanes []*Lane) {
	c, _ = dir.knows(c)
	q, ok := dir.queue(c.Queue)
	if !ok { // out of reach of agents, but not of the commands that take the call out
		q = NewQueue()
		q.ID = c.Queue
	}
	if orchestrator.OwnerOfQueue(q.ID) != "" {
		own := &Lane{ID: q.ID, Rules: dir.laneRules(q)} // whose it is looks there
		own.Rules.Tier = max(c.Tier, q.Tier)
		own.Table = fingerprint(own.Fields())
		return []Ring{{Lane: own.ID, Table: own.Table}}, []*Lane{own}
	}
	rings, lanes = dir.ways.of(dir, q, c)
	if a, ok := dir.agents[c.Prefer]; !ok || !dir.together(a.PBX, c.PBX) || c.PatienceMS <= 0 {
		return rings, lanes
	}
	return preferring(c, rings), lanes
}

// preferring has a call wait for one agent first.
func preferring(c CallRecord, rings []Ring) []Ring {
	out := []Ring{{Lane: orchestrator.PersonalQueue(c.Prefer), Table: rings[0].Table}}
	for i, r := range rings {
		if i+1 == len(rings) || rings[i+1].After > c.PatienceMS {
			r.After = max(r.After, c.PatienceMS)
			out = append(out, r)
		}
	}
	return out
}

func (dir *directory) laneRules(q Queue) LaneRules {
	atOnce := 0
	if q.Strategy == RingAll {
		atOnce = q.RingAtOnce
	}
	return LaneRules{
		Queue: q.ID, Strategy: q.Strategy, Fact: q.Strategy.Fact(), Random: q.Strategy == Random, Seed: q.Seed, AtOnce: atOnce, AutoAnswer: q.AutoAnswer,
		RingMS: q.RingTimeout.Milliseconds(), HoldMS: (q.RingTimeout + dir.grace).Milliseconds(),
	}
}

// Profile is agents who can and may do the same: they serve the same lanes, with
// the same rank in each.
type Profile struct {
	ID     string         `json:"-"` // names the content
	PBX    string         `json:"pbx"`
	Places []Membership   `json:"places"`
	Skills map[string]int `json:"skills,omitempty"`
	Facts  []Fact         `json:"facts"` // what the strategies of the queues order by
}

// place is the membership in a queue; nil when there is none.
func (p *Profile) place(queue string) *Membership {
	if i := slices.IndexFunc(p.Places, func(m Membership) bool { return m.Queue == queue }); i >= 0 {
		return &p.Places[i]
	}
	return nil
}

// profile finds the profile of an agent's definition and of the queues that are
// closing in which the agent was; it makes the profile when nobody else has it.
func (dir *directory) profile(a Agent) *Profile {
	p := &Profile{PBX: a.PBX, Places: []Membership{}, Skills: a.Skills, Facts: []Fact{}}
	places := a.Queues
	for _, c := range dir.closing {
		if m, was := c.Agents[a.ID]; was {
			places = append(places[:len(places):len(places)], m)
		}
	}
	facts := map[Fact]bool{}
	for _, m := range places {
		q, known := dir.queue(m.Queue)
		if !known || p.place(m.Queue) != nil {
			continue
		}
		p.Places = append(p.Places, m)
		facts[q.Strategy.Fact()] = true
	}
	slices.SortFunc(p.Places, func(m, n Membership) int { return cmp.Compare(m.Queue, n.Queue) })
	p.Facts = append(p.Facts, slices.Sorted(maps.Keys(facts))...)
	p.ID = fingerprint(p)
	if same := dir.profiles[p.ID]; same != nil {
		return same
	}
	dir.profiles[p.ID] = p
	return p
}

// Serves tells whether the agent is defined to serve a queue.
func (a Agent) Serves(queue string) bool {
	return slices.ContainsFunc(a.Queues, func(m Membership) bool { return m.Queue == queue })
}
