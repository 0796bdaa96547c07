package records

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// TestRetention: what is old goes, its sound first; what is held, of another queue, or
// too young stays, and the rest of the records with it.
func TestRetention(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d, ctx := fresh(t), t.Context()
		s := newStory(t)
		for _, id := range []string{"1", "2", "3"} {
			s.served(id, "sales", "101", 10*time.Second, time.Minute)
		}
		s.served("4", "support", "101", 10*time.Second, time.Minute)
		s.abandoned("5", "sales", time.Second)
		s.at = noon.Add(48 * time.Hour)
		s.served("6", "sales", "101", 10*time.Second, time.Minute)
		write(t, d, s.entries)
		byCall, err := d.PlaceHold(ctx, LegalHold{Call: "1", Why: "a suit", By: "me"})
		if err != nil {
			t.Fatal(err)
		}
		byNumber, err := d.PlaceHold(ctx, LegalHold{Number: "+346002", Why: "another"})
		if err != nil {
			t.Fatal(err)
		}
		old := Old{Queue: "sales", Before: noon.Add(24 * time.Hour)}
		expect := func(o Old, recordings, calls, held int64, ready ...string) {
			t.Helper()
			r, c, h, err := d.CountOld(ctx, o)
			if err != nil || r != recordings || c != calls || h != held {
				t.Errorf("%d recordings, %d calls, %d held, %v; want %d, %d, %d", r, c, h, err, recordings, calls, held)
			}
			list, err := d.OldCalls(ctx, o, 10)
			if err != nil || !slices.Equal(list, ready) {
				t.Errorf("to be removed are %v, %v; want %v", list, err, ready)
			}
		}
		expect(old, 1, 2, 2, "5") // the sound of 3 is there still
		expect(Old{But: Claims{Queues: []string{"sales", "none"}}, Before: old.Before}, 1, 1, 0)
		expect(Old{Queue: "sales", But: Claims{Campaigns: []string{"march"}}, Before: old.Before}, 1, 2, 2, "5")
		expect(Old{Campaign: "march", Before: old.Before}, 0, 0, 0)
		list, err := d.OldRecordings(ctx, old, 0, 10)
		if err != nil || len(list) != 1 || list[0].ID != "rec-3" || list[0].PBX != "main" {
			t.Fatalf("recordings %+v, %v", list, err)
		}
		if err := d.RecordingDeleted(ctx, "rec-3", "retention"); err != nil {
			t.Fatal(err)
		}
		expect(old, 0, 2, 2, "3", "5")
		if err := d.RemoveCalls(ctx, []string{"1", "2", "3", "5"}); err != nil { // 1 and 2 are held
			t.Fatal(err)
		}
		expect(old, 0, 0, 2)
		rest := dump(t, d)
		for table, want := range map[string]int{"contacts": 4, "visits": 4, "recordings": 4} {
			if len(rest[table]) != want {
				t.Errorf("%s has %d rows, want %d", table, len(rest[table]), want)
			}
		}
		if entries, err := d.Timeline(ctx, "3"); err != nil || len(entries) != 0 {
			t.Errorf("the timeline of 3 has %d entries, %v", len(entries), err)
		}
		if list, err := d.LegalHolds(ctx); err != nil || len(list) != 2 || list[0] != byCall || list[1] != byNumber {
			t.Errorf("holds %+v, %v", list, err)
		}
		for _, h := range []string{byCall.ID, byNumber.ID} {
			if err := d.ReleaseHold(ctx, h); err != nil {
				t.Error(err)
			}
		}
		expect(old, 2, 2, 0)
	})
}

