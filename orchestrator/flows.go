package orchestrator

import (
	"encoding/json"
	"time"
)

// Flows decide what a caller hears and where the call goes next. ivr
// implements it. It is pure: state in, state and actions out; the state is
// stored with the call, so another process can go on where this one stopped.
type Flows interface {
	// Begin chooses the flow for a call that has just arrived and takes its
	// first step. An error of kind NotFound means nothing is defined for it.
	Begin(a Arrival, now time.Time) (FlowStep, error)
	// Next goes on from a stored state. It never fails for odd input: an input
	// that does not fit is ignored (no actions, same state).
	// The secret of the step before is given back with the input.
	Next(state json.RawMessage, in FlowInput, now time.Time) (FlowStep, error)
}

// Arrival is what is known of a call when it arrives.
type Arrival struct {
	Call, PBX, DID string
	Kind           CallKind
	Args           []string // after the kind; for a feature code: operation, endpoint, digits
	Caller         Party
	Language       string
	Answered       bool
	Flow           string // the flow to begin, for a call that is transferred to it; "" lets DID or Kind choose
	// Lead is what is known of the lead of a campaign's call: its fields, id and name.
	Lead map[string]string
}

// FlowStep is the outcome of one input.
type FlowStep struct {
	State json.RawMessage
	// Secret is the part of the state that must not be stored: masked digits. A
	// process that takes the call up does not have it.
	Secret  json.RawMessage
	Actions []Action
	// CallerID is, of the first step, what outside numbers are shown who are called for
	// the caller: that of the number that was dialled. "" leaves it to the queue.
	CallerID string
	Notes    []Note // what to write on the call's timeline: nodes entered, outcomes
}

// Note is one line of a call's timeline from its flow. Masked digits never appear in it.
type Note struct {
	Flow    string            `json:"flow"`
	Node    string            `json:"node"`
	Outcome string            `json:"outcome,omitempty"`
	Detail  map[string]string `json:"detail,omitempty"`
}

// ActionKind is something a flow may ask for.
type ActionKind string

// Actions. Results return as FlowInput of the kind named.
const (
	ActAnswer   ActionKind = "answer"    // -> FlowAnswered
	ActPlay     ActionKind = "play"      // Media, Language -> FlowPlayed with the same Ref
	ActStopPlay ActionKind = "stop_play" // ends the playback of Ref; no FlowPlayed follows for it
	ActTimer    ActionKind = "timer"     // After -> FlowTimer with the same Ref; one timer: a new one replaces it, After 0 clears it
	ActQueue    ActionKind = "queue"     // Queue, Priority, Sought, MaxWait -> FlowQueued
	ActLeave    ActionKind = "leave"     // leave the queue; no FlowQueued follows
	ActRecord   ActionKind = "record"    // Record -> FlowRecorded
	ActStopRec  ActionKind = "stop_rec"  // ends the voicemail recording -> FlowRecorded
	ActTransfer ActionKind = "transfer"  // Destination, Timeout -> FlowTransferred
	ActContinue ActionKind = "continue"  // hand the call back to the PBX's dialplan at Place; last action
	ActAgent    ActionKind = "agent"     // Agent -> FlowAgent
	ActCallback ActionKind = "callback"  // Callback, Queue, Destination -> FlowCallback
	ActLookup   ActionKind = "lookup"    // Lookup -> FlowLookedUp with the same Ref; what else happens is served meanwhile
	ActHangup   ActionKind = "hangup"    // Cause; last action
)

// Action is one thing to do, in order.
type Action struct {
	Kind        ActionKind
	Ref         int // pairs play, timer and lookup actions with their inputs; chosen by the flow, growing
	Media       []Media
	Language    string
	After       time.Duration
	Queue       string
	Priority    int
	Sought      Sought
	MaxWait     time.Duration  // of the flow; the queue's own limit also holds
	Record      RecordingOrder // ID, Bridge, Channel are filled in by the engine
	Destination string         // transfer and callback: a number, checked by the gate
	Callback    CallbackOp
	Timeout     time.Duration // transfer: ring time
	Place       DialplanPlace
	Agent       AgentCommand
	Lookup      Lookup
	Cause       Cause
	Outcome     string // hangup: how the call ended, for its record ("completed", "rejected", ...); "" lets the engine say
}

// FlowInputKind is what happened, seen from the flow.
type FlowInputKind string

// Inputs of Next.
const (
	FlowAnswered    FlowInputKind = "answered"
	FlowPlayed      FlowInputKind = "played" // Ref; Failed
	FlowDigit       FlowInputKind = "digit"
	FlowTimer       FlowInputKind = "timer"       // Ref
	FlowQueued      FlowInputKind = "queued"      // Result: served, timeout, exit, error, or one of Refusals; Digit: by which the customer left
	FlowRecorded    FlowInputKind = "recorded"    // Failed; Duration
	FlowTransferred FlowInputKind = "transferred" // Result: served, busy, no_answer, denied, failed
	FlowAgent       FlowInputKind = "agent"       // Answer
	FlowCallback    FlowInputKind = "callback"    // Result: a CallbackResult
	FlowLookedUp    FlowInputKind = "looked_up"   // Ref; Looked
	FlowResumed     FlowInputKind = "resumed"     // the process was replaced or events were lost: say again what the caller should hear now
)

// FlowInput is one input.
type FlowInput struct {
	Kind     FlowInputKind
	Ref      int
	Digit    string
	Result   string
	Failed   bool
	Duration time.Duration
	Answer   AgentAnswer
	Looked   LookupAnswer
	Secret   json.RawMessage // of the step before; nil when another process made it
}
