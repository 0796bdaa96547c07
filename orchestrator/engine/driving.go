package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/session"
)

// driving is one PBX under one lease: it receives what the PBX tells and holds
// the calls. It ends with the lease.
type driving struct {
	*driver
	ctx     context.Context // its goroutines end with it
	cancel  context.CancelCauseFunc
	lease   orchestrator.Lease // everything is stored under it; it never changes
	began   time.Time          // the lease was taken
	told    atomic.Int64       // which five seconds without proof were told of last, -1 for none
	valid   moment             // until when the lease is known to be ours
	heard   moment             // when the PBX last answered a command
	wg      sync.WaitGroup
	hands   *hands
	adopted []*loop      // not yet compared with the PBX; only the PBX's goroutine touches it
	epoch   string       // of the PBX at the last connection; only the PBX's goroutine touches it
	phones  []*phoneNews // by hash of the endpoint, so that one phone's states stay in order
	missing sync.Mutex   // held while connected turns true, and while the PBX, and its phones, are said to be away
	present *presence

	trunk   trunk
	opening sync.Mutex // held while a permanent line is begun

	mendmu sync.Mutex
	mended map[string]int // since the last sweep ended, by what; guarded by mendmu

	chmu      sync.Mutex
	byChannel map[string]string // channels that came in -> id of their call, or of the session of a line; guarded by chmu
}

var _ orchestrator.Sink = (*driving)(nil)

func newDriving(ctx context.Context, d *driver, lease orchestrator.Lease, asked time.Time, cancel context.CancelCauseFunc) *driving {
	v := &driving{driver: d, ctx: ctx, cancel: cancel, lease: lease, began: d.eng.clock.steady(), hands: newHands(), present: newPresence(), byChannel: map[string]string{}}
	v.valid.set(asked.Add(d.eng.ttl)) // not from now: reading the calls may have taken longer than the lease
	v.told.Store(-1)
	for range phoneWorkers {
		v.phones = append(v.phones, newPhoneNews())
	}
	return v
}

// load makes the loops of the calls that the store has. They run from the first
// connection on. One that cannot be read is set aside: its channels are treated
// as unknown, and so its customer begins anew.
func (v *driving) load(ctx context.Context, live []orchestrator.Record) {
	for _, r := range live {
		if l := v.adopt(ctx, r); l != nil {
			v.adopted = append(v.adopted, l)
		}
	}
}

// adopt makes the loop of a stored call; nil when it cannot be read.
func (v *driving) adopt(ctx context.Context, r orchestrator.Record) *loop {
	if session.Is(r.ID) {
		return v.adoptLine(ctx, r)
	}
	c, err := call.Parse(r.Doc)
	if err != nil {
		v.unreadable(ctx, r, "call", err)
		if e, ok := call.Salvage(r.Doc, v.eng.now()); ok {
			if err := v.eng.store.Append(ctx, e); err != nil {
				v.log.WarnContext(ctx, "the end of a call that was set aside is not on record", "call", r.ID, "error", err)
			}
		}
		return nil
	}
	if v.eng.prepare != nil && len(c.Flow) > 0 {
		if err := v.eng.prepare(ctx, c.Flow); err != nil {
			v.log.WarnContext(ctx, "the flow of an adopted call is not to be had; the call goes to its error edge", "call", c.Call, "error", err)
		}
	}
	l := v.hold(c)
	v.trunk.count(c.Outside())
	l.taken = c.Given
	l.rev.Store(r.Rev)
	return l
}

// adoptLine makes the loop of a stored session; nil when it cannot be read.
func (v *driving) adoptLine(ctx context.Context, r orchestrator.Record) *loop {
	s, err := session.Parse(r.Doc)
	if err != nil {
		v.unreadable(ctx, r, "line", err)
		return nil
	}
	l := v.holdLine(s)
	for _, ch := range []string{s.Reached(), s.Next} {
		if ch != "" {
			v.belongs(ch, s.ID)
		}
	}
	l.taken = s.Given
	l.rev.Store(r.Rev)
	return l
}

