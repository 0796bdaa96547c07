package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/dialer/leadstore"
	"github.com/operadora/operadora/dialer/leadstore/leadstoretest"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/records"
)

// world is a PBX with its agents and the public, as the engine and acd show them: the
// scripted side of a campaign. What runs in it outlives the processes that dial.
type world struct {
	t     testing.TB
	store *leadstore.Store
	db    *records.DB

	mu      sync.Mutex
	rnd     *rand.Rand
	entries []orchestrator.Entry
	grown   chan struct{}
	calls   map[string]*person
	agents  map[string]*Agent
	holder  string
	epoch   int64
	until   time.Time
	dies    func() bool     // of the next seat
	joins   time.Duration   // how long who answered waits at least
	life    func(p *person) // what a person does, by number; nil: answers after 4 s and talks for 20
	most    int             // calls up at once
	up      int
	lost    int                      // entries that the journal does not have any more
	far     bool                     // another process drives the PBX
	up2     bool                     // it is connected there
	asked   int                      // how often that was asked
	looked  []string                 // queues whose agents were looked at
	double  []string                 // leads that were rung while they were up, or under one id twice
	beside  func(orchestrator.Entry) // where entries are put beside; nil: nowhere
	live    sync.WaitGroup
	judge   func(context.Context, orchestrator.Contacting) error // of calls that agents make, as they are dialled
	skew    atomic.Int64                                         // by how many nanoseconds the clock is wrong
}

// now is the clock of the world's machines.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.skew.Load())) }

// person is somebody who is called.
type person struct {
	of call.Attempt
	orchestrator.CallSummary
	over      bool
	rings     time.Duration // until it is answered or not
	answers   bool
	outcome   orchestrator.Outcome
	cause     orchestrator.Cause
	talk      time.Duration
	hears     orchestrator.Verdict // what the PBX makes of who answers
	machine   bool                 // it is one, and the agent says so after 3 s
	asks      bool                 // the flow for an agent
	never     bool                 // asks not to be called again
	said      string               // the disposition that is on the call's record
	skips     string               // of a preview: the agent skips them, by this disposition; - is none
	givenUp   chan struct{}
	rangSince time.Time
}

func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	db, err := records.Open(t.Context(), leadstoretest.Records(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, rnd: rand.New(rand.NewPCG(seed, 1)), grown: make(chan struct{}), calls: map[string]*person{}, agents: map[string]*Agent{}}
	if w.store, err = leadstore.New(t.Context(), db, w.now); err != nil {
		t.Fatal(err)
	}
	return w
}

// leads brings leads with one number each into a list; their numbers end in 0000, 0001 …
func (w *world) leads(list string, n int) {
	w.t.Helper()
	must(w.t, second(w.store.CreateList(w.t.Context(), leads.List{ID: list, Region: "CO"}, "me")))
	var b strings.Builder
	b.WriteString("phone,id\n")
	for i := range n {
		fmt.Fprintf(&b, "+57300100%04d,%d\n", i, i)
	}
	must(w.t, w.bring(list, b.String()))
}

// bring imports a file.
func (w *world) bring(list, text string) error {
	importer := leadstore.NewImporter(w.store, slog.New(slog.DiscardHandler))
	if err := importer.Start(w.t.Context()); err != nil {
		return err
	}
	defer importer.Stop()
	i, err := w.store.NewImport(w.t.Context(), leadstore.Order{Target: leads.IntoList, List: list, File: "x.csv", By: "me"})
	if err == nil {
		i, err = w.store.Receive(w.t.Context(), i.N, strings.NewReader(text))
	}
	if err == nil {
		i, err = w.store.Begin(w.t.Context(), i.N, false, nil)
	}
	for err == nil && i.State != leads.StateDone {
		time.Sleep(10 * time.Millisecond)
		if i, err = w.store.Import(w.t.Context(), i.N); i.State == leads.StateFailed {
			return fmt.Errorf("import: %s", i.Error)
		}
	}
	return err
}

// staff logs agents in.
func (w *world) staff(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range n {
		id := fmt.Sprint("a", i)
		w.agents[id] = &Agent{ID: id, PBX: "main", Queues: []string{"sales"}, Device: orchestrator.DeviceFree}
		w.agent(id, stateAvailable, "")
	}
}

