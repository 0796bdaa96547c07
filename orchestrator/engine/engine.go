// Package engine runs calls: one goroutine for each, which decides (by
// orchestrator/call), stores, and hands what was decided to the PBX and the
// distributor; the lease of each PBX; the adoption of calls that outlived the
// process that began them; and a sweeper that heals what is left.
//
// The way of a call: an event of the PBX enters the mailbox of its call (loop);
// the decision is stored with its journal entries in one step; new commands
// go to lanes, one for each side, which run them in order and post what comes of them. A
// process commands a PBX only while it drives it (driving): under a lease that
// was proved after the connection was made.
package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/keys"
	"github.com/operadora/operadora/orchestrator/life"
	"github.com/operadora/operadora/orchestrator/session"
)

// Parts is what an Engine is joined from. All but Prepare, Connected, Dead, Callbacks, Contacts, Lookups, First,
// Log, Registerer and Now are required.
type Parts struct {
	Store       orchestrator.Store
	Distributor orchestrator.Distributor
	Agents      orchestrator.Agents
	Devices     orchestrator.Devices
	Flows       orchestrator.Flows
	People      orchestrator.People
	// Prepare fetches what flows need to go on with a call that began in another process; may be nil.
	Prepare func(ctx context.Context, flowState json.RawMessage) error
	// Connected is told after each (re)connection of a PBX; may be nil.
	Connected func(ctx context.Context, pbx string)
	// Dead tells whether a holder of a lease (LeaseOwner.Holder) is certainly not
	// alive any more, so that its lease need not run out first; may be nil.
	Dead func(holder string) bool
	// Callbacks tells how a queue calls back who waited in it; false when it does not. Nil: none does.
	Callbacks func(queue string) (orchestrator.CallbackPlan, bool)
	Gate      orchestrator.Gate
	// Contacts is asked whether a customer may be contacted; nil lets all be.
	Contacts orchestrator.Contacts
	// Lookups asks the sources of flows; nil knows none.
	Lookups    orchestrator.Lookups
	Keys       map[string]keys.Table // feature codes in a conversation, by PBX
	PBXs       []orchestrator.PBX
	First      map[string]string // which instance drives a PBX first, by PBX; others stand aside at their start
	Owner      orchestrator.LeaseOwner
	LeaseTTL   time.Duration // how long the PBX stays ours after the last sign of life
	Limits     call.Limits
	Lines      session.Settings
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// DefaultLeaseTTL is how long a PBX stays reserved for a process that gives no sign of life.
const DefaultLeaseTTL = 2 * time.Second

// Engine runs the calls of all PBXs of this process.
type Engine struct {
	rules     *rules
	store     orchestrator.Store
	dist      orchestrator.Distributor
	agents    orchestrator.Agents
	devices   orchestrator.Devices
	prepare   func(context.Context, json.RawMessage) error
	connected func(context.Context, string)
	dead      func(string) bool
	callbacks func(string) (orchestrator.CallbackPlan, bool)
	contacts  orchestrator.Contacts
	lookups   orchestrator.Lookups
	owner     orchestrator.LeaseOwner
	ttl       time.Duration
	log       *slog.Logger
	now       func() time.Time // the machine's clock, by which moments are told
	clock     clock
	metrics   *metrics
	drivers   map[string]*driver
	aside     atomic.Bool // others are to drive the PBXs

	mu    sync.Mutex
	calls map[string]*loop // of calls and permanent lines, by id; guarded by mu

	life life.Group
}

// New joins the parts. Nothing runs before Start.
func New(p Parts) *Engine {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.LeaseTTL <= 0 {
		p.LeaseTTL = DefaultLeaseTTL
	}
	e := &Engine{
		rules: &rules{
			call: &call.Rules{Flows: p.Flows, Gate: p.Gate, People: p.People, Limits: p.Limits, Keys: p.Keys},
			line: &session.Rules{Gate: p.Gate, Limits: p.Limits, Settings: p.Lines},
		},
		store: p.Store, dist: p.Distributor, agents: p.Agents, devices: p.Devices,
		prepare: p.Prepare, connected: p.Connected, dead: p.Dead, callbacks: p.Callbacks, contacts: p.Contacts, lookups: p.Lookups,
		owner: p.Owner, ttl: p.LeaseTTL, log: p.Log.With("component", "orchestrator"), now: p.Now,
		calls: map[string]*loop{}, drivers: map[string]*driver{},
	}
	e.clock = newClock(p.Now)
	e.rules.call.Lines = e
	e.metrics = newMetrics(p.Registerer, e)
	for _, pbx := range p.PBXs {
		e.drivers[pbx.Name()] = newDriver(e, pbx, p.First[pbx.Name()])
	}
	return e
}

// Start drives every PBX until Stop or the end of ctx. It returns at once.
func (e *Engine) Start(ctx context.Context) error {
	ctx, ok := e.life.Begin(ctx)
	if !ok {
		return fault.New("orchestrator.Start", fault.Conflict, "started already")
	}
	for _, d := range e.drivers {
		e.life.Go(func() { d.run(ctx) })
	}
	return nil
}

// Stop ends this process's part in the calls and waits for it. The calls
// themselves go on in the PBX; the next process takes them up.
func (e *Engine) Stop() { e.life.End() }

// Ask carries out what a person wants of a live call, and returns when
// that is stored: by nil, or by an error that says why not, and nothing has
// changed. NotFound: no such live call. Unavailable: nobody knows.
func (e *Engine) Ask(ctx context.Context, id string, w call.Wish) error {
	if e.has(id) {
		return e.askHere(ctx, id, w)
	}
	pbx, err := e.whereIs(ctx, id)
	if err != nil {
		return err
	}
	_, err = e.send(ctx, opAsk, pbx, order{Wish: &wishOrder{Call: id, Wish: w}})
	return err
}

const opAsk = "orchestrator.Ask"

// whereIs is the PBX of a live call that another process has; NotFound when there
// is no such call.
func (e *Engine) whereIs(ctx context.Context, id string) (string, error) {
	r, err := e.store.Load(ctx, id)
	if err != nil {
		return "", err
	}
	c, err := call.Parse(r.Doc)
	if err != nil || r.Ended || !e.elsewhere(c.PBX) {
		return "", fault.New(opAsk, fault.NotFound, "no live call %q", id)
	}
	return c.PBX, nil
}

// askHere is Ask for a call of this process.
func (e *Engine) askHere(ctx context.Context, id string, w call.Wish) error {
	const op = opAsk
	answer := make(chan error, 1)
	if !e.post(id, call.Input{Kind: call.InWish, Wish: w, Answer: func(err error) { answer <- err }}) {
		return fault.New(op, fault.NotFound, "no live call %q", id)
	}
	return e.await(ctx, answer, op, fmt.Sprintf("call %q", id))
}

// await waits for what is decided about something that was asked of who.
func (e *Engine) await(ctx context.Context, answer <-chan error, op, who string) error {
	ctx, cancel := context.WithTimeout(ctx, e.rules.call.Limits.Command)
	defer cancel()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return fault.New(op, fault.Unavailable, "%s has not answered", who)
	}
}

