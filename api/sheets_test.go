package api

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

// TestSheet asks for a control sheet in each form.
func TestSheet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	const sales = "/api/v1/sheet?queue=sales&day=2026-03-02&time_zone=America/Bogota"
	got := read[wire.Sheet](t, ask(s, "GET", sales, w.tokens[wire.RoleCampaignManager], ""), 200)
	if got.Queue != "sales" || got.Day.String() != "2026-03-02" || len(got.Parts) != 3 || got.Parts[1].Title["es"] != "Por agente" || len(got.Parts[1].Report.Rows) != 1 {
		t.Errorf("%+v", got)
	}
	for format, want := range map[string]string{"csv": "part,key,offered,", "xlsx": "PK", "html": "<!doctype html>\n<html lang=\"es\">"} {
		if r := ask(s, "GET", sales+"&language=es&format="+format, w.tokens[wire.RoleSupervisor], ""); r.Code != 200 || !strings.HasPrefix(r.Body.String(), want) {
			t.Errorf("%s: %d %s", format, r.Code, r.Body)
		}
	}
	for query, want := range map[string]int{"queue=sales": 400, "day=2026-03-02": 400, "queue=sales&day=2026-02-30": 400, "queue=sales&day=9999-12-31": 400, "queue=sales&day=0001-01-01": 400, "queue=nothing&day=2026-03-02": 404,
		"campaign=nothing&day=2026-03-02": 404, "campaign=march&queue=sales&day=2026-03-02": 400, "campaign=a%20b&day=2026-03-02": 404,
		"queue=sales&day=2026-03-02&time_zone=Bogota": 400, "queue=sales&day=2026-03-02&interval_ms=420000": 400, "queue=sales&day=2026-03-02&format=pdf": 400} {
		if r := ask(s, "GET", "/api/v1/sheet?"+query, w.tokens[wire.RoleAdmin], ""); r.Code != want {
			t.Errorf("%s: %d, want %d: %s", query, r.Code, want, r.Body)
		}
	}
}

// TestLogbook writes a note, which is on the audit log for ever, and reads it.
func TestLogbook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	if r := ask(s, "POST", "/api/v1/logbook", w.tokens[wire.RoleSupervisor], `{"text":"the carrier was noisy"}`); r.Code != 204 {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	for body, want := range map[string]int{`{}`: 400, `{"text":""}`: 400, `{"text":"` + strings.Repeat("ñ", 600) + `"}`: 400} {
		if r := ask(s, "POST", "/api/v1/logbook", w.tokens[wire.RoleAdmin], body); r.Code != want {
			t.Errorf("%.20s: %d", body, r.Code)
		}
	}
	if list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: reports.NoteAction}); err != nil || len(list) != 1 || list[0].Detail != "the carrier was noisy" {
		t.Errorf("audited %+v, %v", list, err)
	}
	const span = "/api/v1/logbook?from=2026-03-02T11:00:00Z&to=2026-03-02T13:00:00Z"
	got := read[wire.Logbook](t, ask(s, "GET", span, w.tokens[wire.RoleSupervisor], ""), 200)
	if len(got.Lines) != 1 || got.Lines[0].Kind != wire.LogbookLineKindNote || got.Lines[0].Who != "test supervisor" || got.Lines[0].Text["es"] != "the carrier was noisy" ||
		len(got.Queues.Rows) != 1 {
		t.Errorf("%+v", got)
	}
	for format, want := range map[string]string{"csv": "part,at,kind,who,what\nlines,2026-03-02 07:00:00,nota,test supervisor,the carrier was noisy\n", "xlsx": "PK", "html": "<!doctype html>"} {
		if r := ask(s, "GET", span+"&time_zone=America/Bogota&language=es&format="+format, w.tokens[wire.RoleAdmin], ""); r.Code != 200 || !strings.HasPrefix(r.Body.String(), want) {
			t.Errorf("%s: %d %s", format, r.Code, r.Body)
		}
	}
	if r := ask(s, "GET", "/api/v1/logbook?from=2025-03-02T11:00:00Z", w.tokens[wire.RoleAdmin], ""); r.Code != 400 || !strings.Contains(r.Body.String(), "from") {
		t.Errorf("of a year: %d %s", r.Code, r.Body)
	}
}
