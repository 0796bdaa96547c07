package redisstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/redisstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/lab"
	journal "github.com/operadora/operadora/orchestrator/redisstore"
)

// Sizes of the traffic: as many agents and callers at a time, who come again and again.
const (
	trafficAgents  = 8
	trafficCallers = 12
	trafficCalls   = 480
	trafficBefore  = 120 // have been served when the trouble comes
)

// traffic is what a process knows of its calls while Redis is in trouble: it gives its
// orders again until they are answered, its sweeper compares as the engine's does, and
// a phone that is in a call refuses another.
type traffic struct {
	*testing.T
	svc      *acd.Service
	troubled chan struct{} // closed when it is time for trouble
	over     chan struct{} // closed when all are served

	mu     sync.Mutex
	calls  map[string]*trafficCall // guarded by mu, as are all below
	phones map[string]string       // who talks: agent -> call
	began  int
	served int
	ends   []time.Time // of conversations
	healed map[string]int
	stale  map[string]bool // what the sweep before found to be over, and held all the same
}

type trafficCall struct {
	placed  bool // Redis has said that it waits
	talks   *orchestrator.Offer
	served  bool
	missing int // sweeps in a row that found nothing of it
}

// survives has calls served while trouble does its worst to Redis, and checks that
// each was served, once, that no agent had two, and that afterwards nothing is left
// to be mended. It returns what was forgotten, and put right, by kind: of each kind at most once for who was there, or went, in
// the last second before the trouble.
func survives(t *testing.T, rdb redis.UniversalClient, tenant string, trouble func()) map[string]int {
	t.Helper()
	d := defs(trafficAgents, queue("ventas", noWrap, func(q *acd.Queue) { q.Retry, q.MissesBeforePause = time.Second, 0 }))
	x := &traffic{T: t, troubled: make(chan struct{}), over: make(chan struct{}),
		calls: map[string]*trafficCall{}, phones: map[string]string{}, healed: map[string]int{}}
	var err error
	if x.svc, err = acd.New(acd.Parts{Store: redisstore.New(rdb, tenant), Definitions: d}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
	defer cancel()
	if err := x.svc.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer x.svc.Stop()
	for _, a := range d.Agents {
		x.insist(ctx, "login", func() error {
			_, err := x.svc.Do(ctx, orchestrator.AgentCommand{Op: orchestrator.AgentLogin, Agent: a.ID, Trusted: true, By: "test"})
			return err
		})
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil { // as the engine does after trouble with the store
			_ = x.svc.Desk(ctx, pbx, func(n orchestrator.DeskNotice) {
				if n.Offer.Call != "" && n.Withdrawn == "" {
					wg.Go(func() { x.serve(ctx, n.Offer) })
				}
			})
		}
	})
	for range trafficCallers {
		x.arrive(ctx)
	}
	done := make(chan struct{})
	wg.Go(func() { x.sweep(ctx, done) })
	select {
	case <-x.troubled:
	case <-ctx.Done():
		t.Fatal("the trouble never came")
	}
	began := time.Now()
	trouble()
	t.Logf("the trouble took %v", time.Since(began))
	defer func() {
		t.Logf("%d calls, of which %d before the trouble, %v after it", trafficCalls, trafficBefore, time.Since(began))
	}()
	select {
	case <-x.over:
	case <-ctx.Done():
		x.mu.Lock()
		defer x.mu.Unlock()
		t.Fatalf("%d of %d were served; healed %v", x.served, x.began, x.healed)
	}
	close(done)
	x.settle(ctx)
	cancel()
	wg.Wait()
	most := trafficCallers + trafficAgents
	for _, at := range x.ends {
		if since := began.Sub(at); since > 0 && since < time.Second {
			most++
		}
	}
	for what, n := range x.healed {
		if n > most {
			t.Errorf("%s was forgotten %d times, and %d were there in the last second", what, n, most)
		}
	}
	return x.healed
}

// insist repeats what Redis does not answer.
func (x *traffic) insist(ctx context.Context, what string, do func() error) {
	for ctx.Err() == nil {
		err := do()
		if err == nil {
			return
		}
		if fault.KindOf(err) != fault.Unavailable && ctx.Err() == nil {
			x.Errorf("%s: %v", what, err)
			return
		}
	}
}

// arrive lets a caller come, unless there were enough.
func (x *traffic) arrive(ctx context.Context) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.began == trafficCalls {
		return
	}
	x.began++
	id := fmt.Sprintf("c%04d", x.began)
	x.calls[id] = &trafficCall{}
	go x.enqueue(ctx, id)
}

