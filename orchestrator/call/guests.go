package call

import (
	"slices"

	"github.com/operadora/operadora/orchestrator"
)

// guestsMost bounds the guests of a call.
const guestsMost = 6

// guestRoles are the roles of legs beside those of the customer and of whom the
// customer talks with. A call has guests only while its customer talks, and
// while it is cleared up.
var guestRoles = map[Role]bool{RoleConsult: true, RoleSupervisor: true}

// Guests are the legs beside the customer's and the far one.
func (c *Call) Guests() []Leg {
	var guests []Leg
	for _, l := range c.Legs {
		if guestRoles[l.Role] {
			guests = append(guests, l)
		}
	}
	return guests
}

// leg finds a leg by its channel, nil when it is none of the call's.
func (c *Call) leg(channel string) *Leg {
	i := slices.IndexFunc(c.Legs, func(l Leg) bool { return l.Channel == channel })
	if i < 0 {
		return nil
	}
	return &c.Legs[i]
}

// legOf finds the leg of an offer.
func (c *Call) legOf(offer string) *Leg {
	i := slices.IndexFunc(c.Legs, func(l Leg) bool { return l.Offer != nil && l.Offer.ID == offer })
	if i < 0 {
		return nil
	}
	return &c.Legs[i]
}

// guest finds a guest by its channel, nil when it is none.
func (x *change) guest(channel string) *Leg {
	if l := x.c.leg(channel); l != nil && guestRoles[l.Role] {
		return l
	}
	return nil
}

// was tells whether a leg has been in the room.
func (l *Leg) was() bool { return l.Joined > 0 }

// seated tells whether a leg is to be in the room with the others.
func (l *Leg) seated() bool {
	return l.Role != RoleSupervisor && !l.Held && (l.State == LegJoined || l.State == LegUp && l.was())
}

// guestEvent handles what happens on the leg of a guest.
func (x *change) guestEvent(l *Leg, e orchestrator.Event) {
	if l.Role == RoleSupervisor {
		x.supervisorEvent(l, e)
		return
	}
	switch e.Kind {
	case orchestrator.EventRinging:
		was := l.State
		if x.leg(l, LegOnRing) && was == LegDialing {
			x.noteConsult(l, "ringing", "")
		}
	case orchestrator.EventEntered:
		x.guestUp(l)
	case orchestrator.EventEnded:
		x.guestGone(l, e.Cause)
	case orchestrator.EventLeft: // taken by the PBX itself: nobody is blamed
		x.guestGone(l, orchestrator.CauseGone)
	case orchestrator.EventDigit:
		if l.Keyed && l.State == LegJoined { // a guest has no codes
			x.pass(l, e.Digit)
		}
	default:
		x.refuse("guest "+string(l.State), string(e.Kind))
	}
}

// guestUp handles that a guest picked up: the offer is taken up, then they join.
func (x *change) guestUp(l *Leg) {
	was := l.State
	if !x.leg(l, LegOnAnswer) {
		if was != LegUp && was != LegJoined { // our hangup crossed the answer
			x.do(Hangup{Channel: l.Channel, Cause: orchestrator.CauseNormal})
		}
		return
	}
	l.Up = x.happened()
	if l.Role == RoleSupervisor {
		x.begin(l, "supervisor:"+l.Watch.Supervisor)
		return
	}
	l.Keyed = l.Offer != nil && x.Keys[x.c.PBX].Prefix != "" // who may be the one with codes later
	x.arm(TimerConsult, x.Limits.Command)
	x.admit(l, l.Offer)
}

// admit orders that a guest is in the room, and that the offer is taken up before.
func (x *change) admit(l *Leg, o *orchestrator.Offer) {
	x.do(Admit{Bridge: bridge(x.c.Call, l.Room), Channel: l.Channel, Keyed: l.Keyed, Offer: o})
}

// letIn handles that a guest is in the room since at.
func (x *change) letIn(channel string, at int64) {
	l := x.guest(channel)
	if l == nil || l.Held || x.c.State != StateTalking || l.State == LegJoined || !x.leg(l, LegOnJoin) {
		return // gone on meanwhile
	}
	if !l.was() {
		l.Joined = at
		x.speaks(l, orchestrator.RecordingJoined)
		x.consultJoined(l)
	}
}

// admitRefused handles a guest who cannot be let in.
func (x *change) admitRefused(cmd Admit, gone bool, err error) {
	l := x.c.leg(cmd.Channel)
	switch {
	case l == nil || x.c.State != StateTalking:
	case l.was():
		if cmd.Offer != nil { // it was seen to be joined before (compareSeats)
			x.takeUp(l)
			return
		}
		if !gone { // whoever is gone sends an event of its own
			x.fault("the PBX refused: "+string(cmd.verb()), err)
		}
		x.arm(TimerPlay, playCheck)
	default:
		x.fault("the conversation could not be joined", err)
		l.Why = orchestrator.OfferError
		x.dropGuest(l)
	}
}

// dropGuest hangs a guest up and forgets the leg: if its channel should answer in
// the same moment it is hung up again.
func (x *change) dropGuest(l *Leg) {
	if l.Role == RoleSupervisor {
		x.dropSupervisor(l, "the agent has left")
		return
	}
	x.hangLeg(l, orchestrator.CauseNormal)
	x.partGuest(l)
}

// dropGuests hangs all guests up: nobody is left whose guests they are.
func (x *change) dropGuests() {
	if x.c.Consult != nil {
		x.cancelConsult(cancelledConsult)
	}
	for _, l := range x.c.Guests() {
		x.dropGuest(x.c.leg(l.Channel))
	}
}

