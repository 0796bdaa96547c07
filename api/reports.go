package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/orchestrator/records"
)

// serviceRow is a line of the service report: the parts and every formula.
type serviceRow struct {
	records.ServiceFigures
	Waiting  int64                        `json:"waiting"` // of those who entered in the interval, still in the queue
	Formulas map[records.Formula]*float64 `json:"formulas"`
}

// serviceReport is the service report. Total sums the parts first, then computes.
type serviceReport struct {
	ThresholdSeconds float64      `json:"threshold_seconds"`
	ShortSeconds     float64      `json:"short_seconds"`
	Items            []serviceRow `json:"items"`
	Total            serviceRow   `json:"total"`
}

const defaultThreshold, defaultShort = 20, 5 // seconds

func (s *Server) reportService(c echo.Context) error {
	q := queryOf(c, "from", "to", "queue", "interval", "threshold", "short")
	threshold, short := defaultThreshold, defaultShort
	if q.values.Has("threshold") {
		threshold = q.number("threshold", 0, 86_400)
	}
	if q.values.Has("short") {
		short = q.number("short", 0, 86_400)
	}
	f := records.ServiceFilter{From: q.time("from"), To: q.time("to"), Queue: q.text("queue"),
		Interval:  time.Duration(q.number("interval", 1, 525_600)) * time.Minute,
		Threshold: time.Duration(threshold) * time.Second, Short: time.Duration(short) * time.Second}
	if f.To.IsZero() {
		f.To = s.Now()
	}
	if f.From.IsZero() {
		q.fail(invalid("from", "is missing"))
	}
	if q.err != nil {
		return q.err
	}
	list, err := s.Records.Service(c.Request().Context(), f)
	if err != nil {
		return err
	}
	r := serviceReport{ThresholdSeconds: f.Threshold.Seconds(), ShortSeconds: f.Short.Seconds(), Items: []serviceRow{}}
	total := records.ServiceFigures{Queue: f.Queue, From: f.From.UnixMilli(), To: f.To.UnixMilli()}
	for _, x := range list {
		r.Items = append(r.Items, serviceRow{x, x.Waiting(), x.Formulas()})
		total = total.Add(x)
	}
	r.Total = serviceRow{total, total.Waiting(), total.Formulas()}
	return c.JSON(http.StatusOK, r)
}

func (s *Server) getDefinitions(c echo.Context) error {
	d, err := s.Definitions.Definitions(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, d.filled())
}
