package call

import (
	"fmt"

	"github.com/operadora/operadora/orchestrator"
)

// Table is a state machine: what is not in it is refused.
type Table[S, T ~string] map[S]map[T]S

// Next returns the state that a trigger leads to, ErrNoTransition where it is refused.
func (m Table[S, T]) Next(s S, t T) (S, error) {
	if to, ok := m[s][t]; ok {
		return to, nil
	}
	return s, fmt.Errorf("%w: %s in state %q", orchestrator.ErrNoTransition, string(t), string(s))
}

// State is where a call stands. The strings are stored: never rename one.
type State string

// States of a call.
const (
	StateArriving     State = "arriving"     // seen, no flow step taken yet
	StateInFlow       State = "flow"         // in a flow
	StateWaiting      State = "waiting"      // in a queue, no agent in sight
	StateOffered      State = "offered"      // in a queue, an agent's phone is being rung
	StateTransferring State = "transferring" // an outside number is being rung
	StateReserving    State = "reserving"    // an agent wants to call somebody and is being held for it
	StateSummoning    State = "summoning"    // that agent's own phone is being rung, or answered
	StatePreviewing   State = "previewing"   // the agent listens, and decides whether the lead of a campaign is called
	StateDialing      State = "dialing"      // the agent listens, the customer's phone is being rung
	StateReaching     State = "reaching"     // the phone of a campaign's lead is being rung, and nobody listens
	StateFailing      State = "failing"      // the customer was not reached, and the agent hears so
	StatePausing      State = "pausing"      // a callback is in no queue: its turn is asked for, or its next attempt is due later
	StateConnecting   State = "connecting"   // the other leg answered, both are being put in a room
	StateTalking      State = "talking"      // joined with the other leg
	StateClearing     State = "clearing"     // over; what it made on the PBX is being removed
	StateEnded        State = "ended"        // nothing is left; on record
)

// Trigger is what moves a call.
type Trigger string

// Triggers of a call.
const (
	OnFlow     Trigger = "flow"     // a flow took the call
	OnQueued   Trigger = "queued"   // a queue admitted it
	OnOffered  Trigger = "offered"  // matched with an agent
	OnMissed   Trigger = "missed"   // the offer came to nothing, or the conversation was none
	OnUnqueued Trigger = "unqueued" // out of the queue: timeout, exit key, refused a place
	OnTransfer Trigger = "transfer" // the flow rings an outside number
	OnPromise  Trigger = "promise"  // a customer is to be called back
	OnAttempt  Trigger = "attempt"  // a lead is to be reached
	OnListen   Trigger = "listen"   // the agent of a callback is there, and is to be held
	OnSetBack  Trigger = "set_back" // an attempt of a callback came to nothing
	OnDial     Trigger = "dial"     // an agent wants to call somebody
	OnPreview  Trigger = "preview"  // the agent is to decide whether a lead is called
	OnPickup   Trigger = "pickup"   // the other leg answered, or the agent wants the lead to be called
	OnAnswer   Trigger = "answer"   // the customer whom an agent calls answered
	OnFailed   Trigger = "failed"   // that customer was not reached
	OnJoined   Trigger = "joined"   // both are in the room
	OnParted   Trigger = "parted"   // the other leg left the conversation
	// OnHandedOver: somebody else of the conversation took the other leg's place.
	OnHandedOver Trigger = "handed"
	OnOver       Trigger = "over"    // the customer is gone, or the flow ended the call
	OnCleared    Trigger = "cleared" // nothing is left
)

var callTable = Table[State, Trigger]{
	StateArriving: {OnFlow: StateInFlow, OnDial: StateReserving, OnPromise: StatePausing, OnAttempt: StateReaching, OnOver: StateClearing},
	StateReaching: {OnFlow: StateInFlow, OnOver: StateClearing},
	StateInFlow:   {OnQueued: StateWaiting, OnTransfer: StateTransferring, OnOver: StateClearing},
	StateWaiting:  {OnOffered: StateOffered, OnUnqueued: StateInFlow, OnSetBack: StatePausing, OnOver: StateClearing},
	StateOffered: {OnMissed: StateWaiting, OnUnqueued: StateInFlow, OnPickup: StateConnecting,
		OnListen: StateSummoning, OnSetBack: StatePausing, OnOver: StateClearing},
	StateTransferring: {OnPickup: StateConnecting, OnParted: StateInFlow, OnOver: StateClearing},
	StateReserving:    {OnOffered: StateSummoning, OnOver: StateClearing},
	StateSummoning:    {OnPickup: StateDialing, OnPreview: StatePreviewing, OnMissed: StateWaiting, OnSetBack: StatePausing, OnOver: StateClearing},
	StatePreviewing:   {OnPickup: StateDialing, OnOver: StateClearing},
	StateDialing: {OnAnswer: StateConnecting, OnOffered: StateOffered, OnFailed: StateFailing, OnSetBack: StatePausing,
		OnOver: StateClearing},
	StateFailing: {OnSetBack: StatePausing, OnOver: StateClearing},
	StatePausing: {OnQueued: StateWaiting, OnSetBack: StatePausing, OnOver: StateClearing},
	StateConnecting: {OnJoined: StateTalking, OnMissed: StateWaiting, OnParted: StateInFlow,
		OnOver: StateClearing},
	StateTalking:  {OnParted: StateInFlow, OnMissed: StateWaiting, OnHandedOver: StateTalking, OnOver: StateClearing},
	StateClearing: {OnCleared: StateEnded},
	StateEnded:    {},
}

// Next is the only way to a new call state.
func (s State) Next(t Trigger) (State, error) { return callTable.Next(s, t) }
