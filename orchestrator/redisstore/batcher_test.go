package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
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

// Redis answers the first script and then nothing any more. Who waited behind it
// and is to send next keeps to the deadline too.
func TestBatcherKeepsToTheDeadlineOfWhoSendsNext(t *testing.T) {
	t.Parallel()
	server, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	ok(t, err)
	defer server.Close()
	asked, reply := make(chan struct{}, 100), make(chan struct{})
	go func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 4096)
				for {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					if bytes.Contains(bytes.ToLower(buf[:n]), []byte("evalsha")) {
						asked <- struct{}{}
						<-reply
					}
					if _, err := conn.Write([]byte("-ERR no\r\n")); err != nil {
						return
					}
				}
			}()
		}
	}()
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr().String(), Protocol: 2, DisableIdentity: true, MaxRetries: -1, ReadTimeout: 20 * time.Second})
	defer rdb.Close()
	b := redisstore.NewBatcher(rdb)
	var wg sync.WaitGroup
	wg.Go(func() { _ = b.Run(t.Context(), echo, []string{"k"}, "first").Err() })
	<-asked
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	wg.Go(func() { _ = b.Run(ctx, echo, []string{"k"}, "next").Err() })
	for b.Waiting() == 0 && ctx.Err() == nil {
		runtime.Gosched()
	}
	reply <- struct{}{}
	<-asked // the next one is on its way, and is not answered
	over := make(chan struct{})
	go func() { wg.Wait(); close(over) }()
	select {
	case <-over:
	case <-time.After(10 * time.Second): // half of the client's own patience
		t.Error("who was to send waits for longer than the deadline")
	}
	close(reply)
	<-over
}
