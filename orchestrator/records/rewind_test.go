package records

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

var _ Source = (*redisstore.Store)(nil)

// journalAt is a tenant's journal on a real Redis.
func journalAt(t *testing.T, addr, tenant string) (*redisstore.Store, redis.UniversalClient) {
	t.Helper()
	rdb, err := redisstore.Config{Addrs: []string{addr}, Tenant: tenant, DialTimeout: time.Second,
		ReadTimeout: 5 * time.Second, WriteTimeout: time.Second, PoolSize: 4}.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	return redisstore.New(rdb, tenant, nil), rdb
}

// record runs a recorder until the returned function is called.
func record(t *testing.T, d *DB, j Source) (*Recorder, func()) {
	t.Helper()
	r := NewRecorder(d, j, testConfig(""), quiet, time.Now)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r, r.Stop
}

// await waits until something is so, as long as the test may last.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !ok() {
		if !wait(limit, 5*time.Millisecond) {
			t.Fatalf("the test was cut off while waiting until %s", what)
		}
	}
}

// texts returns the data of what is on record of a tenant, in the order of the timeline.
func texts(t *testing.T, d *DB) []string {
	t.Helper()
	rows, err := d.read.QueryContext(t.Context(), d.rebind("SELECT data FROM timeline WHERE tenant = ? ORDER BY pos"), d.tenant)
	if err != nil {
		t.Fatal(err)
	}
	out, err := column(rows)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// column reads rows of one text.
func column(rows *sql.Rows) (out []string, err error) {
	err = each(rows, nil, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		out = append(out, s)
		return err
	})
	return out, err
}

func ids(entries []orchestrator.Entry) (out []string) {
	for _, e := range entries {
		out = append(out, e.ID)
	}
	return out
}

// told is an entry of a journal that a test tells by hand.
type told struct {
	ms   int
	text string
}

func (e told) args(key string) *redis.XAddArgs {
	return &redis.XAddArgs{Stream: key, ID: fmt.Sprintf("%d-1", e.ms), Values: []string{"type", "agent.state", "at", fmt.Sprint(e.ms),
		"call", "", "agent", "101", "queue", "", "pbx", "main", "data", e.text}}
}

// unkind is a Redis that loses its last entries, comes back in states that were
// lost before, and whose clock goes back with it, so that ids are given twice.
type unkind struct {
	t    *testing.T
	rdb  redis.UniversalClient
	key  string
	r    *rand.Rand
	now  []told   // what the journal holds, but for what was trimmed
	lost [][]told // states that were lost
	n    int
}

func (u *unkind) grow() {
	ms := 0
	if len(u.now) > 0 {
		ms = u.now[len(u.now)-1].ms
	}
	for range 1 + u.r.IntN(12) {
		u.n++
		ms += 1 + u.r.IntN(2)
		e := told{ms, fmt.Sprintf(`{"to":"state-%03d"}`, u.n)}
		u.now = append(u.now, e)
		if err := u.rdb.XAdd(u.t.Context(), e.args(u.key)).Err(); err != nil {
			u.t.Fatal(err)
		}
	}
}

// rewind returns to an older state and goes on from there, in one step.
func (u *unkind) rewind() {
	was := slices.Clone(u.now)
	if len(u.lost) > 0 && u.r.IntN(3) == 0 {
		u.now = slices.Clone(u.lost[u.r.IntN(len(u.lost))])
	} else {
		u.now = slices.Clone(u.now[:u.r.IntN(len(u.now)+1)])
	}
	u.lost = append(u.lost, was)
	ms := 0
	if len(u.now) > 0 {
		ms = u.now[len(u.now)-1].ms
	}
	for range u.r.IntN(8) {
		u.n++
		ms += 1 + u.r.IntN(2)
		u.now = append(u.now, told{ms, fmt.Sprintf(`{"to":"state-%03d"}`, u.n)})
	}
	_, err := u.rdb.TxPipelined(u.t.Context(), func(p redis.Pipeliner) error {
		p.Del(u.t.Context(), u.key)
		for _, e := range u.now {
			p.XAdd(u.t.Context(), e.args(u.key))
		}
		return nil
	})
	if err != nil {
		u.t.Fatal(err)
	}
}

