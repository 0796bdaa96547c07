package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/engine"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/life"
	"github.com/operadora/operadora/orchestrator/pbxtest"
	"github.com/operadora/operadora/orchestrator/session"
)

// memory is a Store for bubbles of synctest, where no real Redis can be. It
// keeps what the engine relies on: fencing, growing revisions, the journal.
type memory struct {
	mu     sync.Mutex
	away   bool
	calls  map[string]orchestrator.Record
	came   []string
	aside  []string
	leases map[string]orchestrator.Lease
	claims map[string]string
	until  map[string]time.Time
	log    []orchestrator.Entry
	keep   bool // nothing is given back
	stuck  bool // while it is away it does not even say so
	refuse func(orchestrator.Record) error
	grown  chan struct{} // closed when the log has grown
	orders map[string]chan ordered
}

// ordered is an order in the memory store.
type ordered struct {
	order  []byte
	answer chan []byte
}

func (m *memory) ordersOf(pbx string) chan ordered {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.orders == nil {
		m.orders = map[string]chan ordered{}
	}
	if m.orders[pbx] == nil {
		m.orders[pbx] = make(chan ordered)
	}
	return m.orders[pbx]
}

func (m *memory) Order(ctx context.Context, pbx string, order []byte) ([]byte, error) {
	o := ordered{order, make(chan []byte, 1)}
	select {
	case m.ordersOf(pbx) <- o:
	case <-ctx.Done():
		return nil, fault.New("memory", fault.Unavailable, "nobody drives %q", pbx)
	}
	select {
	case a := <-o.answer:
		return a, nil
	case <-ctx.Done():
		return nil, errAway
	}
}

func (m *memory) Orders(ctx context.Context, pbx string, do func(context.Context, []byte) []byte) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		select {
		case o := <-m.ordersOf(pbx):
			wg.Go(func() { o.answer <- do(ctx, o.order) })
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func newMemory() *memory {
	return &memory{calls: map[string]orchestrator.Record{}, leases: map[string]orchestrator.Lease{}, claims: map[string]string{}, until: map[string]time.Time{}, grown: make(chan struct{})}
}

var errAway = fault.New("memory", fault.Unavailable, "away")

// check refuses what an older lease asks for. m.mu is held.
func (m *memory) check(l orchestrator.Lease) error {
	if m.away {
		return errAway
	}
	if m.leases[l.PBX].Epoch != l.Epoch {
		return fault.E("memory", fault.Conflict, orchestrator.ErrFenced)
	}
	return nil
}

// wait keeps who asks waiting while the store hangs.
func (m *memory) wait(ctx context.Context) {
	for {
		m.mu.Lock()
		stuck := m.away && m.stuck
		m.mu.Unlock()
		if !stuck || !life.Sleep(ctx, 100*time.Millisecond) {
			return
		}
	}
}

func (m *memory) Commit(ctx context.Context, l orchestrator.Lease, r orchestrator.Record, e []orchestrator.Entry) error {
	m.wait(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(l); err != nil {
		return err
	}
	if before, ok := m.calls[r.ID]; ok && before.Rev >= r.Rev {
		return fault.New("memory", fault.Conflict, "revision %d is stored", before.Rev)
	}
	if m.refuse != nil {
		if err := m.refuse(r); err != nil {
			return err
		}
	}
	m.calls[r.ID] = r
	if r.Came != "" {
		m.came = append(m.came, r.Came)
	}
	m.add(e...)
	return nil
}

// add writes to the log. m.mu is held.
func (m *memory) add(e ...orchestrator.Entry) {
	for _, e := range e {
		e.ID = strconv.Itoa(len(m.log) + 1)
		m.log = append(m.log, e)
	}
	close(m.grown)
	m.grown = make(chan struct{})
}

func (m *memory) Live(_ context.Context, pbx string) ([]orchestrator.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, errAway
	}
	var out []orchestrator.Record
	for _, r := range m.calls {
		if !r.Ended && r.PBX == pbx && !slices.Contains(m.aside, r.ID) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) SetAside(_ context.Context, l orchestrator.Lease, r orchestrator.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.aside = append(m.aside, r.ID)
	return m.check(l)
}

func (m *memory) Load(_ context.Context, id string) (orchestrator.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.calls[id]; ok {
		return r, nil
	}
	return orchestrator.Record{}, fault.New("memory", fault.NotFound, "no call %q", id)
}

func (m *memory) Came(context.Context, string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, errAway
	}
	return slices.Clone(m.came), nil
}

func (m *memory) Claim(_ context.Context, key, value string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return "", errAway
	}
	if before, ok := m.claims[key]; ok {
		return before, nil
	}
	m.claims[key] = value
	return value, nil
}

