package api

import (
	"context"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/records"
)

const defaultThreshold, defaultShort = 20_000, 5_000 // milliseconds

// GetServiceReport implements StrictServerInterface. The total sums the parts
// first, then computes.
func (s operations) GetServiceReport(ctx context.Context, r GetServiceReportRequestObject) (GetServiceReportResponseObject, error) {
	p := r.Params
	threshold, short := orElse(p.ThresholdMS, defaultThreshold), orElse(p.ShortMS, defaultShort)
	f := records.ServiceFilter{From: p.From, To: given(p.To), Queue: given(p.Queue), Interval: length(given(p.IntervalMS)),
		Threshold: length(threshold), Short: length(short)}
	if f.To.IsZero() {
		f.To = s.Now()
	}
	list, err := s.Records.Service(ctx, f)
	if err != nil {
		return nil, err
	}
	total := records.ServiceFigures{Queue: f.Queue, From: f.From.UnixMilli(), To: f.To.UnixMilli()}
	for _, x := range list {
		total = total.Add(x)
	}
	return GetServiceReport200JSONResponse{ThresholdMS: threshold, ShortMS: short, Items: each(list, serviceRow), Total: serviceRow(total)}, nil
}

func length(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// serviceRow is a line of the service report: the parts and every formula.
func serviceRow(x records.ServiceFigures) wire.ServiceRow {
	f := x.Formulas()
	millis := func(name records.Formula) *float64 {
		if f[name] == nil {
			return nil
		}
		ms := *f[name] * 1000
		return &ms
	}
	return wire.ServiceRow{Queue: x.Queue, From: wire.At(x.From), To: wire.At(x.To), Offered: x.Offered, Answered: x.Answered,
		AnsweredWithin: x.AnsweredWithin, Abandoned: x.Abandoned, AbandonedWithin: x.AbandonedWithin, AbandonedShort: x.AbandonedShort,
		Flowed: x.Flowed, Waiting: x.Waiting(), WaitAnsweredMS: x.WaitAnsweredMS, WaitAbandonedMS: x.WaitAbandonedMS,
		WaitAllMS: x.WaitAllMS, TalkMS: x.TalkMS, LongestWaitMS: x.LongestWaitMS,
		Formulas: wire.ServiceFormulas{SlAnswered: f[records.SLOfAnswered], SlWithAbandons: f[records.SLWithAbandons],
			SlStrict: f[records.SLStrict], SlShortExcluded: f[records.SLShortExcluded], SlLateAbandons: f[records.SLLateAbandons],
			SlOffered: f[records.SLOfOffered], AbandonRate: f[records.AbandonRate], AsaMS: millis(records.ASASeconds),
			AbandonMS: millis(records.AbandonSeconds), WaitMS: millis(records.MeanWaitSeconds), TalkMS: millis(records.MeanTalkSeconds)}}
}

// GetDefinitions implements StrictServerInterface.
func (s operations) GetDefinitions(ctx context.Context, _ GetDefinitionsRequestObject) (GetDefinitionsResponseObject, error) {
	d, err := s.Definitions.Definitions(ctx)
	return GetDefinitions200JSONResponse(filled(d)), err
}

// ReloadDefinitions implements StrictServerInterface.
func (s operations) ReloadDefinitions(ctx context.Context, _ ReloadDefinitionsRequestObject) (ReloadDefinitionsResponseObject, error) {
	s.auditLive(ctx, "definitions.reload", "definitions", "")
	r, err := s.Definitions.Reload(ctx)
	r.Changes, r.Warnings = list(r.Changes), list(r.Warnings)
	return ReloadDefinitions200JSONResponse(r), err
}
