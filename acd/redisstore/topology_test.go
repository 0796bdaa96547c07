package redisstore_test

import (
	"context"
	"fmt"
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

// place is both stores of a tenant on some Redis, and a process on top of them.
type place struct {
	testing.TB
	live  *journal.Store
	svc   *acd.Service
	desk  *desk
	lease orchestrator.Lease
	rev   int64
}

// reach makes a client as a process would.
func reach(t testing.TB, c journal.Config) redis.UniversalClient {
	t.Helper()
	c.Tenant, c.PoolSize = "t", 8
	c.DialTimeout, c.ReadTimeout, c.WriteTimeout = 2*time.Second, 2*time.Second, 2*time.Second
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	rdb, err := c.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

func newPlace(t *testing.T, rdb redis.UniversalClient, tenant string) *place {
	t.Helper()
	p := &place{TB: t, live: journal.New(rdb, tenant, nil), desk: newDesk()}
	var err error
	if p.svc, err = acd.New(acd.Parts{Store: redisstore.New(rdb, tenant), Definitions: defs(1, queue("ventas", noWrap))}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	if err := p.svc.Start(ctx); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = p.svc.Desk(ctx, pbx, p.desk.tell) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		p.svc.Stop()
	})
	p.insist("the lease", func(ctx context.Context) (err error) {
		p.lease, err = p.live.Acquire(ctx, pbx, orchestrator.LeaseOwner{Instance: "one", Process: "1"}, time.Minute, "")
		return err
	})
	return p
}

// insist repeats what Redis does not answer.
func (p *place) insist(what string, do func(ctx context.Context) error) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), 60*time.Second)
	defer cancel()
	for {
		err := do(ctx)
		if err == nil {
			return
		}
		if fault.KindOf(err) != fault.Unavailable || ctx.Err() != nil {
			p.Fatalf("%s: %v", what, err)
		}
	}
}

// serve takes a call through everything: it is stored, waits, is matched when the
// agent comes, is told to the owner of its PBX, answered and finished.
func (p *place) serve(call string) {
	p.Helper()
	p.rev++
	p.insist("commit", func(ctx context.Context) error {
		return p.live.Commit(ctx, p.lease, orchestrator.Record{ID: call, PBX: pbx, Rev: p.rev, Doc: []byte(`{}`)},
			[]orchestrator.Entry{{Type: orchestrator.EntryCallStarted, At: epoch, Call: call, PBX: pbx}})
	})
	do := func(op orchestrator.AgentOp) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := p.svc.Do(ctx, orchestrator.AgentCommand{Op: op, Agent: "a00", Trusted: true, By: "test"})
			return err
		}
	}
	p.insist("logout", do(orchestrator.AgentLogout))
	p.insist("enqueue", func(ctx context.Context) error {
		_, err := p.svc.Enqueue(ctx, orchestrator.Waiting{Call: call, Visit: 1, PBX: pbx, Queue: "ventas", Entered: time.Now()})
		return err
	})
	p.insist("login", do(orchestrator.AgentLogin))
	var o orchestrator.Offer
	for o.Call != call {
		select {
		case o = <-p.desk.offers:
		case <-time.After(30 * time.Second):
			p.Fatalf("no offer of %s came to the desk", call)
		}
	}
	p.insist("answer", func(ctx context.Context) error {
		valid, err := p.svc.Answered(ctx, o)
		if err == nil && !valid {
			p.Errorf("the offer of %s is not in force", call)
		}
		return err
	})
	p.insist("finish", func(ctx context.Context) error { return p.svc.Finished(ctx, o, time.Second) })
}

// told reads the journal until it has told of the starts of some calls, and of the agent.
func (p *place) told(calls ...string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), 60*time.Second)
	defer cancel()
	want := map[string]bool{"a00": true}
	for _, c := range calls {
		want[c] = true
	}
	err := p.live.Tail(ctx, "", func(entries []orchestrator.Entry) error {
		for _, e := range entries {
			if e.Type == orchestrator.EntryCallStarted {
				delete(want, e.Call)
			}
			if e.Type == orchestrator.EntryAgentState {
				delete(want, e.Agent)
			}
		}
		if len(want) == 0 {
			cancel()
		}
		return nil
	})
	if len(want) > 0 {
		p.Errorf("the journal does not tell of %v: %v", want, err)
	}
}

// waitFor asks until something holds.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(what + ": in vain")
		}
	}
}

func plain(t testing.TB, r *lab.Redis) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: r.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// clusterOfThree starts a Redis Cluster and waits until it is whole.
func clusterOfThree(t testing.TB) (addrs []string, nodes []*redis.Client) {
	t.Helper()
	_, addrs, nodes = clusterServers(t, "cluster-node-timeout 5000")
	return addrs, nodes
}

// clusterServers is clusterOfThree with a patience of its own, and the servers.
func clusterServers(t testing.TB, patience string) (servers []*lab.Redis, addrs []string, nodes []*redis.Client) {
	t.Helper()
	servers = lab.RedisClusterFor(t, patience).Nodes
	for _, r := range servers {
		addrs, nodes = append(addrs, r.Addr()), append(nodes, plain(t, r))
	}
	return servers, addrs, nodes
}

// TestOnAClusterOfThree: the keys of a tenant are on one node, whichever, and so
// every script and every pipeline of both stores is legal there.
func TestOnAClusterOfThree(t *testing.T) {
	t.Parallel()
	addrs, nodes := clusterOfThree(t)
	rdb := reach(t, journal.Config{Addrs: addrs})
	for n := range 6 {
		p := newPlace(t, rdb, fmt.Sprint("tenant", n))
		p.serve("c1")
		p.told("c1")
		if mended, err := p.svc.Heal(t.Context(), pbx); mended != 0 || err != nil {
			t.Errorf("mended %d, %v", mended, err)
		}
	}
	for n, node := range nodes {
		if size := node.DBSize(t.Context()).Val(); size == 0 {
			t.Errorf("no tenant is on node %d", n)
		}
	}
}

// TestSentinelFailsOver: the primary dies, Sentinel puts its replica in its
// place, and everything goes on with what was there.
func TestSentinelFailsOver(t *testing.T) {
	t.Parallel()
	watched := lab.RedisSentinelFor(t)
	primary, replica := watched.Primary, watched.Replica
	rdb := reach(t, journal.Config{Addrs: []string{watched.Watch.Addr()}, MasterName: "main"})
	p := newPlace(t, rdb, "tenant")
	p.serve("c1")
	if n, err := plain(t, primary).Wait(t.Context(), 1, 30*time.Second).Result(); n != 1 || err != nil {
		t.Fatalf("%d replicas have it, %v", n, err)
	}
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	p.serve("c2")
	p.told("c1", "c2")
	if r, err := p.live.Load(t.Context(), "c1"); err != nil || r.Rev != 1 {
		t.Errorf("what was stored before: %+v, %v", r, err)
	}
	if role := plain(t, replica).Info(t.Context(), "replication").Val(); !strings.Contains(role, "role:master") {
		t.Error("the replica is none the less a replica")
	}
}
