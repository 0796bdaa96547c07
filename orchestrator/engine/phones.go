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

// awayAfter is how long a PBX may not be connected until it counts as away.
const awayAfter = 3 * time.Second

// miss has the PBX count as away once it has not been connected for a while. Agents are
// matched with none of its calls: they would be rung in vain while others wait. Its phones
// that are rung from other PBXs, too, count as unreachable: each caller of those would wait
// for as long as a phone rings. What is true is told when the PBX is connected again.
func (v *driving) miss() {
	v.wg.Go(func() {
		if !life.Sleep(v.ctx, awayAfter) {
			return
		}
		v.missing.Lock() // a connection tells after it, not before
		defer v.missing.Unlock()
		if v.connected.Load() {
			return
		}
		v.isAway()
		for _, endpoint := range v.eng.devices.Shared(v.pbx.Name()) {
			v.lines.phone(endpoint, orchestrator.DeviceUnreachable)
			v.phoneIs(phoneWord{endpoint: endpoint, state: orchestrator.DeviceUnreachable}) // whose line is open there, too: its session tells when it is compared
		}
	})
}

var phoneSeed = maphash.MakeSeed()

// phoneIs has a phone's state told.
func (v *driving) phoneIs(w phoneWord) {
	v.phones[maphash.String(phoneSeed, w.endpoint)%phoneWorkers].put(w)
}

// tellPhone tells a phone's state, after what is being told of the phone already.
func (v *driving) tellPhone(ctx context.Context, endpoint string, state orchestrator.DeviceState) error {
	told := make(chan error, 1)
	v.phoneIs(phoneWord{endpoint, state, told})
	select {
	case err := <-told:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// phoneWord is the state of a phone.
type phoneWord struct {
	endpoint string
	state    orchestrator.DeviceState
	told     chan<- error // with room for what came of it, or nil
}

// over answers who waits for it to be told.
func (w phoneWord) over(err error) {
	if w.told != nil {
		w.told <- err
	}
}

// phoneNews are device states that are not told yet.
type phoneNews struct {
	signal chan struct{}

	mu   sync.Mutex
	news []phoneWord // guarded by mu
}

func newPhoneNews() *phoneNews { return &phoneNews{signal: make(chan struct{}, 1)} }

func (p *phoneNews) put(w phoneWord) {
	p.mu.Lock()
	p.news = append(p.news, w)
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
		for _, w := range newest(news) {
			for {
				err := to.Device(ctx, pbx, w.endpoint, w.state)
				if err == nil {
					w.over(nil)
					break
				}
				if fault.KindOf(err) != fault.Unavailable {
					log.ErrorContext(ctx, "a phone's state was refused", "endpoint", w.endpoint, "state", w.state, "error", err)
					w.over(err)
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
func newest(news []phoneWord) []phoneWord {
	seen := map[string]bool{}
	var out []phoneWord
	for _, w := range slices.Backward(news) {
		if seen[w.endpoint] {
			w.over(nil)
			continue
		}
		seen[w.endpoint] = true
		out = append(out, w)
	}
	slices.Reverse(out)
	return out
}
