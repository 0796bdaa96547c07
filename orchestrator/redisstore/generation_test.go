package redisstore_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator/redisstore"
)

// TestGeneration: definitions are in force for all; of those who would put others in
// force after the same ones, one does, and the same files are no other ones.
func TestGeneration(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	put := func(after int64, hash string) (int64, bool) {
		t.Helper()
		n, anew, err := s.PutGeneration(t.Context(), redisstore.Generation{By: "north", At: at, Files: map[string]string{"queues.yaml": hash, "agents.yaml": "a"}}, after)
		ok(t, err)
		return n, anew
	}
	if g, err := s.Generation(t.Context()); err != nil || g.N != 0 {
		t.Fatalf("before the first: %+v, %v", g, err)
	}
	var wg sync.WaitGroup
	var first atomic.Int64
	for range 64 {
		wg.Go(func() {
			if _, anew := put(0, "1"); anew {
				first.Add(1)
			}
		})
	}
	wg.Wait()
	if first.Load() != 1 {
		t.Errorf("%d are the first", first.Load())
	}
	for _, r := range []struct {
		after int64
		hash  string
		n     int64
		anew  bool
	}{{0, "2", 1, false}, {1, "1", 1, false}, {1, "2", 2, true}, {-1, "2", 2, false}, {-1, "1", 3, true}} {
		if n, anew := put(r.after, r.hash); n != r.n || anew != r.anew {
			t.Errorf("%+v: generation %d, new %v", r, n, anew)
		}
	}
	want := redisstore.Generation{N: 3, By: "north", At: at, Files: map[string]string{"queues.yaml": "1", "agents.yaml": "a"}}
	if got, err := s.Generation(t.Context()); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v, (-want +got):\n%s", err, cmp.Diff(want, got))
	}
	if who, err := s.Driver(t.Context(), "lima"); who != "" || err != nil {
		t.Errorf("%q, %v", who, err)
	}
	lease(t, s, north)
	if who, err := s.Driver(t.Context(), "lima"); who != north.Holder() || err != nil {
		t.Errorf("%q, %v", who, err)
	}
}
