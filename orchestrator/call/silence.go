package call

import (
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Any side of a conversation may be muted: nobody hears what it says, and it hears
// the others. That is a property of its channel, whatever room it is in, and ends
// with the conversation, or when the side leaves.

// sideAgent is the side of the one with whom the customer talks.
const sideAgent Side = "agent"

// side finds whom somebody means who wants a side muted: customer, agent, other (the
// only guest), or a guest by the agent's id or by their channel.
func (x *change) side(whom string) (*Leg, error) {
	switch Side(whom) {
	case SideCustomer:
		return x.c.Customer(), nil
	case sideAgent:
		return x.c.Far(), nil
	case SideOther: // is among those below
	}
	var found []*Leg
	for i := range x.c.Legs {
		l := &x.c.Legs[i]
		if l.Role == RoleConsult && l.was() && (Side(whom) == SideOther || l.agent() == whom || l.Channel == whom) ||
			l == x.c.Far() && l.Person() == whom {
			found = append(found, l)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fault.New(op, fault.NotFound, "side: %q talks not in this call; it is customer, agent, other, or the agent's id of who was asked", whom)
	}
	return nil, fault.New(op, fault.Conflict, "side: %d others are in the call: name one by the agent's id, or the leg", len(found))
}

// muteSide has what a side says reach nobody, or ends that.
func (x *change) muteSide(w Wish) error {
	l, err := x.side(w.Whom)
	if err != nil {
		return err
	}
	muted := w.Do == WishMute
	if l.Muted == muted {
		return fault.New(op, fault.Conflict, "side: %q is %s already", w.Whom, map[bool]string{true: "muted", false: "heard"}[muted])
	}
	x.silence(l, muted, w.By)
	return nil
}

// silence orders that a leg is heard by nobody, or the end of it.
func (x *change) silence(l *Leg, muted bool, by string) {
	l.Muted = muted
	x.giveUp(silences(l.Channel))
	x.do(MuteLeg{Channel: l.Channel, Muted: muted})
	x.noteSilence(l, muted, by, nil)
}

// noteSilence writes on the timeline that a side is muted, or heard again.
func (x *change) noteSilence(l *Leg, muted bool, by string, err error) {
	typ := orchestrator.EntryCallUnmuted
	if muted {
		typ = orchestrator.EntryCallMuted
	}
	f := fields{"by": by, "role": l.Role}
	switch {
	case l.Role == RoleCustomer:
	case l.Person() != "":
		f["agent"] = l.Person()
	default:
		f["number"] = orchestrator.MaskNumber(l.Number)
	}
	if err != nil {
		f["error"] = errText(err)
	}
	x.note(typ, f)
}

// silences matches the commands that mute a channel, or end that.
func silences(channel string) func(Command) bool {
	return func(c Command) bool { m, ok := c.(MuteLeg); return ok && m.Channel == channel }
}

// heardAgain ends that a leg is muted, which goes on elsewhere.
func (x *change) heardAgain(l *Leg) {
	if l.Muted {
		x.silence(l, false, "operadora")
	}
}

// silenceRefused takes back what the PBX will not do.
func (x *change) silenceRefused(cmd MuteLeg, gone bool, err error) {
	if l := x.c.leg(cmd.Channel); l != nil && !gone && l.Muted == cmd.Muted {
		l.Muted = !cmd.Muted
		x.noteSilence(l, l.Muted, "operadora", err)
	}
}

// silenceAgain orders once more what a process before may have ordered.
func (x *change) silenceAgain() {
	for _, l := range x.c.Legs {
		if l.Muted && !x.pending(silences(l.Channel)) {
			x.do(MuteLeg{Channel: l.Channel, Muted: true})
		}
	}
}
