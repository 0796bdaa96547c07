package api

import (
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/orchestrator/records"
)

// importing works at imports as a running operadora does.
func (w *world) importing() {
	w.t.Helper()
	i := leadstore.NewImporter(w.parts.Leads.(*leadstore.Store), w.parts.Log)
	if err := i.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(i.Stop)
}

// imported brings a file in and waits for the end.
func (w *world) imported(s *Server, order, file string, dry bool) wire.Import {
	t := w.t.(*testing.T)
	t.Helper()
	token := w.tokens[wire.RoleSupervisor]
	i := read[wire.Import](t, ask(s, "POST", "/api/v1/imports", token, order), 200)
	path := "/api/v1/imports/" + i.ID
	i = read[wire.Import](t, ask(s, "PUT", path+"/file", token, file, "Content-Type", "application/octet-stream"), 200)
	if i.State != wire.ImportStateReady {
		t.Fatalf("%+v", i)
	}
	body := `{"dry_run":false}`
	if dry {
		body = `{"dry_run":true}`
	}
	i = read[wire.Import](t, ask(s, "POST", path+"/start", token, body), 200)
	await(t, func() bool {
		i = read[wire.Import](t, ask(s, "GET", path, token, ""), 200)
		return i.State != wire.ImportStateRunning && i.State != wire.ImportStateChecking
	})
	return i
}

// TestImportsOverTheAPI: list, file, preview, dry run, import, rejects, undo; each on the audit log.
func TestImportsOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.importing()
	s := w.server()
	token := w.tokens[wire.RoleSupervisor]
	l := read[wire.LeadList](t, ask(s, "POST", "/api/v1/lists", token, `{"id":"march","region":"CO","hours":["mon-fri 08:00-19:00"]}`), 200)
	if l.ID != "march" || l.CreatedBy != "test supervisor" {
		t.Errorf("%+v", l)
	}
	file := "id;nombre;celular;saldo\n7;=1+1;3001234567;10\n8;Eva;555&PJSIP/x@trunk;5\n9;=cmd();12;5\n"
	order := `{"target":"list","list":"march","file":"march.csv"}`
	if i := w.imported(s, order, file, true); i.State != wire.ImportStateReady || i.Added != 1 || i.Rejected != 2 || i.Total != 3 {
		t.Errorf("dry run: %+v", i)
	}
	i := w.imported(s, order, file, false)
	if i.State != wire.ImportStateDone || i.Added != 1 || i.Rejected != 2 || i.List != "march" || i.CreatedBy != "test supervisor" {
		t.Errorf("import: %+v", i)
	}
	manager := w.tokens[wire.RoleCampaignManager]
	next := read[wire.Import](t, ask(s, "POST", "/api/v1/imports", manager, `{"target":"list","list":"march","file":"april.csv"}`), 200)
	next = read[wire.Import](t, ask(s, "PUT", "/api/v1/imports/"+next.ID+"/file", manager, "nombre;celular;saldo\nAna;3001234568;007\n", "Content-Type", "application/octet-stream"), 200)
	for columns, want := range map[string]int{`{"saldo":"balance:day"}`: 400, `{"weather":"rain"}`: 400, `{"celular":"-"}`: 400, `{"saldo":"cuota"}`: 200} {
		if r := ask(s, "PUT", "/api/v1/imports/"+next.ID+"/columns", manager, `{"columns":`+columns+`}`); r.Code != want {
			t.Errorf("%s: %d %s", columns, r.Code, r.Body)
		}
	}
	preview := read[wire.ImportPreview](t, ask(s, "GET", "/api/v1/imports/"+next.ID+"/preview", manager, ""), 200)
	if len(preview.Rows) != 1 || preview.Rows[0].Lead.Fields["cuota"] != "007" || preview.Rows[0].Cells[1] != "3001234568" || preview.Import.Columns[2] != (wire.ImportColumn{Heading: "saldo", As: "cuota"}) {
		t.Errorf("%+v", preview)
	}
	if r := ask(s, "PUT", "/api/v1/imports/"+i.ID+"/columns", manager, `{"columns":{}}`); r.Code != 409 {
		t.Errorf("columns of one that is done: %d %s", r.Code, r.Body)
	}
	if r := ask(s, "POST", "/api/v1/imports/"+next.ID+"/undo", manager, ""); r.Code != 200 {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	page := read[wire.LeadPage](t, ask(s, "GET", "/api/v1/lists/march/leads?filter=saldo+%3E+7", token, ""), 200)
	if len(page.Items) != 1 || page.Items[0].Numbers[0].Number != "+573001234567" || page.Items[0].Fields["saldo"] != 10.0 || page.Items[0].External != "7" {
		t.Errorf("%+v", page)
	}
	if p := read[problem](t, ask(s, "GET", "/api/v1/lists/march/leads?filter=sald+%3E+7", token, ""), 400); !strings.Contains(p.Detail, "unknown name sald") {
		t.Errorf("%+v", p)
	}
	r := ask(s, "GET", "/api/v1/imports/"+i.ID+"/rejects.csv", token, "")
	lines, err := csv.NewReader(r.Body).ReadAll()
	if err != nil || len(lines) != 3 || strings.Join(lines[0], "|") != "row|result|reason|detail|id|nombre|celular|saldo" || lines[1][6] != "555&PJSIP/x@trunk" || lines[2][5] != "'=cmd()" {
		t.Errorf("%v, %v", lines, err)
	}
	x := read[wire.NumberExplained](t, ask(s, "GET", "/api/v1/leads/explain?number=3001234567&region=CO", token, ""), 200)
	if x.Callable || len(x.Findings) != 2 || x.Findings[1].Code != wire.NumberFindingCodeHours || x.Findings[1].Until.IsZero() { // noon in UTC is 07:00 there
		t.Errorf("%+v", x)
	}
	if r := ask(s, "POST", "/api/v1/imports/"+i.ID+"/undo", token, ""); r.Code != 200 {
		t.Errorf("undo: %d %s", r.Code, r.Body)
	}
	await(t, func() bool {
		return read[wire.Import](t, ask(s, "GET", "/api/v1/imports/"+i.ID, token, ""), 200).State == wire.ImportStateUndone
	})
	list := read[wire.ImportPage](t, ask(s, "GET", "/api/v1/imports?limit=1", token, ""), 200)
	if len(list.Items) != 1 || list.Items[0].ID != next.ID || list.Next == "" {
		t.Errorf("%+v", list)
	}
	if out := read[wire.Removed](t, ask(s, "DELETE", "/api/v1/lists/march", token, ""), 200); out.More || out.Removed != 0 {
		t.Errorf("%+v", out)
	}
	for action, want := range map[string]int{"list.create": 1, "import.start": 1, "import.rejects": 1, "import.undo": 2, "list.delete": 1} {
		if list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: action}); err != nil || len(list) != want {
			t.Errorf("%s: %d lines, %v, want %d", action, len(list), err, want)
		}
	}
}

