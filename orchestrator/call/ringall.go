package call

import (
	"cmp"
	"slices"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// With ring_all a call has several offers at the same time. Each agent's phone is a leg:
// that of the first is the far one, those beside it are of RoleRung. Who answers first is
// the far leg from then on; the others are told that the call was answered elsewhere.

// rungTimer begins the name of the timer of a leg that is rung beside the far one.
const rungTimer = "ring:"

// ringTimer is the timer of a leg that is rung.
func ringTimer(l *Leg) Timer {
	if l.Role == RoleRung {
		return Timer(rungTimer + l.Channel)
	}
	return TimerRing
}

// rung are the legs that are rung beside the far one.
func (c *Call) rung() (legs []Leg) {
	for _, l := range c.Legs {
		if l.Role == RoleRung {
			legs = append(legs, l)
		}
	}
	return legs
}

// ringBeside rings another agent for a call for which phones ring. A permanent line
// has answered at once.
func (x *change) ringBeside(o orchestrator.Offer) {
	line, has := x.lineFor(o)
	if has && line.Up {
		x.rungElsewhere()
		x.spare(x.c.Far())
		x.borrow(o, line)
		return
	}
	l := Leg{Role: RoleRung, PBX: o.PBX, Channel: x.id("a"), State: LegDialing, Offer: &o, Dialed: x.ms(), Room: x.c.Far().Room}
	x.c.Legs = append(x.c.Legs, l)
	x.noteOffered(o, nil)
	rung := x.c.leg(l.Channel)
	if has { // a line that is not there
		rung.Why = orchestrator.OfferError
		x.rungGone(rung, orchestrator.CauseOutOfOrder)
		return
	}
	order, err := x.toPhone(rung, x.originator())
	if err != nil {
		x.rungGone(rung, orchestrator.CauseRejected)
		return
	}
	x.arm(ringTimer(rung), o.Ring+ringGrace)
	x.do(Dial{Order: order})
}

// rungEvent handles what happens on a leg that is rung beside the far one.
func (x *change) rungEvent(l *Leg, e orchestrator.Event) {
	switch e.Kind {
	case orchestrator.EventRinging:
		was := l.State
		if x.leg(l, LegOnRing) && was == LegDialing {
			x.noteAgent(l, orchestrator.EntryCallRinging, fields{"agent": l.agent()})
		}
	case orchestrator.EventEntered:
		x.rungUp(l)
	case orchestrator.EventEnded:
		x.rungGone(l, e.Cause)
	case orchestrator.EventLeft: // taken by the PBX itself: nobody is blamed
		x.rungGone(l, orchestrator.CauseGone)
	default:
		x.refuse("rung "+string(l.State), string(e.Kind))
	}
}

// rungUp handles that one who is rung beside the far leg answers first.
func (x *change) rungUp(l *Leg) {
	if x.c.State != StateOffered || l.State != LegDialing && l.State != LegRinging {
		x.do(Hangup{Channel: l.Channel, Cause: orchestrator.CauseNormal}) // our hangup crossed its answer
		return
	}
	x.lead(l)
	x.pickup()
}

// lead makes a leg that is rung beside the far one the far leg, and that one is rung beside it.
func (x *change) lead(l *Leg) {
	first := &x.c.Legs[1]
	if first == l {
		x.retime(l, RoleAgent)
		return
	}
	x.retime(first, RoleRung)
	x.retime(l, RoleAgent)
	*first, *l = *l, *first
}

// retime gives a leg another role, and its timer the name that goes with it.
func (x *change) retime(l *Leg, role Role) {
	at, ok := x.c.Timers[ringTimer(l)]
	x.disarm(ringTimer(l))
	l.Role = role
	if ok {
		x.c.Timers[ringTimer(l)] = at
	}
	x.dirty = true
}

// rungGone handles the end of a leg that is rung beside the far one: the others ring on.
func (x *change) rungGone(l *Leg, cause orchestrator.Cause) {
	was := l.State
	if !x.ended(l) {
		return
	}
	if l.Why == "" {
		l.Why = x.failure(l, was, cause)
	}
	x.noteAgent(l, orchestrator.EntryCallMissed, fields{"agent": l.agent(), "why": l.Why, "cause": cause})
	x.settleLeg(l)
	x.forgetRung(l)
}

func (x *change) forgetRung(l *Leg) {
	x.disarm(ringTimer(l))
	x.forgetLeg(l.Channel)
}

// rungOver ends a leg that rang long enough beside the far one; the PBX did not end it itself.
func (x *change) rungOver(channel string) {
	l := x.c.leg(channel)
	switch {
	case l == nil || l.Role != RoleRung:
		x.refuse(string(x.c.State), "ring over")
	case l.State == LegHanging: // told once already: it must be gone
		x.rungGone(l, orchestrator.CauseNoAnswer)
	default:
		x.rangOut(l)
	}
}

// nextRung makes the next of those who are rung the far leg, which is gone; false when there is none.
func (x *change) nextRung() bool {
	i := slices.IndexFunc(x.c.Legs, func(l Leg) bool { return l.Role == RoleRung })
	if x.c.State != StateOffered || i < 0 {
		return false
	}
	x.lead(&x.c.Legs[i])
	return true
}

// rungElsewhere stops the phones of those who are rung beside the far leg, which has
// answered. Their offers end as the far leg's is taken up.
func (x *change) rungElsewhere() {
	for _, was := range x.c.rung() {
		x.spare(x.c.leg(was.Channel))
	}
}

// spare stops the phone of a leg: somebody else has answered.
func (x *change) spare(l *Leg) {
	x.noteAgent(l, orchestrator.EntryCallMissed, fields{"agent": l.agent(), "why": cmp.Or(l.Why, orchestrator.OfferElsewhere)})
	if l.Why != "" { // it had rung in vain before
		x.settleLeg(l)
	} else {
		x.c.Spared = append(x.c.Spared, *l.Offer)
		x.hangLeg(l, orchestrator.CauseGone)
	}
	x.forgetRung(l)
}

// settleSpared ends the offers of those whose phones were stopped for one who answered
// and whose own offer came to nothing, unless it was taken up before.
func (x *change) settleSpared(why orchestrator.OfferFailure) {
	for _, o := range x.c.Spared {
		x.do(FailOffer{Offer: o, Why: why})
	}
	x.c.Spared = nil
}

// dropRung hangs those up who are rung beside the far leg of a call that leaves its
// queue, which ends their offers.
func (x *change) dropRung(cause orchestrator.Cause) {
	for _, was := range x.c.rung() {
		l := x.c.leg(was.Channel)
		if l.Why != "" {
			x.settleLeg(l)
		}
		x.hangLeg(l, cause)
		x.forgetRung(l)
	}
}

// rungDue tells whether a timer is that of a leg that is rung beside the far one, and of which.
func rungDue(t Timer) (channel string, ok bool) { return strings.CutPrefix(string(t), rungTimer) }
