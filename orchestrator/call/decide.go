package call

import (
	"errors"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/keys"
)

// Rules is what Decide needs beside the call: pure parts and settings.
type Rules struct {
	Flows  orchestrator.Flows
	Gate   orchestrator.Gate
	People orchestrator.People // nil knows nobody
	Lines  Lines               // nil knows none
	Limits Limits
	Keys   map[string]keys.Table // feature codes in a conversation, by PBX
}

// Decision is what came of some inputs: the call to store, with the commands
// to run on its Todo, and the entries to append with it.
type Decision struct {
	Call    Call
	Entries []orchestrator.Entry
	Dirty   bool     // there is something to store
	Refused []string // state/trigger pairs that the tables refused
	Answers []error  // to the wishes among the inputs, in their order: nil is yes
	// Turned tells why somebody was not sent, or not asked, after a wish was answered
	// by yes: by the stay in a queue that Asking told then.
	Turned map[int]error
	Back   *Back // the customer's channel has come back from the dialplan: a new call
}

// Back is a channel that was handed on and has come back.
type Back struct {
	Truth    orchestrator.ChannelTruth
	Language string
}

// Decide turns a call and its inputs into a decision. It is pure: same
// arguments, same decision. Several inputs share one decision so that a burst
// of events is stored once.
func (r *Rules) Decide(c Call, ins []Input, now time.Time) Decision {
	x := &change{Rules: r, c: c.clone(), now: now, armed: map[Timer]bool{}}
	for _, in := range ins {
		x.at = now
		if !in.At.IsZero() && in.At.Before(now) {
			x.at = in.At
		}
		x.came = x.at
		x.take(in)
		x.takeMachine()
		x.countHold()
		x.supervisorsLeft()
		x.finish()
	}
	if x.onlyConfirms(&c) {
		x.dirty = false
	}
	if x.dirty {
		x.c.Rev++
	}
	return Decision{x.c, x.entries, x.dirty, x.refused, x.answers, x.turned, x.backAs}
}

// onlyConfirms tells whether all that happened is that something was removed,
// as ordered, of a call that is being cleared up. It is stored with the end of
// the call: a process that takes over before then asks for it once more.
func (x *change) onlyConfirms(before *Call) bool {
	return before.State == StateClearing && x.c.State == StateClearing &&
		x.c.Given == before.Given && x.c.Tries == before.Tries && len(x.entries) == 0
}

// Bury ends a call on record without deciding anything, for when deciding
// itself fails again and again. What it has on the PBX is left to the caller.
func Bury(c Call, reason string, now time.Time) Decision {
	x := &change{c: c.clone(), now: now, at: now, came: now, dirty: true}
	x.c.State, x.c.Todo, x.c.Timers = StateEnded, nil, nil
	x.c.Outcome, x.c.EndedBy, x.c.EndedAt = orchestrator.OutcomeFailed, "operadora", now.UnixMilli()
	x.fault("deciding on the call failed", errors.New(reason))
	x.note(orchestrator.EntryCallEnded, x.c.CallSummary)
	x.c.Rev++
	return Decision{Call: x.c, Entries: x.entries, Dirty: true}
}

// take handles one input.
func (x *change) take(in Input) {
	if in.Kind == InWish {
		x.answers = append(x.answers, x.wish(in.Wish))
		return
	}
	if x.c.State == StateEnded {
		x.refuse(string(StateEnded), string(in.Kind))
		return
	}
	switch in.Kind {
	case InArrive:
		x.arrive(in.Arrival)
	case InDial:
		x.dialOut(in.Order)
	case InPromise:
		x.promise(in.Promised)
	case InAttempt:
		x.attempt()
	case InEvent:
		x.event(in.Event)
	case InOffer:
		x.offered(in.Offer)
	case InWithdraw:
		x.withdrawn(in.Offer, in.Why)
	case InDeserted:
		x.deserted(in.Queue)
	case InRules:
		x.newRules()
	case InTimer:
		x.due(in.Timer)
	case InDone:
		x.heard(in)
		x.done(in.N, in.Result)
	case InRefused:
		x.heard(in)
		x.refusedCommand(in.N, in.Err)
	case InAway:
		x.away()
	case InCompare:
		x.back()
		x.compare(in.Truth)
	case InLate:
		x.late(in.Lost)
	case InLost:
		x.lost()
	case InClock:
		x.clockSet(in.Set)
	case InWish: // answered above
	case InLine:
		x.refuse(string(x.c.State), string(in.Kind))
	case InPanic:
		x.c.Todo.Strike(in.N)
		x.fault("deciding on the call failed", in.Err)
		x.over(orchestrator.OutcomeFailed, "operadora", orchestrator.CauseCongestion)
	}
}