// missing tells which of the journal's entries are not on record, or twice.
func (u *unkind) missing(got []string) (out []string) {
	for _, e := range u.now {
		if n := countOf(got, e.text); n != 1 {
			out = append(out, fmt.Sprintf("%d-1 %s: %d times", e.ms, e.text, n))
		}
	}
	return out
}

func countOf(list []string, s string) (n int) {
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}

// Whatever a rewind leaves in the journal ends on record, in the journal's
// order, and nothing is there twice: with the recorder running, or started later.
func TestEverythingIsOnRecordAfterRewinds(t *testing.T) {
	t.Parallel()
	server := lab.RedisFor(t, lab.RedisOptions{})
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			tenant := fmt.Sprintf("seed%d", seed)
			store, rdb := journalAt(t, server.Addr(), tenant)
			u := &unkind{t: t, rdb: rdb, key: redisstore.JournalKey(tenant), r: rand.New(rand.NewPCG(seed, 3))}
			d := freshSQLite(t).Of(tenant)
			u.grow()
			r, stop := record(t, d, store)
			for range 4 {
				if u.r.IntN(2) == 0 {
					await(t, "all is on record", func() bool { return len(u.missing(texts(t, d))) == 0 })
				}
				if u.r.IntN(2) == 0 {
					stop()
					u.rewind()
					r, stop = record(t, d, store)
				} else {
					u.rewind()
				}
				u.grow()
			}
			await(t, "all is on record", func() bool { return len(u.missing(texts(t, d))) == 0 })
			stop()
			got := texts(t, d)
			if twice := slices.Compact(slices.Sorted(slices.Values(got))); len(twice) != len(got) {
				t.Errorf("%d on record, %d of them different", len(got), len(twice))
			}
			var want []string
			for _, e := range u.now {
				want = append(want, e.text)
			}
			inOrder := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return !slices.Contains(want, s) })
			if diff := cmp.Diff(want, inOrder); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
			if l := r.Lag(); l.Behind != 0 || l.Err != nil || l.Recorded != fmt.Sprintf("%d-1", u.now[len(u.now)-1].ms) {
				t.Errorf("lag %+v", l)
			}
			list, _, err := d.AgentStates(t.Context(), AgentStateFilter{Limit: 500})
			if err != nil || len(list) != len(got) {
				t.Errorf("%d changes of state for %d entries, %v", len(list), len(got), err)
			}
			if left := rdb.XLen(t.Context(), u.key).Val(); left > int64(len(u.now)) {
				t.Errorf("%d entries in the journal, want at most %d", left, len(u.now))
			}
		})
	}
}

