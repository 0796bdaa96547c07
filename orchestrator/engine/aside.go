package engine

import (
	"context"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// setAside ends a call that the store refuses for good, as far as it was stored:
// nothing that was decided since was begun. It is put on record as failed, what
// it has on the PBX and in a queue is given back, and no other call notices.
func (l *loop) setAside(ctx context.Context, reason error) {
	l.log.ErrorContext(ctx, "the call cannot be stored; it is ended", "error", reason)
	l.eng.metrics.healed.WithLabelValues("unstorable").Inc()
	l.drv.removeAll(l.own)
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"put on record", func() error {
			return l.eng.store.Append(ctx, l.own.bury(reason.Error(), l.eng.now()).entries...)
		}},
		{"taken out of the live calls", func() error {
			return l.eng.store.SetAside(ctx, l.drv.lease, orchestrator.Record{ID: l.id, PBX: l.drv.pbx.Name()})
		}},
		{"taken out of its queue", func() error { return l.leave(ctx) }}, // before an agent is free for it
		{"given back to its agents", func() error { return l.endOffers(ctx) }},
	} {
		if err := l.untilAnswered(ctx, step.do); err != nil {
			l.log.ErrorContext(ctx, "a call that was ended could not be "+step.what, "error", err)
		}
	}
}

// leave takes the call out of whichever queue it is in: that of its visit, or of
// a transfer that it has not heard of yet.
func (l *loop) leave(ctx context.Context) error {
	visit := l.own.visits()
	if visit == 0 {
		return nil
	}
	return l.eng.dist.Leave(ctx, l.id, visit, "gone")
}

// endOffers ends the offers of the owner's legs.
func (l *loop) endOffers(ctx context.Context) error {
	for _, o := range l.own.offered() {
		var err error
		if o.since.IsZero() {
			_, err = l.eng.dist.Failed(ctx, o.offer, orchestrator.OfferCancelled)
		} else {
			err = l.eng.dist.Finished(ctx, o.offer, l.eng.now().Sub(o.since))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// untilAnswered repeats what nobody answers, until ctx ends.
func (l *loop) untilAnswered(ctx context.Context, do func() error) error {
	for wait := retryMin; ; wait = min(2*wait, retryMax) {
		err := do()
		if fault.KindOf(err) != fault.Unavailable || err == nil || !life.Sleep(ctx, wait) {
			return err
		}
	}
}

// removeAll removes what an owner has on the PBX that cannot be decided on any more.
func (v *driving) removeAll(o owner) {
	channels, bridges := o.holdings()
	for _, ch := range channels {
		v.leftover("channel", ch, func(ctx context.Context) error {
			return v.pbx.Hangup(ctx, ch, orchestrator.CauseCongestion)
		})
	}
	for _, room := range bridges {
		v.leftover("bridge", room, func(ctx context.Context) error { return v.pbx.DestroyBridge(ctx, room) })
	}
}
