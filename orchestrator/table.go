package orchestrator

import (
	"errors"
	"fmt"
)

// ErrNoTransition means that a trigger is not allowed in a state. It is normal
// for late and repeated events; the state is unchanged.
var ErrNoTransition = errors.New("no such transition")

// table is a state machine: what is not in it is refused.
type table[S, T ~string] map[S]map[T]S

func (m table[S, T]) next(s S, t T) (S, error) {
	if to, ok := m[s][t]; ok {
		return to, nil
	}
	return s, fmt.Errorf("%w: %s in state %q", ErrNoTransition, string(t), string(s))
}

// CallState is where a call stands. The strings are stored: never rename one.
type CallState string

// States of a call.
const (
	StateArriving     CallState = "arriving"     // seen, no flow step taken yet
	StateInFlow       CallState = "flow"         // in a flow
	StateWaiting      CallState = "waiting"      // in a queue, no agent in sight
	StateOffered      CallState = "offered"      // in a queue, an agent's phone is being rung
	StateTransferring CallState = "transferring" // an outside number is being rung
	StateConnecting   CallState = "connecting"   // the other leg answered, the bridge is being made
	StateTalking      CallState = "talking"      // joined with the other leg
	StateClearing     CallState = "clearing"     // over; what it made on the PBX is being removed
	StateEnded        CallState = "ended"        // nothing is left; on record
)

// CallTrigger is what moves a call.
type CallTrigger string

// Triggers of a call.
const (
	OnFlow     CallTrigger = "flow"     // a flow took the call
	OnQueued   CallTrigger = "queued"   // a queue admitted it
	OnOffered  CallTrigger = "offered"  // matched with an agent
	OnMissed   CallTrigger = "missed"   // the offer came to nothing
	OnUnqueued CallTrigger = "unqueued" // out of the queue: timeout, exit key
	OnTransfer CallTrigger = "transfer" // the flow rings an outside number
	OnPickup   CallTrigger = "pickup"   // the other leg answered
	OnJoined   CallTrigger = "joined"   // both are in the bridge
	OnParted   CallTrigger = "parted"   // the other leg left the conversation
	OnOver     CallTrigger = "over"     // the caller is gone, or the flow ended the call
	OnCleared  CallTrigger = "cleared"  // nothing is left
)

var callTable = table[CallState, CallTrigger]{
	StateArriving: {OnFlow: StateInFlow, OnOver: StateClearing},
	StateInFlow:   {OnQueued: StateWaiting, OnTransfer: StateTransferring, OnOver: StateClearing},
	StateWaiting:  {OnOffered: StateOffered, OnUnqueued: StateInFlow, OnOver: StateClearing},
	StateOffered: {OnMissed: StateWaiting, OnUnqueued: StateInFlow, OnPickup: StateConnecting,
		OnOver: StateClearing},
	StateTransferring: {OnPickup: StateConnecting, OnParted: StateInFlow, OnOver: StateClearing},
	StateConnecting: {OnJoined: StateTalking, OnMissed: StateWaiting, OnParted: StateInFlow,
		OnOver: StateClearing},
	StateTalking:  {OnParted: StateInFlow, OnOver: StateClearing},
	StateClearing: {OnCleared: StateEnded},
	StateEnded:    {},
}

// Next is the only way to a new call state.
func (s CallState) Next(t CallTrigger) (CallState, error) { return callTable.next(s, t) }

// LegState is where the leg towards an agent or a transfer target stands.
type LegState string

// States of a leg.
const (
	LegDialing  LegState = "dialing"  // ordered, nothing heard yet
	LegRinging  LegState = "ringing"  // the phone alerts
	LegAnswered LegState = "answered" // picked up, not yet joined
	LegJoined   LegState = "joined"   // in the bridge
	LegHanging  LegState = "hanging"  // told to hang up
	LegEnded    LegState = "ended"    // the channel is gone
)

// LegTrigger is what moves a leg.
type LegTrigger string

// Triggers of a leg.
const (
	LegOnRing   LegTrigger = "ring"
	LegOnAnswer LegTrigger = "answer"
	LegOnJoin   LegTrigger = "join"
	LegOnHang   LegTrigger = "hang" // we end it
	LegOnGone   LegTrigger = "gone" // the PBX says it is over
)

var legTable = table[LegState, LegTrigger]{
	LegDialing:  {LegOnRing: LegRinging, LegOnAnswer: LegAnswered, LegOnHang: LegHanging, LegOnGone: LegEnded},
	LegRinging:  {LegOnRing: LegRinging, LegOnAnswer: LegAnswered, LegOnHang: LegHanging, LegOnGone: LegEnded},
	LegAnswered: {LegOnJoin: LegJoined, LegOnHang: LegHanging, LegOnGone: LegEnded},
	LegJoined:   {LegOnHang: LegHanging, LegOnGone: LegEnded},
	LegHanging:  {LegOnHang: LegHanging, LegOnGone: LegEnded}, // an answer that crosses our hangup changes nothing
	LegEnded:    {},
}

// Next is the only way to a new leg state.
func (s LegState) Next(t LegTrigger) (LegState, error) { return legTable.next(s, t) }

// BridgeState is where a call's bridge stands; "" is no bridge yet.
type BridgeState string

// States of a bridge.
const (
	BridgeNone     BridgeState = ""
	BridgeMade     BridgeState = "made"     // ordered; exists or is about to
	BridgeRemoving BridgeState = "removing" // told to go
	BridgeGone     BridgeState = "gone"     // removed; the call may make another
)

// RecordingState is where a recording stands.
type RecordingState string

// States of a recording.
const (
	RecRunning  RecordingState = "running"  // ordered; running or about to
	RecStopping RecordingState = "stopping" // told to stop
	RecFinished RecordingState = "finished" // kept
	RecFailed   RecordingState = "failed"   // nothing kept
)

// RecordingTrigger is what moves a recording.
type RecordingTrigger string

// Triggers of a recording.
const (
	RecOnStop RecordingTrigger = "stop"
	RecOnDone RecordingTrigger = "done"
	RecOnFail RecordingTrigger = "fail"
)

var recordingTable = table[RecordingState, RecordingTrigger]{
	RecRunning:  {RecOnStop: RecStopping, RecOnDone: RecFinished, RecOnFail: RecFailed},
	RecStopping: {RecOnDone: RecFinished, RecOnFail: RecFailed},
	RecFinished: {},
	RecFailed:   {},
}

// Next is the only way to a new recording state.
func (s RecordingState) Next(t RecordingTrigger) (RecordingState, error) {
	return recordingTable.next(s, t)
}
