package call

import (
	"cmp"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

const (
	// breath is how long a conversation must be to be one, when the agent had
	// heard nothing for longer than patience before, or is told of it on a permanent
	// line: a shorter one that the agent ends is no service, and the customer gets
	// the place back. So it is with whom the agent's phone had on its other line, and
	// who hung up as both were joined.
	breath = 500 * time.Millisecond
	// dialSoon is how long a dial may take without being a reason to store
	// anything: much less than ringGrace.
	dialSoon = time.Second
	// patience is how long somebody who picked up hears nothing before giving
	// up is our fault and not a rejection.
	patience = 2 * time.Second
	// hastyHangup is how soon after its transfer was refused the end of a phone's call
	// is its own doing: a phone may hang up as soon as its wish was received, before
	// it hears what came of it. That is a round trip or two; an agent who sees that the
	// transfer failed says so to the customer, which takes longer.
	hastyHangup = 3 * time.Second
)

// pickup handles the far end's answer: take the offer up, then join.
func (x *change) pickup() {
	far := x.c.Far()
	was := far.State
	switch {
	case x.c.State == StateSummoning && x.c.Promise == nil:
		x.agentUp()
		return
	case x.c.State == StateOffered && x.c.Absent():
		x.listen()
		return
	}
	if !x.leg(far, LegOnAnswer) || !x.move(OnPickup) {
		if was != LegUp && was != LegJoined { // told twice: a comparison had noticed it before
			x.do(Hangup{Channel: far.Channel, Cause: orchestrator.CauseNormal}) // our hangup crossed its answer
		}
		return
	}
	far.Up = x.happened()
	x.rungElsewhere()
	x.pickedUp()
}

// pickedUp joins customer and far leg.
func (x *change) pickedUp() {
	x.disarm(TimerRing)
	x.disarm(TimerAnnounce)
	x.disarm(TimerWait)
	x.stopPlaying() // first: a PBX joins a channel only when its prompt is over
	x.giveUp(is[Hold])
	x.connect()
}

// connect orders the join, and that the far leg's offer is taken up before.
func (x *change) connect() {
	far := x.c.Far()
	far.Keyed = far.Role == RoleAgent && x.Keys[x.c.PBX].Prefix != ""
	x.do(Connect{Bridge: bridge(x.c.Call, far.Room), Customer: x.c.Customer().Channel, Far: far.Channel,
		Offer: far.Offer, Keyed: far.Keyed, Music: !far.Dials && x.c.Visit != nil || x.c.ConnectedAt > 0})
}

// connected handles that customer and far leg have been in their room since at.
func (x *change) connected(at int64) {
	far := x.c.Far()
	if x.c.State != StateConnecting || far == nil {
		x.refuse(string(x.c.State), "joined")
		return
	}
	if !x.leg(far, LegOnJoin) { // told to hang up meanwhile
		return
	}
	x.kept(far)
	x.leg(x.c.Customer(), LegOnJoin)
	x.c.Customer().Room, x.c.Customer().Held = far.Room, false
	x.c.HeldFrom, x.c.HeldMS = 0, 0
	far.Joined = at
	x.c.Spared = nil
	first := x.c.ConnectedAt == 0
	if first {
		x.c.ConnectedAt = at
	}
	x.move(OnJoined)
	if far.Role == RoleThird {
		x.talksWith(0)
		return
	}
	v := x.c.Visit
	x.visit(VisitOnServe)
	if (first || v.From == 0) && !far.Dials { // whom an agent called has not waited
		x.c.WaitMS = at - v.Entered
	}
	x.talksWith(at - v.began())
}

// talksWith writes down with whom the customer talks now, after a wait in ms,
// and records the conversation.
func (x *change) talksWith(wait int64) {
	far, v := x.c.Far(), x.c.Visit
	x.c.EndedBy = "" // who ended a conversation before this one
	x.c.Handed = nil // to whom they were sent on
	if !far.Inside && (far.Role != RoleAgent || v == nil || orchestrator.OwnerOfQueue(v.Queue) == "") {
		x.c.Home = nil // from an agent's own queue the way leads back to the one before it; from an agent's other line (strayed), too
	}
	if far.Role == RoleThird && far.Person() != "" { // took the call over, or was joined with it by an agent's phone
		x.c.Agent = far.Person()
		f := fields{"agent": x.c.Agent, "wait_ms": 0}
		if far.Watch != nil {
			f["taken_over"] = true
		} else {
			x.holdOver("agent:" + x.c.Agent)
		}
		x.note(orchestrator.EntryCallConnected, f)
		if x.c.Tape != "" {
			x.recordTalk(x.room(), x.c.Tape)
		}
		return
	}
	if far.Role == RoleThird {
		x.note(orchestrator.EntryCallTransfer, fields{"destination": orchestrator.MaskNumber(far.Number), "result": "connected"})
		if far.MostMS > 0 {
			x.bound(x.shorter(max(far.MostMS-far.TalkMS, 1))) // as a guest they talked before
		}
		if far.Moved && x.c.Tape != "" {
			x.recordTalk(x.room(), x.c.Tape)
		}
		return
	}
	far.Before, x.c.Agent = x.c.Agent, far.agent()
	x.bound(v.Plan.MaxTalk)
	if left := x.customersLeft(); left > 0 {
		x.bound(x.shorter(left))
	}
	f := fields{"agent": x.c.Agent, "wait_ms": wait}
	if far.Dials {
		f["wait_ms"], f["dialled"] = 0, true
	} else if v.ExpectedMS > 0 && x.c.Promise == nil { // for a callback nobody waited on the line
		f["expected_ms"] = v.ExpectedMS + max(v.Asked-v.began(), 0)
	}
	if x.c.Promise != nil && x.c.ConnectedAt == far.Joined { // nobody has waited on the line for it
		f["called_back_ms"] = max(1, far.Joined-x.c.StartedAt)
	}
	x.note(orchestrator.EntryCallConnected, f)
	if v.Plan.Record || x.c.Tape != "" && v.From > 0 {
		x.c.Tape = cmp.Or(v.Plan.RecordFormat, x.c.Tape, "wav")
		x.recordTalk(x.room(), x.c.Tape)
	}
}

// takeUp tells the distributor that an agent talks, which did not know, or has forgotten.
func (x *change) takeUp(l *Leg) {
	if !x.c.Holds(l) || x.pending(func(c Command) bool {
		t, ok := c.(TakeUp)
		return ok && t.Offer.ID == l.Offer.ID
	}) {
		return
	}
	x.do(TakeUp{Offer: *l.Offer})
}

// shorter is a limit of an outside number, unless the conversation ends before anyway.
func (x *change) shorter(ms int64) time.Duration {
	if at := x.c.Timers[TimerCall]; at > 0 && at <= x.ms()+ms {
		return 0
	}
	return msDuration(ms)
}

// customersLeft is for how many ms a customer who was called may still be talked
// with, whoever does; 0 is the call's limit.
func (x *change) customersLeft() int64 {
	customer := x.c.Customer()
	if customer.MostMS == 0 {
		return 0
	}
	return max(customer.Up+customer.MostMS-x.ms(), 1)
}

// boundCall bounds the call anew whose conversation is over, and goes on.
func (x *change) boundCall() {
	x.arm(TimerCall, x.Limits.Call)
	if left := x.customersLeft(); left > 0 {
		x.bound(x.shorter(left))
	}
}

// bound ends the conversation that begins now after d; 0 leaves it to the call's limit.
func (x *change) bound(d time.Duration) {
	if d > 0 {
		x.arm(TimerCall, d)
	}
}

// dialled lets a phone that could not be called at once ring its full time.
func (x *change) dialled(d Dial) {
	l := x.c.leg(d.Order.Channel)
	if l == nil || (l.State != LegDialing && l.State != LegRinging) {
		return
	}
	if x.happened()-l.Dialed > dialSoon.Milliseconds() {
		switch {
		case l.Role == RoleSupervisor:
			x.await(l, d.Order.Timeout+ringGrace)
		case guestRoles[l.Role]:
			x.arm(TimerConsult, d.Order.Timeout+ringGrace)
		case x.c.Attempt != nil && l == x.c.Customer():
			x.armRing()
		default:
			x.arm(ringTimer(l), d.Order.Timeout+ringGrace)
		}
	}
	l.Dialed = x.happened() // an older truth need not have it (compareFar)
}

// ringOver ends a leg that rang long enough; the PBX did not end it itself.
func (x *change) ringOver() {
	far := x.c.Far()
	switch x.c.State {
	case StateDialing:
		x.customerRang()
		return
	case StateReaching:
		x.leadRang()
		return
	default:
	}
	if far == nil || (x.c.State != StateOffered && x.c.State != StateTransferring && x.c.State != StateSummoning) {
		x.refuse(string(x.c.State), "ring over")
		return
	}
	if far.State == LegHanging { // told once already: it must be gone
		x.farGone(orchestrator.CauseNoAnswer)
		return
	}
	x.rangOut(far)
}

// rangOut hangs up on a phone that rang long enough.
func (x *change) rangOut(l *Leg) {
	if l.Why == "" && x.pending(dials(l.Channel)) {
		l.Why = orchestrator.OfferError // it has not even rung
	}
	l.Why = cmp.Or(l.Why, orchestrator.OfferNoAnswer)
	x.hangLeg(l, orchestrator.CauseNormal)
	x.arm(ringTimer(l), x.Limits.Clear)
}

// hangFar orders the end of the far leg.
func (x *change) hangFar(cause orchestrator.Cause) { x.hangLeg(x.c.Far(), cause) }

// hangLeg orders the end of a leg.
func (x *change) hangLeg(l *Leg, cause orchestrator.Cause) {
	if l == nil || l.State == LegHanging || !x.leg(l, LegOnHang) {
		return
	}
	if l.Line != "" {
		x.heardAgain(l)
		x.giveBack(l)
		return
	}
	x.giveUp(joins(l.Channel))
	x.do(Hangup{Channel: l.Channel, Cause: cause})
}

// hangStray hangs up a channel that is no leg any more: its end crossed what it tells, or
// its dial came through late. It is told what it was told before, as a PBX may take the
// later word: a phone whose call was answered elsewhere has missed none.
func (x *change) hangStray(channel string) {
	if x.pending(func(c Command) bool { h, ok := c.(Hangup); return ok && h.Channel == channel }) {
		return
	}
	cause := orchestrator.CauseGone
	switch {
	case channel == x.c.Code: // it called, and has nothing to miss
		cause = orchestrator.CauseNormal
	case x.c.State == StateClearing:
		cause = x.c.Cause
	}
	x.do(Hangup{Channel: channel, Cause: cause})
}

// joins matches the command that puts a far leg, or a guest, in the room first.
func joins(channel string) func(Command) bool {
	return func(c Command) bool {
		join, ok := c.(Connect)
		return ok && join.Far == channel || admits(channel)(c)
	}
}

// dropFar hangs the far leg up and forgets it at once: if its channel should
// answer in the same moment it is hung up again.
func (x *change) dropFar(why orchestrator.OfferFailure) {
	far := x.c.Far()
	if far == nil {
		return
	}
	x.disarm(TimerRing)
	if far.Why == "" {
		far.Why = why
	}
	x.hangFar(orchestrator.CauseGone)
	x.settle()
	x.forgetFar()
}

// settle tells the distributor how the far leg's offer ended.
func (x *change) settle() { x.settleLeg(x.c.Far()) }

// settleLeg tells the distributor how a leg's offer ended.
func (x *change) settleLeg(l *Leg) {
	switch {
	case l.Offer == nil:
	case l.Dials && l.Up > 0 && x.c.Promise == nil && !x.undialled(): // also when nobody was reached: it gets an outcome, too
		x.do(FinishOffer{Offer: *l.Offer, TalkedMS: l.TalkMS})
	case l.was() && l.Why == "":
		x.do(FinishOffer{Offer: *l.Offer, TalkedMS: l.TalkMS})
	default:
		why := cmp.Or(l.Why, orchestrator.OfferCancelled) // for no reason: nobody is to blame
		if why == orchestrator.OfferCancelled && l == x.c.Far() && x.c.State == StateClearing {
			why = x.goneOffer()
		}
		x.do(FailOffer{Offer: *l.Offer, Why: why})
	}
}

// forgetFar takes the far leg off the call.
func (x *change) forgetFar() {
	x.disarm(TimerRing)
	x.disarm(TimerKeys)
	x.forgetLeg(x.c.Far().Channel)
}

// forgetLeg takes a leg off the call.
func (x *change) forgetLeg(channel string) {
	x.c.Legs = slices.DeleteFunc(x.c.Legs, func(l Leg) bool { return l.Channel == channel })
	x.dirty = true
}

// dials matches the dial of a channel.
func dials(channel string) func(Command) bool {
	return func(c Command) bool { d, ok := c.(Dial); return ok && d.Order.Channel == channel }
}

// ended takes a leg as gone, and what was ordered for it as past; false when the
// trigger is refused. Its hangup stays on the list: it may only have been given up.
func (x *change) ended(l *Leg) bool {
	was := l.State
	if !x.leg(l, LegOnGone) {
		return false
	}
	dialing := x.pending(dials(l.Channel))
	x.giveUp(func(c Command) bool { return joins(l.Channel)(c) || dials(l.Channel)(c) })
	if dialing && was != LegHanging { // it may be under way
		x.do(Hangup{Channel: l.Channel, Cause: orchestrator.CauseGone})
	}
	return true
}

// farGone handles the end of the far leg.
func (x *change) farGone(cause orchestrator.Cause) {
	far := x.c.Far()
	was := far.State
	if !x.ended(far) {
		return
	}
	x.disarm(TimerRing)
	switch {
	case x.c.State == StateClearing:
		if far.Why == "" && far.Joined == 0 {
			far.Why = orchestrator.OfferCancelled
		}
		x.settle()
		x.forgetFar()
	case x.c.State == StatePausing:
		x.settle()
		x.forgetFar()
	case x.c.dialling() && x.c.Promise != nil:
		x.listenerLost(was, cause)
	case x.c.dialling():
		x.agentLost(was, cause)
	case x.c.State == StateTalking && x.c.Move == nil && x.goesOn():
		x.farLeft()
	case x.c.State == StateTalking && x.c.Move == nil && x.noService():
		x.nothingSaid(cause)
	case x.c.State == StateTalking:
		x.afterTalk()
	case far.Role == RoleThird:
		result, moved := transferResult(was, cause), far.Moved
		if far.Denied {
			result = "denied"
		}
		x.note(orchestrator.EntryCallTransfer, fields{"destination": orchestrator.MaskNumber(far.Number), "result": result})
		x.forgetFar()
		x.move(OnParted)
		if moved {
			x.goOn(result)
			return
		}
		x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowTransferred, Result: result})
	default:
		x.missed(was, cause)
	}
}

