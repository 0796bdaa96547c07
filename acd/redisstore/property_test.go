package redisstore_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/redisstore"
	"github.com/operadora/operadora/orchestrator"
	journal "github.com/operadora/operadora/orchestrator/redisstore"
)

var propertyQueues = []string{"ventas", "ventas", "soporte", "vip", "turnos", "ligera", "fija", "azar", "azar", "todos", "todos", "dos"}

// propertyDefs has all that may make a difference: every strategy (random by a seed), with phones that ring together, ranks,
// requirements, delays, a reserve, agents of one and of several queues, two PBXs,
// queues with and without wrap-up.
func propertyDefs() acd.Definitions {
	ventas := queue("ventas", func(q *acd.Queue) {
		q.WrapUp, q.MissesBeforePause, q.Strategy = 0, 0, acd.MostSkilled
		q.Requires, q.Relax = "en >= 3", []acd.Relax{{After: 5 * time.Second, Requires: "en >= 1 or es >= 4"}, {After: 20 * time.Second}}
	})
	soporte := queue("soporte", func(q *acd.Queue) {
		q.Strategy, q.Priority, q.LastAgent = acd.RoundRobin, 1, &acd.LastAgent{Within: time.Hour, Patience: 8 * time.Second}
	})
	vip := queue("vip", func(q *acd.Queue) { q.Priority, q.Retry, q.Requires = 3, time.Second, "skill(call.topic) >= 2" })
	turnos := queue("turnos", func(q *acd.Queue) {
		q.Strategy, q.WrapUp = acd.FewestCalls, 2*time.Second
		q.ExtendWrapUp = &acd.Extension{By: 2 * time.Second, Most: 5 * time.Second}
		q.LastAgent = &acd.LastAgent{Within: 24 * time.Hour, Patience: 5 * time.Second}
	})
	ligera := queue("ligera", func(q *acd.Queue) { q.Strategy, q.WrapUp, q.Tier = acd.LeastOccupied, 3*time.Second, 1 })
	fija := queue("fija", func(q *acd.Queue) { q.Strategy, q.WrapUp = acd.FixedOrder, 0 })
	azar := queue("azar", func(q *acd.Queue) {
		q.Strategy, q.Seed, q.WrapUp, q.Requires = acd.Random, 7, 0, "en >= 1 or es >= 4"
		q.Relax = []acd.Relax{{After: 6 * time.Second}}
	})
	todos := queue("todos", func(q *acd.Queue) {
		q.Strategy, q.WrapUp, q.LastAgent = acd.RingAll, time.Second, &acd.LastAgent{Within: time.Hour, Patience: 6 * time.Second}
		q.Requires, q.Relax = "en >= 1 or es >= 4", []acd.Relax{{After: 4 * time.Second}}
	})
	dos := queue("dos", func(q *acd.Queue) { q.Strategy, q.RingAtOnce, q.WrapUp, q.MissesBeforePause = acd.RingAll, 2, 0, 0 })
	d := acd.Definitions{Queues: []acd.Queue{ventas, soporte, vip, turnos, ligera, fija, azar, todos, dos}, Dispositions: []acd.Disposition{{Name: "sale"}},
		Skills: []acd.Skill{{Name: "en"}, {Name: "es"}}, Callers: []acd.KnownCaller{
			{ID: "gold", Numbers: []string{"34600*", "34911"}, Priority: 2, About: map[string]string{"topic": "es"}},
			{ID: "own", Numbers: []string{"34600*"}, Queues: []string{"vip", "fija"}, Priority: 1, Prefer: "a03", Patience: 4 * time.Second},
			{ID: "one", Numbers: []string{"346001"}, Tier: 1, Priority: -1}}}
	skills := []map[string]int{{"en": 3}, {"en": 1, "es": 2}, {"es": 5}, {"en": 5, "es": 1}, {"en": 2, "es": 2}, {"en": 3}, nil}
	for i, in := range [][]acd.Membership{
		{{Queue: "ventas"}, {Queue: "turnos"}, {Queue: "ligera"}}, {{Queue: "ventas"}, {Queue: "soporte"}, {Queue: "turnos"}},
		{{Queue: "soporte", Rank: 1}, {Queue: "vip"}, {Queue: "ligera"}, {Queue: "fija"}},
		{{Queue: "vip", Rank: 2}, {Queue: "ventas", Rank: 1}, {Queue: "soporte"}}, {{Queue: "ventas"}, {Queue: "vip"}},
		{{Queue: "ventas"}, {Queue: "turnos"}, {Queue: "ligera"}, {Queue: "fija"}}, {{Queue: "soporte", Delay: 7 * time.Second}, {Queue: "ventas", Reserve: true}},
	} {
		a := acd.NewAgent()
		a.ID, a.Endpoint, a.PBX, a.Queues = fmt.Sprintf("a%02d", i), fmt.Sprintf("PJSIP/%d", 100+i), pbx, in
		a.Skills = skills[i]
		if i != 2 {
			a.Queues = append(a.Queues, acd.Membership{Queue: "azar", Rank: i / 4})
		}
		a.Queues = append(a.Queues, acd.Membership{Queue: "todos", Rank: i % 2})
		if i != 3 {
			a.Queues = append(a.Queues, acd.Membership{Queue: "dos", Delay: time.Duration(i/5) * 3 * time.Second})
		}
		if i == 1 || i == 4 {
			a.PBX = "dos"
		}
		d.Agents = append(d.Agents, a)
	}
	return d
}