// guestGone handles the end of a guest's leg.
func (x *change) guestGone(l *Leg, cause orchestrator.Cause) {
	was := l.State
	if !x.ended(l) {
		return
	}
	if l.Role == RoleSupervisor {
		x.endWatch(l)
		why := string(failureOf(was, cause))
		if l.was() {
			why = "the supervisor has left"
		}
		x.partSupervisor(l, why)
		return
	}
	if l.Why == "" && !l.was() {
		l.Why = x.failure(l, was, cause)
		if x.c.State == StateClearing {
			l.Why = orchestrator.OfferCancelled
		}
	}
	x.partGuest(l)
}

// guestWithdrawn drops a guest whose offer the distributor took back.
func (x *change) guestWithdrawn(l *Leg, why orchestrator.OfferFailure) {
	visit := l.Offer.Visit
	x.hangLeg(l, orchestrator.CauseGone)
	gone := *l
	gone.Why = why
	x.forgetLeg(l.Channel)
	switch x.c.State {
	case StateTalking:
		x.consultGone(&gone)
	case StateClearing:
		x.do(Leave{Visit: visit, Why: string(x.c.Outcome)}) // the end of the offer was to do it
	default:
	}
}

// legUp handles that a leg that is not the customer's picked up.
func (x *change) legUp(l *Leg) {
	switch {
	case guestRoles[l.Role]:
		x.guestUp(l)
	case l.Role == RoleRung:
		x.rungUp(l)
	default:
		x.pickup()
	}
}

// legGone handles the end of a leg that is not the customer's.
func (x *change) legGone(l *Leg, cause orchestrator.Cause) {
	switch {
	case guestRoles[l.Role]:
		x.guestGone(l, cause)
	case l.Role == RoleRung:
		x.rungGone(l, cause)
	default:
		x.farGone(cause)
	}
}

// partGuest settles the offer of a guest who is out of the call, and takes the leg
// off it.
func (x *change) partGuest(l *Leg) {
	if l.was() {
		l.TalkMS += max(0, x.happened()-l.Joined)
		x.speaks(l, orchestrator.RecordingLeft)
	}
	gone := *l
	x.settleLeg(&gone)
	x.forgetLeg(l.Channel)
	if x.c.State == StateTalking {
		x.consultGone(&gone)
		x.leftBy(&gone)
	}
}

// leftBy has whoever is left alone in the room by a guest who is gone be sent silence,
// as by one who is taken out: the customer is on hold.
func (x *change) leftBy(l *Leg) {
	if l.was() && !l.Held && x.c.Customer().Held {
		x.do(Part{Bridge: bridge(x.c.Call, l.Room), Channel: l.Channel})
	}
}

// admits matches the command that lets a channel in.
func admits(channel string) func(Command) bool {
	return func(c Command) bool { a, ok := c.(Admit); return ok && a.Channel == channel }
}

// readmits matches the command that lets a channel in that was in before.
func readmits(channel string) func(Command) bool {
	return func(c Command) bool { a, ok := c.(Admit); return ok && a.Channel == channel && a.Offer == nil }
}

// seatGuests orders once more where the guests of a conversation are to be.
func (x *change) seatGuests() {
	if x.c.State != StateTalking {
		return
	}
	for _, l := range x.c.Guests() {
		switch {
		case l.Role == RoleSupervisor:
		case l.Held:
			x.setAside(x.c.leg(l.Channel))
		case l.State == LegUp && l.was():
			x.admit(x.c.leg(l.Channel), nil)
		}
	}
}

// setAside orders that a guest hears music, outside of the room. It may be repeated.
func (x *change) setAside(l *Leg) {
	x.giveUp(readmits(l.Channel))
	x.do(Part{Bridge: bridge(x.c.Call, l.Room), Channel: l.Channel})
	x.do(Hold{Channel: l.Channel, Class: x.music()})
}

// clearGuests orders the end of all guests of a call that is over.
func (x *change) clearGuests() {
	if k := x.c.Consult; k != nil && x.guest(k.Channel) == nil { // else the end of the offer takes it out of the queue
		x.leaveConsult(string(x.c.Outcome))
	}
	if n := x.c.Asking(); n > 0 {
		x.turn(n, errCustomerGone)
	}
	x.c.Consult = nil
	for i := range x.c.Legs {
		if l := &x.c.Legs[i]; guestRoles[l.Role] {
			if !l.was() && (l.Why == "" || l.Why == orchestrator.OfferError) {
				l.Why = orchestrator.OfferCancelled
			}
			if l.Role == RoleSupervisor && l.Line != "" { // first: it is given back alone
				x.endWatch(l)
			}
			x.hangLeg(l, orchestrator.CauseNormal)
		}
	}
}

// compareGuests notices what happened to guests unseen.
func (x *change) compareGuests(v Truth) {
	for _, was := range x.c.Guests() {
		if l := x.guest(was.Channel); l != nil {
			x.compareLeg(l, v)
		}
	}
}

// compareSeats brings the guests of a conversation to where they should be.
func (x *change) compareSeats(v Truth) {
	for _, was := range x.c.Guests() {
		l := x.guest(was.Channel)
		if l == nil {
			continue // took the agent's place
		}
		there := slices.Contains(v.Bridges[bridge(x.c.Call, l.Room)], l.Channel)
		switch {
		case l.Role == RoleSupervisor: // has no seat
		case l.Held && (there || v.Adopted):
			x.setAside(l)
		case l.Held:
		case there && l.State == LegUp && l.was():
			x.leg(l, LegOnJoin)
		case there && l.State == LegUp && x.pending(admits(l.Channel)):
			x.letIn(l.Channel, l.Up) // its command stays on the list and takes the offer up
		case !there && l.seated():
			x.admit(l, nil)
		}
	}
}