// turnsDown are the ways in which an agent does not want a call, or is not there.
var turnsDown = map[orchestrator.OfferFailure]bool{
	orchestrator.OfferNoAnswer: true, orchestrator.OfferRejected: true, orchestrator.OfferUnreachable: true,
}

// missed handles an offer that came to nothing; the call keeps its place, unless
// it waits for that agent alone.
func (x *change) missed(was LegState, cause orchestrator.Cause) {
	far := x.c.Far()
	if far.Why == "" {
		far.Why = x.failure(far, was, cause)
	}
	x.note(orchestrator.EntryCallMissed, fields{"agent": far.agent(), "why": far.Why, "cause": cause})
	connecting, alone := x.c.State == StateConnecting, turnsDown[far.Why] && orchestrator.OwnerOfQueue(far.Offer.Queue) != ""
	x.settle()
	x.forgetFar()
	if x.nextRung() {
		return
	}
	x.backToQueue(connecting)
	if alone && x.c.State == StateWaiting {
		x.unqueue("timeout")
		x.goOn("timeout")
	}
}

// failure says why the offer of a leg came to nothing that was in a state.
func (x *change) failure(l *Leg, was LegState, cause orchestrator.Cause) orchestrator.OfferFailure {
	if l.Line != "" || was == LegUp && x.happened()-l.Up > patience.Milliseconds() {
		return orchestrator.OfferError // nobody can be blamed for not listening to silence, or for a line that broke
	}
	if was == LegUp && x.c.AwaySince > 0 { // they may have talked, and the PBX's answer was lost
		return orchestrator.OfferError
	}
	return failureOf(was, cause)
}