// TestHostileUploads: what is no file of leads is refused in words; so is one that is too
// large, before a byte of it is read.
func TestHostileUploads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.server()
	token := w.tokens[wire.RoleAdmin]
	if r := ask(s, "POST", "/api/v1/lists", token, `{"id":"l"}`); r.Code != 200 {
		t.Fatal(r.Code)
	}
	upload := func(file string) (int, string) {
		i := read[wire.Import](t, ask(s, "POST", "/api/v1/imports", token, `{"target":"list","list":"l","file":"x"}`), 200)
		r := ask(s, "PUT", "/api/v1/imports/"+i.ID+"/file", token, file, "Content-Type", "application/octet-stream")
		return r.Code, r.Body.String()
	}
	for file, want := range map[string]string{
		"": "the file is empty", "\x00\x01\x02binary": "not text", "PK\x03\x04junk": "the workbook cannot be read", "a,b\n1,2\n": "none has telephone numbers",
		strings.Repeat("c,", 10_000): "columns in line 1, more than 500", "\"phone\n+573001234567\n": "quotation mark",
	} {
		if code, body := upload(file); code != 400 || !strings.Contains(body, want) {
			t.Errorf("%.20q: %d %s", file, code, body)
		}
	}
	if r := ask(s, "PUT", "/api/v1/imports/1/file", token, "{}"); r.Code != http.StatusUnsupportedMediaType {
		t.Errorf("JSON: %d", r.Code)
	}
	if r := ask(s, "PUT", "/api/v1/imports/x/file", token, "a", "Content-Type", "application/octet-stream"); r.Code != 400 {
		t.Errorf("no id: %d", r.Code)
	}
	if r := ask(s, "PUT", "/api/v1/imports/999/file", token, "a", "Content-Type", "application/octet-stream"); r.Code != 404 {
		t.Errorf("unknown: %d", r.Code)
	}
	// More than other bodies may have is no fault of a file.
	if code, body := upload("phone\n" + strings.Repeat("+573001234567\n", 100_000)); code != 200 {
		t.Errorf("a file of 1.4 MB: %d %s", code, body)
	}
	req := httptest.NewRequest(http.MethodPut, "/api/v1/imports/1/file", strings.NewReader("phone"))
	req.ContentLength = maxUpload + 1
	req.Header.Set("Authorization", "Bearer "+token)
	out := httptest.NewRecorder()
	if s.echo.ServeHTTP(out, req); out.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", out.Code)
	}
}

