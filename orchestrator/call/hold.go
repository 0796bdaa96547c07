package call

import (
	"slices"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// holdTalk takes the customer out of the conversation and lets music be heard.
func (x *change) holdTalk(by string) error {
	customer := x.c.Customer()
	if customer.Held {
		return fault.New(op, fault.Conflict, "the customer is on hold already")
	}
	customer.Held = true
	x.leg(customer, LegOnPart)
	x.park()
	x.note(orchestrator.EntryCallHeld, fields{"by": by})
	return nil
}

// park orders what a customer on hold needs. It may be repeated.
func (x *change) park() {
	customer := x.c.Customer()
	x.giveUp(is[Rejoin])
	x.do(Part{Bridge: bridge(x.c.Call, x.c.Far().Room), Channel: customer.Channel})
	x.do(Hold{Channel: customer.Channel, Class: x.music()})
}

// music is the class of hold music of the present visit's queue.
func (x *change) music() string {
	if x.c.Visit == nil {
		return ""
	}
	return x.c.Visit.Plan.MusicClass
}

// resumeTalk brings the customer back into the conversation.
func (x *change) resumeTalk(by string) error {
	customer := x.c.Customer()
	if !customer.Held {
		return fault.New(op, fault.Conflict, "the customer is not on hold")
	}
	customer.Held = false
	x.giveUp(func(c Command) bool {
		_, holds := c.(Hold)
		_, parts := c.(Part)
		return holds || parts
	})
	x.unpark()
	x.note(orchestrator.EntryCallResumed, fields{"by": by})
	return nil
}

// unpark orders that customer and far leg are together. It may be repeated.
func (x *change) unpark() {
	customer, far := x.c.Customer(), x.c.Far()
	x.do(Unhold{Channel: customer.Channel})
	x.do(Rejoin{Bridge: bridge(x.c.Call, far.Room), Customer: customer.Channel, Far: far.Channel, Keyed: far.Keyed})
	x.hold() // when the agent's phone holds the call, too
}

// rejoined handles that customer and far leg are together again.
func (x *change) rejoined(cmd Rejoin) {
	customer := x.c.Customer()
	if far := x.c.Far(); x.c.State == StateTalking && !customer.Held && customer.State == LegUp && far != nil && far.Channel == cmd.Far {
		x.leg(customer, LegOnJoin)
	}
}

// ownHold handles the hold key of a phone: whoever is left hears music. A PBX
// may play some by itself, but not in every kind of bridge.
func (x *change) ownHold(e orchestrator.Event, held bool) {
	far := x.c.Far()
	if far == nil || far.Channel != e.Channel || x.c.State != StateTalking || far.Held == held {
		x.refuse(string(x.c.State), string(e.Kind))
		return
	}
	far.Held = held
	typ := orchestrator.EntryCallResumed
	if held {
		typ = orchestrator.EntryCallHeld
	}
	by := "phone" // of an outside number
	if far.Role == RoleAgent {
		by = "agent:" + far.agent()
	}
	x.note(typ, fields{"by": by, "phone": true})
	switch customer := x.c.Customer(); {
	case customer.Held: // hears music already
	case held:
		x.do(Hold{Channel: customer.Channel, Class: x.music()})
	default:
		x.giveUp(is[Hold])
		x.do(Unhold{Channel: customer.Channel})
	}
}

// partCustomer takes note that the customer's conversation is over. Music that
// is heard goes on, until something else is ordered.
func (x *change) partCustomer() {
	customer := x.c.Customer()
	if customer.State == LegJoined {
		x.leg(customer, LegOnPart)
	}
	customer.Room, customer.Held = 0, false
}

// Place is where the sides of a conversation must be on the PBX: together in the
// room or, on hold, the customer outside of it.
type Place struct {
	Room          string // "" when nobody need be anywhere
	Customer, Far string // channels
	Held          bool
}

// Place is where the sides must be. It is nowhere while a command is on its way
// that may move them.
func (c *Call) Place() Place {
	far := c.Far()
	if c.State != StateTalking || far == nil || far.State != LegJoined || len(c.Todo) > 0 {
		return Place{}
	}
	return Place{Room: bridge(c.Call, far.Room), Customer: c.Customer().Channel, Far: far.Channel, Held: c.Customer().Held}
}

// Wrong tells whether the sides are elsewhere. A command of a former owner that
// came late may have moved them, and no event tells.
func (p Place) Wrong(bridges map[string][]string) bool {
	in := bridges[p.Room]
	return p.Room != "" && (!slices.Contains(in, p.Far) || slices.Contains(in, p.Customer) == p.Held)
}
