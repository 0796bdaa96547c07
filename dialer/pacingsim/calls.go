package pacingsim

import (
	"github.com/operadora/operadora/dialer/pacing"
)

// call is an outbound attempt from the order on, or an inbound caller.
type call struct {
	id          pacing.CallID
	lead        uint64
	gen         uint32
	campaign    int32
	segment     int32
	agent       int32 // -1 none
	state       pacing.CallState
	class       Class
	live        bool
	launched    bool
	rang        bool
	inbound     bool
	queued      bool
	falsePerson bool // a machine that passed for a person
	givenUp     bool // an order to cancel is on its way
	launchedAt  int64
	ringAt      int64
	outcomeAt   int64
	answeredAt  int64 // start of the legal time
	deadline    int64
}

const slotBits = 24 // of a CallID are the index in sim.calls

func (s *sim) newCall() int32 {
	var i int32
	if n := len(s.freeCalls); n > 0 {
		i = s.freeCalls[n-1]
		s.freeCalls = s.freeCalls[:n-1]
	} else {
		s.calls = append(s.calls, call{})
		i = int32(len(s.calls) - 1)
	}
	s.callSeq++
	gen := s.calls[i].gen + 1
	s.calls[i] = call{id: pacing.CallID(s.callSeq<<slotBits | uint64(i)), gen: gen, agent: -1, live: true}
	return i
}

func (s *sim) endCall(i int32) {
	c := &s.calls[i]
	c.live = false
	c.gen++
	if !c.inbound {
		s.lines--
	}
	s.freeCalls = append(s.freeCalls, i)
}

// lastCall notes when every list is empty or closed: agents who are idle from
// then on are so whatever the algorithm.
func (s *sim) lastCall() {
	for i := range s.campaigns {
		c := &s.campaigns[i]
		closed := c.spec.Closes > 0 && s.now >= seconds(c.spec.Closes)
		if c.left != 0 && !closed {
			return
		}
	}
	s.m.upTo = min(s.m.upTo, inSeconds(s.now))
}

// order is one call ordered by the algorithm.
func (s *sim) order(campaign, segment int) {
	refuse := func() {
		s.observe(pacing.Event{Kind: pacing.CallRefused, Campaign: campaign, Segment: segment})
	}
	if campaign < 0 || campaign >= len(s.campaigns) || segment < 0 || segment >= len(s.campaigns[campaign].leads) {
		return
	}
	c := &s.campaigns[campaign]
	if !c.open || c.left == 0 {
		refuse()
		return
	}
	if s.lines >= s.world.Carrier.Lines || !s.rate.take(s.now) {
		s.m.violations++
		refuse()
		return
	}
	if c.left > 0 {
		if c.left--; c.left == 0 {
			s.lastCall()
		}
	}
	s.lines++
	i := s.newCall()
	x := &s.calls[i]
	x.campaign, x.segment, x.lead = int32(campaign), int32(segment), c.nextLead(segment, 0)
	c.leads[segment]++
	s.agenda.add(s.in(s.command), doLaunch, i, x.gen)
}

func (s *sim) tellCall(c *call, k pacing.Kind) {
	s.observe(pacing.Event{Kind: k, Campaign: int(c.campaign), Segment: int(c.segment), Call: c.id})
}

func (s *sim) callTimer(t timer) {
	c := &s.calls[t.index]
	if c.gen != t.gen {
		return
	}
	switch t.what {
	case doLaunch:
		s.launch(t.index, c)
	case doRing:
		c.rang, c.ringAt = true, s.now
		s.tellCall(c, pacing.CallRinging)
	case doOutcome:
		s.outcome(t.index, c)
	case doTimeout:
		if s.now-c.ringAt < s.campaigns[c.campaign].minRing {
			s.m.cut++
		}
		s.fails(t.index, c, pacing.CauseNoAnswer)
	case doCancelled:
		s.cancelled(t.index, c)
	case doVerdict:
		s.verdict(t.index, c)
	case doPersonKnown:
		s.personKnown(t.index, c)
	case doDeadline:
		s.abandon(t.index, c)
	default: // handle sends only these here
	}
}

// congestedIn is after how many seconds a carrier says that it has no way.
const congestedIn = 0.4