// leave logs every agent out who is not in a call.
func (w *world) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, a := range w.agents {
		if a.State == stateAvailable {
			w.agent(id, "offline", "")
		}
	}
}

// back logs those in again who left.
func (w *world) back() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, a := range w.agents {
		if a.State == "offline" {
			w.agent(id, stateAvailable, "")
		}
	}
}

// agent moves an agent; mu is held.
func (w *world) agent(id, to, call string) {
	a := w.agents[id]
	was := a.State
	a.State, a.Call, a.Since = to, call, w.now()
	w.tell(orchestrator.EntryAgentState, "", id, orchestrator.AgentChange{From: was, To: to, Call: call, Device: string(a.Device)})
}

// tell writes in the journal; mu is held.
func (w *world) tell(t orchestrator.EntryType, call, agent string, data any) {
	raw, _ := json.Marshal(data)
	w.entries = append(w.entries, orchestrator.Entry{ID: strconv.Itoa(len(w.entries)+1) + "-0", Type: t, At: w.now(), Call: call, Agent: agent, Data: raw})
	if w.beside != nil {
		w.beside(w.entries[len(w.entries)-1])
	}
	close(w.grown)
	w.grown = make(chan struct{})
}

// rings is a call's life.
func (w *world) rings(p *person) {
	defer w.live.Done()
	step := func(fn func()) {
		w.mu.Lock()
		defer w.mu.Unlock()
		fn()
	}
	time.Sleep(500 * time.Millisecond)
	step(func() {
		p.rangSince = time.Now()
		w.tell(orchestrator.EntryCallDialled, p.Call, "", map[string]any{"result": "ringing"})
	})
	select {
	case <-time.After(p.rings):
	case <-p.givenUp:
		step(func() { w.end(p, orchestrator.OutcomeNoAnswer, "operadora", orchestrator.CauseNoAnswer) })
		return
	}
	if !p.answers {
		step(func() { w.end(p, p.outcome, "number", p.cause) })
		return
	}
	step(func() {
		p.AnsweredAt = w.now().UnixMilli()
		w.tell(orchestrator.EntryCallDialled, p.Call, "", map[string]any{"result": "answered"})
	})
	if p.of.Machines.Detect == call.DetectBefore {
		time.Sleep(time.Second)
		over := false
		step(func() {
			p.Heard = p.hears
			p.Sampled = p.hears == orchestrator.VerdictMachine && p.of.Machines.Sampled
			f := map[string]any{"state": "heard", "verdict": p.hears, "sampled": p.Sampled}
			if p.hears != orchestrator.VerdictMachine {
				p.GreetedAt = time.Now().UnixMilli()
				f["greeted_ms"] = 1000
			}
			w.tell(orchestrator.EntryCallMachine, p.Call, "", f)
			if over = p.hears == orchestrator.VerdictMachine && !p.Sampled; over {
				p.Machine = "pbx"
			}
		})
		if over {
			time.Sleep(20 * time.Second) // the message
			step(func() { w.end(p, orchestrator.OutcomeMachine, "operadora", orchestrator.CauseNormal) })
			return
		}
	}
	if p.of.Within == 0 { // a flow speaks
		time.Sleep(10 * time.Second)
		if p.never {
			step(func() {
				w.tell(orchestrator.EntryCallNode, p.Call, "", map[string]any{"flow": p.of.Flow, "node": "never"})
			})
		}
		if !p.asks {
			step(func() { w.end(p, orchestrator.OutcomeCompleted, "operadora", orchestrator.CauseNormal) })
			return
		}
	}
	step(func() {
		p.QueuedAt = w.now().UnixMilli()
		w.tell(orchestrator.EntryCallQueued, p.Call, "", map[string]any{"queue": "sales"})
	})
	time.Sleep(w.joins)
	for tries := 0; ; tries++ {
		var with string
		step(func() {
			for _, id := range slices.Sorted(maps.Keys(w.agents)) {
				if w.agents[id].State == stateAvailable {
					with = id
					w.agent(id, stateReserved, p.Call)
					w.agent(id, stateTalking, p.Call)
					p.ConnectedAt, p.Agent = w.now().UnixMilli(), id
					w.tell(orchestrator.EntryCallConnected, p.Call, id, map[string]any{})
					return
				}
			}
		})
		if with != "" && p.machine {
			time.Sleep(3 * time.Second)
			step(func() {
				p.Machine = "agent"
				w.tell(orchestrator.EntryCallMachine, p.Call, with, map[string]any{"state": "marked"})
				w.agent(with, stateAvailable, "")
				w.end(p, orchestrator.OutcomeMachine, "agent", orchestrator.CauseNormal)
			})
			return
		}
		if with != "" {
			time.Sleep(p.talk)
			step(func() {
				w.end(p, orchestrator.OutcomeServed, "agent", orchestrator.CauseNormal)
				w.agent(with, stateWrapup, p.Call)
			})
			time.Sleep(3 * time.Second)
			step(func() { w.agent(with, stateAvailable, "") })
			return
		}
		if tries == 20 {
			step(func() {
				w.tell(orchestrator.EntryCallUnqueued, p.Call, "", map[string]any{"queue": "sales", "why": "timeout"})
				w.end(p, orchestrator.OutcomeAbandoned, "operadora", orchestrator.CauseNormal)
			})
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (w *world) end(p *person, outcome orchestrator.Outcome, by string, cause orchestrator.Cause) {
	p.over, p.Outcome, p.EndedBy, p.Cause, p.EndedAt = true, outcome, by, cause, w.now().UnixMilli()
	w.up--
	w.tell(orchestrator.EntryCallEnded, p.Call, p.Agent, p.CallSummary)
}

// count tells how many calls there were, how many are over, and how many were up at once.
func (w *world) count() (calls, over, most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.calls {
		if p.over {
			over++
		}
	}
	return len(w.calls), over, w.most
}

// dialled is how many calls there were.
func (w *world) dialled() int { n, _, _ := w.count(); return n }

// seat is a process that dials in a world, until it is killed.
type seat struct {
	*world
	name   string
	killed atomic.Bool
	runner *Runner
	// dies is called before each thing that the process does; true kills it there.
	dies func() bool
}

var errKilled = fault.New("world", fault.Unavailable, "the process is dead")

// may tells whether the process lives.
func (s *seat) may() error {
	if s.dies != nil && !s.killed.Load() && s.dies() {
		s.killed.Store(true)
	}
	if s.killed.Load() {
		return errKilled
	}
	return nil
}

// Attempt implements Dialler.
func (s *seat) Attempt(_ context.Context, pbx string, o call.Attempt) (call.Begun, error) {
	if err := s.may(); err != nil {
		return call.Begun{}, err
	}
	w := s.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, there := w.calls[o.Call]; there {
		return call.Begun{Call: o.Call, Again: true}, nil
	}
	for _, p := range w.calls {
		if !p.over && p.Lead == o.Lead {
			w.double = append(w.double, o.Lead)
		}
	}
	p := &person{of: o, rings: 4 * time.Second, answers: true, talk: 20 * time.Second, givenUp: make(chan struct{}),
		CallSummary: orchestrator.CallSummary{Call: o.Call, PBX: pbx, Kind: orchestrator.KindCampaign, Campaign: o.Campaign, Lead: o.Lead}}
	if w.life != nil {
		w.life(p)
	}
	w.calls[o.Call] = p
	w.up++
	w.most = max(w.most, w.up)
	w.tell(orchestrator.EntryCallStarted, o.Call, "", p.CallSummary)
	w.live.Add(1)
	if o.Agent != "" {
		go w.previews(p)
	} else {
		go w.rings(p)
	}
	return call.Begun{Call: o.Call}, s.may() // dead, and it has been dialled
}

// GiveUp implements Dialler.
func (s *seat) GiveUp(_ context.Context, id, _, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.calls[id]
	previewed := p != nil && p.of.Agent != "" // which no law has ring for so long
	if p == nil || p.over || !previewed && (p.rangSince.IsZero() || time.Since(p.rangSince) < p.of.Least) {
		return fault.New("world", fault.Conflict, "it does not ring, or not long enough")
	}
	select {
	case <-p.givenUp:
	default:
		close(p.givenUp)
	}
	return nil
}

// Drives implements Dialler.
func (s *seat) Drives(string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.far && !s.killed.Load()
}

// Ready implements Dialler.
func (s *seat) Ready(context.Context, string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked++; !s.up2 {
		return fault.New("world", fault.Unavailable, "nobody drives it")
	}
	return nil
}

// questions is how often it was asked for the PBX that another process drives.
func (w *world) questions() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked
}

// there connects the PBX that another process drives, or cuts it off.
func (w *world) there(up, told bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.up2 = up; told {
		w.tell(orchestrator.EntryPBXState, "", "", map[string]string{"state": map[bool]string{true: "connected", false: "disconnected"}[up], "instance": "other"})
		w.entries[len(w.entries)-1].PBX = "main"
	}
}

// Acquire implements Lease.
func (s *seat) Acquire(_ context.Context, what string, o orchestrator.LeaseOwner, ttl time.Duration, dead string) (orchestrator.Lease, error) {
	if err := s.may(); err != nil {
		return orchestrator.Lease{}, err
	}
	w := s.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.holder != "" && w.holder != o.Holder() && w.holder != dead && time.Now().Before(w.until) {
		return orchestrator.Lease{}, fault.E("world", fault.Conflict, &orchestrator.HeldError{Instance: strings.Split(w.holder, "/")[0], Holder: w.holder})
	}
	if w.holder != o.Holder() || !time.Now().Before(w.until) {
		w.epoch++
	}
	w.holder, w.until = o.Holder(), time.Now().Add(ttl)
	return orchestrator.Lease{PBX: what, Owner: o, Epoch: w.epoch}, nil
}

// Release implements Lease.
func (s *seat) Release(_ context.Context, l orchestrator.Lease) error {
	if err := s.may(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holder == l.Owner.Holder() {
		s.holder = ""
	}
	return nil
}

// Tail implements Journal.
func (s *seat) Tail(ctx context.Context, after string, fn func([]orchestrator.Entry) error) error {
	n, _ := strconv.Atoi(strings.TrimSuffix(after, "-0"))
	if after == "" { // what is left, from its beginning
		s.mu.Lock()
		n = s.lost
		s.mu.Unlock()
	}
	for {
		s.mu.Lock()
		list, grown, lost := slices.Clone(s.entries[min(n, len(s.entries)):]), s.grown, n < s.lost
		s.mu.Unlock()
		if lost {
			return orchestrator.ErrRewound
		}
		if len(list) > 0 {
			n += len(list)
			if err := s.may(); err != nil {
				return err
			}
			if err := fn(list); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
		}
	}
}

// Last implements Journal.
func (s *seat) Last(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost == len(s.entries) { // nothing is left
		return "", s.may()
	}
	return strconv.Itoa(len(s.entries)) + "-0", s.may()
}

// Append implements Journal.
func (s *seat) Append(_ context.Context, entries ...orchestrator.Entry) error {
	if err := s.may(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		s.tell(e.Type, e.Call, e.Agent, e.Data)
	}
	return nil
}

// Floor implements Floor.
func (s *seat) Floor(_ context.Context, queues []string) (out []Agent, waiting map[string]string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked = append(s.looked, queues...)
	for _, a := range s.agents {
		if slices.ContainsFunc(queues, func(q string) bool { return slices.Contains(a.Queues, q) }) {
			out = append(out, *a)
		}
	}
	return out, map[string]string{}, s.may()
}

// Serves implements Floor.
func (s *seat) Serves(agent, queue string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.agents[agent]
	return a != nil && slices.Contains(a.Queues, queue)
}

func (s *seat) known(_ context.Context, id string) (Known, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.calls[id]
	if p == nil {
		return Known{}, s.may()
	}
	k := Known{Found: true, Ended: p.over, CallSummary: p.CallSummary, Disposition: p.said}
	if !p.rangSince.IsZero() {
		k.Rang = p.rangSince.UnixMilli()
	}
	return k, s.may()
}

// mortal is the database as a process that may die uses it: what it was to write is written,
// or not.
type mortal struct {
	Store
	s *seat
}

func (m mortal) Plan(ctx context.Context, term int64, list []leadstore.Attempt) error {
	if err := m.s.may(); err != nil {
		return err
	}
	if err := m.Store.Plan(ctx, term, list); err != nil {
		return err
	}
	return m.s.may()
}

func (m mortal) Settle(ctx context.Context, term int64, place string, news []leadstore.Settled) error {
	if err := m.s.may(); err != nil {
		return err
	}
	if err := m.Store.Settle(ctx, term, place, news); err != nil {
		return err
	}
	return m.s.may()
}

func (m mortal) Place(ctx context.Context, term int64, id string, looks []leadstore.Look) error {
	if err := m.s.may(); err != nil {
		return err
	}
	return m.Store.Place(ctx, term, id, looks)
}

// sit starts a process that dials.
func (w *world) sit(name string, c ...*campaign.Campaign) *seat {
	w.t.Helper()
	return w.sitWith(name, nil, c...)
}

// order orders a run, as a person does.
func (s *seat) order(id string, what campaign.RunTrigger) {
	s.t.Helper()
	must(s.t, second(s.runner.Order(s.t.Context(), id, what, "me", "")))
}

// sitWith does so with other parts than the usual, if change is given.
func (w *world) sitWith(name string, change func(*seat, *Parts), c ...*campaign.Campaign) *seat {
	w.t.Helper()
	s := &seat{world: w, name: name, dies: w.dies}
	parts := Parts{Store: mortal{w.store, s}, Dialler: s, Lease: s, Journal: s, Floor: s, Known: s.known, Now: w.now,
		Gate:    gate.Gate{"main": {Dial: "PJSIP/{number}@trunk", Region: "CO", Allow: []string{"+57"}}},
		Defined: func() map[string]*campaign.Campaign { return byID(c) },
		Owner:   orchestrator.LeaseOwner{Instance: name, Process: name}, Log: slog.New(slog.NewTextHandler(testLog{w.t}, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	if change != nil {
		change(s, &parts)
	}
	s.runner = New(parts)
	must(w.t, s.runner.Start(w.t.Context()))
	return s
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

var _ io.Writer = testLog{}

// byID are campaigns by name. They are the same from call to call: else they were taken for
// new definitions.
func byID(list []*campaign.Campaign) map[string]*campaign.Campaign {
	out := map[string]*campaign.Campaign{}
	for _, c := range list {
		out[c.ID] = c
	}
	return out
}

// march is a campaign over list l with agents of queue sales.
func march(mode campaign.Mode) *campaign.Campaign {
	c := campaign.New()
	c.ID, c.Mode, c.Purpose, c.Profile, c.Queue, c.Flow = "march", mode, compliance.PurposeService, "own", "sales", "collect"
	c.Lists = []campaign.List{{List: "l", Weight: 1}}
	c.Trunks = []campaign.Trunk{{PBX: "main", Lines: 30, PerSecond: 10}}
	c.Attempts = campaign.Attempts{Lead: 3, Number: 3, Day: 100, Week: 100}
	c.Lockout = 0
	rule := func(id string, kind compliance.Kind, d any) compliance.Rule {
		return compliance.Rule{ID: id, Kind: kind, From: "1990-01-01", Detail: d}
	}
	c.Rules = compliance.Profile{ID: "own", Rules: []compliance.Rule{
		rule("hours", compliance.KindHours, &compliance.Hours{Hours: []string{"mon-sun 00:00-24:00"}}),
		rule("abandon", compliance.KindAbandon, &compliance.Abandon{Percent: 3, Window: 24 * time.Hour, WindowKind: compliance.WindowRolling, Threshold: 2 * time.Second}),
		rule("ring", compliance.KindRing, &compliance.Ring{Least: 15 * time.Second})}}
	switch mode {
	case campaign.ModePower:
		c.Pacing.Ratio = 2
	case campaign.ModeAgentless:
		c.Pacing.Rate = 5
	}
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }
