package api

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// exported returns the rows of an export by column.
func exported(t *testing.T, s *Server, token, query string) []map[string]string {
	t.Helper()
	r := ask(s, "GET", "/api/v1/contacts.csv"+query, token, "")
	rows, err := csv.NewReader(r.Body).ReadAll()
	if err != nil || r.Code != 200 || len(rows) == 0 {
		t.Fatalf("%d: %d rows, %v", r.Code, len(rows), err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		line := map[string]string{}
		for i, cell := range row {
			line[rows[0][i]] = cell
		}
		out = append(out, line)
	}
	return out
}

func TestExportOfManyHostileCallers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	evil := []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "plain, \"quoted\""}
	var entries []orchestrator.Entry
	for i := range 1100 { // more than two pages
		id := fmt.Sprint("x", i)
		entries = append(entries, entry(fmt.Sprint("9-", i), orchestrator.EntryCallEnded, id, "", orchestrator.CallSummary{Call: id,
			Kind: orchestrator.KindInbound, StartedAt: noon.UnixMilli() + int64(i), WaitMS: 1500, Caller: orchestrator.Party{Name: evil[i%len(evil)]}}))
	}
	for part := range slices.Chunk(entries, 500) {
		w.record(part...)
	}
	seen := map[string]bool{}
	for _, line := range exported(t, w.server(), w.tokens[wire.RoleSupervisor], "?from=2026-03-02T12:00:00Z") {
		seen[line["call"]] = true
		for _, column := range slices.Sorted(maps.Keys(line)) {
			if cell := line[column]; cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Fatalf("column %s begins a formula: %q", column, cell)
			}
		}
	}
	if len(seen) != 1100 {
		t.Errorf("%d different calls, want 1100", len(seen))
	}
}

// Who reads an export thinks in his own zone, and in names.
func TestExportInAZoneAndWithNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	supervisor := w.tokens[wire.RoleSupervisor]
	for query, want := range map[string][2]string{"": {"UTC", "2026-03-02T11:00:00Z"}, "?time_zone=America/Bogota": {"America/Bogota", "2026-03-02T06:00:00-05:00"}} {
		line := exported(t, s, supervisor, query)[0]
		if line["time_zone"] != want[0] || line["started_at"] != want[1] || line["connected_at"] != "" || line["agent"] != "101" || line["agent_name"] != "Eva Ruiz" || line["wait_ms"] != "4000" {
			t.Errorf("%q: %v", query, line)
		}
	}
	for _, zone := range []string{"Mars/Olympus", "Local", "../../etc/passwd"} {
		if p := read[problem](t, ask(s, "GET", "/api/v1/contacts.csv?time_zone="+zone, supervisor, ""), 400); p.Field != "time_zone" || p.Value != zone {
			t.Errorf("%s: %+v", zone, p)
		}
	}
}

// What was dialled and what callers call themselves may hold anything.
func TestNothingUnprintableIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	w.record(entry("9-1", orchestrator.EntryCallEnded, "x", "", orchestrator.CallSummary{Call: "x", Kind: orchestrator.KindInbound, StartedAt: noon.UnixMilli(),
		DID: "3000\x1b[2J\r\n", Caller: orchestrator.Party{Number: "+346\x00001", Name: "A\u202ena\x07"}}))
	c := read[wire.ContactView](t, ask(s, "GET", "/api/v1/contacts/x", w.tokens[wire.RoleAdmin], ""), 200)
	if c.DID != "3000[2J" || c.Caller != (wire.Party{Number: "+346001", Name: "Ana"}) {
		t.Errorf("contact: %q %q", c.DID, c.Caller)
	}
	line := exported(t, s, w.tokens[wire.RoleAdmin], "?from=2026-03-02T12:00:00Z")[0]
	if line["did"] != "3000[2J" || line["caller_name"] != "Ana" {
		t.Errorf("export: %q", line)
	}
}

