package reports

import (
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/figures"
)

// document is what people read or print: some facts, and tables.
type document struct {
	title    acd.Texts
	facts    []fact
	parts    []part
	signed   []acd.Texts    // who signs a printed one
	explains *figures.Table // whose columns a workbook explains; nil for none
}

type fact struct {
	name  acd.Texts
	text  string
	texts acd.Texts // instead of text, by language
}

func (f fact) in(language string) string { return cmp.Or(f.texts.In(language), f.text) }

// part is a table. The last row is the total, if it has one.
type part struct {
	name    string
	title   acd.Texts
	columns []column
	rows    [][]cell
	total   bool
}

type column struct {
	name  string // for machines
	title acd.Texts
}

// cell is a text, or a value with a unit; nil is none.
type cell struct {
	text  string
	texts acd.Texts
	value *float64
	unit  figures.Unit
}

func (c cell) in(language string) string {
	switch {
	case c.texts != nil:
		return c.texts.In(language)
	case c.unit == "":
		return c.text
	case c.value == nil:
		return "–"
	case c.unit == figures.Share:
		return fmt.Sprintf("%.1f %%", *c.value*100)
	case c.unit == figures.Millis:
		return clock(time.Duration(*c.value) * time.Millisecond)
	}
	return Number(*c.value)
}

// clock is a length of time as wallboards show it.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// tablePart is a table of figures as a part of a document.
func tablePart(name string, title acd.Texts, t figures.Table, brief bool) part {
	p := part{name: name, title: title, total: true}
	for _, n := range t.Names() {
		p.columns = append(p.columns, column{n, Title(n)})
	}
	measures := slices.DeleteFunc(slices.Clone(t.Report.Measures), func(m figures.Measure) bool { return brief && !m.Brief })
	for _, m := range measures {
		p.columns = append(p.columns, column{m.Name, Title(m.Name)})
	}
	var shown map[string]string
	if brief {
		shown = clocks(t)
	}
	_ = tallies(t, func(keys []string, total bool, of *figures.Tally) error { // it fails with fn alone
		var row []cell
		for i, k := range keys {
			switch {
			case total && i == 0:
				row = append(row, cell{text: k, texts: titles[totalName]})
			case t.Query.By[i] == figures.ByInterval && brief:
				row = append(row, cell{text: shown[k]})
			case brief:
				row = append(row, cell{text: cmp.Or(k, "–")})
			default:
				row = append(row, cell{text: k})
			}
		}
		for _, m := range measures {
			row = append(row, cell{unit: m.Unit, value: Value(&m, of)})
		}
		p.rows = append(p.rows, row)
		return nil
	})
	return p
}

// clocks are a table's intervals as a page of a day shows them: those of an hour that comes
// twice, because clocks are set, with their zone.
func clocks(t figures.Table) map[string]string {
	i := slices.Index(t.Query.By, figures.ByInterval)
	if i < 0 {
		return nil
	}
	const short = "15:04"
	begins, times := map[string]time.Time{}, map[string]int{}
	for _, row := range t.Rows {
		if at, err := time.Parse(time.RFC3339, row.Keys[i]); err == nil {
			begins[row.Keys[i]] = at.In(t.Query.Zone)
		}
	}
	for _, at := range begins {
		times[at.Format(short)]++
	}
	out := map[string]string{}
	for k, at := range begins {
		out[k] = at.Format(short)
		if times[out[k]] > 1 {
			out[k] = at.Format(short + " MST")
		}
	}
	return out
}