// The real thing: redis-server is killed and started again on the files that it
// had a while ago, while the recorder runs on and entries go on coming.
func TestRecorderAfterRedisCameBackOlder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := lab.RedisFor(t, lab.RedisOptions{AppendOnly: true, Dir: dir})
	store, _ := journalAt(t, server.Addr(), "older")
	d := freshSQLite(t).Of("older")
	r, _ := record(t, d, store)
	n := 0
	say := func(count int) (said []string) {
		t.Helper()
		for range count {
			n++
			text := fmt.Sprintf(`{"to":"state-%03d"}`, n)
			e := orchestrator.Entry{Type: orchestrator.EntryAgentState, At: time.Now(), Agent: "101", Data: []byte(text)}
			// The client remembers for a moment that Redis was away.
			await(t, "Redis takes an entry", func() bool { return store.Append(t.Context(), e) == nil })
			said = append(said, text)
		}
		return said
	}
	var want []string
	onRecord := func(what string) {
		t.Helper()
		await(t, what, func() bool { return len(texts(t, d)) >= len(want) })
		if diff := cmp.Diff(want, texts(t, d)); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", what, diff)
		}
	}
	files, old := filepath.Join(dir, "appendonlydir"), filepath.Join(t.TempDir(), "old")
	for range 2 {
		want = append(want, say(20)...)
		onRecord("the first are on record")
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(old, os.DirFS(files)); err != nil {
			t.Fatal(err)
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		want = append(want, say(20)...) // will be lost, but is on record
		onRecord("the lost are on record")
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(files); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(old, files); err != nil {
			t.Fatal(err)
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		want = append(want, say(20)...)
		onRecord("what came after the loss is on record")
	}
	await(t, "the gaps are told", func() bool { l := r.Lag(); return l.Rewinds == 2 && l.Err == nil })
	last, err := store.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l := r.Lag(); l.Recorded != last || l.Behind != 0 || l.Rewound.IsZero() || l.Lost < 20 || l.Lost > 40 {
		t.Errorf("lag %+v, the journal ends at %s", l, last)
	}
	if p, err := d.Place(t.Context()); err != nil || p.Epoch != 2 || p.ID != last || p.Lost != r.Lag().Lost {
		t.Errorf("place %+v, %v", p, err)
	}
}

// Two databases are filled from one journal, and one of them stands still for a
// while: the other's recorder must not trim what it has not read.
func TestTwoDatabasesReadOneJournal(t *testing.T) {
	t.Parallel()
	server := lab.RedisFor(t, lab.RedisOptions{})
	store, rdb := journalAt(t, server.Addr(), "shared")
	var want []string
	say := func(from, to int) {
		t.Helper()
		for i := from; i <= to; i++ {
			e := told{i, fmt.Sprintf(`{"to":"state-%03d"}`, i)} // of 1970: older than what is kept
			if err := rdb.XAdd(t.Context(), e.args(redisstore.JournalKey("shared"))).Err(); err != nil {
				t.Fatal(err)
			}
			want = append(want, e.text)
		}
	}
	fast, slow := freshSQLite(t).Of("shared"), freshSQLite(t).Of("shared")
	follow := func(d *DB, left int64) {
		t.Helper()
		_, stop := record(t, d, store)
		await(t, "all is on record", func() bool { return len(texts(t, d)) >= len(want) })
		stop()
		_, stop = record(t, d, store) // a recorder trims when it starts
		name, err := d.Identity(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		place := fmt.Sprintf("%d-1 ", len(want))
		if len(want) == 0 {
			place = "0-0 "
		}
		await(t, "the place is noted", func() bool {
			return strings.HasPrefix(rdb.HGet(t.Context(), redisstore.JournalKey("shared")+":readers", name).Val(), place)
		})
		stop()
		if diff := cmp.Diff(want, texts(t, d)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		if n := rdb.XLen(t.Context(), redisstore.JournalKey("shared")).Val(); n != left {
			t.Errorf("%d entries are left of %d, want %d", n, len(want), left)
		}
	}
	follow(fast, 0) // from now on it is waited for
	say(1, 5)
	follow(slow, 5)
	say(6, 10)
	follow(fast, 6) // the last that the slow one has, and the five that it has not
	follow(slow, 1)
	say(11, 12)
	follow(fast, 3)
}

// abreast is a journal that two recorders look at together, once.
type abreast struct {
	*memoryJournal
	both *sync.WaitGroup
	once sync.Once
}

func (j *abreast) Entry(ctx context.Context, id string) (orchestrator.Entry, bool, error) {
	j.once.Do(func() { j.both.Done(); j.both.Wait() })
	return j.memoryJournal.Entry(ctx, id)
}

// TestOneLossIsToldOnce: of two processes that record in one database both see that Redis
// came back older; it is one incident.
func TestOneLossIsToldOnce(t *testing.T) {
	t.Parallel()
	d := freshSQLite(t)
	entries := newStory(t).day(4, 5).entries
	write(t, d, entries)
	j := newJournal()
	j.append(entries[:5]...)
	var both, done sync.WaitGroup
	both.Add(2)
	var told atomic.Int64
	for range 2 {
		r := NewRecorder(d, &abreast{memoryJournal: j, both: &both}, testConfig(""), quiet, time.Now)
		r.Tell = func(_ context.Context, e orchestrator.SystemEvent) {
			if e.What == orchestrator.SystemRewound {
				told.Add(1)
			}
		}
		done.Go(func() {
			if err := r.settle(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if n := told.Load(); n != 1 {
		t.Errorf("told %d times", n)
	}
}
