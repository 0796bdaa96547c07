package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// How much one request removes.
const (
	soundsAtOnce = 100
	callsAtOnce  = 1000
	// failuresAtOnce is how many recordings are passed over that cannot be deleted.
	failuresAtOnce = 1000
)

// Keep is how long calls are kept, sound and records; 0 is for ever.
type Keep struct{ Recordings, Records time.Duration }

// removal is what is to be removed of a queue, a campaign, a number, or of what no other is about.
type removal struct {
	sounds, calls records.Old // a zero Before is none
	remove        func(context.Context, []string) error
}

// ApplyRetention implements StrictServerInterface.
func (s operations) ApplyRetention(ctx context.Context, r ApplyRetentionRequestObject) (ApplyRetentionResponseObject, error) {
	list, err := s.removals(ctx, r.Body.Number)
	if err != nil {
		return nil, err
	}
	out := wire.Retention{DryRun: r.Body.DryRun, Items: []wire.RetentionItem{}}
	if !r.Body.DryRun {
		action, object := "retention.apply", "queues"
		if r.Body.Number != "" {
			action, object = "number.erase", orchestrator.MaskNumber(r.Body.Number) // nothing is ever removed from the log
		}
		if err := s.auditFirst(ctx, action, object, ""); err != nil {
			return nil, err
		}
		if r.Body.Number != "" {
			for _, n := range s.Callers.Numbers(r.Body.Number) {
				if err := s.Callers.ForgetCaller(ctx, n); err != nil {
					return nil, err
				}
			}
		}
	}
	if r.Body.Number != "" {
		if out.Leads, err = s.eraseLeads(ctx, r.Body.Number, r.Body.DryRun); err != nil {
			return nil, err
		}
		n, err := s.Records.CountRecent(ctx, list[0].calls)
		if err != nil {
			return nil, err
		}
		out.Recent = &wire.RecentCalls{Calls: n, KeepJournalMS: s.JournalKept.Milliseconds()}
	}
	for _, x := range list {
		item := wire.RetentionItem{Queue: x.sounds.Queue, Campaign: x.sounds.Campaign}
		if err := s.count(ctx, x, &item); err != nil {
			return nil, err
		}
		if !r.Body.DryRun {
			more, err := s.apply(ctx, x, &item)
			if err != nil {
				return nil, err
			}
			out.More = out.More || more
		}
		out.Items = append(out.Items, item)
	}
	return ApplyRetention200JSONResponse(out), nil
}

// eraseLeads removes a number from the lists of leads, unless it is held.
func (s operations) eraseLeads(ctx context.Context, number string, dry bool) (*wire.ErasedLeads, error) {
	holds, err := s.Records.LegalHolds(ctx)
	if err != nil {
		return nil, err
	}
	forms := s.Callers.Numbers(number)
	held := slices.ContainsFunc(holds, func(h records.LegalHold) bool { return slices.Contains(forms, h.Number) })
	e, err := s.Leads.Erase(ctx, number, dry || held)
	return &wire.ErasedLeads{Held: held, Leads: e.Leads, Rejects: e.Rejects, Files: e.Files, Busy: e.Busy}, err
}

// removals says what is kept no longer. A campaign that says how long is asked about its calls,
// then their queue, then what holds for all others. What may still come back from the journal is kept.
func (s operations) removals(ctx context.Context, number string) ([]removal, error) {
	settled := s.Now().Add(-s.JournalKept)
	if number != "" {
		o := records.Old{Numbers: s.Callers.Numbers(number), Before: settled}
		return []removal{{sounds: o, calls: o, remove: s.Records.Anonymise}}, nil
	}
	d, err := s.Definitions.Definitions(ctx)
	if err != nil {
		return nil, err
	}
	var out []removal
	var claims records.Claims
	add := func(of records.Old, keep Keep) {
		before := func(keep time.Duration) records.Old {
			o := of
			if keep > 0 {
				o.Before = s.Now().Add(-keep)
				if o.Before.After(settled) {
					o.Before = settled
				}
			}
			return o
		}
		x := removal{sounds: before(keep.Recordings), calls: before(keep.Records), remove: s.Records.RemoveCalls}
		if x.calls.Before.After(x.sounds.Before) {
			x.sounds = x.calls // sound goes with its records at the latest
		}
		if !x.sounds.Before.IsZero() {
			out = append(out, x)
		}
	}
	for _, c := range s.Campaigns.Campaigns() {
		if keep := (Keep{c.KeepRecordings, c.KeepRecords}); keep != (Keep{}) {
			add(records.Old{Campaign: c.ID}, keep)
			claims.Campaigns = append(claims.Campaigns, c.ID)
		}
	}
	ofCampaigns := records.Claims{Campaigns: claims.Campaigns}
	for _, q := range d.Queues {
		if keep := (Keep{length(q.KeepRecordingsMS), length(q.KeepRecordsMS)}); keep != (Keep{}) {
			add(records.Old{Queue: q.ID, But: ofCampaigns}, keep)
			claims.Queues = append(claims.Queues, q.ID)
		}
	}
	add(records.Old{But: claims}, s.Keep)
	return out, nil
}

