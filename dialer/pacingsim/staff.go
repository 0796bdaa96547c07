package pacingsim

import (
	"math/rand/v2"
	"time"

	"github.com/operadora/operadora/dialer/pacing"
)

// agent is one person of the staff.
type agent struct {
	state      pacing.AgentState
	since      int64
	idleSince  int64 // when the present wait for a call began
	gen        uint32
	leaving    bool  // will not be idle again, and has said so
	quitting   bool  // off duty when next idle
	pauseFor   int64 // pause to take when next idle
	call       int32 // -1 none
	wraps      uint64
	pauses     uint64
	speed      float64
	ghostUntil int64
	ghostRings int64
	ghostAway  int64
	wrapEnd    int64
	talkEnd    int64
	onDuty     bool
	phone      bool // a desk phone that rings, not a permanent line
	offers     uint64
	machine    pacing.Event // that the last call was a machine's, to be said after wrap-up
	prev, next int32        // in the idle list
}

func agentID(i int32) pacing.AgentID { return pacing.AgentID(i + 1) }

// idleList are the idle agents, the longest idle first.
type idleList struct{ head, tail, n int32 }

func (l *idleList) first([]agent) int32 {
	if l.n == 0 {
		return -1
	}
	return l.head
}

func (l *idleList) push(agents []agent, i int32) {
	a := &agents[i]
	a.prev, a.next = -1, -1
	if l.n == 0 {
		l.head = i
	} else {
		a.prev = l.tail
		agents[l.tail].next = i
	}
	l.tail = i
	l.n++
}

func (l *idleList) remove(agents []agent, i int32) {
	a := &agents[i]
	if a.prev >= 0 {
		agents[a.prev].next = a.next
	} else {
		l.head = a.next
	}
	if a.next >= 0 {
		agents[a.next].prev = a.prev
	} else {
		l.tail = a.prev
	}
	l.n--
}

// hire makes all agents of the day; the first of them start at once.
func (s *sim) hire() {
	w := &s.world.Agents
	most := w.Count
	for _, x := range w.Staffing {
		most = max(most, x.Count)
	}
	s.wrap, s.pauseLaw = mustLaw(w.Wrap), mustLaw(w.Pause)
	s.pickUp = mustLaw(w.PickUp)
	speed := mustLaw(w.Speed)
	s.agents = make([]agent, most)
	for i := range s.agents {
		a := &s.agents[i]
		a.call, a.speed = -1, 1
		a.phone = s.pickUp != nil && s.draws.of(forPickUp, 0, uint64(i)).Float64() < w.Phones
		if speed != nil {
			a.speed = speed.Sample(s.draws.of(forSpeed, uint64(i), 0))
		}
		if i < w.Count {
			s.agenda.add(0, doArrive, int32(i), 0)
		}
	}
}

func (s *sim) tellAgent(i int32, k pacing.Kind) {
	s.observe(pacing.Event{Kind: k, Agent: agentID(i)})
}

// become changes an agent's state, keeps the books and tells the algorithm.
func (s *sim) become(i int32, to pacing.AgentState) {
	a := &s.agents[i]
	s.account(a)
	if a.state == pacing.StateIdle {
		s.idle.remove(s.agents, i)
	}
	a.state = to
	a.since = s.now
	if to == pacing.StateTalking || to == pacing.StateInbound || to == pacing.StateWrapping {
		if len(s.newlyBusy) < len(s.agents) {
			s.newlyBusy = append(s.newlyBusy, agentID(i))
		}
	}
	if to == pacing.StateInbound {
		s.observe(pacing.Event{Kind: pacing.AgentTalkingInbound, Agent: agentID(i), Value: inSeconds(s.now - s.calls[a.call].answeredAt)})
		return
	}
	s.tellAgent(i, kindOfAgent[to])
}

// account books the time since the last change of state.
func (s *sim) account(a *agent) {
	if a.state == pacing.StateGone {
		return
	}
	busy := a.state == pacing.StateTalking || a.state == pacing.StateInbound || a.state == pacing.StateWrapping
	s.m.agentTime(a.since, s.now, busy)
}

// settle finds an agent whose call is done its next state.
func (s *sim) settle(i int32) {
	a := &s.agents[i]
	a.gen++
	a.call = -1
	switch {
	case a.quitting:
		s.goOff(i)
	case a.pauseFor > 0:
		s.agenda.add(s.now+a.pauseFor, doReturn, i, a.gen)
		a.pauseFor, a.leaving = 0, false
		s.become(i, pacing.StateGone)
	default:
		s.become(i, pacing.StateIdle)
		a.idleSince = s.now
		s.idle.push(s.agents, i)
		s.serve(i)
	}
}

func (s *sim) goOff(i int32) {
	a := &s.agents[i]
	a.gen++
	a.leaving, a.quitting, a.pauseFor, a.call = false, false, 0, -1
	s.become(i, pacing.StateGone)
}

