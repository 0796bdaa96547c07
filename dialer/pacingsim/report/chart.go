package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
)

// chart is a plot that is drawn as inline SVG. Its colours come from the page's
// style sheet, so it follows the reader's light or dark setting.
type chart struct {
	title         string
	xLabel        string
	width, height float64
	x, y          axis
	lines         []line
	points        []point
	marks         []mark
}

// point is one marker with a letter, and whiskers to its worst values.
type point struct {
	letter, class, hint string
	x, y                float64
	xWorst, yWorst      float64
}

// mark is a straight line across the chart at a value of one axis.
type mark struct {
	label    string
	at       float64
	vertical bool
}

// axis is a range with a way to print its ticks.
type axis struct {
	low, high float64
	percent   bool
	places    int
}

func (a axis) text(v float64) string {
	if a.percent {
		return fmt.Sprintf("%.*f %%", a.places, 100*v)
	}
	return fmt.Sprintf("%.*f", a.places, v)
}

// fit widens an axis to whole ticks around the values; NaNs are left out.
func fit(low, high float64, percent bool) axis {
	if !(high > low) {
		high = low + math.Max(math.Abs(low)*0.1, 1e-3)
	}
	step := tickStep(low, high)
	a := axis{low: math.Floor(low/step+1e-9) * step, high: math.Ceil(high/step-1e-9) * step, percent: percent}
	shown := step
	if percent {
		shown *= 100
	}
	for a.places = 0; a.places < 4 && math.Abs(shown-math.Round(shown*math.Pow10(a.places))/math.Pow10(a.places)) > 1e-9; {
		a.places++
	}
	return a
}

// tickStep is 1, 2 or 5 times a power of ten, for four to eight ticks.
func tickStep(low, high float64) float64 {
	raw := (high - low) / 5
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, f := range []float64{1, 2, 5} {
		if raw <= f*power*1.0001 {
			return f * power
		}
	}
	return 10 * power
}

// Margins around the plot, in SVG units.
const (
	marginLeft, marginRight = 58, 14
	marginTop, marginBottom = 26, 36
)

func (c *chart) px(v float64) float64 {
	return marginLeft + (v-c.x.low)/(c.x.high-c.x.low)*(c.width-marginLeft-marginRight)
}

func (c *chart) py(v float64) float64 {
	return c.height - marginBottom - (v-c.y.low)/(c.y.high-c.y.low)*(c.height-marginTop-marginBottom)
}

// svg draws the chart. Everything that is not a number is escaped.
func (c *chart) svg() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s"><text class="title" x="%d" y="15">%s</text>`,
		c.width, c.height, html.EscapeString(c.title), 4, html.EscapeString(c.title))
	c.drawAxes(&b)
	for i := range c.marks {
		c.drawMark(&b, &c.marks[i])
	}
	for i := range c.lines {
		c.drawLine(&b, &c.lines[i])
	}
	for i := range c.points {
		c.drawPoint(&b, &c.points[i])
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // #nosec G203 -- numbers, and text escaped above
}

func (c *chart) drawAxes(b *strings.Builder) {
	right, bottom := c.width-marginRight, c.height-marginBottom
	for step, v := tickStep(c.y.low, c.y.high), c.y.low; v <= c.y.high+step/1e6; v += step {
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%.1f" y1="%.1f" y2="%.1f"/><text class="tick" text-anchor="end" x="%d" y="%.1f">%s</text>`,
			marginLeft, right, c.py(v), c.py(v), marginLeft-6, c.py(v)+4, c.y.text(v))
	}
	for step, v := tickStep(c.x.low, c.x.high), c.x.low; v <= c.x.high+step/1e6; v += step {
		fmt.Fprintf(b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%.1f"/><text class="tick" text-anchor="middle" x="%.1f" y="%.1f">%s</text>`,
			c.px(v), c.px(v), marginTop, bottom, c.px(v), bottom+15, c.x.text(v))
	}
	fmt.Fprintf(b, `<text class="tick" text-anchor="end" x="%.1f" y="%.1f">%s</text>`, right, c.height-5, html.EscapeString(c.xLabel))
}

func (c *chart) drawMark(b *strings.Builder, m *mark) {
	x1, x2, y1, y2 := float64(marginLeft), c.width-marginRight, c.py(m.at), c.py(m.at)
	tx, ty := x2-4, y1-5
	if m.vertical {
		x1, x2, y1, y2 = c.px(m.at), c.px(m.at), marginTop, c.height-marginBottom
		tx, ty = x1-4, y1+11
	}
	fmt.Fprintf(b, `<line class="mark" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/><text class="marktext" text-anchor="end" x="%.1f" y="%.1f">%s</text>`,
		x1, x2, y1, y2, tx, ty, html.EscapeString(m.label))
}

func (c *chart) drawLine(b *strings.Builder, l *line) {
	fmt.Fprintf(b, `<path class="line %s" d="`, l.class)
	pen := "M"
	for i, v := range l.y {
		if math.IsNaN(v) {
			pen = "M"
			continue
		}
		v = math.Max(c.y.low, math.Min(c.y.high, v))
		fmt.Fprintf(b, "%s%.1f %.1f", pen, c.px(l.x[i]), c.py(v))
		pen = "L"
	}
	fmt.Fprintf(b, `"><title>%s</title></path>`, html.EscapeString(l.label))
}

func (c *chart) drawPoint(b *strings.Builder, p *point) {
	x, y := c.px(p.x), c.py(p.y)
	fmt.Fprintf(b, `<g class="%s"><title>%s</title><path class="whisker" d="M%.1f %.1fL%.1f %.1fM%.1f %.1fL%.1f %.1f"/>`,
		p.class, html.EscapeString(p.hint), x, y, c.px(p.xWorst), y, x, y, x, c.py(p.yWorst))
	fmt.Fprintf(b, `<circle class="dot" cx="%.1f" cy="%.1f" r="8.5"/><text class="letter" text-anchor="middle" x="%.1f" y="%.1f">%s</text></g>`,
		x, y, x, y+3.7, html.EscapeString(p.letter))
}

// span is the lowest and highest finite value of some lines, widened to low and high.
func span(lines []line, low, high float64) (float64, float64) {
	for _, l := range lines {
		for _, v := range l.y {
			if !math.IsNaN(v) {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	return low, high
}
