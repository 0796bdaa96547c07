package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"percent": func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) },
	"finer":   func(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) },
	"seconds": func(v float64) string { return fmt.Sprintf("%.1f s", v) },
	"one":     func(v float64) string { return fmt.Sprintf("%.1f", v) },
}).Parse(pageText))

// section is one scenario as the page shows it.
type section struct {
	Scenario
	Rows    []shownRow
	Verdict string
	Scatter template.HTML
	Day     []template.HTML
	Shock   []template.HTML
	Shocks  int
	Agents  int
	// DayLegend are the rows that the day's lines belong to.
	DayLegend []shownRow
}

// shownRow is a row with its letter and colour.
type shownRow struct {
	Row
	Letter, Class string
	// OfOptimum is utilisation over the exact optimum, 0 where that is not known.
	OfOptimum float64
	Best      bool // highest utilisation of those that keep the limit
}

// WriteHTML writes the study as one page.
func (s Study) WriteHTML(w io.Writer) error {
	data := struct {
		Study
		Sections []section
		Wins     int
		Judged   int
	}{Study: s}
	order := s.order()
	for _, sc := range s.Scenarios {
		x := newSection(sc, s, order)
		data.Sections = append(data.Sections, x)
		if ours := best(x.Rows, func(r shownRow) bool { return r.Ours }); ours >= 0 {
			data.Judged++
			if x.Rows[ours].Best {
				data.Wins++
			}
		}
	}
	return page.Execute(w, data)
}

// WriteJSON writes the study as one JSON object.
func (s Study) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(s)
}

// colours is how many classes c0.. the style sheet has beside "ours".
const colours = 8

// order numbers the ways of dialling, so that each has the same letter and
// colour in every scenario.
func (s Study) order() map[string]int {
	order := map[string]int{}
	for _, sc := range s.Scenarios {
		for _, r := range sc.Rows {
			if _, ok := order[r.Label]; !ok {
				order[r.Label] = len(order)
			}
		}
	}
	return order
}

func newSection(sc Scenario, s Study, order map[string]int) section {
	x := section{Scenario: sc}
	if sc.World != nil {
		x.Agents = sc.World.Agents.Count
	}
	for _, r := range sc.Rows {
		n := order[r.Label]
		row := shownRow{Row: r, Letter: string(rune('A' + n%26)), Class: "ours"}
		if !r.Ours {
			row.Class = fmt.Sprintf("c%d", (n+colours-1)%colours) // the first is mostly ours
		}
		if sc.Optimum > 0 {
			row.OfOptimum = r.Result.UtilisationMean / sc.Optimum
		}
		x.Rows = append(x.Rows, row)
	}
	if i := best(x.Rows, func(r shownRow) bool { return r.Keeps }); i >= 0 {
		x.Rows[i].Best = true
	}
	x.Verdict = verdict(x.Rows)
	x.Scatter = scatter(x).svg()
	x.DayLegend = dayRows(x.Rows)
	x.Day = dayCharts(x, s)
	x.addShock(s)
	return x
}

// best is the index of the highest utilisation among the rows that pass, -1 if none does.
func best(rows []shownRow, pass func(shownRow) bool) int {
	found := -1
	for i, r := range rows {
		if pass(r) && (found < 0 || r.Result.UtilisationMean > rows[found].Result.UtilisationMean) {
			found = i
		}
	}
	return found
}

// verdict says in a sentence how ours compares with the best of the others that
// keep the limit.
func verdict(rows []shownRow) string {
	ours := best(rows, func(r shownRow) bool { return r.Ours })
	peer := best(rows, func(r shownRow) bool { return !r.Ours && r.Keeps && !strings.HasPrefix(r.Spec, "optimum") })
	if ours < 0 || peer < 0 {
		return ""
	}
	a, b := rows[ours], rows[peer]
	points := 100 * (a.Result.UtilisationMean - b.Result.UtilisationMean)
	word := "more"
	if points < 0 {
		word = "less"
	}
	text := fmt.Sprintf("%s keeps agents %.1f points %s busy than the best other that keeps the limit, %s (abandoned %.2f %% against %.2f %%).",
		a.Label, math.Abs(points), word, b.Label, 100*a.Result.AbandonMean, 100*b.Result.AbandonMean)
	if !a.Keeps {
		text += " It does not keep the limit itself."
	}
	return text
}