// heard lets the clock run again when the PBX answers, also a command that was given up.
func (x *change) heard(in Input) {
	if in.PBX {
		x.back()
	}
}

// away stops the call's clock at the time at which the PBX did not answer. Timers
// that were set since, by inputs that are decided on together with this one,
// begin when it runs again, and not before this decision.
func (x *change) away() {
	if x.c.AwaySince > 0 {
		return
	}
	x.c.AwaySince = x.happened()
	for name := range x.armed {
		if at, ok := x.c.Timers[name]; ok {
			x.c.Timers[name] = at - (x.ms() - x.c.AwaySince)
		}
	}
}

// back lets the call's clock run again after the PBX did not answer for a while.
func (x *change) back() {
	if x.c.AwaySince == 0 {
		return
	}
	away, stood := x.happened()-x.c.AwaySince, x.ms()-x.c.AwaySince
	x.c.AwaySince = 0
	for name := range x.c.Timers {
		if x.armed[name] {
			x.c.Timers[name] += stood
			continue
		}
		x.c.Timers[name] += away
	}
	x.dirty = true
}

// lost says once more what the store may have lost: where the call stands, that
// it waits, or that an agent took it.
func (x *change) lost() {
	x.dirty = true
	switch x.c.State {
	case StateWaiting, StateOffered:
		x.askAgain()
	case StatePausing:
		x.askAgain()
	case StateTalking:
		for i := range x.c.Legs {
			x.takeUp(&x.c.Legs[i])
		}
		x.askConsult()
	default: // what it holds elsewhere is asked for again as it comes up
		if far := x.c.Far(); far != nil {
			x.takeUp(far)
		}
	}
	x.askMove()
}

// late counts time that the customer lost before there was a place in a queue.
func (x *change) late(lost time.Duration) {
	if x.c.QueuedAt == 0 && lost > 0 {
		x.c.LateMS += lost.Milliseconds()
		x.dirty = true
	}
}

// event sorts a PBX event by the leg it concerns.
func (x *change) event(e orchestrator.Event) {
	if e.Message != "" && e.Channel == x.c.Customer().Channel {
		x.pbxHasTold(&e)
	}
	switch e.Kind {
	case orchestrator.EventPlayed:
		x.played(e)
	case orchestrator.EventRecorded:
		x.recorded(e.Recording, e.Failed, e.Duration.Milliseconds())
	case orchestrator.EventHeard, orchestrator.EventSpeaks, orchestrator.EventSilent:
		x.machineEvent(e)
	case orchestrator.EventEntered, orchestrator.EventRinging, orchestrator.EventEnded,
		orchestrator.EventLeft, orchestrator.EventDigit:
		l := x.c.leg(e.Channel)
		switch {
		case l == x.c.Customer() && (x.c.dialling() || x.c.Absent() && x.c.State != StateClearing):
			x.diallingEvent(e)
		case l == x.c.Customer():
			x.customerEvent(e)
		case l != nil && l.Role == RoleRung:
			x.rungEvent(l, e)
		case l != nil && guestRoles[l.Role]:
			x.guestEvent(l, e)
		case l != nil:
			x.farEvent(e)
		case e.Kind == orchestrator.EventEntered || e.Kind == orchestrator.EventRinging:
			x.hangStray(e.Channel)
		default:
			x.refuse("foreign channel", string(e.Kind))
		}
	case orchestrator.EventTold:
		if e.Channel == x.c.Customer().Channel {
			x.pbxTells(time.Time{})
		}
	case orchestrator.EventTransfer:
		x.askedTransfer(e)
	case orchestrator.EventHeld, orchestrator.EventResumed:
		x.ownHold(e, e.Kind == orchestrator.EventHeld)
	case orchestrator.EventDevice: // concerns an agent, never a call
	}
}

