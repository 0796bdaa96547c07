package records

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

func TestContactsFilterAndPage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		write(t, d, newStory(t).day(40, 21).entries)
		all, next, err := d.Contacts(t.Context(), ContactFilter{Limit: 100})
		if err != nil || next != "" || len(all) != 40 {
			t.Fatalf("%d contacts, next %q, %v", len(all), next, err)
		}
		if !slices.IsSortedFunc(all, func(a, b Contact) int { return int(b.StartedAt - a.StartedAt) }) {
			t.Error("the latest is not first")
		}
		var paged []Contact
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			list, next, err := d.Contacts(t.Context(), ContactFilter{Limit: 7, Cursor: cursor})
			if err != nil || pages > 6 {
				t.Fatalf("page %d: %v", pages, err)
			}
			paged, cursor = append(paged, list...), next
		}
		if diff := cmp.Diff(all, paged); diff != "" {
			t.Errorf("pages joined (-all +paged):\n%s", diff)
		}
		middle := all[20]
		rows := []struct {
			name   string
			filter ContactFilter
			keep   func(Contact) bool
		}{
			{"queue", ContactFilter{Queue: "sales"}, func(c Contact) bool { return c.Queue == "sales" }},
			{"agent", ContactFilter{Agent: "a1"}, func(c Contact) bool { return c.Agent == "a1" }},
			{"outcome", ContactFilter{Outcome: "abandoned"}, func(c Contact) bool { return c.Outcome == "abandoned" }},
			{"did", ContactFilter{DID: "3000"}, func(Contact) bool { return true }},
			{"other did", ContactFilter{DID: "3001"}, func(Contact) bool { return false }},
			{"caller", ContactFilter{Callers: []string{"none", middle.Caller.Number}}, func(c Contact) bool { return c.Caller == middle.Caller }},
			{"part of a caller", ContactFilter{Callers: []string{"600"}}, func(Contact) bool { return false }},
			{"disposition", ContactFilter{Disposition: "sale"}, func(c Contact) bool { return c.Disposition == "sale" }},
			{"from", ContactFilter{From: at(middle.StartedAt)}, func(c Contact) bool { return c.StartedAt >= middle.StartedAt }},
			{"to", ContactFilter{To: at(middle.StartedAt)}, func(c Contact) bool { return c.StartedAt < middle.StartedAt }},
			{"two", ContactFilter{Queue: "support", Outcome: "served"}, func(c Contact) bool { return c.Queue == "support" && c.Outcome == "served" }},
			{"quote", ContactFilter{Queue: "' OR 1=1 --"}, func(Contact) bool { return false }},
		}
		for _, r := range rows {
			r.filter.Limit = 100
			got, _, err := d.Contacts(t.Context(), r.filter)
			if err != nil {
				t.Fatal(err)
			}
			want := slices.DeleteFunc(slices.Clone(all), func(c Contact) bool { return !r.keep(c) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", r.name, diff)
			}
		}
		for _, cursor := range []string{"x", "!!", makeCursor(1, "a")[:2]} {
			if _, _, err := d.Contacts(t.Context(), ContactFilter{Cursor: cursor}); fault.KindOf(err) != fault.Invalid {
				t.Errorf("cursor %q: %v, want Invalid", cursor, err)
			}
		}
	})
}