// scatter is utilisation against abandonment.
func scatter(x section) *chart {
	c := &chart{title: "Utilisation against abandonment: right and low is better", xLabel: "utilisation", width: 1040, height: 400}
	lowX, highX, highY := math.Inf(1), math.Inf(-1), 1.4*x.Limit
	for _, r := range x.Rows {
		v := r.Result
		lowX, highX = math.Min(lowX, v.UtilisationWorst), math.Max(highX, v.UtilisationMean)
		highY = math.Max(highY, math.Min(v.AbandonWorst, 2.2*x.Limit))
	}
	if x.Optimum > 0 {
		highX = math.Max(highX, x.Optimum)
		c.marks = append(c.marks, mark{label: "exact optimum", at: x.Optimum, vertical: true})
	}
	c.x, c.y = fit(lowX, highX, true), fit(0, highY, true)
	c.marks = append(c.marks, mark{label: "limit", at: x.Limit})
	for _, r := range x.Rows {
		v := r.Result
		c.points = append(c.points, point{letter: r.Letter, class: r.Class,
			hint: fmt.Sprintf("%s: utilisation %.1f %% (worst day %.1f %%), abandoned %.2f %% (worst day %.2f %%)", r.Label,
				100*v.UtilisationMean, 100*v.UtilisationWorst, 100*v.AbandonMean, 100*v.AbandonWorst),
			x: v.UtilisationMean, y: math.Min(v.AbandonMean, c.y.high),
			xWorst: v.UtilisationWorst, yWorst: math.Min(v.AbandonWorst, c.y.high)})
	}
	return c
}

// dayRows are those whose day is drawn: ours, the best other, and progressive as
// the floor; everything would be a tangle.
func dayRows(rows []shownRow) []shownRow {
	var chosen []shownRow
	peer := best(rows, func(r shownRow) bool { return !r.Ours && r.Keeps && !strings.HasPrefix(r.Spec, "optimum") })
	for i, r := range rows {
		if r.Ours || i == peer || r.Spec == "progressive" {
			chosen = append(chosen, r)
		}
	}
	return chosen
}

func dayCharts(x section, s Study) []template.HTML {
	var use, lost, rings []line
	end := 0.0
	for _, r := range x.DayLegend {
		day := r.Result.Day
		if len(day) == 0 {
			continue
		}
		end = math.Max(end, (day[len(day)-1].Start)/3600)
		ux, uy := utilisation(day)
		ax, ay := abandonSoFar(day)
		rx, ry := ringing(r.Ringing)
		use = append(use, line{r.Label, r.Class, ux, uy})
		lost = append(lost, line{r.Label, r.Class, ax, ay})
		rings = append(rings, line{r.Label, r.Class, rx, ry})
	}
	if len(use) == 0 {
		return nil
	}
	sx, sy := staff(x.DayLegend[0].Result.Day, s.Seeds)
	duty := []line{{"agents on duty", "duty", sx, sy}}
	hours := axis{low: 0, high: math.Max(end, 0.1), places: 0}
	hours = fit(hours.low, hours.high, false)
	hours.high = math.Max(end, 0.1)
	return []template.HTML{
		timeChart("Utilisation, every ten minutes", hours, use, 1, 1, true, nil),
		timeChart("Abandoned of all answered calls so far", hours, lost, 0, 1.3*x.Limit, true, []mark{{label: "limit", at: x.Limit}}),
		timeChart("Calls ringing", hours, rings, 0, 1, false, nil),
		timeChart("Agents on duty", hours, duty, 0, 1, false, nil),
	}
}

func timeChart(title string, x axis, lines []line, low, high float64, percent bool, marks []mark) template.HTML {
	low, high = span(lines, low, high)
	if percent && len(marks) > 0 {
		high = math.Min(high, 4*marks[0].at)
	}
	c := chart{title: title, xLabel: "hours", width: 540, height: 200, x: x, y: fit(low, high, percent), lines: lines, marks: marks}
	return c.svg()
}

// addShock draws what follows a change at a stroke, all such changes of the
// world laid over each other.
func (x *section) addShock(s Study) {
	if x.World == nil {
		return
	}
	hours := s.Hours
	if hours == 0 {
		hours = x.World.Hours
	}
	at := shocks(x.World, hours)
	if len(at) == 0 {
		return
	}
	var use, lost []line
	for _, r := range x.DayLegend {
		sums := aligned(r.Result.Day, at)
		ux, uy := around(sums, false)
		ax, ay := around(sums, true)
		use = append(use, line{r.Label, r.Class, ux, uy})
		lost = append(lost, line{r.Label, r.Class, ax, ay})
	}
	minutes := axis{low: -shockBefore, high: shockAfter}
	draw := func(title string, lines []line, low, high float64, marks []mark) template.HTML {
		low, high = span(lines, low, high)
		c := chart{title: title, xLabel: "minutes from the change", width: 540, height: 220, x: minutes,
			y: fit(low, high, true), lines: lines, marks: append(marks, mark{at: 0, vertical: true})}
		return c.svg()
	}
	x.Shocks = len(at)
	x.Shock = []template.HTML{
		draw("Utilisation around the change", use, 1, 1, nil),
		draw("Abandoned of answered calls, eleven minutes at a time", lost, 0, 1.3*x.Limit, []mark{{label: "limit", at: x.Limit}}),
	}
}