func (m *memory) PromiseCallback(_ context.Context, queue, number, id, over string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return "", errAway
	}
	if before := m.claims["callback "+queue+" "+number]; before != "" && before != over {
		return before, nil
	}
	m.claims["callback "+queue+" "+number] = id
	return id, nil
}

func (m *memory) ForgetCallback(_ context.Context, queue, number, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return errAway
	}
	if m.claims["callback "+queue+" "+number] == id {
		delete(m.claims, "callback "+queue+" "+number)
	}
	return nil
}

func (m *memory) Callback(_ context.Context, queue, number string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return "", errAway
	}
	return m.claims["callback "+queue+" "+number], nil
}

func (m *memory) Acquire(ctx context.Context, pbx string, o orchestrator.LeaseOwner, ttl time.Duration, dead string) (orchestrator.Lease, error) {
	m.wait(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return orchestrator.Lease{}, errAway
	}
	l := m.leases[pbx]
	if l.Owner != o {
		if time.Now().Before(m.until[pbx]) && l.Owner.Holder() != dead {
			return orchestrator.Lease{}, fault.E("memory", fault.Conflict,
				&orchestrator.HeldError{Instance: l.Owner.Instance, Holder: l.Owner.Holder()})
		}
		l = orchestrator.Lease{PBX: pbx, Owner: o, Epoch: l.Epoch + 1}
		m.leases[pbx] = l
	}
	m.until[pbx] = time.Now().Add(ttl)
	return l, nil
}

func (m *memory) Release(_ context.Context, l orchestrator.Lease) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leases[l.PBX] == l && !m.keep {
		m.until[l.PBX] = time.Time{}
	}
	return nil
}

func (m *memory) Append(_ context.Context, e ...orchestrator.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(e...)
	return nil
}

func (m *memory) Tail(ctx context.Context, after string, fn func([]orchestrator.Entry) error) error {
	for {
		m.mu.Lock()
		n, _ := strconv.Atoi(after) // "" is the beginning
		if n > len(m.log) {
			m.mu.Unlock()
			return fault.E("memory", fault.Conflict, orchestrator.ErrRewound)
		}
		news, grown := slices.Clone(m.log[n:]), m.grown
		m.mu.Unlock()
		if len(news) == 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-grown:
				continue
			}
		}
		if err := fn(news); err != nil {
			return err
		}
		after = news[len(news)-1].ID
	}
}

func (m *memory) Last(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strconv.Itoa(len(m.log)), nil
}

// ended returns the summaries of all calls on record.
func (m *memory) ended() (out []orchestrator.CallSummary) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.log {
		if e.Type == orchestrator.EntryCallEnded {
			var s orchestrator.CallSummary
			if err := json.Unmarshal(e.Data, &s); err != nil {
				panic(err)
			}
			out = append(out, s)
		}
	}
	return out
}

func (m *memory) set(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
}

// hang lets the store not answer at all while it is away.
func (m *memory) hang(stuck bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stuck = stuck
}

