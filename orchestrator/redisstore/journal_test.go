package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

var errEnough = errors.New("enough")

// journalOf reads what is in the journal now, through a last entry of its own.
func journalOf(t *testing.T, s *redisstore.Store) []orchestrator.Entry {
	t.Helper()
	ok(t, s.Append(t.Context(), orchestrator.Entry{Type: "test.mark", At: at}))
	last, err := s.Last(t.Context())
	ok(t, err)
	var all []orchestrator.Entry
	err = s.Tail(t.Context(), "", func(batch []orchestrator.Entry) error {
		all = append(all, batch...)
		if all[len(all)-1].ID == last {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	kept := all[:0]
	for _, e := range all {
		if e.Type != "test.mark" {
			kept = append(kept, e)
		}
	}
	return kept
}

func numbered(from, to int) []orchestrator.Entry {
	var out []orchestrator.Entry
	for i := from; i <= to; i++ {
		out = append(out, entry(orchestrator.EntryPBXState, "", fmt.Sprint(i)))
	}
	return out
}

// follower runs Tail and keeps what it read.
type follower struct {
	mu      sync.Mutex
	entries []orchestrator.Entry // guarded by mu
	grown   chan struct{}        // holds a token when entries grew
	done    chan error
	cancel  context.CancelFunc
}

func follow(t *testing.T, s *redisstore.Store, after string) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &follower{grown: make(chan struct{}, 1), done: make(chan error, 1), cancel: cancel}
	go func() {
		f.done <- s.Tail(ctx, after, func(batch []orchestrator.Entry) error {
			if len(batch) == 0 || len(batch) > 1000 {
				t.Errorf("a batch of %d", len(batch))
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			f.entries = append(f.entries, batch...)
			select {
			case f.grown <- struct{}{}:
			default: // a token is there already
			}
			return nil
		})
	}()
	t.Cleanup(func() { f.stop() })
	return f
}

// stop ends Tail and returns its error; the second time nil.
func (f *follower) stop() error {
	f.cancel()
	err := <-f.done
	f.done = make(chan error, 1)
	f.done <- nil
	return err
}

// ended waits until Tail ends by itself and returns its error.
func (f *follower) ended(t *testing.T) error {
	t.Helper()
	select {
	case err := <-f.done:
		f.done <- nil // for stop
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the reader reads on")
		return nil
	}
}

// until waits until n entries were read and returns their data.
func (f *follower) until(t *testing.T, n int) []string {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		f.mu.Lock()
		var got []string
		for _, e := range f.entries {
			got = append(got, string(e.Data))
		}
		f.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-f.grown:
		case <-limit:
			t.Fatalf("read %d entries in vain for %d", len(got), n)
		}
	}
}

func data(from, to int) (out []string) {
	for _, e := range numbered(from, to) {
		out = append(out, string(e.Data))
	}
	return out
}

func TestTailReadsOnFromAnID(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	if last, err := s.Last(t.Context()); err != nil || last != "" {
		t.Errorf("the last of an empty journal: %q, %v", last, err)
	}
	ok(t, s.Append(t.Context()))
	ok(t, s.Append(t.Context(), numbered(1, 3)...))
	middle, err := s.Last(t.Context())
	ok(t, err)
	all, rest, new := follow(t, s, ""), follow(t, s, middle), follow(t, s, "$")
	all.until(t, 3)
	// "$" begins when Tail begins, which nothing tells: append until it reads.
	var seen []string
	for i := 4; len(seen) == 0; i++ {
		ok(t, s.Append(t.Context(), numbered(i, i)...))
		select {
		case <-new.grown:
			seen = new.until(t, 1)
		case <-time.After(time.Millisecond):
		}
	}
	if seen[0] < "4" && len(seen[0]) == 1 {
		t.Errorf("from now on began with %s", seen[0])
	}
	if got := rest.until(t, 1)[0]; got != "4" {
		t.Errorf("after the third came %s", got)
	}
	if diff := cmp.Diff(data(1, 4), all.until(t, 4)[:4]); diff != "" {
		t.Errorf("from the beginning (-want +got):\n%s", diff)
	}
	if err := all.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if err := s.Tail(t.Context(), "yesterday", nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an id that is none: %v", err)
	}
}

func TestTailKeepsTheOrderOfManyWriters(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	f := follow(t, s, "")
	const writers, each = 64, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := 1; i <= each; i++ {
				e := entry(orchestrator.EntryCallNode, fmt.Sprint(w), fmt.Sprint(i))
				if err := s.Append(t.Context(), e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	f.until(t, writers*each)
	f.mu.Lock()
	defer f.mu.Unlock()
	inOrder(t, f.entries, writers, each)
}

func TestTailEndsWithTheError(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ok(t, s.Append(t.Context(), numbered(1, 1)...))
	if err := s.Tail(t.Context(), "", func([]orchestrator.Entry) error { return errEnough }); !errors.Is(err, errEnough) {
		t.Errorf("ended with %v", err)
	}
}

func TestTailNoticesAnEmptiedJournal(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	ok(t, s.Append(t.Context(), numbered(1, 3)...))
	last, err := s.Last(t.Context())
	ok(t, err)
	f := follow(t, s, "")
	f.until(t, 3)
	key := redisstore.JournalKey(tenantOf(t))
	ok(t, rdb.Del(t.Context(), key).Err())
	ok(t, rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: key, ID: "5-1", Values: []string{"type", "x", "at", "1"}}).Err())
	if err := f.ended(t); !errors.Is(err, orchestrator.ErrRewound) || fault.KindOf(err) != fault.Conflict {
		t.Errorf("ended with %v", err)
	}
	if err := s.Tail(t.Context(), last, nil); !errors.Is(err, orchestrator.ErrRewound) {
		t.Errorf("a new reader at the old place: %v", err)
	}
}

// retold replaces the whole journal in one step, as a Redis that comes back in
// an older state and takes new entries does. Each entry is an id and a text.
func retold(t *testing.T, rdb redis.UniversalClient, entries ...[2]string) {
	t.Helper()
	key := redisstore.JournalKey(tenantOf(t))
	_, err := rdb.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
		p.Del(t.Context(), key)
		for _, e := range entries {
			p.XAdd(t.Context(), &redis.XAddArgs{Stream: key, ID: e[0], Values: []string{"type", "pbx.state", "at", "1", "data", e[1]}})
		}
		return nil
	})
	ok(t, err)
}

