package call

import (
	"fmt"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A supervisor is a guest who is in none of the conversation's rooms: the PBX lets
// them hear the agent's channel from a bridge of their own, so that nothing that
// becomes of a supervisor is heard in the conversation. Who may listen to whom is
// asked of People at each wish. A supervisor stays as long as the agent.

// Wishes of supervisors: Supervisor is with the agent, as Mode says; the end of it.
const (
	WishSupervise WishKind = "supervise"
	WishLeave     WishKind = "leave"
)

// supervisorsMost bounds the supervisors of a call.
const supervisorsMost = 4

// supervisorKeys are the keys by which a supervisor changes the mode, those of
// Asterisk's ChanSpy, and one to take the call over.
var supervisorKeys = map[string]orchestrator.MonitorMode{
	"4": orchestrator.MonitorListen, "5": orchestrator.MonitorWhisper,
	"6": orchestrator.MonitorBarge, "7": orchestrator.MonitorTakeover,
}

// Supervision is what a supervisor does in a call.
type Supervision struct {
	Supervisor string                   `json:"supervisor"`        // an agent's id
	Agent      string                   `json:"agent"`             // whom they listen to
	Mode       orchestrator.MonitorMode `json:"mode"`              // wanted
	Target     string                   `json:"target"`            // the channel that is heard
	Visible    bool                     `json:"visible,omitempty"` // the agent is shown it
	Speaks     bool                     `json:"speaks,omitempty"`  // the customer hears them, and so does the recording
	Room       int                      `json:"room"`              // numbers the bridge in which they monitor
	Due        int64                    `json:"due,omitempty"`     // until when the phone may ring, or the PBX take its time
}

// watchRoom is the bridge in which a supervisor monitors.
func watchRoom(call string, n int) string { return orchestrator.MakeID(call, "w", n) }

// Person is the agent, or the supervisor who took a call over, "" for nobody of the house.
func (l *Leg) Person() string {
	if l != nil && l.Watch != nil {
		return l.Watch.Supervisor
	}
	if l != nil && l.Owner != "" {
		return l.Owner
	}
	return l.agent()
}

// Supervisors are the legs of supervisors.
func (c *Call) Supervisors() []Leg {
	return slices.DeleteFunc(c.Guests(), func(l Leg) bool { return l.Role != RoleSupervisor })
}

func (x *change) supervisor(id string) *Leg {
	for i := range x.c.Legs {
		if l := &x.c.Legs[i]; l.Role == RoleSupervisor && l.Watch.Supervisor == id {
			return l
		}
	}
	return nil
}

// supervise lets a supervisor listen, or changes what they do.
func (x *change) supervise(w Wish) error {
	far := x.c.Far()
	agent := far.Person()
	if agent == "" || x.People == nil {
		return fault.New(op, fault.Conflict, "nobody talks in this call whom a supervisor may listen to")
	}
	if _, known := verbsOf[w.Mode]; !known {
		return fault.New(op, fault.Invalid, "mode: %q is none of listen, whisper, barge and takeover", w.Mode)
	}
	right, err := x.People.Oversees(x.c.PBX, w.Supervisor, agent)
	if before := x.tooLate(w); before != nil && (err != nil || !slices.Contains(right.May, w.Mode)) {
		return before
	}
	if err != nil {
		return err
	}
	l := x.supervisor(w.Supervisor)
	switch {
	case !slices.Contains(right.May, w.Mode):
		return fault.New(op, fault.Denied, "supervisor %q may not %s in team %q", w.Supervisor, verbsOf[w.Mode], right.Team)
	case w.Mode == orchestrator.MonitorTakeover && x.c.Move != nil:
		return errMoving
	case w.Mode == orchestrator.MonitorTakeover && x.c.Errand != nil:
		return errErrand
	case l == nil && len(x.c.Supervisors()) >= supervisorsMost:
		return fault.New(op, fault.Conflict, "the call has %d supervisors, which is the most", supervisorsMost)
	case l == nil:
		return x.ringSupervisor(w, right)
	case l.Watch.Mode == w.Mode:
		return fault.New(op, fault.Conflict, "supervisor %q does so already", w.Supervisor)
	default:
		l.Watch.Mode = w.Mode
		x.dirty = true
		if l.State == LegUp || l.State == LegJoined {
			x.begin(l, w.By)
		}
	}
	return nil
}

// tooLate tells who may take the call over from whom it was taken from that another
// was there first; nil when nobody was, and for whom it is nothing anyway.
func (x *change) tooLate(w Wish) error {
	taken := x.c.Far().Watch
	if w.Mode != orchestrator.MonitorTakeover || taken == nil {
		return nil
	}
	if right, err := x.People.Oversees(x.c.PBX, w.Supervisor, taken.Agent); err != nil || !slices.Contains(right.May, w.Mode) {
		return nil
	}
	return fault.New(op, fault.Conflict, "%s", takenOver(taken))
}

// takenOver says who talks with the customer in the agent's place.
func takenOver(by *Supervision) string {
	return fmt.Sprintf("the call was taken over by supervisor %q", by.Supervisor)
}

// verbsOf names the modes in sentences.
var verbsOf = map[orchestrator.MonitorMode]string{
	orchestrator.MonitorListen: "listen", orchestrator.MonitorWhisper: "whisper",
	orchestrator.MonitorBarge: "barge in", orchestrator.MonitorTakeover: "take calls over",
}

// ringSupervisor rings the phone of a supervisor, or takes their permanent line if
// that is open and nobody has it.
func (x *change) ringSupervisor(w Wish, right orchestrator.Oversight) error {
	endpoint, err := x.Gate.Phone(orchestrator.PhoneAt{PBX: x.c.PBX, Endpoint: right.Endpoint, At: right.PBX})
	if err != nil {
		return err
	}
	far := x.c.Far()
	l := Leg{Role: RoleSupervisor, PBX: x.c.PBX, Channel: x.id("s"), State: LegDialing, Dialed: x.ms(),
		Watch: &Supervision{Supervisor: w.Supervisor, Agent: far.Person(), Mode: w.Mode, Target: far.Channel, Visible: right.Visible, Room: x.next()}}
	if line, has := x.lineOf(x.c.PBX, w.Supervisor); has && line.Up && !line.Lent {
		l.Channel, l.Line = line.Channel, line.Session
		x.c.Legs = append(x.c.Legs, l)
		x.noteSupervisor(&l, "asked", w.By, "")
		x.guestUp(x.c.leg(l.Channel))
		return nil
	}
	x.await(&l, x.Limits.Ring+ringGrace)
	x.c.Legs = append(x.c.Legs, l)
	x.noteSupervisor(&l, "asked", w.By, "")
	x.do(Dial{Order: orchestrator.Origination{
		Channel: l.Channel, Endpoint: endpoint, Args: []string{"supervise", x.c.Call},
		Caller:  orchestrator.CleanParty(orchestrator.Party{Number: far.Person()}),
		Timeout: x.Limits.Ring, Language: right.Language, AutoAnswer: right.AutoAnswer, Originator: x.c.Customer().Channel,
	}})
	return nil
}

// begin orders what a supervisor whose phone is up wants to do.
func (x *change) begin(l *Leg, by string) {
	if l.Watch.Mode == orchestrator.MonitorTakeover {
		if x.c.Move != nil || x.c.Errand != nil { // since it was asked for
			x.dropSupervisor(l, "the customer is on the way to somewhere else")
			return
		}
		x.takeOver(l, by)
		return
	}
	x.giveUp(monitors(l.Channel))
	x.await(l, x.Limits.Command)
	x.do(Monitor{Order: orchestrator.Monitoring{
		Bridge: watchRoom(x.c.Call, l.Watch.Room), Channel: l.Channel, Target: l.Watch.Target, Mode: l.Watch.Mode,
	}})
}

// monitors matches the orders to let a channel monitor.
func monitors(channel string) func(Command) bool {
	return func(c Command) bool { m, ok := c.(Monitor); return ok && m.Order.Channel == channel }
}

// takeOver lets a supervisor take the agent's place.
func (x *change) takeOver(l *Leg, by string) {
	x.endWatch(l)
	l.Joined, l.Room = x.happened(), x.c.Far().Room
	l.Keyed = x.Keys[x.c.PBX].Prefix != ""
	x.hangLeg(x.c.Far(), orchestrator.CauseNormal)
	x.handOver(l.Channel)
	x.noteSupervisor(x.c.Far(), "on", by, "")
	x.holdOver(by)
}

// holdOver has the distributor hold whom it did not find for the customer.
func (x *change) holdOver(by string) {
	x.do(HoldAgent{Dialling: orchestrator.Dialling{Call: x.c.Call, PBX: x.c.PBX, Visit: x.next(), Agent: x.c.Far().Person(),
		Queue: x.c.Queue, By: by, Over: true}})
}

// overHeld makes an agent in a call of a supervisor who took it over, or of whom an
// agent's phone joined it with, and who is one: no other call comes, and wrap-up
// follows. Who is logged out goes on without.
func (x *change) overHeld(cmd HoldAgent, d orchestrator.Dialled) {
	far := x.c.Far()
	switch {
	case x.c.State == StateTalking && far.Role == RoleThird && far.Person() == cmd.Dialling.Agent && far.State != LegHanging:
		if d.Offer == nil {
			return
		}
		far.Role, far.Offer = RoleAgent, d.Offer
		v := Visit{N: cmd.Dialling.Visit, State: VisitServed, Queue: d.Offer.Queue, Plan: d.Plan, Entered: far.Joined, From: far.Joined}
		if before := x.c.Visit; before != nil {
			v.Entered, v.Priority, v.Sought = before.Entered, before.Priority, before.Sought
		}
		x.c.Visit = &v
		x.dirty = true
	case d.Offer != nil: // gone on meanwhile
		x.do(FailOffer{Offer: *d.Offer, Why: orchestrator.OfferCancelled})
	}
}

// endWatch ends that a supervisor hears the agent; their channel goes on.
func (x *change) endWatch(l *Leg) {
	x.giveUp(monitors(l.Channel))
	l.Watch.Due = 0
	x.barges(l, false)
	if l.Up == 0 {
		return // nothing was made
	}
	stay := ""
	if l.State == LegUp || l.State == LegJoined || l.Line != "" {
		stay = l.Channel
	}
	if l.State == LegJoined {
		x.leg(l, LegOnPart)
	}
	x.do(CloseRoom{Bridge: watchRoom(x.c.Call, l.Watch.Room), Stay: stay})
}

// supervisorEvent handles what happens on the leg of a supervisor.
func (x *change) supervisorEvent(l *Leg, e orchestrator.Event) {
	switch e.Kind {
	case orchestrator.EventRinging:
		x.leg(l, LegOnRing)
	case orchestrator.EventEntered:
		x.guestUp(l)
	case orchestrator.EventEnded:
		x.guestGone(l, e.Cause)
	case orchestrator.EventLeft: // taken by the PBX itself
		x.guestGone(l, orchestrator.CauseGone)
	case orchestrator.EventDigit:
		mode, known := supervisorKeys[e.Digit]
		if !known || !l.was() {
			x.refuse("supervisor", string(e.Kind))
			return
		}
		if err := x.supervise(Wish{Supervisor: l.Watch.Supervisor, Mode: mode, By: "supervisor:" + l.Watch.Supervisor}); err != nil {
			x.refuse("supervisor", string(mode))
		}
	default:
		x.refuse("supervisor "+string(l.State), string(e.Kind))
	}
}

// monitored handles that a supervisor hears the agent.
func (x *change) monitored(cmd Monitor) {
	l := x.guest(cmd.Order.Channel)
	if l == nil || l.Role != RoleSupervisor || l.Watch.Mode != cmd.Order.Mode {
		return // gone on meanwhile
	}
	if l.State == LegUp {
		x.leg(l, LegOnJoin)
	}
	if !l.was() {
		l.Joined = x.happened()
	}
	l.Watch.Due = 0
	x.barges(l, cmd.Order.Mode == orchestrator.MonitorBarge)
	x.noteSupervisor(l, "on", "", "")
}

// monitorRefused gives up a supervisor who cannot hear the agent.
func (x *change) monitorRefused(cmd Monitor, err error) {
	if l := x.guest(cmd.Order.Channel); l != nil && l.Watch.Mode == cmd.Order.Mode {
		x.dropSupervisor(l, errText(err))
	}
}

// barges notes from when to when a supervisor is heard in the conversation.
func (x *change) barges(l *Leg, yes bool) {
	if l.Watch.Speaks == yes {
		return
	}
	l.Watch.Speaks = yes
	news := orchestrator.RecordingLeft
	if yes {
		news = orchestrator.RecordingJoined
	}
	if rec := x.c.Rec(); rec != nil {
		x.noteSpeaker(rec.ID, news, l)
	}
	x.dirty = true
}

// dropSupervisor hangs a supervisor up and forgets the leg: if its channel should
// answer in the same moment it is hung up again.
func (x *change) dropSupervisor(l *Leg, why string) {
	x.endWatch(l)
	x.hangLeg(l, orchestrator.CauseNormal)
	x.partSupervisor(l, why)
}

// partSupervisor takes a supervisor off the call.
func (x *change) partSupervisor(l *Leg, why string) {
	state := "off"
	if !l.was() {
		state = "failed"
	}
	gone := *l
	x.forgetLeg(l.Channel)
	x.noteSupervisor(&gone, state, "", why)
}

// leaveSupervisor ends what a supervisor does.
func (x *change) leaveSupervisor(w Wish) error {
	l := x.supervisor(w.Supervisor)
	if l == nil {
		return fault.New(op, fault.NotFound, "supervisor %q is not in this call", w.Supervisor)
	}
	x.dropSupervisor(l, "asked by "+w.By)
	return nil
}

// supervisorsLeft drops those whose agent has left the conversation.
func (x *change) supervisorsLeft() {
	if x.c.State == StateClearing || x.c.State == StateEnded {
		return
	}
	far := x.c.Far()
	for _, l := range x.c.Supervisors() {
		if x.c.State != StateTalking || far == nil || far.Channel != l.Watch.Target {
			why := "the agent has left"
			if far != nil && far.Watch != nil && x.c.State == StateTalking {
				why = takenOver(far.Watch)
			}
			x.dropSupervisor(x.c.leg(l.Channel), why)
		}
	}
}

// compareSupervisors lets supervisors hear the agent who should and do not, or may not.
func (x *change) compareSupervisors(v Truth) {
	for _, l := range x.c.Supervisors() {
		up := l.State == LegUp || l.State == LegJoined
		if up && (v.Adopted || !slices.Contains(v.Bridges[watchRoom(x.c.Call, l.Watch.Room)], l.Channel)) {
			x.begin(x.c.leg(l.Channel), "operadora")
		}
	}
}

// watches tells whether a bridge is one in which a supervisor of the call monitors.
func (c *Call) watches(bridge string) bool {
	return slices.ContainsFunc(c.Supervisors(), func(l Leg) bool { return watchRoom(c.Call, l.Watch.Room) == bridge })
}

// await gives a supervisor's leg until when it may wait.
func (x *change) await(l *Leg, d time.Duration) {
	l.Watch.Due = x.ms() + d.Milliseconds()
	if at, armed := x.c.Timers[TimerSupervise]; !armed || at > l.Watch.Due {
		x.arm(TimerSupervise, d)
	}
}

// superviseDue gives up supervisors whose phone rang long enough, or whom the PBX
// kept waiting for too long.
func (x *change) superviseDue() {
	var next int64
	for _, l := range x.c.Supervisors() {
		switch {
		case l.Watch.Due == 0:
		case l.Watch.Due <= x.ms():
			x.dropSupervisor(x.c.leg(l.Channel), "it took too long")
		case next == 0 || l.Watch.Due < next:
			next = l.Watch.Due
		}
	}
	if next > 0 {
		x.arm(TimerSupervise, msDuration(next-x.ms()))
	}
}

// noteSupervisor writes what a supervisor does on the timeline. shown is how many
// the agent is shown to have with them.
func (x *change) noteSupervisor(l *Leg, state, by, why string) {
	shown := 0
	for _, other := range x.c.Supervisors() {
		if other.Watch.Visible && other.was() {
			shown++
		}
	}
	f := fields{"supervisor": l.Watch.Supervisor, "mode": l.Watch.Mode, "state": state, "visible": l.Watch.Visible, "shown": shown}
	some(f, "by", by)
	some(f, "why", why)
	x.note(orchestrator.EntryCallSupervised, f)
	x.entries[len(x.entries)-1].Agent = l.Watch.Agent
}
