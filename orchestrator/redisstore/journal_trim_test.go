package redisstore_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// five appends five entries, one by one, and returns them behind a zero one.
func five(t *testing.T, s *redisstore.Store) []orchestrator.Entry {
	t.Helper()
	out := []orchestrator.Entry{{}}
	for i := 1; i <= 5; i++ {
		ok(t, s.Append(t.Context(), numbered(i, i)...))
		last, err := s.Last(t.Context())
		ok(t, err)
		e, _, err := s.Entry(t.Context(), last)
		ok(t, err)
		out = append(out, e)
	}
	return out
}

func left(t *testing.T, s *redisstore.Store) []string {
	t.Helper()
	var got []string
	for _, e := range journalOf(t, s) {
		got = append(got, string(e.Data))
	}
	return got
}

func TestTrim(t *testing.T) {
	t.Parallel()
	const years = 20 * 365 * 24 * time.Hour
	rows := []struct {
		name     string
		recorded int // the last on record, 0 for none
		keep     time.Duration
		want     []string
	}{
		{"nothing on record", 0, 0, data(1, 5)},
		{"all young", 5, years, data(1, 5)},
		{"old, and some on record", 3, 0, data(3, 5)},
		{"old, and all on record", 5, 0, data(5, 5)},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s, _ := setup(t)
			entries := five(t, s)
			silent, err := s.Trim(t.Context(), "records", entries[r.recorded], time.Now().Add(time.Hour), r.keep)
			ok(t, err)
			if diff := cmp.Diff(r.want, left(t, s)); diff != "" || len(silent) > 0 {
				t.Errorf("silent %v, left (-want +got):\n%s", silent, diff)
			}
			follow(t, s, entries[r.recorded].ID).until(t, 1) // its own mark: the place is still one to read on from
		})
	}
	s, _ := setup(t)
	if _, err := s.Trim(t.Context(), "records", orchestrator.Entry{ID: "5"}, time.Now(), 0); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an id that is none: %v", err)
	}
}

// Two databases are filled from one journal: neither may lose what it has not read.
func TestTrimWaitsForTheSlowestReader(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	entries := five(t, s)
	now := time.Now().Add(time.Hour)
	for _, step := range []struct {
		name, reader string
		recorded     int
		after        time.Duration
		want         []string
		silent       []string
	}{
		{"a new database has nothing yet", "slow", 0, 0, data(1, 5), nil},
		{"the other has everything", "fast", 5, 0, data(1, 5), nil},
		{"the slow one gets on", "slow", 2, time.Minute, data(2, 5), nil},
		{"and stops", "fast", 5, 2 * time.Hour, data(2, 5), []string{"slow"}},
		{"it is waited for", "fast", 5, 6 * 24 * time.Hour, data(2, 5), []string{"slow"}},
		{"but not for ever", "fast", 5, 8 * 24 * time.Hour, data(5, 5), nil},
		{"and no more than it said", "fast", 5, 9 * 24 * time.Hour, data(5, 5), nil},
	} {
		silent, err := s.Trim(t.Context(), step.reader, entries[step.recorded], now.Add(step.after), 0)
		ok(t, err)
		if diff := cmp.Diff(step.want, left(t, s)); diff != "" {
			t.Fatalf("%s: left (-want +got):\n%s", step.name, diff)
		}
		if diff := cmp.Diff(append([]string{}, step.silent...), silent); diff != "" {
			t.Fatalf("%s: silent (-want +got):\n%s", step.name, diff)
		}
	}
}

// A recorder that has not yet noticed that Redis came back in an older state
// names a place that is not there; nothing may be forgotten for its sake.
func TestTrimByAPlaceThatIsNotThere(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	entries := five(t, s)
	other := entries[4] // the id was given again
	other.Data = []byte("another")
	for _, place := range []orchestrator.Entry{{ID: "99999999999999-0"}, other} {
		_, err := s.Trim(t.Context(), "records", place, time.Now().Add(time.Hour), 0)
		ok(t, err)
		if diff := cmp.Diff(data(1, 5), left(t, s)); diff != "" {
			t.Errorf("by %s %s: left (-want +got):\n%s", place.ID, place.Data, diff)
		}
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	entries := five(t, s)
	e, there, err := s.Entry(t.Context(), entries[3].ID)
	ok(t, err)
	want := numbered(3, 3)[0]
	want.ID = entries[3].ID
	if diff := cmp.Diff(want, e); diff != "" || !there {
		t.Errorf("there %v (-want +got):\n%s", there, diff)
	}
	if e, there, err := s.Entry(t.Context(), "1-1"); err != nil || there {
		t.Errorf("an entry that never was: %+v, %v, %v", e, there, err)
	}
	if _, _, err := s.Entry(t.Context(), "yesterday"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an id that is none: %v", err)
	}
	var _ orchestrator.Journal = s
}