// joined has the two PBXs ring one another's phones.
var joined = map[string]string{pbx: "dos", "dos": "dos"}

// machine drives the real distributor and the model through the same steps.
type machine struct {
	w      *world
	m      *model
	calls  int
	told   map[string]int64
	epoch  int64 // of the lease under which was told last whether a PBX is there
	looked int64 // when what is due was dealt with last
}

// call draws one of some calls. Where there is none the action does not apply: rapid
// draws another in its place.
func (x *machine) call(t *rapid.T, from []string) string {
	if len(from) == 0 {
		t.Skip("there is no such call now")
	}
	slices.Sort(from)
	return rapid.SampledFrom(from).Draw(t, "call")
}

// offer draws one of the offers.
func (x *machine) offer(t *rapid.T, answered bool) offerOf {
	var some []offerOf
	for id, o := range x.m.offers {
		if o.answered == answered {
			some = append(some, id)
		}
	}
	if len(some) == 0 {
		t.Skip("there is no such offer now")
	}
	slices.SortFunc(some, func(a, b offerOf) int { return cmp.Compare(x.m.offers[a].n, x.m.offers[b].n) })
	return rapid.SampledFrom(some).Draw(t, "offer")
}

// offerID finds the real offer of a call.
func (x *machine) offerID(t *rapid.T, want offerOf, answered bool) string {
	for id, o := range x.w.records().Offers {
		if o.Call == want.call && o.Agent == want.agent && o.Answered == answered {
			return id
		}
	}
	t.Fatalf("there is no offer of call %s to %s", want.call, want.agent)
	return ""
}

func (x *machine) agent(t *rapid.T) string {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(x.m.agents))).Draw(t, "agent")
}

// sought is what a caller asks for: most ask for nothing of their own.
func (x *machine) sought(t *rapid.T) (s orchestrator.Sought) {
	if rapid.IntRange(0, 3).Draw(t, "about") == 0 {
		return s
	}
	s.About = map[string]string{"topic": rapid.SampledFrom([]string{"en", "es", "es", "none"}).Draw(t, "topic")}
	if rapid.Bool().Draw(t, "asks") {
		s.Needs = rapid.SampledFrom(slices.Sorted(maps.Keys(requirements))).Draw(t, "needs")
		s.Tier = rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "tier")
		s.Prefer = rapid.SampledFrom([]string{"", "", "a00", "a04", "nobody"}).Draw(t, "prefer")
		s.Patience = rapid.SampledFrom([]time.Duration{3 * time.Second, 10 * time.Second}).Draw(t, "patience")
	}
	return s
}

// lease is one of a PBX, the same as before or a later one.
func (x *machine) lease(t *rapid.T, at string) orchestrator.Lease {
	x.epoch += int64(rapid.IntRange(0, 1).Draw(t, "taken over"))
	x.told[at] = x.epoch
	return orchestrator.Lease{PBX: at, Epoch: x.epoch}
}

func everyCall(string) bool { return true }

func (x *machine) tick() {
	x.w.mu.Lock()
	x.w.now = x.w.now.Add(time.Millisecond) // so that no two steps have one time
	x.w.mu.Unlock()
	x.m.now++
}

