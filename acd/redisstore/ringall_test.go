package redisstore_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

func ringAll(most int) func(*acd.Queue) {
	return func(q *acd.Queue) { q.Strategy, q.RingAtOnce, q.WrapUp = acd.RingAll, most, 0 }
}

// ringing are the unanswered offers, by agent.
func (w *world) ringing() map[string]acd.OfferRecord {
	out := map[string]acd.OfferRecord{}
	for _, o := range w.records().Offers {
		if !o.Answered {
			out[o.Agent] = o
		}
	}
	return out
}

func (w *world) wantRinging(what string, agents ...string) map[string]acd.OfferRecord {
	w.Helper()
	got := w.ringing()
	if ids := slices.Sorted(maps.Keys(got)); !slices.Equal(ids, agents) {
		w.Fatalf("%s: phones of %v ring, want %v", what, got, agents)
	}
	return got
}

// TestRingAll: phones ring up to the bound, those of the lowest rank first; who waits for
// them to be called joins when the time has come, and who gets free meanwhile, too; who turns
// the call down leaves the others ringing; and the first answer frees all others, at once and
// without a miss, for the next caller.
func TestRingAll(t *testing.T) {
	t.Parallel()
	d := defs(5, queue("ventas", ringAll(3), func(q *acd.Queue) { q.Retry = 10 * time.Second }))
	d.Agents[0].Queues[0].Rank = 1
	d.Agents[4].Queues[0].Delay = 5 * time.Second
	w := setup(t, d)
	w.login("a00", "a01", "a04")
	w.enqueue("c1", "ventas")
	w.wantRinging("two are free and may serve", "a00", "a01")
	w.login("a02")
	w.wantRinging("one gets free", "a00", "a01", "a02")
	w.login("a03")
	rings := w.wantRinging("no more than three", "a00", "a01", "a02")
	w.enqueue("c2", "ventas")
	w.wantRinging("who is left rings for the next caller", "a00", "a01", "a02", "a03")
	w.failed(rings["a01"].ID, orchestrator.OfferRejected)
	if a := w.agent("a01"); a.Misses != 1 || a.Rest == 0 {
		t.Errorf("who turned it down: %+v", a)
	}
	w.advance(5 * time.Second)
	w.until("the last one is rung, for the first caller", func() bool { return w.ringing()["a04"].Call == "c1" })
	w.answer(rings["a02"].ID)
	for _, id := range []string{"a00", "a04"} {
		if a := w.agent(id); a.Misses != 0 || a.Rest != 0 || a.Call != "c2" {
			t.Errorf("spared: %+v, want them rung for the next caller", a)
		}
	}
	w.until("the owner is told that their phones are to stop", func() bool { return len(w.desk.withdrawn) == 2 })
	if faults := invariants(w, w.records()); len(faults) > 0 {
		t.Errorf("%v", faults)
	}
	w.leave("c2", 0)
	w.wantRinging("the caller is gone")
}

// TestRingAllOneAnswerWins: of many who answer at the same instant exactly one has the caller,
// whatever process asks, and all others are free.
func TestRingAllOneAnswerWins(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(20, queue("ventas", ringAll(20))))
	for i := range 20 {
		w.login(fmt.Sprintf("a%02d", i))
	}
	other := w.unstarted(acd.Parts{Definitions: defs(20, queue("ventas", ringAll(20)))})
	for round := range 10 {
		call := fmt.Sprintf("c%d", round)
		w.enqueue(call, "ventas")
		var won atomic.Int32
		var winner atomic.Value
		var all sync.WaitGroup
		rings := w.ringing()
		for i := range 64 { // some ask twice
			o := rings[fmt.Sprintf("a%02d", i%20)].Offer
			svc := []*acd.Service{w.svc, other}[i%2]
			all.Go(func() {
				if ok, err := svc.Answered(w.ctx(), o); err != nil {
					t.Error(err)
				} else if ok && winner.Swap(o.Agent) != o.Agent {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if len(rings) != 20 || won.Load() != 1 {
			t.Fatalf("%d phones rang, %d have the caller", len(rings), won.Load())
		}
		if faults := invariants(w, w.records()); len(faults) > 0 {
			t.Fatal(faults)
		}
		w.finish(rings[winner.Load().(string)].ID)
	}
}

// TestRingAllIsMended: what a store that lost something left of phones that ring together is
// put right, and the others ring on.
func TestRingAllIsMended(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(3, queue("ventas", ringAll(3))))
	w.login("a00", "a01", "a02")
	w.enqueue("c1", "ventas")
	rings := w.wantRinging("all", "a00", "a01", "a02")
	prefix := "op:{" + w.tenant + "}:acd:"
	w.must(w.rdb.HDel(w.ctx(), prefix+"offers", rings["a00"].ID).Err()) // the first, by which the call is offered
	n, err := w.svc.Heal(w.ctx(), pbx)
	if w.must(err); n == 0 {
		t.Error("nothing was mended")
	}
	w.until("all ring again", func() bool { return len(w.ringing()) == 3 })
	if faults := invariants(w, w.records()); len(faults) > 0 {
		t.Errorf("%v", faults)
	}
	if n, err := w.svc.Heal(w.ctx(), pbx); n != 0 || err != nil {
		t.Errorf("mended again: %d %v", n, err)
	}
}
