package reports

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/acd/story"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// LineKind is what a line of the log book is. The strings are those of the API.
type LineKind string

// Kinds of lines.
const (
	LineNote     LineKind = "note"     // somebody wrote it
	LineChange   LineKind = "change"   // somebody did something
	LineIncident LineKind = "incident" // operadora found it
)

// Line is a line of the log book.
type Line struct {
	At    time.Time
	Until time.Time // of what lasted; zero for what did not, or lasts still
	Kind  LineKind
	Code  string // of the journal or the audit log: pbx.state, agent.pause
	Who   string // a person, or the instance of operadora that tells
	Text  acd.Texts
	lasts bool // still
}

// Logbook is what happened on a shift that whoever comes next should know, and how the
// queues did.
type Logbook struct {
	Query  figures.Query // its span and zone
	Lines  []Line
	Queues figures.Table
}

// NoteAction is the action under which the audit log, from which nothing is ever removed,
// keeps what people write into the log book.
const NoteAction = "logbook.note"

// MostOfNote is the longest note, in bytes: what the audit log keeps of a text.
const MostOfNote = 1000

// mostLines bounds a log book.
const mostLines = 5000

// longestShift is the longest span of a log book.
const longestShift = 32 * 24 * time.Hour

// Logbook makes the log book of a span.
func (r Reporter) Logbook(ctx context.Context, from, to time.Time, zone *time.Location) (Logbook, error) {
	const op = "reports.Logbook"
	q := Query{Query: figures.Query{From: from, To: to, Zone: zone}}
	if q.To.IsZero() {
		q.To = r.Now()
	}
	if q.To.Sub(q.From) > longestShift && !q.From.IsZero() {
		return Logbook{}, fault.E(op, fault.Invalid, &figures.Wrong{Field: "from", Value: from.Format(time.RFC3339), Why: fmt.Sprintf("is more than %d days before to", int(longestShift.Hours()/24))})
	}
	var err error
	l := &logbook{to: q.To, away: map[string]int{}, drives: map[string]string{}}
	if l.Queues, err = r.Report(ctx, "service", q); err != nil {
		return Logbook{}, err
	}
	l.Query = l.Queues.Query
	if err := r.Records.Connections(ctx, q.From, q.To, l.pbx); err != nil {
		return Logbook{}, err
	}
	// What began in the shift may be told of after it.
	err = r.Records.Entries(ctx, q.From, q.To.Add(afterwards), []orchestrator.EntryType{orchestrator.EntrySystem, orchestrator.EntryCallSupervised}, l.entry)
	if err != nil {
		return Logbook{}, err
	}
	l.Lines = slices.DeleteFunc(l.Lines, func(x Line) bool {
		return !x.At.Before(q.To) || x.At.Before(q.From) && !x.lasts && !x.Until.After(q.From)
	})
	err = r.Records.Deeds(ctx, q.From, q.To, aside, mostLines+1, func(a records.AuditLine) { l.Lines = append(l.Lines, deed(a)) })
	if err != nil {
		return Logbook{}, err
	}
	if len(l.Lines) > mostLines {
		return Logbook{}, fault.E(op, fault.Invalid, &figures.Wrong{Field: "from", Value: from.Format(time.RFC3339), Why: fmt.Sprintf("gives %d lines, and %d is the most", len(l.Lines), mostLines)})
	}
	for i := range l.Lines {
		l.Lines[i].finish()
	}
	slices.SortStableFunc(l.Lines, func(a, b Line) int { return a.At.Compare(b.At) })
	return l.Logbook, nil
}

// logbook is one that is being made.
type logbook struct {
	Logbook
	to     time.Time
	away   map[string]int    // PBX -> its line, while it is away
	drives map[string]string // PBX -> the instance that has the connection
}