func (s *sim) agentTimer(t timer) {
	a := &s.agents[t.index]
	switch t.what {
	case doArrive:
		s.arrive(t.index, a)
		return
	case doDepart:
		s.depart(t.index, a, t.gen)
		return
	case doPause:
		s.pause(t.index, a)
		return
	default: // those of a call that the agent may be out of by now
	}
	if a.gen != t.gen {
		return
	}
	switch t.what {
	case doJoin:
		s.join(t.index, a)
	case doTalkEnd:
		s.talkEnds(t.index, a)
	case doWrapEnd:
		s.wrapEnds(t.index, a)
	case doReturn:
		s.settle(t.index)
	case doMiss:
		s.misses(t.index, a)
	default: // handle sends only these and the ones above here
	}
}

func (s *sim) arrive(i int32, a *agent) {
	a.onDuty = true
	if a.state != pacing.StateGone {
		a.quitting, a.leaving = false, false // was about to go, stays
		return
	}
	if w := &s.world.Agents; w.PausesPerHour > 0 {
		s.nextPause(i, a)
	}
	s.settle(i)
}

func (s *sim) nextPause(i int32, a *agent) {
	a.pauses++
	r := s.draws.of(forPause, uint64(i), 2*a.pauses)
	s.agenda.add(s.in(r.ExpFloat64()*3600/s.world.Agents.PausesPerHour), doPause, i, 0)
}

// pause is when an agent wants a pause: at once if idle, else after the call.
func (s *sim) pause(i int32, a *agent) {
	if !a.onDuty {
		return
	}
	k := a.pauses
	s.nextPause(i, a)
	if a.state == pacing.StateGone || a.pauseFor > 0 || a.quitting {
		return
	}
	a.pauseFor = max(1, seconds(s.pauseLaw.Sample(s.draws.of(forPause, uint64(i), 2*k+1))))
	if a.state == pacing.StateIdle {
		s.settle(i)
		return
	}
	a.leaving = true
	s.tellAgent(i, pacing.AgentLeaving)
}

// The ways in which an agent goes off duty, as the gen of a doDepart timer.
const (
	departWhenIdle uint32 = iota
	departAfterCall
	departAbrupt
)

// shift brings the staff to a new number.
func (s *sim) shift(x *Shift, k uint64) {
	var on, off []int32
	for i := range s.agents {
		if s.agents[i].onDuty {
			on = append(on, int32(i))
		} else {
			off = append(off, int32(i))
		}
	}
	r := rand.New(rand.NewPCG(mix(s.draws.seed^k), mix(k+uint64(forShift))))
	when := func() int64 { return s.in(x.Over * r.Float64()) }
	for n := len(on); n < x.Count && len(off) > 0; n++ {
		s.agenda.add(when(), doArrive, off[0], 0)
		off = off[1:]
	}
	r.Shuffle(len(on), func(a, b int) { on[a], on[b] = on[b], on[a] })
	for n := len(on); n > x.Count; n-- {
		how := departWhenIdle
		switch u := r.Float64(); {
		case u < x.Abrupt:
			how = departAbrupt
		case u < x.Abrupt+x.AfterCall:
			how = departAfterCall
		}
		i := on[n-1]
		s.agents[i].onDuty = false
		s.agenda.add(when(), doDepart, i, how)
	}
}

func (s *sim) depart(i int32, a *agent, how uint32) {
	if a.onDuty {
		return // called back before leaving
	}
	if a.state == pacing.StateGone || a.state == pacing.StateIdle {
		s.goOff(i)
		return
	}
	if how == departAbrupt {
		s.dropCall(i, a)
		s.goOff(i)
		return
	}
	a.quitting = true
	if how == departAfterCall {
		a.leaving = true
		s.tellAgent(i, pacing.AgentLeaving)
	}
}

// dropCall ends the call of an agent who hangs up. A call that was only being
// joined goes back to wait; its deadline stands.
func (s *sim) dropCall(i int32, a *agent) {
	if a.call < 0 {
		return
	}
	c := &s.calls[a.call]
	c.agent = -1
	if a.state == pacing.StateReserved {
		at := a.call
		a.call = -1
		a.gen++
		s.offer(at)
		return
	}
	if !c.inbound {
		s.tellCall(c, pacing.CallEnded)
	}
	s.endCall(a.call)
}

// haunt makes some agents' phones fall silent.
func (s *sim) haunt(g *Ghosts, k uint64) {
	for i := range s.agents {
		if s.draws.of(forGhost, uint64(i), k).Float64() < g.Share {
			a := &s.agents[i]
			a.ghostUntil, a.ghostRings, a.ghostAway = seconds(g.Until), seconds(g.Rings), seconds(g.Away)
		}
	}
}

// Busy implements Oracle.
func (s *sim) Busy() []pacing.AgentID {
	busy := s.newlyBusy
	s.newlyBusy = nil
	return busy
}

// Release implements Oracle.
func (s *sim) Release(id pacing.AgentID) (time.Time, bool) {
	if id < 1 || int(id) > len(s.agents) {
		return time.Time{}, false
	}
	i := int32(id - 1)
	a := &s.agents[i]
	if a.leaving || a.quitting {
		return time.Time{}, false
	}
	switch a.state {
	case pacing.StateWrapping:
		return viewTime(a.wrapEnd), true
	case pacing.StateTalking, pacing.StateInbound:
		return viewTime(a.talkEnd + s.wrapOf(i, a.wraps)), true
	case pacing.StateGone, pacing.StateIdle, pacing.StateReserved: // not at work, so with no end of it
	}
	return time.Time{}, false
}
