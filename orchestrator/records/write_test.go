package records

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

func write(t testing.TB, d *DB, entries []orchestrator.Entry) {
	t.Helper()
	if _, err := d.Write(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
}

// recorded are the tables that the recorder writes.
var recorded = []string{"timeline", "contacts", "visits", "recordings", "agent_states", "dispositions", "recorder_offset"}

// dump returns every row of them.
func dump(t testing.TB, d *DB) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, table := range recorded {
		rows, err := d.read.QueryContext(t.Context(), "SELECT * FROM "+table+" ORDER BY 1")
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		err = each(rows, nil, func(rows *sql.Rows) error {
			row, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			err := rows.Scan(into...)
			out[table] = append(out[table], fmt.Sprint(row))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestWholeCallIsOnRecord(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		s := newStory(t).served("7", "sales", "101", 12*time.Second, 40*time.Second).disposed("7", "101", "sale")
		write(t, d, s.entries)

		var want orchestrator.CallSummary
		for _, e := range s.entries {
			if e.Type == orchestrator.EntryCallEnded {
				if err := json.Unmarshal(e.Data, &want); err != nil {
					t.Fatal(err)
				}
			}
		}
		got, timeline, err := d.Contact(t.Context(), "7")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Contact{CallSummary: want, Disposition: "sale", DisposedBy: "phone", DisposedAt: want.EndedAt}, got); diff != "" {
			t.Errorf("contact (-want +got):\n%s", diff)
		}
		var kinds []orchestrator.EntryType
		for _, e := range timeline {
			kinds = append(kinds, e.Type)
		}
		wantKinds := []orchestrator.EntryType{"call.started", "call.queued", "call.offered", "call.connected", "call.recording",
			"call.parted", "call.recording", "call.ended", "agent.disposed"}
		if diff := cmp.Diff(wantKinds, kinds); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
		rec, err := d.Recording(t.Context(), "rec-7")
		if err != nil {
			t.Fatal(err)
		}
		wantRec := Recording{ID: "rec-7", Call: "7", PBX: "main", Queue: "sales", Agent: "101", Kind: KindConversation,
			StartedAt: ms(noon.Add(12 * time.Second)), EndedAt: want.EndedAt, DurationMS: 40_000, State: "finished"}
		if diff := cmp.Diff(wantRec, rec); diff != "" {
			t.Errorf("recording (-want +got):\n%s", diff)
		}
		if _, _, err := d.Contact(t.Context(), "8"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a call that never was: %v", err)
		}
	})
}

// A disposition may be given before the call is cleared, after it, twice, or in another batch.
func TestDispositionBeforeTheEnd(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		s := newStory(t).disposed("1", "101", "early").disposed("1", "101", "second").served("1", "sales", "101", time.Second, time.Second)
		write(t, d, s.entries[:1])
		if _, _, err := d.Contact(t.Context(), "1"); fault.KindOf(err) != fault.NotFound {
			t.Fatalf("a call that has not ended is a contact: %v", err)
		}
		write(t, d, s.entries[1:])
		if c, _, err := d.Contact(t.Context(), "1"); err != nil || c.Disposition != "second" {
			t.Errorf("disposition %q, %v; want the last one given", c.Disposition, err)
		}
	})
}

// Whatever way a journal is cut into batches, repeated and overlapped, the tables are the same.
func TestRedeliveryChangesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		entries := newStory(t).day(25, 3).entries
		reference := fresh(t)
		write(t, reference, entries)
		want := dump(t, reference)
		for seed := range uint64(4) {
			d := fresh(t)
			r := rand.New(rand.NewPCG(seed, 7))
			for done := 0; done < len(entries); {
				from := max(0, done-r.IntN(40)) // begins again somewhere before where it was
				to := min(len(entries), done+1+r.IntN(30))
				write(t, d, entries[from:to])
				if r.IntN(5) == 0 {
					write(t, d, entries[from:to])
				}
				done = max(done, to)
			}
			again := r.IntN(len(entries)) // a second recorder that is far behind
			write(t, d, entries[again:min(len(entries), again+30)])
			if diff := cmp.Diff(want, dump(t, d)); diff != "" {
				t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
			}
		}
	})
}

