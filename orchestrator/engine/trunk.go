package engine

import (
	"context"
	"slices"
	"sync"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/life"
)

// trunk counts the calls to outside numbers of one PBX, for its caps. It lives as
// long as the lease does: whoever drives the PBX dials all of them, and takes up
// with a call the numbers that it has dialled.
type trunk struct {
	mu    sync.Mutex
	meter gate.Meter // guarded by mu
}

// take waits until a channel may be dialled, or says why it may not. A repeated
// order passes. One that the call has given up in this instant is not counted: it
// was freed already.
func (l *loop) take(ctx context.Context, d call.Dial) error {
	if !d.Outside {
		return nil
	}
	t := &l.drv.trunk
	t.mu.Lock()
	if !slices.Contains(l.shown.Load().outside, d.Order.Channel) {
		t.mu.Unlock()
		return fault.E("engine", fault.Conflict, call.ErrMoot)
	}
	wait, err := t.meter.Take(d.Order.Channel, l.eng.rules.call.Gate.Caps(l.drv.pbx.Name()), l.eng.now())
	t.mu.Unlock()
	if wait > 0 {
		life.Sleep(ctx, wait) // when ctx ends nothing is answered
	}
	return err
}

// contact asks the rules by which people may be contacted, at the moment at which somebody is.
func (l *loop) contact(ctx context.Context, d call.Dial) error {
	if d.Contact == nil || l.eng.contacts == nil {
		return nil
	}
	err := l.eng.contacts.Contact(ctx, *d.Contact)
	if err != nil && fault.KindOf(err) != fault.Denied { // nobody knows: nobody is called yet
		return fault.New("engine", fault.Unavailable, "whether the number may be contacted is not known: %w: %w", err, orchestrator.ErrNothingDone)
	}
	return err
}

// count counts the outside numbers of a call that another process dialled.
func (t *trunk) count(channels []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ch := range channels {
		t.meter.Count(ch)
	}
}

// free ends the counting of channels that are not among those that a call has.
func (t *trunk) free(before, has []string) {
	if len(before) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ch := range before {
		if !slices.Contains(has, ch) {
			t.meter.Free(ch)
		}
	}
}
