package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

func TestCommitStoresTheCallAndItsEntries(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	l := lease(t, s, north)
	c := call("a", 1)
	ok(t, s.Commit(t.Context(), l, c, []orchestrator.Entry{
		entry(orchestrator.EntryCallStarted, "a", `{"call":"a"}`),
		{Type: orchestrator.EntryCallQueued, At: at.Add(time.Millisecond), Call: "a", Queue: "support", Agent: "17"},
	}))
	got, err := s.Load(t.Context(), "a")
	ok(t, err)
	c.Deadline = time.Time{} // the deadline is the store's own
	if diff := cmp.Diff(c, got, cmpopts.IgnoreFields(orchestrator.Record{}, "PBX")); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
	live, err := s.Live(t.Context(), "lima")
	ok(t, err)
	if diff := cmp.Diff([]orchestrator.Record{c}, live); diff != "" {
		t.Errorf("live (-want +got):\n%s", diff)
	}
	entries := journalOf(t, s)
	for i := range entries {
		if entries[i].ID == "" {
			t.Error("an entry has no id")
		}
		entries[i].ID = ""
	}
	if diff := cmp.Diff([]orchestrator.Entry{
		entry(orchestrator.EntryCallStarted, "a", `{"call":"a"}`),
		{Type: orchestrator.EntryCallQueued, At: at.Add(time.Millisecond), Call: "a", Queue: "support", Agent: "17"},
	}, entries); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	liveKey := "op:{" + tenantOf(t) + "}:live:lima"
	score, err := rdb.ZScore(t.Context(), liveKey, "a").Result()
	ok(t, err)
	if want := at.Add(5 * time.Minute).UnixMilli(); int64(score) != want {
		t.Errorf("deadline %v, want %d", score, want)
	}
}

// TestCameKeepsTheLastArrivals: on which channels calls came in can be asked, also
// once they have ended; a burst pushes out only the oldest.
func TestCameKeepsTheLastArrivals(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	l := lease(t, s, north)
	came := func(want int, first string) {
		t.Helper()
		got, err := s.Came(t.Context(), "lima")
		ok(t, err)
		if len(got) != want || want > 0 && got[0] != first {
			t.Errorf("%d arrivals, the last %q; want %d, %q", len(got), got[:min(1, len(got))], want, first)
		}
	}
	came(0, "")
	r := call("a", 1)
	r.Came = "in.1"
	ok(t, s.Commit(t.Context(), l, r, nil))
	ok(t, s.Commit(t.Context(), l, r, nil)) // again
	ok(t, s.Commit(t.Context(), l, ended("a", 2), nil))
	came(1, "in.1")
	for n := range 1000 {
		r := call(fmt.Sprint("b", n), 1)
		r.Came = fmt.Sprint("in.b", n)
		ok(t, s.Commit(t.Context(), l, r, nil))
	}
	came(1000, "in.b999")
}

func TestCommitRevisions(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		stored  int64 // 0 is nothing
		next    orchestrator.Record
		want    fault.Kind // of the error
		refused bool
		entries int // in the journal afterwards
	}{
		{"the first", 0, call("a", 1), 0, false, 1},
		{"the next", 4, call("a", 5), 0, false, 2},
		{"after a gap that Redis lost", 4, call("a", 9), 0, false, 2},
		{"the first that Redis sees", 0, call("a", 9), 0, false, 1},
		{"the same again", 4, call("a", 4), 0, false, 1},
		{"the same revision with other content", 4, ended("a", 4), fault.Conflict, true, 1},
		{"an older one", 4, call("a", 3), fault.Conflict, true, 1},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s, _ := setup(t)
			l := lease(t, s, north)
			told := []orchestrator.Entry{entry(orchestrator.EntryCallNode, "a", "{}")}
			if r.stored > 0 {
				ok(t, s.Commit(t.Context(), l, call("a", r.stored), told))
			}
			err := s.Commit(t.Context(), l, r.next, told)
			if (err != nil) != r.refused || (err != nil && fault.KindOf(err) != r.want) {
				t.Errorf("got %v (%v)", err, fault.KindOf(err))
			}
			if errors.Is(err, orchestrator.ErrFenced) {
				t.Error("a stale revision is not a lost lease")
			}
			if n := len(journalOf(t, s)); n != r.entries {
				t.Errorf("%d entries, want %d", n, r.entries)
			}
		})
	}
}

func TestCommitRefusesWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	l := lease(t, s, north)
	other := l
	other.PBX = "quito"
	for name, try := range map[string]struct {
		l orchestrator.Lease
		c orchestrator.Record
	}{
		"no id": {l, call("", 1)}, "no revision": {l, call("a", 0)}, "another PBX's lease": {other, call("a", 1)},
	} {
		if err := s.Commit(t.Context(), try.l, try.c, nil); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	none := orchestrator.Lease{PBX: "lima"}
	if err := s.Commit(t.Context(), none, call("a", 1), nil); !errors.Is(err, orchestrator.ErrFenced) {
		t.Errorf("without a lease: %v", err)
	}
}

func TestEndedCallLeavesTheLiveSetAndExpires(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	l := lease(t, s, north)
	for _, id := range []string{"a", "b"} {
		ok(t, s.Commit(t.Context(), l, call(id, 1), nil))
	}
	ok(t, s.Commit(t.Context(), l, ended("a", 2), nil))
	live, err := s.Live(t.Context(), "lima")
	ok(t, err)
	if len(live) != 1 || live[0].ID != "b" {
		t.Errorf("live: %+v", live)
	}
	late, err := s.Overdue(t.Context(), "lima", at.AddDate(1, 0, 0))
	ok(t, err)
	if late != 1 {
		t.Errorf("%d calls have deadlines, want 1", late)
	}
	c, err := s.Load(t.Context(), "a")
	ok(t, err)
	if !c.Ended {
		t.Errorf("an ended call is loaded as %+v", c)
	}
	prefix := "op:{" + tenantOf(t) + "}:call:"
	ttl, err := rdb.PTTL(t.Context(), prefix+"a").Result()
	ok(t, err)
	if ttl <= 0 || ttl > time.Hour {
		t.Errorf("an ended call expires in %v", ttl)
	}
	if ttl := rdb.PTTL(t.Context(), prefix+"b").Val(); ttl != -1 {
		t.Errorf("a live call expires in %v", ttl)
	}
	if _, err := s.Load(t.Context(), "never"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a call that never was: %v", err)
	}
}

func TestLiveIsCompleteAndInOrderOfDeadlines(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	l := lease(t, s, north)
	const n = 600 // more than two pages
	for i := range n {
		c := call(fmt.Sprintf("c%03d", i), 1)
		c.Deadline = at.Add(time.Duration(n-i) * time.Second)
		ok(t, s.Commit(t.Context(), l, c, nil))
	}
	live, err := s.Live(t.Context(), "lima")
	ok(t, err)
	if len(live) != n || live[0].ID != "c599" || live[n-1].ID != "c000" {
		t.Fatalf("%d calls", len(live))
	}
	late, err := s.Overdue(t.Context(), "lima", at.Add(10*time.Second))
	ok(t, err)
	if late != 9 {
		t.Errorf("%d overdue, want 9", late)
	}
	ok(t, rdb.Del(t.Context(), "op:{"+tenantOf(t)+"}:call:c007").Err())
	if live, err = s.Live(t.Context(), "lima"); err != nil || len(live) != n-1 {
		t.Errorf("with one evicted: %d calls, %v", len(live), err)
	}
}

