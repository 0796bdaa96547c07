package pacing

import (
	"math"
	"slices"
	"time"
)

// callRecord is one live call.
type callRecord struct {
	ID       CallID
	Campaign int32
	Segment  int32
	State    CallState
	Launched float64
	Rang     float64 // start of ringing, -1 before
	Since    float64 // start of the present state
	GivenUp  float64 // when it was ordered to be cancelled, -1 if it was not
	Taken    bool    // the carrier has shown that it took the call
}

// flight are the live calls; the order is that of their launch but for the gaps
// that ended calls leave, which the last call fills.
type flight struct {
	calls []callRecord
	index map[CallID]int32
	count [callStateCount]int
	ended [256]CallID // the last calls that ended, to know an event told twice
	ends  int
}

func (f *flight) endedLately(id CallID) bool { return slices.Contains(f.ended[:], id) }

const mostCalls = 200000

func (f *flight) find(id CallID) *callRecord {
	if i, ok := f.index[id]; ok {
		return &f.calls[i]
	}
	return nil
}

func (f *flight) add(c callRecord) {
	f.index[c.ID] = int32(len(f.calls))
	f.calls = append(f.calls, c)
	f.count[c.State]++
}

func (f *flight) move(c *callRecord, to CallState, now float64) {
	f.count[c.State]--
	f.count[to]++
	c.State, c.Since = to, now
}

func (f *flight) remove(c *callRecord) {
	f.count[c.State]--
	f.ended[f.ends%len(f.ended)] = c.ID
	f.ends++
	i, last := f.index[c.ID], int32(len(f.calls)-1)
	delete(f.index, c.ID)
	if i != last {
		f.calls[i] = f.calls[last]
		f.index[f.calls[i].ID] = i
	}
	f.calls = f.calls[:last]
}

// callEvent takes in what happened to a call; false if it makes no sense.
func (p *Pacer) callEvent(e *Event) bool {
	k := p.campaign(e.Campaign)
	if k == nil || e.Segment < 0 || e.Segment >= len(k.segments) {
		return false
	}
	k.budget.forward(p.clock)
	if e.Kind == CallRefused {
		k.refuse(e.Segment, p.now)
		return k.orders.settle()
	}
	c := p.flight.find(e.Call)
	switch {
	case c != nil:
		if int(c.Campaign) != e.Campaign {
			return false
		}
		return p.progress(e, c, k)
	case e.Call == 0:
		return false
	case e.Kind == CallReclassified:
		return p.reclassified(e.Call, k)
	case p.late(e, k), p.flight.endedLately(e.Call):
		return true
	case e.Kind == CallAbandoned:
		k.budget.resolved(true, p.now, p.now, p.clock) // whose call it was is lost, what the law counts is not
		return false
	case e.Kind == CallLaunched, e.Kind <= CallConnected && k.orders.pending() > 0: // the news of the launch may come later
		if len(p.flight.calls) >= mostCalls {
			return false
		}
		k.orders.settle()
		p.flight.add(callRecord{ID: e.Call, Campaign: int32(e.Campaign), Segment: int32(e.Segment),
			State: StateLaunched, Launched: p.now, Rang: -1, Since: p.now, GivenUp: -1})
		s := k.fly(e.Segment, p.now)
		s.refused, s.pause = 0, 0
		k.launched(e.Segment, p.now, 1)
		if e.Kind != CallLaunched {
			return p.progress(e, p.flight.find(e.Call), k)
		}
		return true
	}
	return false
}

// progress moves a call that is known.
func (p *Pacer) progress(e *Event, c *callRecord, k *campaign) bool {
	early := c.State == StateLaunched || c.State == StateDetecting
	refused := e.Kind == CallFailed && e.Cause == CauseCongestion
	if !c.Taken && !refused && e.Kind != CallLaunched {
		c.Taken = true
		p.carrier.accepted()
	}
	switch e.Kind {
	case CallLaunched:
		return c.State != StateLaunched || c.Rang >= 0 // told after what follows it, or twice
	case CallRinging:
		if c.State != StateLaunched || c.Rang >= 0 {
			return c.Rang < 0 // it was answered before it was told to ring
		}
		c.Rang = p.now
	case CallPickedUp:
		if c.State != StateLaunched {
			return true
		}
		p.flight.move(c, StateDetecting, p.now)
	case CallPerson:
		if !early {
			return c.State != StateMachine || k.cfg.Mode == ModeAgentless
		}
		p.person(c, k)
	case CallMachine:
		if !early {
			return false
		}
		p.answeredBy(c, k, false)
		p.flight.move(c, StateMachine, p.now)
	case CallConnected:
		if early { // that a person answered has not been told yet
			p.person(c, k)
		}
		if c.State != StateWaiting {
			return false
		}
		at := p.atTime(c.Since)
		p.flight.move(c, StateConnected, p.now)
		p.resolve(c.ID, k, false, c.Launched, at)
		k.hour.connected(p.now)
	case CallReclassified:
		if !p.reclassified(c.ID, k) {
			return false
		}
		p.flight.move(c, StateMachine, p.now)
	case CallAbandoned:
		at := p.clock
		switch {
		case early:
			p.answeredBy(c, k, true)
		case c.State == StateWaiting:
			at = p.atTime(c.Since)
		default: // it had its agent, or was a machine
			return false
		}
		p.resolve(c.ID, k, true, c.Launched, at)
		p.flight.remove(c)
	case CallFailed, CallEnded:
		p.ended(e, c, k)
	}
	return true
}