// noService tells whether the conversation that the agent just ended was none: an
// agent in dead air gives up just as it begins, and neither side heard the other; or
// the agent's permanent line is gone before the agent was told of the call.
func (x *change) noService() bool {
	far := x.c.Far()
	if x.c.Errand != nil || far.Role != RoleAgent || far.Dials {
		return false
	}
	if x.untold(far) && far.Offer.Visit == x.c.Visit.N && !x.c.Customer().Held { // who puts on hold knows, and who was asked before
		return true
	}
	return x.talked() < breath.Milliseconds() && far.Joined-far.Up > patience.Milliseconds()
}

// nothingSaid gives the customer the place back of a conversation that was none.
func (x *change) nothingSaid(cause orchestrator.Cause) {
	far := x.c.Far()
	far.Why = orchestrator.OfferError // who heard nothing for so long may give up, and a line is no rejection
	if x.c.ConnectedAt == far.Joined {
		x.c.ConnectedAt = 0
	}
	x.c.Agent = far.Before
	if x.c.ConnectedAt == 0 || x.c.Visit.From == 0 {
		x.c.WaitMS = 0
	}
	x.note(orchestrator.EntryCallMissed, fields{"agent": far.agent(), "why": far.Why, "cause": cause})
	x.partCustomer()
	x.stopRecordings()
	x.closeRooms(true)
	x.visit(VisitOnMiss)
	x.settle()
	x.forgetFar()
	x.boundCall()
	x.backToQueue(true)
}