func (x *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": func(t *rapid.T) { x.check(t) },
		"enqueue": func(t *rapid.T) {
			x.tick()
			x.calls++
			call := "c" + strconv.Itoa(x.calls)
			q := rapid.SampledFrom(propertyQueues).Draw(t, "queue")
			at := rapid.SampledFrom([]string{pbx, pbx, pbx, "dos"}).Draw(t, "pbx")
			ago := rapid.Int64Range(0, 90_000).Draw(t, "ago")
			priority := rapid.IntRange(-1, 2).Draw(t, "priority")
			entered := x.m.now - ago
			sought := x.sought(t)
			caller := rapid.SampledFrom([]string{"346001", "346002", "34911", "34912"}).Draw(t, "caller")
			_, err := x.w.svc.Enqueue(x.w.ctx(), orchestrator.Waiting{Call: call, PBX: at, Queue: q, Visit: 1,
				Caller: orchestrator.Party{Number: "+" + caller}, Priority: priority, Sought: sought, Entered: time.UnixMilli(entered)})
			x.w.must(err)
			x.m.enqueue(call, modelCall{queue: q, pbx: at, visit: 1, asked: sought, caller: caller}, entered, priority)
		},
		"move": func(t *rapid.T) {
			call := x.call(t, slices.Collect(maps.Keys(x.m.calls)))
			x.tick()
			c := *x.m.calls[call]
			c.visit++
			c.queue = rapid.SampledFrom(propertyQueues).Draw(t, "queue")
			_, err := x.w.svc.Enqueue(x.w.ctx(), orchestrator.Waiting{Call: call, PBX: c.pbx, Queue: c.queue,
				Caller: orchestrator.Party{Number: "00" + c.caller}, Visit: c.visit, Sought: c.asked, Entered: time.UnixMilli(x.m.now)})
			x.w.must(err)
			x.m.leave(call)
			c.since = 0
			x.m.enqueue(call, c, x.m.now, 0)
		},
		"callBack": func(t *rapid.T) { // the caller need not wait on the line: the work goes on where it was
			call := x.call(t, slices.Collect(maps.Keys(x.m.calls)))
			x.tick()
			x.calls++
			c, work := *x.m.calls[call], "b"+strconv.Itoa(x.calls)
			x.w.must(x.w.svc.Leave(x.w.ctx(), call, c.visit, "exit"))
			x.m.leave(call)
			x.tick()
			_, err := x.w.svc.Enqueue(x.w.ctx(), orchestrator.Waiting{Call: work, PBX: c.pbx, Queue: c.queue, Visit: c.visit, Sought: c.asked,
				Caller: orchestrator.Party{Number: c.caller}, Priority: c.priority, Entered: time.UnixMilli(c.entered), Since: time.UnixMilli(c.since), Work: orchestrator.WorkCallback})
			x.w.must(err)
			x.m.enqueue(work, c, c.entered, c.priority)
		},
		"late": func(t *rapid.T) {
			call := x.call(t, slices.Collect(maps.Keys(x.m.calls)))
			c := x.m.calls[call]
			x.w.must(x.w.svc.Leave(x.w.ctx(), call, c.visit-1, "late"))
			p, err := x.w.svc.Enqueue(x.w.ctx(), orchestrator.Waiting{Call: call, PBX: c.pbx, Queue: "vip", Visit: c.visit - 1})
			if x.w.must(err); p.Result != orchestrator.PlacedOut {
				t.Fatalf("an older visit: %+v", p)
			}
		},
		"enqueueAgain": func(t *rapid.T) {
			call := x.call(t, slices.Collect(maps.Keys(x.m.calls)))
			c := x.m.calls[call]
			_, err := x.w.svc.Enqueue(x.w.ctx(), orchestrator.Waiting{Call: call, PBX: c.pbx, Queue: c.queue, Visit: c.visit})
			x.w.must(err)
		},
		"leave": func(t *rapid.T) {
			call := x.call(t, slices.Collect(maps.Keys(x.m.calls)))
			x.tick()
			x.w.must(x.w.svc.Leave(x.w.ctx(), call, x.m.calls[call].visit, "hangup"))
			x.m.leave(call)
		},
		"answer": func(t *rapid.T) {
			id := x.offer(t, false)
			x.tick()
			x.w.answer(x.offerID(t, id, false))
			x.m.answer(id)
		},
		"fail": func(t *rapid.T) {
			answered := rapid.IntRange(0, 5).Draw(t, "answered") == 0
			id := x.offer(t, answered)
			why := rapid.SampledFrom([]orchestrator.OfferFailure{
				orchestrator.OfferNoAnswer, orchestrator.OfferRejected, orchestrator.OfferBusy,
				orchestrator.OfferUnreachable, orchestrator.OfferCancelled, orchestrator.OfferElsewhere, orchestrator.OfferError}).Draw(t, "why")
			x.tick()
			x.w.failed(x.offerID(t, id, answered), why)
			x.m.fail(id, why)
		},
		"finish": func(t *rapid.T) {
			id := x.offer(t, true)
			x.tick()
			x.w.finish(x.offerID(t, id, true))
			x.m.finish(id)
		},
		"wish": func(t *rapid.T) {
			id := x.agent(t)
			op := rapid.SampledFrom([]orchestrator.AgentOp{orchestrator.AgentLogin, orchestrator.AgentLogin,
				orchestrator.AgentLogout, orchestrator.AgentPause, orchestrator.AgentResume, orchestrator.AgentResume}).Draw(t, "op")
			x.tick()
			x.w.do(op, id)
			x.m.change(id, acd.Trigger(op))
		},
		"dispose": func(t *rapid.T) {
			id := x.agent(t)
			x.tick()
			x.w.do(orchestrator.AgentDispose, id, func(c *orchestrator.AgentCommand) { c.Disposition = "sale" })
			x.m.dispose(id)
		},
		"extend": func(t *rapid.T) {
			id := x.agent(t)
			x.tick()
			x.w.do(orchestrator.AgentExtend, id)
			x.m.extend(id)
		},
		"device": func(t *rapid.T) {
			id := x.agent(t)
			d := rapid.SampledFrom([]orchestrator.DeviceState{orchestrator.DeviceFree, orchestrator.DeviceFree,
				orchestrator.DeviceUnknown, orchestrator.DeviceBusy, orchestrator.DeviceUnreachable}).Draw(t, "device")
			x.tick()
			def := x.m.agents[id].def
			x.w.must(x.w.svc.Device(x.w.ctx(), def.PBX, def.Endpoint, d))
			x.m.deviceSays(id, d)
		},
		"pbxAway": func(t *rapid.T) {
			if rapid.IntRange(0, 2).Draw(t, "rarely") > 0 {
				t.Skip("PBXs are there most of the time")
			}
			at := rapid.SampledFrom([]string{pbx, "dos"}).Draw(t, "pbx")
			x.tick()
			_, err := x.w.svc.Away(x.w.ctx(), x.lease(t, at))
			x.w.must(err)
			x.m.pbxAway(at)
		},
		"pbxBack": func(t *rapid.T) {
			at := rapid.SampledFrom([]string{pbx, "dos"}).Draw(t, "pbx")
			x.tick()
			_, err := x.w.svc.Back(x.w.ctx(), x.lease(t, at), everyCall)
			x.w.must(err)
			x.m.pbxBack(at)
		},
		"pbxFenced": func(t *rapid.T) { // whoever drove it before tells late
			at := rapid.SampledFrom([]string{pbx, "dos"}).Draw(t, "pbx")
			x.tick()
			late := orchestrator.Lease{PBX: at, Epoch: x.epoch - 1}
			if x.told[at] <= late.Epoch {
				t.Skip("nobody was told later")
			}
			n, err := x.w.svc.Away(x.w.ctx(), late)
			x.w.must(err)
			m, err := x.w.svc.Back(x.w.ctx(), late, everyCall)
			if x.w.must(err); n+m != 0 {
				t.Fatalf("%d and %d changed under an earlier lease", n, m)
			}
		},
		"advance": func(t *rapid.T) {
			ms := rapid.Int64Range(1, 20_000).Draw(t, "ms")
			x.w.mu.Lock()
			x.w.now = x.w.now.Add(time.Duration(ms) * time.Millisecond)
			x.w.mu.Unlock()
			x.m.now += ms
			x.w.must(x.w.svc.Expire(x.w.ctx()))
			x.m.expire()
			x.looked = x.m.now
		},
	}
}