// TestDoNotCallOverTheAPI: added, listed page by page, removed; masked on the audit log.
func TestDoNotCallOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.importing()
	s := w.server()
	token := w.tokens[wire.RoleSupervisor]
	for _, body := range []string{`{"number":"300 123 4567","region":"CO","why":"asked"}`, `{"number":"+573001234567","campaign":"march"}`, `{"number":"+573001234568","expires_at":"2026-04-01T00:00:00Z"}`} {
		if r := ask(s, "POST", "/api/v1/do_not_call", token, body); r.Code != 200 {
			t.Errorf("%s: %d %s", body, r.Code, r.Body)
		}
	}
	for _, body := range []string{`{"number":"12"}`, `{"number":"300CALLNOW","region":"CO"}`, `{"number":"+573001234567","expires_at":"2020-01-01T00:00:00Z"}`, `{"number":"+573001234567","campaign":"A b"}`} {
		if r := ask(s, "POST", "/api/v1/do_not_call", token, body); r.Code != 400 {
			t.Errorf("%s: %d %s", body, r.Code, r.Body)
		}
	}
	var got []string
	for cursor := ""; ; {
		page := read[wire.DoNotCallPage](t, ask(s, "GET", "/api/v1/do_not_call?limit=1&cursor="+cursor, token, ""), 200)
		for _, e := range page.Items {
			got = append(got, e.Number+e.Campaign)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if strings.Join(got, " ") != "+573001234567 +573001234567march +573001234568" {
		t.Error(got)
	}
	if r := ask(s, "DELETE", "/api/v1/do_not_call?number=3001234567&region=CO", token, ""); r.Code != 204 {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	if r := ask(s, "DELETE", "/api/v1/do_not_call?number=3001234567&region=CO", token, ""); r.Code != 404 {
		t.Errorf("twice: %d", r.Code)
	}
	if i := w.imported(s, `{"target":"hashes","source":"robinson","algorithm":"md5","hash_of":"e164","file":"r.csv"}`, "5d41402abc4b2a76b9719d911017c592\n", false); i.Added != 1 {
		t.Errorf("%+v", i)
	}
	if list := read[wire.DoNotCallSourceList](t, ask(s, "GET", "/api/v1/do_not_call/sources", token, ""), 200); len(list.Items) != 1 || list.Items[0].Hashes != 1 {
		t.Errorf("%+v", list)
	}
	if r := ask(s, "DELETE", "/api/v1/do_not_call/sources/robinson", token, ""); r.Code != 403 {
		t.Errorf("a supervisor: %d", r.Code)
	}
	if out := read[wire.Removed](t, ask(s, "DELETE", "/api/v1/do_not_call/sources/robinson", w.tokens[wire.RoleAdmin], ""), 200); out.More {
		t.Errorf("%+v", out)
	}
	for _, action := range []string{"do_not_call.add", "do_not_call.remove"} {
		list, _, err := w.db.AuditLog(t.Context(), records.AuditFilter{Action: action})
		if err != nil || len(list) == 0 || strings.Contains(list[0].Object, "3001234567") {
			t.Errorf("%s: %+v, %v", action, list, err)
		}
	}
}
