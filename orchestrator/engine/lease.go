package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/life"
)

var (
	errRestart  = errors.New("ended to take the calls up again")
	errNewEpoch = errors.New("the lease came back under a new epoch: somebody else drove meanwhile")
)

// renew keeps the lease alive. When somebody else has or had it, driving ends:
// what was decided since may not be what the PBX is being told.
func (v *driving) renew(ctx context.Context) {
	for life.Sleep(ctx, v.eng.ttl/4) {
		if !v.prove(ctx) {
			return
		}
	}
}

// prove renews the lease; false when it is not ours any more, and driving ends.
// A store that does not answer proves nothing: nothing is commanded then.
func (v *driving) prove(ctx context.Context) bool {
	asked := v.eng.clock.steady()
	l, err := v.eng.store.Acquire(ctx, v.lease.PBX, v.lease.Owner, v.eng.ttl, "")
	switch {
	case err == nil && l.Epoch == v.lease.Epoch:
		v.valid.set(asked.Add(v.eng.ttl))
		v.told.Store(-1)
		return true
	case err == nil:
		err = errNewEpoch
	case errors.Is(err, orchestrator.ErrHeld) || errors.Is(err, orchestrator.ErrFenced):
	case ctx.Err() != nil:
		return false
	default:
		v.warn(ctx, err)
		return true
	}
	v.valid.set(time.Unix(0, 0)) // nor is it ours to tell the dialplan anything
	v.cancel(err)
	return false
}

// warn says that the lease is not proved: when it may have run out, and then
// every five seconds.
func (v *driving) warn(ctx context.Context, err error) {
	since := v.eng.clock.steady().Sub(time.Unix(0, v.valid.ns.Load()).Add(-v.eng.ttl))
	round := int(since / (5 * time.Second))
	if since > v.eng.ttl && int64(round) != v.told.Load() {
		v.told.Store(int64(round))
		v.log.WarnContext(ctx, "the lease could not be renewed; the PBX is not commanded meanwhile",
			"error", err, "for", since.Truncate(time.Second))
	}
}

// mayCommand waits until the lease is known to be ours; false when ctx ended first.
func (v *driving) mayCommand(ctx context.Context) bool {
	for v.valid.passed(v.eng.clock.steady()) {
		if !life.Sleep(ctx, v.eng.ttl/16) {
			return false
		}
	}
	return ctx.Err() == nil
}

// moment is a time that several goroutines look at.
type moment struct{ ns atomic.Int64 }

func (m *moment) set(t time.Time)           { m.ns.Store(t.UnixNano()) }
func (m *moment) passed(now time.Time) bool { return now.UnixNano() > m.ns.Load() }
func (m *moment) after(t time.Time) bool    { return m.ns.Load() > t.UnixNano() }
