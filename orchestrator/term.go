package orchestrator

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// term is the Sink of one PBX under one lease.
type term struct {
	*driver
	ctx    context.Context // of the term; its goroutines end with it
	wg     sync.WaitGroup
	parked []*loop      // adopted, not yet compared with the PBX; only the PBX's goroutine touches it
	epoch  string       // of the PBX at the last connection; only the PBX's goroutine touches it
	phones []*phoneNews // by hash of the endpoint, so that one phone's states stay in order
}

// newTerm loads the live calls of the store. They run from the first Connected on.
func newTerm(ctx context.Context, d *driver, live []Call) *term {
	t := &term{driver: d, ctx: ctx}
	for range phoneWorkers {
		t.phones = append(t.phones, newPhoneNews())
	}
	for _, c := range live {
		if t.eng.prepare != nil && len(c.Flow) > 0 {
			if err := t.eng.prepare(ctx, c.Flow); err != nil {
				t.log.WarnContext(ctx, "the flow of an adopted call is not to be had; the call goes to its error edge", "call", c.Call, "error", err)
			}
		}
		t.parked = append(t.parked, t.newLoop(c))
	}
	return t
}

func (t *term) newLoop(c Call) *loop {
	l := &loop{eng: t.eng, drv: t.driver, box: newMailbox(), id: c.Call, channel: c.Channel, call: c, log: t.log.With("call", c.Call)}
	t.eng.add(l)
	t.mu.Lock()
	t.byChannel[c.Channel] = c.Call
	t.mu.Unlock()
	return l
}

func (t *term) start(l *loop) {
	t.wg.Go(func() {
		l.run(t.ctx)
		t.eng.remove(l.id)
		t.mu.Lock()
		delete(t.byChannel, l.channel)
		t.mu.Unlock()
	})
}

// forget removes what never started, when the PBX could not be reached during the whole term.
func (t *term) forget() {
	for _, l := range t.parked {
		t.eng.remove(l.id)
	}
	t.mu.Lock()
	clear(t.byChannel)
	t.mu.Unlock()
}