// unreadable sets a record aside; of is what it is of.
func (v *driving) unreadable(ctx context.Context, r orchestrator.Record, of string, err error) {
	v.log.ErrorContext(ctx, "a record cannot be read; it is set aside", of, r.ID, "error", err)
	v.eng.metrics.healed.WithLabelValues("unreadable").Inc()
	if err := v.eng.store.SetAside(ctx, v.lease, r); err != nil {
		v.log.WarnContext(ctx, "the record could not be set aside", of, r.ID, "error", err)
	}
}

// holdLine takes a permanent line into the engine.
func (v *driving) holdLine(s session.Session) *loop {
	l := newLoop(v, s.ID, "", ofLine{s, v.eng.rules.line.Settings.Music != ""}, v.log.With("line", s.ID))
	v.eng.add(l)
	return l
}

// released ends what an owner that is no more had of permanent lines.
func (v *driving) released(l *loop) {
	v.lines.borrow(l.id, nil)
	if v.ctx.Err() != nil {
		return
	}
	for _, o := range l.shown.Load().borrowed { // of a call that could not give them back itself
		v.eng.post(v.lines.of(o.channel), call.Input{Kind: call.InLine, Line: call.LineNews{Do: call.LineBack, Call: l.id}})
	}
	says := l.own.claims().line
	if says == nil {
		return
	}
	// from now on the phone speaks for itself
	if state, told := v.lines.forget(*says); told {
		v.Event(orchestrator.Event{Kind: orchestrator.EventDevice, PBX: v.pbx.Name(), Endpoint: says.endpoint, Device: state})
		return
	}
	v.watch(v.ctx)
}

// hold takes a call into the engine. A customer's channel is the newest call's:
// one that was given back to the dialplan, and stored all the same, may be back.
func (v *driving) hold(c call.Call) *loop {
	l := newLoop(v, c.Call, c.Arrived(), ofCall{c}, v.log.With("call", c.Call))
	v.eng.add(l)
	v.remap(l, c)
	return l
}

// remap notes that a channel belongs to a call.
func (v *driving) remap(l *loop, c call.Call) {
	v.chmu.Lock()
	defer v.chmu.Unlock()
	if l.channel != "" && (c.Rev == 0 || v.byChannel[l.channel] < l.id) {
		v.byChannel[l.channel] = l.id
	}
}

func (v *driving) start(l *loop) {
	v.wg.Go(func() {
		l.run(v.ctx)
		v.eng.remove(l.id)
		v.unmap(l.channel, l.id)
		v.trunk.free(l.shown.Load().outside, nil)
		v.released(l)
		gone := fault.New("engine", fault.Unavailable, "the call could not be stored, or the PBX is not driven from here any more")
		l.held.settle(nil, gone)
		if l.asker != nil {
			l.asker(gone)
		}
	})
}

// belongs notes whose a channel is that came in.
func (v *driving) belongs(channel, id string) {
	v.chmu.Lock()
	defer v.chmu.Unlock()
	v.byChannel[channel] = id
}

// unmap forgets whose a channel is.
func (v *driving) unmap(channel, id string) {
	v.chmu.Lock()
	defer v.chmu.Unlock()
	if v.byChannel[channel] == id {
		delete(v.byChannel, channel)
	}
}

// forget removes what never started, when the PBX could not be reached at all.
func (v *driving) forget() {
	for _, l := range v.adopted {
		v.eng.remove(l.id)
	}
	v.lines.clear()
}

// work runs a lane.
func (v *driving) work(fn func()) { v.hands.do(v.ctx, &v.wg, fn) }

// restart ends driving; the next time begins from the store.
func (v *driving) restart() { v.cancel(errRestart) }

// answered notes that the PBX answered a command.
func (v *driving) answered(now time.Time) { v.heard.set(now) }

// answersOthers tells whether the PBX has been answering other commands while
// one has not been answered for longer than limit.
func (v *driving) answersOthers(since time.Time, limit time.Duration, now time.Time) bool {
	return now.Sub(since) > limit && v.heard.after(since) && v.connected.Load()
}

