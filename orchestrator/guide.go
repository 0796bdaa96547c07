package orchestrator

import (
	"encoding/json"
	"time"
)

// Guide decides what a caller hears and where the call goes next. ivr
// implements it. It is pure: state in, state and actions out; the state is
// stored with the call, so another process can go on where this one stopped.
type Guide interface {
	// Begin chooses the flow for a call that has just arrived and takes its
	// first step. An error of kind NotFound means nothing is defined for it.
	Begin(a Arrival, now time.Time) (GuideStep, error)
	// Next goes on from a stored state. It never fails for odd input: an input
	// that does not fit is ignored (no actions, same state).
	Next(state json.RawMessage, in GuideInput, now time.Time) (GuideStep, error)
}

// Arrival is what is known of a call when it arrives.
type Arrival struct {
	Call, PBX, DID string
	Kind           CallKind
	Args           []string // after the kind; for a feature code: operation, endpoint, digits
	Caller         Party
	Language       string
	Answered       bool
}

// GuideStep is the outcome of one input.
type GuideStep struct {
	State   json.RawMessage
	Actions []Action
	Notes   []Note // what to write on the call's timeline: nodes entered, outcomes
}

// Note is one line of a call's timeline from its flow. Masked digits never appear in it.
type Note struct {
	Flow    string            `json:"flow"`
	Node    string            `json:"node"`
	Outcome string            `json:"outcome,omitempty"`
	Detail  map[string]string `json:"detail,omitempty"`
}

// ActionKind is something a guide may ask for.
type ActionKind string

// Actions. Results return as GuideInput of the kind named.
const (
	ActAnswer   ActionKind = "answer"    // -> GuideAnswered
	ActPlay     ActionKind = "play"      // Media, Language -> GuidePlayed with the same Ref
	ActStopPlay ActionKind = "stop_play" // ends the playback of Ref; no GuidePlayed follows for it
	ActTimer    ActionKind = "timer"     // After -> GuideTimer with the same Ref; one timer: a new one replaces it, After 0 clears it
	ActQueue    ActionKind = "queue"     // Queue, Priority, MaxWait -> GuideQueued
	ActLeave    ActionKind = "leave"     // leave the queue; no GuideQueued follows
	ActRecord   ActionKind = "record"    // Record -> GuideRecorded
	ActStopRec  ActionKind = "stop_rec"  // ends the voicemail recording -> GuideRecorded
	ActTransfer ActionKind = "transfer"  // Destination, Timeout -> GuideTransferred
	ActContinue ActionKind = "continue"  // hand the call back to the PBX's dialplan at Place; last action
	ActAgent    ActionKind = "agent"     // Agent -> GuideAgent
	ActHangup   ActionKind = "hangup"    // Cause; last action
)

// Action is one thing to do, in order.
type Action struct {
	Kind        ActionKind
	Ref         int // pairs play and timer actions with their inputs; chosen by the guide, growing
	Media       []Media
	Language    string
	After       time.Duration
	Queue       string
	Priority    int
	MaxWait     time.Duration  // of the flow; the queue's own limit also holds
	Record      RecordingOrder // ID, Bridge, Channel are filled in by the engine
	Destination string         // transfer: a number, checked by the gate
	Timeout     time.Duration  // transfer: ring time
	Place       DialplanPlace
	Agent       AgentCommand
	Cause       Cause
	Outcome     string // hangup: how the call ended, for its record ("completed", "rejected", ...); "" lets the engine say
}

// GuideInputKind is what happened, seen from the flow.
type GuideInputKind string

// Inputs of Next.
const (
	GuideAnswered    GuideInputKind = "answered"
	GuidePlayed      GuideInputKind = "played" // Ref; Failed
	GuideDigit       GuideInputKind = "digit"
	GuideTimer       GuideInputKind = "timer"       // Ref
	GuideQueued      GuideInputKind = "queued"      // Result: served, timeout, full, no_agents, unknown, error
	GuideRecorded    GuideInputKind = "recorded"    // Failed; Duration
	GuideTransferred GuideInputKind = "transferred" // Result: served, busy, no_answer, denied, failed
	GuideAgent       GuideInputKind = "agent"       // Answer
	GuideResumed     GuideInputKind = "resumed"     // the process was replaced or events were lost: say again what the caller should hear now
)

// GuideInput is one input.
type GuideInput struct {
	Kind     GuideInputKind
	Ref      int
	Digit    string
	Result   string
	Failed   bool
	Duration time.Duration
	Answer   AgentAnswer
}