// A journal that lost its last entries and went on may have ids on both sides of
// the place of a reader. The reader must not step over those that are lower.
func TestTailNoticesARewoundJournal(t *testing.T) {
	t.Parallel()
	told := [][2]string{{"10-1", "1"}, {"20-1", "2"}, {"30-1", "3"}}
	rows := []struct {
		name string
		then [][2]string
		ends bool
	}{
		{"the clock went on", [][2]string{{"10-1", "1"}, {"20-1", "2"}, {"40-1", "new"}}, true},
		{"the clock went back", [][2]string{{"10-1", "1"}, {"20-1", "2"}, {"25-1", "new"}, {"35-1", "new"}}, true},
		{"another entry has the same id", [][2]string{{"10-1", "1"}, {"20-1", "2"}, {"30-1", "new"}, {"40-1", "new"}}, true},
		{"nothing is left", nil, true},
		{"nothing was lost", [][2]string{{"10-1", "1"}, {"20-1", "2"}, {"30-1", "3"}, {"40-1", "4"}}, false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s, rdb := setup(t)
			retold(t, rdb, told...)
			f := follow(t, s, "")
			f.until(t, len(told))
			retold(t, rdb, r.then...)
			if !r.ends {
				if diff := cmp.Diff([]string{"1", "2", "3", "4"}, f.until(t, 4)); diff != "" {
					t.Errorf("read (-want +got):\n%s", diff)
				}
				return
			}
			if err := f.ended(t); !errors.Is(err, orchestrator.ErrRewound) || fault.KindOf(err) != fault.Conflict {
				t.Errorf("ended with %v", err)
			}
			if got := f.until(t, 0); len(got) != len(told) {
				t.Errorf("read %v", got)
			}
		})
	}
}