// customerEvent handles what happens on the customer's own channel.
func (x *change) customerEvent(e orchestrator.Event) {
	switch e.Kind {
	case orchestrator.EventEnded:
		if e.ByPBX {
			x.customerLost(e.Cause)
			return
		}
		x.customerGone(e.Cause, "caller")
	case orchestrator.EventLeft:
		x.left()
	case orchestrator.EventDigit:
		x.digit(e.Digit)
	case orchestrator.EventEntered:
		if x.c.HandedOn == 0 {
			x.refuse(string(x.c.State), string(e.Kind)) // a repeated entry after a move or a comparison
			return
		}
		x.cameBack(orchestrator.ChannelTruth{Up: e.Up, Entered: true, Args: e.Args, DID: e.DID, Caller: e.Caller}, e.Language)
	case orchestrator.EventRinging, orchestrator.EventPlayed, orchestrator.EventRecorded,
		orchestrator.EventTransfer, orchestrator.EventHeld, orchestrator.EventResumed, orchestrator.EventDevice, orchestrator.EventHeard, orchestrator.EventSpeaks, orchestrator.EventSilent, orchestrator.EventTold:
		x.refuse(string(x.c.State), string(e.Kind))
	}
}

// left handles that the customer is in the dialplan.
func (x *change) left() {
	x.leg(x.c.Customer(), LegOnGone)
	x.over(orchestrator.OutcomeTransferred, "operadora", orchestrator.CauseNormal)
}

// cameBack handles a customer who was handed on and is here again although
// nobody told of the leaving: this call is over, and another begins.
func (x *change) cameBack(t orchestrator.ChannelTruth, language string) {
	x.left()
	x.c.HandedOn = 0
	x.backAs = &Back{Truth: t, Language: language}
}

// digit handles a key that the customer pressed.
func (x *change) digit(key string) {
	in := orchestrator.FlowInput{Kind: orchestrator.FlowDigit, Digit: key}
	switch x.c.State {
	case StateWaiting, StateOffered:
		if strings.Contains(x.c.Visit.Plan.ExitKey, key) && x.c.Flow != nil {
			x.unqueue("exit")
			x.c.Home = nil
			x.flowResult("exit", key)
			return
		}
		x.flowInput(in)
	case StateInFlow:
		x.flowInput(in)
	case StateTalking:
		if x.c.Errand == nil {
			x.refuse(string(x.c.State), "digit") // the PBX passes it on
			return
		}
		x.flowInput(in)
	default:
		x.refuse(string(x.c.State), "digit")
	}
}

// farEvent handles what happens on the far leg.
func (x *change) farEvent(e orchestrator.Event) {
	far := x.c.Far()
	switch e.Kind {
	case orchestrator.EventRinging:
		was := far.State
		if x.leg(far, LegOnRing) && was == LegDialing {
			x.note(orchestrator.EntryCallRinging, fields{"agent": far.agent()})
		}
	case orchestrator.EventEntered:
		if far.State == LegArrived {
			x.refuse("leg "+string(far.State), string(e.Kind)) // a repeated entry
			return
		}
		x.pickup()
	case orchestrator.EventEnded:
		x.byPBX = e.ByPBX
		x.farGone(e.Cause)
		x.byPBX = false
	case orchestrator.EventDigit:
		if x.c.State == StatePreviewing {
			x.previewKey(e.Digit)
			return
		}
		x.typed(e.Digit)
	case orchestrator.EventLeft:
		if far.Dials { // the phone that it was dialled at, or that listens to a callback, sent elsewhere
			if x.c.Promise != nil {
				far.Why = orchestrator.OfferError
			}
			x.farGone(orchestrator.CauseNormal)
			return
		}
		x.farGone(orchestrator.CauseGone) // taken by the PBX itself: nobody is blamed
	case orchestrator.EventPlayed,
		orchestrator.EventRecorded, orchestrator.EventTransfer, orchestrator.EventHeld,
		orchestrator.EventResumed, orchestrator.EventDevice, orchestrator.EventHeard, orchestrator.EventSpeaks, orchestrator.EventSilent, orchestrator.EventTold:
		x.refuse("leg "+string(far.State), string(e.Kind))
	}
}

