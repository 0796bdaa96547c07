package pacing

import (
	"math"
	"slices"
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
	GivenUp  bool    // an order to cancel is on its way
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
	if e.Campaign < 0 || e.Campaign >= len(p.campaigns) {
		return false
	}
	k := &p.campaigns[e.Campaign]
	if e.Segment < 0 || e.Segment >= len(k.segments) {
		return false
	}
	if e.Kind == CallRefused {
		k.pause = p.now + 0.5
		return k.orders.settle()
	}
	c := p.flight.find(e.Call)
	if e.Kind == CallLaunched {
		if c != nil || e.Call == 0 || len(p.flight.calls) >= mostCalls {
			return false
		}
		k.orders.settle()
		p.flight.add(callRecord{ID: e.Call, Campaign: int32(e.Campaign), Segment: int32(e.Segment),
			State: StateLaunched, Launched: p.now, Rang: -1, Since: p.now})
		k.segments[e.Segment].launched(p.now, 1)
		return true
	}
	if c == nil && e.Kind == CallAbandoned && !p.flight.endedLately(e.Call) {
		k.budget.resolved(true, p.now, p.now) // whose call it was is lost, what the law counts is not
	}
	if c == nil || int(c.Campaign) != e.Campaign || int(c.Segment) >= len(k.segments) {
		return false
	}
	return p.progress(e, c, k)
}

// progress moves a call that is known.
func (p *Pacer) progress(e *Event, c *callRecord, k *campaign) bool {
	early := c.State == StateLaunched || c.State == StateDetecting
	switch e.Kind {
	case CallRinging:
		if c.State != StateLaunched || c.Rang >= 0 {
			return false
		}
		c.Rang = p.now
	case CallPickedUp:
		if c.State != StateLaunched {
			return false
		}
		p.flight.move(c, StateDetecting, p.now)
	case CallPerson:
		if !early {
			return false
		}
		p.answeredBy(c, k, true)
		to := StateWaiting
		if k.cfg.Mode == ModeAgentless {
			to = StateMachine // a message is played, no agent is waited for
		}
		p.flight.move(c, to, p.now)
	case CallMachine:
		if !early {
			return false
		}
		p.answeredBy(c, k, false)
		p.flight.move(c, StateMachine, p.now)
	case CallConnected:
		if c.State != StateWaiting {
			return false
		}
		p.flight.move(c, StateConnected, p.now)
		k.budget.resolved(false, c.Launched, p.now)
		k.Connects++
	case CallReclassified:
		if c.State != StateConnected {
			return false
		}
		p.flight.move(c, StateMachine, p.now)
		k.budget.unanswered()
	case CallAbandoned:
		if early {
			p.answeredBy(c, k, true)
		}
		k.budget.resolved(true, c.Launched, p.now)
		p.flight.remove(c)
	case CallFailed, CallEnded:
		p.ended(e, c, k)
	}
	return true
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
		k.segments[c.Segment].answered(c.Launched)
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
			k.segments[c.Segment].launched(c.Launched, -1)
			p.carrier.congested(p.now)
		case e.Kind == CallFailed && e.Cause == CauseCancelled || c.GivenUp:
			k.ring.ended(age, false, true)
			k.segments[c.Segment].launched(c.Launched, -(1 - k.ring.by(age)))
		default:
			k.ring.ended(age, false, false)
		}
	case StateWaiting: // hung up before the legal time was over
		k.budget.resolved(false, c.Launched, p.now)
	case StateConnected, StateMachine: // the answer taught what there was to learn
	}
	p.flight.remove(c)
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
