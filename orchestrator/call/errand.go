package call

import (
	"encoding/json"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Errand is a flow to which an agent sends the customer, who comes back from it:
// to pay by keys, say. The agent waits with music and hears nothing of it, and
// the recording of their conversation is silent. When the agent hangs up the flow
// goes on, and the customer does not come back.
type Errand struct {
	Flow   string                     `json:"flow"` // its name
	By     string                     `json:"by"`
	Before json.RawMessage            `json:"before,omitempty"` // the state of the flow that the call came from, nil for none
	Awaits orchestrator.FlowInputKind `json:"awaits,omitempty"` // what that one waits for
	Secret json.RawMessage            `json:"-"`                // what of it is not stored
	Node   string                     `json:"node,omitempty"`   // where in it the call was
	Muted  bool                       `json:"muted,omitempty"`  // the recording was muted for this, and not before
}

var errErrand = fault.New(op, fault.Conflict, "the customer is in a flow and comes back from it: resume ends that")

// sendOff lets the customer go through a flow and come back.
func (x *change) sendOff(to orchestrator.Target, by string) error {
	switch {
	case to.Kind != orchestrator.TargetFlow:
		return fault.New(op, fault.Invalid, "to.kind: %q is no flow, and nobody comes back from it", to.Kind)
	case to.Name == "":
		return fault.New(op, fault.NotFound, "no flow has that number")
	case x.c.Errand != nil:
		return errErrand
	case x.c.Move != nil:
		return errMoving
	case x.c.Consult != nil || len(x.c.Guests()) > len(x.c.Supervisors()):
		return fault.New(op, fault.Conflict, "others are in the call")
	}
	step, err := x.beginFlow(to.Name)
	if err != nil {
		return err
	}
	customer := x.c.Customer()
	x.c.Errand = &Errand{Flow: to.Name, By: by, Before: x.c.Flow, Awaits: x.c.Awaits, Secret: x.c.Secret}
	if n := len(x.c.Path); n > 0 {
		x.c.Errand.Node = x.c.Path[n-1]
	}
	x.noteTransfer(to, "sent", by, nil)
	x.c.Handed = x.handed()
	x.muteErrand()
	x.heardAgain(customer)
	if customer.Held { // hears music, outside of the room
		customer.Held = false
		x.giveUp(aside(customer.Channel))
		x.do(Unhold{Channel: customer.Channel})
	} else {
		x.leg(customer, LegOnPart)
	}
	x.onErrand()
	x.apply(step, 0)
	return nil
}

// beginFlow takes the first step of a flow that a person sends the customer to.
func (x *change) beginFlow(name string) (orchestrator.FlowStep, error) {
	a := orchestrator.Arrival{Call: x.c.Call, PBX: x.c.PBX, DID: x.c.DID, Kind: x.c.Kind, Flow: name,
		Caller: x.c.Caller, Language: x.c.Language, Answered: true}
	if o := x.c.Attempt; o != nil {
		a.Lead = o.About
	}
	return x.Flows.Begin(a, x.now)
}

// onErrand orders that the customer is out of the room, and that the agent hears
// music. It may be repeated.
func (x *change) onErrand() {
	x.takeOut()
	x.do(Hold{Channel: x.c.Far().Channel, Class: x.music()})
}

// muteErrand puts silence into the recording for as long as the errand lasts.
func (x *change) muteErrand() {
	if rec := x.c.Rec(); rec != nil && rec.State == RecRunning && !rec.Muted {
		x.c.Errand.Muted = true
		x.setMuted(rec, true, "operadora")
	}
}

// comeFrom brings the customer back to the agent, with whatever came of the flow.
func (x *change) comeFrom(result, by string) {
	e := x.c.Errand
	x.c.Handed = nil
	x.leaveErrand()
	x.c.Flow, x.c.Awaits, x.c.Secret = e.Before, e.Awaits, e.Secret
	x.passes(e.Node)
	x.returned = true
	x.stopRecording(x.c.Mail)
	x.giveUp(aside(x.c.Far().Channel))
	x.do(Unhold{Channel: x.c.Far().Channel})
	x.unpark()
	if rec := x.c.Rec(); e.Muted && rec != nil && rec.Muted {
		x.setMuted(rec, false, "operadora")
	}
	x.recordOn(e.Muted)
	x.noteTransfer(orchestrator.Target{Kind: orchestrator.TargetFlow, Name: e.Flow}, result, by, nil)
}

// enqueueErrand asks for a place in the queue into which the flow of an errand
// leads. The agent stays with the customer until the queue has answered: one that
// does not take them is a result for the flow, from which they come back.
func (x *change) enqueueErrand(a orchestrator.Action) {
	x.leaveMove("moved")
	x.c.Awaits = orchestrator.FlowQueued
	x.c.Move = &Move{To: orchestrator.Target{Kind: orchestrator.TargetQueue, Name: a.Queue}, By: "flow", Flow: true, Visit: x.flowVisit(a)}
	x.do(Enqueue{Waiting: x.waiting(&x.c.Move.Visit)})
}

// leaveMove gives up the place that the flow of an errand has asked for.
func (x *change) leaveMove(why string) {
	if m := x.c.Move; m != nil && m.Flow {
		x.do(Leave{Visit: m.Visit.N, Why: why})
		x.c.Move = nil
	}
}

// leaveErrand ends what the customer hears and is waited for on an errand.
func (x *change) leaveErrand() {
	x.c.Errand = nil
	x.leaveMove("returned")
	x.stopPlaying()
	x.giveUp(is[LookUp])
	x.disarm(TimerFlow)
	x.dirty = true
}

// goFrom lets a customer go on from an errand who will not come back: the flow
// sends them elsewhere. The agent is free.
func (x *change) goFrom() {
	x.c.Errand = nil
	x.leaveFar("transfer")
	x.c.Home = nil
}

// compareErrand brings customer and agent to where they should be during an
// errand, and asks after what the customer was to hear.
func (x *change) compareErrand(v Truth, customer, far bool) {
	if !far {
		x.do(Rejoin{Bridge: bridge(x.c.Call, x.c.Far().Room), Far: x.c.Far().Channel, Keyed: x.c.Far().Keyed})
	}
	if customer || v.Adopted {
		x.onErrand()
	}
	x.checkPlaying(v)
}

// errandRefused ends an errand on which the customer would be heard: who could
// not be taken out of the room, or whose recording goes on.
func (x *change) errandRefused(cmd Command) {
	if x.c.Errand == nil || x.c.State != StateTalking {
		return
	}
	part, parts := cmd.(Part)
	mute, mutes := cmd.(Mute)
	if parts && part.Channel == x.c.Customer().Channel || mutes && mute.Muted {
		x.comeFrom("failed", "operadora")
	}
}