// TestKindsOfCalls: each kind is found by its name, live and on record; of a call to a lead
// there are campaign, lead and attempt, the lead only for those who may see numbers.
func TestKindsOfCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	lead := orchestrator.CallSummary{Call: "lead", Kind: orchestrator.KindCampaign, StartedAt: noon.UnixMilli(), DID: "+571000",
		Caller: orchestrator.Party{Number: "+573001234567"}, Campaign: "march", Lead: "4711", Attempts: 3}
	back := orchestrator.CallSummary{Call: "back", Kind: orchestrator.KindCallback, StartedAt: noon.UnixMilli(), Queue: "sales"}
	w.record(entry("9-1", orchestrator.EntryCallEnded, "lead", "", lead), entry("9-2", orchestrator.EntryCallEnded, "back", "", back))
	live := call.NewAttempt("main", call.Attempt{Call: "live", Campaign: "march", Lead: "4712", N: 1, Number: "+573007654321", Flow: "march", About: map[string]string{"due": "100"}, Script: "You owe 100."}, noon)
	live.State = call.StateReaching
	w.calls.set(append(w.calls.calls, live)...)
	ids := func(path string) string {
		var out []string
		for _, c := range read[wire.ContactPage](t, ask(s, "GET", path, w.tokens[wire.RoleAdmin], ""), 200).Items {
			out = append(out, c.ID)
		}
		return strings.Join(out, " ")
	}
	for path, want := range map[string]string{"contacts?kind=campaign": "lead", "contacts?kind=callback": "back", "contacts?campaign=march": "lead", "contacts?lead=4711": "lead",
		"contacts?campaign=april": "", "calls?kind=campaign": "live", "calls?campaign=march": "live", "calls?campaign=april": "", "calls?state=reaching": "live"} {
		if got := ids("/api/v1/" + path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	c := read[wire.ContactView](t, ask(s, "GET", "/api/v1/contacts/lead", w.tokens[wire.RoleSupervisor], ""), 200)
	if c.Campaign != "march" || c.Lead != "4711" || c.Attempts != 3 || c.From() != "campaign march" || c.To() != "+573001234567" {
		t.Errorf("%+v, from %q to %q", c.CallSummary, c.From(), c.To())
	}
	line := exported(t, s, w.tokens[wire.RoleAdmin], "?kind=campaign")[0]
	if line["campaign"] != "march" || line["lead"] != "4711" || line["attempts"] != "3" {
		t.Errorf("export: %q", line)
	}
	if c := read[wire.CallView](t, ask(s, "GET", "/api/v1/calls/live", w.tokens[wire.RoleSupervisor], ""), 200); c.About["due"] != "100" || c.Script != "You owe 100." {
		t.Errorf("the agent is told %q, %q", c.About, c.Script)
	}
	if r := ask(s, "POST", "/api/v1/calls/live/give_up", w.tokens[wire.RoleAgent], `{}`); r.Code != 403 {
		t.Errorf("an agent gives up: %d", r.Code)
	}
	if r := ask(s, "POST", "/api/v1/calls/live/give_up", w.tokens[wire.RoleSupervisor], `{"reason":"agents went home"}`); r.Code != 202 {
		t.Errorf("give up: %d %s", r.Code, r.Body)
	}
	offered := entry("9-3", orchestrator.EntryCallOffered, "lead", "101", map[string]any{"queue": "sales", "agent": "101", "offer": "o", "about": map[string]string{"due": "100"}, "script": "You owe 100."})
	for who, want := range map[string]struct {
		audience
		told bool
	}{"all": {audience{full: true}, true}, "the agent": {audience{agent: "101"}, true}, "another": {audience{agent: "102"}, false}, "a wallboard": {audience{}, false}} {
		var o wire.EntryOffered
		if err := json.Unmarshal(want.entry(offered, false).Data, &o); err != nil || (o.Script != "") != want.told || (o.About != nil) != want.told || o.Offer != "o" {
			t.Errorf("%s: %+v, %v", who, o, err)
		}
	}
	for _, c := range read[wire.LiveCallPage](t, ask(s, "GET", "/api/v1/calls?campaign=march", w.tokens[wire.RoleWallboard], ""), 200).Items {
		if c.Lead != "" || c.About != nil || c.Script != "" || strings.Contains(c.Caller.Number, "7654") || c.Campaign != "march" {
			t.Errorf("a wallboard sees %+v", c.CallSummary)
		}
	}
}

// Calls of agents' phones to feature codes are not customers' calls.
func TestFeatureCodesAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	w.record(entry("9-1", orchestrator.EntryCallEnded, "code", "", orchestrator.CallSummary{Call: "code", Kind: orchestrator.KindFeature, StartedAt: noon.UnixMilli()}))
	live := w.calls.calls[1]
	live.Call, live.Kind = "c9", orchestrator.KindFeature
	w.calls.set(append(w.calls.calls, live)...)
	for kind, want := range map[string][2]string{"": {"p1", "c1 c2"}, "?kind=customer": {"p1", "c1 c2"}, "?kind=feature": {"code", "c9"}, "?kind=all": {"code p1", "c1 c2 c9"}} {
		var contacts, calls, rows []string
		for _, c := range read[wire.ContactPage](t, ask(s, "GET", "/api/v1/contacts"+kind, w.tokens[wire.RoleAdmin], ""), 200).Items {
			contacts = append(contacts, c.ID)
		}
		for _, c := range read[wire.LiveCallPage](t, ask(s, "GET", "/api/v1/calls"+kind, w.tokens[wire.RoleAdmin], ""), 200).Items {
			calls = append(calls, c.ID)
		}
		for _, line := range exported(t, s, w.tokens[wire.RoleAdmin], kind) {
			rows = append(rows, line["call"])
		}
		if got := [2]string{strings.Join(contacts, " "), strings.Join(calls, " ")}; got != want || strings.Join(rows, " ") != want[0] {
			t.Errorf("%q: %q and rows %q, want %q", kind, got, rows, want)
		}
	}
}