// floor is a queue with one agent, first come first served.
type floor struct {
	mu       sync.Mutex
	waiting  []orchestrator.Waiting
	offer    *orchestrator.Offer
	n        int
	missed   []orchestrator.OfferFailure
	notices  chan orchestrator.DeskNotice
	refuse   error  // of Enqueue
	full     string // a queue that takes nobody
	dialled  []orchestrator.Dialling
	beas     orchestrator.DeviceState // of bea's phone, as told last
	shared   []string                 // phones that other PBXs ring, too
	deaf     error                    // of what is told of the PBX
	presence string                   // of the PBX, as told last
	epoch    int64                    // of the lease under which it was
	back     []string                 // calls that went on waiting when it came back
	bea      orchestrator.AgentResult // of whatever bea's phone asks for
	talks    string                   // the call in which the agent talks, for AgentTransfer

	tell   func(orchestrator.Entry) // the journal
	state  string                   // of the agent: "" is one who is always there
	reason string                   // of the pause
	device orchestrator.DeviceState // as last told
	did    []orchestrator.AgentCommand
}

func newFloor() *floor { return &floor{notices: make(chan orchestrator.DeskNotice, 100)} }

func (f *floor) match() *orchestrator.Offer {
	if f.offer != nil || len(f.waiting) == 0 || f.state != "" && (f.state != "available" || f.device != orchestrator.DeviceFree) {
		return nil
	}
	f.n++
	f.offer = &orchestrator.Offer{ID: fmt.Sprint("o", f.n), Call: f.waiting[0].Call, Visit: f.waiting[0].Visit, PBX: "lima", Queue: "sales",
		Agent: "ana", Endpoint: "PJSIP/101", Ring: 20 * time.Second}
	f.waiting = f.waiting[1:]
	o := *f.offer
	return &o
}

var plan = orchestrator.QueuePlan{Record: true, RecordFormat: "wav"}

func (f *floor) Enqueue(_ context.Context, w orchestrator.Waiting) (orchestrator.Placement, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return orchestrator.Placement{}, f.refuse
	}
	if w.Queue == f.full {
		return orchestrator.Placement{Result: orchestrator.RefusedFull}, nil
	}
	if f.offer != nil && f.offer.Call == w.Call && f.offer.Visit == w.Visit {
		o := *f.offer
		return orchestrator.Placement{Result: orchestrator.PlacedOffered, Offer: &o, Plan: plan}, nil
	}
	f.drop(w.Call)
	f.waiting = append(f.waiting, w)
	slices.SortStableFunc(f.waiting, func(a, b orchestrator.Waiting) int { return a.Entered.Compare(b.Entered) })
	if o := f.match(); o != nil {
		if o.Call == w.Call {
			return orchestrator.Placement{Result: orchestrator.PlacedOffered, Offer: o, Plan: plan}, nil
		}
		f.notices <- orchestrator.DeskNotice{Offer: *o}
	}
	return orchestrator.Placement{Result: orchestrator.PlacedWaiting, Plan: plan}, nil
}

func (f *floor) drop(id string) {
	f.waiting = slices.DeleteFunc(f.waiting, func(w orchestrator.Waiting) bool { return w.Call == id })
}

func (f *floor) Leave(_ context.Context, id string, visit int, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = slices.DeleteFunc(f.waiting, func(w orchestrator.Waiting) bool { return w.Call == id && w.Visit <= visit })
	if f.offer != nil && f.offer.Call == id && f.offer.Visit <= visit && !f.offer.Answered {
		f.freed()
	}
	return nil
}

func (f *floor) Place(_ context.Context, id string) (int, time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.IndexFunc(f.waiting, func(w orchestrator.Waiting) bool { return w.Call == id }) + 1, 0, nil
}

// freed lets the agent take the next call.
func (f *floor) freed() {
	f.offer = nil
	if o := f.match(); o != nil {
		f.notices <- orchestrator.DeskNotice{Offer: *o}
	}
}

func (f *floor) Answered(_ context.Context, o orchestrator.Offer) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offer == nil || f.offer.ID != o.ID {
		return false, nil
	}
	f.offer.Answered = true
	return true, nil
}

func (f *floor) Talking(ctx context.Context, o orchestrator.Offer) (bool, error) {
	return f.Answered(ctx, o)
}

