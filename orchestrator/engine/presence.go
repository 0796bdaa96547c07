package engine

import (
	"context"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// presence is what the distributor is to know of a PBX: whether it is there.
type presence struct {
	signal chan struct{}

	mu   sync.Mutex
	tell func(ctx context.Context, again bool) (changed int, err error) // guarded by mu
	n    int                                                            // how often it was set; guarded by mu
}

func newPresence() *presence { return &presence{signal: make(chan struct{}, 1)} }

// set has something told instead of what was before.
func (p *presence) set(tell func(context.Context, bool) (int, error)) {
	p.mu.Lock()
	p.tell = tell
	p.n++
	p.mu.Unlock()
	select {
	case p.signal <- struct{}{}:
	default: // already signalled
	}
}

func (p *presence) get() (func(context.Context, bool) (int, error), int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tell, p.n
}

// isAway has the distributor know that the PBX cannot be commanded.
func (v *driving) isAway() {
	v.present.set(func(ctx context.Context, _ bool) (int, error) { return v.eng.dist.Away(ctx, v.lease) })
}

// isBack has the distributor know that the PBX is there. Of its calls those in gone are
// about to leave: their customers are not there any more.
func (v *driving) isBack(gone map[string]bool) {
	v.present.set(func(ctx context.Context, again bool) (int, error) {
		return v.eng.dist.Back(ctx, v.lease, func(call string) bool { return v.eng.has(call) && (again || !gone[call]) })
	})
}

// tellPresence tells the distributor whether the PBX is there, whenever that changes, and
// now and then in case its store has forgotten.
func (v *driving) tellPresence(ctx context.Context) {
	told := 0
	for {
		timer := time.NewTimer(sweepEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-v.present.signal:
			timer.Stop()
		case <-timer.C:
		}
		for tell, n := v.present.get(); tell != nil; tell, n = v.present.get() {
			again := told == n
			changed, err := tell(ctx, again)
			if err == nil {
				told = n
				if again && changed > 0 {
					v.healed(ctx, "presence", v.pbx.Name(), true, nil)
				}
				break
			}
			if fault.KindOf(err) != fault.Unavailable {
				v.log.ErrorContext(ctx, "whether the PBX is there was refused", "error", err)
				break
			}
			if !life.Sleep(ctx, 100*time.Millisecond) {
				return
			}
		}
	}
}