// TestDispositionsWithADate: a disposition that asks when the lead is to be called again is given
// with a date, which becomes an appointment of the call's lead; others have none.
func TestDispositionsWithADate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	live := w.calls.calls[0] // agent 101 talks in it
	at := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	give := func(body string, want int, told string) {
		t.Helper()
		if r := ask(s, "POST", "/api/v1/agents/101/dispose", w.tokens[wire.RoleSupervisor], body); r.Code != want || !strings.Contains(r.Body.String(), told) {
			t.Errorf("%s: %d, want %d with %s: %s", body, r.Code, want, told, r.Body)
		}
	}
	give(`{"disposition":"again"}`, 200, "") // the caller came by themselves: there is no lead
	give(`{"disposition":"again","again_at":"`+at+`"}`, 400, "the call is of no campaign")
	live.Campaign, live.Lead = "march", "7"
	w.calls.set(append([]call.Call{live}, w.calls.calls[1:]...)...)
	give(`{"disposition":"again"}`, 400, "asks when the lead is to be called again")
	give(`{"disposition":"again","again_at":"2020-01-01T10:00:00Z"}`, 400, "is past")
	give(`{"disposition":"sale","again_at":"`+at+`"}`, 400, "asks for no date")
	before := len(w.agents.asked)
	give(`{"disposition":"again","again_at":"`+at+`"}`, 200, "")
	if len(w.agents.asked) != before+1 || before != 1 {
		t.Errorf("%d given, %d before", len(w.agents.asked), before)
	}
	// The appointment is there before the disposition, and what is refused leaves none: a
	// process that dies between the two has lost nothing.
	campaigns := fakeCampaigns{appointed: map[int64]campaign.Appointment{}}
	w.parts.Campaigns = campaigns
	s = w.server()
	soon, later := time.Now().Add(time.Hour).UTC(), time.Now().Add(2*time.Hour).UTC()
	said := func(at time.Time) string {
		return fmt.Sprintf(`{"disposition":"again","again_at":%q}`, at.Format(time.RFC3339))
	}
	stands := func(want time.Time) {
		t.Helper()
		if is := campaigns.appointed[7].At.Format(time.RFC3339); is != want.Format(time.RFC3339) {
			t.Errorf("appointed for %s, want %s", is, want.Format(time.RFC3339))
		}
	}
	w.agents.fail = fault.New("test", fault.Unavailable, "Redis is away")
	give(said(soon), 503, "")
	stands(soon)
	w.agents.fail, w.agents.answer.Result = nil, orchestrator.AgentNothingToClose
	give(said(later), 409, "")
	stands(soon)
	w.agents.answer.Result = ""
	give(said(later), 200, "")
	stands(later)
	found := false
	for _, e := range read[wire.AuditLinePage](t, ask(s, "GET", "/api/v1/audit", w.tokens[wire.RoleAdmin], ""), 200).Items {
		found = found || e.Action == "campaign.appointment" && e.Object == "march" && e.Detail == "7 "+at
	}
	if !found {
		t.Error("the appointment is not on the audit log")
	}
	for _, want := range []int{204, 404} {
		if r := ask(s, "DELETE", "/api/v1/campaigns/march/appointments/7", w.tokens[wire.RoleCampaignManager], ""); r.Code != want {
			t.Errorf("cancelled: %d %s, want %d", r.Code, r.Body, want)
		}
	}
	if list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: "campaign.appointment"}); err != nil || list[0].Object != "march" || list[0].Detail != "7 cancelled" {
		t.Errorf("%+v, %v", list, err)
	}
}
