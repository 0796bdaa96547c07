package pacingsim

import (
	"github.com/operadora/operadora/dialer/pacing"
	"github.com/operadora/operadora/dialer/pacingsim/laws"
)

// callQueue are the calls that wait for an agent, first come first served; those
// that are gone are skipped.
type callQueue struct {
	queue []queued
	head  int
}

type queued struct {
	call int32
	gen  uint32
}

func (q *callQueue) push(x queued) {
	if q.head > 1024 && q.head*2 > len(q.queue) {
		q.queue = q.queue[:copy(q.queue, q.queue[q.head:])]
		q.head = 0
	}
	q.queue = append(q.queue, x)
}

// pop is the first call still waiting, -1 none.
func (q *callQueue) pop(calls []call) int32 {
	for q.head < len(q.queue) {
		x := q.queue[q.head]
		q.head++
		if calls[x.call].gen == x.gen && calls[x.call].queued {
			return x.call
		}
	}
	q.queue, q.head = q.queue[:0], 0
	return -1
}

// inboundLoad is the state of the inbound side.
type inboundLoad struct {
	talk    laws.Law
	queue   callQueue
	waiting int
	made    uint64
	lateIn  int // answered after more than 20 s
	total   int
}

// nextInbound draws the next arrival by thinning.
func (s *sim) nextInbound() {
	rate := &s.world.Inbound.PerHour
	top := rate.max() / 3600
	if top <= 0 {
		return
	}
	t := s.t()
	for {
		s.inbound.made++
		r := s.draws.of(forInbound, 0, s.inbound.made)
		t += r.ExpFloat64() / top
		if inSeconds(s.end) < t {
			return
		}
		if r.Float64() < rate.At(t)/3600/top {
			s.agenda.add(seconds(t), doInbound, 0, 0)
			return
		}
	}
}

func (s *sim) inboundArrives() {
	i := s.newCall()
	c := &s.calls[i]
	c.inbound, c.answeredAt, c.lead, c.state = true, s.now, s.inbound.made, pacing.StateWaiting
	s.nextInbound()
	s.offer(i)
}

// offer gives a call to the agent who has been idle longest, or queues it.
func (s *sim) offer(i int32) {
	c := &s.calls[i]
	if a := s.idle.first(s.agents); a >= 0 && s.now >= s.downUntil {
		s.reserve(a, i)
		return
	}
	c.queued = true
	if c.inbound {
		s.inbound.waiting++
		s.inbound.queue.push(queued{i, c.gen})
		s.tellInbound()
		return
	}
	s.waiting.push(queued{i, c.gen})
}

func (s *sim) tellInbound() {
	s.observe(pacing.Event{Kind: pacing.InboundWaiting, Value: float64(s.inbound.waiting)})
}

// serve gives an idle agent the next waiting call, inbound first; false if none waits.
func (s *sim) serve(a int32) bool {
	if s.now < s.downUntil {
		return false
	}
	i := s.inbound.queue.pop(s.calls)
	if i >= 0 {
		s.inbound.waiting--
		s.tellInbound()
	} else if i = s.waiting.pop(s.calls); i < 0 {
		return false
	}
	s.calls[i].queued = false
	s.reserve(a, i)
	return true
}

// reserve begins to join agent and call.
func (s *sim) reserve(a, i int32) {
	x, c := &s.agents[a], &s.calls[i]
	x.gen++
	x.call, c.agent = i, a
	s.become(a, pacing.StateReserved)
	if s.now < x.ghostUntil {
		s.agenda.add(s.now+x.ghostRings, doMiss, a, x.gen)
		return
	}
	s.agenda.add(s.in(s.bridge)+s.pickUpOf(a, x), doJoin, a, x.gen)
}

// pickUpOf is how long an agent's phone rings this time; none on a permanent line.
func (s *sim) pickUpOf(a int32, x *agent) int64 {
	if !x.phone {
		return 0
	}
	x.offers++
	return seconds(s.pickUp.Sample(s.draws.of(forPickUp, uint64(a)+1, x.offers)))
}