func TestOneCommitterWinsEachRevision(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	l := lease(t, s, north)
	const writers, revisions = 64, 20
	for rev := int64(1); rev <= revisions; rev++ {
		var wins atomic.Int64
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				c := call("a", rev)
				c.Doc = fmt.Append(c.Doc, w) // each writes something else
				err := s.Commit(t.Context(), l, c, []orchestrator.Entry{entry(orchestrator.EntryCallNode, "a", fmt.Sprint(w))})
				switch {
				case err == nil:
					wins.Add(1)
				case fault.KindOf(err) != fault.Conflict:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := wins.Load(); n != 1 {
			t.Fatalf("revision %d: %d winners", rev, n)
		}
	}
	if n := len(journalOf(t, s)); n != revisions {
		t.Errorf("%d entries, want %d", n, revisions)
	}
}

func TestCallsOfManyGoroutines(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	l := lease(t, s, north)
	const calls, revisions = 64, 25
	var wg sync.WaitGroup
	for n := range calls {
		wg.Go(func() {
			id := fmt.Sprintf("c%02d", n)
			for rev := int64(1); rev <= revisions; rev++ {
				c := call(id, rev)
				if rev == revisions && n%2 == 0 {
					c = ended(id, rev)
				}
				if err := s.Commit(t.Context(), l, c, []orchestrator.Entry{entry(orchestrator.EntryCallNode, id, fmt.Sprint(rev))}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	live, err := s.Live(t.Context(), "lima")
	ok(t, err)
	if len(live) != calls/2 {
		t.Errorf("%d live, want %d", len(live), calls/2)
	}
	inOrder(t, journalOf(t, s), calls, revisions)
}

// inOrder checks that the entries tell the revisions 1..revisions of each call in order.
func inOrder(t *testing.T, entries []orchestrator.Entry, calls, revisions int) {
	t.Helper()
	last := map[string]int{}
	for _, e := range entries {
		var rev int
		if _, err := fmt.Sscan(string(e.Data), &rev); err != nil {
			t.Fatal(err)
		}
		if rev != last[e.Call]+1 {
			t.Fatalf("call %s: %d after %d", e.Call, rev, last[e.Call])
		}
		last[e.Call] = rev
	}
	if len(last) != calls {
		t.Errorf("%d calls in the journal, want %d", len(last), calls)
	}
	for id, rev := range last {
		if rev != revisions {
			t.Errorf("call %s ends at %d, want %d", id, rev, revisions)
		}
	}
}

func BenchmarkCommit(b *testing.B) {
	s, _ := setup(b)
	l := lease(b, s, north)
	entries := []orchestrator.Entry{entry(orchestrator.EntryCallNode, "a", `{"flow":"main","node":"menu","outcome":"1"}`)}
	benchmarkCommit(b, s, l, entries)
}

func BenchmarkCommitWithoutEntries(b *testing.B) {
	s, _ := setup(b)
	benchmarkCommit(b, s, lease(b, s, north), nil)
}

func benchmarkCommit(b *testing.B, s *redisstore.Store, l orchestrator.Lease, entries []orchestrator.Entry) {
	b.ReportAllocs()
	rev := int64(0)
	for b.Loop() {
		rev++
		if err := s.Commit(b.Context(), l, call("a", rev), entries); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommitParallel is many calls at once: what one process can store.
func BenchmarkCommitParallel(b *testing.B) {
	s, _ := setup(b)
	l := lease(b, s, north)
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		id := fmt.Sprintf("p%d", tenantNo.Add(1)) // RunParallel comes back with the same tenant
		for rev := int64(1); pb.Next(); rev++ {
			if err := s.Commit(b.Context(), l, call(id, rev), []orchestrator.Entry{entry(orchestrator.EntryCallNode, id, "{}")}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func TestSetAside(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	l := lease(t, s, north)
	ok(t, s.Commit(t.Context(), l, call("a", 1), nil))
	ok(t, s.Commit(t.Context(), l, call("b", 1), nil))
	other := l
	other.Epoch--
	if err := s.SetAside(t.Context(), other, call("a", 1)); !errors.Is(err, orchestrator.ErrFenced) {
		t.Errorf("under an older lease: %v", err)
	}
	ok(t, s.SetAside(t.Context(), l, call("a", 1)))
	live, err := s.Live(t.Context(), "lima")
	ok(t, err)
	if len(live) != 1 || live[0].ID != "b" {
		t.Errorf("live: %+v", live)
	}
	if r, err := s.Load(t.Context(), "a"); err != nil || r.Doc == nil {
		t.Errorf("what was set aside is gone: %+v, %v", r, err)
	}
}

// afterRead is a hook that does something after the first command of a name that succeeds.
type afterRead struct {
	once    sync.Once
	command string
	do      func()
}

func (h *afterRead) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *afterRead) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h *afterRead) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if cmd.Name() == h.command && err == nil {
			h.once.Do(h.do)
		}
		return err
	}
}

// TestLiveWhileCallsEnd: the sweeper reads the live calls of a PBX that is driven.
// A call that ends meanwhile hides no other, which would pass for lost.
func TestLiveWhileCallsEnd(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	l := lease(t, s, north)
	const n = 600
	for i := range n {
		c := call(fmt.Sprintf("c%03d", i), 1)
		c.Deadline = at.Add(time.Duration(i) * time.Second)
		ok(t, s.Commit(t.Context(), l, c, nil))
	}
	rdb.AddHook(&afterRead{command: "zrange", do: func() {
		c := call("c000", 2)
		c.Ended = true
		ok(t, s.Commit(t.Context(), l, c, nil))
	}})
	live, err := s.Live(t.Context(), "lima")
	ok(t, err)
	if len(live) != n-1 {
		t.Errorf("%d calls, want %d", len(live), n-1)
	}
}