// The same, for any schedule that rapid can think of; on SQLite, where a database is cheap.
func TestRedeliveryProperty(t *testing.T) {
	t.Parallel()
	entries := newStory(t).day(4, 11).entries
	reference := freshSQLite(t)
	write(t, reference, entries)
	want := dump(t, reference)
	d := freshSQLite(t)
	rapid.Check(t, func(rt *rapid.T) {
		for _, table := range recorded {
			if _, err := d.write.ExecContext(rt.Context(), "DELETE FROM "+table); err != nil {
				rt.Fatal(err)
			}
		}
		for done := 0; done < len(entries); {
			from := rapid.IntRange(0, done).Draw(rt, "from")
			to := rapid.IntRange(min(len(entries), done+len(entries)/5), len(entries)).Draw(rt, "to")
			if _, err := d.Write(rt.Context(), entries[from:to]); err != nil {
				rt.Fatal(err)
			}
			done = to
		}
		if diff := cmp.Diff(want, dump(t, d)); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// A caller chooses the bytes of a name; neither database may choke on them.
func TestHostileText(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		name := "Robert'); DROP TABLE contacts;--\x00\x01\x1b[31m\"\\\u202e\xff\xfe"
		s := newStory(t)
		s.add(orchestrator.Entry{Type: orchestrator.EntryCallNode, Call: "1\x00", Agent: "\xff"}, nil)
		s.entries[0].Data = json.RawMessage("{\"broken\": \xff\x00")
		s.ended(orchestrator.CallSummary{Call: "1", StartedAt: ms(noon), Caller: orchestrator.Party{Number: "\x00'1", Name: name}, Path: []string{name}})
		s.call("2", orchestrator.EntryCallEnded, []string{"not a summary"})
		malformed, err := d.Write(t.Context(), s.entries)
		if err != nil || malformed != 1 {
			t.Fatalf("malformed %d, %v; want 1", malformed, err)
		}
		c, timeline, err := d.Contact(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		if want := "Robert'); DROP TABLE contacts;--\x01\x1b[31m\"\\\u202e\ufffd\ufffd"; c.Caller.Name != want {
			t.Errorf("name %q, want %q", c.Caller.Name, want)
		}
		if len(timeline) != 2 || !json.Valid(timeline[0].Data) {
			t.Errorf("timeline %+v", timeline)
		}
		if list, err := d.Timeline(t.Context(), "2"); err != nil || len(list) != 1 {
			t.Errorf("an unreadable end is not on the timeline: %v, %v", list, err)
		}
		if p, err := d.Place(t.Context()); err != nil || p.ID != s.entries[2].ID {
			t.Errorf("place %+v, %v", p, err)
		}
	})
}

func TestPositionSortsAsTheJournal(t *testing.T) {
	t.Parallel()
	ids := []string{"1-0", "1-2", "1-10", "2-0", "10-0", "1772452800000-0", "18446744073709551615-18446744073709551615"}
	for i := 1; i < len(ids); i++ {
		if position(0, ids[i-1]) >= position(0, ids[i]) {
			t.Errorf("%s does not sort before %s", ids[i-1], ids[i])
		}
	}
	for _, odd := range []string{"", "x", "1", "-", "1-x", "-1-1"} {
		if position(0, odd) != odd {
			t.Errorf("position(%q) = %q", odd, position(0, odd))
		}
	}
	if a, b := position(0, "1772452800000-7"), position(1, "1772452700000-0"); a >= b || len(a) != len(b) {
		t.Errorf("after a rewind %s does not sort behind %s", b, a)
	}
}
