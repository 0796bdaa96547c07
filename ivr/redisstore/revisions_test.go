package redisstore_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/ivr/flows"
	"github.com/operadora/operadora/ivr/redisstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/lab"
)

// server is the Redis of all tests; each has a tenant of its own.
var server *lab.Redis

func TestMain(m *testing.M) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	if server, err = lab.StartRedis(ctx, lab.RedisOptions{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// tenants numbers them, so that a test repeated by -count has another one.
var tenants atomic.Int64

func setup(t *testing.T) (revs *redisstore.Revisions, rdb *redis.Client, tenant string) {
	t.Helper()
	rdb = redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	tenant = fmt.Sprintf("t%d", tenants.Add(1))
	return redisstore.New(rdb, tenant), rdb, tenant
}

func TestRevisionsAreKeptForAWeekAfterTheLastPut(t *testing.T) {
	t.Parallel()
	revs, rdb, tenant := setup(t)
	ctx := t.Context()
	if _, err := revs.Get(ctx, "h1"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Get of nothing: %v, want NotFound", err)
	}
	want := []byte("{\"flow\":\"á\x00\"}")
	if err := revs.Put(ctx, "h1", want); err != nil {
		t.Fatal(err)
	}
	got, err := revs.Get(ctx, "h1")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("Get = %q, %v", got, err)
	}
	key := "op:{" + tenant + "}:ivr:revision:h1"
	if err := rdb.Expire(ctx, key, time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	if err := revs.Put(ctx, "h1", want); err != nil {
		t.Fatal(err)
	}
	if ttl := rdb.TTL(ctx, key).Val(); ttl < 6*24*time.Hour || ttl > 7*24*time.Hour {
		t.Errorf("the stay was not prolonged: %s", ttl)
	}
}

func TestAnUnreasonableRevisionIsRefused(t *testing.T) {
	t.Parallel()
	revs, _, _ := setup(t)
	for hash, source := range map[string][]byte{"": []byte("x"), "h": make([]byte, 9<<20)} {
		if err := revs.Put(t.Context(), hash, source); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v, want Invalid", hash, err)
		}
	}
}

func TestRedisAway(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialTimeout: time.Second})
	t.Cleanup(func() { _ = rdb.Close() })
	revs := redisstore.New(rdb, "t")
	if err := revs.Put(t.Context(), "h", nil); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Put: %v, want Unavailable", err)
	}
	if _, err := revs.Get(t.Context(), "h"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Get: %v, want Unavailable", err)
	}
}

// A call that began in one process is served to its end by another that was
// started with other flows.
func TestACallGoesOnInAnotherProcess(t *testing.T) {
	t.Parallel()
	revs, _, _ := setup(t)
	ctx, now := t.Context(), time.Date(2026, 1, 12, 10, 0, 0, 0, time.UTC)
	defs, faults := flowfile.Load(flowfile.Files{Flows: flows.Examples(), DIDs: flows.ExampleDIDs(),
		Calendars: flows.ExampleCalendars()}, flowfile.Known{})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	one := ivr.NewLibrary(flowfile.Parse, revs)
	if err := one.Publish(ctx, defs); err != nil {
		t.Fatal(err)
	}
	step, err := one.Begin(orchestrator.Arrival{DID: "5000", Kind: orchestrator.KindInbound, Answered: true}, now)
	if err != nil {
		t.Fatal(err)
	}
	two := ivr.NewLibrary(flowfile.Parse, revs)
	if err := two.Prepare(ctx, step.State); err != nil {
		t.Fatal(err)
	}
	step, err = two.Next(step.State, orchestrator.FlowInput{Kind: orchestrator.FlowPlayed, Ref: 1}, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(step.Actions) != 1 || step.Actions[0].Kind != orchestrator.ActPlay || step.Actions[0].Language != "es" {
		t.Errorf("the menu is not played: %+v", step.Actions)
	}
}
