package call

import (
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Wish is what a person wants of a conversation. It is answered at once: by nil
// when it is under way, or by an error that says why not; then nothing has changed.
type Wish struct {
	Do WishKind            `json:"do"`
	To orchestrator.Target `json:"to,omitzero"` // of WishTransfer and, a queue, of WishMove
	By string              `json:"by"`          // who wants it, for the record: "agent:101", "api:<token name>"

	Front  bool   `json:"front,omitempty"`  // of WishMove: before all others
	Reason string `json:"reason,omitempty"` // of WishMove, for the record
}

// WishKind is what is wanted.
type WishKind string

// Wishes.
const (
	WishHold     WishKind = "hold"     // the customer hears music and the agent nothing
	WishResume   WishKind = "resume"   // the end of it
	WishTransfer WishKind = "transfer" // the customer goes to To, and the agent is free
	WishMove     WishKind = "move"     // a customer who waits goes to another queue, or to the front of the same
)

const op = "call"

// wish carries out what a person wants.
func (x *change) wish(w Wish) error {
	if w.Do != WishMove && (x.c.State != StateTalking || x.c.Far() == nil) {
		return fault.New(op, fault.Conflict, "the call is in state %q, in no conversation", x.c.State)
	}
	switch w.Do {
	case WishMove:
		return x.moveWaiting(w)
	case WishHold:
		return x.holdTalk(w.By)
	case WishResume:
		return x.resumeTalk(w.By)
	case WishTransfer:
		return x.moveTo(w.To, w.By, "")
	}
	return fault.New(op, fault.Invalid, "do: %q is none of hold, resume, transfer and move", w.Do)
}
