package runner

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
)

const (
	// askEvery is how often the call of an attempt is asked for that is not known to be there.
	askEvery = 500 * time.Millisecond
	// begunWithin is for how long an attempt may be begun: who was judged then may be called
	// now. Longer than an order to begin a call may take.
	begunWithin = 20 * time.Second
	// lostAfter is when an attempt whose call nobody knows is given up: it was never dialled, or
	// what was known of it is lost.
	lostAfter = time.Minute
	// askAll is how often all calls and agents are asked for: news of them may be lost.
	askAll = time.Minute
)

// trunk is a trunk of a campaign, and how it is used.
type trunk struct {
	campaign.Trunk
	up   int         // attempts that are on their way, or talk; counted anew for each dialling
	last []time.Time // when the last attempts were begun, as many as a second may have
	rest time.Time   // nothing is begun before: the gate refused a call
}

// restOf is for how long nothing is begun over a trunk whose cap (outbound.max_calls) others have
// used up: nobody tells when they no longer do.
const restOf = 5 * time.Second

// room tells whether a call may be begun on it now.
func (x *trunk) room(now time.Time) bool {
	if x.up >= x.Lines || now.Before(x.rest) {
		return false
	}
	first := len(x.last) - x.PerSecond
	return first < 0 || now.Sub(x.last[first]) >= time.Second
}

func (x *trunk) take(now time.Time) {
	x.up++
	x.last = append(x.last, now)
	x.last = x.last[max(0, len(x.last)-x.PerSecond):]
}

// begun is what came of the order to make a call.
type begun struct {
	call    string
	refused bool // by the gate; the call's record tells
	err     error
}

// dial asks the pacer what to do, and does it.
func (t *term) dial(ctx context.Context, now time.Time) error {
	if !t.anyOpen() || now.Before(t.pacer.Next()) {
		t.showNow(now)
		return nil
	}
	d := t.pacer.Decide(now)
	busy := t.taken()
	for _, a := range t.on {
		t.countTrunks(a)
	}
	var plans []*flight
	for _, x := range d.Dials {
		a := t.on[x.Campaign]
		more, err := t.choose(ctx, a, x.Segment, x.Count, busy, now)
		if err != nil {
			return err
		}
		for range x.Count - len(more) {
			t.pacer.Observe(pacing.Event{At: now, Kind: pacing.CallRefused, Campaign: x.Campaign, Segment: x.Segment})
		}
		if len(more) < x.Count {
			t.tellLeads(a, x.Segment)
		}
		plans = append(plans, more...)
	}
	t.giveUp(ctx, d.Cancels)
	t.showNow(now)
	if len(plans) == 0 {
		return nil
	}
	attempts := make([]leadstore.Attempt, len(plans))
	for i, f := range plans {
		attempts[i] = f.Attempt
		if a := t.byID[f.Campaign]; !a.kept {
			if err := t.Store.KeepTerms(ctx, t.n, f.Campaign, now, evidence.TermsOf(a.c)); err != nil {
				return err
			}
			a.kept = true
		}
	}
	if err := t.Store.Plan(ctx, t.n, attempts); err != nil {
		return err
	}
	for _, f := range plans {
		t.flights[f.Call] = f
		t.doubt(f, now)
		t.make(ctx, f)
	}
	return nil
}

