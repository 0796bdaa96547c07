package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// loop is the one goroutine that runs one owner: it decides and stores. What was
// decided is run beside it by lanes.
type loop struct {
	eng     *Engine
	drv     *driving
	box     *mailbox
	id      string // the owner's
	channel string // that it began with, of the PBX's making; "" for none; never changes
	own     owner
	pbx     *lane
	desk    *lane
	outside *lane // nil before the first look-up: most calls make none
	log     *slog.Logger
	takenUp func()                 // told once the call is compared with the PBX; nil for one that began here
	taken   int                    // commands up to this number may have been tried by the process before
	shown   atomic.Pointer[claims] // for the sweeper
	held    *settlement            // of a call that an agent makes: the agent is held for it, or not
	rev     atomic.Int64           // as last stored; 0 before the first time
	asker   func(error)            // waits for what the queue says that is asked for the stay asked
	asked   int
	// committed is when the call was last stored, by a clock that nobody sets.
	committed moment
	// set is by how much the machine's clock had been set when it was last looked at: the
	// moments of the owner are by it.
	set time.Duration
}

func newLoop(d *driving, id, channel string, o owner, log *slog.Logger) *loop {
	l := &loop{eng: d.eng, drv: d, box: newMailbox(), id: id, channel: channel, own: o, log: log, held: &settlement{done: make(chan struct{})}}
	l.pbx, l.desk = newLane(l), newLane(l)
	_, l.set = d.eng.clock.read()
	l.show()
	return l
}

// post puts an input into the call's mailbox.
func (l *loop) post(in call.Input) {
	in.At = l.eng.now()
	if n := l.box.post(in); n == maxDepth {
		l.log.Error("the call's mailbox overflows; taking the PBX's calls up again", "depth", n)
		l.drv.restart()
	}
}

// run handles inputs until the call has ended or ctx ends (the PBX's lease is
// lost, or the process stops).
func (l *loop) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		ins := l.box.take() // before any timer: an adopted call is compared with the PBX first
		if len(ins) == 0 {
			l.setTimer(timer)
			select {
			case <-ctx.Done():
				return
			case <-l.box.signal:
				continue
			case <-timer.C:
				if name, _, ok := l.own.deadline(); ok {
					ins = []call.Input{{Kind: call.InTimer, Timer: name}}
				}
			}
		}
		goesOn := l.apart(ctx, ins)
		l.box.done(ins)
		if !goesOn || l.own.over() {
			return
		}
	}
}

// apart handles inputs in another goroutine and waits for it: deciding and
// storing take a deep stack, which the call's goroutine would keep while it
// waits. Thousands of calls do nothing but that.
func (l *loop) apart(ctx context.Context, ins []call.Input) bool {
	done := make(chan bool, 1)
	l.drv.hands.do(ctx, &l.drv.wg, func() { done <- l.handle(ctx, ins) })
	return <-done
}

// setTimer points the timer at the earliest deadline of the call. While the PBX
// does not answer the call's clock stands still.
func (l *loop) setTimer(timer *time.Timer) {
	wait := time.Hour
	if _, at, ok := l.own.deadline(); ok && !l.own.away() {
		now, set := l.eng.clock.read()
		if by := set - l.set; by.Abs() >= leastSet { // as far away as it was before the clock was set
			now = now.Add(-by)
		}
		wait = max(0, at.Sub(now))
	}
	timer.Reset(wait)
}

// handle decides and stores, then hands the commands to the lanes. False means
// that the loop must stop.
func (l *loop) handle(ctx context.Context, ins []call.Input) bool {
	now, set := l.eng.clock.read()
	ins = l.clockSet(ins, set)
	d := l.decide(ctx, ins, now)
	l.eng.metrics.count(d.refused)
	for _, r := range d.refused {
		l.log.DebugContext(ctx, "refused", "transition", r)
	}
	if d.dirty {
		began := l.eng.clock.steady()
		if !l.commit(ctx, d) {
			return false
		}
		if lost := l.eng.clock.steady().Sub(began); lost > lateAfter {
			l.post(call.Input{Kind: call.InLate, Lost: lost})
		}
	}
	l.own = d.next
	if d.back != nil {
		l.drv.unmap(l.channel, l.id)
		l.drv.unknown(l.channel, d.back.Truth, d.back.Language, 0)
	}
	l.answer(ins, d)
	if l.takenUp != nil {
		l.takenUp()
		l.takenUp = nil
	}
	l.show()
	if c, ok := l.own.(ofCall); ok && ((c.Kind == orchestrator.KindOutbound || c.Kind == orchestrator.KindCampaign) && c.State != call.StateReserving || c.Kind == orchestrator.KindCallback) {
		l.held.settle(c.Refusal, nil)
	}
	l.pbx.follow(ctx, d.next.todo(), call.Todo.ToPBX)
	l.desk.follow(ctx, d.next.todo(), func(t call.Todo) bool { return !t.ToPBX() && !t.ToSource() })
	l.followOutside(ctx, d.next.todo())
	return true
}

