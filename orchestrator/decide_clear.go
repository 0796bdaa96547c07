package orchestrator

import "time"

// callerGone handles the caller's hangup in any state.
func (t *turn) callerGone(cause Cause, by string) {
	t.c.Hung = true
	t.dirty = true
	t.over("", by, cause)
}

// over ends the call: how it ended is settled now, what it made is removed next.
func (t *turn) over(outcome Outcome, by string, cause Cause) {
	if t.c.State == StateClearing {
		return // the confirmation of our own hangup
	}
	if outcome == "" {
		outcome = t.outcome(by)
	}
	t.c.Outcome, t.c.Cause, t.c.EndedAt = outcome, cause, t.ms()
	if t.c.EndedBy == "" {
		t.c.EndedBy = by
	}
	if t.c.State == StateTalking {
		t.parted(by)
	}
	if w := t.c.Wait; w != nil && t.c.ConnectedAt == 0 && !w.Left && t.c.WaitMS == 0 {
		t.c.WaitMS = t.ms() - w.Entered
	}
	t.c.Playing = nil
	t.move(OnOver)
	t.clear()
}

// outcome says how a call ended that somebody ended now.
func (t *turn) outcome(by string) Outcome {
	switch {
	case t.c.ConnectedAt > 0 && t.c.Agent == "":
		return OutcomeTransferred
	case t.c.ConnectedAt > 0:
		return OutcomeServed
	case t.c.Voicemail != "" || (t.c.Rec != nil && t.c.Rec.Mail && t.c.Rec.State != RecFailed):
		return OutcomeVoicemail
	case by != "operadora" && t.c.QueuedAt > 0:
		return OutcomeAbandoned
	case by != "operadora": // also a caller who left while the connection was down
		return OutcomeLeft
	default:
		return OutcomeFailed
	}
}

// ownOutcome says how a call ended that its flow hung up.
func (t *turn) ownOutcome() Outcome {
	if o := t.outcome("operadora"); o != OutcomeFailed {
		return o
	}
	return OutcomeCompleted
}

// clear orders the removal of everything the call still has. It may be
// repeated: every command is harmless the second time. The agent comes first,
// because somebody may be waiting for him.
func (t *turn) clear() {
	if l := t.c.Leg; l != nil {
		if l.State != LegEnded {
			if l.Why == "" {
				l.Why = OfferCancelled
			}
			t.hangLeg()
		}
		t.settle()
	}
	if w := t.c.Wait; w != nil && !w.Left && !t.standingOffer() && !t.offerTookOut() {
		t.do(effect{Kind: fxLeave, Why: string(t.c.Outcome)})
	}
	if !t.c.Hung {
		t.do(effect{Kind: fxHangup, Channel: t.c.Channel, Cause: t.c.Cause})
	}
	t.stopRecording()
	t.unbridge()
}

// standingOffer tells whether the far leg's offer takes the call out of the queue by itself.
func (t *turn) standingOffer() bool {
	return t.c.Leg != nil && t.c.Leg.External == "" && !t.c.Leg.Settled
}

// finishClearing puts the call on record once nothing of it is left.
func (t *turn) finishClearing() {
	if t.c.State != StateClearing || !t.c.Hung || t.c.Bridge == BridgeMade || t.c.Bridge == BridgeRemoving {
		return
	}
	if l := t.c.Leg; l != nil && (l.State != LegEnded || !l.Settled) {
		return
	}
	if r := t.c.Rec; r != nil && (r.State == RecRunning || r.State == RecStopping) {
		return
	}
	if w := t.c.Wait; w != nil && !w.Left && !t.offerTookOut() {
		return
	}
	t.move(OnCleared)
	t.note(EntryCallEnded, t.c.CallSummary)
}

// offerTookOut tells whether a settled offer of the present wait took the call out of its queue.
func (t *turn) offerTookOut() bool {
	l := t.c.Leg
	return l != nil && l.External == "" && l.Settled && (l.JoinedAt > 0 || l.Why == OfferCancelled)
}

// stateOver handles a state that has lasted longer than its commands may take.
func (t *turn) stateOver() {
	switch t.c.State {
	case StateClearing:
		t.clearAgain()
	case StateConnecting:
		if t.c.Leg.State == LegHanging {
			t.legGone(CauseOther)
			return
		}
		t.fault("joining took too long", nil)
		t.c.Leg.Why = OfferError
		t.hangLeg()
		t.arm(TimerState, t.limits.Clear)
	default:
		t.fault("the PBX did not confirm in time", nil)
		t.over(OutcomeFailed, "operadora", CauseCongestion)
	}
}

// repeatClearing orders again what was ordered before and is not confirmed.
func (t *turn) repeatClearing() {
	if r := t.c.Rec; r != nil && r.State == RecStopping {
		t.do(effect{Kind: fxStopRecord, ID: r.ID})
		t.do(effect{Kind: fxCheckRec, ID: r.ID})
	}
	if t.c.Bridge == BridgeRemoving {
		t.do(effect{Kind: fxUnbridge})
	}
}

func (t *turn) clearAgain() {
	t.c.Tries++
	if t.c.Tries <= clearTries {
		t.clear()
		t.repeatClearing()
		t.arm(TimerState, min(t.limits.Clear*time.Duration(t.c.Tries), time.Minute))
		return
	}
	t.fault("the PBX never confirmed that the call is gone", nil)
	t.c.Hung, t.c.Bridge = true, BridgeGone
	if l := t.c.Leg; l != nil {
		t.leg(LegOnGone)
		t.settle()
	}
	if t.c.Rec != nil {
		t.rec(RecOnFail)
	}
	t.arm(TimerState, time.Minute)
}
