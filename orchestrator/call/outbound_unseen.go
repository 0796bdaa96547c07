package call

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// What became of a phone that was dialled while nobody here watched.

// compareDialling notices what happened to a customer who is dialled, unseen.
func (x *change) compareDialling(v Truth) {
	customer := x.c.Customer()
	truth, there := v.Channels[customer.Channel]
	switch {
	case !x.c.dialling() || customer.State == LegPlanned && !there || x.c.Gone():
	case there && truth.Told:
		x.pbxTells(truth.AnsweredAt)
	case there && customer.State == LegHanging:
		if truth.Up {
			x.foundUp(truth)
			return
		}
		x.do(Hangup{Channel: customer.Channel, Cause: orchestrator.CauseNormal})
	case there && truth.Entered && truth.Up && (customer.State == LegPlanned || customer.State == LegDialing || customer.State == LegRinging):
		x.foundUp(truth)
	case there && customer.State == LegPlanned:
		x.leg(customer, LegOnDial)
		customer.Dialed = x.ms()
	case there:
	case !v.Adopted && x.pending(dials(customer.Channel)): // not answered yet; its answer tells
	case customer.Dialed >= v.At.UnixMilli():
	case x.c.State == StateDialing:
		x.fault("the customer left unseen", nil)
		x.notReached(orchestrator.OutcomeLost, orchestrator.CauseUnknown)
	case x.c.State == StateReaching:
		x.fault("the lead left unseen", nil)
		x.notAnswered(orchestrator.OutcomeLost, "pbx", orchestrator.CauseUnknown)
	default:
		x.customerGone(orchestrator.CauseUnknown, "pbx")
	}
}

// foundUp handles that the customer answered while nobody listened: they have waited from
// then on. Who answered is taken for a person: the greeting was heard by nobody.
func (x *change) foundUp(truth orchestrator.ChannelTruth) {
	x.at, x.unseen = x.c.answeredAt(truth.AnsweredAt, x.came), true
	if x.c.Attempt != nil {
		x.late(x.came.Sub(x.at))
	}
	x.customerUp()
	x.at, x.unseen = x.came, false
}

// answeredAt is when a customer answered of whom it was found out at some time: as the PBX
// tells. Where it does not, it is the earliest moment that is possible, from which on whoever
// was not served counts as abandoned.
func (c *Call) answeredAt(told, found time.Time) time.Time {
	customer := c.Customer()
	earliest := time.UnixMilli(max(c.StartedAt, customer.Dialed, customer.Rang))
	if told.Before(earliest) { // also when nothing is told
		told = earliest
	}
	if told.After(found) {
		return found
	}
	return told
}

// dialEnded takes in that a customer's phone that was dialled ended while nobody listened.
func (x *change) dialEnded(end orchestrator.ChannelEnd) {
	x.ending = endUnseen(x.c.Customer().State, end)
	if end.Answered == orchestrator.ToldYes && x.c.AnsweredAt == 0 {
		x.c.AnsweredAt = x.c.answeredAt(end.AnsweredAt, end.At).UnixMilli()
		x.noteAnswer()
	}
}

// endUnseen says, of a customer's phone that ended while nobody listened, what came of it; ""
// leaves that to the cause. Whoever had answered was served by nobody, and where the PBX does
// not tell whether somebody had, nobody knows.
func endUnseen(was LegState, end orchestrator.ChannelEnd) orchestrator.Outcome {
	switch {
	case end.Answered == orchestrator.ToldYes:
		return orchestrator.OutcomeAbandoned
	case end.Answered == "" && was != LegHanging && mayFollowAnswer[end.Cause]:
		return orchestrator.OutcomeLost
	}
	return ""
}
