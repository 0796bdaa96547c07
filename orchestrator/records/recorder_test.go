package records

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records/pgtest"
)

// memoryJournal is a journal in memory that waits as a real one does.
type memoryJournal struct {
	mu      sync.Mutex
	entries []orchestrator.Entry // guarded by mu
	grown   chan struct{}        // guarded by mu; closed and replaced when entries grow
	cuts    int                  // guarded by mu; how many more Tails fail after one delivery
	trims   []string             // guarded by mu; what Trim was asked
}

func newJournal() *memoryJournal { return &memoryJournal{grown: make(chan struct{})} }

func (j *memoryJournal) append(entries ...orchestrator.Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entries...)
	close(j.grown)
	j.grown = make(chan struct{})
}

var errCut = errors.New("connection lost")

func (j *memoryJournal) TailFrom(ctx context.Context, place orchestrator.Entry, fn func([]orchestrator.Entry) error) error {
	return j.Tail(ctx, place.ID, fn)
}

func (j *memoryJournal) Tail(ctx context.Context, after string, fn func([]orchestrator.Entry) error) error {
	for {
		j.mu.Lock()
		i := 0
		for i < len(j.entries) && position(0, j.entries[i].ID) <= position(0, after) {
			i++
		}
		part, grown := slices.Clone(j.entries[i:]), j.grown
		cut := j.cuts > 0
		if cut && len(part) > 3 {
			part = part[:3]
			j.cuts--
		}
		j.mu.Unlock()
		if len(part) > 0 {
			after = part[len(part)-1].ID
			if err := fn(part); err != nil {
				return err
			}
			if cut {
				return errCut
			}
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
		}
	}
}

func (j *memoryJournal) Last(context.Context) (string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) == 0 {
		return "", nil
	}
	return j.entries[len(j.entries)-1].ID, nil
}

func (j *memoryJournal) Entry(_ context.Context, id string) (orchestrator.Entry, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.entries {
		if e.ID == id {
			return e, true, nil
		}
	}
	return orchestrator.Entry{}, false, nil
}

func (j *memoryJournal) Trim(_ context.Context, reader string, recorded orchestrator.Entry, now time.Time, keep time.Duration) ([]string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.trims = append(j.trims, reader+" "+recorded.ID+" "+now.Add(-keep).UTC().Format(time.RFC3339))
	return nil, nil
}

// memorySink is SQL reduced to what the recorder sees of it.
type memorySink struct {
	mu      sync.Mutex
	down    bool                 // guarded by mu
	offset  string               // guarded by mu
	entries []orchestrator.Entry // guarded by mu
	batches []int                // guarded by mu
}

var errDown = errors.New("database is away")

func (s *memorySink) Identity(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return "", errDown
	}
	return "memory", nil
}

func (s *memorySink) Place(context.Context) (Place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return Place{}, errDown
	}
	return Place{ID: s.offset}, nil
}

func (s *memorySink) Holds(_ context.Context, e orchestrator.Entry) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.entries, func(r orchestrator.Entry) bool { return r.ID == e.ID }), nil
}

var errNotHere = errors.New("the journal of these tests does not rewind, and nothing is refused")

func (s *memorySink) Rewound(context.Context, Place, string) (Place, bool, error) {
	return Place{}, false, errNotHere
}

func (s *memorySink) Recorded(context.Context, int) (string, error) { return "", errNotHere }

func (s *memorySink) SetAside(context.Context, orchestrator.Entry, error) error { return errNotHere }

func (s *memorySink) Write(_ context.Context, entries []orchestrator.Entry) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return 0, errDown
	}
	s.entries = append(s.entries, entries...)
	s.batches = append(s.batches, len(entries))
	s.offset = entries[len(entries)-1].ID
	return 0, nil
}

func (s *memorySink) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// TestOutagesAreTold: what did not answer is told of once it does, with since when.
func TestOutagesAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, sink := newJournal(), &memorySink{}
		entries := newStory(t).day(4, 5).entries
		r := NewRecorder(sink, j, testConfig(""), quiet, time.Now)
		var told []string
		begin := time.Now()
		r.Tell = func(_ context.Context, e orchestrator.SystemEvent) {
			told = append(told, fmt.Sprintf("%s %s", e.What, time.UnixMilli(e.Since).Sub(begin)))
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		sink.setDown(true)
		j.append(entries[:5]...)
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(told) > 0 {
			t.Errorf("told of what lasts: %q", told)
		}
		sink.setDown(false)
		time.Sleep(time.Minute)
		j.mu.Lock()
		j.cuts = 1
		j.mu.Unlock()
		j.append(entries[5:10]...)
		time.Sleep(time.Minute)
		r.Stop()
		if want := []string{"records_away 1m0s", "store_away 1h2m0.5s"}; !slices.Equal(told, want) {
			t.Errorf("told of %q, want %q", told, want)
		}
	})
}

func TestRecorderHoldsStillWhileSQLIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, sink := newJournal(), &memorySink{down: true}
		entries := newStory(t).day(4, 5).entries
		for i := range entries {
			entries[i].At = time.Now()
		}
		j.append(entries[:10]...)
		r := NewRecorder(sink, j, testConfig(""), quiet, time.Now)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Start(t.Context()); err == nil {
			t.Error("a second Start is accepted")
		}
		time.Sleep(time.Minute) // the bubble's clock
		if l := r.Lag(); !errors.Is(l.Err, errDown) || l.Written != 0 {
			t.Errorf("lag before the database is there: %+v", l)
		}
		sink.setDown(false)
		time.Sleep(time.Second)
		if l := r.Lag(); l.Err != nil || l.Written != 10 || l.Behind != 0 {
			t.Errorf("lag when all is written: %+v", l)
		}

		sink.setDown(true)
		j.append(entries[10:]...)
		time.Sleep(5 * time.Minute)
		if l := r.Lag(); !errors.Is(l.Err, errDown) || l.Behind < 5*time.Minute {
			t.Errorf("lag of an outage of five minutes: %+v", l)
		}
		sink.setDown(false)
		time.Sleep(time.Second)
		r.Stop()
		r.Stop()
		if diff := cmp.Diff(entries, sink.entries); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
	})
}

func TestRecorderResumesAfterTheJournalWasCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, sink := newJournal(), &memorySink{}
		j.cuts = 4
		entries := newStory(t).day(6, 6).entries
		j.append(entries...)
		r := NewRecorder(sink, j, testConfig(""), quiet, time.Now)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if l := r.Lag(); l.Err != nil {
			t.Errorf("lag after the cuts: %+v", l)
		}
		r.Stop()
		if diff := cmp.Diff(entries, sink.entries); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
	})
}

func TestRecorderBatchesAndTrims(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, sink := newJournal(), &memorySink{}
		entries := newStory(t).day(20, 8).entries[:120]
		j.append(entries...)
		r := NewRecorder(sink, j, testConfig(""), quiet, time.Now)
		r.Stop() // before Start
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if diff := cmp.Diff([]int{50, 50, 20}, sink.batches); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		more := entries[119]
		for i := range 3 {
			more.ID = fmt.Sprintf("9999999999999-%d", i) // sorts behind all others
			j.append(more)
			time.Sleep(41 * time.Second)
		}
		r.Stop()
		// Every minute, whether something was written or not.
		start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		var want []string
		for i, id := range []string{"", "9999999999999-1", "9999999999999-2"} {
			want = append(want, "memory "+id+" "+start.Add(time.Duration(i)*time.Minute-time.Hour).Format(time.RFC3339))
		}
		if diff := cmp.Diff(want, j.trims); diff != "" {
			t.Errorf("trims (-want +got):\n%s", diff)
		}
	})
}

// The whole way: journal, recorder, database, a new process in between.
func TestRecorderOnDatabase(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		entries := newStory(t).day(12, 9).entries
		reference := fresh(t)
		write(t, reference, entries)

		d, j := fresh(t), newJournal()
		for _, part := range [][]orchestrator.Entry{entries[:len(entries)/2], entries[len(entries)/2:]} {
			j.append(part...)
			r := NewRecorder(d, j, testConfig(""), quiet, time.Now)
			if err := r.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			for r.Lag().Recorded != part[len(part)-1].ID {
				if !wait(t.Context(), time.Millisecond) {
					t.Fatal("the test was cut off")
				}
			}
			r.Stop()
		}
		if diff := cmp.Diff(dump(t, reference), dump(t, d)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// The real thing is stopped and started again while the journal grows.
func TestRecorderSurvivesPostgresRestart(t *testing.T) {
	t.Parallel()
	own, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	if own == nil {
		t.Log("left out: no PostgreSQL server is installed under /usr/lib/postgresql")
		return
	}
	t.Cleanup(own.Stop)
	entries := newStory(t).day(12, 17).entries
	d, j := openDB(t, DSN(own.Fresh(t)), func() time.Time { return noon }), newJournal()
	r := NewRecorder(d, j, testConfig(""), quiet, time.Now)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	until := func(what string, ok func(Lag) bool) {
		t.Helper()
		for !ok(r.Lag()) {
			if !wait(t.Context(), time.Millisecond) {
				t.Fatalf("the test was cut off while waiting until %s: %+v", what, r.Lag())
			}
		}
	}
	half := len(entries) / 2
	j.append(entries[:half]...)
	until("the first half is on record", func(l Lag) bool { return l.Recorded == entries[half-1].ID })
	own.Halt()
	j.append(entries[half:]...)
	until("the outage shows", func(l Lag) bool { return l.Err != nil })
	if _, _, err := d.Contacts(t.Context(), ContactFilter{}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a query during the outage: %v, want Unavailable", err)
	}
	if err := own.Launch(); err != nil {
		t.Fatal(err)
	}
	until("all is on record", func(l Lag) bool { return l.Recorded == entries[len(entries)-1].ID && l.Err == nil })
	reference := freshSQLite(t)
	write(t, reference, entries)
	want, _, err := reference.Contacts(t.Context(), ContactFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := d.Contacts(t.Context(), ContactFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SQLite and PostgreSQL disagree (-sqlite +postgres):\n%s", diff)
	}
}
