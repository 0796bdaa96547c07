package orchestrator

import "time"

// inputKind is what a call's mailbox holds.
type inputKind string

const (
	inArrive   inputKind = "arrive"   // the first input of a call: Event, Arrival
	inEvent    inputKind = "event"    // the PBX told something: Event
	inOffer    inputKind = "offer"    // an agent became free for this waiting call: Offer
	inWithdraw inputKind = "withdraw" // the distributor took an offer back: Offer, Why
	inTimer    inputKind = "timer"    // Timer is due
	inPlaced   inputKind = "placed"   // result of fxEnqueue or fxFail: Placement
	inPosition inputKind = "position" // result of fxPosition: Position
	inSettled  inputKind = "settled"  // the distributor knows how Offer.ID ended
	inLeft     inputKind = "left"     // the distributor knows that the call left its queue
	inPickedUp inputKind = "pickup"   // result of fxPickup: OK means both are in the bridge; Failed with Err otherwise
	inAnswered inputKind = "answered" // the caller's channel was answered
	inAgent    inputKind = "agent"    // result of fxAgent: Answer
	inUnbridge inputKind = "unbridge" // the bridge is gone
	inRefused  inputKind = "refused"  // a command failed: Effect, Err
	inResync   inputKind = "resync"   // the connection is new: Truth
	inResumed  inputKind = "resumed"  // a playback of a call that was taken over is not there (any more): ID
	inOrder    inputKind = "order"    // somebody with the right asks: Order
)

// input is one thing for Decide.
type input struct {
	Kind      inputKind
	ID        string
	Event     Event
	Arrival   Arrival
	Offer     Offer
	Why       OfferFailure
	Timer     Timer
	Placement Placement
	Position  int
	OK        bool
	Answer    AgentAnswer
	Effect    effect
	Err       error
	Truth     callTruth
	Order     Order
}

// callTruth is what a Snapshot says about one call.
type callTruth struct {
	At       time.Time
	Caller   *ChannelTruth           // nil: gone
	Legs     map[string]ChannelTruth // channels of our making that carry the call's id
	InBridge []string                // channels in the call's bridge
	Bridge   bool                    // the bridge exists
	Adopted  bool                    // this process has not seen the call before
	Restarts bool                    // the PBX itself was restarted since
}

// Order is what a person may ask of a live call.
type Order string

// Orders.
const (
	OrderHangup Order = "hangup"
	OrderMute   Order = "mute"   // silence in the recording
	OrderUnmute Order = "unmute" // the end of it
)