// callOf finds the call that an id belongs to.
func (v *driving) callOf(id string) string {
	if c := orchestrator.OwnerOf(id); c != "" {
		return c
	}
	if s := v.lines.of(id); s != "" {
		return s
	}
	v.chmu.Lock()
	defer v.chmu.Unlock()
	return v.byChannel[id]
}

// Event implements Sink.
func (v *driving) Event(e orchestrator.Event) {
	if e.Kind == orchestrator.EventDevice {
		if v.lines.phone(e.Endpoint, e.Device) {
			return // the session of its permanent line tells
		}
		v.phoneIs(phoneWord{endpoint: e.Endpoint, state: e.Device})
		return
	}
	id := e.Channel
	switch e.Kind {
	case orchestrator.EventPlayed:
		id = e.Playback
	case orchestrator.EventRecorded:
		id = e.Recording
	case orchestrator.EventEntered, orchestrator.EventRinging, orchestrator.EventEnded,
		orchestrator.EventLeft, orchestrator.EventDigit, orchestrator.EventTransfer, orchestrator.EventHeld,
		orchestrator.EventResumed, orchestrator.EventDevice, orchestrator.EventHeard, orchestrator.EventSpeaks, orchestrator.EventSilent, orchestrator.EventTold: // these name a channel, or none
	}
	owner := v.callOf(id)
	v.shared(e)
	known := owner != "" && v.eng.post(owner, call.Input{Kind: call.InEvent, Event: e})
	if e.Kind == orchestrator.EventLeft || e.Kind == orchestrator.EventEnded {
		v.unmap(e.Channel, owner) // if it comes back it is a new call
	}
	if known {
		return
	}
	if e.Kind == orchestrator.EventEntered {
		v.unknown(e.Channel, orchestrator.ChannelTruth{Up: e.Up, Entered: true, Args: e.Args, DID: e.DID, Caller: e.Caller}, e.Language, 0)
		return
	}
	v.eng.metrics.stray.WithLabelValues(string(e.Kind)).Inc()
}

// unknown handles a channel that belongs to no live call: a new call, or a
// leftover. late is how long it has been waiting for us.
func (v *driving) unknown(channel string, t orchestrator.ChannelTruth, language string, late time.Duration) {
	if orchestrator.Ours(channel) {
		v.leftover("channel", channel, func(ctx context.Context) error {
			return v.pbx.Hangup(ctx, channel, orchestrator.CauseNormal)
		})
		return
	}
	if !t.Entered || len(t.Args) == 0 {
		return
	}
	if t.Args[0] == orchestrator.PurposeReach {
		v.reached(channel, t)
		return
	}
	kind := orchestrator.CallKind(t.Args[0])
	if kind != orchestrator.KindInbound && kind != orchestrator.KindFeature {
		v.log.Warn("a call with an unknown purpose was handed over; it goes back to the dialplan", "purpose", t.Args[0])
		v.leftover("channel", channel, func(ctx context.Context) error {
			return v.pbx.Continue(ctx, channel, orchestrator.DialplanPlace{})
		})
		return
	}
	if kind == orchestrator.KindFeature && len(t.Args) > 1 && t.Args[1] == opDial {
		v.dialledAt(channel, t, language)
		return
	}
	if t.DID == "" && len(t.Args) > 1 {
		t.DID = t.Args[1]
	}
	now := v.eng.now()
	c := call.New(newCallID(now), v.pbx.Name(), channel, kind, now.Add(-late))
	c.DID, c.Caller, c.Language, c.LateMS = orchestrator.CleanNumber(t.DID), orchestrator.CleanParty(t.Caller), language, late.Milliseconds()
	if shown := c.Caller.Number; kind == orchestrator.KindInbound {
		if c.Caller = v.known(c.Caller); c.Caller.Number != shown {
			c.ShowsAs = shown
		}
	}
	l := v.hold(c)
	l.post(call.Input{Kind: call.InArrive, Arrival: orchestrator.Arrival{Call: c.Call, PBX: c.PBX, DID: c.DID, Kind: kind,
		Args: t.Args[1:], Caller: c.Caller, Language: language, Answered: t.Up}})
	v.start(l)
}