// followOutside has look-ups made, and forgets those that were given up.
func (l *loop) followOutside(ctx context.Context, todo []call.Todo) {
	if l.outside == nil && slices.ContainsFunc(todo, call.Todo.ToSource) {
		l.outside = newLane(l)
	}
	if l.outside != nil {
		l.outside.follow(ctx, todo, call.Todo.ToSource)
	}
}

// answer tells whoever wanted something what was decided. Whoever sends a customer
// to a queue, or asks one, hears what that says, which comes later.
func (l *loop) answer(ins []call.Input, d decision) {
	if l.asker != nil && l.asked != d.asking {
		l.asker(d.turned[l.asked])
		l.asker = nil
	}
	answers := d.answers
	for _, in := range ins {
		if in.Kind != call.InWish && in.Kind != call.InLine || len(answers) == 0 {
			continue
		}
		switch {
		case in.Answer == nil:
		case answers[0] == nil && d.asking != l.asked && d.asking > 0 && in.Wish.Asks():
			l.asker, l.asked = in.Answer, d.asking
		default:
			in.Answer(answers[0])
		}
		answers = answers[1:]
	}
}

// both are the entries of two maps.
func both(a, b map[int]error) map[int]error {
	if len(a) == 0 {
		return b
	}
	maps.Copy(a, b)
	return a
}

// lateAfter is how long storing a decision must take for the time to count as
// lost for the customer.
const lateAfter = 500 * time.Millisecond

// decide is the pure decision. A panic in it ends this owner, on record, and
// nothing else: then the inputs are taken one by one, so that the others of the
// batch are not lost.
func (l *loop) decide(ctx context.Context, ins []call.Input, now time.Time) decision {
	if d, reason := l.try(ctx, l.own, ins, now); reason == "" {
		return d
	}
	all := decision{next: l.own}
	for _, in := range ins {
		d, reason := l.try(ctx, all.next, []call.Input{in}, now)
		if reason != "" {
			d, reason = l.try(ctx, all.next, []call.Input{{Kind: call.InPanic, N: in.N, Err: errors.New(reason)}}, now)
		}
		if reason != "" {
			d = all.next.bury(reason, now)
			l.drv.removeAll(all.next)
		}
		if (in.Kind == call.InWish || in.Kind == call.InLine) && len(d.answers) == 0 {
			d.answers = []error{fault.New("engine", fault.Internal, "deciding on the call failed")}
		}
		all = decision{next: d.next, entries: append(all.entries, d.entries...), answers: append(all.answers, d.answers...),
			dirty: all.dirty || d.dirty, asking: d.asking, turned: both(all.turned, d.turned), refused: append(all.refused, d.refused...), back: cmp.Or(d.back, all.back)}
	}
	if all.dirty {
		all.next = all.next.revised(l.own.revision() + 1)
	}
	return all
}

// try decides; reason is what it panicked with, "" when it did not.
func (l *loop) try(ctx context.Context, o owner, ins []call.Input, now time.Time) (d decision, reason string) {
	defer func() {
		if p := recover(); p != nil {
			reason = fmt.Sprint(p)
			l.log.ErrorContext(ctx, "deciding on a call panicked; it is ended", "panic", p, "stack", string(debug.Stack()))
			l.eng.metrics.panics.Inc()
		}
	}()
	return o.decide(l.eng.rules, ins, now), ""
}

