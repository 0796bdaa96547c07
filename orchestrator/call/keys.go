package call

import (
	"slices"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/keys"
)

// typed handles a key that the agent pressed while talking.
func (x *change) typed(key string) {
	far := x.c.Far()
	if !far.Keyed || x.c.State != StateTalking || far.State != LegJoined {
		x.refuse("leg "+string(far.State), "digit")
		return
	}
	x.keys(far, x.Keys[x.c.PBX].Press(far.Typed, key))
}

// typedNoMore handles that what an agent began to type was not gone on with.
func (x *change) typedNoMore() {
	if far := x.c.Far(); far != nil && far.Typed != "" {
		x.keys(far, x.Keys[x.c.PBX].Pause(far.Typed))
	}
}

// forgetTyped drops what an agent has begun to type: keys after it may have been
// missed, and a number with a gap in it is another's.
func (x *change) forgetTyped() {
	if far := x.c.Far(); far != nil && far.Typed != "" {
		x.keys(far, keys.Result{Wrong: true})
	}
}

// keys carries out what an agent's keys lead to.
func (x *change) keys(l *Leg, r keys.Result) {
	x.dirty = x.dirty || l.Typed != r.Held
	l.Typed = r.Held
	x.disarm(TimerKeys)
	if r.Wait > 0 {
		x.arm(TimerKeys, r.Wait)
	}
	if r.Pass != "" {
		x.pass(l, r.Pass)
	}
	switch {
	case r.Wrong:
		x.beep(l.Channel, orchestrator.ToneNo)
	case r.Does != "":
		x.code(l, r.Does, r.Number)
	}
}

// pass lets keys that are no code reach the others in the room.
func (x *change) pass(from *Leg, k string) {
	for i := range x.c.Legs {
		if l := &x.c.Legs[i]; l != from && l.State == LegJoined && l.Room == from.Room {
			x.do(SendKeys{Channel: l.Channel, Keys: k})
		}
	}
}

// code carries out a feature code. Whoever is still there hears whether it is done.
func (x *change) code(l *Leg, does keys.Action, number string) {
	channel, agent := l.Channel, l.Person()
	w := Wish{Agent: agent, By: "agent:" + agent}
	switch does {
	case keys.Hold:
		w.Do = WishHold
		if x.c.Customer().Held || x.c.Errand != nil {
			w.Do = WishResume
		}
	case keys.Mute:
		w.Do = WishMute
		if rec := x.c.Rec(); rec != nil && rec.Muted && (x.c.Errand == nil || !x.c.Errand.Muted) {
			w.Do = WishUnmute
		}
	case keys.Transfer:
		w.Do = WishTransfer
		w.To, _ = x.meant(l, number)
	case keys.Consult:
		w.Do = WishConsult
		w.To, _ = x.meant(l, number)
	case keys.Complete:
		w.Do = WishComplete
	case keys.Cancel:
		w.Do = WishCancel
	case keys.Swap:
		w.Do = WishSwap
	case keys.Meet:
		w.Do = WishMeet
	case keys.Send:
		w.Do, w.Return = WishTransfer, true
		w.To = orchestrator.Target{Kind: orchestrator.TargetFlow, Name: x.Keys[x.c.PBX].Flows[number]}
	case keys.HangUp:
		w.Do = WishHangup
	case keys.Machine:
		w.Do = WishMachine
	case keys.Dispose:
		x.do(AgentDo{Beep: channel, Command: orchestrator.AgentCommand{Op: orchestrator.AgentDispose, Agent: agent,
			PBX: x.c.PBX, Disposition: number, Trusted: true, By: "phone"}})
		return
	}
	if err := x.wish(w); err != nil {
		x.beep(channel, orchestrator.ToneNo)
		return
	}
	if m := x.c.Move; m != nil && does == keys.Transfer {
		m.Beep = channel // a queue's answer follows
		return
	}
	x.beep(channel, orchestrator.ToneYes)
}

// meant is whom the agent of a leg means who dials a number, and whether that is one of ours.
func (x *change) meant(by *Leg, number string) (to orchestrator.Target, ours bool) {
	if x.People != nil {
		if to, ours = x.People.Dialled(by.phonePBX(), number); ours {
			return to, true
		}
	}
	return orchestrator.Target{Kind: orchestrator.TargetNumber, Name: number}, false
}

// phonePBX is where the phone of a leg is registered.
func (l *Leg) phonePBX() string {
	if l.Offer != nil && l.Offer.PhonePBX != "" {
		return l.Offer.PhonePBX
	}
	return l.PBX
}

// beep lets a leg hear a tone, as long as it is in the conversation.
func (x *change) beep(channel string, tone orchestrator.Tone) {
	if slices.ContainsFunc(x.c.Legs, func(l Leg) bool { return l.Channel == channel && l.State == LegJoined }) {
		x.do(Beep{Channel: channel, Tone: tone})
	}
}

// toneOf is the tone for what came of what an agent asked for.
func toneOf(r orchestrator.AgentResult) orchestrator.Tone {
	if r == orchestrator.AgentOK || r == orchestrator.AgentLater {
		return orchestrator.ToneYes
	}
	return orchestrator.ToneNo
}
