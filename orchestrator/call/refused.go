package call

import (
	"errors"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// refusedCommand handles a command that was refused: it will never be carried
// out, so the call needs another way on.
func (x *change) refusedCommand(n int, err error) {
	cmd, ok := x.c.Todo.Strike(n)
	if !ok {
		return
	}
	x.dirty = true
	gone := fault.KindOf(err) == fault.NotFound // whoever is gone sends an event of its own
	switch cmd := cmd.(type) {
	case Play:
		if !gone {
			x.fault("a prompt was refused", err)
			x.played(orchestrator.Event{Kind: orchestrator.EventPlayed, Playback: cmd.Playback.ID, Failed: true})
		}
	case Lend:
		x.notLent(err)
	case Answer, Continue:
		to, is := cmd.(Continue)
		code, dialled := cmd.(Answer)
		switch {
		case gone, dialled && code.Channel == x.c.Code: // or is hung up next
		case is && to.Place.Away: // the dialplan has no such line
			x.over(orchestrator.OutcomeRejected, "operadora", orchestrator.CauseNoRoute)
		default:
			x.fault("the call could not be "+map[Verb]string{"answer": "answered", "continue": "handed on"}[cmd.verb()], err)
			x.over(orchestrator.OutcomeFailed, "pbx", orchestrator.CauseCongestion)
		}
	case Dial:
		x.dialRefused(cmd, err)
	case Connect:
		x.connectRefused(cmd, err)
	case Admit:
		x.admitRefused(cmd, gone, err)
	case Monitor:
		x.monitorRefused(cmd, err)
	case Record:
		x.recordRefused(cmd, err)
	case CheckRecord:
		if x.c.State != StateClearing { // which asks again anyway
			x.arm(TimerPlay, playCheck)
		}
	case Unhold:
		if gone {
			x.notBorrowed(cmd.Channel)
		}
	case CloseRoom:
		x.roomGone(cmd.Bridge) // what cannot be removed is not there
	case MakeRoom, Rejoin, Part, Hold, Mute:
		if !gone {
			x.fault("the PBX refused: "+string(cmd.verb()), err)
			x.errandRefused(cmd)
		}
		if x.c.State != StateClearing && x.c.Playing == nil {
			switch cmd.(type) {
			case Hold, Part, Rejoin:
				x.arm(TimerPlay, playCheck) // nobody waits in silence, or is heard who should not be
			}
		}
	case Listen:
		if !gone {
			x.heardWho(orchestrator.VerdictUnsure, errText(err))
		}
	case Attend:
		if !gone && cmd.SilentMS > 0 {
			x.attendRefused(err)
		}
	case MuteLeg:
		x.silenceRefused(cmd, gone, err)
	case Enqueue:
		x.enqueueRefused(cmd, err)
	case HoldAgent:
		if x.c.State == StateReserving {
			x.fault("the distributor refused: "+string(cmd.verb()), err)
			x.c.Cause = orchestrator.CauseCongestion
			x.loseAgent(orchestrator.OutcomeFailed, "operadora")
		}
	case Accept:
		x.notAccepted(cmd.Offer, err)
	case AskCallback:
		x.fault("the callback could not be arranged", err)
		x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowCallback, Result: string(orchestrator.CallbackFailed)})
	case LookUp:
		x.fault("the source could not be asked", err)
		x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowLookedUp, Ref: cmd.Ref, Looked: orchestrator.LookupAnswer{Result: orchestrator.LookupError}})
	case FailOffer:
		x.fault("the distributor refused: "+string(cmd.verb()), err)
		if !cmd.Why.Leaves() && x.c.Visit != nil && x.c.Visit.N == cmd.Offer.Visit {
			x.lostPlace()
		}
		x.askConsult()
	case TakeUp:
		if l := x.c.legOf(cmd.Offer.ID); l != nil && !l.Unheld {
			l.Unheld = true
			x.fault("an agent talks, and the distributor does not hold them", err)
		}
		x.do(Leave{Visit: cmd.Offer.Visit, Why: string(VisitServed)}) // or the call is offered to another
	case FinishOffer: // the store has forgotten that it was answered
		x.fault("the distributor refused: "+string(cmd.verb()), err)
		if fault.KindOf(err) == fault.Conflict {
			x.do(FailOffer{Offer: cmd.Offer, Why: orchestrator.OfferCancelled})
		}
	case AskPlace:
		if v := x.c.Visit; v.waits() && v.Plan.AnnounceEvery > 0 {
			x.arm(TimerAnnounce, v.Plan.AnnounceEvery)
		}
	case AgentDo:
		x.fault("the distributor refused: "+string(cmd.verb()), err)
		if x.paused(cmd) {
			break
		}
		if cmd.Beep != "" {
			x.beep(cmd.Beep, orchestrator.ToneNo)
			break
		}
		x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowAgent, Result: "error"})
	default: // what clears up is repeated by TimerState until the PBX confirms
	}
}