// csv writes the parts one below the other; those of one kind have one heading.
func (d document) csv(w io.Writer, language string) error {
	out := csv.NewWriter(w)
	var before []string
	for _, p := range d.parts {
		heading := []string{"part"}
		for i, c := range p.columns {
			if i == 0 && len(d.parts) > 1 && p.total {
				c.name = "key" // of intervals, agents and numbers alike
			}
			heading = append(heading, c.name)
		}
		if !slices.Equal(heading, before) {
			if err := out.Write(heading); err != nil {
				return err
			}
		}
		before = heading
		for i, row := range p.rows {
			line := []string{p.name}
			for _, c := range row {
				switch {
				case c.unit != "" && c.value == nil:
					line = append(line, "")
				case c.unit != "":
					line = append(line, Number(*c.value))
				case p.total && i == len(p.rows)-1:
					line = append(line, c.text)
				default:
					line = append(line, Text(c.in(language)))
				}
			}
			if err := out.Write(line); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// workbook writes a sheet for each part, and what the columns mean.
func (d document) workbook(w io.Writer, language string) error {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()                      // it has no file of its own
	share, err := f.NewStyle(&excelize.Style{NumFmt: 10}) // 0.00%
	if err != nil {
		return err
	}
	for i, p := range d.parts {
		sheet := p.title.In(language)
		if i == 0 {
			err = f.SetSheetName("Sheet1", sheet)
		} else {
			_, err = f.NewSheet(sheet)
		}
		if err != nil {
			return err
		}
		if err := p.fill(f, sheet, language, share); err != nil {
			return err
		}
	}
	if d.explains != nil {
		if err := explain(f, *d.explains, language); err != nil {
			return err
		}
	}
	return f.Write(w)
}

func (p part) fill(f *excelize.File, sheet, language string, share int) error {
	var rows [][]any
	var heading []any
	for _, c := range p.columns {
		heading = append(heading, Heading(language, c.name))
	}
	rows = append(rows, heading)
	for _, row := range p.rows {
		var cells []any
		for _, c := range row {
			switch {
			case c.unit == "":
				cells = append(cells, c.in(language)) // a string: never a formula
			case c.value == nil:
				cells = append(cells, nil)
			case c.unit == figures.Share:
				cells = append(cells, excelize.Cell{StyleID: share, Value: *c.value})
			default:
				cells = append(cells, *c.value)
			}
		}
		rows = append(rows, cells)
	}
	out, err := f.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, XSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"}); err != nil {
		return err
	}
	for i, row := range rows {
		if err := out.SetRow(fmt.Sprintf("A%d", i+1), row); err != nil {
			return err
		}
	}
	return out.Flush()
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// html writes one page that needs nothing else, fit to be printed.
func (d document) html(w io.Writer, language string, now time.Time) error {
	type shown struct {
		Title   string
		Heading []string
		Rows    [][]string
		Total   []string
	}
	view := map[string]any{"Language": language, "Title": d.title.In(language)}
	var facts [][2]string
	for _, f := range d.facts {
		facts = append(facts, [2]string{f.name.In(language), f.in(language)})
	}
	made := acd.Texts{"en": "Made", "es": "Generada"}
	facts = append(facts, [2]string{made.In(language), now.Format("2006-01-02 15:04 MST")})
	var parts []shown
	for _, p := range d.parts {
		s := shown{Title: p.title.In(language)}
		for _, c := range p.columns {
			s.Heading = append(s.Heading, c.title.In(language))
		}
		for i, row := range p.rows {
			var line []string
			for _, c := range row {
				line = append(line, c.in(language))
			}
			if p.total && i == len(p.rows)-1 {
				s.Total = line
				continue
			}
			s.Rows = append(s.Rows, line)
		}
		parts = append(parts, s)
	}
	var signed []string
	for _, s := range d.signed {
		signed = append(signed, s.In(language))
	}
	view["Facts"], view["Parts"], view["Signed"] = facts, parts, signed
	return page.Execute(w, view)
}

// Format is how a document is written.
type Format string

// Formats of documents; their view as JSON is the API's.
const (
	FormatCSV  Format = "csv"
	FormatXLSX Format = "xlsx"
	FormatHTML Format = "html"
)

func (d document) write(w io.Writer, f Format, language string, now time.Time) error {
	switch f {
	case FormatXLSX:
		return d.workbook(w, language)
	case FormatHTML:
		return d.html(w, language, now)
	default:
		return d.csv(w, language)
	}
}

// Write writes the sheet.
func (s Sheet) Write(w io.Writer, f Format, language string, now time.Time) error {
	return s.document(f == FormatHTML).write(w, f, language, now.In(s.Query.Zone))
}
