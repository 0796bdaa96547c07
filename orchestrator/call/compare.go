package call

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// compare compares the call with what the PBX has, after a new connection or
// when the sweeper found a difference, and makes up for the events that were
// missed. Nothing in it relies on the past: it may run at any time and any
// number of times.
func (x *change) compare(v Truth) {
	if v.Adopted {
		x.c.Adopted++
		x.dirty = true
		x.skipNumbers()
		x.adoptCommands(v)
		if _, waits := x.c.Timers[TimerState]; waits { // the time without an owner does not count
			x.arm(TimerState, x.Limits.Command)
		}
		if at, waits := x.c.Timers[TimerFlow]; waits && at < x.now.Add(heardAgain).UnixMilli() {
			x.arm(TimerFlow, heardAgain)
		}
	}
	x.ends(v)
	x.forgetTyped()
	if x.c.dialling() || x.c.Absent() && x.c.State != StateClearing { // the agent comes first: who does not listen has nobody called
		x.compareFar(v)
		x.compareDialling(v)
		x.compareAbsent(v)
	} else {
		x.compareCustomer(v)
		x.compareGuests(v) // first: one of them may be about to take the far leg's place
		x.compareFar(v)
	}
	for _, ch := range slices.Sorted(maps.Keys(v.Channels)) {
		if !x.knows(ch) && (orchestrator.OwnerOf(ch) == x.c.Call || ch == x.c.Code) {
			x.hangStray(ch)
		}
	}
	x.compareRooms(v)
	switch x.c.State {
	case StateClearing:
		if x.outlived(v) {
			x.checkRecordings()
		}
		x.clearAgain()
	case StateArriving:
		x.over(orchestrator.OutcomeFailed, "operadora", orchestrator.CauseCongestion)
	case StateInFlow:
		x.compareInFlow(v)
	case StateWaiting, StateOffered:
		if v.Adopted {
			x.askAgain()
			if x.c.Playing == nil {
				x.hold()
			}
		}
		x.checkPlaying(v)
		x.checkRecordings() // of conversations before
	case StateConnecting:
		x.compareJoin(v)
	case StateDialing:
		if v.Adopted { // the agent hears again that the customer's phone rings
			x.tone("ring")
		}
	case StatePausing:
		if v.Adopted {
			x.askAgain()
		}
	case StatePreviewing:
		if v.Adopted && x.c.Far() != nil { // the agent hears again that there is something to decide
			x.announcePreview()
		}
	case StateTransferring, StateReserving, StateReaching, StateSummoning, StateFailing:
	case StateTalking:
		x.compareTalk(v)
		x.checkRecordings()
	case StateEnded:
	}
}

// ends takes in what the PBX wrote down of a conversation's legs, of a customer and
// of an agent who calls one, who ended while nobody listened, in the order in which
// they did. Of a phone that only rang nobody is blamed by it (compareFar).
func (x *change) ends(v Truth) {
	ended := slices.SortedFunc(maps.Keys(v.Ended), func(a, b string) int {
		return cmp.Or(v.Ended[a].At.Compare(v.Ended[b].At), strings.Compare(a, b))
	})
	for _, ch := range ended {
		end := v.Ended[ch]
		truth, there := v.Channels[ch]
		if there && !truth.Told || // it left, and came back
			end.At.UnixMilli() < x.c.StartedAt || end.At.After(x.came) {
			continue
		}
		l := x.c.leg(ch)
		talked := l != nil && l.Role != RoleCustomer && l.was() && x.c.State == StateTalking && end.At.UnixMilli() >= l.Joined
		dialled := l != nil && l.Dials && l.Up > 0 && x.c.dialling() && end.At.UnixMilli() >= l.Up // listens to the customer's phone ringing
		left := ch == x.c.Customer().Channel && !x.c.Gone() && !x.continuing()
		if !talked && !dialled && !left {
			continue
		}
		if left && x.c.State == StateClearing && !x.c.Absent() {
			x.c.EndedAt = max(x.c.PartedAt, min(x.c.EndedAt, end.At.UnixMilli())) // before the flow could hang up
			x.waited()
		}
		x.at, x.unseen = end.At, true
		if left && (x.c.State == StateDialing || x.c.State == StateReaching) && x.c.Promise == nil {
			x.dialEnded(end)
		}
		if left && end.Message != "" {
			x.pbxTold(end)
		}
		x.event(orchestrator.Event{Kind: orchestrator.EventEnded, Channel: ch, Cause: end.Cause, ByPBX: end.ByPBX, Message: end.Message})
		x.at, x.unseen, x.ending = x.came, false, ""
	}
}