// A reader that knows what is at its place does not take another entry of that id for it.
func TestTailFromAnEntry(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	entries := five(t, s)
	read := func(place orchestrator.Entry) (got []string, err error) {
		err = s.TailFrom(t.Context(), place, func(batch []orchestrator.Entry) error {
			for _, e := range batch {
				got = append(got, string(e.Data))
			}
			return errEnough
		})
		return got, err
	}
	for i, want := range map[int][]string{0: data(1, 5), 3: data(4, 5)} {
		got, err := read(entries[i])
		if diff := cmp.Diff(want, got); diff != "" || !errors.Is(err, errEnough) {
			t.Errorf("after entry %d: %v (-want +got):\n%s", i, err, diff)
		}
	}
	other := entries[3]
	other.Data = []byte("another")
	if got, err := read(other); !errors.Is(err, orchestrator.ErrRewound) || got != nil {
		t.Errorf("another entry is there: read %v, %v", got, err)
	}
}

// A journal that is replaced while it is read, and comes back to what the reader
// knows, has told nothing of what was between.
func TestTailReadsOneHistory(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	told := [][2]string{{"10-1", "1"}, {"20-1", "2"}}
	retold(t, rdb, told...)
	rdb.AddHook(&afterRead{command: "xread", do: func() { retold(t, rdb, append(told, [2]string{"40-1", "4"})...) }})
	f := follow(t, s, "20-1")
	retold(t, rdb, [2]string{"10-1", "1"}, [2]string{"30-1", "other"})
	if diff := cmp.Diff([]string{"4"}, f.until(t, 1)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestTailLeavesOutWhatIsNoEntry(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	key := redisstore.JournalKey(tenantOf(t))
	ok(t, rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: key, Values: []string{"what", "ever"}}).Err())
	ok(t, s.Append(t.Context(), numbered(1, 1)...))
	if diff := cmp.Diff(data(1, 1), follow(t, s, "").until(t, 1)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

// Another store's script appends through JournalLua.
func TestJournalLuaIsTheLayout(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	foreign := redis.NewScript(redisstore.JournalLua +
		`return journal_add(KEYS[1], 'agent.state', ARGV[1], nil, '17', nil, 'lima', cjson.encode({from = 'offline', to = 'available'}))`)
	id, err := foreign.Run(t.Context(), rdb, []string{redisstore.JournalKey(tenantOf(t))}, at.UnixMilli()).Text()
	ok(t, err)
	got := journalOf(t, s)
	if len(got) != 1 {
		t.Fatalf("%d entries", len(got))
	}
	var change orchestrator.AgentChange
	ok(t, decode(got[0].Data, &change))
	got[0].Data = nil
	want := orchestrator.Entry{ID: id, Type: orchestrator.EntryAgentState, At: at, Agent: "17", PBX: "lima"}
	if diff := cmp.Diff(want, got[0]); diff != "" || change.To != "available" || change.From != "offline" {
		t.Errorf("change %+v, entry (-want +got):\n%s", change, diff)
	}
	raw, err := rdb.XRange(t.Context(), redisstore.JournalKey(tenantOf(t)), id, id).Result()
	ok(t, err)
	var fields []string
	for _, f := range redisstore.JournalFields {
		if _, there := raw[0].Values[f]; there {
			fields = append(fields, f)
		}
	}
	if len(raw[0].Values) != len(redisstore.JournalFields) || strings.Join(fields, " ") != strings.Join(redisstore.JournalFields[:], " ") {
		t.Errorf("fields %v", raw[0].Values)
	}
}