func (x *traffic) enqueue(ctx context.Context, id string) {
	x.insist(ctx, "enqueue", func() error {
		_, err := x.svc.Enqueue(ctx, orchestrator.Waiting{Call: id, Visit: 1, PBX: pbx, Queue: "ventas", Entered: time.Now()})
		return err
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls[id].placed = true
}

// serve does with an offer what a call does: its phone rings, unless it is in a call,
// answers, talks and hangs up.
func (x *traffic) serve(ctx context.Context, o orchestrator.Offer) {
	x.mu.Lock()
	c := x.calls[o.Call]
	again := c.talks != nil && c.talks.ID == o.ID
	over, busy := c.served || c.talks != nil, x.phones[o.Agent] != ""
	if !over && !busy {
		c.talks, x.phones[o.Agent] = &o, o.Call
	}
	x.mu.Unlock()
	switch {
	case again: // told twice
		return
	case over || busy:
		why := orchestrator.OfferBusy
		if over {
			why = orchestrator.OfferCancelled
			x.heal("offer of a call that had one")
		} else {
			x.heal("offer to a phone in a call")
		}
		x.insist(ctx, "failed", func() error { _, err := x.svc.Failed(ctx, o, why); return err })
		return
	}
	valid := false
	x.insist(ctx, "answered", func() (err error) { valid, err = x.svc.Answered(ctx, o); return err })
	if !valid {
		x.mu.Lock()
		defer x.mu.Unlock()
		c.talks = nil
		delete(x.phones, o.Agent)
		return
	}
	talk := time.NewTimer(time.Duration(5+rand.IntN(30)) * time.Millisecond)
	select {
	case <-talk.C:
	case <-ctx.Done():
		return
	}
	x.mu.Lock()
	if x.phones[o.Agent] != o.Call {
		x.Errorf("agent %s talks with %q and hangs up with %s", o.Agent, x.phones[o.Agent], o.Call)
	}
	delete(x.phones, o.Agent) // the phone is free before the store hears of it
	x.mu.Unlock()
	x.insist(ctx, "finished", func() error { return x.svc.Finished(ctx, o, time.Second) })
	x.mu.Lock()
	c.served, c.talks = true, nil
	x.served++
	x.ends = append(x.ends, time.Now())
	switch x.served {
	case trafficBefore:
		close(x.troubled)
	case trafficCalls:
		close(x.over)
	}
	x.mu.Unlock()
	x.arrive(ctx)
}

func (x *traffic) heal(what string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.healed[what]++
}

// sweep puts right what Redis has forgotten, until done.
func (x *traffic) sweep(ctx context.Context, done <-chan struct{}) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
			x.compare(ctx)
		}
	}
}

// compare looks for callers who wait and are in no queue, for conversations that hold nobody, and for what is
// over and held; twice in a row, for it may be on its way.
func (x *traffic) compare(ctx context.Context) {
	if n, err := x.svc.Heal(ctx, pbx); err == nil && n > 0 {
		x.mu.Lock()
		x.healed["distributor"] += n
		x.mu.Unlock()
	}
	held, err := x.svc.Holding(ctx, pbx)
	if err != nil {
		return
	}
	offers := map[string]bool{}
	for _, o := range held.Offers {
		offers[o.Call] = true
	}
	var places []string
	var ends []orchestrator.Offer
	x.mu.Lock()
	for id, c := range x.calls {
		_, waits := held.Waiting[id]
		if !c.placed || c.served || waits || offers[id] || c.talks != nil {
			c.missing = 0
			continue
		}
		if c.missing++; c.missing > 1 {
			c.missing = 0
			c.placed = false
			places = append(places, id)
		}
	}
	over := map[string]bool{}
	again := func(id string) bool {
		over[id] = true
		return x.stale[id]
	}
	for _, o := range held.Offers {
		if c := x.calls[o.Call]; c.served && o.Answered && again(o.ID) {
			ends = append(ends, o) // its end was forgotten
		}
	}
	var leave []string
	for id := range held.Waiting {
		if c := x.calls[id]; c.served && again(id) {
			leave = append(leave, id) // that it was served was forgotten
		}
	}
	x.stale = over
	x.mu.Unlock()
	for _, id := range places {
		x.heal("place")
		x.enqueue(ctx, id)
	}
	for _, o := range ends {
		x.heal("conversation that is over")
		x.insist(ctx, "finished", func() error { return x.svc.Finished(ctx, o, time.Second) })
	}
	for _, id := range leave {
		x.heal("caller who is gone")
		x.insist(ctx, "leave", func() error { return x.svc.Leave(ctx, id, 1, "gone") })
	}
}

// settle waits until the store is whole: nothing is held, and nothing more to mend.
func (x *traffic) settle(ctx context.Context) {
	x.Helper()
	waitFor(x, "nothing is held and nothing is left to be mended", func() bool {
		x.compare(ctx)
		held, err := x.svc.Holding(ctx, pbx)
		if err != nil || len(held.Offers)+len(held.Waiting) > 0 {
			return false
		}
		n, err := x.svc.Heal(ctx, pbx)
		return n == 0 && err == nil
	})
	board, err := x.svc.Board(ctx, 0)
	if err != nil || board.Agents["available"] != trafficAgents {
		x.Errorf("agents afterwards: %v, %v", board.Agents, err)
	}
}

