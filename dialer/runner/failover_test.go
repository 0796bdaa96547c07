package runner

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// TestRedisFailsOver: the primary that Sentinel watches dies while a campaign runs, and its replica
// has not heard of the last of what was told. No attempt is dialled twice and none is lost: each is
// on record as it went, and counted, and its lead is done with.
func TestRedisFailsOver(t *testing.T) {
	t.Parallel()
	watched := lab.RedisSentinelFor(t)
	cfg := redisstore.Config{Addrs: []string{watched.Watch.Addr()}, MasterName: "main", Tenant: "t", PoolSize: 8, DialTimeout: 2 * time.Second, ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second}
	must(t, cfg.Validate())
	rdb, err := cfg.Client()
	must(t, err)
	t.Cleanup(func() { _ = rdb.Close() })
	live := redisstore.New(rdb, "t", slog.New(slog.DiscardHandler))
	w := newWorld(t, 1)
	ended := make(chan int, 1000)
	n := 0
	w.beside = func(e orchestrator.Entry) { // mu is held: as a PBX's driver, who goes on once it is stored
		for live.Append(context.WithoutCancel(t.Context()), e) != nil {
			time.Sleep(50 * time.Millisecond)
		}
		if e.Type == orchestrator.EntryCallEnded {
			n++
			ended <- n
		}
	}
	w.leads("l", 40)
	w.staff(10)
	w.life = func(p *person) { // mu is held
		p.rings, p.talk = time.Duration(1+w.rnd.IntN(500))*time.Millisecond, time.Duration(1+w.rnd.IntN(1000))*time.Millisecond
		if w.rnd.IntN(3) == 0 {
			p.answers, p.outcome, p.cause = false, orchestrator.OutcomeBusy, orchestrator.CauseBusy
		}
	}
	c := march(campaign.ModePower)
	c.Attempts = campaign.Attempts{Lead: 1, Number: 1, Day: 9, Week: 9}
	s := w.sitWith("one", func(_ *seat, p *Parts) { p.Lease, p.Journal = live, live }, c)
	s.order("march", campaign.OnStart)
	until := func(many int) {
		t.Helper()
		for {
			select {
			case n := <-ended:
				if n >= many {
					return
				}
			case <-time.After(time.Minute):
				t.Fatalf("%d calls were to end", many)
			}
		}
	}
	until(5)
	replica := redis.NewClient(&redis.Options{Addr: watched.Replica.Addr()})
	t.Cleanup(func() { _ = replica.Close() })
	must(t, replica.ReplicaOf(t.Context(), "127.0.0.1", "1").Err()) // it hears nothing from now on
	until(10)
	must(t, watched.Primary.Kill())
	until(40)
	w.live.Wait()
	w.skew.Store(int64(2 * time.Minute)) // by which each call is asked for of which nothing was told
	for deadline := time.Now().Add(time.Minute); !w.done() && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	if role := replica.Info(t.Context(), "replication").Val(); !strings.Contains(role, "role:master") {
		t.Error("the replica is none the less a replica")
	}
	w.check()
	w.close(s)
}
