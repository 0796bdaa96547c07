package orchestrator

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// loop is the one goroutine that owns one call.
type loop struct {
	eng     *Engine
	drv     *driver
	box     *mailbox
	id      string // the call's
	channel string // the caller's; never changes
	call    Call   // owned by run once started
	log     *slog.Logger
}

// run handles inputs until the call has ended or ctx ends (the PBX's lease is lost, or the process stops).
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
				if name, _, ok := l.call.Deadline(); ok {
					ins = []input{{Kind: inTimer, Timer: name}}
				}
			}
		}
		if !l.handle(ctx, ins) || l.call.State == StateEnded {
			return
		}
	}
}

// setTimer points the timer at the earliest deadline of the call.
func (l *loop) setTimer(timer *time.Timer) {
	if _, at, ok := l.call.Deadline(); ok {
		timer.Reset(max(0, at.Sub(l.eng.now())))
	}
}

// handle decides, stores, then performs, until no effect has a result left. False means that the loop must stop.
func (l *loop) handle(ctx context.Context, ins []input) bool {
	for len(ins) > 0 {
		d := l.eng.decider.decide(l.call, ins, l.eng.now())
		l.eng.metrics.count(d.refused)
		for _, r := range d.refused {
			l.log.DebugContext(ctx, "refused", "transition", r)
		}
		if d.dirty && !l.commit(ctx, d) {
			return false
		}
		l.call = d.call
		ins = l.perform(ctx, d.effects)
		if ctx.Err() != nil {
			return false // what failed because we stop did not fail: the next owner does it
		}
	}
	return true
}

// commit stores the decision. While the store is away the call waits: its
// events pile up in the mailbox and nothing is commanded that is not stored.
func (l *loop) commit(ctx context.Context, d decision) bool {
	wait := 20 * time.Millisecond
	for {
		err := l.eng.store.Commit(ctx, l.drv.currentLease(), d.call, d.entries)
		switch {
		case err == nil:
			l.logMilestones(ctx, d.entries)
			return true
		case ctx.Err() != nil:
			return false
		case fault.KindOf(err) != fault.Unavailable || errors.Is(err, ErrFenced):
			l.log.ErrorContext(ctx, "the call could not be stored; taking the PBX's calls up again", "error", err)
			l.drv.restart()
			return false
		}
		l.log.WarnContext(ctx, "the store is away; the call waits", "error", err, "retry_in", wait)
		if !sleep(ctx, wait) {
			return false
		}
		wait = min(2*wait, time.Second)
	}
}

func (l *loop) logMilestones(ctx context.Context, entries []Entry) {
	for _, e := range entries {
		switch e.Type {
		case EntryCallNode, EntryCallRinging:
		case EntryCallFault:
			l.log.WarnContext(ctx, "call fault", "data", string(e.Data))
		case EntryCallStarted, EntryCallEnded:
			l.log.InfoContext(ctx, string(e.Type), "state", l.call.State)
		default:
			l.log.InfoContext(ctx, string(e.Type), "agent", e.Agent, "queue", e.Queue)
		}
	}
}

// sleep waits for d; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