// Dial holds the agent, unless he has a call.
func (f *floor) Dial(_ context.Context, d orchestrator.Dialling) (orchestrator.Dialled, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dialled = append(f.dialled, d)
	switch {
	case f.refuse != nil:
		return orchestrator.Dialled{}, f.refuse
	case d.Over: // supervisors are not logged in
		return orchestrator.Dialled{Result: orchestrator.AgentNotLoggedIn}, nil
	case f.offer != nil && f.offer.Call != d.Call:
		return orchestrator.Dialled{Result: orchestrator.AgentBusy}, nil
	case f.offer == nil:
		f.n++
		f.offer = &orchestrator.Offer{ID: fmt.Sprint("o", f.n), Call: d.Call, Visit: d.Visit, PBX: "lima", Queue: "sales",
			Agent: "ana", Endpoint: "PJSIP/101", Ring: 20 * time.Second, Answered: true, Makes: true}
	}
	o, p := *f.offer, plan
	p.CallerID = "+34910000000"
	return orchestrator.Dialled{Result: orchestrator.AgentOK, Offer: &o, Plan: p}, nil
}

func (f *floor) Failed(_ context.Context, o orchestrator.Offer, why orchestrator.OfferFailure) (orchestrator.Placement, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offer == nil || f.offer.ID != o.ID {
		return orchestrator.Placement{Result: orchestrator.PlacedOut}, nil
	}
	f.missed = append(f.missed, why)
	if !why.Leaves() {
		f.waiting = append([]orchestrator.Waiting{{Call: f.offer.Call, Visit: f.offer.Visit}}, f.waiting...)
		f.offer = nil // an agent who missed is not tried again by himself
		if o := f.match(); why == orchestrator.OfferError && o != nil {
			return orchestrator.Placement{Result: orchestrator.PlacedOffered, Offer: o}, nil
		}
		return orchestrator.Placement{Result: orchestrator.PlacedWaiting}, nil
	}
	f.freed()
	return orchestrator.Placement{Result: orchestrator.PlacedOut}, nil
}

func (f *floor) Finished(_ context.Context, o orchestrator.Offer, _ time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offer != nil && f.offer.ID == o.ID {
		f.freed()
	}
	return nil
}

func (f *floor) Desk(ctx context.Context, _ string, tell func(orchestrator.DeskNotice)) error {
	f.mu.Lock()
	var standing []orchestrator.Offer
	if f.offer != nil && !f.offer.Answered {
		standing = append(standing, *f.offer)
	}
	f.mu.Unlock()
	for _, o := range standing {
		tell(orchestrator.DeskNotice{Offer: o})
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case n := <-f.notices:
			tell(n)
		}
	}
}

// Away has nothing matched with the PBX's calls, until it is back.
func (f *floor) Away(_ context.Context, l orchestrator.Lease) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told(l, "away")
}

// Back notes which of the calls that wait go on waiting.
func (f *floor) Back(_ context.Context, l orchestrator.Lease, waits func(string) bool) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.back = nil
	for _, w := range f.waiting {
		if waits(w.Call) {
			f.back = append(f.back, w.Call)
		}
	}
	return f.told(l, "back")
}

// told notes what was told of the PBX; the caller has mu.
func (f *floor) told(l orchestrator.Lease, what string) (changed int, err error) {
	if f.deaf != nil {
		return 0, f.deaf
	}
	if l.Epoch < f.epoch {
		return 0, nil
	}
	if f.presence != what {
		changed = 1
	}
	f.epoch, f.presence = l.Epoch, what
	return changed, nil
}

func (f *floor) Heal(context.Context, string) (int, error) { return 0, nil }

func (f *floor) Holding(context.Context, string) (orchestrator.Holding, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := orchestrator.Holding{Waiting: map[string]int{}}
	if f.offer != nil {
		h.Offers = append(h.Offers, *f.offer)
	}
	for _, w := range f.waiting {
		h.Waiting[w.Call] = w.Visit
	}
	return h, nil
}

var anasPhone = orchestrator.Phone{PBX: "lima", Endpoint: "PJSIP/101", Language: "es"}

