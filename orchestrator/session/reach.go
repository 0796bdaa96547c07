package session

import (
	"cmp"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// A call of another PBX comes to an agent with a permanent line over the trunk by
// which the phone would be rung (pbxs.NAME.reach). To that call it is a phone that
// answers. Here it is a channel that the session itself joins with the line, and no
// call: it is in no queue, on no record, and has no offer. The agent hears a beep
// first, so that who hangs up on it has not answered.

const (
	timerCue  call.Timer = "cue"  // the end of the beep was not told
	timerNext call.Timer = "next" // the line is not given back: the phone is to be rung

	cueMost = 5 * time.Second
	// nextMost is how long who comes over the trunk waits for the line: the distributor
	// may have had the agent free a moment before the line was given back.
	nextMost = time.Second
)

// Reach is what another PBX has the agent on the line by.
type Reach struct {
	Channel string `json:"channel"`          // what came over the trunk
	Came    int64  `json:"came"`             // unix milliseconds
	Room    string `json:"room,omitempty"`   // the bridge that it is in with the line; "" while the agent hears the beep
	Served  bool   `json:"served,omitempty"` // the agent has been said to talk
}

// reached takes what came over the trunk for the agent's phone. Where somebody keeps
// the line, or there is none, the phone is rung.
func (x *change) reached(channel string) {
	leaves := func(c call.Command) bool {
		h, hangs := c.(call.Hangup)
		on, goesOn := c.(call.Continue)
		return hangs && h.Channel == channel || goesOn && on.Channel == channel
	}
	switch {
	case x.s.Reached() == channel, x.s.Next == channel:
	case x.pending(leaves): // on its way out
	case x.s.State == StateLent && x.s.Next == "":
		x.s.Next = channel
		x.arm(timerNext, nextMost)
	case x.s.State != StateIdle:
		x.do(call.Continue{Channel: channel})
	case x.lend():
		x.s.Reach = &Reach{Channel: channel, Came: x.ms()}
		x.play("beep")
		x.arm(timerCue, cueMost)
		x.tell()
	}
}

// welcome takes who has been waiting for the line once it is there. Where it will not
// be, the phone is rung.
func (x *change) welcome() {
	next := x.s.Next
	if next == "" || x.s.State == StateLent {
		return
	}
	x.s.Next = ""
	x.disarm(timerNext)
	x.reached(next)
	x.dirty = true
}

// waits tells whether the agent hears the beep, and nobody yet.
func (s *Session) waits() bool { return s.Reach != nil && s.Reach.Room == "" }

// meet lets the agent and who came over the trunk hear each other. It may be repeated.
func (x *change) meet() {
	x.disarm(timerCue)
	x.giveUp(meets)
	r := x.s.Reach
	if r.Room == "" {
		r.Room = x.id("b")
	}
	x.do(call.MakeRoom{Bridge: r.Room})
	x.do(call.Answer{Channel: r.Channel})
	x.do(call.Connect{Bridge: r.Room, Customer: r.Channel, Far: x.s.Channel})
}

// meets tells whether a command is one of meet's.
func meets(c call.Command) bool {
	return is[call.MakeRoom](c) || is[call.Answer](c) || is[call.Connect](c)
}

// letGo has who came over the trunk hung up, unless they have gone, and gives the line
// back. Whose agent has not answered is passed over by the other PBX until the line is
// there; a conversation ends with the given cause.
func (x *change) letGo(gone bool, cause orchestrator.Cause) {
	r := x.s.Reach
	if r == nil {
		return
	}
	x.s.Reach = nil
	x.disarm(timerCue)
	x.giveUp(meets)
	x.dirty = true
	if !gone {
		if r.Room == "" {
			cause = orchestrator.CauseOutOfOrder
		}
		x.do(call.Hangup{Channel: r.Channel, Cause: cmp.Or(cause, orchestrator.CauseNormal)})
	}
	lent, stay := x.s.State == StateLent, ""
	if lent {
		stay = x.s.Channel
	}
	if r.Room != "" {
		x.do(call.CloseRoom{Bridge: r.Room, Stay: stay})
	}
	if !lent {
		return
	}
	x.move(OnBack)
	x.tell()
	if r.Room == "" { // the beep is heard, and its end goes on
		return
	}
	x.rest()
	x.arm(timerTone, toneAfter)
}

// reachEvent handles what the PBX tells of what came over the trunk; false for any
// other event.
func (x *change) reachEvent(e orchestrator.Event) bool {
	if e.Kind == orchestrator.EventEntered && len(e.Args) > 0 && e.Args[0] == orchestrator.PurposeReach {
		x.reached(e.Channel)
		return true
	}
	over := e.Kind == orchestrator.EventEnded || e.Kind == orchestrator.EventLeft
	if over && e.Channel == x.s.Next {
		x.nextGone()
		return true
	}
	if x.s.Reach == nil || e.Channel != x.s.Reach.Channel {
		return false
	}
	switch e.Kind {
	case orchestrator.EventEnded, orchestrator.EventLeft:
		x.letGo(true, e.Cause)
	case orchestrator.EventTransfer:
		x.do(call.AnswerTransfer{Channel: e.Channel})
	case orchestrator.EventEntered, orchestrator.EventRinging, orchestrator.EventHeld, orchestrator.EventResumed, orchestrator.EventDigit,
		orchestrator.EventPlayed, orchestrator.EventRecorded, orchestrator.EventDevice,
		orchestrator.EventHeard, orchestrator.EventSpeaks, orchestrator.EventSilent, orchestrator.EventTold: // the other PBX's call takes care of these
	}
	return true
}

// nextGone handles that who waited for the line does not any more.
func (x *change) nextGone() {
	x.s.Next, x.dirty = "", true
	x.disarm(timerNext)
}

// compareReach notices what became unseen of what came over the trunk, and puts it
// and the line where they should be.
func (x *change) compareReach(v call.Truth) {
	if r := x.s.Reach; r != nil {
		_, there := v.Channels[r.Channel]
		in := v.Bridges[r.Room]
		switch {
		case !there && r.Came < v.At.UnixMilli():
			x.letGo(true, orchestrator.CauseUnknown)
		case !there:
		case r.Room == "", !slices.Contains(in, r.Channel), !slices.Contains(in, x.s.Channel):
			x.meet()
		}
	}
	if _, there := v.Channels[x.s.Next]; x.s.Next != "" && !there {
		x.nextGone()
	}
	for b := range v.Bridges {
		if (x.s.Reach == nil || b != x.s.Reach.Room) && !x.pending(func(c call.Command) bool {
			room, closes := c.(call.CloseRoom)
			return closes && room.Bridge == b
		}) {
			x.do(call.CloseRoom{Bridge: b})
		}
	}
}

// follows lets go of a conversation of which the other PBX has not told the end, as
// when it was cut off: the agent's state tells. What the journal tells may be old, so
// the distributor is asked.
func (x *change) follows(state string, asked bool) {
	r := x.s.Reach
	switch {
	case r == nil || r.Room == "":
	case state == "talking" && !r.Served:
		r.Served, x.dirty = true, true
	case !r.Served || state == "talking" || state == "reserved":
	case asked:
		x.letGo(false, orchestrator.CauseNormal)
	default:
		x.ask(orchestrator.AgentLook)
	}
}