// following waits until a replica has what its primary had.
func following(t *testing.T, primary, replica *redis.Client) {
	t.Helper()
	waitFor(t, "the replica follows", func() bool {
		return strings.Contains(replica.Info(t.Context(), "replication").Val(), "master_link_status:up")
	})
	waitFor(t, "the replica has everything", func() bool {
		n, err := primary.Wait(t.Context(), 1, time.Second).Result()
		return err == nil && n == 1
	})
}

// TestTrafficWithoutTrouble: nothing is put right where nothing was forgotten.
func TestTrafficWithoutTrouble(t *testing.T) {
	t.Parallel()
	rdb, tenant := client(t)
	if healed := survives(t, rdb, tenant, func() {}); len(healed) > 0 {
		t.Errorf("put right: %v", healed)
	}
}

// TestTrafficThroughAFailover: the primary that Sentinel watches dies under traffic.
func TestTrafficThroughAFailover(t *testing.T) {
	t.Parallel()
	watched := lab.RedisSentinelFor(t)
	primary, replica := watched.Primary, watched.Replica
	following(t, plain(t, primary), plain(t, replica))
	rdb := reach(t, journal.Config{Addrs: []string{watched.Watch.Addr()}, MasterName: "main"})
	healed := survives(t, rdb, "tenant", func() {
		if err := primary.Kill(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("forgotten by the failover, and put right: %v", healed)
	if !strings.Contains(plain(t, replica).Info(t.Context(), "replication").Val(), "role:master") {
		t.Error("the replica is none the less a replica")
	}
}

// homeOf is the node that has a tenant's keys, its number among nodes, and the slot.
func homeOf(t *testing.T, nodes []*redis.Client, tenant string) (home int, slot int64) {
	t.Helper()
	slot, err := nodes[0].ClusterKeySlot(t.Context(), "op:{"+tenant+"}:x").Result()
	if err != nil {
		t.Fatal(err)
	}
	return int(slot) * 3 / 16384, slot
}

// TestTrafficThroughTheEndOfANode: the node of a Cluster that has the tenant dies
// under traffic, and its replica takes its place.
func TestTrafficThroughTheEndOfANode(t *testing.T) {
	t.Parallel()
	const patience = "cluster-node-timeout 1500"
	cluster := lab.RedisClusterFor(t, patience)
	node, err := cluster.Home(t.Context(), "op:{tenant}:x")
	if err != nil {
		t.Fatal(err)
	}
	replica, err := cluster.Follow(t.Context(), node, patience)
	if err != nil {
		t.Fatal(err)
	}
	rdb := reach(t, journal.Config{Addrs: cluster.Addrs()})
	healed := survives(t, rdb, "tenant", func() {
		if err := node.Kill(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("forgotten by the failover, and put right: %v", healed)
	if !strings.Contains(plain(t, replica).Info(t.Context(), "replication").Val(), "role:master") {
		t.Error("the replica is none the less a replica")
	}
}

// TestTrafficThroughMovedSlots: the slot of the tenant is moved to another node of a
// Cluster, and back, key by key, under traffic.
func TestTrafficThroughMovedSlots(t *testing.T) {
	t.Parallel()
	_, addrs, nodes := clusterServers(t, "cluster-node-timeout 5000")
	home, slot := homeOf(t, nodes, "tenant")
	rdb := reach(t, journal.Config{Addrs: addrs})
	moved := 0
	healed := survives(t, rdb, "tenant", func() {
		moved += moveSlot(t, addrs, nodes, slot, home, (home+1)%3)
		moved += moveSlot(t, addrs, nodes, slot, (home+1)%3, home)
	})
	t.Logf("%d keys were moved; put right: %v", moved, healed)
	if moved == 0 {
		t.Error("nothing was moved")
	}
}

// moveSlot moves a slot from one node to another, as redis-cli does, and returns how
// many keys that were.
func moveSlot(t *testing.T, addrs []string, nodes []*redis.Client, slot int64, from, to int) (keys int) {
	t.Helper()
	do := func(node int, args ...any) any {
		v, err := nodes[node].Do(t.Context(), args...).Result()
		if err != nil {
			t.Errorf("%v: %v", args, err)
		}
		return v
	}
	source, target := do(from, "CLUSTER", "MYID"), do(to, "CLUSTER", "MYID")
	do(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", source)
	do(from, "CLUSTER", "SETSLOT", slot, "MIGRATING", target)
	host, port, _ := net.SplitHostPort(addrs[to])
	for {
		names, err := nodes[from].ClusterGetKeysInSlot(t.Context(), int(slot), 1).Result()
		if err != nil || len(names) == 0 {
			break
		}
		args := []any{"MIGRATE", host, port, "", 0, 5000, "KEYS"}
		for _, name := range names {
			args = append(args, name)
		}
		do(from, args...)
		keys += len(names)
	}
	do(to, "CLUSTER", "SETSLOT", slot, "NODE", target)
	do(from, "CLUSTER", "SETSLOT", slot, "NODE", target)
	for n := range nodes {
		if n != from && n != to {
			do(n, "CLUSTER", "SETSLOT", slot, "NODE", target)
		}
	}
	return keys
}
