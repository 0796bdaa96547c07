package redisstore_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/redisstore"
	"github.com/operadora/operadora/acd/redisstore/matchbench"
	"github.com/operadora/operadora/orchestrator"
	journal "github.com/operadora/operadora/orchestrator/redisstore"
)

// TestManyClients: 64 clients at once, with agents of all kinds and callers who ask
// for all kinds of things. Whatever they did, in whatever order: nobody is held
// twice, everybody is where matching looks, and no agent is free while a call waits
// that the agent may serve. Then agents become free one after the other, and each gets
// the call that the slow way of looking finds: the first of all that the agent may serve.
func TestManyClients(t *testing.T) {
	t.Parallel()
	t.Run("one Redis", func(t *testing.T) {
		t.Parallel()
		rdb, tenant := client(t)
		manyClients(t, rdb, rdb, tenant)
	})
	t.Run("a Cluster of three", func(t *testing.T) {
		t.Parallel()
		addrs, _ := clusterOfThree(t)
		rdb := reach(t, journal.Config{Addrs: addrs})
		node, err := rdb.(*redis.ClusterClient).MasterForKey(t.Context(), "op:{many}:acd:agents")
		if err != nil {
			t.Fatal(err)
		}
		manyClients(t, rdb, node, "many")
	})
}

