package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/life"
)

// driver takes the lease of one PBX again and again, and drives the PBX while it has it.
type driver struct {
	eng       *Engine
	pbx       orchestrator.PBX
	log       *slog.Logger
	first     string // the instance that is to drive the PBX first, "" for any
	connected atomic.Bool
	ended     *endedCalls
	lines     *lines
	at        atomic.Pointer[driving] // nil while it is not driven
}

func newDriver(e *Engine, p orchestrator.PBX, first string) *driver {
	return &driver{eng: e, pbx: p, first: first, log: e.log.With("pbx", p.Name()), ended: newEndedCalls(), lines: newLines()}
}

// run drives the PBX under one lease after the other.
func (d *driver) run(ctx context.Context) {
	replaced := 0
	if d.first != "" && d.first != d.eng.owner.Instance {
		life.Sleep(ctx, firstWait)
	}
	for ctx.Err() == nil {
		left := d.eng.aside.Load()
		if left {
			d.log.WarnContext(ctx, "left to other processes; driven from here again if none does", "for", asideWait)
			life.Sleep(ctx, asideWait)
		}
		lease, asked, ok := d.acquire(ctx)
		if !ok {
			return
		}
		began := d.eng.clock.steady()
		err := d.drive(ctx, lease, asked, left)
		if ctx.Err() != nil {
			d.release(ctx, lease)
			return
		}
		if errors.Is(err, errAside) {
			d.release(ctx, lease)
		}
		d.log.WarnContext(ctx, "the PBX is no longer driven from here", "error", err)
		if errors.Is(err, errRestart) {
			life.Sleep(ctx, retryMax) // what made it necessary may be so again at once
		}
		if !errors.Is(err, orchestrator.ErrReplaced) {
			replaced = 0
			continue
		}
		// Whoever took the application over and is one of us holds the lease by
		// now. If it is still ours, it was an attempt of our own that came late,
		// or somebody who knows nothing of leases: connect again, ever slower.
		if d.eng.clock.steady().Sub(began) > replacedLong {
			replaced = 0
		}
		if replaced++; replaced > 1 {
			life.Sleep(ctx, min(100*time.Millisecond<<min(replaced, 8), replacedLong))
		}
	}
}

// asideWait is how long a process that stands aside leaves a PBX to others.
const asideWait = 10 * time.Second

// errAside means that other processes are to drive a PBX.
var errAside = errors.New("this process stands aside")

// StandAside leaves the PBXs to other processes, or ends that. A PBX that none of them
// takes is driven from here all the same, a while later.
func (e *Engine) StandAside(aside bool) {
	if e.aside.Swap(aside) || !aside {
		return
	}
	for _, d := range e.drivers {
		if v := d.driving(); v != nil {
			v.cancel(errAside)
		}
	}
}

// firstWait is how long a process that starts leaves a PBX to the one that is to drive it first.
const firstWait = 5 * time.Second

// replacedLong is after how long a takeover of the application counts as the first one again.
const replacedLong = 20 * time.Second

// acquire waits until the lease is ours, and tells when it was asked for; false
// when ctx ended first.
func (d *driver) acquire(ctx context.Context) (orchestrator.Lease, time.Time, bool) {
	told := ""
	dead := ""
	behind := false // another process drives the PBX
	for {
		asked := d.eng.clock.steady()
		lease, err := d.eng.store.Acquire(ctx, d.pbx.Name(), d.eng.owner, d.eng.ttl, dead)
		if err == nil {
			d.log.InfoContext(ctx, "lease taken", "epoch", lease.Epoch)
			return lease, asked, true
		}
		if ctx.Err() != nil {
			return orchestrator.Lease{}, asked, false
		}
		held, ok := errors.AsType[*orchestrator.HeldError](err)
		if !ok && behind {
			behind = false
			if !d.comeBack(ctx) {
				return orchestrator.Lease{}, asked, false
			}
			continue
		}
		if ok {
			behind = true
			if held.Holder != dead && d.eng.dead != nil && d.eng.dead(held.Holder) {
				dead = held.Holder
				continue
			}
			dead = ""
			if told != held.Holder && held.Instance == d.eng.owner.Instance {
				d.log.ErrorContext(ctx, "another process under this instance name is alive: this one does not drive the PBX until that one is gone; give each its own name (instance)",
					"instance", held.Instance, "alive", held.Holder)
				told = held.Holder
			}
		}
		if told == "" {
			d.log.InfoContext(ctx, "waiting for the lease", "reason", err)
			told = "-"
		}
		if !life.Sleep(ctx, d.eng.ttl/8) {
			return orchestrator.Lease{}, asked, false
		}
	}
}

// comeBack waits until the store answers again, and then for as long as who drove the PBX needs to
// have its lease renewed, which may have run out meanwhile: that one knows what the store has
// lost, if it comes back without its last writes. False when ctx ended first.
func (d *driver) comeBack(ctx context.Context) bool {
	for {
		if _, err := d.eng.store.Live(ctx, d.pbx.Name()); err == nil {
			return life.Sleep(ctx, d.eng.ttl)
		}
		if !life.Sleep(ctx, d.eng.ttl/8) {
			return false
		}
	}
}

func (d *driver) release(ctx context.Context, l orchestrator.Lease) {
	// the process is stopping: ctx may be over, the lease must be given back all the same
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := d.eng.store.Release(ctx, l); err != nil && !errors.Is(err, orchestrator.ErrFenced) {
		d.log.WarnContext(ctx, "the lease could not be given back; it expires by itself", "error", err)
	}
}

// drive drives the PBX under one lease, asked for at a time, until the lease is lost, the PBX was
// taken over, or ctx ends. It returns after all its goroutines have. left tells that it was left to others.
func (d *driver) drive(ctx context.Context, lease orchestrator.Lease, asked time.Time, left bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	live, err := d.eng.store.Live(ctx, d.pbx.Name())
	if err != nil {
		life.Sleep(ctx, d.eng.ttl/8)
		return fmt.Errorf("live calls: %w", err)
	}
	v := newDriving(ctx, d, lease, asked, cancel)
	v.load(ctx, live)
	v.wg.Go(func() { v.renew(ctx) })
	for _, n := range v.phones {
		v.wg.Go(func() { n.tell(ctx, d.pbx.Name(), d.eng.devices, d.log) })
	}
	v.wg.Go(func() { v.tellPresence(ctx) })
	v.wg.Go(func() { v.followDesk(ctx) })
	v.wg.Go(func() { v.followAgents(ctx) })
	v.wg.Go(func() { v.followOrders(ctx) })
	v.wg.Go(func() { v.sweepAll(ctx) })
	v.miss()
	d.at.Store(v)
	if d.eng.aside.Load() && !left {
		cancel(errAside)
	}
	err = d.pbx.Run(ctx, v)
	d.connected.Store(false)
	if cause := context.Cause(ctx); cause != nil && err != nil && !errors.Is(err, orchestrator.ErrReplaced) {
		err = cause
	}
	d.at.Store(nil)
	cancel(err)
	v.opening.Lock()   // nobody begins a line any more
	v.opening.Unlock() //nolint:staticcheck // see above
	v.wg.Wait()
	v.forget()
	return err
}

// driving is how the PBX is driven now, nil when it is not.
func (d *driver) driving() *driving {
	if d == nil {
		return nil
	}
	return d.at.Load()
}

// watch tells the PBX which phones to watch.
func (d *driver) watch(ctx context.Context) {
	if err := d.pbx.Watch(ctx, d.eng.devices.Endpoints(d.pbx.Name())); err != nil {
		d.log.WarnContext(ctx, "phones cannot be watched", "error", err)
	}
}