// shape is what both sides must agree on.
type shape struct {
	Agents map[string]agentShape
	Calls  map[string]string // call -> "<queue>@<pbx> <visit> <score> <agent offered>"
	Talks  map[string]string // call -> agent
}

type agentShape struct {
	State    acd.State
	Device   orchestrator.DeviceState
	Rest     int64
	Misses   int
	Call     string
	Due      int64
	Next     acd.Trigger
	Last     bool
	Disposed bool
}

func (m *model) shape() shape {
	s := shape{map[string]agentShape{}, map[string]string{}, map[string]string{}}
	for id, a := range m.agents {
		s.Agents[id] = agentShape{a.state, a.device, a.rest, a.misses, a.call, a.due, a.next, a.last, a.disposed}
	}
	for id, c := range m.calls {
		agent := ""
		for _, of := range m.rung(id) {
			agent += fmt.Sprint(of.agent, m.offers[of].match)
		}
		s.Calls[id] = fmt.Sprintf("%s@%s %d %.0f %s away %d", c.queue, c.pbx, c.visit, c.score, agent, m.away[c.pbx])
	}
	for id, o := range m.offers {
		if o.answered {
			s.Talks[id.call] = o.agent
		}
	}
	return s
}

func shapeOf(r acd.Records, ids []string) shape {
	s := shape{map[string]agentShape{}, map[string]string{}, map[string]string{}}
	for _, id := range ids {
		a, ok := r.Agents[id]
		if !ok {
			a.State, a.Device = acd.StateOffline, orchestrator.DeviceUnknown
		}
		s.Agents[id] = agentShape{a.State, a.Device, a.Rest, a.Misses, a.Call, a.Due, a.Next, a.LastCall != "", a.Disposition != ""}
	}
	for id, c := range r.Calls {
		agent := ""
		for _, offer := range append([]string{c.Offer}, c.Others...) {
			if o, ok := r.Offers[offer]; ok {
				agent += fmt.Sprint(o.Agent, o.Match)
			}
		}
		s.Calls[id] = fmt.Sprintf("%s@%s %d %.0f %s away %d", c.Queue, c.PBX, c.Visit, c.Score, agent, c.Away)
	}
	for _, o := range r.Offers {
		if o.Answered {
			s.Talks[o.Call] = o.Agent
		}
	}
	return s
}

