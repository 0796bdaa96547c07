package lab_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator/lab"
)

func client(t *testing.T, addr string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, ReadTimeout: 200 * time.Millisecond, DisableIdentity: true})
	t.Cleanup(func() { c.Close() })
	return c
}

func TestRedisKeepsItsAppendOnlyFileOverAKill(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	r := lab.RedisFor(t, lab.RedisOptions{AppendOnly: true})
	if err := client(t, r.Addr()).Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := r.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := client(t, r.Addr()).Ping(ctx).Err(); err == nil {
		t.Fatal("a killed server answers")
	}
	if err := r.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := client(t, r.Addr()).Get(ctx, "k").Result(); err != nil || got != "v" {
		t.Errorf("after the restart k is %q (%v), want v", got, err)
	}
}

func TestRedisPause(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	r := lab.RedisFor(t, lab.RedisOptions{})
	c := client(t, r.Addr())
	if err := c.Ping(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	if err := r.Pause(); err != nil {
		t.Fatal(err)
	}
	var timeout interface{ Timeout() bool }
	if err := c.Ping(ctx).Err(); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a paused server: %v, want a timeout", err)
	}
	if err := r.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := client(t, r.Addr()).Ping(ctx).Err(); err != nil {
		t.Errorf("after Resume: %v", err)
	}
}

func TestRedisServersLiveSideBySide(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a, b := lab.RedisFor(t, lab.RedisOptions{}), lab.RedisFor(t, lab.RedisOptions{})
	if a.Addr() == b.Addr() {
		t.Fatalf("both are at %s", a.Addr())
	}
	if err := client(t, a.Addr()).Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client(t, b.Addr()).Get(ctx, "k").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("the other server has the key too: %v", err)
	}
}

func TestRedisStartHonoursItsContext(t *testing.T) {
	t.Parallel()
	lab.Require(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := lab.StartRedis(ctx, lab.RedisOptions{}); err == nil {
		r.Stop()
		t.Error("started under a context that had ended")
	}
}
