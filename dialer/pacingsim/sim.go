package pacingsim

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim/laws"
)

// epoch is the virtual time of every run's first event.
var epoch = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// sim is one seed of one run. Every owner of a timer carries a gen that voids
// the timers it no longer waits for.
type sim struct {
	world   *World
	setup   Setup
	factory Factory
	control Controller
	draws   *draws

	command, news, bridge, cancelTakes float64 // delays of the control plane, seconds

	now    int64 // nanoseconds from the start
	end    int64
	agenda agenda

	agents    []agent
	idle      idleList
	wrap      laws.Law // nil: none
	pauseLaw  laws.Law
	pickUp    laws.Law
	campaigns []campaign
	calls     []call
	freeCalls []int32
	newlyBusy []pacing.AgentID // for the oracle
	books     *pacing.Ledger   // calls on record
	callSeq   uint64
	lines     int
	waiting   callQueue
	inbound   inboundLoad

	orders       Orders
	wakeAt       int64 // of the timer in the agenda that wakes the controller; -1 none
	wakeGen      uint32
	lastDecision int64
	late         lateEvents
	downUntil    int64
	saved        []byte
	rate         bucket // the calls per second that are told
	carrier      bucket // those that a congested carrier has

	m metrics
	// speed of the algorithm
	clock     func() time.Time
	spent     time.Duration
	decisions int
	slowest   slowness
}

// campaign is the world's side of a campaign: its laws, built.
type campaign struct {
	spec                                           *Campaign
	index                                          int
	answer, machine, fail, noAnswer                laws.Law
	talk, patience, personVerdict, machineVerdict  laws.Law
	ringsAfter, ringTimeout, minRing               int64
	leads                                          []uint64 // of each segment, launched so far
	runs                                           []run    // drawn so far
	left                                           int
	open                                           bool
	answered, abandoned, connects, dials, falseAMD int
}

func seconds(s float64) int64          { return int64(s * 1e9) }
func inSeconds(ns int64) float64       { return float64(ns) / 1e9 }
func (s *sim) clockAt() time.Time      { return epoch.Add(time.Duration(s.now)) }
func (s *sim) t() float64              { return inSeconds(s.now) }
func (s *sim) in(d float64) int64      { return s.now + seconds(d) }
func sinceEpoch(t time.Time) int64     { return int64(t.Sub(epoch)) }
func viewTime(ns int64) time.Time      { return epoch.Add(time.Duration(ns)) }
func duration(s float64) time.Duration { return time.Duration(seconds(s)) }

func newSim(o *Options, seed uint64, hours float64) (*sim, error) {
	w := o.World
	s := &sim{world: w, factory: o.Factory, draws: newDraws(seed), wakeAt: -1, clock: o.Clock}
	s.command, s.news, s.bridge = max(w.Control.Command, 0), max(w.Control.Event, 0), max(w.Control.Bridge, 0)
	s.cancelTakes = max(w.Control.Cancel, 0)
	s.end = seconds(w.WarmUp + hours*3600)
	s.rate = bucket{rate: w.Carrier.CallsPerSecond, size: max(1, w.Carrier.CallsPerSecond)}
	s.rate.tokens = s.rate.size
	s.m = newMetrics(w.WarmUp, hours)
	for i := range w.Campaigns {
		s.campaigns = append(s.campaigns, newCampaign(&w.Campaigns[i], i))
	}
	s.setup = w.setup(seed)
	s.setup.Oracle = s
	s.books = pacing.NewLedger()
	s.setup.Records = s.records
	control, err := s.factory(s.setup)
	if err != nil {
		return nil, err
	}
	s.control = control
	s.hire()
	s.plan()
	return s, nil
}

func newCampaign(c *Campaign, index int) campaign {
	x := campaign{spec: c, index: index, left: -1, leads: make([]uint64, c.segments())}
	x.answer, x.machine, x.fail = mustLaw(c.AnswerDelay), mustLaw(c.MachineDelay), mustLaw(c.FailDelay)
	x.noAnswer, x.talk, x.patience = mustLaw(c.NoAnswerDelay), mustLaw(c.Talk), mustLaw(c.Patience)
	if c.Detection != nil {
		x.personVerdict, x.machineVerdict = mustLaw(c.Detection.Person), mustLaw(c.Detection.Machine)
	}
	x.ringsAfter, x.ringTimeout, x.minRing = seconds(c.RingsAfter), seconds(c.RingTimeout), seconds(c.MinRing)
	if c.Leads > 0 {
		x.left = c.Leads
	}
	return x
}

// setup is what an algorithm is told of the world.
func (w *World) setup(seed uint64) Setup {
	u := Setup{Start: epoch, Seed: mix(seed), World: w, Lines: w.Carrier.Lines, CallsPerSecond: w.Carrier.CallsPerSecond}
	if w.Inbound != nil {
		u.InboundShare = w.Inbound.ServiceLevel
	}
	u.BridgeDelay = duration(max(w.Control.Bridge, 0) + max(w.Control.Event, 0))
	for i := range w.Campaigns {
		c := &w.Campaigns[i]
		p := pacing.CampaignConfig{ID: fmt.Sprintf("%d %s", i, c.Name), Name: c.Name, Mode: pacing.Mode(c.Mode), Limit: c.Limit, Share: c.Share,
			Ratio: c.Ratio, TargetWait: duration(c.TargetWait), AnswerPrior: c.Prior, Threshold: duration(c.Threshold), MinRing: duration(c.MinRing),
			RingTimeout: duration(c.RingTimeout), Window: duration(c.WindowHours * 3600), Segments: c.segments(), GiveUp: c.GiveUp}
		if c.Lists != nil {
			p.Weights = c.Lists.Weights
		}
		if d := c.Detection; d != nil && d.CountFalse {
			p.FalseMachines = d.FalseMachine
		}
		if d := c.Detection; d != nil && d.FromAnswer {
			p.Threshold = duration(max(0.1, c.Threshold-mustLaw(d.Person).Mean()))
		}
		if c.Patience != nil {
			p.Threshold = duration(mustLaw(c.Patience).Mean())
		}
		u.Campaigns = append(u.Campaigns, p)
	}
	return u
}

