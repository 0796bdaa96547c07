package runner

import (
	"context"
	"maps"
	"slices"
	"strings"
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
	// scans are how far the fresh leads were looked at: under allTrunks, those of trunks that have no
	// scan of their own. Trunks get one where their leads are passed over, because so many wait.
	scans     map[trunkSet]scan
	day       int // of the year, on which they were begun: a filter may choose others the next
	look      time.Time
	appointed time.Time             // when is looked for appointments, also while it is full
	ready     []leadstore.Candidate // in the order in which they are called
	in        map[int64]trunkSet    // those of ready
	fault     string                // why nothing can be read of it, "" for nothing
}

// trunkSet are the trunks over which a lead may be called: the names of their PBXs.
type trunkSet string

const allTrunks trunkSet = ""

func setOf(ways []campaign.Trunk) trunkSet {
	names := make([]string, len(ways))
	for i, x := range ways {
		names[i] = x.PBX
	}
	return trunkSet(strings.Join(names, " "))
}

// scan is how far fresh leads were looked at: those in the order in which they came, and then
// those that were changed.
type scan struct{ behind, changed int64 }

func newHopper(of campaign.List) *hopper {
	h := &hopper{of: of}
	h.empty()
	return h
}

// empty has the list read from its beginning.
func (h *hopper) empty() {
	h.filter, h.ready, h.in, h.scans, h.day = nil, nil, map[int64]trunkSet{}, map[trunkSet]scan{}, 0
	h.lookAgain()
}

// lookAgain has it filled at once, where there is room.
func (h *hopper) lookAgain() { h.look, h.appointed = time.Time{}, time.Time{} }

const (
	// hopperLow is below how many leads a hopper is filled, and hopperFull how many it gets:
	// some seconds of dialling at the highest rate.
	hopperLow  = 100
	hopperFull = 400
	// pagesAtOnce bounds how many leads are looked at before the journal is read again.
	pagesAtOnce = 4
	// nobodyYet is when a list is looked at again that has no lead that is due: leads and
	// appointments that come in by another process are not told of.
	nobodyYet = 30 * time.Second
	// again is when a lead is looked at that nothing but somebody's change would let be called.
	again = 24 * time.Hour
)

// line tells whether any of some trunks has one for a call.
func (a *active) line(t *term, of trunkSet) bool {
	for pbx := range strings.SplitSeq(string(of), " ") {
		if x := a.trunks[pbx]; x.up < x.Lines && t.opens(pbx) {
			return true
		}
	}
	return false
}

// wants tells for which trunks leads are looked for: those that have a line; nil is all, where
// all have one, or none. Those that wait for a line keep nobody waiting who may be called
// over another.
func (a *active) wants(t *term) func(trunkSet) bool {
	n := 0
	for pbx := range a.trunks {
		if a.line(t, trunkSet(pbx)) {
			n++
		}
	}
	if n == 0 || n == len(a.trunks) {
		return nil
	}
	return func(s trunkSet) bool { return a.line(t, s) }
}

// has is how many of its leads may be called over trunks for which some are looked for.
func (h *hopper) has(wants func(trunkSet) bool) (n int) {
	if wants == nil {
		return len(h.in)
	}
	for _, s := range h.in {
		if wants(s) {
			n++
		}
	}
	return n
}