func (x *machine) check(t *rapid.T) {
	r := x.w.records()
	if diff := gocmp.Diff(x.m.shape(), shapeOf(r, slices.Collect(maps.Keys(x.m.agents)))); diff != "" {
		t.Fatalf("model and store differ (-model +store):\n%s", diff)
	}
	for id, a := range r.Agents { // unavailability has a cause and a clock, and nothing else has one
		u := a.Unavailable()
		timed := u.Cause == acd.CauseWrapUp || u.Cause == acd.CauseResting
		if (u.Cause == "") != eligible(a) || u.Cause != "" && (u.Since == 0 || u.Since > x.m.now) || timed && u.Until <= x.looked {
			t.Fatalf("agent %s is unavailable by %+v at %d: %+v", id, u, x.m.now, a)
		}
	}
	if faults := invariants(x.w, r); len(faults) > 0 {
		t.Fatalf("invariants: %v", faults)
	}
	for _, at := range []string{pbx, "dos"} {
		if n, err := x.w.svc.Heal(x.w.ctx(), at); n != 0 || err != nil {
			t.Fatalf("a healthy store was mended: %d %v", n, err)
		}
	}
}

func TestAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	rdb, tenant := client(t)
	addrs, _ := clusterOfThree(t)
	cluster := reach(t, journal.Config{Addrs: addrs}).(*redis.ClusterClient)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		w := newWorld(t, rdb, fmt.Sprintf("%s-%d", tenant, run))
		if rapid.IntRange(0, 9).Draw(rt, "9: on a Cluster of three") == 9 {
			node, err := cluster.MasterForKey(t.Context(), "op:{"+w.tenant+"}:acd:agents")
			w.must(err)
			w.rdb, w.store = node, redisstore.New(cluster, w.tenant)
		}
		defs := propertyDefs()
		if rapid.Bool().Draw(rt, "the PBXs reach one another") {
			defs.Groups = joined
		}
		w.svc = w.unstarted(acd.Parts{Definitions: defs})
		x := &machine{w: w, m: newModel(defs, epoch.UnixMilli()), told: map[string]int64{}, epoch: 1}
		for _, id := range slices.Sorted(maps.Keys(x.m.agents))[rapid.IntRange(0, 7).Draw(rt, "not logged in to begin with"):] {
			x.tick()
			w.do(orchestrator.AgentLogin, id)
			x.m.change(id, acd.OnLogin)
		}
		rt.Repeat(x.actions())
	})
}
