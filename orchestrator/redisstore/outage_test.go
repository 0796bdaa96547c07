package redisstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

func decode(data []byte, into any) error { return json.Unmarshal(data, into) }

// persist repeats a commit while Redis is away, as the engine does.
func persist(ctx context.Context, s *redisstore.Store, l orchestrator.Lease, c orchestrator.Record, e orchestrator.Entry) error {
	for {
		err := s.Commit(ctx, l, c, []orchestrator.Entry{e})
		if err == nil || fault.KindOf(err) != fault.Unavailable || ctx.Err() != nil {
			return err
		}
	}
}

// Redis is killed and restarted in mid-traffic. Its append-only file is written
// at every command, so nothing that was answered may be missing, nothing may be
// there twice, and a reader of the journal sees each entry once and in order.
func TestRedisIsKilledInMidTraffic(t *testing.T) {
	t.Parallel()
	r := lab.RedisFor(t, lab.RedisOptions{AppendOnly: true})
	s, _ := storeAt(t, r.Addr())
	l := lease(t, s, north)
	f := follow(t, s, "")
	const calls, revisions, kills = 16, 60, 3
	var (
		wg   sync.WaitGroup
		done atomic.Int64
		mark = make(chan struct{}, calls*revisions) // a token for every commit
	)
	for n := range calls {
		wg.Go(func() {
			id := fmt.Sprintf("c%02d", n)
			for rev := int64(1); rev <= revisions; rev++ {
				if err := persist(t.Context(), s, l, call(id, rev), entry(orchestrator.EntryCallNode, id, fmt.Sprint(rev))); err != nil {
					t.Error(err)
					return
				}
				done.Add(1)
				mark <- struct{}{}
			}
		})
	}
	for range kills {
		for range calls * revisions / (kills + 1) { // let a part of the traffic pass
			<-mark
		}
		ok(t, r.Kill())
		ok(t, r.Restart(t.Context()))
	}
	wg.Wait()
	f.until(t, calls*revisions)
	f.mu.Lock()
	inOrder(t, f.entries, calls, revisions)
	f.mu.Unlock()
	live, err := s.Live(t.Context(), "lima")
	ok(t, err)
	if len(live) != calls {
		t.Errorf("%d live calls, want %d", len(live), calls)
	}
	for _, c := range live {
		if c.Rev != revisions {
			t.Errorf("call %s is at %d, want %d", c.ID, c.Rev, revisions)
		}
	}
	if again := lease(t, s, north); again != l {
		t.Errorf("the lease became %+v", again)
	}
}

// A Redis that keeps nothing comes back empty: the owner's commits and
// renewals bring everything back but the entries that were not read.
func TestRedisComesBackEmpty(t *testing.T) {
	t.Parallel()
	r := lab.RedisFor(t, lab.RedisOptions{})
	s, _ := storeAt(t, r.Addr())
	l := lease(t, s, north)
	ok(t, s.Commit(t.Context(), l, call("a", 5), []orchestrator.Entry{entry(orchestrator.EntryCallNode, "a", "5")}))
	f := follow(t, s, "")
	f.until(t, 1)
	ok(t, r.Kill())
	if err := s.Commit(t.Context(), l, call("a", 6), nil); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("while Redis is away: %v", err)
	}
	if _, err := s.Health(t.Context()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("health while Redis is away: %v", err)
	}
	ok(t, r.Restart(t.Context()))
	if err := f.ended(t); !errors.Is(err, orchestrator.ErrRewound) {
		t.Errorf("the reader ended with %v", err)
	}
	if again := lease(t, s, north); again != l {
		t.Errorf("the lease became %+v", again)
	}
	ok(t, s.Commit(t.Context(), l, call("a", 6), nil))
	c, err := s.Load(t.Context(), "a")
	ok(t, err)
	if c.Rev != 6 {
		t.Errorf("revision %d", c.Rev)
	}
}

// A Redis that hangs with its connections open holds nobody for ever.
func TestRedisHangs(t *testing.T) {
	t.Parallel()
	r := lab.RedisFor(t, lab.RedisOptions{})
	s, _ := storeAt(t, r.Addr())
	l := lease(t, s, north)
	f := follow(t, s, "")
	ok(t, r.Pause())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Commit(ctx, l, call("a", 1), nil); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("while Redis hangs: %v", err)
	}
	ok(t, r.Resume())
	ok(t, s.Commit(t.Context(), l, call("a", 1), []orchestrator.Entry{entry(orchestrator.EntryCallNode, "a", "1")}))
	// The first attempt may have been carried out without entries: then the second was a repetition.
	ok(t, s.Append(t.Context(), numbered(9, 9)...))
	f.until(t, 1)
}