// launch sends the attempt out and settles what will become of it.
func (s *sim) launch(i int32, c *call) {
	x := &s.campaigns[c.campaign]
	c.launched, c.launchedAt, c.state = true, s.now, pacing.StateLaunched
	x.dials++
	s.m.dial(s.now)
	s.tellCall(c, pacing.CallLaunched)
	if x.left >= 0 && x.left < 1000 {
		s.observe(pacing.Event{Kind: pacing.LeadsLeft, Campaign: x.index, Value: float64(x.left)})
	}
	out := s.outcomeOf(x, c.lead)
	if s.congested(x, c.lead) {
		out = Outcome{Class: Congestion, In: congestedIn}
	}
	c.class, c.outcomeAt = out.Class, s.in(out.In)
	ring := s.now + x.ringsAfter + seconds(x.spec.ExtraDelay.At(s.t()))
	if ring < c.outcomeAt && c.class != Congestion {
		s.agenda.add(ring, doRing, i, c.gen)
	}
	if c.outcomeAt < ring+x.ringTimeout {
		s.agenda.add(c.outcomeAt, doOutcome, i, c.gen)
	} else {
		s.agenda.add(ring+x.ringTimeout, doTimeout, i, c.gen)
	}
}

// outcomeOf is what a lead does when launched now.
func (s *sim) outcomeOf(x *campaign, lead uint64) Outcome {
	t, w := s.t(), x.spec
	answer, machine, fail := x.answerRate(s.draws, lead, t), w.Machine.At(t), w.Fail.At(t)
	u := s.draws.of(forClass, uint64(x.index), lead).Float64()
	r := s.draws.of(forDelay, uint64(x.index), lead)
	switch {
	case u < answer:
		return Outcome{Person, x.answer.Sample(r) + w.ExtraDelay.At(t)}
	case u < answer+machine:
		return Outcome{Machine, x.machine.Sample(r) + w.ExtraDelay.At(t)}
	case u < answer+machine+fail:
		return Outcome{Failure, x.fail.Sample(r)}
	case x.noAnswer != nil:
		return Outcome{NoAnswer, x.noAnswer.Sample(r)}
	}
	return Outcome{NoAnswer, 1e6}
}

// Lead implements Oracle.
func (s *sim) Lead(campaign, ahead int) Outcome {
	x := &s.campaigns[campaign]
	out := s.outcomeOf(x, x.nextLead(0, ahead))
	if longest := x.spec.RingsAfter + x.spec.ExtraDelay.At(s.t()) + x.spec.RingTimeout; out.In >= longest {
		return Outcome{NoAnswer, longest}
	}
	return out
}

// congested says whether the carrier refuses the attempt.
func (s *sim) congested(x *campaign, lead uint64) bool {
	for i := range s.world.Carrier.Congestion {
		w := &s.world.Carrier.Congestion[i]
		t := s.t()
		if w.Every > 0 {
			for t >= w.From+w.Every {
				t -= w.Every
			}
		}
		if t < w.From || t >= w.Until {
			continue
		}
		if s.draws.of(forCongestion, uint64(x.index), lead).Float64() < w.Refuse {
			return true
		}
		if w.CallsPerSecond > 0 {
			s.carrier.rate, s.carrier.size = w.CallsPerSecond, max(1, w.CallsPerSecond)
			return !s.carrier.take(s.now)
		}
	}
	return false
}

// outcome is the moment at which an attempt turns out.
func (s *sim) outcome(i int32, c *call) {
	x := &s.campaigns[c.campaign]
	c.gen++ // the ring may not have been told; it is over
	switch c.class {
	case NoAnswer:
		s.fails(i, c, pacing.CauseNoAnswer)
	case Failure:
		s.fails(i, c, pacing.CauseOther)
	case Congestion:
		s.fails(i, c, pacing.CauseCongestion)
	case Person:
		c.answeredAt = s.now
		if c.givenUp {
			s.crossed(i, c, x)
			return
		}
		if x.personVerdict == nil {
			s.agenda.add(s.in(s.news), doPersonKnown, i, c.gen)
			s.setDeadline(i, c, x)
			return
		}
		s.tellCall(c, pacing.CallPickedUp)
		c.state = pacing.StateDetecting
		s.agenda.add(s.in(x.personVerdict.Sample(s.draws.of(forVerdict, uint64(x.index), c.lead))), doVerdict, i, c.gen)
	case Machine:
		c.answeredAt = s.now
		if c.givenUp {
			s.fails(i, c, pacing.CauseCancelled)
			return
		}
		if x.machineVerdict == nil {
			s.tellCall(c, pacing.CallMachine)
			s.tellCall(c, pacing.CallEnded)
			s.endCall(i)
			return
		}
		s.tellCall(c, pacing.CallPickedUp)
		c.state = pacing.StateDetecting
		s.agenda.add(s.in(x.machineVerdict.Sample(s.draws.of(forVerdict, uint64(x.index), c.lead))), doVerdict, i, c.gen)
	}
}

