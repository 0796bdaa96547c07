package top

import (
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// style is how a text is drawn; the zero value is plain.
type style uint8

const (
	plain style = iota
	bold
	dim
	reverse
	red
	green
	yellow
	magenta
	cyan
)

// styles are what each looks like. A terminal that knows fewer colours, or none,
// shows less of them (bubbletea sees to it); every word says all.
var styles = map[style]lipgloss.Style{
	bold:    lipgloss.NewStyle().Bold(true),
	dim:     lipgloss.NewStyle().Faint(true),
	reverse: lipgloss.NewStyle().Reverse(true),
	red:     lipgloss.NewStyle().Foreground(lipgloss.Red),
	green:   lipgloss.NewStyle().Foreground(lipgloss.Green),
	yellow:  lipgloss.NewStyle().Foreground(lipgloss.Yellow),
	magenta: lipgloss.NewStyle().Foreground(lipgloss.Magenta),
	cyan:    lipgloss.NewStyle().Foreground(lipgloss.Cyan),
}

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
func columns(s string) int { return lipgloss.Width(s) }

// cut shortens a text to at most width columns; … stands for what is gone.
func cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(s, width, "…")
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
			t = styles[s.style].Render(t)
		}
		b.WriteString(t)
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

// table draws a heading and rows. Its columns keep their places from picture to
// picture, which those of lipgloss/table do not: it fits them to what is in them.
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
