package orchestrator

import (
	"strconv"

	"github.com/operadora/operadora/orchestrator/fault"
)

func numberMedia(n int) Media { return Media{MediaNumber, strconv.Itoa(n)} }

// pickup handles the far end's answer: take the offer up, then join.
func (t *turn) pickup() {
	if !t.leg(LegOnAnswer) || !t.move(OnPickup) {
		// our hangup crossed its answer
		t.do(effect{Kind: fxHangup, Channel: t.c.Leg.Channel, Cause: CauseNormal})
		return
	}
	t.disarm(TimerRing)
	t.disarm(TimerAnnounce)
	t.disarm(TimerWait)
	t.stopPlaying() // first: a PBX joins a channel only when its prompt is over
	t.do(effect{Kind: fxPickup, Offer: t.c.Leg.Offer, Other: t.c.Leg.Channel})
}

// pickedUp handles the result of fxPickup.
func (t *turn) pickedUp(in input) {
	if t.c.State != StateConnecting {
		t.refuse(string(t.c.State), "joined")
		return
	}
	if !in.OK {
		t.fault("the conversation could not be joined", in.Err)
		t.c.Leg.Why = OfferError
		t.hangLeg()
		return
	}
	t.leg(LegOnJoin)
	t.c.Leg.JoinedAt = t.ms()
	if t.c.ConnectedAt == 0 {
		t.c.ConnectedAt = t.ms()
	}
	t.move(OnJoined)
	if t.c.Leg.External != "" {
		t.note(EntryCallTransfer, fields{"destination": MaskNumber(t.c.Leg.External), "result": "connected"})
		return
	}
	t.c.Agent = t.c.Leg.Offer.Agent
	t.c.Wait.Out = true
	t.c.WaitMS = t.ms() - t.c.Wait.Entered
	plan := t.c.Wait.Plan
	if plan.MaxTalk > 0 {
		t.arm(TimerCall, plan.MaxTalk)
	}
	t.note(EntryCallConnected, fields{"agent": t.c.Agent, "wait_ms": t.c.WaitMS})
	if plan.Record {
		t.record(plan.RecordFormat)
	}
}

// record starts the recording of the conversation.
func (t *turn) record(format string) {
	o := RecordingOrder{ID: t.id("r"), Bridge: bridgeID(t.c.Call), Format: format}
	t.c.Rec = &RecordingLeg{ID: o.ID, State: RecRunning}
	t.c.Recording = o.ID
	t.do(effect{Kind: fxRecord, Record: o})
	t.note(EntryCallRecording, fields{"recording": o.ID, "state": "started"})
}

// ringOver ends a leg that rang long enough; the PBX did not end it itself.
func (t *turn) ringOver() {
	switch t.c.State {
	case StateOffered, StateTransferring:
	default:
		t.refuse(string(t.c.State), "ring over")
		return
	}
	if t.c.Leg.State == LegHanging { // told once already: it must be gone
		t.legGone(CauseNoAnswer)
		return
	}
	if t.c.Leg.Why == "" {
		t.c.Leg.Why = OfferNoAnswer
	}
	t.hangLeg()
	t.arm(TimerRing, t.limits.Clear)
}

func (t *turn) hangLeg() {
	if t.leg(LegOnHang) {
		t.do(effect{Kind: fxHangup, Channel: t.c.Leg.Channel, Cause: CauseNormal})
	}
}

// legGone handles the end of the far leg.
func (t *turn) legGone(cause Cause) {
	was := t.c.Leg.State
	if !t.leg(LegOnGone) {
		return
	}
	t.disarm(TimerRing)
	switch {
	case t.c.State == StateClearing:
		t.settle()
	case t.c.State == StateTalking:
		t.parted("agent")
		t.settle()
		t.stopRecording()
		t.unbridge()
		t.move(OnParted)
		t.afterTalk()
	case t.c.Leg.External != "":
		t.settle()
		result := transferResult(was, cause)
		t.note(EntryCallTransfer, fields{"destination": MaskNumber(t.c.Leg.External), "result": result})
		t.move(OnParted)
		t.flowInput(FlowInput{Kind: FlowTransferred, Result: result})
	default:
		t.missed(was, cause)
	}
}

