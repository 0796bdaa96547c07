package engine

import (
	"context"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// phoneWorkers is how many device states are told at a time: each is a round
// trip to the store, and an agent is not free before it is told.
const phoneWorkers = 8

// phonesAway is how long a PBX may not be connected until the phones that others
// ring there count as unreachable.
const phonesAway = 3 * time.Second

// missPhones has the phones of the PBX that are rung from others, too, count as
// unreachable once it has been away for a while: those others would ring them in
// vain, each caller for as long as a phone rings. What is true is told when the PBX
// is connected again.
func (v *driving) missPhones() {
	v.wg.Go(func() {
		if !life.Sleep(v.ctx, phonesAway) {
			return
		}
		v.missing.Lock() // a connection tells after it, not before
		defer v.missing.Unlock()
		if v.connected.Load() {
			return
		}
		for _, endpoint := range v.eng.devices.Shared(v.pbx.Name()) {
			v.Event(orchestrator.Event{Kind: orchestrator.EventDevice, PBX: v.pbx.Name(), Endpoint: endpoint, Device: orchestrator.DeviceUnreachable})
		}
	})
}

var phoneSeed = maphash.MakeSeed()

// phoneNews are device states that are not told yet.
type phoneNews struct {
	signal chan struct{}

	mu   sync.Mutex
	news []orchestrator.Event // guarded by mu
}

func newPhoneNews() *phoneNews { return &phoneNews{signal: make(chan struct{}, 1)} }

func (p *phoneNews) put(e orchestrator.Event) {
	p.mu.Lock()
	p.news = append(p.news, e)
	p.mu.Unlock()
	select {
	case p.signal <- struct{}{}:
	default: // already signalled
	}
}

// tell passes device states on in order, each until it is taken. One that is
// refused for good must not keep the others waiting.
func (p *phoneNews) tell(ctx context.Context, pbx string, to orchestrator.Devices, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.signal:
		}
		p.mu.Lock()
		news := p.news
		p.news = nil
		p.mu.Unlock()
		for _, e := range newest(news) {
			for {
				err := to.Device(ctx, pbx, e.Endpoint, e.Device)
				if err == nil {
					break
				}
				if fault.KindOf(err) != fault.Unavailable {
					log.ErrorContext(ctx, "a phone's state was refused", "endpoint", e.Endpoint, "state", e.Device, "error", err)
					break
				}
				if !life.Sleep(ctx, 100*time.Millisecond) {
					return
				}
			}
		}
	}
}

// newest keeps the last word about each phone: the states before it are past.
func newest(news []orchestrator.Event) []orchestrator.Event {
	seen := map[string]bool{}
	var out []orchestrator.Event
	for _, e := range slices.Backward(news) {
		if !seen[e.Endpoint] {
			seen[e.Endpoint] = true
			out = append(out, e)
		}
	}
	slices.Reverse(out)
	return out
}
