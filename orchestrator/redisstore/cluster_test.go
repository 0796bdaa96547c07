package redisstore_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// On a Cluster a script may only touch keys of one slot, and a pipeline goes to
// the node that has it.
func TestStoreOnACluster(t *testing.T) {
	t.Parallel()
	r := lab.RedisFor(t, lab.RedisOptions{Config: []string{"cluster-enabled yes", "cluster-port 0"}})
	plain := clientAt(t, r.Addr()).(*redis.Client)
	ok(t, plain.ClusterAddSlotsRange(t.Context(), 0, 16383).Err())
	for n := 0; plain.ClusterInfo(t.Context()).Val()[:len("cluster_state:ok")] != "cluster_state:ok"; n++ {
		if n == 100_000 {
			t.Fatal("the cluster does not come up")
		}
	}
	c := config(r.Addr())
	c.Cluster = true
	ok(t, c.Validate())
	rdb, err := c.Client()
	ok(t, err)
	defer rdb.Close()
	s := redisstore.New(rdb, tenantOf(t), nil)
	l := lease(t, s, north)
	for _, id := range []string{"a", "b", "c"} {
		ok(t, s.Commit(t.Context(), l, call(id, 1), []orchestrator.Entry{entry(orchestrator.EntryCallStarted, id, "1")}))
	}
	ok(t, s.Commit(t.Context(), l, ended("b", 2), nil))
	live, err := s.Live(t.Context(), "lima")
	ok(t, err)
	if len(live) != 2 {
		t.Errorf("%d live calls", len(live))
	}
	entries := journalOf(t, s)
	inOrder(t, entries, 3, 1)
	_, err = s.Trim(t.Context(), "records", entries[1], at.AddDate(100, 0, 0), 0)
	ok(t, err)
	if left := journalOf(t, s); len(left) != 2 {
		t.Errorf("%d entries left", len(left))
	}
	h, err := s.Health(t.Context())
	ok(t, err)
	if h.Mode != "cluster" || h.Role != "master" {
		t.Errorf("%+v", h)
	}
	ok(t, s.Release(t.Context(), l))
}
