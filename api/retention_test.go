package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// retain orders retention as admin.
func (w *world) retain(s *Server, body string) wire.Retention {
	w.t.Helper()
	return read[wire.Retention](w.t.(*testing.T), ask(s, "POST", "/api/v1/retention", w.tokens[wire.RoleAdmin], body), 200)
}

// TestRetention: a dry run says what would go and removes nothing; sound goes before
// records, at the latest with them; what is held stays.
func TestRetention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.parts.Definitions = keeping{recordings: 30 * time.Minute, records: 24 * time.Hour}
	s := w.server()
	got := w.retain(s, `{"dry_run":true}`)
	if len(got.Items) != 1 || !got.DryRun || got.Items[0] != (wire.RetentionItem{Queue: "sales", Recordings: 1}) {
		t.Fatalf("dry run: %+v", got)
	}
	if _, _, err := w.engine.pbx.OpenRecording(t.Context(), "op-p1-r1"); err != nil {
		t.Errorf("the dry run deleted it: %v", err)
	}
	hold := read[wire.LegalHold](t, ask(s, "POST", "/api/v1/holds", w.tokens[wire.RoleAdmin], `{"call":"p1","why":"a suit"}`), 200)
	if got := w.retain(s, `{"dry_run":false}`); got.Items[0] != (wire.RetentionItem{Queue: "sales", Held: 1}) {
		t.Errorf("held: %+v", got)
	}
	if list := read[wire.LegalHoldList](t, ask(s, "GET", "/api/v1/holds", w.tokens[wire.RoleAdmin], ""), 200); len(list.Items) != 1 || list.Items[0].ID != hold.ID || *hold.Calls != 1 || hold.By != "test admin" {
		t.Errorf("holds: %+v", list)
	}
	if r := ask(s, "DELETE", "/api/v1/holds/"+hold.ID, w.tokens[wire.RoleAdmin], ""); r.Code != 204 {
		t.Errorf("released: %d", r.Code)
	}
	got = w.retain(s, `{"dry_run":false}`)
	if got.Items[0].RemovedRecordings != 1 || got.Items[0].RemovedCalls != 0 || got.More {
		t.Errorf("removed: %+v", got)
	}
	if got := w.retain(s, `{"dry_run":false}`); got.More || got.Items[0] != (wire.RetentionItem{Queue: "sales"}) {
		t.Errorf("again: %+v", got)
	}
	if _, _, err := w.engine.pbx.OpenRecording(t.Context(), "op-p1-r1"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("its sound is there: %v", err)
	}
	if rec, err := w.db.Recording(t.Context(), "op-p1-r1"); err != nil || rec.DeletedAt == 0 || rec.DeletedBy != "test admin" {
		t.Errorf("%+v, %v", rec, err)
	}
	w.parts.Definitions = keeping{records: 30 * time.Minute}
	if got := w.retain(w.server(), `{"dry_run":false}`); got.Items[0].RemovedCalls != 1 {
		t.Errorf("records: %+v", got)
	}
	if _, _, err := w.db.Contact(t.Context(), "p1"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("its records are there: %v", err)
	}
	for action, want := range map[string]int{"retention.apply": 4, "hold.place": 1, "hold.release": 1} {
		if list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: action}); err != nil || len(list) != want {
			t.Errorf("%s: %d lines, %v, want %d", action, len(list), err, want)
		}
	}
}

