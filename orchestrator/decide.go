package orchestrator

import (
	"time"
)

// decision is what came of some inputs: the call to store, the entries to
// append with it, and what to do afterwards.
type decision struct {
	call    Call
	entries []Entry
	effects []effect
	dirty   bool
	refused []string // state/trigger pairs that the tables refused
}

// decide turns a call and its inputs into a decision. It is pure: same
// arguments, same decision. Several inputs share one decision so that a burst
// of events is stored once.
func (d *decider) decide(c Call, ins []input, now time.Time) decision {
	t := d.newTurn(c, now)
	for _, in := range ins {
		t.take(in)
		t.finishClearing()
	}
	if t.dirty {
		t.c.Rev++
	}
	return decision{t.c, t.entries, t.fx, t.dirty, t.refused}
}

// take handles one input.
func (t *turn) take(in input) {
	if t.c.State == StateEnded {
		t.refuse(string(StateEnded), string(in.Kind))
		return
	}
	switch in.Kind {
	case inArrive:
		t.arrive(in)
	case inEvent:
		t.event(in.Event)
	case inOffer:
		t.offered(in.Offer)
	case inWithdraw:
		t.withdrawn(in.Offer, in.Why)
	case inTimer:
		t.due(in.Timer)
	case inPlaced:
		t.placed(in.Placement)
	case inPosition:
		t.announce(in.Position)
	case inSettled:
		t.settled(in.Offer.ID)
	case inLeft:
		if t.c.Wait != nil {
			t.c.Wait.Left = true
			t.clean()
		}
	case inPickedUp:
		t.pickedUp(in)
	case inAnswered:
		t.callerAnswered()
	case inAgent:
		t.flowInput(FlowInput{Kind: FlowAgent, Answer: in.Answer, Result: string(in.Answer.Result)})
	case inUnbridge:
		if t.c.Bridge == BridgeRemoving { // else it was ordered again meanwhile
			t.c.Bridge = BridgeGone
			t.clean()
		}
	case inRefused:
		t.commandFailed(in.Effect, in.Err)
	case inResync:
		t.resync(in.Truth)
	case inResumed:
		t.resumed(in.ID)
	case inOrder:
		t.order(in.Order)
	}
}

// event sorts a PBX event by the leg it concerns.
func (t *turn) event(e Event) {
	switch e.Kind {
	case EventPlayed:
		t.played(e)
	case EventRecorded:
		t.recorded(e)
	case EventEntered, EventRinging, EventEnded, EventLeft, EventDigit:
		switch {
		case e.Channel == t.c.Channel:
			t.callerEvent(e)
		case t.c.Leg != nil && e.Channel == t.c.Leg.Channel:
			t.legEvent(e)
		case e.Kind == EventEntered: // a leg that was given up answered all the same
			t.do(effect{Kind: fxHangup, Channel: e.Channel, Cause: CauseNormal})
		default:
			t.refuse("foreign channel", string(e.Kind))
		}
	case EventDevice: // concerns an agent, never a call
	}
}

// callerEvent handles what happens on the caller's own channel.
func (t *turn) callerEvent(e Event) {
	switch e.Kind {
	case EventEnded:
		t.callerGone(e.Cause, "caller")
	case EventLeft:
		t.c.Hung = true
		t.over(OutcomeTransferred, "operadora", CauseNormal)
	case EventDigit:
		switch t.c.State {
		case StateWaiting, StateOffered:
			if key := t.c.Wait.Plan.ExitKey; key != "" && key == e.Digit {
				t.unqueue("exit")
				t.flowInput(FlowInput{Kind: FlowQueued, Result: "exit"})
				return
			}
			t.flowInput(FlowInput{Kind: FlowDigit, Digit: e.Digit})
		case StateInFlow:
			t.flowInput(FlowInput{Kind: FlowDigit, Digit: e.Digit})
		default:
			t.refuse(string(t.c.State), "digit")
		}
	case EventEntered, EventRinging, EventPlayed, EventRecorded, EventDevice:
		t.refuse(string(t.c.State), string(e.Kind)) // a repeated entry after a move or a resync
	}
}

// legEvent handles what happens on the far leg.
func (t *turn) legEvent(e Event) {
	switch e.Kind {
	case EventRinging:
		was := t.c.Leg.State
		if t.leg(LegOnRing) && was == LegDialing {
			t.note(EntryCallRinging, fields{"agent": t.c.Leg.Offer.Agent})
		}
	case EventEntered:
		t.pickup()
	case EventEnded:
		t.legGone(e.Cause)
	case EventDigit, EventLeft, EventPlayed, EventRecorded, EventDevice:
		t.refuse("leg "+string(t.c.Leg.State), string(e.Kind))
	}
}

// due handles a timer. The timer is spent before its consequence, which may arm it again.
func (t *turn) due(name Timer) {
	at, ok := t.c.Timers[name]
	if !ok || at > t.ms() {
		return // cleared or moved since it was read
	}
	t.disarm(name)
	switch name {
	case TimerFlow:
		t.flowInput(FlowInput{Kind: FlowTimer, Ref: t.c.FlowRef})
	case TimerWait:
		t.waitOver()
	case TimerAnnounce:
		t.do(effect{Kind: fxPosition})
	case TimerPlay:
		t.playingLong()
	case TimerRing:
		t.ringOver()
	case TimerState:
		t.stateOver()
	case TimerCall:
		t.fault("the call lasted too long", nil)
		t.over("", "operadora", CauseNormal)
	}
}

// order carries out what a person asked for.
func (t *turn) order(o Order) {
	switch o {
	case OrderHangup:
		t.over("", "operadora", CauseNormal)
	case OrderMute, OrderUnmute:
		if t.c.Rec == nil || t.c.Rec.State != RecRunning {
			t.refuse("no recording", string(o))
			return
		}
		t.c.Rec.Muted = o == OrderMute
		t.do(effect{Kind: fxMute, ID: t.c.Rec.ID, Flag: t.c.Rec.Muted})
		t.note(EntryCallRecording, fields{"recording": t.c.Rec.ID, "state": string(o) + "d"})
	}
}
