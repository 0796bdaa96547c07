package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Kind is what a line tells. The strings are in files: never rename one.
type Kind string

// The kinds of lines, in the order of a file.
const (
	KindHead      Kind = "head"      // whose file it is, and how it is checked
	KindRule      Kind = "rule"      // a limit that was in force in the period, with its dates
	KindEarlier   Kind = "earlier"   // the count of five minutes before the period, which its windows reach
	KindAnswered  Kind = "answered"  // a call that a person answered, and that was not abandoned
	KindAbandoned Kind = "abandoned" // one that was
	KindStand     Kind = "stand"     // how a limit in force stood with the abandoned call before, or at the period's end
	KindTotal     Kind = "total"     // of the calls of the period
	KindPaced     Kind = "paced"     // what `campaign watch` shows at the period's end, and by what: of each part of the limits the stricter
	KindEnd       Kind = "end"       // nothing is missing behind the lines before
)

// Line is a line of a file. What a kind has nothing of is empty.
type Line struct {
	N        int64
	Kind     Kind
	At       time.Time // of the head: of the export; of a rule: since when calls were begun by it; of earlier: when the five minutes began; of a stand: the moment
	Campaign string

	From, To, Began                time.Time // Began: the campaign, from which fixed windows follow one another
	Mode, Purpose, Profile, Format string

	Revision              int64 // of the definition by which the call was begun, from 1
	Rule                  string
	Percent               float64 // of the rule
	Own                   float64 // percent; the campaign's own limit, 0 for none
	Window, Threshold     time.Duration
	WindowKind, Starts    string
	InForceFrom           string
	InForceUntil          string
	Basis, Law, Source    string
	Call, Lead            string
	Attempt               int64
	AnsweredAt, GreetedAt time.Time // GreetedAt: the end of the greeting, where it was heard
	ConnectedAt, EndedAt  time.Time
	Waited                time.Duration // without an agent, from what the rules count from
	Played, PlayedState   string
	PlayedAt              time.Time
	Path                  string

	WindowFrom          time.Time
	Answered, Abandoned int64
	Limit, Figure, Left float64
	PacedAnswered       int64 // without answers that are about to leave the window
	PacedAbandoned      int64

	Text       string
	Prev, Hash string
}

// cell is a field of a line: its name, and where it stands.
type cell struct {
	name string
	at   any
}

// cells are the fields of a line in their order: prev and hash are the last.
func (l *Line) cells() []cell {
	return []cell{
		{"n", &l.N}, {"kind", (*string)(&l.Kind)}, {"at", &l.At}, {"campaign", &l.Campaign},
		{"from", &l.From}, {"to", &l.To}, {"began", &l.Began}, {"mode", &l.Mode}, {"purpose", &l.Purpose}, {"profile", &l.Profile}, {"format", &l.Format},
		{"revision", &l.Revision}, {"rule", &l.Rule}, {"percent", &l.Percent}, {"own_percent", &l.Own}, {"window_ms", &l.Window}, {"window_kind", &l.WindowKind},
		{"threshold_ms", &l.Threshold}, {"starts", &l.Starts}, {"in_force_from", &l.InForceFrom}, {"in_force_until", &l.InForceUntil},
		{"basis", &l.Basis}, {"law", &l.Law}, {"source", &l.Source},
		{"call", &l.Call}, {"lead", &l.Lead}, {"attempt", &l.Attempt}, {"answered_at", &l.AnsweredAt}, {"greeted_at", &l.GreetedAt},
		{"connected_at", &l.ConnectedAt}, {"ended_at", &l.EndedAt}, {"waited_ms", &l.Waited},
		{"played", &l.Played}, {"played_state", &l.PlayedState}, {"played_at", &l.PlayedAt}, {"path", &l.Path},
		{"window_from", &l.WindowFrom}, {"answered", &l.Answered}, {"abandoned", &l.Abandoned}, {"limit", &l.Limit}, {"figure", &l.Figure}, {"left", &l.Left},
		{"paced_answered", &l.PacedAnswered}, {"paced_abandoned", &l.PacedAbandoned},
		{"text", &l.Text}, {"prev", &l.Prev}, {"hash", &l.Hash},
	}
}