// TestWhoSaysHowLong: a campaign answers for its calls, if it says anything, then the queue, and
// the configuration for those of which neither says anything. All calls are two hours old.
func TestWhoSaysHowLong(t *testing.T) {
	t.Parallel()
	short, long := Keep{Records: time.Hour}, Keep{Records: 24 * time.Hour}
	for name, row := range map[string]struct {
		campaign, queue, rest Keep
		want                  string // what is to be removed, "<campaign>/<queue> <calls>"
	}{
		"nobody":                      {},
		"a campaign":                  {campaign: short, want: "march/ 2"},
		"a queue":                     {queue: short, want: "/sales 2"},
		"the configuration":           {rest: short, want: "/ 5"},
		"a campaign, longer":          {campaign: long, queue: short, rest: short, want: "march/ 0, /sales 1, / 2"},
		"a queue, longer":             {queue: long, rest: short, want: "/sales 0, / 3"},
		"a campaign, of sound":        {campaign: Keep{Recordings: time.Hour}, queue: short, want: "march/ 0, /sales 1"},
		"all, the configuration last": {campaign: short, queue: short, rest: long, want: "march/ 2, /sales 1, / 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.parts.Definitions, w.parts.Campaigns, w.parts.Keep = keeping{records: row.queue.Records}, fakeCampaigns{keep: row.campaign}, row.rest
			w.parts.JournalKept = 0
			if err := w.db.RemoveCalls(t.Context(), []string{"p1"}); err != nil {
				t.Fatal(err)
			}
			at := noon.Add(-2 * time.Hour).UnixMilli()
			for i, c := range []orchestrator.CallSummary{{Queue: "sales", Campaign: "march"}, {Campaign: "march"}, {Queue: "sales"}, {}, {Queue: "gone"}} {
				c.Call, c.PBX, c.Kind, c.StartedAt, c.EndedAt, c.Outcome = fmt.Sprintf("k%d", i), "main", orchestrator.KindInbound, at, at, orchestrator.OutcomeAbandoned
				w.record(entry(fmt.Sprintf("4-%d", 2*i), orchestrator.EntryCallStarted, c.Call, "", c), entry(fmt.Sprintf("4-%d", 2*i+1), orchestrator.EntryCallEnded, c.Call, "", c))
			}
			var got []string
			for _, i := range w.retain(w.server(), `{"dry_run":true}`).Items {
				got = append(got, fmt.Sprintf("%s/%s %d", i.Campaign, i.Queue, i.Calls))
			}
			if s := strings.Join(got, ", "); s != row.want {
				t.Errorf("%s, want %s", s, row.want)
			}
		})
	}
}

// TestRetentionKeepsWhatItMust: for ever is for ever, what may come back from the journal
// stays, and a call whose sound cannot be deleted keeps its records.
func TestRetentionKeepsWhatItMust(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.parts.Definitions = keeping{}
	if got := w.retain(w.server(), `{"dry_run":false}`); len(got.Items) != 0 {
		t.Errorf("for ever: %+v", got)
	}
	w.parts.Definitions, w.parts.JournalKept = keeping{records: time.Minute}, 2*time.Hour
	if got := w.retain(w.server(), `{"dry_run":false}`); got.Items[0] != (wire.RetentionItem{Queue: "sales"}) {
		t.Errorf("in the journal: %+v", got)
	}
	w.parts.JournalKept = 0
	w.engine.pbx.fails = fault.New("fake", fault.Unavailable, "away")
	if got := w.retain(w.server(), `{"dry_run":false}`); got.More || got.Items[0] != (wire.RetentionItem{Queue: "sales", Recordings: 1, Calls: 1, Failed: 1}) {
		t.Errorf("the PBX is away: %+v", got)
	}
	if _, _, err := w.db.Contact(t.Context(), "p1"); err != nil {
		t.Errorf("its records are gone: %v", err)
	}
}

// TestErase: of a number's calls nobody can tell any more whose they were; the audit log
// does not keep it either.
func TestErase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	before, _, err := w.db.Contact(t.Context(), "p1")
	if err != nil || before.Caller.Number == "" {
		t.Fatalf("%+v, %v", before, err)
	}
	body := `"number":"` + before.Caller.Number + `"`
	if got := w.retain(s, `{"dry_run":true,`+body+`}`); got.Items[0] != (wire.RetentionItem{Recordings: 1, Calls: 1}) {
		t.Errorf("dry run: %+v", got)
	}
	if len(w.callers.forgotten) != 0 {
		t.Errorf("a dry run forgets %q", w.callers.forgotten)
	}
	if got := w.retain(s, `{"dry_run":false,`+body+`}`); got.Items[0].RemovedCalls != 1 || got.Items[0].RemovedRecordings != 1 {
		t.Errorf("erased: %+v", got)
	}
	if !slices.Equal(w.callers.forgotten, []string{before.Caller.Number}) {
		t.Errorf("forgotten: %q", w.callers.forgotten)
	}
	after, timeline, err := w.db.Contact(t.Context(), "p1")
	if err != nil || after.Caller.Number+after.Caller.Name != "" || strings.Contains(fmt.Sprintf("%s", timeline), before.Caller.Number) || after.TalkMS != before.TalkMS {
		t.Errorf("%+v, %v, %v", after, timeline, err)
	}
	list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: "number.erase"})
	if err != nil || len(list) != 1 || strings.Contains(list[0].Object+list[0].Detail, before.Caller.Number) {
		t.Errorf("audited %+v, %v", list, err)
	}
	for _, bad := range []string{`{}`, `{"dry_run":"no"}`} {
		if r := ask(s, "POST", "/api/v1/retention", w.tokens[wire.RoleAdmin], bad); r.Code != 400 {
			t.Errorf("%s: %d", bad, r.Code)
		}
	}
	for _, bad := range []string{`{"why":"so"}`, `{"call":"p1"}`, `{"call":"p1","number":"3","why":"so"}`} {
		if r := ask(s, "POST", "/api/v1/holds", w.tokens[wire.RoleAdmin], bad); r.Code != 400 {
			t.Errorf("%s: %d", bad, r.Code)
		}
	}
}

