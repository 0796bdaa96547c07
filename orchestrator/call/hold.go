package call

import (
	"slices"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// errConsulting is why the hold key does nothing while somebody is asked.
var errConsulting = fault.New(op, fault.Conflict, "a consultation is under way: complete it, cancel it, or swap")

// holdTalk takes the customer out of the conversation and lets music be heard.
func (x *change) holdTalk(by string) error {
	if x.c.Customer().Held {
		return fault.New(op, fault.Conflict, "the customer is on hold already")
	}
	switch {
	case x.c.Consult != nil:
		return errConsulting
	case x.c.Errand != nil:
		return errErrand
	}
	x.withMusic()
	x.note(orchestrator.EntryCallHeld, fields{"by": by})
	return nil
}

// withMusic lets the customer hear music, outside of the room.
func (x *change) withMusic() {
	if customer := x.c.Customer(); !customer.Held {
		customer.Held = true
		x.leg(customer, LegOnPart)
		x.park()
	}
}

// bringBack lets the customer be in the room again, if they are not.
func (x *change) bringBack() {
	if customer := x.c.Customer(); customer.Held {
		customer.Held = false
		x.giveUp(aside(customer.Channel))
		x.unpark()
		x.recordOn(false)
	}
}

// countHold measures how long the customer hears music in a conversation, whoever
// ordered it: the agent, the phone's hold key, or somebody who is asked meanwhile.
func (x *change) countHold() {
	far := x.c.Far()
	switch {
	case x.c.State == StateTalking && far != nil && (x.c.Customer().Held || far.Held):
		if x.c.HeldFrom == 0 {
			x.c.HeldFrom, x.dirty = x.happened(), true
		}
	case x.c.HeldFrom != 0:
		x.c.HeldMS, x.c.HeldFrom, x.dirty = x.held(), 0, true
	}
}

// held is how long the customer has heard music in the present conversation, in ms.
func (x *change) held() int64 {
	if x.c.HeldFrom == 0 {
		return x.c.HeldMS
	}
	return x.c.HeldMS + max(0, x.happened()-x.c.HeldFrom)
}

// aside matches the commands that take a channel out of the room, to hear music.
func aside(channel string) func(Command) bool {
	return func(c Command) bool {
		hold, holds := c.(Hold)
		part, parts := c.(Part)
		return holds && hold.Channel == channel || parts && part.Channel == channel
	}
}

// park orders what a customer on hold needs. It may be repeated.
func (x *change) park() {
	x.takeOut()
	x.do(Hold{Channel: x.c.Customer().Channel, Class: x.music()})
}

// takeOut orders that the customer is out of the room, and the far leg in it. It
// may be repeated.
func (x *change) takeOut() {
	far := x.c.Far()
	x.giveUp(is[Rejoin])
	if far.State == LegUp { // a guest before, who heard music
		x.do(Rejoin{Bridge: bridge(x.c.Call, far.Room), Far: far.Channel, Keyed: far.Keyed})
	}
	x.do(Part{Bridge: bridge(x.c.Call, far.Room), Channel: x.c.Customer().Channel})
}

// music is the class of hold music of the present visit's queue.
func (x *change) music() string {
	if x.c.Visit == nil {
		return ""
	}
	return x.musicOf(x.c.Visit.Plan)
}

// musicOf is the class of hold music that a queue has for the customer's language.
func (x *change) musicOf(plan orchestrator.QueuePlan) string {
	for _, l := range []string{x.c.Language, orchestrator.BaseLanguage(x.c.Language)} {
		if class, ok := plan.MusicIn[l]; ok {
			return class
		}
	}
	return plan.MusicClass
}

// resumeTalk brings the customer back into the conversation.
func (x *change) resumeTalk(by string) error {
	if x.c.Errand != nil {
		x.comeFrom("taken back", by)
		return nil
	}
	if !x.c.Customer().Held {
		return fault.New(op, fault.Conflict, "the customer is not on hold")
	}
	if x.c.Consult != nil && x.c.Consult.State != ConsultAsked { // or the customer would hear what is not for them
		return errConsulting
	}
	x.bringBack()
	if k := x.c.Consult; k != nil {
		k.Held = false
	}
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
	customer, far := x.c.Customer(), x.c.Far()
	if x.c.State != StateTalking || far.Channel != cmd.Far {
		return
	}
	if far.State == LegUp { // a guest before, who heard music
		x.leg(far, LegOnJoin)
	}
	if cmd.Customer != "" && !customer.Held && customer.State == LegUp {
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
	if who := far.Person(); who != "" {
		by = "agent:" + who
	}
	x.note(typ, fields{"by": by, "phone": true})
	switch customer := x.c.Customer(); {
	case customer.Held, x.c.Errand != nil: // hears music already, or a flow
	case held:
		x.do(Hold{Channel: customer.Channel, Class: x.music()})
	default:
		x.giveUp(aside(customer.Channel))
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
	x.heardAgain(customer)
}

// Place is where the legs of a conversation must be on the PBX: in the room or,
// hearing music, outside of it.
type Place struct {
	Room    string // "" when nobody need be anywhere
	In, Out []string
}

// Place is where the legs must be. It is nowhere while a command is on its way
// that may move them.
func (c *Call) Place() Place {
	far := c.Far()
	if c.State != StateTalking || far == nil || far.State != LegJoined || len(c.Todo) > 0 {
		return Place{}
	}
	p := Place{Room: bridge(c.Call, far.Room), In: []string{far.Channel}}
	for _, l := range c.Legs {
		switch {
		case l.Channel == far.Channel || l.Role != RoleCustomer && (!l.was() || l.Room != far.Room):
		case l.Held, l.Role == RoleCustomer && c.Errand != nil:
			p.Out = append(p.Out, l.Channel)
		default:
			p.In = append(p.In, l.Channel)
		}
	}
	return p
}

// Wrong tells whether the legs are elsewhere. A command of a former owner that
// came late may have moved them, and no event tells.
func (p Place) Wrong(bridges map[string][]string) bool {
	there := func(channel string) bool { return slices.Contains(bridges[p.Room], channel) }
	return p.Room != "" && (slices.ContainsFunc(p.Out, there) ||
		slices.ContainsFunc(p.In, func(channel string) bool { return !there(channel) }))
}
