package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// shared is the Redis of all tests that do not stop it; each has a tenant of
// its own. It starts with the first test that needs it.
var shared struct {
	once  sync.Once
	redis *lab.Redis
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.redis != nil {
		if err := shared.redis.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// setup is a store with a tenant of its own on the shared Redis.
func setup(t testing.TB) (*redisstore.Store, redis.UniversalClient) {
	t.Helper()
	lab.Require(t)
	shared.once.Do(func() {
		// not the test's context: the server serves the others, too
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		shared.redis, shared.err = lab.StartRedis(ctx, lab.RedisOptions{})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return storeAt(t, shared.redis.Addr())
}

// storeAt is a store with the test's tenant and a client of its own.
func storeAt(t testing.TB, addr string) (*redisstore.Store, redis.UniversalClient) {
	t.Helper()
	rdb := clientAt(t, addr)
	return redisstore.New(rdb, tenantOf(t), nil), rdb
}

func clientAt(t testing.TB, addr string) redis.UniversalClient {
	t.Helper()
	rdb, err := config(addr).Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rdb.Close(); err != nil {
			t.Error(err)
		}
	})
	return rdb
}

func config(addrs ...string) redisstore.Config {
	return redisstore.Config{
		Addrs: addrs, Tenant: "default", DialTimeout: time.Second, ReadTimeout: 5 * time.Second,
		WriteTimeout: 5 * time.Second, PoolSize: 32,
	}
}

// tenants numbers the tenants of a run, so that a test that is repeated finds nothing of before.
var (
	tenants  sync.Map // testing.TB -> name
	tenantNo atomic.Int64
)

// tenantOf is the tenant of a test: the same at each call.
func tenantOf(t testing.TB) string {
	name, _ := tenants.LoadOrStore(t, fmt.Sprintf("t%d", tenantNo.Add(1)))
	return name.(string)
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var (
	north  = orchestrator.LeaseOwner{Instance: "north", Process: "n1"}
	north2 = orchestrator.LeaseOwner{Instance: "north", Process: "n2"} // after a restart
	south  = orchestrator.LeaseOwner{Instance: "south", Process: "s1"}
)

func lease(t testing.TB, s *redisstore.Store, owner orchestrator.LeaseOwner) orchestrator.Lease {
	t.Helper()
	l, err := s.Acquire(t.Context(), "lima", owner, time.Minute, "")
	ok(t, err)
	return l
}

// at is the caller's clock in these tests.
var at = time.UnixMilli(1_800_000_000_123)

func call(id string, rev int64) orchestrator.Record {
	return orchestrator.Record{
		ID: id, PBX: "lima", Rev: rev, Deadline: at.Add(5 * time.Minute),
		Doc: fmt.Appendf(nil, `{"call":%q,"rev":%d,"caller":{"name":"Ñandú"}}`, id, rev),
	}
}

func ended(id string, rev int64) orchestrator.Record {
	r := call(id, rev)
	r.Ended, r.Deadline = true, time.Time{}
	r.Doc = append(r.Doc, ' ')
	return r
}

func entry(kind orchestrator.EntryType, call string, data string) orchestrator.Entry {
	return orchestrator.Entry{Type: kind, At: at, Call: call, PBX: "lima", Data: []byte(data)}
}
