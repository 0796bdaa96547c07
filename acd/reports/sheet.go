package reports

import (
	"context"
	"fmt"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/fault"
)

// SheetQuery asks for a queue's control sheet.
type SheetQuery struct {
	Queue    string
	Day      time.Time // a moment of it
	Zone     *time.Location
	Interval time.Duration
}

// Sheet is a queue's control sheet: how it served its callers on one day, by interval, by
// agent and by number, each with the same total.
type Sheet struct {
	Queue string
	Name  acd.Texts // of the queue
	Query figures.Query
	Parts []SheetPart
}

// SheetPart is a part of a control sheet.
type SheetPart struct {
	Name  string
	Title acd.Texts
	Table figures.Table
}

// sheetParts are those of every control sheet.
var sheetParts = []struct {
	name  string
	title acd.Texts
	by    figures.Dimension
}{
	{"intervals", acd.Texts{"en": "By interval", "es": "Por intervalo"}, figures.ByInterval},
	{"agents", acd.Texts{"en": "By agent", "es": "Por agente"}, figures.ByAgent},
	{"numbers", acd.Texts{"en": "By number called", "es": "Por número marcado"}, figures.ByDID},
}

// Sheet makes the control sheet of a queue and day.
func (r Reporter) Sheet(ctx context.Context, q SheetQuery) (Sheet, error) {
	const op = "reports.Sheet"
	if q.Queue == "" {
		return Sheet{}, fault.E(op, fault.Invalid, &figures.Wrong{Field: "queue", Why: "is needed"})
	}
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	from, to := calendar.DayOf(q.Day.In(q.Zone))
	asked := Query{Query: figures.Query{From: from, To: to, Zone: q.Zone, Interval: q.Interval, Queue: q.Queue}}
	report, err := figures.Find("service")
	if err != nil {
		return Sheet{}, err
	}
	if asked.Query, err = report.Check(asked.Query); err == nil {
		err = asked.check()
	}
	if err != nil {
		return Sheet{}, fault.E(op, fault.Invalid, err)
	}
	day, err := r.read(ctx, asked, r.Now(), figures.OfCalls)
	if err != nil {
		return Sheet{}, err
	}
	day.Join(asked.Repeat)
	queue, known := directoryOf(r.Definitions()).queues[q.Queue]
	s := Sheet{Queue: q.Queue, Name: queue.Name, Query: asked.Query}
	for _, p := range sheetParts {
		by := asked.Query
		by.By = []figures.Dimension{p.by}
		table, err := report.Make(day, by)
		if err != nil {
			return Sheet{}, fault.E(op, fault.Invalid, err)
		}
		s.Parts = append(s.Parts, SheetPart{Name: p.name, Title: p.title, Table: table})
	}
	if !known && s.Parts[0].Table.Total[figures.Offered] == 0 {
		return Sheet{}, fault.E(op, fault.NotFound, &figures.Wrong{Field: "queue", Value: q.Queue, Why: "is not defined, and nobody called it that day"})
	}
	return s, nil
}

// document is the sheet for people and spreadsheets. Pages have the important columns alone.
func (s Sheet) document(brief bool) document {
	doc := document{title: acd.Texts{"en": "Control sheet", "es": "Planilla de control"}, explains: &s.Parts[0].Table,
		facts: []fact{{acd.Texts{"en": "Queue", "es": "Cola"}, s.Queue, nil},
			{acd.Texts{"en": "Day", "es": "Día"}, s.Query.From.In(s.Query.Zone).Format(time.DateOnly), nil},
			{acd.Texts{"en": "Time zone", "es": "Zona horaria"}, s.Query.Zone.String(), nil}},
		signed: []acd.Texts{{"en": "Prepared by", "es": "Elaboró"}, {"en": "Reviewed by", "es": "Revisó"}}}
	if len(s.Name) > 0 {
		doc.facts[0].text = fmt.Sprintf("%s (%s)", s.Name.In("es"), s.Queue)
		doc.facts[0].texts = s.Name
	}
	for _, p := range s.Parts {
		doc.parts = append(doc.parts, tablePart(p.Name, p.Title, p.Table, brief))
	}
	return doc
}
