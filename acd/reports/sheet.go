package reports

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/orchestrator/calendar"
	"github.com/operadora/operadora/orchestrator/fault"
)

// SheetQuery asks for the control sheet of a queue, or of a campaign.
type SheetQuery struct {
	Queue, Campaign string    // one of them
	Day             time.Time // a moment of it
	Zone            *time.Location
	Interval        time.Duration
}

// Sheet is a control sheet: how a queue served its callers on one day, or what became of a
// campaign's calls, by interval, by agent and by number, each with the same total.
type Sheet struct {
	Queue, Campaign string
	Name            acd.Texts // of the queue
	Query           figures.Query
	Parts           []SheetPart
}

// SheetPart is a part of a control sheet.
type SheetPart struct {
	Name  string
	Title acd.Texts
	Table figures.Table
}

// sheetPart is a part that a control sheet has.
type sheetPart struct {
	name  string
	title acd.Texts
	by    figures.Dimension
}

var (
	byInterval = sheetPart{"intervals", acd.Texts{"en": "By interval", "es": "Por intervalo"}, figures.ByInterval}
	byAgent    = sheetPart{"agents", acd.Texts{"en": "By agent", "es": "Por agente"}, figures.ByAgent}
)

// sheetParts are those of every control sheet, by the report that it is made of.
var sheetParts = map[string][]sheetPart{
	"service":   {byInterval, byAgent, {"numbers", acd.Texts{"en": "By number called", "es": "Por número marcado"}, figures.ByDID}},
	"campaigns": {byInterval, byAgent, {"numbers", acd.Texts{"en": "By number shown", "es": "Por número mostrado"}, figures.ByDID}},
}

// Sheet makes the control sheet of a queue, or of a campaign, and day.
func (r Reporter) Sheet(ctx context.Context, q SheetQuery) (Sheet, error) {
	const op = "reports.Sheet"
	name, of, id := "service", "queue", q.Queue
	if q.Campaign != "" {
		name, of, id = "campaigns", "campaign", q.Campaign
	}
	switch {
	case id == "":
		return Sheet{}, fault.E(op, fault.Invalid, &figures.Wrong{Field: "queue", Why: "or a campaign is needed"})
	case q.Queue != "" && q.Campaign != "":
		return Sheet{}, fault.E(op, fault.Invalid, &figures.Wrong{Field: "campaign", Value: q.Campaign, Why: "a sheet is of a queue or of a campaign, not of both"})
	}
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	from, to := calendar.DayOf(q.Day.In(q.Zone))
	asked := Query{Query: figures.Query{From: from, To: to, Zone: q.Zone, Interval: q.Interval, Queue: q.Queue, Campaign: q.Campaign}}
	report, err := figures.Find(name)
	if err != nil {
		return Sheet{}, err
	}
	if asked.Query, err = report.Check(asked.Query); err == nil {
		err = asked.check()
	}
	if err != nil {
		return Sheet{}, fault.E(op, fault.Invalid, err)
	}
	day, err := r.read(ctx, asked, r.Now(), report.Of)
	if err != nil {
		return Sheet{}, err
	}
	day.Join(asked.Repeat)
	queue, known := directoryOf(r.Definitions()).queues[q.Queue]
	known = known || r.Campaigns != nil && slices.Contains(r.Campaigns(), q.Campaign)
	s := Sheet{Queue: q.Queue, Campaign: q.Campaign, Name: queue.Name, Query: asked.Query}
	for _, p := range sheetParts[name] {
		by := asked.Query
		by.By = []figures.Dimension{p.by}
		table, err := report.Make(day, by)
		if err != nil {
			return Sheet{}, fault.E(op, fault.Invalid, err)
		}
		s.Parts = append(s.Parts, SheetPart{Name: p.name, Title: p.title, Table: table})
	}
	if !known && s.Parts[0].Table.Total == (figures.Tally{}) {
		return Sheet{}, fault.E(op, fault.NotFound, &figures.Wrong{Field: of, Value: id, Why: "is not defined, and had no call that day"})
	}
	return s, nil
}

// document is the sheet for people and spreadsheets. Pages have the important columns alone.
func (s Sheet) document(brief bool) document {
	doc := document{title: acd.Texts{"en": "Control sheet", "es": "Planilla de control"}, explains: &s.Parts[0].Table,
		facts: []fact{{titles[string(figures.ByQueue)], s.Queue, nil},
			{acd.Texts{"en": "Day", "es": "Día"}, s.Query.From.In(s.Query.Zone).Format(time.DateOnly), nil},
			{acd.Texts{"en": "Time zone", "es": "Zona horaria"}, s.Query.Zone.String(), nil}},
		signed: []acd.Texts{{"en": "Prepared by", "es": "Elaboró"}, {"en": "Reviewed by", "es": "Revisó"}}}
	if s.Campaign != "" {
		doc.facts[0] = fact{titles[string(figures.ByCampaign)], s.Campaign, nil}
	}
	if len(s.Name) > 0 {
		doc.facts[0].text = fmt.Sprintf("%s (%s)", s.Name.In("es"), s.Queue)
		doc.facts[0].texts = s.Name
	}
	for _, p := range s.Parts {
		doc.parts = append(doc.parts, tablePart(p.Name, p.Title, p.Table, brief))
	}
	return doc
}