// talked is the length of the conversation that ended now, in ms.
func (x *change) talked() int64 { return max(0, x.happened()-x.c.Far().Joined) }

// parted writes the end of the conversation down.
func (x *change) parted(by string) {
	far := x.c.Far()
	talked := x.talked()
	far.TalkMS += talked // as a guest they talked before
	x.c.PartedAt = far.Joined + talked
	x.c.TalkMS += talked
	f := fields{"agent": far.Person(), "by": by, "talk_ms": talked, "hold_ms": min(x.held(), talked)}
	x.c.HeldFrom, x.c.HeldMS = 0, 0
	if far.Person() == "" {
		f["number"] = orchestrator.MaskNumber(far.Number)
	}
	x.note(orchestrator.EntryCallParted, f)
	if x.c.EndedBy == "" && (by == "agent" || by == "number" || by == "pbx") {
		x.c.EndedBy = by
	}
}

// endTalk ends the conversation with the far leg; the customer stays.
func (x *change) endTalk(by string) {
	far := x.c.Far()
	x.parted(by)
	x.partCustomer()
	if far.Role == RoleAgent {
		x.visit(VisitOnLeave)
	}
	if x.c.Errand == nil {
		x.stopRecording(x.c.Mail)
	}
	x.stopTalkRecordings()
	x.closeRooms(x.c.Errand == nil) // or the customer is out of it, and hears something else
	x.move(OnParted)
	x.boundCall()
}

