package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// driver holds the lease of one PBX and runs its calls while it has it.
type driver struct {
	eng       *Engine
	pbx       PBX
	log       *slog.Logger
	connected atomic.Bool

	mu        sync.Mutex
	lease     Lease              // guarded by mu
	stop      context.CancelFunc // ends the present term; guarded by mu
	byChannel map[string]string  // inbound channel id -> call id; guarded by mu
}

func newDriver(e *Engine, p PBX) *driver {
	return &driver{eng: e, pbx: p, log: e.log.With("pbx", p.Name()), byChannel: map[string]string{}}
}

// run serves terms, one after the other: a term lasts from taking the lease to losing it.
func (d *driver) run(ctx context.Context) {
	for ctx.Err() == nil {
		lease, ok := d.acquire(ctx)
		if !ok {
			return
		}
		err := d.term(ctx, lease)
		if ctx.Err() != nil {
			d.release(ctx, lease)
			return
		}
		d.log.WarnContext(ctx, "the PBX is no longer driven from here", "error", err)
		if errors.Is(err, ErrReplaced) {
			// Obey: let the other go first. It takes the lease if it is one of us.
			d.release(ctx, lease)
			sleep(ctx, 2*d.eng.ttl)
		}
	}
}

// acquire waits until the lease is ours; false when ctx ended first.
func (d *driver) acquire(ctx context.Context) (Lease, bool) {
	told := false
	for {
		lease, err := d.eng.store.Acquire(ctx, d.pbx.Name(), d.eng.owner, d.eng.ttl)
		if err == nil {
			d.log.InfoContext(ctx, "lease taken", "epoch", lease.Epoch)
			return lease, true
		}
		if ctx.Err() != nil {
			return Lease{}, false
		}
		if !told {
			d.log.InfoContext(ctx, "waiting for the lease", "reason", err)
			told = true
		}
		if !sleep(ctx, d.eng.ttl/5) {
			return Lease{}, false
		}
	}
}

func (d *driver) release(ctx context.Context, l Lease) {
	// the process is stopping: ctx may be over, the lease must be given back all the same
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := d.eng.store.Release(ctx, l); err != nil && !errors.Is(err, ErrFenced) {
		d.log.WarnContext(ctx, "the lease could not be given back; it expires by itself", "error", err)
	}
}

// term drives the PBX under one lease until the lease is lost, the PBX was
// taken over, or ctx ends. It returns after all its goroutines have.
func (d *driver) term(ctx context.Context, lease Lease) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	live, err := d.eng.store.Live(ctx, d.pbx.Name())
	if err != nil {
		sleep(ctx, d.eng.ttl/5)
		return fmt.Errorf("live calls: %w", err)
	}
	t := newTerm(ctx, d, live)
	d.mu.Lock()
	d.lease = lease
	d.stop = func() { cancel(errRestart) }
	d.mu.Unlock()
	t.wg.Go(func() { d.renew(ctx, lease, cancel) })
	for _, n := range t.phones {
		t.wg.Go(func() { n.tell(ctx, d.pbx.Name(), d.eng.devices) })
	}
	err = d.pbx.Run(ctx, t)
	d.connected.Store(false)
	if cause := context.Cause(ctx); cause != nil && err != nil && !errors.Is(err, ErrReplaced) {
		err = cause
	}
	cancel(err)
	t.wg.Wait()
	t.forget()
	return err
}

var errRestart = errors.New("the term was ended to take the calls up again")

// renew keeps the lease alive. When it cannot be renewed in time the term
// ends: another process may command the PBX from then on.
func (d *driver) renew(ctx context.Context, lease Lease, cancel context.CancelCauseFunc) {
	last := d.eng.now()
	for sleep(ctx, d.eng.ttl/4) {
		l, err := d.eng.store.Acquire(ctx, lease.PBX, d.eng.owner, d.eng.ttl)
		switch {
		case err == nil && l.Epoch == lease.Epoch:
			last = d.eng.now()
		case err == nil:
			// The store had forgotten the lease; nobody else took it, or our
			// epoch would be refused. Go on under the new one.
			d.log.WarnContext(ctx, "lease renewed under a new epoch", "epoch", l.Epoch)
			lease, last = l, d.eng.now()
			d.mu.Lock()
			d.lease = l
			d.mu.Unlock()
		case errors.Is(err, ErrHeld) || errors.Is(err, ErrFenced):
			cancel(err)
			return
		case ctx.Err() != nil:
			return
		default:
			d.log.WarnContext(ctx, "the lease could not be renewed", "error", err, "for", d.eng.now().Sub(last).Round(time.Millisecond))
		}
	}
}

func (d *driver) currentLease() Lease {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lease
}

// restart ends the present term; the next one begins from the store.
func (d *driver) restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stop != nil {
		d.stop()
	}
}

// watch tells the PBX which phones to watch.
func (d *driver) watch(ctx context.Context) {
	if err := d.pbx.Watch(ctx, d.eng.devices.Endpoints(d.pbx.Name())); err != nil {
		d.log.WarnContext(ctx, "phones cannot be watched", "error", err)
	}
}