// show tells the sweeper what the owner claims.
func (l *loop) show() {
	c := l.own.claims()
	before := l.shown.Swap(&c)
	if before != nil {
		l.drv.trunk.free(before.outside, c.outside)
	}
	switch {
	case c.line != nil:
		l.drv.lines.show(*c.line)
	case before != nil && len(before.borrowed) == 0 && len(c.borrowed) == 0: // most decisions: no look at all that is lent
	default:
		for _, o := range l.drv.lines.borrow(l.id, c.borrowed) {
			l.eng.post(l.drv.lines.of(o.channel), o.news())
		}
	}
}

// record is an owner as the store keeps it.
func (l *loop) record(o owner) (orchestrator.Record, error) {
	doc, err := json.Marshal(o.doc())
	if err != nil {
		return orchestrator.Record{}, fault.E("engine", fault.Internal, err)
	}
	r := orchestrator.Record{ID: l.id, PBX: l.drv.pbx.Name(), Rev: o.revision(), Doc: doc, Ended: o.over()}
	if _, at, ok := o.deadline(); ok {
		r.Deadline = at
	}
	if l.rev.Load() == 0 {
		r.Came = l.channel
	}
	return r, nil
}

// commit stores the decision. While the store is away the call waits: its
// events pile up in the mailbox and nothing is commanded that is not stored.
func (l *loop) commit(ctx context.Context, d decision) bool {
	r, err := l.record(d.next)
	storing := ctx
	if l.rev.Load() == 0 && l.channel != "" {
		var cancel context.CancelFunc
		storing, cancel = context.WithTimeout(ctx, giveBackAfter)
		defer cancel()
	}
	for wait := retryMin; err == nil; wait = min(2*wait, retryMax) {
		err = l.eng.store.Commit(storing, l.drv.lease, r, d.entries)
		switch {
		case err == nil:
			l.rev.Store(r.Rev)
			l.committed.set(l.eng.clock.steady())
			if r.Ended {
				l.drv.ended.add(r, d.entries, l.eng.clock.steady())
			}
			l.logMilestones(ctx, d.entries)
			return true
		case ctx.Err() != nil:
			return false
		case storing.Err() != nil:
			l.giveBack(ctx)
			return false
		case fault.KindOf(err) != fault.Unavailable || errors.Is(err, orchestrator.ErrFenced):
			continue
		}
		if wait == retryMin { // once; the lease tells how long it lasts
			l.log.WarnContext(ctx, "the store is away; the call waits", "error", err)
		}
		life.Sleep(storing, wait)
		err = nil
	}
	if errors.Is(err, orchestrator.ErrFenced) {
		l.log.WarnContext(ctx, "the call could not be stored: the lease is another's", "error", err)
		l.drv.restart()
		return false
	}
	l.setAside(ctx, err)
	return false
}

// giveBackAfter is how long a call that comes in may wait to be stored for the
// first time. Nothing was commanded for it yet, and silence is worse than the
// PBX's own way of serving it.
const giveBackAfter = time.Second

// giveBack hands a call that could not be stored back to the dialplan, as if
// operadora were not there. It needs no proof of the lease: the PBX told this
// process of the caller, and nobody else knows of the call.
func (l *loop) giveBack(ctx context.Context) {
	l.log.WarnContext(ctx, "the store is away; the caller goes where the dialplan sends callers while operadora is away")
	l.eng.metrics.givenBack.Inc()
	err := l.untilAnswered(ctx, func() error {
		return l.drv.pbx.Continue(ctx, l.channel, orchestrator.DialplanPlace{Away: true})
	})
	if err != nil && fault.KindOf(err) != fault.NotFound && fault.KindOf(err) != fault.Unavailable { // unanswered: ctx has ended
		l.log.WarnContext(ctx, "a call that cannot be taken could not be given back", "error", err)
	}
}

func (l *loop) logMilestones(ctx context.Context, entries []orchestrator.Entry) {
	for _, e := range entries {
		switch e.Type {
		case orchestrator.EntryCallNode, orchestrator.EntryCallRinging:
		case orchestrator.EntryCallFault:
			l.log.WarnContext(ctx, "call fault", "data", string(e.Data))
		case orchestrator.EntryCallStarted, orchestrator.EntryCallEnded:
			l.log.InfoContext(ctx, string(e.Type), "state", l.own.word())
		default:
			l.log.InfoContext(ctx, string(e.Type), "agent", e.Agent, "queue", e.Queue)
		}
	}
}