func TestRecordingsIndex(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		s := newStory(t).served("1", "sales", "101", time.Second, time.Minute).served("2", "support", "102", time.Second, time.Minute)
		s.call("3", orchestrator.EntryCallRecording, fields{"recording": "mail", "state": "started"})
		s.wait(time.Second).call("3", orchestrator.EntryCallRecording, fields{"recording": "mail", "state": "finished", "duration_ms": 900})
		s.ended(orchestrator.CallSummary{Call: "3", StartedAt: ms(s.at), Queue: "sales", Voicemail: "mail", Outcome: orchestrator.OutcomeVoicemail})
		s.call("4", orchestrator.EntryCallRecording, fields{"recording": "cut", "state": "started"})
		s.ended(orchestrator.CallSummary{Call: "4", StartedAt: ms(s.at), Recording: "cut", Outcome: orchestrator.OutcomeLost})
		s.wait(time.Second).call("5", orchestrator.EntryCallRecording, fields{"recording": "live", "state": "started"})
		s.call("5", orchestrator.EntryCallRecording, fields{"recording": "live", "state": "muted"})
		write(t, d, s.entries)

		ids := func(f RecordingFilter) string {
			t.Helper()
			list, _, err := d.Recordings(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, r := range list {
				out = append(out, r.ID+":"+r.State)
			}
			return strings.Join(out, " ")
		}
		if got, want := ids(RecordingFilter{}), "live:running cut:unknown mail:finished rec-2:finished rec-1:finished"; got != want {
			t.Errorf("all: %s, want %s", got, want)
		}
		if got := ids(RecordingFilter{Queue: "sales"}); got != "mail:finished rec-1:finished" {
			t.Errorf("queue sales: %s", got)
		}
		if got := ids(RecordingFilter{Kind: KindVoicemail}); got != "mail:finished" {
			t.Errorf("voicemail: %s", got)
		}
		if r, err := d.Recording(t.Context(), "live"); err != nil || !r.Muted {
			t.Errorf("the live recording is not muted: %+v, %v", r, err)
		}
		if r, err := d.Recording(t.Context(), "mail"); err != nil || r.DurationMS != 900 {
			t.Errorf("the PBX's own length is not kept: %+v, %v", r, err)
		}
		list, next, err := d.Recordings(t.Context(), RecordingFilter{Limit: 4})
		if err != nil || len(list) != 4 || next == "" {
			t.Fatalf("page: %d, %q, %v", len(list), next, err)
		}
		if got := ids(RecordingFilter{Limit: 4, Cursor: next}); got != "rec-1:finished" {
			t.Errorf("second page: %s", got)
		}

		if err := d.RecordingDeleted(t.Context(), "rec-1", "eva"); err != nil {
			t.Fatal(err)
		}
		write(t, d, s.entries) // a re-delivery does not bring it back
		if got := ids(RecordingFilter{Call: "1"}); got != "" {
			t.Errorf("a deleted recording is listed: %s", got)
		}
		if r, err := d.Recording(t.Context(), "rec-1"); err != nil || r.DeletedBy != "eva" || r.DeletedAt != ms(noon) {
			t.Errorf("deleted: %+v, %v", r, err)
		}
		if err := d.RecordingDeleted(t.Context(), "none", "eva"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("deleting what is not there: %v", err)
		}
	})
}

func TestAgentStates(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		s := newStory(t)
		for _, to := range []string{"available", "ringing", "talking", "wrapup", "available", "paused", "off"} {
			s.wait(10*time.Second).agent("101", "x", to).agent("102", "x", to)
		}
		write(t, d, s.entries)
		var got []string
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			list, next, err := d.AgentStates(t.Context(), AgentStateFilter{Agent: "101", Limit: 3, Cursor: cursor,
				From: noon.Add(20 * time.Second), To: noon.Add(70 * time.Second)})
			if err != nil || pages > 3 {
				t.Fatal(pages, err)
			}
			for _, x := range list {
				got = append(got, fmt.Sprint(x.Agent, " ", x.To, " ", (x.At-ms(noon))/1000))
			}
			cursor = next
		}
		want := []string{"101 paused 60", "101 available 50", "101 wrapup 40", "101 talking 30", "101 ringing 20"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestSince(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		entries := newStory(t).day(5, 13).entries
		write(t, d, entries)
		got, err := d.Since(t.Context(), entries[9].ID, 12)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(entries[10:22])
		for i, e := range want {
			if e.Type == orchestrator.EntryAgentDisposed { // shown with the call that it is about
				var x disposed
				if err := json.Unmarshal(e.Data, &x); err != nil {
					t.Fatal(err)
				}
				want[i].Call = x.Call
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-journal +since):\n%s", diff)
		}
		if got, err := d.Since(t.Context(), entries[len(entries)-1].ID, 12); err != nil || len(got) != 0 {
			t.Errorf("after the last: %d entries, %v", len(got), err)
		}
		if _, err := d.Since(t.Context(), "1-1", 12); fault.KindOf(err) != fault.NotFound {
			t.Errorf("after what never was: %v", err)
		}
	})
}

// A contact of which a part cannot be read stops no list: the rest of it is still true.
func TestOneCorruptContactStopsNoList(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		s := newStory(t).served("1", "sales", "101", time.Second, time.Minute).served("2", "sales", "101", time.Second, time.Minute)
		write(t, d, s.entries)
		if _, err := d.write.ExecContext(t.Context(), "UPDATE contacts SET path = '[broken' WHERE call = '1'"); err != nil {
			t.Fatal(err)
		}
		list, _, err := d.Contacts(t.Context(), ContactFilter{})
		if err != nil || len(list) != 2 {
			t.Fatalf("%d contacts, %v", len(list), err)
		}
		if one, _, err := d.Contact(t.Context(), "1"); err != nil || one.Agent != "101" || one.Path != nil {
			t.Errorf("the contact: %+v, %v", one, err)
		}
	})
}