// TestAnonymise: nobody can tell any more who called, and the figures stay.
func TestAnonymise(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d, ctx := fresh(t), t.Context()
		s := newStory(t)
		s.served("1", "sales", "101", 10*time.Second, time.Minute)
		end := s.entries[len(s.entries)-1]
		s.entries = s.entries[:len(s.entries)-1]
		s.call("1", orchestrator.EntryCallTransfer, fields{"destination": "secret", "by": "agent:101", "result": "dialling", "kind": "number"})
		s.call("1", orchestrator.EntryCallHungUp, fields{"by": "api:ana", "reason": "secret"})
		s.call("1", orchestrator.EntryCallEnded, end.Data)
		s.served("2", "sales", "101", 10*time.Second, time.Minute)
		for i, e := range s.entries { // a campaign called them
			var c orchestrator.CallSummary
			if e.Type == orchestrator.EntryCallEnded && json.Unmarshal(e.Data, &c) == nil {
				c.Kind, c.Campaign, c.Lead, c.Attempts = orchestrator.KindCampaign, "march", "lead-"+e.Call, 2
				s.entries[i].Data, _ = json.Marshal(c)
			}
		}
		write(t, d, s.entries)
		for _, f := range []ContactFilter{{Lead: "lead-1"}, {Campaign: "march", Kind: KindCampaign, Callers: []string{"+346001"}}} {
			if list, _, err := d.Contacts(ctx, f); err != nil || len(list) != 1 || list[0].Call != "1" || list[0].Campaign != "march" || list[0].Attempts != 2 {
				t.Errorf("%+v: %+v, %v", f, list, err)
			}
		}
		old := Old{Numbers: []string{"+346001", "6001"}, Before: noon.Add(24 * time.Hour)}
		if r, c, _, err := d.CountOld(ctx, old); err != nil || r != 1 || c != 1 {
			t.Errorf("%d recordings, %d calls, %v", r, c, err)
		}
		if err := d.RecordingDeleted(ctx, "rec-1", "erasure"); err != nil {
			t.Fatal(err)
		}
		calls, err := d.OldCalls(ctx, old, 10)
		if err != nil || !slices.Equal(calls, []string{"1"}) {
			t.Fatalf("calls %v, %v", calls, err)
		}
		if err := d.Anonymise(ctx, calls); err != nil {
			t.Fatal(err)
		}
		c, entries, err := d.Contact(ctx, "1")
		if err != nil || c.Caller.Number != "" || c.Caller.Name != "" || c.Lead != "" || c.Campaign != "march" || c.TalkMS != 60_000 {
			t.Errorf("%+v, %v", c, err)
		}
		var types []orchestrator.EntryType
		for _, e := range entries {
			types = append(types, e.Type)
			for _, who := range []string{"+34600", "Ana", "secret", "lead-1"} {
				if strings.Contains(string(e.Data), who) {
					t.Errorf("%s tells who it was: %s", e.Type, e.Data)
				}
			}
		}
		if want := []orchestrator.EntryType{orchestrator.EntryCallStarted, orchestrator.EntryCallQueued, orchestrator.EntryCallOffered, orchestrator.EntryCallConnected, orchestrator.EntryCallParted, orchestrator.EntryCallTransfer, orchestrator.EntryCallEnded}; !slices.Equal(types, want) {
			t.Errorf("the timeline has %q", types)
		}
		n := 0
		if err := d.Stays(ctx, noon.Add(-time.Hour), noon.Add(time.Hour), func(s Stay) { n++ }); err != nil || n != 2 {
			t.Errorf("%d stays, %v", n, err)
		}
		if c, entries, err := d.Contact(ctx, "2"); err != nil || c.Caller.Number == "" || len(entries) == 0 {
			t.Errorf("another's call: %+v, %v", c, err)
		}
	})
}

// TestHoldIsRefused names what is missing.
// TestRecentAndHeldCallsAreCounted: those that are not old yet, and those that a hold holds.
func TestRecentAndHeldCallsAreCounted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d, ctx := fresh(t), t.Context()
		s := newStory(t)
		s.served("1", "sales", "101", 10*time.Second, time.Minute)
		s.served("2", "sales", "101", 10*time.Second, time.Minute)
		write(t, d, s.entries)
		c, _, err := d.Contact(ctx, "1")
		if err != nil {
			t.Fatal(err)
		}
		for before, want := range map[time.Time]int64{noon.Add(24 * time.Hour): 0, time.UnixMilli(c.EndedAt): 1} { // it ended just then
			if n, err := d.CountRecent(ctx, Old{Numbers: []string{"+346001"}, Before: before}); err != nil || n != want {
				t.Errorf("before %v: %d, %v, want %d", before, n, err, want)
			}
		}
		for number, want := range map[string]int64{"+346001": 1, "+346002": 1, "+349999999": 0} {
			h, err := d.PlaceHold(ctx, LegalHold{Number: number, Why: "a suit", By: "me"})
			if err != nil {
				t.Fatal(err)
			}
			if n, err := d.CountHeld(ctx, h.ID); err != nil || n != want {
				t.Errorf("%s holds %d, %v, want %d", number, n, err, want)
			}
		}
		if n, err := d.CountRecent(ctx, Old{Numbers: []string{"+346001"}, Before: time.UnixMilli(c.EndedAt)}); err != nil || n != 0 {
			t.Errorf("held are %d, %v", n, err)
		}
	})
}

func TestHoldIsRefused(t *testing.T) {
	t.Parallel()
	d := freshSQLite(t)
	for _, h := range []LegalHold{{}, {Call: "1"}, {Why: "so"}, {Call: "1", Number: "2", Why: "so"}} {
		if _, err := d.PlaceHold(t.Context(), h); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", h, err)
		}
	}
	if err := d.ReleaseHold(t.Context(), "none"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a hold that there is not: %v", err)
	}
}

// TestWhatStaysOfAForgottenCustomer: what figures are made of, by skill and callback too, and nothing else.
func TestWhatStaysOfAForgottenCustomer(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		kind       orchestrator.EntryType
		data, want string
	}{
		{orchestrator.EntryCallQueued, `{"queue":"sales","skills":["es"],"known":"acme","prefer":"101"}`, `{"queue":"sales","skills":["es"]}`},
		{orchestrator.EntryCallCallback, `{"queue":"sales","destination":"…4567","result":"promised"}`, `{"queue":"sales","result":"promised"}`},
		{orchestrator.EntryAgentDisposed, `{"call":"1","disposition":"sale","notes":"Ana, of Acme"}`, `{"call":"1","disposition":"sale"}`},
		{orchestrator.EntryCallMissed, `broken`, `{}`},
	} {
		if got, ok := anonymous(x.kind, x.data); !ok || got != x.want {
			t.Errorf("of %s stays %s, %v, want %s", x.kind, got, ok, x.want)
		}
	}
	for _, kind := range []orchestrator.EntryType{orchestrator.EntryCallNode, orchestrator.EntryCallHungUp, orchestrator.EntryCallRecording, orchestrator.EntryCallFault} {
		if got, ok := anonymous(kind, `{}`); ok {
			t.Errorf("of %s stays %s", kind, got)
		}
	}
}
