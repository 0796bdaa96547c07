package records

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
)

// refuseAgent makes the database refuse changes of one agent's state, as a
// constraint or a size would.
func refuseAgent(t *testing.T, d *DB, agent string) {
	t.Helper()
	statements := []string{"CREATE TRIGGER refuse BEFORE INSERT ON agent_states WHEN NEW.agent = '" + agent +
		"' BEGIN SELECT RAISE(ABORT, 'not this one'); END"}
	if d.dialect == dialectPostgres {
		statements = []string{"ALTER TABLE agent_states ADD CONSTRAINT refuse CHECK (agent <> '" + agent + "')"}
	}
	for _, s := range statements {
		if _, err := d.write.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// One entry that the database refuses is set aside; the others go on record.
func TestRefusedEntryIsSetAside(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d, j := fresh(t), newJournal()
		refuseAgent(t, d, "666")
		s := newStory(t).served("1", "sales", "101", 1, 1).agent("666", "available", "talking").agent("101", "talking", "wrapup")
		s.agent("102", "offline", "available").agent("666", "talking", "wrapup")
		j.append(s.entries...)
		last := s.entries[len(s.entries)-1].ID
		r, stop := record(t, d, j)
		await(t, "all is dealt with", func() bool { return r.Lag().Recorded == last })
		stop()
		if l := r.Lag(); l.SetAside != 2 || l.Written != int64(len(s.entries)) || l.Err != nil || l.Behind != 0 {
			t.Errorf("lag %+v", l)
		}
		want := slices.DeleteFunc(slices.Clone(s.entries), func(e orchestrator.Entry) bool { return e.Agent == "666" })
		rest := fresh(t)
		write(t, rest, want)
		for _, table := range []string{"timeline", "agent_states", "contacts", "visits", "recordings"} {
			if diff := cmp.Diff(dump(t, rest)[table], dump(t, d)[table]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", table, diff)
			}
		}
		rows, err := d.read.QueryContext(t.Context(), "SELECT reason || ' ' || entry FROM set_aside ORDER BY id")
		if err != nil {
			t.Fatal(err)
		}
		if kept, err := column(rows); err != nil || len(kept) != 2 || !strings.Contains(kept[0], `"agent":"666"`) {
			t.Errorf("set aside: %q, %v", kept, err)
		}
		// A recorder that begins here knows the place, though its entry is not on the timeline.
		r, stop = record(t, d, j)
		more := newStory(t).agent("103", "offline", "available").entries[0]
		more.ID = "9999999999999-1"
		j.append(more)
		await(t, "the next entry is on record", func() bool { return r.Lag().Recorded == more.ID })
		stop()
		if l := r.Lag(); l.Rewinds != 0 || l.Written != 1 {
			t.Errorf("lag after a restart %+v", l)
		}
	})
}

// What an entry says is nobody's reason to stop.
func TestOddEntriesDoNotStopTheRecorder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d, j := fresh(t), newJournal()
		s := newStory(t)
		odd := func(e orchestrator.Entry, data string) {
			s.add(e, nil)
			s.entries[len(s.entries)-1].Data = []byte(data)
		}
		odd(orchestrator.Entry{Type: orchestrator.EntryCallEnded, Call: "broken"}, `{"call": "bro`)
		odd(orchestrator.Entry{Type: orchestrator.EntryCallEnded, Call: "overflow"}, `{"call": "overflow", "talk_ms": 99999999999999999999}`)
		odd(orchestrator.Entry{Type: orchestrator.EntryAgentState, Agent: "101"}, `[]`)
		odd(orchestrator.Entry{Type: "of.tomorrow", Call: "1"}, `{"a": 1}`)
		odd(orchestrator.Entry{Type: orchestrator.EntryCallNode, Call: "1"}, `"`+strings.Repeat("long ", 1<<20)+`"`)
		// Too long for a key: PostgreSQL refuses it, SQLite takes it.
		odd(orchestrator.Entry{Type: orchestrator.EntryCallNode, Call: unpackable(20_000)}, `{}`)
		s.served("2", "sales", "101", 1, 1)
		j.append(s.entries...)
		last := s.entries[len(s.entries)-1].ID
		r, stop := record(t, d, j)
		await(t, "all is dealt with", func() bool { return r.Lag().Recorded == last })
		stop()
		if l := r.Lag(); l.Malformed < 3 || l.Err != nil {
			t.Errorf("lag %+v", l)
		}
		if _, _, err := d.Contact(t.Context(), "2"); err != nil {
			t.Error(err)
		}
		if list, err := d.Timeline(t.Context(), "1"); err != nil || len(list) != 2 {
			t.Errorf("%d entries of an unknown type and of great length, %v", len(list), err)
		}
	})
}

// unpackable is a text that does not compress.
func unpackable(n int) string {
	var b strings.Builder
	for i := uint64(1); b.Len() < n; i++ {
		fmt.Fprintf(&b, "%016x", i*0x9e3779b97f4a7c15)
	}
	return b.String()
}