// recordRefused finds out what came of a recording that was refused: one that
// was ordered before, by a process that died, may have run and be over.
func (x *change) recordRefused(cmd Record, err error) {
	if k := fault.KindOf(err); x.c.Adopted > 0 && (k == fault.Conflict || k == fault.NotFound) {
		x.do(CheckRecord{ID: cmd.Order.ID})
		return
	}
	x.fault("the recording could not begin", err)
	x.recorded(cmd.Order.ID, true, 0)
}

// enqueueRefused sends a call on whose queue will never take it.
func (x *change) enqueueRefused(cmd Enqueue, err error) {
	if m := x.c.Move; m != nil && m.Visit.N == cmd.Waiting.Visit {
		x.fault("the distributor refused: "+string(cmd.verb()), err)
		x.c.Move = nil
		x.moveRefused(*m, "error")
		return
	}
	if k := x.c.Consult; k.has(cmd.Waiting.Visit) {
		x.fault("the distributor refused: "+string(cmd.verb()), err)
		x.consultTurned("error")
		return
	}
	v := x.c.Visit
	if v == nil || v.N != cmd.Waiting.Visit || !v.waits() || x.c.State == StateClearing {
		return
	}
	x.fault("the distributor refused: "+string(cmd.verb()), err)
	x.notAdmitted("error")
}

// connectRefused ends a leg that could not be joined; the customer keeps the place.
func (x *change) connectRefused(cmd Connect, err error) {
	far := x.c.Far()
	if far == nil || far.Channel != cmd.Far {
		return
	}
	if x.c.State == StateTalking && cmd.Offer != nil { // it was seen to be joined before (compareJoin)
		x.takeUp(far)
	}
	if x.c.State != StateConnecting {
		return
	}
	x.fault("the conversation could not be joined", err)
	far.Why = orchestrator.OfferError
	x.hangFar(orchestrator.CauseNormal)
	x.arm(TimerState, x.Limits.Clear)
	x.lineBack()
}

// dialRefused handles a phone that could not be called. An error about the
// customer is no fault of the phone.
func (x *change) dialRefused(cmd Dial, err error) {
	originatorGone := errors.Is(err, orchestrator.ErrOriginatorGone)
	if originatorGone {
		x.customerGone(orchestrator.CauseUnknown, "caller")
	}
	if cmd.Order.Channel == x.c.Customer().Channel {
		x.customerRefused(cmd, err)
		return
	}
	l := x.c.leg(cmd.Order.Channel)
	if l == nil {
		return
	}
	if originatorGone {
		x.legGone(l, orchestrator.CauseGone) // it never came to be: no event tells of its end
		return
	}
	if !errors.Is(err, ErrMoot) {
		x.fault("the phone could not be called", err)
	}
	l.Denied = fault.KindOf(err) == fault.Denied
	if l.Why == "" {
		l.Why = orchestrator.OfferError
		if k := fault.KindOf(err); k == fault.NotFound || k == fault.Invalid {
			l.Why = orchestrator.OfferUnreachable
		}
	}
	x.legGone(l, orchestrator.CauseOutOfOrder)
	if !errors.Is(err, ErrMoot) { // its channel may have come to be all the same
		x.do(Hangup{Channel: cmd.Order.Channel, Cause: orchestrator.CauseGone})
	}
}
