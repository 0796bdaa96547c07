package redisstore_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestRedisAway has a Redis of its own stop and come back: whoever asks
// meanwhile is told that it is unavailable, and what fell due meanwhile is done.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	own := lab.RedisFor(t, lab.RedisOptions{AppendOnly: true})
	rdb := redis.NewClient(&redis.Options{Addr: own.Addr(), MaxRetries: -1, DialTimeout: time.Second, ReadTimeout: time.Second})
	t.Cleanup(func() { _ = rdb.Close() })
	w := newWorld(t, rdb, "away")
	w.start(defs(1, queue("ventas")))
	w.login("a00")
	o := w.serve("c1", "ventas")
	w.finish(o.ID)
	w.enqueue("c2", "ventas")

	w.must(own.Kill())
	_, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: "c3", PBX: pbx, Queue: "ventas"})
	if fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("error %v", err)
	}
	if err := w.svc.Reload(w.ctx(), defs(2, queue("ventas"))); err != nil {
		t.Errorf("valid definitions are in force all the same: %v", err)
	}
	w.advance(time.Minute) // wrap-up ends while Redis is away
	ctx, cancel := context.WithTimeout(w.ctx(), 30*time.Second)
	defer cancel()
	w.must(own.Restart(ctx))
	var beat sync.WaitGroup
	stop := make(chan struct{})
	beat.Go(func() { // time goes on
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				w.advance(10 * time.Millisecond)
			}
		}
	})
	got := w.offered()
	close(stop)
	beat.Wait()
	if got.Call != "c2" || got.Agent != "a00" {
		t.Errorf("%+v", got)
	}
	w.wantState("a00", acd.StateReserved)
	w.clean()
}