// skipNumbers goes past the numbers that a store may have forgotten which lost
// its last second: their channels and rooms may still be there, or their events
// on the way. Numbers are given far slower than one a millisecond.
func (x *change) skipNumbers() { x.c.Seq = max(x.c.Seq, int(x.ms()-x.c.StartedAt)) }

// knows tells whether a channel is one of the call's legs.
func (x *change) knows(channel string) bool { return x.c.leg(channel) != nil }

// adoptCommands goes through what the process before left. Nearly all of it may
// simply be run once more. A playback might be heard twice and is asked after
// instead. A dial may have been carried out and be over by now, and is not
// repeated: its leg is judged by what the PBX has (compareFar).
func (x *change) adoptCommands(v Truth) {
	x.giveUp(func(c Command) bool {
		switch c := c.(type) {
		case Play, CheckPlay:
			return true
		case Dial:
			truth, there := v.Channels[c.Order.Channel]
			if l := x.c.leg(c.Order.Channel); there && l != nil && (l == x.c.Far() || l.Role == RoleRung) && l.State == LegDialing {
				x.arm(ringTimer(l), c.Order.Timeout+ringGrace) // nobody saw when it began to ring: its full time
			}
			if l := x.c.Customer(); there && l.Channel == c.Order.Channel && l.State == LegDialing && !truth.Dialled {
				l.Doubt = true // it may be made only
			}
			return there || !x.knows(c.Order.Channel)
		}
		return false
	})
}

// outlived tells whether the call is older than the PBX: it was restarted while
// this process looked on, or while no process did.
func (x *change) outlived(v Truth) bool {
	return v.Restarts || x.c.StartedAt < v.Since.UnixMilli()
}

// compareCustomer notices a customer who left unseen.
func (x *change) compareCustomer(v Truth) {
	customer := x.c.Customer()
	truth, there := v.Channels[customer.Channel]
	switch {
	case there && truth.Told:
		x.pbxTells(truth.AnsweredAt)
	case there && truth.Entered && x.handedOnBefore(v.At):
		x.cameBack(truth, "")
	case there:
		if truth.Up && customer.State == LegArrived && x.pending(is[Answer]) {
			x.giveUp(is[Answer])
			x.answered()
		}
	case x.c.Gone() || x.c.StartedAt >= v.At.UnixMilli():
	default:
		outcome := orchestrator.Outcome("")
		switch {
		case x.continuing():
			outcome = orchestrator.OutcomeTransferred
		case x.outlived(v):
			outcome = orchestrator.OutcomeLost
		}
		x.leg(customer, LegOnGone)
		x.fault("the caller left unseen", nil)
		x.over(outcome, "pbx", orchestrator.CauseUnknown)
	}
}

// continuing tells whether the customer was, or may have been, handed on: a
// continue is on the list, or confirmed and its event awaited.
func (x *change) continuing() bool {
	return x.c.HandedOn > 0 || x.pending(is[Continue])
}

// handedOnBefore tells whether the PBX had confirmed, well before a time, that it
// handed the customer on: a channel that is with us then has left and come back.
func (x *change) handedOnBefore(at time.Time) bool {
	return x.c.HandedOn > 0 && x.c.HandedOn+handOver.Milliseconds() < at.UnixMilli()
}

// compareFar notices what happened unseen to the far leg, and to those who are rung beside it: also
// to the one of them who takes its place.
func (x *change) compareFar(v Truth) {
	rung := x.c.rung()
	if far := x.c.Far(); far != nil {
		x.compareLeg(far, v)
	}
	for _, was := range rung {
		if l := x.c.leg(was.Channel); l != nil {
			x.compareLeg(l, v)
		}
	}
}

