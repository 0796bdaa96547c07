package pacing

// When the feed of events breaks, calls end of which nothing is told. Somebody who
// waited for an agent then counts as abandoned, and a call that rang may yet turn
// out to have been: until the news comes late, or the ledger is made anew of the
// records of calls (Restate), the window is taken to bear that much less.

// lose takes off a call whose end is not known.
func (p *Pacer) lose(c *callRecord, k *campaign) {
	switch c.State {
	case StateLaunched, StateDetecting:
		if c.State == StateLaunched { // it shows what it showed so far
			k.launched(int(c.Segment), c.Launched, k.ring.by(p.now-c.Launched)-1)
		}
		if k.cfg.Mode != ModeAgentless {
			k.missing(c, p.now)
		}
	case StateWaiting:
		k.missing(c, p.now)
		p.resolve(c.ID, k, true, c.Launched, p.atTime(c.Since))
	case StateConnected, StateMachine: // counted, or not to be counted
	}
	p.flight.remove(c)
}

func (k *campaign) missing(c *callRecord, now float64) {
	if k.lost == nil {
		k.lost = map[CallID]callRecord{}
	}
	if len(k.lost) < mostLost {
		k.lost[c.ID] = *c
		if c.State != StateWaiting {
			k.unknown += k.peakOf(int(c.Segment), now)
		}
		return
	}
	if c.State != StateWaiting {
		k.unknown++ // nobody could put it right later
	}
}

// late takes in news of a call that was lost; false if it is none.
func (p *Pacer) late(e *Event, k *campaign) bool {
	c, ok := k.lost[e.Call]
	if !ok {
		return false
	}
	counted := c.State == StateWaiting // as abandoned, when it was lost
	switch e.Kind {
	case CallPerson, CallPickedUp, CallRinging, CallLaunched:
		return true // how it ends is what matters
	case CallConnected, CallEnded, CallFailed, CallMachine, CallAbandoned:
	default:
		return false
	}
	if !counted {
		k.unknown = max(0, k.unknown-k.peakOf(int(c.Segment), p.now))
		if len(k.lost) == 1 {
			k.unknown = 0
		}
	}
	delete(k.lost, e.Call)
	switch {
	case e.Kind == CallAbandoned && !counted:
		p.resolve(e.Call, k, true, c.Launched, p.clock)
	case e.Kind == CallConnected && !counted:
		p.resolve(e.Call, k, false, c.Launched, p.clock)
	case e.Kind == CallConnected, e.Kind == CallEnded && counted:
		if a, ok := k.answers.take(e.Call); ok { // it was not abandoned
			k.budget.count(a.at, 0, -1)
			a.abandoned = false
			k.answers.keep(a)
		}
	case counted && e.Kind != CallAbandoned:
		p.reclassified(e.Call, k)
	}
	return true
}

// Restate takes a ledger that was made anew of the records of calls, after which
// no call counts as lost any more. Calls that live are in it only once they are
// on record.
func (p *Pacer) Restate(l *Ledger) {
	p.ledger = l
	for i := range p.campaigns {
		k := &p.campaigns[i]
		k.lost, k.unknown = nil, 0
		k.budget.ledger = l
		k.budget.forward(p.clock)
		k.budget.sum()
		k.budget.clip()
		k.budget.mark(p.now)
	}
	p.dirty = true
}