// known is who calls, with the one form that the number has.
func (v *driving) known(p orchestrator.Party) orchestrator.Party {
	p = orchestrator.CleanParty(p)
	p.Number = v.eng.rules.call.Gate.Number(v.pbx.Name(), p.Number)
	return p
}

// leftover removes something beside the event flow.
func (v *driving) leftover(key, id string, do func(context.Context) error) {
	v.wg.Go(func() {
		if !v.mayCommand(v.ctx) {
			return
		}
		if err := do(v.ctx); err != nil && fault.KindOf(err) != fault.NotFound && v.ctx.Err() == nil {
			v.log.WarnContext(v.ctx, "a leftover could not be removed", key, id, "error", err)
		}
	})
}

// Connected implements Sink: the lease is proved, every call is compared with
// the truth, calls nobody knew begin, and leftovers are removed. A connection
// that was made while the lease was another's counts for nothing.
func (v *driving) Connected(_ string, truth orchestrator.Snapshot) {
	if !v.prove(v.ctx) || !v.mayCommand(v.ctx) {
		return
	}
	v.missing.Lock()
	v.connected.Store(true)
	v.missing.Unlock()
	v.state("connected", "")
	restarted := v.epoch != "" && v.epoch != truth.Epoch
	v.epoch = truth.Epoch
	fresh := v.takenUp(v.adopted)
	v.adopted = nil
	of, gone := ownedBy(truth), map[string]bool{}
	for _, l := range v.eng.loops(v) {
		adopted := fresh[l]
		if customer := l.shown.Load().customer; customer != "" {
			_, there := truth.Channels[customer]
			gone[l.id] = !there
		}
		in := call.Input{Kind: call.InCompare, At: v.eng.now(), Truth: truthOf(l, truth, of, adopted, restarted)}
		if adopted { // before an offer that came already
			l.box.first(in)
			v.start(l)
			continue
		}
		l.post(in)
		l.pbx.hurry()
	}
	v.isBack(gone)
	v.unknowns(truth)
	v.wg.Go(func() {
		v.watch(v.ctx)
		v.recordAway(v.ctx, truth)
		// what belonged to calls that did not outlive their process
		v.endOrphans(v.ctx, func(_ string, _ *orchestrator.Offer, live bool) bool { return !live }, false)
		if v.eng.connected != nil {
			v.eng.connected(v.ctx, v.pbx.Name())
		}
	})
}

// takenUp is the set of loops, and tells in the log when the last of them has
// stored what it made of the PBX's state.
func (v *driving) takenUp(loops []*loop) map[*loop]bool {
	fresh := make(map[*loop]bool, len(loops))
	var left atomic.Int64
	left.Store(int64(len(loops)))
	for _, l := range loops {
		fresh[l] = true
		l.takenUp = func() {
			if left.Add(-1) == 0 {
				v.log.InfoContext(v.ctx, "calls taken up", "calls", len(loops), "took", v.eng.clock.steady().Sub(v.began))
			}
		}
	}
	return fresh
}

// owned are the ids in a snapshot by their owner, so that a thousand calls are
// compared without a thousand looks at all of it.
type owned struct{ channels, bridges, ended map[string][]string }

func ownedBy(s orchestrator.Snapshot) owned {
	o := owned{map[string][]string{}, map[string][]string{}, map[string][]string{}}
	for ch := range s.Ended {
		o.ended[orchestrator.OwnerOf(ch)] = append(o.ended[orchestrator.OwnerOf(ch)], ch)
	}
	for ch := range s.Channels {
		if owner := orchestrator.OwnerOf(ch); owner != "" {
			o.channels[owner] = append(o.channels[owner], ch)
		}
	}
	for b := range s.Bridges {
		o.bridges[orchestrator.OwnerOf(b)] = append(o.bridges[orchestrator.OwnerOf(b)], b)
	}
	return o
}