// choose takes leads out of a hopper, judges each as it is now, and makes attempts of those
// who may be called. Who may not be is put on record with the rule that refuses, in the
// journal too. Those whose trunks are full, or whose phone is busy with an attempt, stay where
// they are, and do not hold up those behind.
func (t *term) choose(ctx context.Context, a *active, segment, count int, busy taken, now time.Time) (out []*flight, err error) {
	h := a.hoppers[segment]
	var wait []leadstore.Candidate // each is looked at once: room comes when calls end, not here
	for len(out) < count && len(h.ready) > 0 && a.anyHand(t, busy, now) {
		var ids []int64
		for len(h.ready) > 0 && len(ids) < count-len(out) {
			l := h.ready[0]
			h.ready = h.ready[1:]
			if !a.line(t, h.in[l.ID]) {
				wait = append(wait, l)
				continue
			}
			if d, ways := judge(a.c, t.Gate, l, now); d.Number != "" {
				if way, _ := a.hand(t, d.Agent, ways, busy, now); busy.numbers[d.Number] || way == nil {
					wait = append(wait, l)
					continue
				}
			}
			ids = append(ids, l.ID)
			delete(h.in, l.ID)
		}
		if len(ids) == 0 {
			break
		}
		list, err := t.Store.Again(ctx, a.c.ID, h.of.List, ids)
		if fault.KindOf(err) == fault.NotFound && err != nil { // the list is gone: what fills the hopper tells
			h.empty()
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		var looks []leadstore.Look
		byID := map[int64]leadstore.Candidate{}
		for _, l := range list {
			byID[l.ID] = l
		}
		for _, id := range ids {
			l, there := byID[id]
			if !there || l.Calling {
				continue
			}
			if !h.filter.Chooses(l.Lead, now) { // any more
				looks = append(looks, passedOver(l, now))
				continue
			}
			d, ways := judge(a.c, t.Gate, l, now)
			way, agent := a.hand(t, d.Agent, ways, busy, now)
			switch {
			case d.Number == "":
				looks = append(looks, lookOf(l, d, now))
				t.refuse(ctx, a, l, d)
			case busy.numbers[d.Number] || busy.person(l) || way == nil:
				wait = append(wait, l)
				h.in[l.ID] = setOf(ways)
			default:
				way.take(now)
				f := &flight{segment: segment, Attempt: leadstore.Attempt{Call: call.NewID(now.UnixMilli(), rand.Reader), Campaign: a.c.ID, Lead: l.ID, List: l.List.Number(),
					N: campaign.Rung(l.As.Attempts, "") + 1, Agent: agent, Number: d.Number, Shown: d.CallerID, PBX: way.PBX, Appointment: d.Appointment, Planned: now}}
				f.brief = briefOf(a.c, l.Kept, d.Number)
				busy.take(f, l)
				out = append(out, f)
			}
		}
		if len(looks) > 0 {
			if err := t.Store.Place(ctx, t.n, a.c.ID, looks); err != nil {
				return nil, err
			}
		}
	}
	h.ready = append(wait, h.ready...)
	return out, nil
}

func (t *term) countTrunks(a *active) {
	for _, x := range a.trunks {
		x.up = 0
	}
	for _, f := range t.flights {
		if x := a.trunks[f.PBX]; x != nil && f.Campaign == a.c.ID {
			x.up++
		}
	}
}

// way is the trunk with the most room of those that may be taken; nil for none.
func (a *active) way(t *term, of []campaign.Trunk, now time.Time) (best *trunk) {
	for _, w := range of {
		x := a.trunks[w.PBX]
		if x.room(now) && t.opens(x.PBX) && (best == nil || x.Lines-x.up > best.Lines-best.up) {
			best = x
		}
	}
	return best
}

// refuse puts in the journal that a lead was about to be dialled, and by what rule it was not.
func (t *term) refuse(ctx context.Context, a *active, l leadstore.Candidate, d campaign.Decision) {
	r := why(d)
	t.metrics.refused.WithLabelValues(a.c.ID, string(r.Code)).Inc()
	t.tell(ctx, orchestrator.EntryCampaignRefused, map[string]any{"campaign": a.c.ID, "lead": strconv.FormatInt(l.ID, 10), "number": orchestrator.MaskNumber(r.Number), "reason": name(r), "text": r.Text["en"]})
}

// make has the engine make the call of an attempt that is on record.
func (t *term) make(ctx context.Context, f *flight) {
	a := t.byID[f.Campaign]
	if a == nil {
		return
	}
	f.asked = t.Now()
	if err := t.briefed(ctx, a.c, f); err != nil { // it is asked again
		t.Log.WarnContext(ctx, "the lead of an attempt cannot be read", "campaign", f.Campaign, "call", f.Call, "error", err)
		return
	}
	o := attemptOf(a.c, a.run.Began, f)
	t.metrics.attempts.WithLabelValues(f.Campaign).Inc()
	t.makers.Go(func() {
		b, err := t.Dialler.Attempt(ctx, f.PBX, o)
		select {
		case t.began <- begun{f.Call, b.Refusal != nil, err}:
		case <-ctx.Done():
		}
	})
}

// begun takes in what came of the order to make a call.
func (t *term) begun(b begun) {
	f := t.flights[b.call]
	if f == nil { // it is over already
		return
	}
	switch {
	case b.err != nil: // nobody knows: it is asked for again
	case b.refused: // the end of the call is told, too
		delete(t.doubts, f.Call)
	default:
		t.isThere(f)
	}
}

// isThere takes in that the call of an attempt is there.
func (t *term) isThere(f *flight) {
	delete(t.doubts, f.Call)
	f.launched, t.made[f.Call] = true, true
	switch {
	case f.Agent != "":
		t.leaveOut(f)
	case f.id == 0:
		t.observe(f, pacing.Event{Kind: pacing.CallLaunched})
	}
}

// doubt has the call of a flight asked for.
func (t *term) doubt(f *flight, since time.Time) { t.doubts[f.Call], f.since = f, since }

// doubtOld has the calls of those flights asked for that were not for a while.
func (t *term) doubtOld(now time.Time) {
	for id, f := range t.flights {
		if t.doubts[id] == nil && now.Sub(f.asked) >= askAll {
			t.doubt(f, now)
		}
	}
}

// askAgain asks for the calls of attempts that are not known to be there. The same id rings
// once, so the order may be repeated while it is good, the call was never there and the lead may
// still be called. One whose call stays nowhere is over: as what was seen of it.
func (t *term) askAgain(ctx context.Context, now time.Time) error {
	var news []leadstore.Settled
	var repeat []*flight
	missed := false // something that was told in the journal
	for id, f := range t.doubts {
		if now.Sub(f.asked) < askEvery {
			continue
		}
		f.asked = now
		k, err := t.Known(ctx, id)
		age := now.Sub(f.since)
		switch {
		case err != nil: // the store is away
		case k.Found && k.Ended:
			news = append(news, t.ended(f, k.CallSummary))
			t.over(f)
		case k.Found:
			was := f.stage()
			f.see(k)
			missed = missed || f.launched && was != f.stage()
			t.isThere(f)
		case age < begunWithin && !f.launched && now.Before(t.valid) && t.byID[f.Campaign] != nil && t.byID[f.Campaign].open && !f.refused:
			repeat = append(repeat, f)
		case age >= lostAfter:
			t.Log.WarnContext(ctx, "the call of an attempt is nowhere", "campaign", f.Campaign, "call", id, "dialled", f.launched)
			news = append(news, t.ended(f, orchestrator.CallSummary{Call: id, AnsweredAt: millis(f.Answered), ConnectedAt: millis(f.Connected), EndedAt: now.UnixMilli()}))
			t.over(f)
		}
	}
	if missed {
		t.resync(now)
	}
	if err := t.repeat(ctx, repeat, now); err != nil || len(news) == 0 {
		return err
	}
	t.lookAtLists()
	return t.Store.Settle(ctx, t.n, "", news)
}

// repeat orders calls of attempts again that are nowhere, of those whose leads may still be
// called. Where a lead's list was not read yet it is asked again.
func (t *term) repeat(ctx context.Context, all []*flight, now time.Time) error {
	of := map[*hopper][]*flight{}
	for _, f := range all {
		a := t.byID[f.Campaign]
		if i := a.segmentOf(f.List); i >= 0 && a.hoppers[i].filter != nil {
			of[a.hoppers[i]] = append(of[a.hoppers[i]], f)
		}
	}
	for h, some := range of {
		for part := range slices.Chunk(some, hopperFull) {
			a := t.byID[part[0].Campaign]
			ids := make([]int64, len(part))
			for i, f := range part {
				ids[i] = f.Lead
			}
			list, err := t.Store.Again(ctx, a.c.ID, h.of.List, ids)
			if err != nil && fault.KindOf(err) != fault.NotFound { // else there are no leads any more
				return err
			}
			byID := map[int64]leadstore.Candidate{}
			for _, l := range list {
				byID[l.ID] = l
			}
			for _, f := range part {
				l, there := byID[f.Lead]
				if f.refused = !there || !h.filter.Chooses(l.Lead, now) || !t.mayStill(ctx, a, l, f, now); !f.refused {
					t.make(ctx, f)
				}
			}
		}
	}
	return nil
}

// mayStill judges the lead of an attempt anew, and tells of a refusal.
func (t *term) mayStill(ctx context.Context, a *active, l leadstore.Candidate, f *flight, now time.Time) bool {
	d, may := judgeAgain(a.c, t.Gate, l, f.Attempt, now)
	if d.Number == "" {
		t.refuse(ctx, a, l, d)
	}
	return may
}

// judgeAgain judges the lead of an attempt anew, as if it had not been planned: at its number,
// over its trunk, for the appointment that it keeps.
func judgeAgain(c *campaign.Campaign, g Gate, l leadstore.Candidate, f leadstore.Attempt, now time.Time) (campaign.Decision, bool) {
	planned := f.Planned.UnixMilli()
	l.As.Numbers = slices.DeleteFunc(l.As.Numbers, func(n campaign.Number) bool { return n.Number != f.Number })
	l.As.Attempts = slices.DeleteFunc(l.As.Attempts, func(x campaign.Attempt) bool { return x.At.UnixMilli() == planned && x.Number == f.Number })
	l.As.Contacts = slices.DeleteFunc(l.As.Contacts, func(x compliance.Contact) bool { return x.At.UnixMilli() == planned && x.Number == f.Number })
	if f.Appointment {
		l.As.Appointment = &campaign.Appointment{At: f.Planned, Number: f.Number}
	}
	d, ways := judge(c, g, l, now)
	return d, slices.ContainsFunc(ways, func(x campaign.Trunk) bool { return x.PBX == f.PBX })
}

// giveUp ends phones that ring, which the pacer gives up.
func (t *term) giveUp(ctx context.Context, calls []pacing.CallID) {
	for _, id := range calls {
		for _, f := range t.flights {
			if f.id == id {
				t.end(ctx, f, "there are too few agents for the calls that ring")
			}
		}
	}
}

// end gives a phone up that rings; it must have rung for as long as the law demands.
func (t *term) end(ctx context.Context, f *flight, reason string) {
	t.makers.Go(func() {
		if err := t.Dialler.GiveUp(ctx, f.Call, "campaign:"+f.Campaign, reason); err != nil && fault.KindOf(err) != fault.Conflict {
			t.Log.DebugContext(ctx, "a call was not given up", "call", f.Call, "error", err)
		}
	})
}