// missed handles an offer that came to nothing; the call keeps its place.
func (t *turn) missed(was LegState, cause Cause) {
	l := t.c.Leg
	if l.Why == "" {
		l.Why = failureOf(was, cause)
	}
	t.note(EntryCallMissed, fields{"agent": l.Offer.Agent, "why": l.Why, "cause": cause})
	t.move(OnMissed)
	t.settle()
	t.rearmWait()
}

// rearmWait gives a call that is back in the queue its timers again after an answer had stopped them.
func (t *turn) rearmWait() {
	if _, ok := t.c.Timers[TimerWait]; !ok && t.c.State == StateWaiting {
		t.armWait()
	}
}

// parted writes the end of the conversation down.
func (t *turn) parted(by string) {
	l := t.c.Leg
	l.Talked = t.ms() - l.JoinedAt
	t.c.PartedAt = t.ms()
	t.c.TalkMS += l.Talked
	t.note(EntryCallParted, fields{"agent": l.Offer.Agent, "by": by, "talk_ms": l.Talked})
	if t.c.EndedBy == "" && by == "agent" {
		t.c.EndedBy = by
	}
}

// afterTalk goes on with the flow once the far end has left.
func (t *turn) afterTalk() {
	kind := FlowQueued
	if t.c.Leg.External != "" {
		kind = FlowTransferred
	}
	t.arm(TimerCall, t.limits.Call)
	t.flowInput(FlowInput{Kind: kind, Result: "served"})
}

func (t *turn) stopRecording() {
	if t.c.Rec != nil && t.rec(RecOnStop) {
		t.do(effect{Kind: fxStopRecord, ID: t.c.Rec.ID})
	}
}

func (t *turn) unbridge() {
	if t.c.Bridge == BridgeMade {
		t.c.Bridge = BridgeRemoving
		t.dirty = true
		t.do(effect{Kind: fxUnbridge})
	}
}

// settle tells the distributor how an offer ended, once its leg is gone.
func (t *turn) settle() {
	l := t.c.Leg
	if l == nil || l.Settled || l.State != LegEnded {
		return
	}
	switch {
	case l.External != "":
		l.Settled = true
	case l.JoinedAt > 0:
		t.do(effect{Kind: fxFinish, Offer: l.Offer, TalkedMS: l.Talked})
	default:
		if l.Why == "" {
			l.Why = OfferCancelled
		}
		t.do(effect{Kind: fxFail, Offer: l.Offer, Failure: l.Why})
	}
	t.dirty = true
}

func (t *turn) settled(offer string) {
	if l := t.c.Leg; l != nil && l.Offer.ID == offer {
		l.Settled = true
		t.clean()
	}
}

// commandFailed handles a command that the PBX refused or did not answer.
func (t *turn) commandFailed(f effect, err error) {
	gone := fault.KindOf(err) == fault.NotFound
	switch f.Kind {
	case fxPlay:
		if gone {
			break // a caller who is gone sends his own event; the flow must not go on without him
		}
		t.fault("a prompt was refused", err)
		t.played(Event{Kind: EventPlayed, Playback: f.Playback.ID, Failed: true})
	case fxAnswer, fxContinue:
		if !gone { // a caller who is gone sends his own event
			t.fault("the call could not be "+string(f.Kind)+"ed", err)
			t.over(OutcomeFailed, "pbx", CauseCongestion)
		}
	case fxOriginate:
		t.originateFailed(f, err)
	case fxRecord:
		if t.c.Rec != nil && t.c.Rec.ID == f.Record.ID {
			t.fault("the recording could not begin", err)
			t.recordingOver(true, 0)
		}
	case fxBridge, fxRejoin, fxHold, fxMute:
		if !gone {
			t.fault(string(f.Kind)+" failed", err)
		}
	default: // clearing commands are repeated by TimerState until the PBX confirms
	}
}

func (t *turn) originateFailed(f effect, err error) {
	l := t.c.Leg
	if l == nil || l.Channel != f.Origination.Channel || l.State == LegEnded {
		return
	}
	t.fault("the phone could not be called", err)
	if l.Why == "" {
		l.Why = OfferError
		if k := fault.KindOf(err); k == fault.NotFound || k == fault.Invalid {
			l.Why = OfferUnreachable
		}
	}
	t.legGone(CauseOutOfOrder)
}
