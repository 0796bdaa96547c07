package orchestrator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Devices learns what a PBX says of a phone. acd implements it.
type Devices interface {
	Device(ctx context.Context, pbx, endpoint string, state DeviceState) error
	// Endpoints lists the phones of a PBX that are worth watching.
	Endpoints(pbx string) []string
}

// Parts is what an Engine is joined from. All but Log, Registerer and Now are required.
type Parts struct {
	Store       Store
	Distributor Distributor
	Agents      Agents
	Devices     Devices
	Flows       Flows
	// Prepare fetches what the flow needs to go on with a call that began in another process; may be nil.
	Prepare func(ctx context.Context, flowState json.RawMessage) error
	// Connected is told after each (re)connection of a PBX; may be nil.
	Connected  func(ctx context.Context, pbx string)
	Gate       Gate
	PBXs       []PBX
	Owner      LeaseOwner
	LeaseTTL   time.Duration // how long the PBX stays ours after the last sign of life
	Limits     Limits
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Engine runs the calls of all PBXs of this process.
type Engine struct {
	decider *decider
	store   Store
	dist    Distributor
	agents  Agents
	devices Devices
	prepare func(context.Context, json.RawMessage) error
	greet   func(context.Context, string)
	owner   LeaseOwner
	ttl     time.Duration
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	drivers map[string]*driver

	mu    sync.Mutex
	calls map[string]*loop // by call id; guarded by mu

	wg     sync.WaitGroup
	cancel context.CancelFunc // set by Start
}

// NewEngine joins the parts. Nothing runs before Start.
func NewEngine(p Parts) *Engine {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.LeaseTTL <= 0 {
		p.LeaseTTL = 10 * time.Second
	}
	e := &Engine{
		decider: &decider{flows: p.Flows, gate: p.Gate, limits: p.Limits},
		store:   p.Store, dist: p.Distributor, agents: p.Agents, devices: p.Devices, prepare: p.Prepare, greet: p.Connected,
		owner: p.Owner, ttl: p.LeaseTTL, log: p.Log.With("component", "orchestrator"), now: p.Now,
		calls: map[string]*loop{}, drivers: map[string]*driver{},
	}
	e.metrics = newMetrics(p.Registerer, e)
	for _, pbx := range p.PBXs {
		e.drivers[pbx.Name()] = newDriver(e, pbx)
	}
	return e
}

// Start drives every PBX until Stop or the end of ctx. It returns at once.
func (e *Engine) Start(ctx context.Context) error {
	ctx, e.cancel = context.WithCancel(ctx)
	for _, d := range e.drivers {
		e.wg.Go(func() { d.run(ctx) })
	}
	return nil
}

// Stop ends this process's part in the calls and waits for it. The calls
// themselves go on in the PBX; the next process takes them up.
func (e *Engine) Stop() {
	if e.cancel != nil {
		e.cancel()
	}
	e.wg.Wait()
}

// Offer hands an agent to a waiting call. It implements OfferDesk.
func (e *Engine) Offer(o Offer) bool {
	return e.post(o.Call, input{Kind: inOffer, Offer: o})
}

// Withdraw takes an offer back. It implements OfferDesk.
func (e *Engine) Withdraw(o Offer, why OfferFailure) {
	e.post(o.Call, input{Kind: inWithdraw, Offer: o, Why: why})
}

// Do carries out a person's order on a live call. The order is taken at once
// and done in the call's own time. NotFound: no such live call here.
func (e *Engine) Do(call string, o Order) error {
	if !e.post(call, input{Kind: inOrder, Order: o}) {
		return fault.New("orchestrator.Do", fault.NotFound, "no live call %q", call)
	}
	return nil
}

// PBX returns the port of a PBX by name.
func (e *Engine) PBX(name string) (PBX, bool) {
	d, ok := e.drivers[name]
	if !ok {
		return nil, false
	}
	return d.pbx, true
}

// Connected tells for each PBX whether its events flow to this process now.
func (e *Engine) Connected() map[string]bool {
	out := make(map[string]bool, len(e.drivers))
	for name, d := range e.drivers {
		out[name] = d.connected.Load()
	}
	return out
}

// Rewatch tells every PBX which phones to watch, after the definitions changed.
func (e *Engine) Rewatch(ctx context.Context) {
	for _, d := range e.drivers {
		d.watch(ctx)
	}
}

// Live is the number of calls in this process.
func (e *Engine) Live() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.calls)
}

// post puts an input into a call's mailbox; false when the call is not here.
func (e *Engine) post(call string, in input) bool {
	e.mu.Lock()
	l, ok := e.calls[call]
	e.mu.Unlock()
	if !ok {
		return false
	}
	if n := l.box.post(in); n == maxDepth {
		l.log.Error("the call's mailbox overflows; taking the PBX's calls up again", "depth", n)
		l.drv.restart()
	}
	return true
}

// maxDepth is a mailbox depth that no healthy call reaches.
const maxDepth = 10_000

func (e *Engine) add(l *loop) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls[l.id] = l
}

func (e *Engine) has(call string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.calls[call]
	return ok
}

func (e *Engine) remove(call string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.calls, call)
}

// newCallID makes an id that sorts by time: a ULID in lower case.
func newCallID(now time.Time) string {
	return strings.ToLower(ulid.MustNew(ulid.Timestamp(now), rand.Reader).String())
}
