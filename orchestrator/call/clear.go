package call

import (
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// customerGone handles the customer's hangup in any state.
func (x *change) customerGone(cause orchestrator.Cause, by string) {
	x.ended(x.c.Customer())
	x.dirty = true
	x.over("", by, cause)
}

// customerLost handles that the PBX ended the customer's channel by itself, as when it
// is stopped. Whose channel it ends first is chance, so it was not the agent, either.
func (x *change) customerLost(cause orchestrator.Cause) {
	x.ended(x.c.Customer())
	x.dirty = true
	if x.c.State != StateClearing {
		x.c.EndedBy = ""
	}
	x.over(orchestrator.OutcomeLost, "pbx", cause)
}

// over ends the call: how it ended is settled now, what it made is removed next.
func (x *change) over(outcome orchestrator.Outcome, by string, cause orchestrator.Cause) {
	if x.c.State == StateClearing {
		return // the confirmation of our own hangup
	}
	if outcome == "" {
		outcome = x.outcome(by)
	}
	if outcome != orchestrator.OutcomeSkipped && x.undialled() {
		outcome = orchestrator.OutcomeWithdrawn
	}
	x.c.Outcome, x.c.Cause, x.c.EndedAt = outcome, cause, max(x.happened(), x.c.PartedAt)
	if x.c.EndedBy == "" {
		x.c.EndedBy = by
	}
	if x.c.State == StateTalking {
		x.parted(by)
	}
	if v := x.c.Visit; v != nil && x.c.ConnectedAt == 0 && v.State == VisitIn && x.c.Kind != orchestrator.KindOutbound && !x.c.Attempt.ByAgent() { // also after another queue: Entered is the first's
		x.c.WaitMS = x.happened() - v.Entered
	}
	x.waited()
	if x.c.Playing.saying() {
		x.noteMessage("cut")
	}
	if x.c.Playing.leaving() {
		x.noteMachine("cut")
	}
	x.c.Playing, x.c.Errand = nil, nil
	x.move(OnOver)
	x.giveUp(pointless)
	x.redeem()
	x.clear()
}

// pointless tells whether a command has no purpose once the call is over. A dial
// is moot, and that is its answer: a phone that was never rung sends no event.
func pointless(c Command) bool {
	switch c.(type) {
	case Dial, HoldAgent, Hangup, StopPlay, Return, CloseRoom, Record, StopRecord, CheckRecord, Leave, FailOffer, FinishOffer, AskCallback, EndCallback, ForgetCallback:
		return false
	}
	return true
}

// outcome says how a call ended that somebody ended now.
func (x *change) outcome(by string) orchestrator.Outcome {
	switch {
	case x.c.Absent():
		return x.unkept(by)
	case x.c.Machine != "":
		return orchestrator.OutcomeMachine
	case x.c.Abandoned > 0, x.unserved() && x.c.Attempt.Flow == "" && x.c.AnsweredAt > 0 && by != "pbx":
		return orchestrator.OutcomeAbandoned
	case x.c.State == StateReaching && x.c.AnsweredAt > 0: // as it was given up
		return orchestrator.OutcomeAbandoned
	case x.c.State == StateReaching && by == "pbx":
		return orchestrator.OutcomeLost
	case x.c.State == StateReaching:
		return orchestrator.OutcomeCancelled
	case x.byHeld() && x.c.ConnectedAt == 0 && x.c.Outcome != "":
		return x.c.Outcome // nobody was reached, and the agent knew
	case x.byHeld() && x.c.ConnectedAt == 0 && by == "caller":
		return orchestrator.OutcomeAbandoned // answered, and did not wait for the join
	case x.byHeld() && x.c.ConnectedAt == 0 && by != "pbx":
		return orchestrator.OutcomeCancelled
	case x.c.ConnectedAt > 0 && x.c.Agent == "":
		return orchestrator.OutcomeTransferred
	case x.c.ConnectedAt > 0:
		return orchestrator.OutcomeServed
	case x.c.Voicemail != "" || (x.c.Mail != nil && x.c.Mail.State != RecFailed):
		return orchestrator.OutcomeVoicemail
	case x.c.Callback != "":
		return orchestrator.OutcomeCallback
	case by != "operadora" && x.c.QueuedAt > 0:
		return orchestrator.OutcomeAbandoned
	case by != "operadora": // also a caller who left while the connection was down
		return orchestrator.OutcomeLeft
	default:
		return orchestrator.OutcomeFailed
	}
}

// byHeld tells whether the call is one that an agent makes who is held before.
func (x *change) byHeld() bool {
	return x.c.Kind == orchestrator.KindOutbound || x.c.Attempt.ByAgent()
}

// ownOutcome says how a call ended that its flow hung up.
func (x *change) ownOutcome() orchestrator.Outcome {
	if o := x.outcome("operadora"); o != orchestrator.OutcomeFailed && !x.c.Absent() {
		return o
	}
	if v := x.c.Visit; v != nil && v.Refused == string(orchestrator.RefusedQueue) {
		return orchestrator.OutcomeQueueGone // the flow may have come to its end, but the caller was to be served
	}
	if x.c.Promise != nil {
		return orchestrator.OutcomeFailed
	}
	return orchestrator.OutcomeCompleted
}

// waited keeps the wait within the call: what the PBX tells late may have happened
// before the place was asked for, and before the customer was taken out of it.
func (x *change) waited() {
	from := x.c.StartedAt
	if x.c.QueuedAt > 0 {
		from = min(from, x.c.QueuedAt) // of a place that an earlier call had
	}
	x.c.WaitMS = max(0, min(x.c.WaitMS, x.c.EndedAt-from))
}

// goneWhy is why a call that is over leaves its queue.
func (x *change) goneWhy() string {
	if x.c.EndedBy == "caller" || x.c.EndedBy == "pbx" {
		return orchestrator.LeftLine
	}
	return string(x.c.Outcome)
}

// goneOffer is why an offer comes to nothing whose call is over.
func (x *change) goneOffer() orchestrator.OfferFailure {
	if x.goneWhy() == orchestrator.LeftLine {
		return orchestrator.OfferAbandoned
	}
	return orchestrator.OfferCancelled
}

// clear orders the removal of everything the call still has. It may be
// repeated: every command is harmless the second time. The agent comes first,
// because somebody may be waiting for him.
func (x *change) clear() {
	x.settleSpared(x.goneOffer())
	x.dropRung(orchestrator.CauseNormal)
	if far := x.c.Far(); far != nil {
		if far.Joined == 0 && (far.Why == "" || far.Why == orchestrator.OfferError) {
			far.Why = orchestrator.OfferCancelled // a join or a dial may have failed for this very reason
		}
		x.hangFar(orchestrator.CauseNormal)
	}
	if far := x.c.Far(); far == nil || far.Offer == nil || far.Joined > 0 || far.Why != orchestrator.OfferCancelled {
		x.leaveQueue(x.goneWhy())
	} else if x.c.Visit != nil && x.c.Visit.State != VisitOver {
		x.visit(VisitOnLeave) // the end of the offer takes the call out of its queue
	}
	if far := x.c.Far(); far != nil && far.State == LegEnded { // no event tells of it any more
		x.settle()
		x.forgetFar()
	}
	x.dropMove()
	x.clearGuests()
	x.lineBack()
	if !x.c.Gone() && x.leg(x.c.Customer(), LegOnHang) {
		x.do(Hangup{Channel: x.c.Customer().Channel, Cause: x.c.Cause})
	}
	x.stopRecordings()
	x.closeRooms(false)
	x.stayNowhere()
}

// stayNowhere lets rooms be removed with whoever is in them: the customer, who was
// to be out of one and ready for the next prompt, is hung up, and before: Asterisk
// may overlook the hangup of a channel that it is just putting out of a bridge. A
// permanent line that is given back goes on.
func (x *change) stayNowhere() {
	for _, t := range slices.Clone(x.c.Todo) {
		if room, ok := t.Command.(CloseRoom); ok && room.Stay != "" && !x.pending(returns(room.Stay)) {
			x.c.Todo.Strike(t.N)
			x.do(CloseRoom{Bridge: room.Bridge})
		}
	}
}

// finish puts the call on record once nothing of it is left.
func (x *change) finish() {
	if x.c.State != StateClearing || !x.c.Gone() || len(x.c.Legs) > 1 || len(x.c.Rooms) > 0 ||
		x.c.Mail.running() || len(x.c.Todo) > 0 {
		return
	}
	x.move(OnCleared)
	x.note(orchestrator.EntryCallEnded, x.c.CallSummary)
}

// stateOver handles a state that has lasted longer than its commands may take.
func (x *change) stateOver() {
	switch x.c.State {
	case StateClearing:
		x.clearAgain()
	case StateConnecting:
		x.connectingLong()
	case StateFailing:
		x.loseAgent(x.c.Outcome, "operadora")
	case StateSummoning:
		x.holdingLong()
	default:
		x.fault("the PBX did not confirm in time", nil)
		x.over(orchestrator.OutcomeFailed, "operadora", orchestrator.CauseCongestion)
	}
}

// connectingLong ends a leg that is not joined in time.
func (x *change) connectingLong() {
	far := x.c.Far()
	if far.State == LegHanging {
		x.farGone(orchestrator.CauseOther)
		return
	}
	x.fault("joining took too long", nil)
	far.Why = orchestrator.OfferError
	x.hangFar(orchestrator.CauseNormal)
	x.arm(TimerState, x.Limits.Clear)
	x.lineBack()
}

// clearAgain repeats what was ordered before and is not confirmed by an event.
// Commands that are still on the list are being repeated anyway.
func (x *change) clearAgain() {
	x.c.Tries++
	if x.c.Tries > clearTries {
		x.giveUpClearing()
		return
	}
	x.arm(TimerState, min(x.Limits.Clear*time.Duration(x.c.Tries), time.Minute))
	if len(x.c.Todo) > 0 {
		return
	}
	for i := range x.c.Legs {
		if l := x.c.Legs[i]; l.State != LegEnded {
			x.do(Hangup{Channel: l.Channel, Cause: x.c.Cause})
		}
	}
	x.checkRecordings()
	for _, r := range x.c.Rooms {
		if r.State == RoomClosing {
			x.do(CloseRoom{Bridge: bridge(x.c.Call, r.N)})
		}
	}
}

// giveUpClearing closes the record although the PBX never confirmed; the next
// comparison removes what is left there.
func (x *change) giveUpClearing() {
	x.fault("the PBX never confirmed that the call is gone", nil)
	x.leg(x.c.Customer(), LegOnGone)
	for len(x.c.Legs) > 1 {
		x.legGone(&x.c.Legs[1], orchestrator.CauseUnknown)
	}
	x.giveUp(toPBX)
	for i := range x.c.Rooms {
		x.rec(x.c.Rooms[i].Rec, RecOnFail)
	}
	x.c.Rooms = nil
	x.rec(x.c.Mail, RecOnFail)
	x.arm(TimerState, time.Minute)
}
