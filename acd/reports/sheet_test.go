package reports_test

import (
	"bytes"
	"encoding/csv"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/orchestrator/fault"
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
	if got := book.GetSheetList(); !slices.Equal(got, []string{"Por intervalo", "Por agente", "Por número marcado", "Fórmulas"}) {
		t.Errorf("sheets %q", got)
	}
	for cell, want := range map[string]string{"Por intervalo!A1": "Intervalo", "Por intervalo!B1": "Ofrecidas", "Fórmulas!A1": "columna", "Fórmulas!A2": "Ofrecidas"} {
		sheet, at, _ := strings.Cut(cell, "!")
		if got, err := book.GetCellValue(sheet, at); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", cell, got, err, want)
		}
	}
	q.Queue = "nothing"
	if _, err := r.Sheet(t.Context(), q); fault.KindOf(err) != fault.NotFound || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("of no queue: %v", err)
	}
}

// TestAPageOfADayWithAnHourTwice tells its two hours apart.
func TestAPageOfADayWithAnHourTwice(t *testing.T) {
	t.Parallel()
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, filepath.Join(t.TempDir(), "one.db"))
	j := &journal{t: t}
	first := time.Date(2025, 10, 26, 0, 15, 0, 0, time.UTC) // 02:15, and an hour later 02:15
	j.abandoned(first, "1", "sales", "+573001", 3*time.Second)
	j.abandoned(first.Add(time.Hour), "2", "sales", "+573002", 3*time.Second)
	j.abandoned(first.Add(2*time.Hour), "3", "sales", "+573003", 3*time.Second)
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	sheet, err := reporter(db).Sheet(t.Context(), reports.SheetQuery{Queue: "sales", Day: first, Zone: madrid, Interval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := sheet.Write(&out, reports.FormatHTML, "es", noon); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<td>02:00 CEST</td>", "<td>02:00 CET</td>", "<td>03:00</td>"} {
		if strings.Count(out.String(), want) != 1 {
			t.Errorf("not one row is %s:\n%s", want, &out)
		}
	}
}