// finish says how long it lasted.
func (x *Line) finish() {
	more := acd.Texts{}
	switch d := x.Until.Sub(x.At); {
	case x.lasts:
		more = acd.Texts{"en": ", and is so still", "es": ", y sigue así"}
	case !x.Until.IsZero() && d > 0:
		more = acd.Texts{"en": ", for " + clock(d), "es": ", durante " + clock(d)}
	}
	if len(more) > 0 {
		x.Text = acd.Texts{"en": x.Text["en"] + more["en"], "es": x.Text["es"] + more["es"]}
	}
}

func (l *logbook) add(at, until time.Time, code, who, en, es string) {
	l.Lines = append(l.Lines, Line{At: at, Until: until, Kind: LineIncident, Code: code, Who: who, Text: acd.Texts{"en": en, "es": es}})
}

// entry takes what the journal tells.
func (l *logbook) entry(e orchestrator.Entry) {
	if e.Type == orchestrator.EntryCallSupervised {
		l.supervised(e)
		return
	}
	var s orchestrator.SystemEvent
	if json.Unmarshal(e.Data, &s) != nil {
		return
	}
	code := string(e.Type) + "." + string(s.What)
	at, until := e.At, time.Time{}
	if s.Since > 0 {
		at, until = time.UnixMilli(s.Since).UTC(), e.At
	}
	who := cmp.Or(s.By, s.Instance)
	switch s.What {
	case orchestrator.SystemStarted:
		l.add(at, until, code, who, "operadora started", "operadora arrancó")
	case orchestrator.SystemStopped:
		l.add(at, until, code, who, "operadora stopped", "operadora se detuvo")
	case orchestrator.SystemDefinitions:
		if len(s.Changes) == 0 {
			l.add(at, until, code, who, "definitions were put in force", "se pusieron en vigor definiciones")
			break
		}
		var en, es []string
		for _, x := range s.Changes {
			text := story.Change(x)
			en, es = append(en, text["en"]), append(es, text["es"])
		}
		l.add(at, until, code, who, "other definitions are in force: "+strings.Join(en, "; "), "rigen otras definiciones: "+strings.Join(es, "; "))
	case orchestrator.SystemHealed:
		l.add(at, until, code, who, "put right at PBX "+e.PBX+": "+counted(s.Counts, "en"), "corregido en la PBX "+e.PBX+": "+counted(s.Counts, "es"))
	case orchestrator.SystemStoreAway:
		l.add(at, until, code, who, "Redis did not answer", "Redis no respondió")
	case orchestrator.SystemRecordsAway:
		l.add(at, until, code, who, "the database did not answer", "la base de datos no respondió")
	case orchestrator.SystemRewound:
		n := s.Counts["lost"]
		l.add(at, until, code, who, fmt.Sprintf("Redis came back without its last writes: %d entries at most", n), fmt.Sprintf("Redis volvió sin sus últimas escrituras: %d entradas como máximo", n))
	default:
		l.add(at, until, code, who, string(s.What), string(s.What))
	}
}

