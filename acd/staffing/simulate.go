package staffing

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/operadora/operadora/acd"
)

// Flow is the calls that a queue gets, by chance at an even rate.
type Flow struct {
	Queue    string
	Rate     float64 // a second
	Handle   float64 // mean seconds
	Patience float64 // mean seconds; 0 is without end
}

// pool is who may be at work: the agents of the definitions, in an order of which every
// beginning has those of each profile in proportion. Behind the last come their likes.
type pool struct {
	routing  *acd.Routing
	queues   map[string]acd.Queue
	agents   []acd.Agent
	profiles []int    // of agents
	names    []string // of profiles
}

// newPool takes the agents who serve one of some queues.
func newPool(d acd.Definitions, serving map[string]bool) *pool {
	p := &pool{routing: acd.NewRouting(d), queues: map[string]acd.Queue{}}
	for _, q := range d.Queues {
		p.queues[q.ID] = q
	}
	of := map[string][]acd.Agent{}
	var profiles []string
	for _, a := range d.Agents {
		if !slices.ContainsFunc(a.Queues, func(m acd.Membership) bool { return serving[m.Queue] }) {
			continue
		}
		id := p.routing.Profile(a.ID)
		if of[id] == nil {
			profiles = append(profiles, id)
		}
		of[id] = append(of[id], a)
	}
	taken := map[string]int{}
	total := 0
	for _, list := range of {
		total += len(list)
	}
	for range total {
		next := slices.MinFunc(profiles, func(x, y string) int {
			share := func(id string) float64 {
				if taken[id] == len(of[id]) {
					return math.Inf(1)
				}
				return (float64(taken[id]) + 0.5) / float64(len(of[id]))
			}
			return cmp.Compare(share(x), share(y))
		})
		p.agents, p.profiles = append(p.agents, of[next][taken[next]]), append(p.profiles, slices.Index(profiles, next))
		taken[next]++
	}
	p.names = profiles
	return p
}

// at is the i-th agent; behind the last come likes of the first.
func (p *pool) at(i int) acd.Agent { return p.agents[i%len(p.agents)] }

// mix says how many of n agents are like whom.
func (p *pool) mix(n int) []Like {
	of := map[string]int{}
	var out []Like
	for i := range n {
		a := p.at(i)
		id := p.routing.Profile(a.ID)
		at, known := of[id]
		if !known {
			at = len(out)
			of[id] = at
			out = append(out, Like{Agent: a.ID})
		}
		out[at].Agents++
	}
	return out
}

// Like is so many agents who can and may do the same as one of the definitions.
type Like struct {
	Agent  string
	Agents int
}

// simCall is a call of a simulation. Times are seconds.
type simCall struct {
	entered, handle float64
	gone            bool // served, or has left
	ring            int  // that it has reached
}

// simAgent is an agent of a simulation.
type simAgent struct {
	id              string
	profile         int
	serves          []int // streams
	idle            int   // its place among those who are; -1 for none
	free, got, load float64
	busy            float64 // since when
	served          int
}

// happening is what is due.
type happening struct {
	at    float64
	n     int64 // of equals, which was planned first
	what  kind
	flow  int
	call  *simCall
	agent int
}

type kind int

const (
	comes  kind = iota // a call
	ends               // a conversation with its wrap-up
	tires              // a caller hangs up
	lapses             // the longest wait is over
	grows              // the circle of those who may serve a call
)

type due []happening

// Len implements heap.Interface.
func (d due) Len() int { return len(d) }

// Less implements heap.Interface.
func (d due) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(d[i].at, d[j].at), cmp.Compare(d[i].n, d[j].n)) < 0
}

// Swap implements heap.Interface.
func (d due) Swap(i, j int) { d[i], d[j] = d[j], d[i] }

// Push implements heap.Interface.
func (d *due) Push(x any) { *d = append(*d, x.(happening)) } //nolint:forcetypeassert // nothing else is pushed

// Pop implements heap.Interface.
func (d *due) Pop() any {
	old := *d
	x := old[len(old)-1]
	*d = old[:len(old)-1]
	return x
}

// stream is the calls of a flow that come in at one PBX. All of them ask for the same, so
// the first of them who waits is the first for any agent.
type stream struct {
	Flow
	of      int // the flow
	rings   []circle
	base    float64 // the score of one that enters at 0
	fact    acd.Fact
	lot     bool
	queue   acd.Queue
	waiting []*simCall // with those who have left
	length  int        // without
}

// circle is who may serve calls that have waited for so long.
type circle struct {
	after float64
	ranks []int // by profile; -1 may not
}

