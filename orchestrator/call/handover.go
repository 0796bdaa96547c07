package call

import (
	"slices"

	"github.com/operadora/operadora/orchestrator"
)

// An agent who has asked somebody, or is in a conference, may go: the customer
// stays with whoever is there, or the transfer goes on without the agent.

// complete lets the agent go.
func (x *change) complete(by string) error {
	if x.c.Move != nil {
		return errMoving
	}
	if k := x.c.Consult; k != nil {
		k.By = by
	}
	x.handOverNow()
	return nil
}

// handOverNow lets the agent go.
func (x *change) handOverNow() {
	x.hangLeg(x.c.Far(), orchestrator.CauseNormal)
	x.farLeft()
}

// goesOn tells whether the customer has somebody else to talk with, or to wait
// for, once the agent is gone.
func (x *change) goesOn() bool { return x.c.Consult != nil || x.successor() != nil }

// successor is who talks with the customer when the agent goes: whom the agent
// asks, or who came to the conference first; nil when there is nobody.
func (x *change) successor() *Leg {
	if k := x.c.Consult; k.answered() {
		return x.guest(k.Channel)
	}
	for i := range x.c.Legs {
		if l := &x.c.Legs[i]; l.Role == RoleConsult && l.was() {
			return l
		}
	}
	return nil
}

// farLeft goes on without the agent, whose leg has ended, or is told to.
func (x *change) farLeft() {
	x.rememberWay()
	if next := x.successor(); next != nil {
		x.handOver(next.Channel)
		return
	}
	x.transferOn()
}

// handOver lets a guest take the agent's place. The room stays as it is.
func (x *change) handOver(channel string) {
	music := x.c.Customer().Held || x.c.Far().Held
	if l := x.guest(channel); l.Role == RoleConsult {
		x.noteConsult(l, "completed", "")
	}
	switch k := x.c.Consult; {
	case k == nil:
	case k.Channel == channel:
		x.consulting(ConsultOnOver)
	default: // who is being asked was the agent's affair
		x.cancelConsult(cancelledConsult)
	}
	x.parted("transfer")
	if x.c.Far().Role == RoleAgent {
		x.visit(VisitOnLeave)
	}
	x.settleLeg(x.c.Far())
	muted := x.cutRecording()
	x.forgetFar()
	x.move(OnHandedOver)

	x.heardAgain(x.c.Customer())
	l := x.promote(channel)
	x.heardAgain(l)
	music = music || l.Held
	waited := l.Joined
	l.TalkMS += max(0, x.happened()-l.Joined)
	l.Up, l.Joined = x.happened(), x.happened()
	x.boundCall()
	if l.Visit != nil {
		x.c.Visit, l.Visit = l.Visit, nil
		x.queued(nil)
		waited -= x.c.Visit.began()
	}
	if music || l.State != LegJoined || x.c.Customer().State != LegJoined {
		x.together()
	}
	x.talksWith(max(0, waited)) // a recording that began before would end when the customer is put in anew
	if rec := x.c.Rec(); muted && rec != nil && rec.State == RecRunning {
		x.setMuted(rec, true, "operadora")
	}
}

// together orders that customer and far leg are in the room, whoever heard music.
func (x *change) together() {
	customer, far := x.c.Customer(), x.c.Far()
	if far.Held && far.State == LegUp {
		x.do(Unhold{Channel: far.Channel})
	}
	customer.Held, far.Held = false, false
	x.giveUp(is[Rejoin]) // with who is gone
	x.giveUp(func(c Command) bool {
		return aside(customer.Channel)(c) || aside(far.Channel)(c) || readmits(far.Channel)(c)
	})
	x.unpark()
}

// cutRecording ends the recording of the conversation's part that is over. The
// room goes on, so the recording is kept as that of a room that is gone. Supervisors
// who are heard in it go with the agent. It tells whether somebody muted it: so stays
// that of the part that follows.
func (x *change) cutRecording() (muted bool) {
	for _, l := range x.c.Supervisors() {
		x.barges(x.c.leg(l.Channel), false)
	}
	for i := range x.c.Rooms {
		rec := x.c.Rooms[i].Rec
		if x.c.Rooms[i].State != RoomMade || rec == nil {
			continue
		}
		muted = rec.Muted
		if !rec.running() {
			continue
		}
		x.stopRecording(rec)
		x.c.Rooms[i].Rec = nil
		x.c.Rooms = append(x.c.Rooms, Room{N: x.next(), State: RoomGone, Rec: rec})
		return muted
	}
	return muted
}

// promote makes a guest the one with whom the customer talks, or for whom the
// customer waits. The place must be free.
func (x *change) promote(channel string) *Leg {
	l := *x.guest(channel)
	x.forgetLeg(channel)
	l.Role = RoleAgent
	if l.Offer == nil {
		l.Role, l.Moved = RoleThird, true
	}
	x.c.Legs = slices.Insert(x.c.Legs, 1, l)
	return x.c.Far()
}

// transferOn goes on with a transfer whose agent has gone before the one who is
// asked has answered: the customer waits for that with music.
func (x *change) transferOn() {
	k := *x.c.Consult
	due := x.c.Timers[TimerConsult]
	x.noteConsult(x.guest(k.Channel), "goes on", "")
	x.endTalk("transfer")
	x.settleLeg(x.c.Far())
	x.forgetFar()
	x.consulting(ConsultOnOver)
	x.at = x.came // what follows is done when it is learned of
	ringing := x.guest(k.Channel) != nil
	if k.Visit == nil {
		x.noteTransfer(k.To, "dialling", k.By, nil)
		x.move(OnTransfer)
	} else {
		x.noteTransfer(k.To, "done", k.By, nil)
		x.c.Visit = k.Visit
		x.c.Visit.Back = true
		if k.State != ConsultAsked {
			x.queued(nil)
			x.move(OnQueued)
			x.armWait()
		}
		if ringing {
			x.move(OnOffered)
			x.c.Offers++
		}
	}
	if ringing {
		x.ringOn(k.Channel, due)
		return
	}
	x.hold()
}

// ringOn goes on ringing a guest's phone as that of the far leg, until due.
func (x *change) ringOn(channel string, due int64) {
	x.giveUp(admits(channel))
	far := x.promote(channel)
	x.hold()
	if far.Offer != nil {
		x.noteOffered(*far.Offer, nil)
	}
	x.c.Timers[TimerRing] = due
	r := x.room()
	far.Room = r.N
	x.do(MakeRoom{Bridge: bridge(x.c.Call, r.N)})
	if far.State == LegUp && x.move(OnPickup) {
		x.pickedUp()
	}
}
