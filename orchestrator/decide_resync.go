package orchestrator

import "slices"

// resync compares the call with what the PBX has after a new connection and
// makes up for the events that were missed. Nothing in it relies on the past:
// it may run at any time and any number of times.
func (t *turn) resync(v callTruth) {
	if v.Adopted {
		t.c.Adopted++
		t.dirty = true
		if _, waits := t.c.Timers[TimerState]; waits { // the time without an owner does not count
			t.arm(TimerState, t.limits.Command)
		}
	}
	seen := v.At.UnixMilli() // what began after the snapshot is not in it
	if v.Caller == nil && !t.c.Hung && t.c.StartedAt < seen {
		t.c.Hung = true
		t.fault("the caller left unseen", nil)
		outcome := Outcome("")
		if v.Restarts {
			outcome = OutcomeLost
		}
		t.over(outcome, "pbx", CauseUnknown)
	}
	t.resyncLeg(v, seen)
	switch t.c.State {
	case StateClearing:
		if !v.Bridge {
			t.c.Bridge = BridgeGone
		}
		if v.Restarts {
			t.checkRecording()
		}
		t.clearAgain()
	case StateArriving:
		t.over(OutcomeFailed, "operadora", CauseCongestion)
	case StateInFlow:
		t.resyncFlow(v)
	case StateWaiting, StateOffered:
		t.resyncWaiting(v)
	case StateTransferring:
		t.remakeBridge(v)
	case StateConnecting:
		t.remakeBridge(v)
		t.do(effect{Kind: fxPickup, Offer: t.c.Leg.Offer, Other: t.c.Leg.Channel})
	case StateTalking:
		if !slices.Contains(v.InBridge, t.c.Channel) || !slices.Contains(v.InBridge, t.c.Leg.Channel) {
			t.do(effect{Kind: fxRejoin, Other: t.c.Leg.Channel})
		}
		t.checkRecording()
	case StateEnded:
	}
}

func (t *turn) resyncLeg(v callTruth, seen int64) {
	l := t.c.Leg
	if l == nil || l.State == LegEnded {
		return
	}
	leg, there := v.Legs[l.Channel]
	switch {
	case !there && l.DialedAt < seen:
		if l.Why == "" && (l.State == LegDialing || l.State == LegRinging) {
			l.Why = OfferError // nobody saw why: no blame
		}
		t.legGone(CauseUnknown)
	case !there:
	case l.State == LegHanging:
		t.do(effect{Kind: fxHangup, Channel: l.Channel, Cause: CauseNormal})
	case leg.Entered && leg.Up && (l.State == LegDialing || l.State == LegRinging):
		t.pickup()
	}
}

// resyncFlow asks again for whatever the flow was waiting for.
func (t *turn) resyncFlow(v callTruth) {
	if v.Adopted && t.c.Kind == KindFeature {
		t.over(OutcomeFailed, "operadora", CauseNormal) // the phone can dial the code again
		return
	}
	if t.c.Answering {
		if v.Caller != nil && v.Caller.Up {
			t.callerAnswered()
		} else {
			t.do(effect{Kind: fxAnswer, Channel: t.c.Channel})
		}
	}
	t.checkPlaying(v)
	t.checkRecording()
	if w := t.c.Wait; w != nil && v.Adopted {
		if !w.Out {
			t.askPlace()
		} else if !w.Left && !t.offerTookOut() {
			t.do(effect{Kind: fxLeave, Why: "resync"})
		}
	}
}

func (t *turn) resyncWaiting(v callTruth) {
	if v.Adopted {
		t.askPlace()
	}
	if t.c.State == StateOffered {
		t.remakeBridge(v)
	}
	t.checkPlaying(v)
}

func (t *turn) remakeBridge(v callTruth) {
	if t.c.Bridge == BridgeRemoving && !v.Bridge {
		t.c.Bridge = BridgeGone
	}
	if t.c.Bridge == BridgeMade && !v.Bridge {
		t.do(effect{Kind: fxBridge})
	}
}

func (t *turn) checkPlaying(v callTruth) {
	if t.c.Playing != nil {
		t.do(effect{Kind: fxCheckPlay, ID: t.c.Playing.ID, Adopted: v.Adopted})
	}
}

func (t *turn) checkRecording() {
	if r := t.c.Rec; r != nil && (r.State == RecRunning || r.State == RecStopping) {
		t.do(effect{Kind: fxCheckRec, ID: r.ID})
	}
}

// resumed lets the caller of an adopted call hear again what he should hear now.
func (t *turn) resumed(playback string) {
	p := t.c.Playing
	if p == nil || p.ID != playback {
		return
	}
	t.c.Playing = nil
	t.disarm(TimerPlay)
	t.dirty = true
	if p.Ref == 0 {
		t.hold()
		return
	}
	t.flowInput(FlowInput{Kind: FlowResumed})
}