// PBX returns the port of a PBX by name.
func (e *Engine) PBX(name string) (orchestrator.PBX, bool) {
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

// Drives tells whether a PBX's events flow to this process now.
func (e *Engine) Drives(pbx string) bool {
	d, ok := e.drivers[pbx]
	return ok && d.connected.Load()
}

// Rewatch tells every PBX which phones to watch, after the definitions changed.
func (e *Engine) Rewatch(ctx context.Context) {
	for _, d := range e.drivers {
		d.watch(ctx)
	}
}

// NewRules tells the calls that wait that the definitions have changed.
func (e *Engine) NewRules() {
	e.mu.Lock()
	calls := slices.Collect(maps.Values(e.calls))
	e.mu.Unlock()
	for _, l := range calls {
		if l.shown.Load().waiting != 0 {
			l.post(call.Input{Kind: call.InRules})
		}
	}
}

// Live is the number of calls in this process.
func (e *Engine) Live() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for id := range e.calls {
		if !session.Is(id) {
			n++
		}
	}
	return n
}

// post puts an input into a call's mailbox; false when the call is not here.
func (e *Engine) post(id string, in call.Input) bool {
	e.mu.Lock()
	l, ok := e.calls[id]
	e.mu.Unlock()
	if ok {
		l.post(in)
	}
	return ok
}

// maxDepth is a mailbox depth that no healthy call reaches.
const maxDepth = 10_000

func (e *Engine) add(l *loop) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls[l.id] = l
}

// addNew adds a loop unless there is one of its id, which is returned then.
func (e *Engine) addNew(l *loop) *loop {
	e.mu.Lock()
	defer e.mu.Unlock()
	if before, ok := e.calls[l.id]; ok {
		return before
	}
	e.calls[l.id] = l
	return nil
}

func (e *Engine) has(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.calls[id]
	return ok
}

func (e *Engine) remove(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.calls, id)
}

// loops are the calls of one PBX.
func (e *Engine) loops(d *driving) []*loop {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []*loop
	for _, l := range e.calls {
		if l.drv == d {
			out = append(out, l)
		}
	}
	return out
}

// callID tells whether a text is what newCallID makes.
func callID(text string) bool {
	_, err := ulid.ParseStrict(strings.ToUpper(text))
	return err == nil && text == strings.ToLower(text)
}

// newCallID makes the id of a call that begins now.
func newCallID(now time.Time) string {
	return call.NewID(now.UnixMilli(), rand.Reader)
}