// truthOf cuts out of a snapshot what concerns one call.
func truthOf(l *loop, s orchestrator.Snapshot, o owned, adopted, restarted bool) call.Truth {
	t := call.Truth{At: s.ObservedAt, Adopted: adopted, Restarts: restarted, Since: s.OurTime(s.Since),
		Channels: map[string]orchestrator.ChannelTruth{}, Bridges: map[string][]string{},
		Ended: map[string]orchestrator.ChannelEnd{}}
	take := func(ch string) {
		if c, there := s.Channels[ch]; there {
			c.AnsweredAt = s.OurTime(c.AnsweredAt)
			t.Channels[ch] = c
		}
		if end, told := s.Ended[ch]; told {
			end.At, end.AnsweredAt, end.MessageAt = s.OurTime(end.At), s.OurTime(end.AnsweredAt), s.OurTime(end.MessageAt)
			t.Ended[ch] = end
		}
	}
	if l.channel != "" && l.drv.callOf(l.channel) == l.id { // and not a later call's
		take(l.channel)
	}
	says := l.shown.Load()
	for _, line := range says.borrowed {
		take(line.channel)
	}
	if says.line != nil {
		take(says.line.reach)
		take(says.line.next)
	}
	if says.line != nil && says.line.channel != "" {
		take(says.line.channel)
		lent := l.drv.lines.loan(says.line.channel)
		t.Lent, t.Listens = lent.call, lent.listens
	}
	for _, ch := range o.channels[l.id] {
		take(ch)
	}
	for _, ch := range o.ended[l.id] {
		take(ch)
	}
	for _, b := range o.bridges[l.id] {
		t.Bridges[b] = s.Bridges[b]
	}
	return t
}

// lateness is how long a channel of a snapshot has been there unseen by us.
func lateness(s orchestrator.Snapshot, t orchestrator.ChannelTruth) time.Duration {
	if t.CreatedAt.IsZero() {
		return 0
	}
	return max(0, s.ObservedAt.Sub(s.OurTime(t.CreatedAt)))
}

// unknowns begins calls that arrived unseen, in the order in which they came,
// and removes what belongs to no live call.
func (v *driving) unknowns(truth orchestrator.Snapshot) {
	channels := slices.SortedFunc(maps.Keys(truth.Channels), func(a, b string) int {
		return cmp.Or(truth.Channels[a].CreatedAt.Compare(truth.Channels[b].CreatedAt), strings.Compare(a, b))
	})
	for _, ch := range channels {
		if owner := v.callOf(ch); owner == "" || !v.eng.has(owner) {
			v.unknown(ch, truth.Channels[ch], "", lateness(truth, truth.Channels[ch]))
		}
	}
	for b := range truth.Bridges {
		if owner := orchestrator.OwnerOf(b); owner != "" && !v.eng.has(owner) {
			v.leftover("bridge", b, func(ctx context.Context) error { return v.pbx.DestroyBridge(ctx, b) })
		}
	}
}

// Disconnected implements Sink.
func (v *driving) Disconnected(_ string, err error) {
	v.connected.Store(false)
	text := ""
	if err != nil {
		text = fault.Text(err)
	}
	v.state("disconnected", text)
	v.miss()
	for _, l := range v.eng.loops(v) {
		l.post(call.Input{Kind: call.InAway})
	}
}

// Ready implements Sink: a call that comes in can be stored and commanded.
func (v *driving) Ready() bool { return v.connected.Load() && !v.valid.passed(v.eng.clock.steady()) }

// state writes the connection's state to the journal, beside the event flow.
func (v *driving) state(state, text string) {
	v.log.Info("pbx "+state, "error", text)
	v.tell(orchestrator.EntryPBXState, map[string]string{"state": state, "error": text, "instance": v.eng.owner.Instance})
}

// tell writes an entry about the PBX to the journal.
func (v *driving) tell(typ orchestrator.EntryType, data any) {
	raw, _ := json.Marshal(data) // texts and numbers always marshal
	e := orchestrator.Entry{Type: typ, At: v.eng.now(), PBX: v.pbx.Name(), Data: raw}
	v.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(v.ctx), 2*time.Second) // also at the very end
		defer cancel()
		if err := v.eng.store.Append(ctx, e); err != nil {
			v.log.WarnContext(ctx, "journal", "error", err)
		}
	})
}