// Columns are the names of the fields, in their order.
func Columns() []string {
	var l Line
	var out []string
	for _, c := range l.cells() {
		out = append(out, c.name)
	}
	return out
}

// counted are fields that say something when they are 0.
var counted = map[Kind][]string{
	KindEarlier: {"answered", "abandoned"},
	KindTotal:   {"answered", "abandoned", "figure"},
	KindStand:   {"answered", "abandoned", "figure", "left"},
	KindPaced:   {"paced_answered", "paced_abandoned"},
}

const moments = "2006-01-02T15:04:05.000Z"

// text is a field as it is written; "" for nothing, number tells whether it is one.
func (l *Line) text(c cell) (text string, number bool) {
	says := slices.Contains(counted[l.Kind], c.name)
	switch v := c.at.(type) {
	case *string:
		return *v, false
	case *time.Time:
		if v.IsZero() {
			return "", false
		}
		return v.UTC().Format(moments), false
	case *time.Duration:
		if *v == 0 && !says {
			return "", true
		}
		return strconv.FormatInt(v.Milliseconds(), 10), true
	case *int64:
		if *v == 0 && !says {
			return "", true
		}
		return strconv.FormatInt(*v, 10), true
	case *float64:
		if *v == 0 && !says {
			return "", true
		}
		return strconv.FormatFloat(*v, 'f', -1, 64), true
	}
	return "", false
}

// set reads a field.
func (c cell) set(text string) (err error) {
	if text == "" {
		return nil
	}
	switch v := c.at.(type) {
	case *string:
		*v = text
	case *time.Time:
		*v, err = time.Parse(moments, text)
	case *time.Duration:
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		*v = time.Duration(n) * time.Millisecond
	case *int64:
		*v, err = strconv.ParseInt(text, 10, 64)
	case *float64:
		if *v, err = strconv.ParseFloat(text, 64); math.IsNaN(*v) || math.IsInf(*v, 0) {
			err = fmt.Errorf("%q is no number", text)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// object is the line as JSON, without hash and the closing brace.
func (l *Line) object() []byte {
	b := []byte{'{'}
	for _, c := range l.cells() {
		text, number := l.text(c)
		switch {
		case c.name == "hash", text == "" && c.name != "prev":
			continue
		case !number:
			text = quoted(text)
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(b, `"`+c.name+`":`...), text...)
	}
	return b
}

func quoted(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a text always marshals
	return string(bytes.TrimRight(b.Bytes(), "\n"))
}

// readObject reads a whole line of JSON.
func readObject(text []byte) (l Line, err error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return l, err
	}
	for _, c := range l.cells() {
		raw, there := fields[c.name]
		if !there {
			continue
		}
		delete(fields, c.name)
		value := string(raw)
		if len(raw) > 0 && raw[0] == '"' {
			if err := json.Unmarshal(raw, &value); err != nil {
				return l, fmt.Errorf("%s: %w", c.name, err)
			}
		}
		if err := c.set(value); err != nil {
			return l, err
		}
	}
	for name := range fields {
		return l, fmt.Errorf("%s is no field of a line", name)
	}
	return l, nil
}

// row is the line as cells of CSV.
func (l *Line) row() (out []string) {
	for _, c := range l.cells() {
		text, _ := l.text(c)
		out = append(out, text)
	}
	return out
}

// readRow reads the cells of a line of CSV.
func readRow(row []string) (l Line, err error) {
	cells := l.cells()
	if len(row) != len(cells) {
		return l, fmt.Errorf("it has %d cells and not %d", len(row), len(cells))
	}
	for i, c := range cells {
		if err := c.set(row[i]); err != nil {
			return l, err
		}
	}
	return l, nil
}