// TestEraseTellsOfRecentCalls: calls that the journal still has stay, and are told; so is how many
// a hold holds, none too. Of three calls one is old.
func TestEraseTellsOfRecentCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.parts.JournalKept = time.Hour
	s := w.server()
	p1, _, err := w.db.Contact(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	number := p1.Caller.Number
	for i, ago := range []time.Duration{90 * time.Minute, 10 * time.Minute} {
		id := fmt.Sprintf("recent%d", i)
		sum := orchestrator.CallSummary{Call: id, PBX: "main", Kind: orchestrator.KindInbound, Caller: orchestrator.Party{Number: number},
			StartedAt: noon.Add(-2 * time.Hour).UnixMilli(), EndedAt: s.Now().Add(-ago).UnixMilli(), Outcome: orchestrator.OutcomeAbandoned}
		w.record(entry(fmt.Sprintf("3-%d", 2*i), orchestrator.EntryCallStarted, id, "", sum), entry(fmt.Sprintf("3-%d", 2*i+1), orchestrator.EntryCallEnded, id, "", sum))
	}
	for _, dry := range []string{"true", "false"} {
		got := w.retain(s, `{"dry_run":`+dry+`,"number":"`+number+`"}`)
		if got.Recent == nil || *got.Recent != (wire.RecentCalls{Calls: 2, KeepJournalMS: s.JournalKept.Milliseconds()}) {
			t.Errorf("dry run %s: recent are %+v", dry, got.Recent)
		}
	}
	for held, want := range map[string]string{number: `"calls":2`, "+34999999999": `"calls":0`} {
		if r := ask(s, "POST", "/api/v1/holds", w.tokens[wire.RoleAdmin], `{"number":"`+held+`","why":"court"}`); r.Code != 200 || !strings.Contains(r.Body.String(), want) {
			t.Errorf("hold of %s: %d %s", held, r.Code, r.Body)
		}
	}
}

// TestNumbersAreHeldAndErasedInOneForm: a number is on record in one form, and held and
// erased however it is written.
func TestNumbersAreHeldAndErasedInOneForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	w.started(s)
	r := ask(s, "POST", "/api/v1/holds", w.tokens[wire.RoleAdmin], `{"number":"910 000 001","why":"court"}`)
	if r.Code != 200 || !strings.Contains(r.Body.String(), `"number":"+34910000001"`) {
		t.Errorf("held: %d %s", r.Code, r.Body)
	}
	r = ask(s, "POST", "/api/v1/retention", w.tokens[wire.RoleAdmin], `{"dry_run":false,"number":"910000001"}`)
	if want := []string{"910000001", "+34910000001"}; r.Code != 200 || !slices.Equal(w.callers.forgotten, want) {
		t.Errorf("erased: %d, %q", r.Code, w.callers.forgotten)
	}
}

