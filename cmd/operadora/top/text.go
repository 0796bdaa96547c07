package top

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// style is the number of an SGR escape sequence (ECMA-48); 0 is none.
type style int

const (
	plain   style = 0
	bold    style = 1
	dim     style = 2
	reverse style = 7
	red     style = 31
	green   style = 32
	yellow  style = 33
	magenta style = 35
	cyan    style = 36
)

// span is text in one style.
type span struct {
	text  string
	style style
}

// line is a line of the screen.
type line []span

// clean replaces what could move the cursor or change the screen: names and
// numbers come from outside.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// columns is how many columns of a terminal a text takes.
func columns(s string) int { return uniseg.StringWidth(s) }

// cut shortens a text to at most width columns; … stands for what is gone.
func cut(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	if width <= 0 {
		return ""
	}
	var b strings.Builder
	used := 0
	for g := uniseg.NewGraphemes(s); g.Next() && used+g.Width() < width; used += g.Width() {
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// pad makes a text exactly width columns wide.
func pad(s string, width int, right bool) string {
	s = cut(s, width)
	fill := strings.Repeat(" ", max(0, width-columns(s)))
	if right {
		return fill + s
	}
	return s + fill
}

// text draws a line in at most width columns.
func (l line) text(width int, colour bool) string {
	var b strings.Builder
	for _, s := range l {
		t := cut(s.text, width)
		width -= columns(t)
		if t == "" {
			continue
		}
		if colour && s.style != plain {
			b.WriteString("\x1b[" + itoa(int(s.style)) + "m" + t + "\x1b[0m")
		} else {
			b.WriteString(t)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// column describes a column of a table.
type column struct {
	title string
	width int
	right bool // figures
	grow  int  // share of the room that is left over
}

// widths gives the columns their room: what is left over goes to those that grow.
func widths(cols []column, room int) []int {
	out := make([]int, len(cols))
	shares := 0
	for i, c := range cols {
		out[i] = c.width
		room -= c.width + 1
		shares += c.grow
	}
	room++ // no gap behind the last
	if room <= 0 || shares == 0 {
		return out
	}
	for i, c := range cols {
		out[i] += room * c.grow / shares
	}
	return out
}

// table draws a heading and rows.
func table(cols []column, rows [][]span, width int) []line {
	w := widths(cols, width)
	head := line{}
	for i, c := range cols {
		head = append(head, span{pad(c.title, w[i], c.right), bold}, span{text: " "})
	}
	out := []line{head}
	for _, row := range rows {
		var l line
		for i, cell := range row {
			l = append(l, span{pad(clean(cell.text), w[i], cols[i].right), cell.style}, span{text: " "})
		}
		out = append(out, l)
	}
	return out
}