// compareLeg notices what happened unseen to a leg that is not the customer's.
func (x *change) compareLeg(l *Leg, v Truth) {
	truth, there := v.Channels[l.Channel]
	switch {
	case l.State == LegPlanned: // its turn comes when the customer is there
	case !there && !v.Adopted && x.pending(dials(l.Channel)): // not answered yet; its answer tells
	case !there && l.Dialed < v.At.UnixMilli():
		if l.Why == "" && !l.was() && (!l.Dials || x.c.Promise != nil) {
			l.Why = orchestrator.OfferError // nobody saw why: no blame
		}
		x.legGone(l, orchestrator.CauseUnknown)
	case !there:
	case l.State == LegArrived:
		if truth.Up && x.pending(is[Answer]) {
			x.giveUp(is[Answer])
			x.agentUp()
		}
	case l.State == LegHanging:
		x.do(Hangup{Channel: l.Channel, Cause: orchestrator.CauseNormal})
	case truth.Entered && truth.Up && (l.State == LegDialing || l.State == LegRinging):
		ch := l.Channel
		x.legUp(l)
		if l = x.c.leg(ch); l != nil {
			l.Up = l.Dialed // nobody saw when: they may have been hearing nothing since
		}
	}
}

// compareRooms makes a room again that should be there and is not, and forgets those that are gone.
func (x *change) compareRooms(v Truth) {
	for _, r := range slices.Clone(x.c.Rooms) {
		id := bridge(x.c.Call, r.N)
		if _, there := v.Bridges[id]; there {
			continue
		}
		switch {
		case r.State == RoomClosing:
			x.roomGone(id)
		case r.State == RoomMade && x.c.State != StateTalking:
			x.do(MakeRoom{Bridge: id})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.Bridges)) {
		if !x.c.watches(id) && !slices.ContainsFunc(x.c.Rooms, func(r Room) bool { return bridge(x.c.Call, r.N) == id }) {
			x.do(CloseRoom{Bridge: id})
		}
	}
}

// compareInFlow asks again for whatever the flow was waiting for.
func (x *change) compareInFlow(v Truth) {
	if v.Adopted && x.c.Kind == orchestrator.KindFeature {
		x.over(orchestrator.OutcomeFailed, "operadora", orchestrator.CauseNormal) // the phone can dial the code again
		return
	}
	x.checkPlaying(v)
	x.checkRecordings()
	x.compareScreen()
	if v.Adopted && x.c.Visit != nil && x.c.Visit.State == VisitAsked {
		x.askAgain()
	}
}

// askAgain asks for the place of the present visit, unless that is on the list already.
func (x *change) askAgain() {
	if x.c.Visit.waits() && !x.pending(is[Enqueue]) {
		x.askPlace()
	}
}

// compareTalk brings customer and far leg to where they should be: together, or
// the customer outside of the room when on hold.
func (x *change) compareTalk(v Truth) {
	far, customer := x.c.Far(), x.c.Customer()
	id := bridge(x.c.Call, far.Room)
	in := v.Bridges[id]
	there := slices.Contains(in, customer.Channel)
	if far.Held { // whether the phone still holds is not told: better silence than music over a conversation
		far.Held = false
		x.dirty = true
		if !customer.Held && x.c.Errand == nil {
			x.do(Unhold{Channel: customer.Channel})
		}
	}
	switch {
	case x.c.Errand != nil:
		x.compareErrand(v, there, slices.Contains(in, far.Channel))
	case customer.Held:
		if !slices.Contains(in, far.Channel) {
			x.do(Rejoin{Bridge: id, Far: far.Channel, Keyed: far.Keyed})
		}
		if there || v.Adopted {
			x.park()
		}
	case !there || !slices.Contains(in, far.Channel):
		x.do(Rejoin{Bridge: id, Customer: customer.Channel, Far: far.Channel, Keyed: far.Keyed})
	case customer.State == LegUp:
		x.leg(customer, LegOnJoin)
	}
	if far.State == LegUp && slices.Contains(in, far.Channel) {
		x.leg(far, LegOnJoin)
	}
	x.checkCue(far)
	x.compareSeats(v)
	x.silenceAgain()
	x.compareSupervisors(v)
	x.askMove()
	if v.Adopted {
		x.askConsult()
	}
}

// compareJoin notices a join that was carried out unseen, at any time since the
// far leg answered. Its command stays on the list and takes the offer up.
func (x *change) compareJoin(v Truth) {
	far := x.c.Far()
	in := v.Bridges[bridge(x.c.Call, far.Room)]
	if far.State == LegUp && slices.Contains(in, x.c.Customer().Channel) && slices.Contains(in, far.Channel) {
		x.connected(max(far.Up, x.c.Customer().Up))
	}
}

// checkPlaying asks after a playback whose end may have been missed.
func (x *change) checkPlaying(v Truth) {
	p := x.c.Playing
	if p == nil {
		return
	}
	p.Resume = p.Resume || v.Adopted
	x.do(CheckPlay{ID: p.ID})
}