// misses is when a phone that does not answer is given up.
func (s *sim) misses(i int32, a *agent) {
	at := a.call
	a.call = -1
	a.gen++
	s.tellAgent(i, pacing.AgentMissed)
	s.agenda.add(s.now+max(1, a.ghostAway), doReturn, i, a.gen)
	s.become(i, pacing.StateGone)
	if at >= 0 {
		s.calls[at].agent = -1
		s.offer(at)
	}
}

// join is the moment at which agent and caller hear each other.
func (s *sim) join(i int32, a *agent) {
	if a.call < 0 { // abandoned while being joined
		s.settleUnserved(i)
		return
	}
	c := &s.calls[a.call]
	c.gen++ // the deadline is met
	s.m.agentWait(s.now, s.now-a.idleSince)
	if c.inbound {
		s.inbound.total++
		if s.now-c.answeredAt > seconds(20) {
			s.inbound.lateIn++
		}
		s.become(i, pacing.StateInbound)
		a.talkEnd = s.in(a.speed * s.inbound.talk.Sample(s.draws.of(forInboundTalk, 0, c.lead)))
		s.agenda.add(a.talkEnd, doTalkEnd, i, a.gen)
		return
	}
	s.connect(i, a, c)
}

func (s *sim) connect(i int32, a *agent, c *call) {
	x := &s.campaigns[c.campaign]
	talk := 0.0
	if c.falsePerson {
		talk = x.spec.Detection.MachineTalk
	} else {
		s.onRecord(x, c.answeredAt, false)
		x.connects++
		s.m.calleeWait(s.now, s.now-c.answeredAt)
		talk = a.speed * x.talk.Sample(s.draws.of(forTalk, uint64(x.index), c.lead))
	}
	c.state = pacing.StateConnected
	s.observe(pacing.Event{Kind: pacing.CallConnected, Campaign: int(c.campaign), Segment: int(c.segment), Call: c.id, Agent: agentID(i)})
	s.become(i, pacing.StateTalking)
	a.talkEnd = s.in(talk)
	s.agenda.add(a.talkEnd, doTalkEnd, i, a.gen)
}

// settleUnserved is for an agent whose call was gone before it was joined.
func (s *sim) settleUnserved(i int32) {
	since := s.agents[i].idleSince
	s.settle(i)
	s.agents[i].idleSince = since
}

// wrapOf is how long an agent's k-th wrap-up lasts.
func (s *sim) wrapOf(i int32, k uint64) int64 {
	if s.wrap == nil {
		return 0
	}
	return seconds(s.agents[i].speed * s.wrap.Sample(s.draws.of(forWrap, uint64(i), k)))
}

func (s *sim) talkEnds(i int32, a *agent) {
	c := &s.calls[a.call]
	if !c.inbound {
		if c.falsePerson { // the agent says so in wrap-up
			a.machine = pacing.Event{Kind: pacing.CallReclassified, Campaign: int(c.campaign), Segment: int(c.segment), Call: c.id}
		}
		s.tellCall(c, pacing.CallEnded)
	}
	s.endCall(a.call)
	a.call = -1
	a.gen++
	wrap := s.wrapOf(i, a.wraps)
	a.wraps++
	if wrap == 0 {
		s.wrapEnds(i, a)
		return
	}
	a.wrapEnd = s.now + wrap
	s.become(i, pacing.StateWrapping)
	s.agenda.add(a.wrapEnd, doWrapEnd, i, a.gen)
}

// wrapEnds is when an agent has written a call up, and may have said that it was
// a machine's.
func (s *sim) wrapEnds(i int32, a *agent) {
	if a.machine.Call != 0 {
		s.observe(a.machine)
		a.machine = pacing.Event{}
	}
	s.settle(i)
}