// fill fills the hoppers of campaigns that run.
func (t *term) fill(ctx context.Context, now time.Time) error {
	for _, a := range t.on {
		if !a.open {
			continue
		}
		t.countTrunks(a)
		wants := a.wants(t)
		for i, h := range a.hoppers {
			if h.appointed.After(now) && (h.look.After(now) || h.has(wants) >= hopperLow) {
				continue
			}
			before := len(h.ready)
			err := t.fillOne(ctx, a.c, h, wants, now)
			if fault.KindOf(err) == fault.NotFound && err != nil || fault.KindOf(err) == fault.Invalid && err != nil {
				if h.fault != fault.Text(err) {
					t.Log.WarnContext(ctx, "a list cannot be called", "campaign", a.c.ID, "list", h.of.List, "error", err)
				}
				h.empty()
				h.fault, h.look, h.appointed = fault.Text(err), now.Add(nobodyYet), now.Add(nobodyYet)
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

// fillOne fills a hopper: with those whose appointments are due, however many it has; and while
// there is room with those who are due, and with those who were never looked at. What is not
// called is put on record with its reason.
func (t *term) fillOne(ctx context.Context, c *campaign.Campaign, h *hopper, wants func(trunkSet) bool, now time.Time) error {
	if h.filter == nil {
		list, err := t.Store.List(ctx, h.of.List)
		if err != nil {
			return err
		}
		h.n = list.Number()
		if h.filter, err = leads.NewFilter(h.of.Filter, list.Fields); err != nil {
			return err
		}
	}
	if !h.appointed.After(now) {
		if err := t.fillAppointed(ctx, c, h, now); err != nil {
			return err
		}
	}
	if !h.look.After(now) && h.has(wants) < hopperLow {
		if err := t.fillRoom(ctx, c, h, wants, now); err != nil {
			return err
		}
	}
	slices.SortStableFunc(h.ready, func(a, b leadstore.Candidate) int { return campaign.Before(readyOf(a), readyOf(b)) })
	return nil
}

// fillAppointed takes in those whose appointments are due. Who was in already is there with it.
func (t *term) fillAppointed(ctx context.Context, c *campaign.Campaign, h *hopper, now time.Time) error {
	due, next, err := t.Store.Appointed(ctx, c.ID, h.of.List, hopperFull)
	if err != nil {
		return err
	}
	for _, l := range due {
		h.drop(l.ID)
	}
	h.appointed = now.Add(nobodyYet)
	if !next.IsZero() && next.Before(h.appointed) {
		h.appointed = next
	}
	_, err = t.sift(ctx, c, h, due, now, true, func(trunkSet) bool { return true })
	return err
}

func (h *hopper) drop(id int64) {
	if _, in := h.in[id]; in {
		delete(h.in, id)
		h.ready = slices.DeleteFunc(h.ready, func(l leadstore.Candidate) bool { return l.ID == id })
	}
}

// fillRoom takes in those who are due and those who were never looked at, while there is room.
func (t *term) fillRoom(ctx context.Context, c *campaign.Campaign, h *hopper, wants func(trunkSet) bool, now time.Time) error {
	if day := now.YearDay(); day != h.day {
		h.day, h.scans = day, map[trunkSet]scan{allTrunks: {}}
	}
	atOnce := hopperFull + len(h.ready) // which are among them
	due, err := t.Store.Due(ctx, c.ID, h.of.List, atOnce)
	if err != nil {
		return err
	}
	done, err := t.sift(ctx, c, h, due, now, true, func(s trunkSet) bool { return wants == nil || wants(s) || h.count(s) < hopperFull })
	if err != nil {
		return err
	}
	whole := true
	for _, s := range slices.Backward(slices.Sorted(maps.Keys(h.scans))) { // allTrunks is the last
		if s == allTrunks || wants == nil || wants(s) {
			end, err := t.fillFresh(ctx, c, h, s, wants, now)
			if err != nil {
				return err
			}
			whole = whole && end
		}
	}
	switch {
	case h.has(wants) >= hopperLow:
		h.look = now // once there is room
		return nil
	case !whole, len(due) == atOnce && done > 0: // there is more to look at
		h.look = now.Add(time.Millisecond)
		return nil
	}
	next, err := t.Store.NextDue(ctx, c.ID, h.of.List, now) // those that were due are in the hopper, or were put off
	h.look = now.Add(nobodyYet)
	if !next.IsZero() && next.Before(h.look) {
		h.look = next
	}
	return err
}

// fillFresh goes on with a scan of fresh leads, and tells whether it has come to the end.
func (t *term) fillFresh(ctx context.Context, c *campaign.Campaign, h *hopper, of trunkSet, wants func(trunkSet) bool, now time.Time) (end bool, err error) {
	for range pagesAtOnce {
		if h.has(wants) >= hopperFull {
			return false, nil
		}
		at := h.scans[of]
		takes := func(s trunkSet) bool { return s == of }
		if of == allTrunks {
			for _, s := range h.in {
				if _, own := h.scans[s]; !own && wants != nil && !wants(s) && h.count(s) >= hopperFull {
					h.scans[s] = at
				}
			}
			takes = func(s trunkSet) bool { _, own := h.scans[s]; return !own }
		}
		fresh, last, err := t.Store.Fresh(ctx, c.ID, h.of.List, at.behind, hopperFull)
		if err != nil {
			return false, err
		}
		if last == at.behind {
			if fresh, last, err = t.Store.FreshAgain(ctx, c.ID, h.of.List, at.changed, hopperFull); err != nil || last == at.changed {
				return true, err
			}
			at.changed = last
		} else {
			at.behind = last
		}
		h.scans[of] = at
		if _, err := t.sift(ctx, c, h, fresh, now, false, takes); err != nil {
			return false, err
		}
	}
	return false, nil
}

// count is how many of its leads have these trunks.
func (h *hopper) count(of trunkSet) int { return h.has(func(s trunkSet) bool { return s == of }) }

// lookAtLists has lists looked at at once: a lead's attempt is over.
func (t *term) lookAtLists() {
	for _, a := range t.on {
		for _, h := range a.hoppers {
			h.lookAgain()
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

// sift takes those who may be called now into a hopper, if it takes leads of their trunks, puts
// those who may not on record, and tells how many it had to do with. Of the fresh ones those that
// the filter does not choose are passed over: another day it may.
func (t *term) sift(ctx context.Context, c *campaign.Campaign, h *hopper, list []leadstore.Candidate, now time.Time, due bool, takes func(trunkSet) bool) (done int, err error) {
	var looks []leadstore.Look
	for _, l := range list {
		if _, in := h.in[l.ID]; in || l.Calling {
			continue
		}
		if !h.filter.Chooses(l.Lead, now) {
			if due {
				looks = append(looks, passedOver(l, now))
			}
			continue
		}
		d, ways := judge(c, t.Gate, l, now)
		if d.Number == "" {
			looks = append(looks, lookOf(l, d, now))
			continue
		}
		if s := setOf(ways); takes(s) {
			h.ready = append(h.ready, l)
			h.in[l.ID] = s
			done++
		}
	}
	if len(looks) == 0 {
		return done, nil
	}
	return done + len(looks), t.Store.Place(ctx, t.n, c.ID, looks)
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