// Do is what the agent can do, in the least words that do for a permanent line.
func (f *floor) Do(_ context.Context, cmd orchestrator.AgentCommand) (orchestrator.AgentAnswer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := orchestrator.AgentAnswer{Result: orchestrator.AgentOK, Agent: "ana", Call: f.talks}
	f.did = append(f.did, cmd)
	if cmd.Endpoint == "PJSIP/bea" { // who oversees the agents
		return orchestrator.AgentAnswer{Result: f.bea, Agent: "bea"}, nil
	}
	if cmd.Agent == "bea" { // has a permanent line
		a.Agent, a.State, a.Phone = "bea", "available", orchestrator.Phone{PBX: "lima", Endpoint: "PJSIP/bea"}
		return a, nil
	}
	switch cmd.Op {
	case orchestrator.AgentLine:
		if f.state == "" || f.state == "offline" {
			f.turn("available", "")
		}
		a.Phone = anasPhone
	case orchestrator.AgentLineDown:
		if f.state == "available" {
			f.turn("paused", orchestrator.ReasonLine)
		}
	case orchestrator.AgentLineUp:
		if f.state == "paused" && f.reason == orchestrator.ReasonLine {
			f.turn("available", "")
		}
	case orchestrator.AgentPause:
		f.turn("paused", cmd.Reason)
	case orchestrator.AgentResume:
		f.turn("available", "")
	case orchestrator.AgentLogout:
		f.turn("offline", "")
	case orchestrator.AgentLook:
		a.Phone = anasPhone
	case orchestrator.AgentTransfer, orchestrator.AgentDispose, orchestrator.AgentLogin:
	}
	a.State = f.state
	return a, nil
}

// turn takes the agent to another state, and tells the journal. f.mu is held.
func (f *floor) turn(state, reason string) {
	raw, err := json.Marshal(orchestrator.AgentChange{From: f.state, To: state, Reason: reason})
	if err != nil {
		panic(err)
	}
	f.state, f.reason = state, reason
	f.tell(orchestrator.Entry{Type: orchestrator.EntryAgentState, PBX: "lima", Agent: "ana", Data: raw})
	f.seek()
}

// seek lets an agent who has become free take a call. f.mu is held.
func (f *floor) seek() {
	if o := f.match(); o != nil {
		f.notices <- orchestrator.DeskNotice{Offer: *o}
	}
}

func (f *floor) Device(_ context.Context, _, endpoint string, state orchestrator.DeviceState) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if endpoint == "PJSIP/bea" {
		f.beas = state
		return nil
	}
	f.device = state
	if f.state != "" {
		f.seek()
	}
	return nil
}
func (f *floor) Endpoints(string) []string { return []string{"PJSIP/101"} }
func (f *floor) Shared(string) []string    { return f.shared }

// flows answer, play one prompt, queue, and hang up afterwards.
type flows struct {
	panics string // a number whose flow panics
	hands  string // a number whose flow hands the call back to the dialplan
}

func step(state string, a orchestrator.Action) orchestrator.FlowStep {
	return orchestrator.FlowStep{State: json.RawMessage(state), Actions: []orchestrator.Action{a}}
}

func (f *flows) Begin(a orchestrator.Arrival, _ time.Time) (orchestrator.FlowStep, error) {
	if a.Kind == orchestrator.KindFeature && a.Args[0] == string(orchestrator.AgentLine) {
		return step(`5`, orchestrator.Action{Kind: orchestrator.ActAgent,
			Agent: orchestrator.AgentCommand{Op: orchestrator.AgentLine, Endpoint: a.Args[1]}}), nil
	}
	if a.Kind == orchestrator.KindFeature {
		return step(`5`, orchestrator.Action{Kind: orchestrator.ActAgent,
			Agent: orchestrator.AgentCommand{Op: orchestrator.AgentTransfer, Endpoint: a.Args[1], To: a.Args[2]}}), nil
	}
	switch a.DID {
	case f.panics:
		panic("a fault of the flow")
	case f.hands:
		return step(`1`, orchestrator.Action{Kind: orchestrator.ActContinue}), nil
	case looks:
		return step(`6`, orchestrator.Action{Kind: orchestrator.ActAnswer}), nil
	}
	return step(`1`, orchestrator.Action{Kind: orchestrator.ActAnswer}), nil
}