// callOf finds the call that an id belongs to.
func (t *term) callOf(id string) string {
	if c := CallOf(id); c != "" {
		return c
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byChannel[id]
}

// Event implements Sink.
func (t *term) Event(e Event) {
	if e.Kind == EventDevice {
		t.phones[maphash.String(phoneSeed, e.Endpoint)%phoneWorkers].put(e)
		return
	}
	id := e.Channel
	switch e.Kind {
	case EventPlayed:
		id = e.Playback
	case EventRecorded:
		id = e.Recording
	case EventEntered, EventRinging, EventEnded, EventLeft, EventDigit, EventDevice: // these name a channel, or none
	}
	if call := t.callOf(id); call != "" && t.eng.post(call, input{Kind: inEvent, Event: e}) {
		return
	}
	if e.Kind == EventEntered {
		t.stranger(e.Channel, ChannelTruth{Up: e.Up, Entered: true, Args: e.Args, DID: e.DID, Caller: e.Caller}, e.Language)
		return
	}
	t.eng.metrics.stray.WithLabelValues(string(e.Kind)).Inc()
}

// stranger handles a channel that belongs to no live call: a new call, or a leftover.
func (t *term) stranger(channel string, v ChannelTruth, language string) {
	if Ours(channel) {
		t.clean(func(ctx context.Context) error { return t.pbx.Hangup(ctx, channel, CauseNormal) }, "channel", channel)
		return
	}
	if !v.Entered || len(v.Args) == 0 {
		return
	}
	kind := CallKind(v.Args[0])
	if kind != KindInbound && kind != KindFeature {
		t.log.Warn("a call with an unknown purpose was handed over; it goes back to the dialplan", "purpose", v.Args[0])
		t.clean(func(ctx context.Context) error { return t.pbx.Continue(ctx, channel, DialplanPlace{}) }, "channel", channel)
		return
	}
	if v.DID == "" && len(v.Args) > 1 {
		v.DID = v.Args[1]
	}
	now := t.eng.now()
	c := Call{
		CallSummary: CallSummary{Call: newCallID(now), PBX: t.pbx.Name(), Kind: kind, DID: v.DID,
			Caller: CleanParty(v.Caller), Language: language, StartedAt: now.UnixMilli()},
		State: StateArriving, Channel: channel,
	}
	if v.Up {
		c.AnsweredAt = now.UnixMilli()
	}
	l := t.newLoop(c)
	l.box.post(input{Kind: inArrive, Arrival: Arrival{Call: c.Call, PBX: c.PBX, DID: c.DID, Kind: kind,
		Args: v.Args[1:], Caller: c.Caller, Language: language, Answered: v.Up}})
	t.start(l)
}

// clean removes a leftover beside the event flow.
func (t *term) clean(do func(context.Context) error, key, id string) {
	t.wg.Go(func() {
		if err := do(t.ctx); err != nil && fault.KindOf(err) != fault.NotFound {
			t.log.WarnContext(t.ctx, "a leftover could not be removed", key, id, "error", err)
		}
	})
}

// Connected implements Sink: every call is compared with the truth, calls
// nobody knew begin, and leftovers are removed.
func (t *term) Connected(_ string, truth Snapshot) {
	t.connected.Store(true)
	t.state("connected", "")
	restarted := t.epoch != "" && t.epoch != truth.Epoch
	t.epoch = truth.Epoch
	fresh := t.parked
	t.parked = nil
	for _, l := range t.loops() {
		adopted := slices.Contains(fresh, l)
		l.box.post(input{Kind: inResync, Truth: truthOf(l, truth, adopted, restarted)})
		if adopted {
			t.start(l)
		}
	}
	t.strangers(truth)
	t.wg.Go(func() {
		t.watch(t.ctx)
		t.endOrphanOffers(t.ctx)
		if t.eng.greet != nil {
			t.eng.greet(t.ctx, t.pbx.Name())
		}
	})
}

func (t *term) loops() []*loop {
	t.eng.mu.Lock()
	defer t.eng.mu.Unlock()
	var out []*loop
	for _, l := range t.eng.calls {
		if l.drv == t.driver {
			out = append(out, l)
		}
	}
	return out
}

// truthOf cuts out of a snapshot what concerns one call. The far leg is found
// by its id, which carries the call's, since the call itself belongs to its goroutine.
func truthOf(l *loop, s Snapshot, adopted, restarted bool) callTruth {
	v := callTruth{At: s.ObservedAt, Adopted: adopted, Restarts: restarted}
	caller, id := l.channel, l.id
	if c, ok := s.Channels[caller]; ok {
		v.Caller = &c
	}
	v.Legs = map[string]ChannelTruth{}
	for ch, c := range s.Channels {
		if CallOf(ch) == id {
			v.Legs[ch] = c
		}
	}
	v.InBridge, v.Bridge = s.Bridges[bridgeID(id)]
	return v
}

// strangers begins calls that arrived unseen and removes what belongs to no live call.
func (t *term) strangers(truth Snapshot) {
	for ch, v := range truth.Channels {
		if call := t.callOf(ch); call == "" || !t.eng.has(call) {
			t.stranger(ch, v, "")
		}
	}
	for b := range truth.Bridges {
		if call := CallOf(b); call != "" && !t.eng.has(call) {
			t.clean(func(ctx context.Context) error { return t.pbx.DestroyBridge(ctx, b) }, "bridge", b)
		}
	}
}

// endOrphanOffers ends offers whose call did not outlive the process that held it.
func (t *term) endOrphanOffers(ctx context.Context) {
	offers, err := t.eng.dist.Standing(ctx, t.pbx.Name())
	if err != nil {
		t.log.WarnContext(ctx, "standing offers are unknown", "error", err)
		return
	}
	for _, o := range offers {
		if t.eng.has(o.Call) {
			continue // its call settles it, or its deadline does
		}
		if o.Answered {
			err = t.eng.dist.Finished(ctx, o, 0)
		} else {
			_, err = t.eng.dist.Failed(ctx, o, OfferCancelled)
		}
		if err != nil {
			t.log.WarnContext(ctx, "an orphaned offer could not be ended", "offer", o.ID, "error", err)
		}
	}
}

// Disconnected implements Sink.
func (t *term) Disconnected(_ string, err error) {
	t.connected.Store(false)
	t.state("disconnected", errText(err))
}

// state writes the connection's state to the journal, beside the event flow.
func (t *term) state(state, text string) {
	t.log.Info("pbx "+state, "error", text)
	raw, _ := json.Marshal(fields{"state": state, "error": text})
	e := Entry{Type: EntryPBXState, At: t.eng.now(), PBX: t.pbx.Name(), Data: raw}
	t.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), 2*time.Second) // also at the very end
		defer cancel()
		if err := t.eng.store.Append(ctx, e); err != nil {
			t.log.WarnContext(ctx, "journal", "error", err)
		}
	})
}
