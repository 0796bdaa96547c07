package runner

import (
	"context"
	"io"
	"time"

	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Evidence makes a file of how a campaign stood to the legal limit in a period, from what is
// on record; to is now at the latest. It is Invalid for a period that cannot be, and then
// nothing is written: write does that, and returns the file's sum.
func (r *Runner) Evidence(ctx context.Context, id string, from, to time.Time, format evidence.Format, heard func(context.Context, string) (evidence.Heard, error)) (write func(io.Writer) (sum string, err error), err error) {
	o, err := r.evidenceOf(ctx, id, from, to)
	if err != nil {
		return nil, err
	}
	o.Format, o.Heard = format, heard
	return func(w io.Writer) (string, error) { return evidence.Write(ctx, w, o, r.Store) }, nil
}

// evidenceOf is what evidence of a period is made of.
func (r *Runner) evidenceOf(ctx context.Context, id string, from, to time.Time) (o evidence.Order, err error) {
	c, err := r.Campaign(id)
	if err != nil {
		return o, err
	}
	runs, err := r.Store.Runs(ctx)
	if err != nil {
		return o, err
	}
	now := r.Now().UTC().Truncate(time.Millisecond)
	if to.IsZero() || to.After(now) {
		to = now
	}
	from, to = from.UTC().Truncate(pacing.LedgerPeriod), to.UTC().Truncate(time.Millisecond)
	switch {
	case !from.Before(to):
		return o, fault.New("", fault.Invalid, "from: %s is not before %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	case to.Sub(from) > longest:
		return o, fault.New("", fault.Invalid, "from: %s is more than %d days before %s", from.Format(time.RFC3339), int(longest.Hours()/24), to.Format(time.RFC3339))
	}
	return evidence.Order{Campaign: c, Began: runs[id].Began, From: from, To: to, Now: now}, nil
}