func (f *flows) Next(state json.RawMessage, in orchestrator.FlowInput, _ time.Time) (orchestrator.FlowStep, error) {
	if string(state) == `6` {
		return lookingUp(in), nil
	}
	switch in.Kind {
	case orchestrator.FlowAnswered, orchestrator.FlowResumed:
		return step(`2`, orchestrator.Action{Kind: orchestrator.ActPlay, Ref: 1,
			Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "hello-world"}}}), nil
	case orchestrator.FlowPlayed:
		return step(`3`, orchestrator.Action{Kind: orchestrator.ActQueue, Queue: "sales"}), nil
	case orchestrator.FlowQueued, orchestrator.FlowAgent:
		return step(`4`, orchestrator.Action{Kind: orchestrator.ActHangup, Cause: orchestrator.CauseNormal}), nil
	}
	return orchestrator.FlowStep{State: state}, nil
}

// site is one PBX with operadora attached, in a bubble.
type site struct {
	t     *testing.T
	pbx   *pbxtest.PBX
	store *memory
	floor *floor
	flows *flows
	reg   *prometheus.Registry // of the present process
	gate  gate.Gate
	eng   *engine.Engine
	kill  context.CancelFunc // ends the process where it stands
	gen   int
	lines session.Settings

	contacts orchestrator.Contacts // of the next process; nil asks nobody
	lookups  orchestrator.Lookups  // of the next process; nil knows no source
	set      atomic.Int64          // by how many nanoseconds the machine's clock was set
}

// dead: every process but the present one was killed.
func (s *site) dead(holder string) bool { return holder != fmt.Sprintf("one/%d", s.gen) }

// outward lets all numbers be called.
var outward = gate.Gate{"lima": {Dial: "PJSIP/{digits}@trunk", Allow: []string{"+"}, Region: "ES", OutsideToOutside: true}}

func newSite(t *testing.T) *site {
	s := &site{t: t, pbx: pbxtest.New("lima"), store: newMemory(), floor: newFloor(), flows: &flows{panics: "-", hands: "-"},
		lines: session.Settings{Ring: 20 * time.Second, Again: 5 * time.Second, Tries: 5}, gate: outward}
	s.floor.tell = func(e orchestrator.Entry) { _ = s.store.Append(t.Context(), e) } // never fails while it is there
	s.pbx.Sound("hello-world", 3*time.Second)
	s.pbx.Sound("beep", 200*time.Millisecond)
	s.start()
	return s
}

