package redisstore_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
		now, anew, err := s.PutGeneration(t.Context(), redisstore.Generation{By: "north", At: at, Files: map[string]string{"queues.yaml": hash, "agents.yaml": "a"}}, after, time.Time{})
		ok(t, err)
		return now.N, anew
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
	want := redisstore.Generation{N: 3, By: "north", At: at.Add(2 * time.Millisecond), Files: map[string]string{"queues.yaml": "1", "agents.yaml": "a"}}
	if got, err := s.Generation(t.Context()); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v, (-want +got):\n%s", err, cmp.Diff(want, got))
	}
}

// TestGenerationAfterALoss: Redis has an older generation than a process knew. That it is put in
// force again makes it a new one, later than what is there, also of the same files.
func TestGenerationAfterALoss(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	put := func(when, known time.Time) (redisstore.Generation, bool) {
		t.Helper()
		now, anew, err := s.PutGeneration(t.Context(), redisstore.Generation{By: "north", At: when, Files: map[string]string{"queues.yaml": "1"}}, -1, known)
		ok(t, err)
		return now, anew
	}
	for _, r := range []struct {
		when, known time.Time
		n           int64
		anew        bool
		at          time.Time
	}{
		{at, time.Time{}, 1, true, at},
		{at.Add(time.Hour), at, 1, false, at},
		{at.Add(time.Hour), at.Add(time.Minute), 2, true, at.Add(time.Hour)},
		{at, at.Add(2 * time.Hour), 3, true, at.Add(time.Hour + time.Millisecond)}, // a clock that is behind
	} {
		if now, anew := put(r.when, r.known); now.N != r.n || anew != r.anew || !now.At.Equal(r.at) {
			t.Errorf("%+v: %+v, new %v", r, now, anew)
		}
	}
}

// TestPresent: who runs is known until it says that it ends, or gives no sign of life.
func TestPresent(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	want := func(who string, ttl time.Duration, all ...string) {
		t.Helper()
		if who != "" {
			ok(t, s.Present(t.Context(), who, ttl))
		}
		got, err := s.Processes(t.Context())
		ok(t, err)
		if slices.Sort(got); !slices.Equal(got, all) {
			t.Errorf("after %q: %q, want %q", who, got, all)
		}
	}
	want("", time.Hour)
	want("one", time.Hour, "one")
	want("two", time.Hour, "one", "two")
	ok(t, s.Present(t.Context(), "two", time.Millisecond))
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if all, err := s.Processes(t.Context()); err == nil && len(all) == 1 {
			break
		}
	}
	want("", time.Hour, "one")
	ok(t, s.Absent(t.Context(), "one"))
	want("", time.Hour)
}
