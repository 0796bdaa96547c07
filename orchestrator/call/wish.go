package call

import (
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Wish is what a person wants of a live call. It is answered at once: by nil
// when it is under way, or by an error that says why not; then nothing has changed.
type Wish struct {
	Do WishKind            `json:"do"`
	To orchestrator.Target `json:"to,omitzero"` // of WishTransfer, of WishConsult and, a queue, of WishMove
	By string              `json:"by"`          // who wants it, for the record: "agent:101", "api:<token name>"
	// Agent is whose conversation it is meant for, of an asker with a right to no
	// other: by the time it is decided on the customer may talk with somebody else.
	// Empty is whoever is in the call.
	Agent     string `json:"agent,omitempty"`
	Recording string `json:"recording,omitempty"` // of WishMute and WishUnmute: which one is meant

	Return bool   `json:"return,omitempty"` // of WishTransfer: the customer comes back from the flow
	Front  bool   `json:"front,omitempty"`  // of WishMove: before all others
	Reason string `json:"reason,omitempty"` // of WishMove and WishHangup, for the record; of WishSkip, a disposition

	Whom string `json:"whom,omitempty"` // of WishMute and WishUnmute: the side that is meant, instead of the recording
	With Side   `json:"with,omitempty"` // of WishSwap: with whom the agent is to talk; "" is the other of the two

	Supervisor string                   `json:"supervisor,omitempty"` // of WishSupervise and WishLeave: an agent's id
	Mode       orchestrator.MonitorMode `json:"mode,omitempty"`       // of WishSupervise
}

// Asks tells whether a wish may be one that a queue has the last word on.
func (w Wish) Asks() bool { return w.Do == WishTransfer || w.Do == WishConsult }

// WishKind is what is wanted.
type WishKind string

// Wishes.
const (
	WishHold     WishKind = "hold"       // the customer hears music and the agent nothing
	WishResume   WishKind = "resume"     // the end of it
	WishTransfer WishKind = "transfer"   // the customer goes to To, and the agent is free
	WishConsult  WishKind = "consult"    // the agent asks To, and the customer hears music
	WishComplete WishKind = "complete"   // the agent goes, and the customer stays with whom the agent asks
	WishCancel   WishKind = "cancel"     // whom the agent asks is hung up, and the customer comes back
	WishSwap     WishKind = "swap"       // the agent talks with the other of the two, and who was there hears music
	WishMeet     WishKind = "conference" // all three talk
	WishMove     WishKind = "move"       // a customer who waits goes to another queue, or to the front of the same
	WishHangup   WishKind = "hangup"     // the end of the call
	WishRevoke   WishKind = "revoke"     // the end of a callback whose customer is yet to be reached
	WishGiveUp   WishKind = "give_up"    // the end of an attempt to reach a lead whose phone rings
	WishDial     WishKind = "dial"       // the lead whom the agent previews is called
	WishSkip     WishKind = "skip"       // that lead is not, for Reason
	WishMachine  WishKind = "machine"    // the agent talks with an answering machine: they are free, and it hears the message or is hung up
	WishMute     WishKind = "mute"       // silence in the recording or, with Whom, of a side, whom nobody hears then
	WishUnmute   WishKind = "unmute"     // the end of it
)

// Side is one of the two between whom an agent swaps.
type Side string

// Sides of a consultation.
const (
	SideCustomer Side = "customer"
	SideOther    Side = "other" // whom the agent asks
)

const op = "call"

// wish carries out what a person wants.
func (x *change) wish(w Wish) error {
	if w.Do == WishDial || w.Do == WishSkip {
		return x.preview(w)
	}
	if w.Agent != "" && (x.c.State != StateTalking || x.c.Far().Person() != w.Agent) {
		return fault.New(op, fault.Conflict, "agent %q does not talk in this call any more", w.Agent)
	}
	switch w.Do {
	case WishMove:
		return x.moveWaiting(w)
	case WishHangup:
		return x.hangUp(w)
	case WishRevoke:
		return x.endPromise(w)
	case WishGiveUp:
		return x.giveUpAttempt(w)
	case WishMachine:
		return x.markMachine(w)
	case WishMute, WishUnmute:
		if w.Whom == "" {
			return x.mute(w)
		}
		return x.inTalk(w)
	case WishLeave:
		return x.leaveSupervisor(w)
	case WishHold, WishResume, WishTransfer, WishSupervise, WishConsult, WishComplete, WishCancel, WishSwap, WishMeet:
		return x.inTalk(w)
	default:
		return fault.New(op, fault.Invalid, "do: %q is none of dial, skip, hangup, revoke, give_up, machine, hold, resume, transfer, consult, complete, cancel, swap, conference, move, mute, unmute, supervise and leave", w.Do)
	}
}

// inTalk carries out what can be wanted of a conversation only.
func (x *change) inTalk(w Wish) error {
	if x.c.State != StateTalking || x.c.Far() == nil {
		return fault.New(op, fault.Conflict, "the call is in state %q, in no conversation", x.c.State)
	}
	switch w.Do {
	case WishMute, WishUnmute:
		return x.muteSide(w)
	case WishHold:
		return x.holdTalk(w.By)
	case WishResume:
		return x.resumeTalk(w.By)
	case WishSupervise:
		return x.supervise(w)
	case WishConsult:
		return x.consult(w.To, w.By)
	case WishComplete, WishCancel, WishSwap, WishMeet:
		return x.withConsult(w)
	default:
		if w.Return {
			return x.sendOff(w.To, w.By)
		}
		return x.moveTo(w.To, w.By, "")
	}
}

// hangUp ends the call. One that is ending already does what is wanted.
func (x *change) hangUp(w Wish) error {
	if x.c.State == StateEnded {
		return fault.New(op, fault.Conflict, "the call has ended")
	}
	if x.c.State != StateClearing {
		x.note(orchestrator.EntryCallHungUp, fields{"by": w.By, "reason": w.Reason})
	}
	by := "operadora"
	if w.Agent != "" {
		by = "agent"
	}
	outcome := x.outcome(by)
	if outcome == orchestrator.OutcomeFailed {
		outcome = orchestrator.OutcomeTerminated
	}
	x.over(outcome, by, orchestrator.CauseNormal)
	return nil
}

// mute puts silence into the running recording, or ends it.
func (x *change) mute(w Wish) error {
	rec := x.c.Rec()
	if rec == nil || rec.State != RecRunning || w.Recording != "" && rec.ID != w.Recording {
		return fault.New(op, fault.Conflict, "recording %q is not running", w.Recording)
	}
	if x.c.Errand != nil {
		if w.Do == WishUnmute {
			return fault.New(op, fault.Conflict, "the customer is in a flow: recording %q is silent until they come back", rec.ID)
		}
		x.c.Errand.Muted = false // and it stays so afterwards
	}
	x.setMuted(rec, w.Do == WishMute, w.By)
	return nil
}

// setMuted orders silence in a recording, or its end.
func (x *change) setMuted(rec *Recording, muted bool, by string) {
	rec.Muted = muted
	x.do(Mute{ID: rec.ID, Muted: muted})
	news := orchestrator.RecordingUnmuted
	if muted {
		news = orchestrator.RecordingMuted
	}
	x.note(orchestrator.EntryCallRecording, fields{"recording": rec.ID, "state": news, "by": by})
}