// fails ends an attempt that nobody answered.
func (s *sim) fails(i int32, c *call, cause pacing.Cause) {
	s.observe(pacing.Event{Kind: pacing.CallFailed, Cause: cause, Campaign: int(c.campaign), Segment: int(c.segment), Call: c.id})
	s.endCall(i)
}

// verdict is what the detection makes of a pick-up, right or wrong.
func (s *sim) verdict(i int32, c *call) {
	x := &s.campaigns[c.campaign]
	d := x.spec.Detection
	r := s.draws.of(forVerdict, uint64(x.index)+1<<20, c.lead)
	wrong := d.FalseMachine
	if c.class == Machine {
		wrong = d.MissedMachine
	}
	mistaken := r.Float64() < wrong
	if (c.class == Person) != mistaken {
		c.falsePerson = c.class == Machine
		if !d.FromAnswer {
			c.answeredAt = s.now
		}
		c.gen++
		s.agenda.add(s.in(s.news), doPersonKnown, i, c.gen)
		s.setDeadline(i, c, x)
		return
	}
	if mistaken {
		x.answered++
		x.falseAMD++
		s.m.answer(s.now)
		if d.CountFalse { // of the estimate, which the limit is lowered by, not of the ledger
			x.abandoned++
			s.m.abandon(s.now)
		}
	}
	s.tellCall(c, pacing.CallMachine)
	s.tellCall(c, pacing.CallEnded)
	s.endCall(i)
}

// setDeadline starts the legal time.
func (s *sim) setDeadline(i int32, c *call, x *campaign) {
	patience := x.spec.Threshold
	if x.patience != nil {
		patience = x.patience.Sample(s.draws.of(forPatience, uint64(x.index), c.lead))
	}
	c.deadline = max(c.answeredAt+seconds(patience), s.now)
	s.agenda.add(c.deadline, doDeadline, i, c.gen)
}

// personKnown is when the control plane learns that a person answered.
func (s *sim) personKnown(i int32, c *call) {
	if s.now < s.downUntil {
		s.agenda.add(s.downUntil, doPersonKnown, i, c.gen)
		return
	}
	c.state = pacing.StateWaiting
	s.tellCall(c, pacing.CallPerson)
	s.offer(i)
}

// abandon is when the legal time ends and no agent is there.
func (s *sim) abandon(i int32, c *call) {
	x := &s.campaigns[c.campaign]
	if !c.falsePerson {
		s.onRecord(x, c.answeredAt, true)
		s.m.calleeWait(s.now, c.deadline-c.answeredAt)
	}
	if c.agent >= 0 {
		s.agents[c.agent].call = -1
	}
	s.tellCall(c, pacing.CallAbandoned)
	s.endCall(i)
}

// cancel gives up a call that is still ringing.
func (s *sim) cancel(id pacing.CallID) {
	i := int32(uint64(id) & (1<<slotBits - 1))
	if int(i) >= len(s.calls) || s.calls[i].id != id || !s.calls[i].live {
		return
	}
	c := &s.calls[i]
	if !c.launched || c.givenUp || c.state != pacing.StateLaunched || c.outcomeAt <= s.now {
		return
	}
	c.givenUp = true
	s.m.giveUp(s.now)
	s.agenda.add(s.in(s.cancelTakes), doCancelled, i, c.gen)
}

// cancelled is when the far end learns that a call is given up.
func (s *sim) cancelled(i int32, c *call) {
	if !c.rang || s.now-c.ringAt < s.campaigns[c.campaign].minRing {
		s.m.cut++
	}
	s.fails(i, c, pacing.CauseCancelled)
}

// crossed is a person who answers a call that is being given up.
func (s *sim) crossed(i int32, c *call, x *campaign) {
	s.onRecord(x, s.now, true)
	s.m.crossed++
	s.tellCall(c, pacing.CallPerson)
	s.tellCall(c, pacing.CallAbandoned)
	s.endCall(i)
}

// onRecord counts an answered call, in the books and for the record.
func (s *sim) onRecord(x *campaign, answeredAt int64, abandoned bool) {
	lost := 0
	x.answered++
	s.m.answer(s.now)
	if abandoned {
		lost = 1
		x.abandoned++
		s.m.abandon(s.now)
	}
	s.books.Add(s.setup.Campaigns[x.index].ID, viewTime(answeredAt), 1, lost)
}

// records is the ledger of the calls on record.
func (s *sim) records() *pacing.Ledger {
	l, err := pacing.LedgerOf(s.books.Rows())
	if err != nil {
		panic("pacingsim: its own books: " + err.Error())
	}
	return l
}