// first is who waits for longest; nil for nobody.
func (s *stream) first() *simCall {
	for len(s.waiting) > 0 && s.waiting[0].gone {
		s.waiting = s.waiting[1:]
	}
	if len(s.waiting) == 0 {
		return nil
	}
	return s.waiting[0]
}

// outcome is what a simulation shows of a flow.
type outcome struct {
	calls, within, waits, gaveUp int
	waited                       float64 // of all
}

// simulation is queues that share agents, by a clock of its own.
type simulation struct {
	pool    *pool
	r       *rand.Rand
	streams []*stream
	agents  []simAgent
	idle    []int
	due     due
	seq     int64
	now     float64
	warm    float64 // what comes before does not count
	within  float64
	worked  float64 // seconds of agents since then
	waiting int
	out     []outcome
}

// run plays some calls with n agents: by flow what came of them, and how much of their
// time agents served. ok is false when more wait than will ever be served.
func (p *pool) run(flows []Flow, n, calls int, within float64, seed uint64) (out []outcome, occupancy float64, ok bool) {
	s := &simulation{pool: p, r: rand.New(rand.NewPCG(seed, 1)), within: within, out: make([]outcome, len(flows))} //nolint:gosec // chance, not secrets
	rate := 0.0
	for i, f := range flows {
		rate += f.Rate
		s.split(i, f, n)
	}
	for i := range n {
		a := p.at(i)
		x := simAgent{id: fmt.Sprintf("%s+%d", a.ID, i/len(p.agents)), profile: p.profiles[i%len(p.agents)], idle: i}
		s.idle = append(s.idle, i)
		for j, f := range s.streams {
			if a.Serves(f.Queue) {
				x.serves = append(x.serves, j)
			}
		}
		s.agents = append(s.agents, x)
	}
	for i := range s.streams {
		s.next(i)
	}
	span := float64(calls) / rate
	s.warm = span / 10
	end := s.warm + span
	for s.due[0].at <= end {
		h := heap.Pop(&s.due).(happening) //nolint:forcetypeassert // nothing else is pushed
		s.now = h.at
		s.step(h)
		if s.waiting > 50*n+1000 {
			return nil, 0, false
		}
	}
	for _, a := range s.agents {
		if a.idle < 0 {
			s.worked += end - max(a.busy, s.warm)
		}
	}
	return s.out, s.worked / (span * float64(n)), true
}

// split has the calls of a flow come in where its agents are, in proportion.
func (s *simulation) split(of int, f Flow, n int) {
	at := map[string]int{}
	var pbxs []string
	all := 0
	for i := range n {
		if a := s.pool.at(i); a.Serves(f.Queue) {
			if at[a.PBX] == 0 {
				pbxs = append(pbxs, a.PBX)
			}
			at[a.PBX]++
			all++
		}
	}
	if all == 0 { // they wait for nobody
		a := s.pool.at(0)
		pbxs, at, all = []string{a.PBX}, map[string]int{a.PBX: 1}, 1
	}
	for _, pbx := range pbxs {
		c := acd.CallRecord{Queue: f.Queue, PBX: pbx}
		x := &stream{Flow: f, of: of, base: s.pool.routing.Score(c), queue: s.pool.queues[f.Queue]}
		for _, r := range s.pool.routing.Rings(c) {
			one := circle{after: float64(r.AfterMS) / 1000}
			for _, profile := range s.pool.names {
				rank, may := r.Ranks[profile]
				if !may {
					rank = -1
				}
				one.ranks = append(one.ranks, rank)
			}
			x.rings = append(x.rings, one)
		}
		x.fact, x.lot = s.pool.routing.Fact(f.Queue)
		x.Rate *= float64(at[pbx]) / float64(all)
		s.streams = append(s.streams, x)
	}
}

func (s *simulation) plan(h happening) {
	s.seq++
	h.n = s.seq
	heap.Push(&s.due, h)
}

// next plans the next call of a stream.
func (s *simulation) next(i int) {
	f := s.streams[i]
	at := s.now + s.r.ExpFloat64()/f.Rate
	s.plan(happening{at: at, what: comes, flow: i, call: &simCall{entered: at, handle: s.r.ExpFloat64() * f.Handle}})
}

