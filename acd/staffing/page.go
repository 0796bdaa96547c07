package staffing

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// bar is an interval in the plot.
type bar struct {
	Plan
	X, Width         float64
	AgentsY, AgentsH float64
	LoadY, LoadH     float64
	Label, Wait      string
}

// The plot's size, in pixels.
const plotHeight, plotTop, barWidth = 260.0, 20.0, 18.0

// Page writes plans as one page of HTML that needs nothing else: a plot of agents and
// load, and the table.
func Page(w io.Writer, title string, t Target, plans []Plan) error {
	top := 1
	for _, p := range plans {
		top = max(top, p.Staff, p.Agents)
	}
	height := func(v float64) float64 { return v / float64(top) * (plotHeight - plotTop) }
	bars := make([]bar, 0, len(plans))
	for i, p := range plans {
		b := bar{Plan: p, X: 46 + float64(i)*barWidth, Width: barWidth - 3, Label: p.Name, Wait: p.ASA.Round(100 * time.Millisecond).String()}
		b.AgentsH, b.LoadH = height(float64(p.Agents)), height(min(p.Load, float64(p.Agents)))
		b.AgentsY, b.LoadY = plotHeight-b.AgentsH, plotHeight-b.LoadH
		bars = append(bars, b)
	}
	type tick struct {
		Y    float64
		Text string
	}
	var ticks []tick
	for i := 0; i <= 4; i++ {
		v := float64(top) * float64(i) / 4
		ticks = append(ticks, tick{plotHeight - height(v), fmt.Sprintf("%.4g", v)})
	}
	return page.Execute(w, map[string]any{"Title": title, "Target": t.String(), "Bars": bars, "Ticks": ticks,
		"Width": 60 + float64(len(plans))*barWidth, "Height": plotHeight + 130, "Bottom": plotHeight,
		"Several": slices.ContainsFunc(plans, func(p Plan) bool { return len(p.Queues) > 0 })})
}

// String says what is to be reached.
func (t Target) String() string {
	var out []string
	if t.Level > 0 {
		out = append(out, fmt.Sprintf("%.4g%% within %s", t.Level*100, t.Within))
	}
	if t.ASA > 0 {
		out = append(out, "a mean wait of at most "+t.ASA.String())
	}
	if t.Abandon > 0 {
		out = append(out, fmt.Sprintf("at most %.4g%% give up", t.Abandon*100))
	}
	if t.Occupancy > 0 {
		out = append(out, fmt.Sprintf("an occupancy of at most %.4g%%", t.Occupancy*100))
	}
	s := strings.Join(out, ", ") + ", by " + string(t.Model)
	if t.Model == ErlangA || t.Model == Simulated && t.Patience > 0 {
		s += " with a patience of " + t.Patience.Round(time.Second).String()
	}
	if t.Shrinkage > 0 {
		s += fmt.Sprintf(", shrinkage %.4g%%", t.Shrinkage*100)
	}
	return s
}
