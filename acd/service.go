package acd

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// Service distributes calls. It implements orchestrator.Distributor,
// orchestrator.Agents and orchestrator.Devices.
type Service struct {
	store     Store
	since     func() time.Time
	drives    func(pbx string) bool
	open      func(calendar string, at time.Time) bool
	promised  func(context.Context) ([]string, error)
	forms     func(pbx, number string) []string // nil: none
	cfg       Config
	log       *slog.Logger
	audit     func(context.Context, AuditNote)
	now       func() time.Time
	directory atomic.Pointer[directory]
	alarm     *alarm
	stale     atomic.Bool // agents' places may not be those of the directory

	boards     shared[Snapshot]
	counts     shared[Board]
	busy       shared[busyLanes]
	tables     map[string]laneTable // of the lanes that were busy; only who reads busy touches it
	ease       chan time.Time       // when it was due to look at whose waits have grown too long
	easeAt     time.Time            // when it is next; only the watch touches it
	unreadable map[string]bool      // records told of in the log; only who reads boards touches it

	reload life.Places // one at a time brings agents in line
	expire life.Places // one at a time deals with what is due
	life   life.Group
}

var (
	_ orchestrator.Distributor = (*Service)(nil)
	_ orchestrator.Agents      = (*Service)(nil)
	_ orchestrator.Devices     = (*Service)(nil)
)

// Parts is what a Service is joined from. Store and Definitions are required.
type Parts struct {
	Store       Store
	Definitions Definitions
	Config      Config // the zero value is DefaultConfig
	// Since tells, as the Service starts, since when Definitions are in force. Nil: nobody tells.
	Since func() time.Time
	// Drives tells whether a PBX's events flow to this process. The deadlines of
	// its agents are then dealt with here, else by the process that drives it.
	// Nil: all are driven from here.
	Drives func(pbx string) bool
	// Open tells whether a calendar has hours at a time. Nil: there is no calendar, and
	// all is open.
	Open func(calendar string, at time.Time) bool
	// Promised lists the queues from which customers are yet to be called back, also those who
	// are in no queue until their next attempt. Nil: there are none.
	Promised func(context.Context) ([]string, error)
	// Forms are the ways in which the country of a PBX writes a number; of what is none
	// there are none. Nil: a number is known as it comes.
	Forms func(pbx, number string) []string
	// Audit puts a note in the audit log; it must not wait for long. Nil: there is none.
	Audit func(context.Context, AuditNote)
	Log   *slog.Logger     // nil discards
	Now   func() time.Time // nil is time.Now
}

// New joins the parts. Nothing runs before Start.
func New(p Parts) (*Service, error) {
	if p.Config == (Config{}) {
		p.Config = DefaultConfig()
	}
	if err := p.Config.Validate(); err != nil {
		return nil, err
	}
	if err := p.Definitions.Validate(); err != nil {
		return nil, err
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Audit == nil {
		p.Audit = func(context.Context, AuditNote) {}
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Promised == nil {
		p.Promised = func(context.Context) ([]string, error) { return nil, nil }
	}
	if p.Open == nil {
		p.Open = func(string, time.Time) bool { return true }
	}
	s := &Service{
		store: p.Store, since: p.Since, drives: p.Drives, open: p.Open, promised: p.Promised, forms: p.Forms, cfg: p.Config, now: p.Now, audit: p.Audit,
		log: p.Log.With("component", "acd"), alarm: newAlarm(), reload: life.NewPlaces(1), expire: life.NewPlaces(1),
	}
	s.boards.read, s.boards.now = s.readBoards, p.Now
	s.counts.read, s.counts.now = s.readBoard, p.Now
	s.busy.read, s.busy.now = s.readBusy, p.Now
	s.ease = make(chan time.Time, 1)
	dir := newDirectory(p.Definitions, nil, p.Config.OfferGrace)
	s.directory.Store(dir)
	s.stale.Store(true)
	return s, nil
}

// Start brings the store in line with the definitions and begins to watch
// deadlines. It returns at once; a store that is away is asked again until it
// answers.
func (s *Service) Start(ctx context.Context) error {
	ctx, ok := s.life.Begin(ctx)
	if !ok {
		return fault.New("acd.Start", fault.Conflict, "started already")
	}
	if s.since != nil {
		dir := *s.directory.Load()
		dir.defs.Since = s.since()
		s.directory.Store(&dir)
	}
	s.life.Go(func() { s.watch(ctx) })
	s.life.Go(func() { s.easing(ctx) })
	return nil
}

// Stop ends watching and waits for it. It may be called twice, and before Start.
func (s *Service) Stop() { s.life.End() }

// Definitions returns the definitions in force.
func (s *Service) Definitions() Definitions { return s.directory.Load().defs }

// Callback says how a queue calls back who waited in it; false when it does not.
func (s *Service) Callback(queue string) (orchestrator.CallbackPlan, bool) {
	q, ok := s.directory.Load().queues[queue]
	if !ok || q.Callback == nil {
		return orchestrator.CallbackPlan{}, false
	}
	return *q.Callback.plan(), true
}

// Endpoints lists the phones of the agents of a PBX.
func (s *Service) Endpoints(pbx string) []string {
	var out []string
	for _, a := range s.Definitions().Agents {
		if a.PBX == pbx {
			out = append(out, a.Endpoint)
		}
	}
	return out
}

// Shared lists the phones of the agents of a PBX that are rung from other PBXs, too.
func (s *Service) Shared(pbx string) []string {
	if s.Definitions().Groups[pbx] == "" {
		return nil
	}
	return s.Endpoints(pbx)
}

// Wake makes the Service look at the deadlines now. A process that begins to
// drive a PBX calls it: the one before may have left some that are due.
func (s *Service) Wake() {
	s.alarm.by(s.now())
	s.alarm.ring() // also when the clock was moved past the moment asked for
}

// matched takes note of an offer that was just made: its deadline is watched.
func (s *Service) matched(o *OfferRecord) {
	if o == nil {
		return
	}
	s.alarm.by(time.UnixMilli(o.Due))
	s.log.Debug("offered", "call", o.Call, "queue", o.Queue, "agent", o.Agent, "offer", o.ID)
}
