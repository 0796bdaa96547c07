package reports_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// TestSheet: one queue's day, whose parts have the same total, in every form and language.
func TestSheet(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	bogota, err := time.LoadLocation("America/Bogota")
	if err != nil {
		t.Fatal(err)
	}
	j.state(noon.Add(-10*time.Hour), "a", "offline", "available", "", "")
	j.abandoned(noon.Add(-8*time.Hour), "0", "sales", "+57300", time.Minute) // the day before, in Bogotá
	j.served(noon, "1", "sales", "+573001", 8*time.Second, time.Minute, 0, 30*time.Second)
	j.abandoned(noon.Add(time.Hour), "2", "sales", "+573001", 3*time.Second)
	j.abandoned(noon.Add(time.Hour), "3", "support", "+573001", 3*time.Second)
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	r := reporter(db)
	q := reports.SheetQuery{Queue: "sales", Day: noon, Zone: bogota, Interval: time.Hour}
	sheet, err := r.Sheet(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, p := range sheet.Parts {
		var keys []string
		for _, row := range p.Table.Rows {
			keys = append(keys, row.Keys[0])
		}
		got = append(got, append([]string{p.Name}, keys...))
		if diff := cmp.Diff(sheet.Parts[0].Table.Total, p.Table.Total); diff != "" {
			t.Errorf("total of %s (-of the first +got):\n%s", p.Name, diff)
		}
	}
	if want := [][]string{{"intervals", "2026-03-02T07:00:00-05:00", "2026-03-02T08:00:00-05:00"}, {"agents", "", "a"}, {"numbers", "5000", "5001"}}; !cmp.Equal(want, got) {
		t.Errorf("rows %q, want %q", got, want)
	}
	write := func(f reports.Format, language string) *bytes.Buffer {
		t.Helper()
		var out bytes.Buffer
		if err := sheet.Write(&out, f, language, noon); err != nil {
			t.Fatal(err)
		}
		return &out
	}
	rows, err := csv.NewReader(write(reports.FormatCSV, "en")).ReadAll()
	if err != nil || len(rows) != 1+3+3+3 || !slices.Equal(rows[0][:3], []string{"part", "key", "offered"}) || !slices.Equal(rows[3][:4], []string{"intervals", "total", "2", "1"}) {
		t.Errorf("%v, %q", err, rows)
	}
	for language, want := range map[string][]string{"en": {"Control sheet", "By agent", "Service level", "07:00", "Prepared by", "0:01:30", `lang="en"`},
		"es": {"Planilla de control", "Por agente", "Nivel de servicio", "07:00", "Elaboró", "America/Bogota", "2026-03-02", `lang="es"`}} {
		page := write(reports.FormatHTML, language).String()
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("the page in %s has no %q:\n%s", language, w, page)
			}
		}
		if strings.Contains(page, "http") || strings.Contains(page, "<script") {
			t.Errorf("the page needs something else:\n%s", page)
		}
	}
	book, err := excelize.OpenReader(write(reports.FormatXLSX, "es"))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if got := book.GetSheetList(); !slices.Equal(got, []string{"Por intervalo", "Por agente", "Por número marcado", "Formulas"}) {
		t.Errorf("sheets %q", got)
	}
	q.Queue = "nothing"
	if _, err := r.Sheet(t.Context(), q); fault.KindOf(err) != fault.NotFound || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("of no queue: %v", err)
	}
}

func (j *journal) system(at time.Time, pbx string, e orchestrator.SystemEvent) {
	j.add(at, orchestrator.Entry{Type: orchestrator.EntrySystem}, e)
	j.entries[len(j.entries)-1].PBX = pbx
}

func (j *journal) pbx(at time.Time, name, state, instance, reason string) {
	j.add(at, orchestrator.Entry{Type: orchestrator.EntryPBXState}, fields{"state": state, "error": reason, "instance": instance})
	j.entries[len(j.entries)-1].PBX = name
}

// TestLogbook: what changed, by whom, incidents and notes of a shift, in its order; what
// is only read, and what agents do for themselves, is not in it.
func TestLogbook(t *testing.T) {
	t.Parallel()
	now := noon
	db, err := records.Open(t.Context(), records.Config{DSN: records.DSN("sqlite:" + filepath.Join(t.TempDir(), "one.db")), Connections: 4, Batch: 100,
		KeepJournal: time.Hour, RetryMax: time.Second}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	j := &journal{t: t}
	j.pbx(at(-600), "main", "connected", "one", "")
	j.pbx(at(-600), "other", "connected", "one", "")
	j.pbx(at(-20), "other", "disconnected", "one", "EOF") // and lasts
	j.pbx(at(-10), "main", "disconnected", "one", "")
	j.system(at(-5), "", orchestrator.SystemEvent{What: orchestrator.SystemStarted, Instance: "one"}) // before the shift
	j.pbx(at(5), "main", "connected", "two", "")
	j.system(at(7), "main", orchestrator.SystemEvent{What: orchestrator.SystemHealed, Instance: "two", Counts: map[string]int{"leg": 2, "call": 1}})
	j.system(at(9), "", orchestrator.SystemEvent{What: orchestrator.SystemStoreAway, Instance: "two", Since: at(8).UnixMilli()})
	j.system(at(10), "", orchestrator.SystemEvent{What: orchestrator.SystemRewound, Instance: "two", Counts: map[string]int{"lost": 12}})
	j.system(at(11), "", orchestrator.SystemEvent{What: orchestrator.SystemDefinitions, By: "ana", Changes: []string{"queue new: vip"}})
	j.abandoned(at(20), "1", "sales", "+573001", 3*time.Second)
	j.system(at(61), "", orchestrator.SystemEvent{What: orchestrator.SystemStopped, Instance: "one"}) // after it
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	for i, l := range []records.AuditLine{
		{Who: "ana (t1)", Role: "supervisor", Action: "agent.pause", Object: "101", Detail: "lunch"},
		{Who: "ana (t1)", Role: "supervisor", Action: reports.NoteAction, Object: "logbook", Detail: "=the carrier was noisy"},
		{Who: "ana (t1)", Role: "supervisor", Action: "recording.play", Object: "r1"},
		{Who: "101 (t2)", Role: "agent", Action: "agent.login", Object: "101"},
		{Who: "root (t3)", Role: "admin", Action: "something.new", Object: "x"},
	} {
		now = at(30 + i)
		if err := db.Audit(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	book, err := reporter(db).Logbook(t.Context(), noon, at(60), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range book.Lines {
		for _, language := range []string{"en", "es"} {
			got = append(got, fmt.Sprintf("%s %s %s %s: %s", x.At.UTC().Format("15:04"), x.KindText().In(language), x.Code, x.Who, x.Text.In(language)))
		}
	}
	want := []string{
		"11:40 incident pbx.state one: PBX other was away (EOF), and is so still", "11:40 incidente pbx.state one: la PBX other no estuvo conectada (EOF), y sigue así",
		"11:50 incident pbx.state one: PBX main was away, for 0:15:00", "11:50 incidente pbx.state one: la PBX main no estuvo conectada, durante 0:15:00",
		"12:05 incident pbx.state two: PBX main was taken over from one", "12:05 incidente pbx.state two: la PBX main se tomó de one",
		"12:07 incident system.event.healed two: put right at PBX main: call 1, leg 2", "12:07 incidente system.event.healed two: corregido en la PBX main: call 1, leg 2",
		"12:08 incident system.event.store_away two: Redis did not answer, for 0:01:00", "12:08 incidente system.event.store_away two: Redis no respondió, durante 0:01:00",
		"12:10 incident system.event.rewound two: Redis came back without its last writes: 12 entries at most", "12:10 incidente system.event.rewound two: Redis volvió sin sus últimas escrituras: 12 entradas como máximo",
		"12:11 incident system.event.definitions ana: other definitions are in force: queue new: vip", "12:11 incidente system.event.definitions ana: rigen otras definiciones: queue new: vip",
		"12:30 change agent.pause ana: paused agent 101: lunch", "12:30 cambio agent.pause ana: pausó al agente 101: lunch",
		"12:31 note logbook.note ana: =the carrier was noisy", "12:31 nota logbook.note ana: =the carrier was noisy",
		"12:34 change something.new root: something.new x", "12:34 cambio something.new root: something.new x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if len(book.Queues.Rows) != 1 {
		t.Errorf("queues: %+v", book.Queues.Rows)
	}
	var out bytes.Buffer
	if err := book.Write(&out, reports.FormatCSV, "es", noon); err != nil || !strings.Contains(out.String(), "lines,2026-03-02 12:31:00,nota,ana,'=the carrier was noisy\n") {
		t.Errorf("csv: %v\n%s", err, &out)
	}
	out.Reset()
	if err := book.Write(&out, reports.FormatHTML, "es", noon); err != nil || !strings.Contains(out.String(), "<td>pausó al agente 101: lunch</td>") || !strings.Contains(out.String(), "Entrega") {
		t.Errorf("html: %v\n%s", err, &out)
	}
	out.Reset()
	if err := book.Write(&out, reports.FormatXLSX, "en", noon); err != nil || !strings.HasPrefix(out.String(), "PK") {
		t.Errorf("xlsx: %v", err)
	}
	if _, err := reporter(db).Logbook(t.Context(), noon.AddDate(0, -3, 0), noon, time.UTC); fault.KindOf(err) != fault.Invalid {
		t.Errorf("of three months: %v", err)
	}
}
