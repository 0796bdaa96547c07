package redisstore_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

func TestLeaseIsTakenAndRenewed(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	first := lease(t, s, north)
	if again := lease(t, s, north); again != first || first.Epoch != 1 {
		t.Errorf("first %+v, renewed %+v", first, again)
	}
	ttl := rdb.PTTL(t.Context(), "op:{"+tenantOf(t)+"}:lease:lima").Val()
	if ttl <= 0 || ttl > time.Minute {
		t.Errorf("the lease lives for %v", ttl)
	}
	_, err := s.Acquire(t.Context(), "lima", south, time.Minute, "")
	if !errors.Is(err, orchestrator.ErrHeld) || fault.KindOf(err) != fault.Conflict {
		t.Errorf("another instance: %v", err)
	}
	if other, err := s.Acquire(t.Context(), "quito", south, time.Minute, ""); err != nil || other.Epoch != 1 {
		t.Errorf("another PBX: %+v, %v", other, err)
	}
	for _, o := range []orchestrator.LeaseOwner{{}, {Instance: "x"}, {Process: "x"}} {
		if _, err := s.Acquire(t.Context(), "lima", o, time.Minute, ""); fault.KindOf(err) != fault.Invalid {
			t.Errorf("owner %+v: %v", o, err)
		}
	}
}

func TestLeaseOfADeadProcessIsTakenOverAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	before := lease(t, s, north)
	ok(t, s.Commit(t.Context(), before, call("a", 1), nil))
	_, err := s.Acquire(t.Context(), "lima", north2, time.Minute, "")
	held, is := errors.AsType[*orchestrator.HeldError](err)
	if !is || !errors.Is(err, orchestrator.ErrHeld) || held.Instance != "north" || held.Holder != north.Holder() {
		t.Fatalf("a second process under a name that is alive: %v", err)
	}
	if _, err := s.Acquire(t.Context(), "lima", north2, time.Minute, south.Holder()); !errors.Is(err, orchestrator.ErrHeld) {
		t.Errorf("somebody else is dead: %v", err)
	}
	after, err := s.Acquire(t.Context(), "lima", north2, time.Minute, held.Holder)
	ok(t, err)
	if after.Epoch != before.Epoch+1 {
		t.Errorf("epochs %d, %d", before.Epoch, after.Epoch)
	}
	old := entry(orchestrator.EntryCallNode, "a", "{}")
	if err := s.Commit(t.Context(), before, call("a", 2), []orchestrator.Entry{old}); !errors.Is(err, orchestrator.ErrFenced) {
		t.Errorf("under the old lease: %v", err)
	}
	if err := s.Release(t.Context(), before); !errors.Is(err, orchestrator.ErrFenced) {
		t.Errorf("the old lease was given back: %v", err)
	}
	// What the process before stored is no repetition of our own.
	if err := s.Commit(t.Context(), after, call("a", 1), nil); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the revision of the process before: %v", err)
	}
	ok(t, s.Commit(t.Context(), after, call("a", 2), nil))
	if n := len(journalOf(t, s)); n != 0 {
		t.Errorf("a refused commit wrote %d entries", n)
	}
	// The old process was not dead after all: it does not get the lease back.
	if _, err := s.Acquire(t.Context(), "lima", north, time.Minute, ""); !errors.Is(err, orchestrator.ErrHeld) {
		t.Errorf("the old process: %v", err)
	}
}

func TestEpochsGrowOverExpiryAndRelease(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	key := "op:{" + tenantOf(t) + "}:lease:lima"
	a := lease(t, s, north)
	ok(t, rdb.Del(t.Context(), key).Err()) // what expiry does
	if same := lease(t, s, north); same != a {
		t.Errorf("nobody was there meanwhile, and still %+v became %+v", a, same)
	}
	ok(t, rdb.Del(t.Context(), key).Err())
	b := lease(t, s, south)
	if b.Epoch != a.Epoch+1 {
		t.Errorf("epoch %d after %d", b.Epoch, a.Epoch)
	}
	ok(t, s.Release(t.Context(), b))
	ok(t, s.Release(t.Context(), b)) // the reply of the first may have been lost
	if err := s.Commit(t.Context(), b, call("a", 1), nil); !errors.Is(err, orchestrator.ErrFenced) {
		t.Errorf("after giving it back: %v", err)
	}
	c := lease(t, s, south)
	if c.Epoch != b.Epoch+1 {
		t.Errorf("epoch %d after %d", c.Epoch, b.Epoch)
	}
	ok(t, s.Release(t.Context(), c))
	if d := lease(t, s, north); d.Epoch != c.Epoch+1 { // need not wait for it to expire
		t.Errorf("epoch %d after %d", d.Epoch, c.Epoch)
	}
}

func TestLeaseExpires(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	_, err := s.Acquire(t.Context(), "lima", north, time.Millisecond, "")
	ok(t, err)
	for n := 0; rdb.Exists(t.Context(), "op:{"+tenantOf(t)+"}:lease:lima").Val() == 1; n++ {
		if n == 100_000 {
			t.Fatal("the lease does not expire")
		}
	}
	if l := lease(t, s, south); l.Epoch != 2 {
		t.Errorf("epoch %d", l.Epoch)
	}
}