// person is when it is known that a person answered.
func (p *Pacer) person(c *callRecord, k *campaign) {
	p.answeredBy(c, k, true)
	to := StateWaiting
	if k.cfg.Mode == ModeAgentless {
		to = StateMachine // a message is played, no agent is waited for
	}
	p.flight.move(c, to, p.now)
}

// atTime is a moment of the Pacer's seconds.
func (p *Pacer) atTime(seconds float64) time.Time { return p.origin.Add(asDuration(seconds)) }

// resolve counts an answered call, and remembers it for who may say later that
// it was a machine.
func (p *Pacer) resolve(id CallID, k *campaign, abandoned bool, launched float64, at time.Time) {
	k.budget.resolved(abandoned, launched, p.now, at)
	k.answers.keep(answer{id, abandoned, at})
}

// reclassified takes an answer back that was a machine's; false if there was none.
func (p *Pacer) reclassified(id CallID, k *campaign) bool {
	a, ok := k.answers.take(id)
	if !ok {
		return false
	}
	lost := 0
	if a.abandoned {
		lost = 1
	}
	k.budget.count(a.at, -1, -lost)
	return true
}

// answer is an answered call that was counted.
type answer struct {
	id        CallID
	abandoned bool
	at        time.Time
}

// answers are the last ones of a campaign.
type answers struct {
	ring  []answer
	next  int
	index map[CallID]int
}

func (a *answers) keep(x answer) {
	if a.index == nil {
		a.index = map[CallID]int{}
	}
	if len(a.ring) < mostAnswered {
		a.ring = append(a.ring, x)
		a.index[x.id] = len(a.ring) - 1
		return
	}
	if i, ok := a.index[a.ring[a.next].id]; ok && i == a.next {
		delete(a.index, a.ring[a.next].id)
	}
	a.ring[a.next] = x
	a.index[x.id] = a.next
	a.next = (a.next + 1) % len(a.ring)
}

func (a *answers) take(id CallID) (answer, bool) {
	i, ok := a.index[id]
	if !ok {
		return answer{}, false
	}
	delete(a.index, id)
	return a.ring[i], true
}

// answeredBy learns from an answer: by a person, or by a machine.
func (p *Pacer) answeredBy(c *callRecord, k *campaign, person bool) {
	at := p.now
	if c.State == StateDetecting {
		k.detection.verdict(p.now-c.Since, person)
		at = c.Since
	}
	k.ring.ended(at-c.Launched, person, false)
	if person {
		s := &k.segments[c.Segment]
		s.answered(c.Launched)
		if whole := k.whole(); whole != s {
			whole.answered(c.Launched)
		}
		k.drift.observed++
	}
}

// ended takes a call off, learning from one that nobody answered.
func (p *Pacer) ended(e *Event, c *callRecord, k *campaign) {
	switch c.State {
	case StateLaunched, StateDetecting:
		age := p.now - c.Launched
		switch {
		case e.Kind == CallFailed && e.Cause == CauseCongestion:
			k.launched(int(c.Segment), c.Launched, -1)
			p.carrier.congested(p.now)
		case e.Kind == CallFailed && e.Cause == CauseCancelled || c.GivenUp >= 0:
			k.ring.ended(age, false, true)
			k.launched(int(c.Segment), c.Launched, k.ring.by(age)-1)
		default:
			k.ring.ended(age, false, false)
		}
	case StateWaiting: // hung up before the legal time was over
		p.resolve(c.ID, k, false, c.Launched, p.atTime(c.Since))
	case StateConnected, StateMachine: // the answer taught what there was to learn
	}
	p.flight.remove(c)
}

// launched counts share of a launch in its segment and in the whole.
func (k *campaign) launched(segment int, at, share float64) {
	s := &k.segments[segment]
	s.launched(at, share)
	if whole := k.whole(); whole != s {
		whole.launched(at, share)
	}
}

// detection learns how likely a picked-up call is a person's while the verdict
// is out, from how long verdicts take.
type detection struct {
	Person  [detectionBins]float64 `json:"person"`
	Machine [detectionBins]float64 `json:"machine"`
}

const detectionBins = 24 // quarters of a second

func (d *detection) verdict(after float64, person bool) {
	j := detectionBin(after)
	to := &d.Machine
	if person {
		to = &d.Person
	}
	to[j]++
	if to[j] > 500 {
		for i := range d.Person {
			d.Person[i] /= 2
			d.Machine[i] /= 2
		}
	}
}

func detectionBin(after float64) int {
	return int(math.Min(math.Max(after*4, 0), detectionBins-1))
}

// person is the chance that a call picked up so long ago is a person's.
func (d *detection) person(after, prior float64) float64 {
	persons, machines := 2*prior, 2*(1-prior)
	for j := detectionBin(after); j < detectionBins; j++ {
		persons += d.Person[j]
		machines += d.Machine[j]
	}
	return persons / (persons + machines)
}
