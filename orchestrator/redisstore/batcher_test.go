package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator/redisstore"
)

var echo = redis.NewScript(`return redis.call('INCR', KEYS[1]) .. ' ' .. ARGV[1]`)

// Everybody gets the answer to their own script, which is run once, also when it
// is new to Redis and when somebody in the line gives up waiting.
func TestBatcherGivesEverybodyTheirOwnAnswer(t *testing.T) {
	t.Parallel()
	_, rdb := setup(t)
	ok(t, rdb.ScriptFlush(t.Context()).Err())
	b := redisstore.NewBatcher(rdb)
	key := "op:{" + tenantOf(t) + "}:test"
	const many, each = 64, 50
	var wg sync.WaitGroup
	for n := range many {
		wg.Go(func() {
			for i := range each {
				mine := fmt.Sprintf("%d-%d", n, i)
				got, err := b.Run(t.Context(), echo, []string{key}, mine).Text()
				var count int
				var whose string
				if _, scan := fmt.Sscan(got, &count, &whose); err != nil || scan != nil || whose != mine {
					t.Errorf("%s: got %q, %v", mine, got, err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				_ = b.Run(ctx, echo, []string{key + "2"}, "impatient").Err() // it may be run or not
			}
		})
	}
	wg.Wait()
	if got, err := rdb.Get(t.Context(), key).Int(); err != nil || got != many*each {
		t.Errorf("run %d times, %v", got, err)
	}
	if _, err := b.Run(t.Context(), echo, []string{key}, "after").Text(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Redis takes what is sent and never answers. Who has no time to wait does not,
// first in the line or behind others.
func TestBatcherKeepsToTheDeadline(t *testing.T) {
	t.Parallel()
	mute, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	ok(t, err)
	defer mute.Close()
	rdb := clientAt(t, mute.Addr().String())
	b := redisstore.NewBatcher(rdb)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := b.Run(ctx, echo, []string{"k"}, "x").Err(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait() // the client's own patience is far longer than the test's
}
