package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/life"
)

// sweepEvery is how often calls, offers and what the PBX has are compared.
const sweepEvery = 30 * time.Second

// sweepAll heals, again and again, what nothing else did. In a healthy run it
// finds nothing: whatever it sees once may be on its way, so only what is still
// there the next time is healed.
func (v *driving) sweepAll(ctx context.Context) {
	var s suspicions
	for life.Sleep(ctx, sweepEvery) {
		if !v.connected.Load() || v.valid.passed(v.eng.clock.steady()) {
			s = suspicions{}
			continue
		}
		s = v.sweep(ctx, s)
	}
}

// suspicions are what one sweep saw that should not be.
type suspicions struct {
	held     map[string]bool // what the distributor holds and no call claims, and the other way round
	live     map[string]bool // calls that the store has and we do not
	lost     map[string]bool // calls of which the store has an older state
	channels map[string]bool // channels that we have and the PBX does not, and the other way round; sides out of place
}

func (v *driving) sweep(ctx context.Context, before suspicions) suspicions {
	after := suspicions{held: map[string]bool{}, live: map[string]bool{}, lost: map[string]bool{}, channels: map[string]bool{}}
	v.sweepDistributor(ctx, before, after)
	v.sweepStore(ctx, before, after)
	v.sweepPBX(ctx, before, after)
	v.sweepLines(ctx)
	v.tellMended() //nolint:contextcheck // what is told at the very end is told, too
	return after
}

// tellMended has whoever is on duty know what was put right since the last sweep.
func (v *driving) tellMended() {
	v.mendmu.Lock()
	mended := v.mended
	v.mended = nil
	v.mendmu.Unlock()
	if len(mended) > 0 {
		v.tell(orchestrator.EntrySystem, orchestrator.SystemEvent{What: orchestrator.SystemHealed, Instance: v.eng.owner.Instance, Counts: mended})
	}
}

// healed counts and tells what was put right.
func (v *driving) healed(ctx context.Context, what, id string, counts bool, err error) {
	if err != nil {
		if ctx.Err() == nil {
			v.log.WarnContext(ctx, "could not be put right", "what", what, "id", id, "error", err)
		}
		return
	}
	if counts {
		v.eng.metrics.healed.WithLabelValues(what).Inc()
		v.mendmu.Lock()
		if v.mended == nil {
			v.mended = map[string]int{}
		}
		v.mended[what]++
		v.mendmu.Unlock()
		v.log.WarnContext(ctx, "put right", "what", what, "id", id)
	}
}

// sweepDistributor lets the distributor mend what a store that lost something
// left behind, and compares what it holds with what the calls claim.
func (v *driving) sweepDistributor(ctx context.Context, before, after suspicions) {
	mended, err := v.eng.dist.Heal(ctx, v.pbx.Name())
	if err != nil || mended > 0 {
		v.healed(ctx, "distributor", v.pbx.Name(), true, err)
	}
	claimed := map[string]bool{}
	loops := v.eng.loops(v)
	for _, l := range loops {
		for offer := range l.shown.Load().offers {
			claimed[offer] = true
		}
	}
	held, ok := v.endOrphans(ctx, func(key string, o *orchestrator.Offer, live bool) bool {
		if live && (o == nil || !o.Answered || claimed[o.ID]) {
			return false // its call settles it, or its deadline does
		}
		after.held[key] = true
		return before.held[key]
	}, true)
	if !ok {
		return
	}
	for _, queue := range held.Deserted { // the notice may have been lost, or came before its callers were taken up
		v.deserted(queue)
	}
	answered := map[string]bool{}
	for _, o := range held.Offers {
		answered[o.ID] = o.Answered
	}
	lost := func(l *loop, what, id string) {
		key := fmt.Sprint("lost ", what, " ", l.id, " ", id)
		after.held[key] = true
		if before.held[key] {
			l.post(call.Input{Kind: call.InLost})
			v.healed(ctx, what, l.id, true, nil)
		}
	}
	for _, l := range loops {
		c := l.shown.Load()
		if at, there := held.Waiting[l.id]; c.waiting != 0 && (!there || at != c.waiting) {
			lost(l, "place", strconv.Itoa(c.waiting))
		}
		for offer, talks := range c.offers {
			if talks && !answered[offer] {
				lost(l, "agent", offer)
			}
		}
	}
}

// sweepStore compares the live calls of the store with ours. After a failover
// it may have ended calls again, and older states of those that go on.
func (v *driving) sweepStore(ctx context.Context, before, after suspicions) {
	began := v.eng.clock.steady()
	live, err := v.eng.store.Live(ctx, v.pbx.Name())
	if err != nil {
		return // the next time
	}
	stored := map[string]int64{}
	for _, r := range live {
		stored[r.ID] = r.Rev
		if v.eng.has(r.ID) {
			continue
		}
		after.live[r.ID] = true
		if before.live[r.ID] {
			v.returned(ctx, r)
		}
	}
	for _, l := range v.eng.loops(v) {
		rev := l.rev.Load()
		if rev == 0 || stored[l.id] >= rev || l.committed.after(began.Add(-time.Second)) {
			continue
		}
		after.lost[l.id] = true
		if before.lost[l.id] {
			l.post(call.Input{Kind: call.InLost})
			v.healed(ctx, "call", l.id, true, nil)
		}
	}
}