// count says how much there is to be removed.
func (s operations) count(ctx context.Context, x removal, item *wire.RetentionItem) (err error) {
	if item.Recordings, _, item.Held, err = s.Records.CountOld(ctx, x.sounds); err != nil || x.calls.Before.IsZero() {
		return err
	}
	_, item.Calls, _, err = s.Records.CountOld(ctx, x.calls)
	return err
}

// apply removes a portion; more tells that there is another.
func (s operations) apply(ctx context.Context, x removal, item *wire.RetentionItem) (more bool, err error) {
	if more, err = s.removeSounds(ctx, x.sounds, item); err != nil {
		return false, err
	}
	if x.calls.Before.IsZero() {
		return more, nil
	}
	calls, err := s.Records.OldCalls(ctx, x.calls, callsAtOnce)
	if err != nil {
		return false, err
	}
	if err := x.remove(ctx, calls); err != nil {
		return false, err
	}
	item.RemovedCalls = int64(len(calls))
	return more || len(calls) == callsAtOnce, nil
}

// removeSounds deletes a portion of sound. What cannot be deleted stands in nobody's way.
func (s operations) removeSounds(ctx context.Context, o records.Old, item *wire.RetentionItem) (more bool, err error) {
	for item.RemovedRecordings < soundsAtOnce && item.Failed < failuresAtOnce {
		list, err := s.Records.OldRecordings(ctx, o, int(item.Failed), soundsAtOnce)
		if err != nil || len(list) == 0 {
			return false, err
		}
		for _, rec := range list {
			if err := s.deleteSound(ctx, rec, askerOf(ctx).who.Name); err != nil {
				s.log.WarnContext(ctx, "a recording that is kept no longer was not deleted", "recording", rec.ID, "pbx", rec.PBX, "error", err)
				item.Failed++
				continue
			}
			item.RemovedRecordings++
		}
	}
	return item.RemovedRecordings > 0, nil
}

// ListHolds implements StrictServerInterface.
func (s operations) ListHolds(ctx context.Context, _ ListHoldsRequestObject) (ListHoldsResponseObject, error) {
	list, err := s.Records.LegalHolds(ctx)
	return ListHolds200JSONResponse{Items: each(list, holdView)}, err
}

// oneNumber is the form in which calls of a number are on record. One that is somebody's
// in each of two countries of our PBXs must be written out.
func (s operations) oneNumber(text string) (string, error) {
	forms := s.numbers(text)
	switch len(forms) {
	case 0, 1:
		return text, nil
	case 2:
		return forms[1], nil
	}
	return "", fault.New("api.PlaceHold", fault.Invalid, "number: %q is %s: write it with + and country code", text, strings.Join(forms[1:], " and "))
}

// PlaceHold implements StrictServerInterface.
func (s operations) PlaceHold(ctx context.Context, r PlaceHoldRequestObject) (PlaceHoldResponseObject, error) {
	number, err := s.oneNumber(r.Body.Number)
	if err != nil {
		return nil, err
	}
	h := records.LegalHold{Call: r.Body.Call, Number: number, Why: r.Body.Why, By: askerOf(ctx).who.Name}
	object := h.Call
	if object == "" {
		object = orchestrator.MaskNumber(h.Number)
	}
	if err := s.auditFirst(ctx, "hold.place", object, h.Why); err != nil {
		return nil, err
	}
	if h, err = s.Records.PlaceHold(ctx, h); err != nil {
		return nil, err
	}
	n, err := s.Records.CountHeld(ctx, h.ID)
	out := holdView(h)
	out.Calls = &n
	return PlaceHold200JSONResponse(out), err
}

// ReleaseHold implements StrictServerInterface.
func (s operations) ReleaseHold(ctx context.Context, r ReleaseHoldRequestObject) (ReleaseHoldResponseObject, error) {
	if err := s.auditFirst(ctx, "hold.release", r.Hold, ""); err != nil {
		return nil, err
	}
	return ReleaseHold204Response{}, s.Records.ReleaseHold(ctx, r.Hold)
}

func holdView(h records.LegalHold) wire.LegalHold {
	return wire.LegalHold{ID: h.ID, Call: h.Call, Number: h.Number, Why: h.Why, By: h.By, PlacedAt: h.At.In(time.UTC)}
}
