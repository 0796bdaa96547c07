package call

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// InputKind is what happened to a call, or to the session of a permanent line.
type InputKind string

// Kinds of inputs, with the fields of Input that they use.
const (
	InArrive   InputKind = "arrive"   // the first of every call that comes in: Arrival
	InDial     InputKind = "dial"     // the first of every call that an agent makes: Order
	InPromise  InputKind = "promise"  // the first of every callback: Promised
	InAttempt  InputKind = "attempt"  // the first of every attempt to reach a lead
	InEvent    InputKind = "event"    // the PBX told something: Event
	InOffer    InputKind = "offer"    // an agent became free for this call: Offer
	InWithdraw InputKind = "withdraw" // the distributor took an offer back: Offer, Why
	InDeserted InputKind = "deserted" // nobody is logged in to Queue any more, which lets callers go then
	InRules    InputKind = "rules"    // the definitions have changed: queues may have other rules
	InTimer    InputKind = "timer"    // Timer is due
	InDone     InputKind = "done"     // command N was carried out: Result
	InRefused  InputKind = "refused"  // command N was refused: Err
	InAway     InputKind = "away"     // the PBX does not answer
	InCompare  InputKind = "compare"  // what the PBX has now: Truth
	InLate     InputKind = "late"     // time was lost that counts as waited: Lost
	InLost     InputKind = "lost"     // the store lost what it was told last
	InWish     InputKind = "wish"     // a person wants something of the call: Wish
	InLine     InputKind = "line"     // a permanent line is told something: Line
	InClock    InputKind = "clock"    // the clock was set: Set
	InPanic    InputKind = "panic"    // deciding on this call failed: Err
)

// Input is one thing for Decide.
type Input struct {
	Kind InputKind
	// At is when it happened as far as we know, which may be long before it is
	// decided on (the store was away). The zero value is the time of the decision.
	At       time.Time
	Event    orchestrator.Event
	Arrival  orchestrator.Arrival
	Order    Order
	Promised CallbackOrder
	Offer    orchestrator.Offer
	Why      orchestrator.OfferFailure
	Queue    string
	Timer    Timer
	N        int
	PBX      bool // of InDone and InRefused: it was the PBX that answered
	Result   Result
	Err      error
	Truth    Truth
	Lost     time.Duration
	Set      time.Duration // forward; back when it is negative
	Wish     Wish
	Line     LineNews
	// Answer is told what Decide answers to a wish, or to what a line is told, once
	// that is stored. Decide does not look at it.
	Answer func(error)
}

// Result is what came of a command, for those that bring more than their being done.
type Result struct {
	Placement orchestrator.Placement    // Enqueue, FailOffer
	Dialled   orchestrator.Dialled      // HoldAgent
	Position  int                       // AskPlace
	Expected  time.Duration             // AskPlace: how long it has to wait yet
	Answer    orchestrator.AgentAnswer  // AgentDo
	Callback  CallbackAnswer            // AskCallback
	Looked    orchestrator.LookupAnswer // LookUp
	Running   bool                      // CheckPlay, CheckRecord: it goes on
	Kept      bool                      // CheckRecord: it is over and there is a recording
}

// Truth is what the PBX has of one call.
type Truth struct {
	At       time.Time                            // our clock; what began after it is not in it
	Channels map[string]orchestrator.ChannelTruth // the call's own, by id
	Bridges  map[string][]string                  // the call's own, with the channels in them
	Ended    map[string]orchestrator.ChannelEnd   // the call's own that ended, perhaps unseen; our clock
	Adopted  bool                                 // this process has not seen the call before
	Restarts bool                                 // the PBX itself was restarted since
	Lent     string                               // of a permanent line: the call that has it
	Listens  bool                                 // of a permanent line that a call has: its agent listens to another there
	Since    time.Time                            // when the PBX itself was started, our clock; zero when it does not tell
}