const daySeconds = 86400

// heartbeat is how often the control plane says that it is alive, in seconds.
const heartbeat = 5

// plan enters everything that is known to come.
func (s *sim) plan() {
	w := s.world
	for i := range s.campaigns {
		c := &s.campaigns[i]
		s.agenda.add(seconds(c.spec.Opens), doOpen, int32(i), 0)
		if c.spec.OpenFor > 0 {
			s.agenda.add(seconds(c.spec.Opens+c.spec.OpenFor), doClose, int32(i), 0)
		}
		if c.spec.Closes > 0 {
			s.agenda.add(seconds(c.spec.Closes), doClose, int32(i), 0)
		}
	}
	for i, x := range w.Agents.Staffing {
		s.agenda.add(seconds(x.At), doShift, int32(i), 0)
	}
	for i, x := range w.Agents.Ghosts {
		s.agenda.add(seconds(x.From), doGhosts, int32(i), 0)
	}
	for i, x := range w.Control.Restarts {
		s.agenda.add(seconds(x.At), doRestart, int32(i), 0)
	}
	if w.Control.Resync > 0 {
		s.agenda.add(seconds(w.Control.Resync), doResync, 0, 0)
	}
	s.agenda.add(0, doHeartbeat, 0, 0)
	if w.Inbound != nil {
		s.inbound.talk = mustLaw(w.Inbound.Talk)
		s.nextInbound()
	}
	s.observe(pacing.Event{Kind: pacing.LinesAllowed, Value: float64(w.Carrier.Lines)})
	s.observe(pacing.Event{Kind: pacing.RateAllowed, Value: w.Carrier.CallsPerSecond})
	if w.Inbound != nil && w.Inbound.Reserve > 0 {
		s.observe(pacing.Event{Kind: pacing.InboundReserve, Value: float64(w.Inbound.Reserve)})
	}
}

// run goes through the agenda up to until.
func (s *sim) run(ctx context.Context, until int64) error {
	until = min(until, s.end)
	for n := 0; len(s.agenda.heap) > 0 && s.agenda.heap[0].at <= until; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		t := s.agenda.pop()
		s.now = t.at
		s.handle(t)
	}
	s.now = until
	return nil
}

func (s *sim) handle(t timer) {
	switch t.what {
	case doLaunch, doRing, doOutcome, doTimeout, doVerdict, doPersonKnown, doDeadline, doCancelled:
		s.callTimer(t)
	case doJoin, doTalkEnd, doWrapEnd, doMiss, doReturn, doPause, doDepart, doArrive:
		s.agentTimer(t)
	case doShift:
		s.shift(&s.world.Agents.Staffing[t.index], uint64(t.index))
	case doGhosts:
		s.haunt(&s.world.Agents.Ghosts[t.index], uint64(t.index))
	case doInbound:
		s.inboundArrives()
	case doDeliver:
		s.deliverLate()
	case doWake:
		if t.gen == s.wakeGen {
			s.wakeAt = -1
			s.wake()
		}
	case doResync:
		s.resync()
		s.agenda.add(s.in(s.world.Control.Resync), doResync, 0, 0)
	case doRestart:
		s.crash(s.world.Control.Restarts[t.index])
	case doUp:
		s.comeUp()
	case doOpen:
		c := &s.campaigns[t.index]
		c.open = true
		if c.spec.OpenFor > 0 {
			s.agenda.add(s.in(daySeconds), doOpen, t.index, 0)
		}
		s.observe(s.opened(c))
	case doHeartbeat:
		s.observe(pacing.Event{Kind: pacing.Heartbeat})
		s.agenda.add(s.in(heartbeat), doHeartbeat, 0, 0)
	case doClose:
		s.campaigns[t.index].open = false
		if s.campaigns[t.index].spec.OpenFor > 0 {
			s.agenda.add(s.in(daySeconds), doClose, t.index, 0)
		} else {
			s.lastCall()
		}
		s.observe(pacing.Event{Kind: pacing.CampaignClosed, Campaign: int(t.index)})
	}
}

func (s *sim) opened(c *campaign) pacing.Event {
	e := pacing.Event{Kind: pacing.CampaignOpened, Campaign: c.index}
	if c.spec.OpenFor > 0 {
		today := math.Floor((s.t()-c.spec.Opens)/daySeconds) * daySeconds
		e.Until = viewTime(seconds(c.spec.Opens + today + c.spec.OpenFor))
	}
	if c.spec.Closes > 0 {
		e.Until = viewTime(seconds(c.spec.Closes))
	}
	return e
}
