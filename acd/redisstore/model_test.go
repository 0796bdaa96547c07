package redisstore_test

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // as the scripts draw lots
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// model is the distributor in plain Go: slow, without a store, one thing at a
// time. The real one must agree with it after every step.
type model struct {
	defs    acd.Definitions
	routing *acd.Routing
	now     int64
	agents  map[string]*modelAgent
	calls   map[string]*modelCall
	last    map[[2]string]string // queue and caller -> agent
	away    map[string]int64     // PBX -> since when it is away
	draws   map[string]int       // queue@group -> how often was drawn by its seed
	offers  map[offerOf]*modelOffer
	made    int
}

// offerOf names an offer: an agent has one of a call at a time.
type offerOf struct{ call, agent string }

type modelAgent struct {
	def       acd.Agent
	state     acd.State
	device    orchestrator.DeviceState
	hearsay   bool
	toldAt    int64 // when the device was
	since     int64 // of the state
	rest, min int64
	misses    int
	refusals  int
	served    int
	load      float64
	busy      int64 // since when a call takes the agent up
	free, got int64
	call      string // of its offer
	due       int64
	began     int64 // its wrap-up
	more      *acd.Extension
	next      acd.Trigger
	last      bool
	disposed  bool
}

type modelCall struct {
	queue, pbx string
	visit      int
	score      float64
	asked      orchestrator.Sought
	sought     orchestrator.Sought // with what the caller gets for being known
	caller     string
	entered    int64
	priority   int
	since      int64 // 0 is not yet
	reached    int64 // how far the circle of those who may serve it has grown, ms since
	alone      bool  // it waits for the agent whom it prefers
	freed      int64 // when that agent was at work no more
}

// requirement is one that definitions and calls of the property test may have,
// with what it means in Go.
type requirement struct {
	met   func(skills map[string]int, topic string) bool
	names func(topic string) []string
}

func these(names ...string) func(string) []string { return func(string) []string { return names } }

var requirements = map[string]requirement{
	"":                       {func(map[string]int, string) bool { return true }, these()},
	"en >= 3":                {func(s map[string]int, _ string) bool { return s["en"] >= 3 }, these("en")},
	"en >= 1 or es >= 4":     {func(s map[string]int, _ string) bool { return s["en"] >= 1 || s["es"] >= 4 }, these("en", "es")},
	"es > 1 and not(en > 2)": {func(s map[string]int, _ string) bool { return s["es"] > 1 && s["en"] <= 2 }, these("en", "es")},
	"skill(call.topic) >= 2": {func(s map[string]int, topic string) bool { return s[topic] >= 2 }, func(topic string) []string { return []string{topic} }},
}

// becomes moves an agent, and keeps how much calls have taken the agent up.
func (m *model) becomes(a *modelAgent, to acd.State) {
	taken := func(s acd.State) bool {
		return s == acd.StateReserved || s == acd.StateTalking || s == acd.StateWrapup
	}
	switch {
	case taken(to) && !taken(a.state):
		a.busy = m.now
	case !taken(to) && taken(a.state):
		a.load = acd.Load(a.load, a.busy, m.now)
	}
	if a.state == acd.StateOffline {
		a.served = 0
	}
	a.state, a.since = to, m.now
	for id, c := range m.calls {
		if c.alone && c.sought.Prefer == a.def.ID && m.open(id) && (to == acd.StateOffline || to == acd.StatePaused) {
			c.freed = m.now
		}
	}
}

// from tells from when on an agent may serve a call, and with what rank.
func (m *model) from(a *modelAgent, c *modelCall) (from int64, rank [4]int, ok bool) {
	q := m.queue(c.queue)
	i := slices.IndexFunc(a.def.Queues, func(m acd.Membership) bool { return m.Queue == c.queue })
	if i < 0 || m.group(a.def.PBX) != m.group(c.pbx) {
		return 0, rank, false
	}
	far := 0
	if a.def.PBX != c.pbx {
		far = 1
	}
	at, topic, own := a.def.Queues[i], c.sought.About["topic"], requirements[c.sought.Needs]
	if (at.Reserve && max(c.sought.Tier, q.Tier) == 0) || !own.met(a.def.Skills, topic) {
		return 0, rank, false
	}
	for step, r := range append([]acd.Relax{{Requires: q.Requires}}, q.Relax...) {
		is := requirements[r.Requires]
		if !is.met(a.def.Skills, topic) {
			continue
		}
		skill := 0
		if q.Strategy == acd.MostSkilled {
			for _, name := range append(own.names(topic), is.names(topic)...) {
				skill += a.def.Skills[name]
			}
		}
		return max(r.After, at.Delay).Milliseconds(), [4]int{step, at.Rank, -skill, far}, true
	}
	return 0, rank, false
}

// group is that of a PBX.
func (m *model) group(at string) string { return cmp.Or(m.defs.Groups[at], at) }

// times are when the circle of those who may serve a call grows.
func (m *model) times(c *modelCall) []int64 {
	out := []int64{0}
	for _, a := range m.agents {
		if from, _, ok := m.from(a, c); ok {
			out = append(out, from)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// prefers returns the agent whom a call waits for first, and for how long.
func (m *model) prefers(c *modelCall) (*modelAgent, int64) {
	a := m.agents[c.sought.Prefer]
	if a == nil || m.group(a.def.PBX) != m.group(c.pbx) || c.sought.Patience == 0 {
		return nil, 0
	}
	return a, c.sought.Patience.Milliseconds()
}

// reach brings a call to where it should be by now.
func (m *model) reach(c *modelCall) {
	waited := m.now - c.since
	c.alone, c.freed = false, 0
	if a, patience := m.prefers(c); a != nil && waited < patience {
		c.alone = a.state != acd.StateOffline && a.state != acd.StatePaused
		waited = patience
	}
	for _, t := range m.times(c) {
		if t <= waited {
			c.reached = t
		}
	}
}

// grows is when more agents may serve a call than do by now; false for never.
func (m *model) grows(c *modelCall) (int64, bool) {
	_, patience := m.prefers(c)
	switch {
	case c.freed > 0:
		return c.freed, true
	case c.alone:
		return c.since + patience, true
	}
	for _, t := range m.times(c) {
		if t > max(c.reached, patience) {
			return c.since + t, true
		}
	}
	return 0, false
}

// may tells whether an agent may serve a call that waits.
func (m *model) may(id string, c *modelCall) bool {
	if c.alone {
		return c.sought.Prefer == id
	}
	from, _, ok := m.from(m.agents[id], c)
	return ok && from <= c.reached
}

type modelOffer struct {
	n            int
	agent, queue string
	answered     bool
	at, due      int64
	call         modelCall
	match        orchestrator.Match
}

func newModel(defs acd.Definitions, now int64) *model {
	m := &model{defs: defs, routing: acd.NewRouting(defs), now: now, agents: map[string]*modelAgent{}, calls: map[string]*modelCall{}, last: map[[2]string]string{}, away: map[string]int64{}, draws: map[string]int{}, offers: map[offerOf]*modelOffer{}}
	for _, a := range defs.Agents {
		m.agents[a.ID] = &modelAgent{def: a, state: acd.StateOffline, device: orchestrator.DeviceUnknown}
	}
	return m
}

func (m *model) queue(id string) acd.Queue {
	return m.defs.Queues[slices.IndexFunc(m.defs.Queues, func(q acd.Queue) bool { return q.ID == id })]
}

func (a *modelAgent) eligible() bool {
	return a.state == acd.StateAvailable && a.rest == 0 &&
		(a.device == orchestrator.DeviceFree || a.device == orchestrator.DeviceUnknown)
}

// rung are the unanswered offers of a call in the order in which they were made.
func (m *model) rung(call string) (ids []offerOf) {
	for id, o := range m.offers {
		if id.call == call && !o.answered {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(x, y offerOf) int { return cmp.Compare(m.offers[x].n, m.offers[y].n) })
	return ids
}

// open tells whether more phones may ring for a call than do.
func (m *model) open(call string) bool {
	c := m.calls[call]
	return c != nil && m.away[c.pbx] == 0 && len(m.rung(call)) < m.most(c)
}

func (m *model) most(c *modelCall) int {
	if q := m.queue(c.queue); q.Strategy == acd.RingAll {
		return q.RingAtOnce
	}
	return 1
}

// seek finds agents for a call.
func (m *model) seek(call string) {
	m.reach(m.calls[call])
	for m.open(call) && m.find(call) {
	}
}

// find offers a call to the best agent for it.
func (m *model) find(call string) bool {
	c := m.calls[call]
	q := m.queue(c.queue)
	best, bestRank, bestFact := "", [4]int{}, 0.0
	for id, a := range m.agents {
		if !m.may(id, c) || !a.eligible() {
			continue
		}
		_, rank, _ := m.from(a, c)
		fact := map[acd.Fact]float64{acd.FactFreeSince: float64(a.free), acd.FactOfferedAt: float64(a.got),
			acd.FactServed: float64(a.served), acd.FactLoad: a.load}[q.Strategy.Fact()]
		if best == "" || cmp.Or(slices.Compare(rank[:], bestRank[:]), cmp.Compare(fact, bestFact), cmp.Compare(id, best)) < 0 {
			best, bestRank, bestFact = id, rank, fact
		}
	}
	if q.Strategy == acd.Random && best != "" && !c.alone {
		best = m.draw(c, bestRank)
	} else if routed := m.routed(c); !c.alone && routed != best { // what simulations play is what the scripts do
		panic(fmt.Sprintf("call %s: routing chooses %q, the model %q", call, routed, best))
	}
	if best != "" {
		m.offer(best, call, false)
	}
	return best != ""
}

// draw draws one of the free agents of a rank, by the queue's seed.
func (m *model) draw(c *modelCall, of [4]int) string {
	var free []string
	for id, a := range m.agents {
		if m.may(id, c) && a.eligible() {
			if _, rank, _ := m.from(a, c); rank == of {
				free = append(free, id)
			}
		}
	}
	slices.SortFunc(free, func(a, b string) int {
		return cmp.Or(cmp.Compare(m.routing.Profile(a), m.routing.Profile(b)), cmp.Compare(a, b))
	})
	at := c.queue + "@" + m.group(c.pbx)
	m.draws[at]++
	sum := sha1.Sum(fmt.Appendf(nil, "%d %s %d", m.queue(c.queue).Seed, at, m.draws[at])) //nolint:gosec // a lot, no secret
	lot, _ := strconv.ParseInt(hex.EncodeToString(sum[:6]), 16, 64)
	return free[lot%int64(len(free))]
}

// routed is who gets a call by acd.Routing, among those who are free.
func (m *model) routed(c *modelCall) string {
	waited := m.now - c.since
	if _, patience := m.prefers(c); patience > 0 {
		waited = max(waited, patience)
	}
	rec := acd.CallRecord{Queue: c.queue, PBX: c.pbx, Needs: c.asked.Needs, About: c.asked.About, Tier: c.asked.Tier, Caller: c.caller}
	var ranks map[string]int
	for _, r := range m.routing.Rings(rec) {
		if r.AfterMS <= waited {
			ranks = r.Ranks
		}
	}
	fact, _ := m.routing.Fact(c.queue)
	var best *acd.Free
	for id, a := range m.agents {
		rank, may := ranks[m.routing.Profile(id)]
		if !may || !a.eligible() {
			continue
		}
		free := acd.Free{Agent: id, Rank: rank, Fact: map[acd.Fact]float64{acd.FactFreeSince: float64(a.free), acd.FactOfferedAt: float64(a.got),
			acd.FactServed: float64(a.served), acd.FactLoad: a.load}[fact]}
		if best == nil || free.Compare(*best) < 0 {
			best = &free
		}
	}
	if best == nil {
		return ""
	}
	return best.Agent
}

// serve finds a call for an agent.
func (m *model) serve(id string) {
	a := m.agents[id]
	if !a.eligible() {
		return
	}
	var ids []string
	for call, c := range m.calls {
		if m.open(call) && m.may(id, c) {
			ids = append(ids, call)
		}
	}
	if len(ids) > 0 {
		m.offer(id, slices.MinFunc(ids, func(x, y string) int {
			return cmp.Or(cmp.Compare(m.calls[x].score, m.calls[y].score), cmp.Compare(x, y))
		}), true)
	}
}

const grace = 10_000

func (m *model) offer(id, call string, freed bool) {
	a, c := m.agents[id], m.calls[call]
	match := m.match(a, c, freed)
	m.becomes(a, acd.StateReserved)
	a.call, a.got = call, m.now
	m.made++
	m.offers[offerOf{call, id}] = &modelOffer{n: m.made, at: m.now, agent: id, queue: c.queue, call: *c, due: m.now + m.queue(c.queue).RingTimeout.Milliseconds() + grace, match: match}
}

// match is how an offer comes about.
func (m *model) match(a *modelAgent, c *modelCall, freed bool) orchestrator.Match {
	out := orchestrator.Match{Freed: freed, Strategy: string(m.queue(c.queue).Strategy), Alone: c.alone, Tier: max(c.sought.Tier, m.queue(c.queue).Tier), WaitedMS: m.now - c.since, FreeMS: m.now - a.free}
	_, patience := m.prefers(c)
	for _, t := range m.times(c) {
		if t > patience && t <= c.reached && !c.alone {
			out.Relaxed++
		}
	}
	return out
}

func (m *model) enqueue(call string, c modelCall, entered int64, priority int) {
	if m.calls[call] != nil {
		return
	}
	c.sought = c.asked
	c.entered, c.priority = entered, priority
	priority += m.knows(&c)
	c.score = acd.CallScore(entered, time.Duration(priority+m.queue(c.queue).Priority)*m.queue(c.queue).Point, max(c.sought.Tier, m.queue(c.queue).Tier))
	if c.since == 0 {
		c.since = m.now
	}
	m.calls[call] = &c
	m.seek(call)
}

// knows adds to what a call asks for what its caller gets: of all entries that fit, the
// whole number, then the longest beginning, then the one of the queue alone. It returns
// the priority.
func (m *model) knows(c *modelCall) int {
	q := m.queue(c.queue)
	agent := m.last[[2]string{c.queue, c.caller}]
	if a := m.agents[agent]; c.sought.Prefer == "" && q.LastAgent != nil && a != nil && a.def.Serves(c.queue) {
		defer func() {
			if c.sought.Prefer == "" {
				c.sought.Prefer, c.sought.Patience = agent, q.LastAgent.Patience
			}
		}()
	}
	var best *acd.KnownCaller
	weight := -1
	for i, k := range m.defs.Callers {
		for _, n := range k.Numbers {
			beginning, open := strings.CutSuffix(n, "*")
			if n != c.caller && (!open || !strings.HasPrefix(c.caller, beginning)) || k.Queues != nil && !slices.Contains(k.Queues, c.queue) {
				continue
			}
			is := 2 * len(beginning)
			if !open {
				is += 1000
			}
			if k.Queues != nil {
				is++
			}
			if is > weight {
				best, weight = &m.defs.Callers[i], is
			}
		}
	}
	if best == nil {
		return 0
	}
	c.sought.Tier = max(c.sought.Tier, best.Tier)
	if c.sought.About["topic"] == "" {
		c.sought.About = best.About
	}
	if c.sought.Prefer == "" && best.Prefer != "" {
		c.sought.Prefer, c.sought.Patience = best.Prefer, best.Patience
	}
	return best.Priority
}

// pbxAway has nobody rung for the calls of a PBX, and none of them found, until it is back.
func (m *model) pbxAway(at string) {
	if m.away[at] == 0 {
		m.away[at] = m.now
	}
	var rung []offerOf
	for _, call := range m.of(at) {
		rung = append(rung, m.rung(call)...)
	}
	m.spare(rung)
	for _, id := range slices.SortedFunc(maps.Keys(m.agents), func(x, y string) int {
		return cmp.Or(cmp.Compare(m.agents[x].toldAt, m.agents[y].toldAt), cmp.Compare(x, y))
	}) {
		m.hungUp(id)
	}
}

// hungUp ends the conversation of an agent whose phone is on hook, when the caller's PBX, which
// would tell of it, is away and not the agent's own.
func (m *model) hungUp(id string) {
	a := m.agents[id]
	talk := offerOf{a.call, id}
	if a.state != acd.StateTalking || a.device != orchestrator.DeviceFree || a.hearsay || a.toldAt < a.since {
		return
	}
	if o := m.offers[talk]; o.call.pbx != a.def.PBX && m.away[o.call.pbx] > 0 {
		m.finish(talk)
	}
}

// pbxBack has those found again who wait.
func (m *model) pbxBack(at string) {
	was := m.away[at]
	delete(m.away, at)
	for _, call := range m.of(at) {
		if was > 0 {
			m.seek(call)
		}
	}
}

// of are the calls of a PBX in the order of service.
func (m *model) of(at string) (calls []string) {
	for id, c := range m.calls {
		if c.pbx == at {
			calls = append(calls, id)
		}
	}
	slices.SortFunc(calls, func(x, y string) int {
		return cmp.Or(cmp.Compare(m.calls[x].score, m.calls[y].score), cmp.Compare(x, y))
	})
	return calls
}

func (m *model) leave(call string) {
	if m.calls[call] == nil {
		return
	}
	if rung := m.rung(call); len(rung) > 0 {
		m.fail(rung[0], orchestrator.OfferCancelled)
		return
	}
	delete(m.calls, call)
}

func (m *model) answer(id offerOf) {
	o := m.offers[id]
	a := m.agents[o.agent]
	o.answered = true
	m.becomes(a, acd.StateTalking)
	a.misses, a.refusals, a.last = 0, 0, false
	delete(m.calls, id.call)
	m.spare(m.rung(id.call))
}

// spare frees those who are rung for a call that is out of its queue.
func (m *model) spare(offers []offerOf) {
	for _, id := range offers {
		delete(m.offers, id)
		m.release(id.agent, 0)
	}
}

func (m *model) fail(id offerOf, why orchestrator.OfferFailure) {
	call, o := id.call, m.offers[id]
	a, q := m.agents[o.agent], m.queue(o.queue)
	delete(m.offers, id)
	anew := o.answered && m.calls[call] != nil // entered a queue again while it was talked to
	if !o.answered && why == orchestrator.OfferCancelled {
		delete(m.calls, call)
	}
	alive := a.device == orchestrator.DeviceFree && !a.hearsay && a.toldAt > o.at
	switch why {
	case orchestrator.OfferNoAnswer, orchestrator.OfferRejected:
		a.misses++
		a.free = m.now
	case orchestrator.OfferBusy:
		a.device, a.hearsay = orchestrator.DeviceBusy, true
	case orchestrator.OfferUnreachable:
		a.device, a.hearsay = orchestrator.DeviceUnreachable, true
	}
	if why != orchestrator.OfferCancelled && why != orchestrator.OfferElsewhere {
		a.min = m.now + q.Retry.Milliseconds()
		a.rest = a.min
		if why == orchestrator.OfferBusy || why == orchestrator.OfferUnreachable {
			a.refusals++
			times := int64(1) << min(a.refusals-1, 20)
			a.rest = m.now + min(30_000*times, 600_000)
			if why == orchestrator.OfferBusy {
				a.min = m.now + min(q.Retry.Milliseconds()*times, 600_000)
			}
			if alive {
				a.rest = a.min
			}
		} else {
			a.refusals = 0
		}
	}
	if why == orchestrator.OfferElsewhere && !o.answered { // its agent may be the next for it, as it waits by now
		m.reach(m.calls[call])
	}
	m.release(o.agent, q.MissesBeforePause)
	switch {
	case why == orchestrator.OfferCancelled && !o.answered:
		m.spare(m.rung(call))
	case why == orchestrator.OfferCancelled || anew:
	case o.answered:
		c := o.call
		m.calls[call] = &c
		m.seek(call)
	default:
		m.seek(call)
	}
}

// release frees an agent whose offer came to nothing; misses is how many in a row pause them.
func (m *model) release(id string, misses int) {
	a := m.agents[id]
	was := a.state
	switch {
	case a.next == acd.OnPauseDue, a.next == "" && misses > 0 && a.misses >= misses:
		m.becomes(a, acd.StatePaused)
	case a.next == acd.OnLogoutDue:
		m.becomes(a, acd.StateOffline)
	default:
		m.becomes(a, acd.StateAvailable)
		if was == acd.StateTalking {
			a.free = m.now
		}
	}
	a.call, a.next, a.disposed = "", "", false
	m.serve(id)
}

func (m *model) finish(id offerOf) {
	o := m.offers[id]
	a, wrap := m.agents[o.agent], m.queue(o.queue).WrapUp.Milliseconds()
	delete(m.offers, id)
	if m.queue(o.queue).LastAgent != nil {
		m.last[[2]string{o.queue, o.call.caller}] = o.agent
	}
	if a.disposed {
		a.disposed, wrap = false, 0
	} else {
		a.last = true
	}
	a.served++
	a.call = ""
	if wrap > 0 {
		m.becomes(a, acd.StateWrapup)
		a.due, a.began, a.more = m.now+wrap, m.now, m.queue(o.queue).ExtendWrapUp
		return
	}
	m.depart(o.agent)
}

// depart is what the agent asked for before, else being free.
func (m *model) depart(id string) {
	a := m.agents[id]
	switch a.next {
	case acd.OnPauseDue:
		m.becomes(a, acd.StatePaused)
	case acd.OnLogoutDue:
		m.becomes(a, acd.StateOffline)
	default:
		m.becomes(a, acd.StateAvailable)
		a.free = m.now
	}
	a.next, a.due = "", 0
	m.serve(id)
}

func (m *model) wake(a *modelAgent) {
	a.rest, a.min = 0, 0
	if a.hearsay {
		a.hearsay, a.device = false, orchestrator.DeviceUnknown
	}
}

// change returns whether the wish was taken.
func (m *model) change(id string, t acd.Trigger) {
	a := m.agents[id]
	if due, ok := a.state.Later(t); ok {
		a.next = due
		return
	}
	if t == acd.OnResume && a.next != "" {
		a.next = ""
		if a.state != acd.StateWrapup {
			return
		}
	}
	to, err := a.state.Next(t)
	if err != nil || (t == acd.OnPause && a.state == acd.StatePaused) {
		return
	}
	if t == acd.OnLogin || t == acd.OnResume {
		m.wake(a)
		a.misses, a.refusals = 0, 0
	}
	if t == acd.OnLogin {
		a.last = false
	}
	m.becomes(a, to)
	a.due, a.next = 0, ""
	if to == acd.StateAvailable {
		a.free = m.now
	}
	m.serve(id)
}

func (m *model) extend(id string) {
	a := m.agents[id]
	if e := a.more; a.state == acd.StateWrapup && e != nil {
		a.due = max(a.due, min(a.due+e.By.Milliseconds(), a.began+e.Most.Milliseconds()))
	}
}

func (m *model) dispose(id string) {
	a := m.agents[id]
	switch {
	case a.state == acd.StateTalking:
		a.disposed = true
	case !a.last:
	case a.state == acd.StateWrapup:
		a.last = false
		m.depart(id)
	default:
		a.last = false
	}
}

func (m *model) deviceSays(id string, d orchestrator.DeviceState) {
	a := m.agents[id]
	if a.device == d && !a.hearsay {
		return
	}
	a.device, a.hearsay, a.toldAt = d, false, m.now
	if d == orchestrator.DeviceFree || d == orchestrator.DeviceUnknown {
		switch {
		case a.rest > 0 && a.min <= m.now:
			m.wake(a)
		case a.rest > a.min:
			a.rest = a.min
		}
	}
	m.serve(id)
	if d == orchestrator.DeviceFree {
		m.hungUp(id)
	}
}

// expire deals with what is due, PBX by PBX, each in the order of its deadlines.
func (m *model) expire() {
	for _, at := range []string{"dos", pbx} {
		m.expireAt(at)
	}
}

func (m *model) expireAt(at string) {
	type due struct {
		at   int64
		name string
		do   func()
	}
	var list []due
	for id, o := range m.offers {
		if !o.answered && o.due <= m.now && o.call.pbx == at {
			list = append(list, due{o.due, fmt.Sprintf("offer:%s %06d", id.call, o.n), func() {
				why := orchestrator.OfferNoAnswer
				if m.now-o.due > 2000 { // nobody looked
					why = orchestrator.OfferError
				}
				if m.offers[id] == o { // an earlier one may have ended it
					m.fail(id, why)
				}
			}})
		}
	}
	for id, c := range m.calls {
		if when, ok := m.grows(c); ok && m.open(id) && when <= m.now && c.pbx == at {
			list = append(list, due{when, "ring:" + id, func() {
				if m.calls[id] == c && m.open(id) { // an earlier one may have ended its wait
					m.seek(id)
				}
			}})
		}
	}
	for id, a := range m.agents {
		if a.def.PBX != at {
			continue
		}
		if a.state == acd.StateWrapup && a.due <= m.now {
			list = append(list, due{a.due, "wrap:" + id, func() {
				m.depart(id)
			}})
		}
		if a.rest > 0 && a.rest <= m.now {
			list = append(list, due{a.rest, "rest:" + id, func() {
				m.wake(a)
				m.serve(id)
			}})
		}
	}
	slices.SortFunc(list, func(x, y due) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.name, y.name)) })
	for _, d := range list {
		d.do()
	}
}
