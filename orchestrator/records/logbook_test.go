package records

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestConnections: of each PBX what came before a span and still counts in it, and what ended it after.
func TestConnections(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		s := newStory(t)
		s.at = noon.Add(-time.Hour)
		for _, x := range []struct {
			minute     int
			pbx, state string
		}{{-90, "a", "connected"}, {-80, "a", "disconnected"}, {-70, "a", "connected"}, {-60, "a", "disconnected"}, {-50, "b", "connected"},
			{5, "b", "disconnected"}, {70, "a", "connected"}, {71, "b", "disconnected"}, {75, "b", "connected"}, {80, "b", "connected"}, {90, "a", "disconnected"}} {
			s.at = noon.Add(time.Duration(x.minute) * time.Minute)
			s.call("", orchestrator.EntryPBXState, fields{"state": x.state, "error": "", "instance": "one"})
			s.entries[len(s.entries)-1].PBX = x.pbx
			s.entries[len(s.entries)-1].At = s.at
		}
		write(t, d, s.entries)
		var got []string
		err := d.Connections(t.Context(), noon, noon.Add(time.Hour), func(e orchestrator.Entry) {
			var x struct{ State string }
			_ = json.Unmarshal(e.Data, &x)
			got = append(got, fmt.Sprint(e.PBX, " ", e.At.Sub(noon).Minutes(), " ", x.State))
		})
		want := []string{"a -70 connected", "a -60 disconnected", "a 70 connected", "b -50 connected", "b 5 disconnected", "b 75 connected"}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	})
}

// TestDeeds: the lines of a span, without what is left aside, the oldest first.
func TestDeeds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		now := noon
		d.now = func() time.Time { return now }
		for i, l := range []AuditLine{{Role: "admin", Action: "early"}, {Role: "admin", Action: "first"}, {Role: "agent", Action: "own"}, {Role: "agent", Action: "note"},
			{Role: "admin", Action: "play"}, {Role: "supervisor", Action: "last"}, {Role: "admin", Action: "late"}} {
			now = noon.Add(time.Duration(i) * time.Millisecond)
			if err := d.Audit(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
		from, to := noon.Add(time.Millisecond), noon.Add(6*time.Millisecond)
		for limit, want := range map[int][]string{10: {"first", "note", "last"}, 2: {"first", "note"}} {
			var got []string
			err := d.Deeds(t.Context(), from, to, Aside{Actions: []string{"play"}, Role: "agent", But: []string{"note"}}, limit, func(l AuditLine) { got = append(got, l.Action) })
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		}
		if list, _, err := d.AuditLog(t.Context(), AuditFilter{From: from, To: to, Limit: 10}); err != nil || len(list) != 5 {
			t.Errorf("%d lines, %v", len(list), err)
		}
	})
}

// TestDispositionsAreReplaced: of an agent's outcomes for a call the last ones count.
func TestDispositionsAreReplaced(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		s := newStory(t)
		give := func(agent, name string, also bool) {
			f := fields{"call": "1", "queue": "sales", "disposition": name, "path": "all/" + name, "by": "phone"}
			if also {
				f["also"] = true
			}
			s.call("1", orchestrator.EntryAgentDisposed, f)
			s.entries[len(s.entries)-1].Agent = agent
		}
		give("a", "one", false)
		give("a", "two", true)
		give("b", "three", false)
		give("a", "four", false)
		give("a", "five", true)
		write(t, d, s.entries)
		var got []string
		err := d.Dispositions(t.Context(), noon.Add(-time.Hour), noon.Add(time.Hour), func(x Disposition) {
			got = append(got, fmt.Sprint(x.Agent, " ", x.Path, " ", x.Also))
		})
		if want := []string{"b all/three false", "a all/four false", "a all/five true"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	})
}

// TestImport: what another system told is on record once, beside the journal and not in its place.
func TestImport(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d, ctx := fresh(t), t.Context()
		s := newStory(t)
		s.served("1", "sales", "101", 10*time.Second, time.Minute)
		write(t, d, s.entries)
		place, err := d.Place(ctx)
		if err != nil {
			t.Fatal(err)
		}
		entry := func(n int, at time.Time, kind orchestrator.EntryType, call, agent string, data fields) orchestrator.Entry {
			raw, err := json.Marshal(data)
			if err != nil {
				t.Fatal(err)
			}
			return orchestrator.Entry{ID: fmt.Sprintf("%s%013d%06d0-q0", importedSign, at.UnixMilli(), n), At: at, Type: kind, Call: call, Agent: agent, Data: raw}
		}
		old := noon.Add(-24 * time.Hour)
		list := []orchestrator.Entry{entry(1, old, orchestrator.EntryCallQueued, "old", "", fields{"queue": "sales"}),
			entry(2, old.Add(time.Second), orchestrator.EntryCallUnqueued, "old", "", fields{"queue": "sales", "why": "hangup", "wait_ms": 1000}),
			entry(3, old, orchestrator.EntryCallQueued, "1", "", fields{"queue": "sales"}), // the journal's
			entry(4, old, orchestrator.EntryAgentState, "", "101", fields{"from": "offline", "to": "available"})}
		ends := func(of []orchestrator.Entry) (orchestrator.Entry, bool) {
			e := entry(9, old.Add(time.Second), orchestrator.EntryCallEnded, "old", "", nil)
			e.Data, _ = json.Marshal(orchestrator.CallSummary{Call: "old", Outcome: orchestrator.OutcomeAbandoned, StartedAt: ms(old), EndedAt: ms(old.Add(time.Second)), WaitMS: int64(len(of))})
			return e, len(of) > 1
		}
		for _, want := range []Brought{{Added: 3, Known: 1}, {Known: 1}} {
			if b, err := d.Import(ctx, list, ends); err != nil || b != want {
				t.Errorf("%+v, %v, want %+v", b, err, want)
			}
		}
		if c, entries, err := d.Contact(ctx, "old"); err != nil || c.Outcome != orchestrator.OutcomeAbandoned || c.WaitMS != 2 || len(entries) != 3 {
			t.Errorf("%+v, %d entries, %v", c, len(entries), err)
		}
		if after, err := d.Place(ctx); err != nil || after != place {
			t.Errorf("the journal's place is %+v, %v, and was %+v", after, err, place)
		}
		if last, err := d.Recorded(ctx, 0); err != nil || last != place.ID {
			t.Errorf("the newest entry is %q, %v, want %q", last, err, place.ID)
		}
	})
}