// due handles a timer. The timer is spent before its consequence, which may arm it again.
func (x *change) due(name Timer) {
	at, ok := x.c.Timers[name]
	if !ok || at > x.ms() || x.c.AwaySince > 0 {
		return // cleared or moved since it was read, or the clock stands still
	}
	x.disarm(name)
	if channel, is := rungDue(name); is {
		x.rungOver(channel)
		return
	}
	switch name {
	case TimerFlow:
		x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowTimer, Ref: x.c.FlowRef})
	case TimerWait:
		x.waitOver()
	case TimerAnnounce:
		if x.c.Visit.waits() {
			x.do(AskPlace{Visit: x.c.Visit.N})
		}
	case TimerPlay:
		x.playingLong()
	case TimerRing:
		x.ringOver()
	case TimerKeys:
		x.typedNoMore()
	case TimerConsult:
		x.consultDue()
	case TimerSupervise:
		x.superviseDue()
	case TimerState:
		x.stateOver()
	case TimerPreview:
		x.previewOver()
	case TimerTurn:
		x.nextTurn()
	case TimerListen:
		x.heardWho(orchestrator.VerdictUnsure, "nothing was told in time")
	case TimerSilent:
		x.leaveMessage("silence")
	case TimerBeep:
		x.noBeep()
	case TimerCall:
		x.fault("the call lasted too long", nil)
		x.over("", "operadora", orchestrator.CauseNormal)
	}
}

// done takes a command off the list that was carried out, and goes on with
// what came of it. Being done alone is stored with the next change: a process
// that dies before runs the command once more, which does no harm.
func (x *change) done(n int, r Result) {
	cmd, ok := x.c.Todo.Strike(n)
	if !ok {
		return // given up meanwhile
	}
	switch cmd := cmd.(type) {
	case Answer:
		switch far := x.c.Far(); {
		case cmd.Channel == x.c.Code: // and is hung up next
		case far != nil && far.Channel == cmd.Channel:
			x.agentUp()
		default:
			x.answered()
		}
	case HoldAgent:
		x.agentHeld(cmd, r.Dialled)
	case Dial:
		x.dialled(cmd)
	case Continue: // its event tells
		x.c.HandedOn = x.happened()
		x.arm(TimerState, x.Limits.Command)
	case Connect:
		x.connected(x.happened())
	case Rejoin:
		x.rejoined(cmd)
	case Monitor:
		x.monitored(cmd)
	case Admit:
		x.letIn(cmd.Channel, x.happened())
	case CloseRoom:
		x.roomGone(cmd.Bridge)
	case CheckPlay:
		x.checkedPlay(cmd.ID, r.Running)
	case CheckRecord:
		switch {
		case !r.Running:
			x.recorded(cmd.ID, !r.Kept, 0)
		case x.c.State == StateClearing: // it was told to stop, and refused
			x.do(StopRecord(cmd))
		}
	case Enqueue:
		x.ruled(cmd.Waiting.Visit, r.Placement)
		x.placed(cmd.Waiting.Visit, r.Placement)
	case AskPlace:
		x.announce(cmd.Visit, r.Position, r.Expected)
	case FailOffer:
		if !cmd.Why.Leaves() {
			x.placed(cmd.Offer.Visit, r.Placement)
		} else {
			x.notWanted(cmd.Offer.Visit, r.Placement) // the offer had lapsed before, and the place was kept
		}
	case Accept:
		x.accepted(cmd.Offer)
	case AskCallback:
		x.calledBack(cmd, r.Callback)
	case LookUp:
		x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowLookedUp, Ref: cmd.Ref, Looked: r.Looked})
	case Lend:
		x.lent()
	case AgentDo:
		if x.paused(cmd) {
			break
		}
		if cmd.Beep != "" {
			x.beep(cmd.Beep, toneOf(r.Answer.Result))
			break
		}
		x.offerLine(cmd.Command, r.Answer)
		x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowAgent, Answer: r.Answer, Result: string(r.Answer.Result)})
	}
}

// toPBX tells whether a command is one to the PBX; most others go to the distributor.
func toPBX(c Command) bool {
	switch c.(type) {
	case Enqueue, Leave, AskPlace, HoldAgent, FailOffer, TakeUp, FinishOffer, AgentDo, TellPhone,
		Accept, AskCallback, EndCallback, ForgetCallback, LookUp:
		return false
	}
	return true
}

// ToPBX tells whether a command needs the PBX. The others need the store, or a source, alone.
func (t Todo) ToPBX() bool { return toPBX(t.Command) }

// ToSource tells whether a command asks a source outside, which may take seconds.
func (t Todo) ToSource() bool { return is[LookUp](t.Command) }
