package pacingsim

import (
	"time"

	"github.com/operadora/operadora/dialer/pacing"
)

// bucket is a token bucket of calls per second.
type bucket struct {
	rate, size, tokens float64
	last               int64
}

// take uses one token if there is one.
func (b *bucket) take(now int64) bool {
	b.tokens = min(b.size, b.tokens+b.rate*inSeconds(now-b.last))
	b.last = now
	if b.tokens < 1-1e-9 {
		return false
	}
	b.tokens--
	return true
}

// lateEvents are events that a fault holds back, in order of delivery.
type lateEvents struct {
	queue []lateEvent
	head  int
}

type lateEvent struct {
	at int64
	e  pacing.Event
}

func (l *lateEvents) empty() bool { return l.head == len(l.queue) }

func (l *lateEvents) push(x lateEvent) {
	if l.empty() {
		l.queue, l.head = l.queue[:0], 0
	}
	l.queue = append(l.queue, x)
}

// fault is the fault in force, nil none.
func (s *sim) fault() *Fault {
	for i := range s.world.Control.Faults {
		if f := &s.world.Control.Faults[i]; s.t() >= f.From && s.t() < f.Until {
			return f
		}
	}
	return nil
}

// observe tells the algorithm, unless a fault delays it, loses it, or there is
// no algorithm just now.
func (s *sim) observe(e pacing.Event) {
	if s.now < s.downUntil {
		return
	}
	delay := int64(0)
	if f := s.fault(); f != nil {
		_, aboutAgent := agentAfter(e.Kind)
		if aboutAgent && f.Lose > 0 && s.draws.of(forLoss, uint64(e.Agent), uint64(s.now)).Float64() < f.Lose {
			return
		}
		delay = seconds(f.Delay)
	}
	if delay == 0 && s.late.empty() {
		s.tell(e)
		return
	}
	at := s.now + delay
	if n := len(s.late.queue); !s.late.empty() && s.late.queue[n-1].at > at {
		at = s.late.queue[n-1].at
	}
	s.late.push(lateEvent{at, e})
	s.agenda.add(at, doDeliver, 0, 0)
}

func (s *sim) deliverLate() {
	for !s.late.empty() && s.late.queue[s.late.head].at <= s.now {
		e := s.late.queue[s.late.head].e
		s.late.head++
		s.tell(e)
	}
}

func (s *sim) tell(e pacing.Event) {
	e.At = s.clockAt()
	s.control.Observe(e)
	s.arm()
}

// minBetween is the shortest time between two decisions, in nanoseconds; it keeps
// an algorithm that answers each refusal by a new order from stopping the clock.
const minBetween = 10e6

// arm sets the timer of the algorithm's next decision. A decision that is due
// now waits until everything of this moment has been told.
func (s *sim) arm() {
	next := s.control.Next()
	if next.IsZero() {
		return
	}
	at := max(sinceEpoch(next), s.now, s.lastDecision+minBetween)
	if s.wakeAt >= 0 && s.wakeAt == at {
		return
	}
	s.wakeGen++
	s.wakeAt = at
	s.agenda.add(at, doWake, 0, s.wakeGen)
}

// wake lets the algorithm decide and does what it orders.
func (s *sim) wake() {
	if s.now < s.downUntil {
		return
	}
	s.orders.Reset()
	s.lastDecision = s.now
	var start time.Time
	if s.clock != nil {
		start = s.clock()
	}
	s.control.Decide(s.clockAt(), &s.orders)
	if s.clock != nil {
		d := s.clock().Sub(start)
		s.spent += d
		s.slowest.add(d)
	}
	s.decisions++
	for _, d := range s.orders.dials {
		for range d.Count {
			s.order(d.Campaign, d.Segment)
		}
	}
	for _, id := range s.orders.cancels {
		s.cancel(id)
	}
	s.arm()
}

// crash ends the control plane.
func (s *sim) crash(r Restart) {
	s.saved = nil
	if k, ok := s.control.(Resumer); ok {
		if saved, err := k.Save(); err == nil {
			s.saved = saved
		}
	}
	s.downUntil = s.in(r.Down)
	s.late = lateEvents{}
	s.agenda.add(s.downUntil, doUp, 0, 0)
}

// comeUp starts a new algorithm with what was saved, and gives the calls that
// were answered meanwhile their agents.
func (s *sim) comeUp() {
	s.downUntil = 0
	control, err := s.factory(s.setup)
	if err != nil {
		return // it was made once from the same setup
	}
	s.control = control
	if k, ok := control.(Resumer); ok && s.saved != nil {
		if err := k.Resume(s.saved); err != nil {
			return
		}
	}
	s.observe(pacing.Event{Kind: pacing.LinesAllowed, Value: float64(s.world.Carrier.Lines)})
	s.observe(pacing.Event{Kind: pacing.RateAllowed, Value: s.world.Carrier.CallsPerSecond})
	for i := range s.campaigns {
		if s.campaigns[i].open {
			s.observe(s.opened(&s.campaigns[i]))
		}
	}
	s.resync()
	for {
		a := s.idle.first(s.agents)
		if a < 0 || !s.serve(a) {
			return
		}
	}
}

// resync tells what is live: by a list to those that take one, by events to the others.
func (s *sim) resync() {
	if s.now < s.downUntil {
		return
	}
	agents, calls := s.views()
	if k, ok := s.control.(Resyncer); ok {
		k.Resync(s.clockAt(), agents, calls)
		s.arm()
		return
	}
	if s.fault() != nil || !s.late.empty() {
		return // told by events, it would overtake those still to come
	}
	for i := range agents {
		v := agents[i]
		s.observe(pacing.Event{Kind: kindOfAgent[v.State], Agent: v.Agent})
		if v.Leaving {
			s.observe(pacing.Event{Kind: pacing.AgentLeaving, Agent: v.Agent})
		}
	}
}

var kindOfAgent = map[pacing.AgentState]pacing.Kind{
	pacing.StateGone: pacing.AgentGone, pacing.StateIdle: pacing.AgentIdle,
	pacing.StateReserved: pacing.AgentReserved, pacing.StateTalking: pacing.AgentTalking,
	pacing.StateInbound: pacing.AgentTalkingInbound, pacing.StateWrapping: pacing.AgentWrapping,
}

func (s *sim) views() ([]pacing.AgentView, []pacing.CallView) {
	agents := make([]pacing.AgentView, 0, len(s.agents))
	for i := range s.agents {
		a := &s.agents[i]
		agents = append(agents, pacing.AgentView{Agent: agentID(int32(i)), State: a.state, Leaving: a.leaving, Since: viewTime(a.since)})
	}
	var calls []pacing.CallView
	for i := range s.calls {
		c := &s.calls[i]
		if !c.live || !c.launched || c.inbound {
			continue
		}
		v := pacing.CallView{Call: c.id, Campaign: int(c.campaign), Segment: int(c.segment), State: c.state, Launched: viewTime(c.launchedAt)}
		if c.rang {
			v.Ringing = viewTime(c.ringAt)
		}
		calls = append(calls, v)
	}
	return agents, calls
}
