package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// obeys runs a process that drives a PBX, until stop.
func obeys(t *testing.T, s *redisstore.Store, pbx string, do func([]byte) []byte) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Orders(ctx, pbx, func(_ context.Context, o []byte) []byte { return do(o) }); !errors.Is(err, context.Canceled) {
			t.Errorf("orders: %v", err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(stop)
	return stop
}

// TestOrders: 64 clients give orders to a PBX whose owner changes again and again, two
// being there at the same time. Each order is carried out once, by one of them, and
// the answer is that of the order.
func TestOrders(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	var done sync.Map
	do := func(o []byte) []byte {
		n, _ := done.LoadOrStore(string(o), new(atomic.Int64))
		n.(*atomic.Int64).Add(1) //nolint:forcetypeassert // stored above
		return append([]byte("done "), o...)
	}
	stop := obeys(t, s, "lima", do)
	quit := make(chan struct{})
	var owners, clients sync.WaitGroup
	owners.Go(func() {
		for {
			next := obeys(t, s, "lima", do)
			stop()
			stop = next
			select {
			case <-quit:
				return
			default:
			}
		}
	})
	for i := range 64 {
		clients.Go(func() {
			for n := range 5 {
				o := []byte(fmt.Sprint(i, " ", n, ` {"with": "spaces"}`))
				ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
				got, err := s.Order(ctx, "lima", o)
				cancel()
				if err != nil || !bytes.Equal(got, append([]byte("done "), o...)) {
					t.Errorf("%s: %q, %v", o, got, err)
				}
			}
		})
	}
	clients.Wait()
	close(quit)
	owners.Wait()
	orders := 0
	done.Range(func(o, n any) bool {
		orders++
		if times := n.(*atomic.Int64).Load(); times != 1 { //nolint:forcetypeassert // stored above
			t.Errorf("%s was carried out %d times", o, times)
		}
		return true
	})
	if orders != 64*5 {
		t.Errorf("%d orders were carried out", orders)
	}
}

// TestOrderNobodyTakes: who is told that nobody drives the PBX can be sure that the
// order is not carried out later, and nothing of it stays for ever.
func TestOrderNobodyTakes(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.Order(ctx, "lima", []byte("late")); fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "driven by no process") {
		t.Errorf("nobody drives it: %v", err)
	}
	var seen []string
	obeys(t, s, "lima", func(o []byte) []byte { seen = append(seen, string(o)); return nil })
	for n := range 3 {
		if _, err := s.Order(t.Context(), "lima", []byte(strconv.Itoa(n))); err != nil {
			t.Error(err)
		}
	}
	if got := strings.Join(seen, " "); got != "0 1 2" {
		t.Errorf("carried out: %s", got)
	}
	keys, err := rdb.Keys(t.Context(), "op:{"+tenantOf(t)+"}:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if ttl := rdb.PTTL(t.Context(), key).Val(); ttl <= 0 || ttl > time.Minute {
			t.Errorf("%s stays for %v", key, ttl)
		}
	}
}

// TestOrdersForOnePBXHinderNoOther: orders for a PBX that nobody drives wait for it, and
// those for one that is driven do not wait with them. Nor do they take all connections.
func TestOrdersForOnePBXHinderNoOther(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	obeys(t, s, "viva", func([]byte) []byte { return []byte("done") })
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	const dead = 100
	for range dead {
		wg.Go(func() { _, _ = s.Order(ctx, "muerta", []byte("x")) })
	}
	within(t, "all wait, and the orders are not given", func() bool {
		return rdb.LLen(t.Context(), "op:{"+tenantOf(t)+"}:orders:muerta").Val() == dead
	})
	soon, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if got, err := s.Order(soon, "viva", []byte("y")); err != nil || string(got) != "done" {
		t.Errorf("the PBX that is driven: %q, %v", got, err)
	}
}

// TestAnOrderOfADeadProcessIsNotCarriedOut: whoever gave it would have waited for no longer
// than its time, and was killed before it could take it back.
func TestAnOrderOfADeadProcessIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	own, err := config(shared.redis.Addr()).Client()
	ok(t, err)
	asker := redisstore.New(own, tenantOf(t), nil)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	orders := "op:{" + tenantOf(t) + "}:orders:lima"
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = asker.Order(ctx, "lima", []byte("dial")) })
	within(t, "the order is not given", func() bool { return rdb.LLen(t.Context(), orders).Val() == 1 })
	ok(t, own.Close()) // kill -9
	wg.Wait()
	within(t, "its time does not end", func() bool { return len(rdb.Keys(t.Context(), "op:{"+tenantOf(t)+"}:wanted:*").Val()) == 0 })
	var seen []string
	obeys(t, s, "lima", func(o []byte) []byte { seen = append(seen, string(o)); return nil })
	if _, err := s.Order(t.Context(), "lima", []byte("next")); err != nil {
		t.Error(err)
	}
	if got := strings.Join(seen, " "); got != "next" {
		t.Errorf("carried out after its time, for nobody: %s", got)
	}
}

// within waits for something to be so.
func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal(what)
		}
	}
}