// start begins a process; stop ends it, leaving the calls to the PBX.
func (s *site) start() {
	s.gen++
	s.reg = prometheus.NewRegistry()
	s.eng = engine.New(engine.Parts{
		Store: s.store, Distributor: s.floor, Agents: s.floor, Devices: s.floor, Flows: s.flows, People: everybody{}, Registerer: s.reg, Gate: s.gate,
		PBXs: []orchestrator.PBX{s.pbx}, Owner: orchestrator.LeaseOwner{Instance: "one", Process: fmt.Sprint(s.gen)},
		Limits: call.DefaultLimits, Lines: s.lines, Dead: s.dead, Contacts: s.contacts, Lookups: s.lookups,
		Now: func() time.Time { return time.Now().Add(time.Duration(s.set.Load())) },
	})
	ctx, kill := context.WithCancel(s.t.Context())
	s.kill = kill
	if err := s.eng.Start(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.wait(time.Second)
}

// live is the call that began last and has not ended.
func (s *site) live() (newest call.Call) {
	s.t.Helper()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, r := range s.store.calls {
		if c, err := call.Parse(r.Doc); err == nil && !r.Ended && c.Call > newest.Call {
			newest = c
		}
	}
	if newest.Call == "" {
		s.t.Fatal("there is no live call")
	}
	return newest
}

// mended is what the journal tells that the sweeper put right.
func (s *site) mended() string {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, e := range s.store.log {
		var x orchestrator.SystemEvent
		if e.Type == orchestrator.EntrySystem && json.Unmarshal(e.Data, &x) == nil && x.What == orchestrator.SystemHealed {
			return fmt.Sprint(x.Counts)
		}
	}
	return ""
}

// healed is how much the sweeper of the present process put right.
func (s *site) healed() (n float64) {
	families, err := s.reg.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "operadora_healed_total" {
			for _, m := range f.GetMetric() {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}

// wait lets time go by until everything has come to rest.
func (s *site) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// finish checks that n calls are on record once each with an outcome, and that nothing is left.
func (s *site) finish(outcomes ...orchestrator.Outcome) {
	s.t.Helper()
	s.wait(5 * time.Minute)
	seen := map[string]bool{}
	for _, c := range s.store.ended() {
		if seen[c.Call] {
			s.t.Errorf("call %s is on record twice", c.Call)
		}
		seen[c.Call] = true
	}
	if got := s.outcomes(); !slices.Equal(got, outcomes) {
		s.t.Errorf("outcomes %v, want %v", got, outcomes)
	}
	if left := s.pbx.Leftovers(); !left.None() {
		s.t.Errorf("left on the PBX: %v", left)
	}
	if s.floor.offer != nil || len(s.floor.waiting) > 0 {
		s.t.Errorf("left in the queue: %v %v", s.floor.offer, s.floor.waiting)
	}
	if n := s.eng.Live(); n != 0 {
		s.t.Errorf("%d live calls", n)
	}
	s.eng.Stop()
	s.pbx.Close()
}

// outcomes are those of the calls on record.
func (s *site) outcomes() (out []orchestrator.Outcome) {
	for _, c := range s.store.ended() {
		out = append(out, c.Outcome)
	}
	return out
}

func caller(n int) orchestrator.Party {
	return orchestrator.Party{Number: fmt.Sprint(600 + n), Name: "Luz"}
}

func TestServedCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(2*time.Second).ThenHangUp(30*time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(time.Minute)
		s.finish(orchestrator.OutcomeServed)
		c := s.store.ended()[0]
		if c.Agent != "ana" || c.EndedBy != "agent" || c.TalkMS != 30_000 || c.WaitMS != 2_000 || c.Recording == "" {
			t.Errorf("record: %+v", c)
		}
	})
}

func TestFreedAgentGetsTheNextCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(0).ThenHangUp(10*time.Second))
		for i := range 5 {
			s.pbx.Arrive(fmt.Sprint("in.", i), "5000", caller(i))
		}
		o := orchestrator.OutcomeServed
		s.finish(o, o, o, o, o)
		// 3 s prompt, then five conversations of 10 s without a gap
		if last := s.store.ended()[4]; last.EndedAt-last.StartedAt != 53_000 {
			t.Errorf("the last caller was done after %d ms", last.EndedAt-last.StartedAt)
		}
	})
}

