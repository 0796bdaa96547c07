package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/figures"
)

// totalName names the last row.
const totalName = "total"

// Text makes a cell safe that is not a number: callers and administrators choose
// names, and a spreadsheet runs what begins as a formula does
// (https://owasp.org/www-community/attacks/CSV_Injection).
func Text(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// digits are those behind the point that a value has, wherever it is shown.
const digits = 6

// Number prints a value with as many digits as it needs.
func Number(v float64) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Value is a measure of a tally, nil when it has none. It is rounded here, once, so that what is shown,
// CSV and workbooks agree to the last digit.
func Value(m *figures.Measure, of *figures.Tally) *float64 {
	v, ok := m.Of(of)
	if !ok {
		return nil
	}
	if rounded, err := strconv.ParseFloat(Number(v), 64); err == nil {
		v = rounded
	}
	return &v
}

// tallies calls fn for each row, and for the total.
func tallies(t figures.Table, fn func(keys []string, total bool, of *figures.Tally) error) error {
	for i := range t.Rows {
		if err := fn(t.Rows[i].Keys, false, &t.Rows[i].Tally); err != nil {
			return err
		}
	}
	keys := make([]string, len(t.Query.By))
	if len(keys) > 0 {
		keys[0] = totalName
	}
	return fn(keys, true, &t.Total)
}

// CSV writes a report with a heading and, as its last row, the total.
func CSV(w io.Writer, t figures.Table) error {
	out := csv.NewWriter(w)
	heading := t.Names()
	for _, m := range t.Report.Measures {
		heading = append(heading, m.Name)
	}
	if err := out.Write(heading); err != nil {
		return err
	}
	err := tallies(t, func(keys []string, _ bool, of *figures.Tally) error {
		var row []string
		for _, k := range keys {
			row = append(row, Text(k))
		}
		for _, m := range t.Report.Measures {
			cell := ""
			if v := Value(&m, of); v != nil {
				cell = Number(*v)
			}
			row = append(row, cell)
		}
		return out.Write(row)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// Workbook writes a report as an XLSX file: the figures, and on a second sheet what
// they mean, in a language. Names are text, whatever they begin with; durations are in milliseconds.
func Workbook(w io.Writer, t figures.Table, language string) error {
	return document{parts: []part{tablePart("report", acd.Texts{"en": "Report", "es": "Informe"}, t, false)}, explains: &t}.workbook(w, language)
}

// explain adds a sheet to a workbook that says what the columns of a table mean.
func explain(f *excelize.File, t figures.Table, language string) error {
	word := func(name string) string { return Heading(language, name) }
	sheet := word("Formulas")
	if _, err := f.NewSheet(sheet); err != nil {
		return err
	}
	rows := [][]any{{word("column"), word("unit"), word("formula"), word("meaning")}}
	for _, m := range t.Report.Measures {
		rows = append(rows, []any{word(m.Name), string(m.Unit), m.Formula, In(language, m.Source)})
	}
	rows = append(rows, []any{})
	for _, p := range t.Report.Symbols() {
		rows = append(rows, []any{p.Symbol, "", "", In(language, p.Text)})
	}
	rows = append(rows, []any{}, []any{word("from"), t.Query.From.In(t.Query.Zone).Format(time.RFC3339)}, []any{word("to"), t.Query.To.In(t.Query.Zone).Format(time.RFC3339)},
		[]any{word("time zone"), t.Query.Zone.String()})
	for _, n := range t.Report.Notes {
		rows = append(rows, []any{word("note"), "", "", In(language, n)})
	}
	for i := range rows {
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &rows[i]); err != nil {
			return err
		}
	}
	return nil
}