// afterTalk goes on once the far end has left: with the transfer that it asked
// for, in the queue that the customer came from if it came to nothing, or with the flow.
func (x *change) afterTalk() {
	music := x.c.Customer().Held || x.c.Far().Held
	strayed := x.strayed()
	if strayed || x.c.Move != nil && !x.c.Move.Flow {
		x.rememberWay()
	}
	x.dropGuests()
	by := "agent"
	switch {
	case x.byPBX:
		by = "pbx"
	case x.c.Far().Person() == "":
		by = "number"
	}
	x.endTalk(by)
	x.settle()
	x.forgetFar()
	left := x.at
	x.at = x.came                             // what follows is done when it is learned of
	if x.c.Errand != nil && x.c.Move == nil { // the flow goes on, and nobody is there to come back to
		x.c.Errand = nil
		return
	}
	x.c.Errand = nil
	if x.c.Move != nil {
		x.moveAlone()
		return
	}
	if strayed && x.c.Home != nil {
		x.c.EndedBy = "" // it has not ended
		x.goOn("failed")
		return
	}
	if music {
		x.do(Unhold{Channel: x.c.Customer().Channel})
	}
	if x.c.Flow == nil {
		x.at = left // nothing follows: the call was over then
	}
	x.flowResult("served", "")
}
