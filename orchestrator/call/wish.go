package call

import (
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Wish is what a person wants of a conversation. It is answered at once: by nil
// when it is under way, or by an error that says why not; then nothing has changed.
type Wish struct {
	Do WishKind            `json:"do"`
	To orchestrator.Target `json:"to,omitzero"` // of WishTransfer
	By string              `json:"by"`          // who wants it, for the record: "agent:101", "api:<token name>"
}

// WishKind is what is wanted.
type WishKind string

// Wishes.
const (
	WishHold     WishKind = "hold"     // the customer hears music and the agent nothing
	WishResume   WishKind = "resume"   // the end of it
	WishTransfer WishKind = "transfer" // the customer goes to To, and the agent is free
)

const op = "call"

// wish carries out what a person wants.
func (x *change) wish(w Wish) error {
	if x.c.State != StateTalking || x.c.Far() == nil {
		return fault.New(op, fault.Conflict, "the call is in state %q, in no conversation", x.c.State)
	}
	switch w.Do {
	case WishHold:
		return x.holdTalk(w.By)
	case WishResume:
		return x.resumeTalk(w.By)
	case WishTransfer:
		return x.moveTo(w.To, w.By, "")
	}
	return fault.New(op, fault.Invalid, "do: %q is none of hold, resume and transfer", w.Do)
}