// counted lists counts by what they are of.
func counted(counts map[string]int, language string) string {
	var out []string
	for what, n := range counts {
		out = append(out, fmt.Sprintf("%s %d", story.Healed(what).In(language), n))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// pbx takes a connection's coming and going. Another instance that has it is a failover.
func (l *logbook) pbx(e orchestrator.Entry) {
	var s struct{ State, Error, Instance string }
	if json.Unmarshal(e.Data, &s) != nil {
		return
	}
	code := string(e.Type)
	if s.State != "connected" {
		if !e.At.Before(l.to) {
			return
		}
		if _, away := l.away[e.PBX]; !away {
			l.away[e.PBX] = len(l.Lines)
			l.add(e.At, time.Time{}, code, s.Instance, "PBX "+e.PBX+" was away"+because(s.Error), "la PBX "+e.PBX+" no estuvo conectada"+because(s.Error))
			l.Lines[len(l.Lines)-1].lasts = true
		}
		return
	}
	if i, away := l.away[e.PBX]; away {
		l.Lines[i].Until, l.Lines[i].lasts = e.At, false
		delete(l.away, e.PBX)
	}
	if before := l.drives[e.PBX]; before != "" && s.Instance != "" && before != s.Instance {
		l.add(e.At, time.Time{}, code, s.Instance, "PBX "+e.PBX+" was taken over from "+before, "la PBX "+e.PBX+" se tomó de "+before)
	}
	l.drives[e.PBX] = cmp.Or(s.Instance, l.drives[e.PBX])
}

func because(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// supervised takes a supervisor who listens from the own phone. What is asked of the API is on
// the audit log.
func (l *logbook) supervised(e orchestrator.Entry) {
	var s struct{ Supervisor, Mode, State, By string }
	if json.Unmarshal(e.Data, &s) != nil || s.State != "asked" || !strings.HasPrefix(s.By, "agent:") {
		return
	}
	line := deed(records.AuditLine{At: e.At, Who: s.Supervisor, Action: "call.supervise", Object: e.Call, Detail: s.Mode})
	l.Lines = append(l.Lines, line)
}

// aside is what of the audit log is no change that others should know: what is only read, and
// what agents do for themselves. To listen to somebody is not that.
var aside = records.Aside{
	Actions: []string{"recording.play", "recording.download", "contacts.export", "queue_log.export", "import.rejects"},
	Role:    "agent", But: []string{NoteAction, "call.supervise", "call.leave"},
}

// deed is a line of the audit log as one of the log book.
func deed(a records.AuditLine) Line {
	who, _, _ := strings.Cut(a.Who, " (") // without the token's id
	line := Line{At: a.At, Kind: LineChange, Code: a.Action, Who: who}
	if a.Action == NoteAction {
		line.Kind, line.Text = LineNote, acd.Texts{"en": a.Detail, "es": a.Detail}
		return line
	}
	line.Text = story.Deed(a.Action, a.Object, a.Detail)
	return line
}

// kindWords are kinds of lines for people.
var kindWords = map[LineKind]acd.Texts{LineNote: {"en": "note", "es": "nota"}, LineChange: {"en": "change", "es": "cambio"},
	LineIncident: {"en": "incident", "es": "incidente"}}

// KindText says what kind a line is.
func (x Line) KindText() acd.Texts { return kindWords[x.Kind] }

// LineColumns are the columns of the log book, as Title has them.
var LineColumns = []string{"at", "kind", "who", "what"}

// Write writes the log book.
func (l Logbook) Write(w io.Writer, f Format, language string, now time.Time) error {
	at := func(t time.Time) string { return t.In(l.Query.Zone).Format("2006-01-02 15:04:05") }
	lines := part{name: "lines", title: acd.Texts{"en": "What happened", "es": "Novedades"}}
	for _, name := range LineColumns {
		lines.columns = append(lines.columns, column{name, Title(name)})
	}
	for _, x := range l.Lines {
		lines.rows = append(lines.rows, []cell{{text: at(x.At)}, {texts: x.KindText()}, {text: x.Who}, {texts: x.Text}})
	}
	doc := document{title: acd.Texts{"en": "Log book", "es": "Bitácora"},
		facts: []fact{{acd.Texts{"en": "From", "es": "Desde"}, at(l.Query.From), nil}, {acd.Texts{"en": "To", "es": "Hasta"}, at(l.Query.To), nil},
			{acd.Texts{"en": "Time zone", "es": "Zona horaria"}, l.Query.Zone.String(), nil}},
		parts:  []part{lines, tablePart("queues", acd.Texts{"en": "Queues", "es": "Colas"}, l.Queues, f == FormatHTML)},
		signed: []acd.Texts{{"en": "Hands over", "es": "Entrega"}, {"en": "Takes over", "es": "Recibe"}}, explains: &l.Queues}
	return doc.write(w, f, language, now.In(l.Query.Zone))
}