func TestOneOfManyTakesTheLease(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		held []orchestrator.Lease
	)
	for i := range 64 {
		wg.Go(func() {
			owner := orchestrator.LeaseOwner{Instance: string(rune('A' + i)), Process: "p"}
			l, err := s.Acquire(t.Context(), "lima", owner, time.Minute, "")
			if err != nil {
				if !errors.Is(err, orchestrator.ErrHeld) {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			held = append(held, l)
		})
	}
	wg.Wait()
	if len(held) != 1 || held[0].Epoch != 1 {
		t.Errorf("holders: %+v", held)
	}
}

// Redis that comes back without its last second has forgotten the newest lease
// and the newest revisions. Their owner goes on.
func TestOwnerPutsALossRight(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	prefix := "op:{" + tenantOf(t) + "}:"
	lease(t, s, south)
	ok(t, rdb.Del(t.Context(), prefix+"lease:lima").Err()) // south died
	l := lease(t, s, north)
	ok(t, s.Commit(t.Context(), l, call("a", 7), nil))

	// back to the second in which south had epoch 1 and there was no call
	ok(t, rdb.HSet(t.Context(), prefix+"epoch:lima", "epoch", 1, "holder", "south/s1").Err())
	ok(t, rdb.HSet(t.Context(), prefix+"lease:lima", "instance", south.Instance, "holder", "south/s1", "epoch", 1).Err())
	ok(t, rdb.Del(t.Context(), prefix+"call:a", prefix+"live:lima").Err())

	ok(t, s.Commit(t.Context(), l, call("a", 8), nil))
	if live, err := s.Live(t.Context(), "lima"); err != nil || len(live) != 1 {
		t.Errorf("live %d, %v", len(live), err)
	}
	late := orchestrator.Lease{PBX: "lima", Owner: south, Epoch: 1}
	if err := s.Commit(t.Context(), late, call("b", 1), nil); !errors.Is(err, orchestrator.ErrFenced) {
		t.Errorf("the forgotten owner before: %v", err)
	}
	if again := lease(t, s, north); again != l {
		t.Errorf("renewed as %+v, was %+v", again, l)
	}
	// The same, noticed by the renewal first.
	ok(t, rdb.Del(t.Context(), prefix+"epoch:lima", prefix+"lease:lima").Err())
	if again := lease(t, s, north); again != l {
		t.Errorf("renewed as %+v, was %+v", again, l)
	}
}

// Redis that has lost a lease is asked by a standby first. The owner, who is alive, keeps the PBX; one
// who is not has as long to renew the lease as if that had just been done.
func TestStandbyLeavesALostLeaseToItsOwner(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"all is lost": false, "it went back to an owner before": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, rdb := setup(t)
			standby := redisstore.New(rdb, tenantOf(t), nil)
			prefix := "op:{" + tenantOf(t) + "}:"
			ask := func(ttl time.Duration, dead string) (int64, error) {
				l, err := standby.Acquire(t.Context(), "lima", north2, ttl, dead)
				return l.Epoch, err
			}
			lose := func() {
				t.Helper()
				ok(t, rdb.Del(t.Context(), prefix+"epoch:lima", prefix+"lease:lima").Err())
				if back {
					ok(t, rdb.HSet(t.Context(), prefix+"epoch:lima", "epoch", 1, "holder", "south/s1").Err())
				}
				_, err := ask(time.Minute, "")
				if held, is := errors.AsType[*orchestrator.HeldError](err); !is || held.Holder != north.Holder() {
					t.Fatalf("of a lease that is lost: %v", err)
				}
			}
			ok(t, s.Release(t.Context(), lease(t, s, south)))
			l := lease(t, s, north)
			_, err := ask(time.Minute, "")
			if !errors.Is(err, orchestrator.ErrHeld) {
				t.Fatal(err)
			}
			lose()
			ok(t, s.Commit(t.Context(), l, call("a", 1), nil))
			if again := lease(t, s, north); again != l {
				t.Errorf("renewed as %+v, was %+v", again, l)
			}

			lose()
			ok(t, rdb.Del(t.Context(), prefix+"lease:lima").Err()) // what expiry does
			if epoch, err := ask(time.Minute, ""); err != nil || epoch != l.Epoch+1 {
				t.Errorf("of an owner who is silent: epoch %d, %v", epoch, err)
			}
		})
	}
}

// Nobody waits for an owner who is certainly gone, nor is a lease taken from who was first in a Redis that lost all.
func TestALostLeaseIsTaken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		dead  string
		first bool // somebody who knew nothing
		want  int64
	}{
		"its owner is dead":   {dead: north.Holder(), want: 2},
		"somebody was before": {first: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, rdb := setup(t)
			standby := redisstore.New(rdb, tenantOf(t), nil)
			prefix := "op:{" + tenantOf(t) + "}:"
			lease(t, s, north)
			if _, err := standby.Acquire(t.Context(), "lima", north2, time.Minute, ""); !errors.Is(err, orchestrator.ErrHeld) {
				t.Fatal(err)
			}
			ok(t, rdb.Del(t.Context(), prefix+"epoch:lima", prefix+"lease:lima").Err())
			if tt.first {
				lease(t, redisstore.New(rdb, tenantOf(t), nil), south)
			}
			l, err := standby.Acquire(t.Context(), "lima", north2, time.Minute, tt.dead)
			if held, _ := errors.AsType[*orchestrator.HeldError](err); tt.first != (held != nil && held.Holder == south.Holder()) || l.Epoch != tt.want {
				t.Errorf("%+v, %v", l, err)
			}
		})
	}
}