func TestEndingsOnThePBX(t *testing.T) {
	t.Parallel()
	const arrive = "in.1"
	rows := []struct {
		name  string
		phone pbxtest.Behaviour
		do    func(*site)
		want  orchestrator.Outcome
	}{
		{"hangs up in the prompt", pbxtest.AnswerAfter(0), func(s *site) { s.wait(time.Second); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeLeft},
		{"hangs up while the agent rings", pbxtest.RingFor(time.Minute), func(s *site) { s.wait(10 * time.Second); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeAbandoned},
		{"nobody answers", pbxtest.Silent(), func(s *site) { s.wait(time.Minute); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeAbandoned},
		{"agent busy", pbxtest.Busy(), func(s *site) { s.wait(time.Minute); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeAbandoned},
		{"phone not registered", pbxtest.Unreachable(), func(s *site) { s.wait(time.Minute); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeAbandoned},
		{"hangs up while talking", pbxtest.AnswerAfter(0), func(s *site) { s.wait(time.Minute); s.pbx.HangUp(arrive, 16) }, orchestrator.OutcomeServed},
		{"the PBX restarts", pbxtest.AnswerAfter(0), func(s *site) { s.wait(time.Minute); s.pbx.Restart() }, orchestrator.OutcomeLost},
		{"socket cut, caller leaves unseen", pbxtest.AnswerAfter(0), func(s *site) {
			s.wait(time.Minute)
			s.pbx.DropSocket()
			s.wait(5 * time.Second)
			s.pbx.HangUp(arrive, 16)
			s.wait(5 * time.Second)
			s.pbx.Reconnect()
		}, orchestrator.OutcomeServed},
		{"store away while the caller leaves", pbxtest.AnswerAfter(0), func(s *site) {
			s.wait(time.Minute)
			s.store.set(true)
			s.pbx.HangUp(arrive, 16)
			s.wait(5 * time.Second)
			s.store.set(false)
		}, orchestrator.OutcomeServed},
		{"the join fails", pbxtest.AnswerAfter(0), func(s *site) {
			s.pbx.Fail("Join", nil, 1)
			s.wait(time.Minute)
			s.pbx.HangUp(arrive, 16)
		}, orchestrator.OutcomeServed},
		{"the reply to originate is lost", pbxtest.AnswerAfter(time.Second), func(s *site) {
			s.pbx.LoseReply("Originate", 1)
			s.wait(time.Minute)
			s.pbx.HangUp(arrive, 16)
		}, orchestrator.OutcomeServed},
		{"hangups fail for a while", pbxtest.AnswerAfter(0), func(s *site) {
			s.pbx.Fail("Hangup", nil, 5)
			s.pbx.Fail("DestroyBridge", nil, 5)
			s.wait(time.Minute)
			s.pbx.HangUp(arrive, 16)
		}, orchestrator.OutcomeServed},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", r.phone)
				s.pbx.Arrive(arrive, "5000", caller(1))
				r.do(s)
				s.finish(r.want)
			})
		})
	}
}

// TestMachineRestarts ends process and PBX together, as a power cut does: the next
// process closes the call as lost.
func TestMachineRestarts(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{time.Second, 5 * time.Second, 20 * time.Second} { // in the prompt, waiting, talking
		t.Run(at.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second))
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.wait(at)
				s.eng.Stop()
				s.pbx.Restart()
				s.wait(10 * time.Second)
				s.start()
				s.wait(time.Minute)
				s.finish(orchestrator.OutcomeLost)
			})
		})
	}
}

// TestProcessReplaced kills the process at every second of a call and lets
// another one go on: nobody is cut off and the call ends on record once.
func TestProcessReplaced(t *testing.T) {
	t.Parallel()
	for at := time.Duration(0); at < 20*time.Second; at += 700 * time.Millisecond {
		t.Run(at.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second).ThenHangUp(30*time.Second))
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.wait(at)
				s.eng.Stop()
				s.wait(2 * time.Second)
				s.start()
				s.wait(2 * time.Minute)
				s.finish(orchestrator.OutcomeServed)
			})
		})
	}
}

// TestCrashAtEveryCommand ends the process right before its nth command to the
// PBX reaches it, for every n of a whole call: what was stored and not done is
// done by the next process.
func TestCrashAtEveryCommand(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 11; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second).ThenHangUp(30*time.Second))
				left := n
				s.pbx.OnCommand(func(pbxtest.Command) {
					if left--; left == 0 {
						s.kill()
					}
				})
				s.pbx.Arrive("in.1", "5000", caller(1))
				s.wait(time.Minute)
				s.pbx.OnCommand(nil)
				if left > 0 {
					t.Fatalf("the call took only %d commands", n-left)
				}
				s.eng.Stop()
				s.start()
				s.wait(2 * time.Minute)
				s.finish(orchestrator.OutcomeServed)
			})
		})
	}
}
