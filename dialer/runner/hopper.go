package runner

import (
	"context"
	"slices"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator/fault"
)

// hopper are leads of a list of a campaign that may be called now. It is the owner's alone,
// and filled anew from the database by the next: what it has is nowhere else marked.
type hopper struct {
	of     campaign.List
	n      int64 // the list's number; 0 before it was read
	filter *leads.Filter
	behind int64 // the last of the fresh leads that was looked at
	day    int   // of the year, on which it was begun: a filter may choose others the next
	look   time.Time
	ready  []leadstore.Candidate // in the order in which they are called
	in     map[int64]bool        // those of ready
	fault  string                // why nothing can be read of it, "" for nothing
}

const (
	// hopperLow is below how many leads a hopper is filled, and hopperFull how many it gets:
	// some seconds of dialling at the highest rate.
	hopperLow  = 100
	hopperFull = 400
	// pagesAtOnce bounds how many leads are looked at before the journal is read again.
	pagesAtOnce = 4
	// nobodyYet is when a list is looked at again that has no lead that is due: leads that come
	// in by another process are not told of.
	nobodyYet = 30 * time.Second
	// again is when a lead is looked at that nothing but somebody's change would let be called.
	again = 24 * time.Hour
)

// fill fills the hoppers of campaigns that run.
func (t *term) fill(ctx context.Context, now time.Time) error {
	for _, a := range t.on {
		if !a.open {
			continue
		}
		for i, h := range a.hoppers {
			if len(h.ready) >= hopperLow || h.look.After(now) {
				continue
			}
			before := len(h.ready)
			err := t.fillOne(ctx, a.c, h, now)
			if fault.KindOf(err) == fault.NotFound && err != nil || fault.KindOf(err) == fault.Invalid && err != nil {
				if h.fault != fault.Text(err) {
					t.Log.WarnContext(ctx, "a list cannot be called", "campaign", a.c.ID, "list", h.of.List, "error", err)
				}
				h.fault, h.look = fault.Text(err), now.Add(nobodyYet)
				continue
			}
			if err != nil {
				return err
			}
			h.fault = ""
			if len(h.ready) != before {
				t.tellLeads(a, i)
			}
		}
	}
	return nil
}

func (t *term) tellLeads(a *active, segment int) {
	t.pacer.Observe(pacing.Event{At: t.Now(), Kind: pacing.LeadsLeft, Campaign: a.index, Segment: segment, Value: float64(len(a.hoppers[segment].ready))})
}

// fillOne fills a hopper: with those who are due, appointments first, then with those who were
// never looked at. What is not called is put on record with its reason.
func (t *term) fillOne(ctx context.Context, c *campaign.Campaign, h *hopper, now time.Time) error {
	if h.filter == nil {
		list, err := t.Store.BareList(ctx, h.of.List)
		if err != nil {
			return err
		}
		h.n = list.Number()
		if h.filter, err = leads.NewFilter(h.of.Filter, list.Fields); err != nil {
			return err
		}
	}
	if day := now.YearDay(); day != h.day {
		h.day, h.behind = day, 0
	}
	due, err := t.Store.Due(ctx, c.ID, h.of.List, hopperFull)
	if err != nil {
		return err
	}
	if err := t.sift(ctx, c, h, due, now, true); err != nil {
		return err
	}
	all := false // the fresh ones were looked at
	for range pagesAtOnce {
		if len(h.ready) >= hopperFull || all {
			break
		}
		fresh, last, err := t.Store.Fresh(ctx, c.ID, h.of.List, h.behind, hopperFull)
		if err != nil {
			return err
		}
		all, h.behind = len(fresh) == 0, last
		if err := t.sift(ctx, c, h, fresh, now, false); err != nil {
			return err
		}
	}
	slices.SortStableFunc(h.ready, func(a, b leadstore.Candidate) int { return campaign.Before(readyOf(a), readyOf(b)) })
	if !all || len(due) == hopperFull { // there is more to look at, once there is room
		h.look = now
		if len(h.ready) < hopperLow {
			h.look = now.Add(time.Millisecond)
		}
		return nil
	}
	next, err := t.Store.NextDue(ctx, c.ID, h.of.List, now) // those that were due are in the hopper, or were put off
	h.look = now.Add(nobodyYet)
	if !next.IsZero() && next.Before(h.look) {
		h.look = next
	}
	return err
}

// lookAtLists has lists looked at at once: a lead's attempt is over.
func (t *term) lookAtLists() {
	for _, a := range t.on {
		for _, h := range a.hoppers {
			h.look = time.Time{}
		}
	}
}

func readyOf(l leadstore.Candidate) campaign.Ready {
	r := campaign.Ready{Tried: len(l.As.Attempts) > 0, Place: l.ID}
	switch {
	case l.As.Appointment != nil:
		r.Appointment, r.Since = true, l.As.Appointment.At
	case r.Tried:
		r.Since = l.As.Attempts[len(l.As.Attempts)-1].At
	}
	return r
}

// sift takes those who may be called now into a hopper, and puts the others on record. Of
// the fresh ones those that the filter does not choose are passed over: another day it may.
func (t *term) sift(ctx context.Context, c *campaign.Campaign, h *hopper, list []leadstore.Candidate, now time.Time, due bool) error {
	var looks []leadstore.Look
	for _, l := range list {
		if h.in[l.ID] || l.Calling {
			continue
		}
		if !h.filter.Chooses(l.Lead, now) {
			if due {
				looks = append(looks, passedOver(l, now))
			}
			continue
		}
		d, _ := judge(c, t.Gate, l, now)
		if d.Number == "" {
			looks = append(looks, lookOf(l, d, now))
			continue
		}
		h.ready = append(h.ready, l)
		h.in[l.ID] = true
	}
	if len(looks) == 0 {
		return nil
	}
	return t.Store.Place(ctx, t.n, c.ID, looks)
}

// passedOver says of a lead that the filter does not choose it.
func passedOver(l leadstore.Candidate, now time.Time) leadstore.Look {
	return leadstore.Look{Lead: l.ID, List: l.List.Number(), Due: now.Add(again), Reason: reasonFilter}
}

// lookOf is why a lead is not called, and when it is looked at again.
func lookOf(l leadstore.Candidate, d campaign.Decision, now time.Time) leadstore.Look {
	out := leadstore.Look{Lead: l.ID, List: l.List.Number(), Due: d.At, Finished: d.Finished, Reason: name(why(d))}
	if out.Due.IsZero() || out.Due.After(now.Add(again)) { // what hinders may be taken away
		out.Due = now.Add(again)
	}
	return out
}