func (s *simulation) step(h happening) {
	switch h.what {
	case comes:
		s.next(h.flow)
		s.enter(h.flow, h.call)
	case ends:
		a := &s.agents[h.agent]
		s.worked += max(0, s.now-max(a.busy, s.warm))
		a.load = acd.Load(a.load, stamp(a.busy), stamp(s.now))
		a.idle, a.free = len(s.idle), s.now
		s.idle = append(s.idle, h.agent)
		a.served++
		s.serve(h.agent)
	case tires, lapses:
		if !h.call.gone {
			s.leave(h.flow, h.call)
			s.count(h.flow, h.call, func(o *outcome) { o.waits++; o.gaveUp += one(h.what == tires) })
		}
	case grows:
		if !h.call.gone {
			h.call.ring++
			if !s.seek(h.flow, h.call, true) {
				s.grow(h.flow, h.call)
			}
		}
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// stamp is a time as records have it: facts are compared, and a load of 0 is none.
func stamp(seconds float64) int64 { return 1_800_000_000_000 + int64(seconds*1000) }

// count adds what came of a call, unless it came before anything counts.
func (s *simulation) count(flow int, c *simCall, more func(o *outcome)) {
	if c.entered < s.warm {
		return
	}
	o := &s.out[s.streams[flow].of]
	o.calls++
	o.waited += s.now - c.entered
	more(o)
}

// enter has a call come to its queue.
func (s *simulation) enter(flow int, c *simCall) {
	f := s.streams[flow]
	if s.seek(flow, c, false) {
		return
	}
	if f.queue.MaxLength > 0 && f.length >= f.queue.MaxLength {
		c.gone = true
		s.count(flow, c, func(o *outcome) { o.waits++ })
		return
	}
	f.waiting = append(f.waiting, c)
	f.length++
	s.waiting++
	if f.Patience > 0 {
		s.plan(happening{at: s.now + s.r.ExpFloat64()*f.Patience, what: tires, flow: flow, call: c})
	}
	if f.queue.MaxWait > 0 {
		s.plan(happening{at: s.now + f.queue.MaxWait.Seconds(), what: lapses, flow: flow, call: c})
	}
	s.grow(flow, c)
}

// grow plans when more agents may serve a call.
func (s *simulation) grow(flow int, c *simCall) {
	if f := s.streams[flow]; c.ring+1 < len(f.rings) {
		s.plan(happening{at: c.entered + f.rings[c.ring+1].after, what: grows, flow: flow, call: c})
	}
}

func (s *simulation) leave(flow int, c *simCall) {
	c.gone = true
	s.streams[flow].length--
	s.waiting--
}

// seek finds the agent for a call, as call_enqueue and call_relax do.
func (s *simulation) seek(flow int, c *simCall, waits bool) bool {
	f := s.streams[flow]
	ranks := f.rings[c.ring].ranks
	best, found, equals := -1, acd.Free{}, 0
	for _, i := range s.idle {
		a := &s.agents[i]
		rank := ranks[a.profile]
		if rank < 0 {
			continue
		}
		one := acd.Free{Agent: a.id, Rank: rank, Fact: a.fact(f.fact)}
		switch {
		case best < 0 || f.lot && rank < found.Rank || !f.lot && one.Compare(found) < 0:
			best, found, equals = i, one, 1
		case f.lot && rank == found.Rank:
			if equals++; s.r.IntN(equals) == 0 {
				best = i
			}
		}
	}
	if best < 0 {
		return false
	}
	if waits {
		s.leave(flow, c)
	}
	s.join(flow, c, best)
	return true
}

// fact is what a strategy orders by.
func (a *simAgent) fact(f acd.Fact) float64 {
	switch f {
	case acd.FactFreeSince:
		return a.free
	case acd.FactOfferedAt:
		return a.got
	case acd.FactServed:
		return float64(a.served)
	case acd.FactLoad:
		return a.load
	case acd.FactNone:
	}
	return 0
}

// serve finds the call for an agent who has become free, as the store's scripts do.
func (s *simulation) serve(agent int) {
	a := &s.agents[agent]
	best, low := -1, 0.0
	for _, i := range a.serves {
		f := s.streams[i]
		c := f.first()
		if c == nil {
			continue
		}
		if f.rings[c.ring].ranks[a.profile] < 0 {
			continue
		}
		if score := f.base + c.entered*1000; best < 0 || score < low {
			best, low = i, score
		}
	}
	if best < 0 {
		return
	}
	c := s.streams[best].first()
	s.leave(best, c)
	s.join(best, c, agent)
}

// join has an agent serve a call.
func (s *simulation) join(flow int, c *simCall, agent int) {
	a := &s.agents[agent]
	last := s.idle[len(s.idle)-1]
	s.idle[a.idle], s.agents[last].idle = last, a.idle
	s.idle = s.idle[:len(s.idle)-1]
	a.idle, a.busy, a.got = -1, s.now, s.now
	c.gone = true
	waited := s.now - c.entered
	s.count(flow, c, func(o *outcome) { o.waits += one(waited > 0); o.within += one(waited <= s.within) })
	s.plan(happening{at: s.now + c.handle, what: ends, agent: agent})
}