// TestEraseLeads: a number goes from the lists of leads, too, unless it is held.
func TestEraseLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	kept := w.parts.Leads.(*leadstore.Store) //nolint:forcetypeassert // setup makes it
	if _, err := kept.CreateList(t.Context(), leads.List{ID: "march", Region: "CO"}, "me"); err != nil {
		t.Fatal(err)
	}
	i, err := kept.NewImport(t.Context(), leadstore.Order{Target: leads.IntoList, List: "march", File: "f", By: "me"})
	if err == nil {
		_, err = kept.Receive(t.Context(), i.N, strings.NewReader("name,phone\nAna,3001234567\n"))
	}
	if err != nil {
		t.Fatal(err)
	}
	const number = `"number":"+573001234567"`
	if got := w.retain(s, `{"dry_run":true,`+number+`}`); got.Leads == nil || *got.Leads != (wire.ErasedLeads{Files: 1}) {
		t.Errorf("dry run: %+v", got.Leads)
	}
	hold := read[wire.LegalHold](t, ask(s, "POST", "/api/v1/holds", w.tokens[wire.RoleAdmin], `{`+number+`,"why":"a suit"}`), 200)
	if got := w.retain(s, `{"dry_run":false,`+number+`}`); *got.Leads != (wire.ErasedLeads{Held: true, Files: 1}) {
		t.Errorf("held: %+v", got.Leads)
	}
	if i, err := kept.Import(t.Context(), i.N); err != nil || i.State != leads.StateReady {
		t.Errorf("held, and the file is %s, %v", i.State, err)
	}
	ask(s, "DELETE", "/api/v1/holds/"+hold.ID, w.tokens[wire.RoleAdmin], "")
	if got := w.retain(s, `{"dry_run":false,`+number+`}`); *got.Leads != (wire.ErasedLeads{Files: 1}) {
		t.Errorf("erased: %+v", got.Leads)
	}
	if i, err := kept.Import(t.Context(), i.N); err != nil || i.State != leads.StateUndone {
		t.Errorf("the file is %s, %v", i.State, err)
	}
	if got := w.retain(s, `{"dry_run":true}`); got.Leads != nil {
		t.Errorf("of queues: %+v", got.Leads)
	}
}

// TestExpire: what queues keep no longer goes by itself, in as many portions as there are,
// on the audit log; what is held stays.
func TestExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.parts.Definitions = keeping{recordings: 30 * time.Minute, records: 30 * time.Minute}
	s := w.server()
	hold := read[wire.LegalHold](t, ask(s, "POST", "/api/v1/holds", w.tokens[wire.RoleAdmin], `{"call":"p1","why":"a suit"}`), 200)
	for _, want := range []int64{0, 1} {
		done, err := s.Expire(t.Context())
		var calls int64
		for _, i := range done.Items {
			calls += i.RemovedCalls
		}
		if err != nil || calls != want {
			t.Errorf("%d calls went, %v, want %d: %+v", calls, err, want, done)
		}
		ask(s, "DELETE", "/api/v1/holds/"+hold.ID, w.tokens[wire.RoleAdmin], "")
	}
	list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: "retention.apply"})
	if err != nil || len(list) < 2 || list[0].Who != "schedule (schedule)" {
		t.Errorf("audited %+v, %v", list, err)
	}
}

// TestAHoldHoldsWhatIsOnRecordOfBefore: calls that were recorded before numbers had one form
// have the number as the trunk showed it.
func TestAHoldHoldsWhatIsOnRecordOfBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	old := orchestrator.CallSummary{Call: "old", PBX: "main", Kind: orchestrator.KindInbound, DID: "3000", Caller: orchestrator.Party{Number: "910000001", Name: "Ana"},
		StartedAt: noon.Add(-2 * time.Hour).UnixMilli(), QueuedAt: noon.Add(-2 * time.Hour).UnixMilli(), EndedAt: noon.Add(-90 * time.Minute).UnixMilli(), Queue: "sales", Outcome: orchestrator.OutcomeAbandoned}
	w.record(entry("2-1", orchestrator.EntryCallStarted, "old", "", old), entry("2-2", orchestrator.EntryCallQueued, "old", "", map[string]any{"queue": "sales"}),
		entry("2-3", orchestrator.EntryCallEnded, "old", "", old))
	if r := ask(s, "POST", "/api/v1/holds", w.tokens[wire.RoleAdmin], `{"number":"910000001","why":"court"}`); r.Code != 200 {
		t.Fatal(r.Body)
	}
	w.retain(s, `{"dry_run":false,"number":"910000001"}`)
	if c, _, err := w.db.Contact(t.Context(), "old"); err != nil || c.Caller.Number == "" {
		t.Errorf("the number is held, and its call was made nobody's: %+v, %v", c.Caller, err)
	}
}