// returned ends a call once more that the store has forgotten to have ended, or
// takes one up that nobody holds.
func (v *driving) returned(ctx context.Context, r orchestrator.Record) {
	if e, ok := v.ended.get(r.ID); ok && e.record.Rev >= r.Rev {
		e.record.Rev = max(e.record.Rev, r.Rev) + 1
		v.healed(ctx, "ended call", r.ID, true, v.eng.store.Commit(ctx, v.lease, e.record, e.entries))
		return
	}
	truth, err := v.pbx.Snapshot(ctx)
	if err != nil {
		return
	}
	if l := v.adopt(ctx, r); l != nil {
		l.post(call.Input{Kind: call.InCompare, Truth: truthOf(l, truth, ownedBy(truth), true, false)})
		v.start(l)
		v.healed(ctx, "unheld call", r.ID, true, nil)
	}
}

// sweepPBX compares what the PBX has with the legs of our calls.
func (v *driving) sweepPBX(ctx context.Context, before, after suspicions) {
	truth, err := v.pbx.Snapshot(ctx)
	if err != nil {
		return
	}
	v.recordAway(ctx, truth)
	for ch, t := range truth.Channels {
		owner := v.callOf(ch)
		if owner != "" && v.eng.has(owner) || (owner == "" && (!t.Entered || len(t.Args) == 0)) {
			continue
		}
		after.channels[ch] = true
		if before.channels[ch] {
			v.unknown(ch, t, "", lateness(truth, t))
			v.healed(ctx, "channel", ch, true, nil)
		}
	}
	of := ownedBy(truth)
	v.sweepBridges(ctx, truth, of, before, after)
	for _, l := range v.eng.loops(v) {
		var missing []string
		for _, ch := range l.shown.Load().channels {
			if _, there := truth.Channels[ch]; !there {
				missing = append(missing, ch)
				after.channels["missing "+ch] = true
			}
		}
		if slices.ContainsFunc(missing, func(ch string) bool { return before.channels["missing "+ch] }) {
			l.post(call.Input{Kind: call.InCompare, Truth: truthOf(l, truth, of, false, false)})
			v.healed(ctx, "leg", l.id, true, nil)
			continue
		}
		place := l.shown.Load().place
		if !place.Wrong(truth.Bridges) {
			continue
		}
		key := fmt.Sprint("misplaced ", place)
		after.channels[key] = true
		if before.channels[key] {
			l.post(call.Input{Kind: call.InCompare, Truth: truthOf(l, truth, of, false, false)})
			v.healed(ctx, "room", l.id, true, nil)
		}
	}
}

// sweepBridges removes bridges that nobody claims: the order to remove one may have
// been given up.
func (v *driving) sweepBridges(ctx context.Context, truth orchestrator.Snapshot, of owned, before, after suspicions) {
	claimed := map[string]bool{}
	loops := map[string]*loop{}
	for _, l := range v.eng.loops(v) {
		loops[l.id] = l
		for _, b := range l.shown.Load().bridges {
			claimed[b] = true
		}
	}
	for owner, bridges := range of.bridges {
		for _, b := range bridges {
			if owner == "" || claimed[b] {
				continue
			}
			after.channels["bridge "+b] = true
			if !before.channels["bridge "+b] {
				continue
			}
			if l := loops[owner]; l != nil {
				l.post(call.Input{Kind: call.InCompare, Truth: truthOf(l, truth, of, false, false)})
			} else {
				v.leftover("bridge", b, func(ctx context.Context) error { return v.pbx.DestroyBridge(ctx, b) })
			}
			v.healed(ctx, "bridge", b, true, nil)
		}
	}
}

// endedKept is how long the end of a call is remembered, which is longer than
// what a failover of the store may lose; endedMost bounds how many are.
const (
	endedKept = 90 * time.Second
	endedMost = 5_000
)

// endedCalls are the last words on calls that ended lately, in case the store forgets them.
type endedCalls struct {
	mu    sync.Mutex
	byID  map[string]endedCall // guarded by mu
	order []string             // guarded by mu
}

type endedCall struct {
	record  orchestrator.Record
	entries []orchestrator.Entry
	at      time.Time
}

func newEndedCalls() *endedCalls { return &endedCalls{byID: map[string]endedCall{}} }

func (e *endedCalls) add(r orchestrator.Record, entries []orchestrator.Entry, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.byID[r.ID] = endedCall{r, entries, now}
	e.order = append(e.order, r.ID)
	for len(e.order) > endedMost || (len(e.order) > 0 && now.Sub(e.byID[e.order[0]].at) > endedKept) {
		delete(e.byID, e.order[0])
		e.order = e.order[1:]
	}
}

func (e *endedCalls) get(id string) (endedCall, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, ok := e.byID[id]
	return c, ok
}
