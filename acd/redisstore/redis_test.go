package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/operadora/operadora/orchestrator/lab"
)

// server is the private server that all tests share; each has a tenant of its own.
var server *lab.Redis

func TestMain(m *testing.M) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	var err error
	server, err = lab.StartRedis(ctx, lab.RedisOptions{})
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "acd/redisstore: a private redis-server is needed:", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code == 0 {
		// of a node that has died; it ends within a second of its client
		dials := goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial")
		if err := goleak.Find(dials); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

var tenants atomic.Int64

// client returns a client of the private server and a tenant that no other test has.
func client(t testing.TB) (*redis.Client, string) {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr(), PoolSize: 80})
	t.Cleanup(func() { _ = rdb.Close() })
	name := strings.NewReplacer("/", "_", "#", "_").Replace(t.Name())
	return rdb, fmt.Sprintf("%s-%d", name, tenants.Add(1))
}