func manyClients(t *testing.T, rdb redis.UniversalClient, node *redis.Client, tenant string) {
	d := matchbench.Definitions(2 * racers)
	d.Groups = joined
	var epochs atomic.Int64
	w := newWorld(t, node, tenant)
	w.store = redisstore.New(rdb, tenant)
	w.svc = w.unstarted(acd.Parts{Definitions: d})
	together(func(i int) {
		c := &crowdClient{w: w, d: d, r: rand.New(rand.NewPCG(uint64(i), 7)), name: i, epochs: &epochs}
		for range 40 {
			w.tock(time.Millisecond)
			if err := c.act(w.ctx()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	r := w.records()
	if bad := invariants(w, r); len(bad) > 0 {
		t.Error(bad)
	}
	for at := range joined {
		if n, err := w.svc.Heal(w.ctx(), at); n != 0 || err != nil {
			t.Errorf("a healthy store was mended: %d %v", n, err)
		}
	}
	if len(r.Offers) == 0 || len(r.Calls) <= len(r.Offers) {
		t.Errorf("nothing was put to the test: %d calls, %d offers", len(r.Calls), len(r.Offers))
	}
	for at := range joined {
		_, err := w.svc.Back(w.ctx(), orchestrator.Lease{PBX: at, Epoch: epochs.Add(1)}, everyCall)
		w.must(err)
	}
	r = w.records()
	served := 0
	for _, id := range slices.Sorted(maps.Keys(r.Agents)) {
		rec := w.agent(id)
		if rec.Offer == "" || served == 12 {
			continue
		}
		o := w.offer(rec.Offer)
		_, err := w.svc.Answered(w.ctx(), o) // it may have been
		w.must(err)
		first := firstFor(w, tenant, id, rec.Profile)
		w.finish(o.ID)
		switch rec = w.agent(id); {
		case rec.State == acd.StateReserved && rec.Call == first:
			served++
		case rec.State == acd.StateReserved || first != "" && eligible(rec):
			t.Errorf("agent %s is %s and gets %q, and first is %q", id, rec.State, rec.Call, first)
		}
	}
	if served < 5 {
		t.Errorf("%d agents got another call: nothing was put to the test", served)
	}
}

// firstFor goes through all calls that wait, for the first of those that an agent may serve.
func firstFor(w *world, tenant, agent, profile string) (first string) {
	calls, serves := w.records().Calls, map[string]bool{}
	for id, c := range calls {
		if c.At == 0 {
			continue
		}
		r := c.Rings[c.At-1]
		owner, own := strings.CutPrefix(r.Lane, "@")
		if _, asked := serves[r.Table]; !asked {
			serves[r.Table] = w.rdb.HExists(w.ctx(), "op:{"+tenant+"}:acd:serves:"+r.Table, profile).Val()
		}
		if own && owner != agent || !own && !serves[r.Table] {
			continue
		}
		if first == "" || cmp.Or(cmp.Compare(c.Score, calls[first].Score), cmp.Compare(id, first)) < 0 {
			first = id
		}
	}
	return first
}

// crowdClient acts for two agents of its own, and for callers of its own.
type crowdClient struct {
	w     *world
	d     acd.Definitions
	r     *rand.Rand
	name  int
	calls []string

	epochs *atomic.Int64 // of leases
}

func (c *crowdClient) act(ctx context.Context) error {
	agent := c.d.Agents[c.name+racers*c.r.IntN(2)]
	switch n := c.r.IntN(10); {
	case n == 0 && c.r.IntN(4) == 0:
		return c.presence(ctx)
	case n < 3:
		return c.enqueue(ctx)
	case n < 5 && len(c.calls) > 0:
		return c.w.svc.Leave(ctx, c.calls[c.r.IntN(len(c.calls))], 1, "hangup")
	case n < 6:
		state := []orchestrator.DeviceState{orchestrator.DeviceFree, orchestrator.DeviceFree, orchestrator.DeviceBusy}[c.r.IntN(3)]
		return c.w.svc.Device(ctx, pbx, agent.Endpoint, state)
	case n < 8:
		return c.serve(ctx, agent.ID)
	}
	op := []orchestrator.AgentOp{orchestrator.AgentLogin, orchestrator.AgentLogin, orchestrator.AgentResume, orchestrator.AgentPause, orchestrator.AgentLogout}[c.r.IntN(5)]
	_, err := c.w.svc.Do(ctx, orchestrator.AgentCommand{Op: op, Agent: agent.ID, Trusted: true, By: "test"})
	return err
}

// presence tells, as the next owner of a PBX, that it is away, or there.
func (c *crowdClient) presence(ctx context.Context) (err error) {
	l := orchestrator.Lease{PBX: []string{pbx, "dos", "dos"}[c.r.IntN(3)], Epoch: c.epochs.Add(1)}
	if c.r.IntN(2) == 0 {
		_, err = c.w.svc.Away(ctx, l)
	} else {
		_, err = c.w.svc.Back(ctx, l, everyCall)
	}
	return err
}

func (c *crowdClient) enqueue(ctx context.Context) error {
	like := c.d.Agents[c.r.IntN(len(c.d.Agents))]
	topics := slices.Sorted(maps.Keys(like.Skills))
	s := orchestrator.Sought{About: map[string]string{"topic": topics[c.r.IntN(len(topics))]}, Tier: c.r.IntN(8) / 7}
	if c.r.IntN(4) == 0 {
		s.Prefer, s.Patience = like.ID, time.Second
	}
	call := fmt.Sprintf("c%02d-%d", c.name, len(c.calls))
	c.calls = append(c.calls, call)
	_, err := c.w.svc.Enqueue(ctx, orchestrator.Waiting{Call: call, Visit: 1, PBX: []string{pbx, pbx, "dos"}[c.r.IntN(3)], Queue: like.Queues[c.r.IntN(3)].Queue, Entered: c.w.clock(), Sought: s})
	return err
}

// serve goes on with the call that an agent has.
func (c *crowdClient) serve(ctx context.Context, agent string) error {
	rec, ok, err := c.w.store.Agent(ctx, agent)
	if err != nil || !ok || rec.Offer == "" {
		return err
	}
	o, ok, err := c.w.store.Offer(ctx, rec.Offer)
	switch {
	case err != nil || !ok:
		return err
	case o.Answered:
		return c.w.svc.Finished(ctx, o.Offer, time.Second)
	case c.r.IntN(3) == 0:
		_, err = c.w.svc.Failed(ctx, o.Offer, []orchestrator.OfferFailure{orchestrator.OfferNoAnswer, orchestrator.OfferBusy, orchestrator.OfferError}[c.r.IntN(3)])
		return err
	}
	_, err = c.w.svc.Answered(ctx, o.Offer)
	return err
}
