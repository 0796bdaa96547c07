package api

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/acd/figures"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

// GetReport implements StrictServerInterface.
func (s operations) GetReport(ctx context.Context, r GetReportRequestObject) (GetReportResponseObject, error) {
	p := r.Params
	zone, err := zoneOf(given(p.TimeZone))
	if err != nil {
		return nil, err
	}
	q := reports.Query{Query: figures.Query{From: p.From, To: given(p.To), Zone: zone, Interval: length(given(p.IntervalMS)),
		Queue: given(p.Queue), Agent: given(p.Agent), Team: given(p.Team), DID: given(p.DID), Skill: given(p.Skill), Outcome: given(p.Outcome), Campaign: given(p.Campaign)},
		Threshold: lengthOf(p.ThresholdMS), Short: lengthOf(p.ShortMS), Repeat: time.Duration(given(p.RepeatDays)) * 24 * time.Hour}
	for d := range strings.SplitSeq(given(p.By), ",") {
		if d != "" {
			q.By = append(q.By, figures.Dimension(d))
		}
	}
	if err := s.ofTeam(askerOf(ctx).who, &q.Query); err != nil {
		return nil, err
	}
	if self, every := askerOf(ctx).own(); !every {
		if err := ofAgent(self, r.Report, &q.Query); err != nil {
			return nil, err
		}
	}
	table, err := s.Reports.Report(ctx, string(r.Report), q)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	switch given(p.Format) {
	case wire.ReportFormatCsv:
		err = reports.CSV(&out, table)
		return GetReport200TextCsvResponse{Body: &out, ContentLength: int64(out.Len())}, err
	case wire.ReportFormatXlsx:
		err = reports.Workbook(&out, table, cmp.Or(string(given(p.Language)), "en"))
		return GetReport200ApplicationVndOpenxmlformatsOfficedocumentSpreadsheetmlSheetResponse{Body: &out, ContentLength: int64(out.Len())}, err
	default:
		return GetReport200JSONResponse(reportView(table)), nil
	}
}

// ofAgent makes a report the agent's own, or refuses it.
func ofAgent(agent string, report wire.ReportName, q *figures.Query) error {
	switch {
	case report != wire.ReportNameAgents && report != wire.ReportNamePauses && report != wire.ReportNameOutcomes:
		return denied("an agent may have the reports agents, pauses and outcomes, of itself")
	case q.Agent != "" && q.Agent != agent:
		return denied("agent %s may have its own figures only", quoted(agent))
	}
	q.Agent = agent
	return nil
}

// ofTeam refuses a report that is not of the token's teams. A token of one team gets that team's.
func (s *Server) ofTeam(t records.Identity, q *figures.Query) error {
	switch {
	case !bound(t):
		return nil
	case q.Team == "" && q.Agent != "":
		return s.overAgent(t, q.Agent)
	case q.Team == "" && len(t.Teams) == 1:
		q.Team = t.Teams[0]
	case q.Team == "":
		return denied("%s is bound to %s: name one of them (team)", subject(t), teamsOf(t))
	case !slices.Contains(t.Teams, q.Team):
		return denied("%s is bound to %s, and not to team %s", subject(t), teamsOf(t), quoted(q.Team))
	}
	return nil
}

// leftOutTrailer says, behind a queue_log, what it does not have as it was brought in.
const leftOutTrailer = "Operadora-Left-Out"

// GetQueueLog implements StrictServerInterface. It streams.
func (s operations) GetQueueLog(ctx context.Context, r GetQueueLogRequestObject) (GetQueueLogResponseObject, error) {
	if err := s.auditFirst(ctx, "queue_log.export", "queue_log", askerOf(ctx).request.URL.RawQuery); err != nil {
		return nil, err
	}
	return streamed(func(w http.ResponseWriter) error {
		w.Header().Set(echo.HeaderContentType, "text/plain; charset=utf-8")
		w.Header().Set("Trailer", leftOutTrailer)
		left, err := s.Reports.QueueLog(ctx, s.streamWriter(w), r.Params.From, given(r.Params.To))
		if err == nil && left != (reports.LeftOut{}) {
			w.Header().Set(leftOutTrailer, fmt.Sprintf("calls=%d, states=%d", left.Calls, left.States))
		}
		return err
	}), nil
}

// zoneOf is the time zone that a request names, UTC when it names none.
func zoneOf(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name) // "" is UTC
	if err != nil || name == "Local" {
		return nil, wrong(wire.ProblemCodeNotOneOf, "time_zone", name, "%s is not a time zone such as America/Bogota", quoted(name))
	}
	return zone, nil
}

func length(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

func lengthOf(ms *int64) *time.Duration {
	if ms == nil {
		return nil
	}
	d := length(*ms)
	return &d
}

func reportView(t figures.Table) wire.Report {
	out := wire.Report{Report: wire.ReportName(t.Report.Name), From: t.Query.From, To: t.Query.To, TimeZone: t.Query.Zone.String(),
		By: []string{}, Rows: []wire.ReportRow{}}
	for _, d := range t.Query.By {
		out.By = append(out.By, string(d))
	}
	out.Columns = reportColumns(t.Report, "en")
	values := func(of *figures.Tally) wire.ReportValues {
		list := make(wire.ReportValues, len(t.Report.Measures))
		for i, m := range t.Report.Measures {
			list[i] = reports.Value(&m, of)
		}
		return list
	}
	for i := range t.Rows {
		out.Rows = append(out.Rows, wire.ReportRow{Keys: t.Rows[i].Keys, Values: values(&t.Rows[i].Tally)})
	}
	out.Total = values(&t.Total)
	return out
}

func reportColumns(r figures.Report, language string) []wire.ReportColumn {
	return each(r.Measures, func(m figures.Measure) wire.ReportColumn {
		return wire.ReportColumn{Name: m.Name, Title: wire.Texts(reports.Title(m.Name)), Unit: wire.ReportColumnUnit(m.Unit), Formula: m.Formula,
			Meaning: reports.In(language, m.Source), Brief: m.Brief}
	})
}

// ListReports implements StrictServerInterface.
func (s operations) ListReports(_ context.Context, r ListReportsRequestObject) (ListReportsResponseObject, error) {
	language := string(given(r.Params.Language))
	in := func(text string) string { return reports.In(language, text) }
	return ListReports200JSONResponse{Items: each(figures.Reports, func(r figures.Report) wire.ReportInfo {
		return wire.ReportInfo{Report: wire.ReportName(r.Name), Title: in(r.Title), Columns: reportColumns(r, language), Notes: each(r.Notes, in),
			By: each(r.By, func(d figures.Dimension) string { return string(d) }),
			Symbols: each(r.Symbols(), func(p figures.PartInfo) wire.ReportSymbol {
				return wire.ReportSymbol{Symbol: p.Symbol, Meaning: in(p.Text)}
			})}
	})}, nil
}
