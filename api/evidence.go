package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// ExportEvidence implements StrictServerInterface. It streams.
func (s operations) ExportEvidence(ctx context.Context, r ExportEvidenceRequestObject) (ExportEvidenceResponseObject, error) {
	p := r.Params
	format := cmp.Or(evidence.Format(given(p.Format)), evidence.JSON)
	write, err := s.Campaigns.Evidence(ctx, r.Campaign, p.From, given(p.To), format, s.heard)
	if err != nil {
		return nil, err
	}
	if err := s.auditFirst(ctx, "campaign.evidence", r.Campaign, askerOf(ctx).request.URL.RawQuery); err != nil {
		return nil, err
	}
	return streamed(func(w http.ResponseWriter) error {
		kind := "application/x-ndjson"
		if format == evidence.CSV {
			kind = "text/csv; charset=utf-8; header=present"
		}
		w.Header().Set(echo.HeaderContentType, kind)
		w.Header().Set(echo.HeaderContentDisposition, `attachment; filename="evidence-`+r.Campaign+`.`+string(format)+`"`)
		sum, err := write(s.streamWriter(w))
		if err != nil {
			return err
		}
		s.auditLive(ctx, "campaign.evidence_sum", r.Campaign, sum) // by which a file is known again
		return nil
	}), nil
}

// heard is what somebody heard for whom no agent was there, as far as it is on record still.
func (s *Server) heard(ctx context.Context, call string) (h evidence.Heard, err error) {
	c, entries, err := s.Records.Contact(ctx, call)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return h, nil
	}
	h.Path = c.Path
	for _, e := range entries {
		if e.Type != orchestrator.EntryCallMessage {
			continue
		}
		var d struct {
			State      string   `json:"state"`
			Sounds     []string `json:"sounds"`
			AnsweredMS int64    `json:"answered_ms"`
		}
		if json.Unmarshal(e.Data, &d) != nil {
			continue // what cannot be read says nothing
		}
		h.State, h.Sounds = d.State, d.Sounds
		if h.At.IsZero() {
			h.At = e.At
			if c.AnsweredAt > 0 { // it may have been found out later
				h.At = time.UnixMilli(c.AnsweredAt + d.AnsweredMS).UTC()
			}
		}
	}
	return h, err
}
