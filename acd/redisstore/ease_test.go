package redisstore_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestLessIsAskedForWhenALongWaitIsExpected: a caller who would wait too long for those who
// can do most is served by others at once, as the caller enters and when it comes to be so
// while one waits; not one who would not; and what was granted stays.
func TestLessIsAskedForWhenALongWaitIsExpected(t *testing.T) {
	t.Parallel()
	d := defs(2, queue("ventas", noWrap, func(q *acd.Queue) {
		q.Requires, q.Relax = "es >= 3", []acd.Relax{{After: 30 * time.Minute, Expected: 5 * time.Minute, Requires: "es >= 1"}}
	}))
	d.Skills = []acd.Skill{{Name: "es"}}
	d.Agents[0].Skills, d.Agents[1].Skills = map[string]int{"es": 3}, map[string]int{"es": 1}
	w := setup(t, d)
	enter := func(call string, priority int) orchestrator.Placement {
		t.Helper()
		w.tock(2 * time.Second) // the numbers are read anew
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: "ventas", Priority: priority, Entered: w.clock()})
		w.must(err)
		return w.met(p)
	}
	w.login("a00")
	o := enter("c0", 0).Offer
	w.answer(o.ID)
	w.advance(4 * time.Minute) // that is how long a call takes
	w.finish(o.ID)
	o = enter("c1", 0).Offer
	w.answer(o.ID)
	w.login("a01")
	if p := enter("c2", 0); p.Offer != nil || p.Expected < 4*time.Minute || p.Expected > 5*time.Minute {
		t.Fatalf("who is next: %+v", p)
	}
	p := enter("c3", 0)
	if p.Offer == nil || p.Offer.Agent != "a01" || p.Offer.Match.Eased != 1 || p.Offer.Match.Relaxed != 0 {
		t.Fatalf("who would wait for eight minutes: %+v", p)
	}
	if p = w.failed(p.Offer.ID, orchestrator.OfferNoAnswer); p.Result != orchestrator.PlacedWaiting {
		t.Fatalf("%+v", p)
	}
	w.advance(5 * time.Second) // a01 has rested
	got := w.offered()
	if got.Call != "c3" || got.Agent != "a01" {
		t.Errorf("what was granted: %+v", got)
	}
	w.answer(got.ID)
	w.tock(4 * time.Minute)
	w.finish(got.ID)
	enter("c4", 60) // comes before c2
	w.advance(5 * time.Second)
	if got := w.offered(); got.Call != "c2" || got.Agent != "a01" || got.Match.Eased != 1 {
		t.Errorf("whose wait has grown: %+v", got)
	}
	w.clean()
}

// counting counts how often the calls of a queue are read, and how often a process asks
// whether that is its to do.
type counting struct {
	acd.Store
	reads, asked *atomic.Int64
}

func (c counting) Turn(ctx context.Context, now time.Time, what string, every time.Duration) (bool, error) {
	defer c.asked.Add(1)
	return c.Store.Turn(ctx, now, what, every)
}

func (c counting) InQueue(ctx context.Context, at acd.QueueAt) (map[string]acd.CallRecord, map[string]acd.OfferRecord, error) {
	c.reads.Add(1)
	return c.Store.InQueue(ctx, at)
}

// TestOneProcessLooksWhoseWaitHasGrown of those who share a queue, for whichever PBX the
// callers are at: a queue is read as a whole for it.
func TestOneProcessLooksWhoseWaitHasGrown(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas", func(q *acd.Queue) {
		q.Requires, q.Relax = "es >= 3", []acd.Relax{{After: 30 * time.Minute, Expected: 5 * time.Minute, Requires: "es >= 1"}}
	}))
	d.Skills = []acd.Skill{{Name: "es"}}
	w := empty(t)
	var reads, asked atomic.Int64
	var all []*acd.Service
	for _, drives := range []string{pbx, "dos", "tres"} {
		svc, err := acd.New(acd.Parts{Store: counting{w.store, &reads, &asked}, Definitions: d, Now: w.clock, Drives: func(p string) bool { return p == drives }})
		w.must(err)
		all = append(all, svc)
		w.must(svc.Start(w.ctx()))
		w.Cleanup(svc.Stop)
	}
	groups := int64(1)                           // each round reads the queue once in each group of PBXs; there is one
	for round := int64(1); round <= 4; round++ { // the first as they start
		w.until("all have asked", func() bool { return asked.Load() >= round*int64(len(all))*groups })
		if n := reads.Load(); n > round*groups {
			t.Errorf("the queue was read %d times in %d rounds", n, round)
		}
		w.tock(5 * time.Second)
		for _, svc := range all {
			svc.Wake()
		}
	}
}
