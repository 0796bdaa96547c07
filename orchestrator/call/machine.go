package call

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A campaign may have the PBX hear whether a person or a machine answered: before
// anybody is looked for, or beside what the call does. Who is held to be a machine gets a
// message after its beep, or is hung up on. Who is not, and where nobody can tell, is a
// person. An agent who talks with a machine says so, and is free.

// Machines is what an attempt does about answering machines.
type Machines struct {
	Detect MachineDetect `json:"detect,omitempty"`
	Do     MachineDo     `json:"do,omitempty"`
	// Message is left after the beep.
	Message []orchestrator.Media `json:"message,omitempty"`
	// How it is told; Channel is the attempt's own.
	orchestrator.Listening
	// Sampled tells that whom the PBX takes for a machine is put through all the same: so
	// it is found out how often that is wrong.
	Sampled bool `json:"sampled,omitempty"`
}

// MachineDetect is when the PBX hears who answered. The strings are stored.
type MachineDetect string

// When it does.
const (
	DetectNone   MachineDetect = ""
	DetectBefore MachineDetect = "before" // anything else
	DetectBeside MachineDetect = "beside" // what the call does, which goes on at once
)

// MachineDo is what becomes of a machine. The strings are stored.
type MachineDo string

// What may become of it.
const (
	MachineHangUp  MachineDo = "hangup"
	MachineMessage MachineDo = "message" // after the beep
	MachineConnect MachineDo = "connect" // as a person
)

// Screen is how far is known who answered a call, and what is done about it.
type Screen struct {
	State ScreenState `json:"state"`
	// Before tells that nothing else is done until it is known.
	Before bool `json:"before,omitempty"`
	// Spoke tells that the machine has spoken, and paused: what is short and follows is a beep.
	Spoke bool  `json:"spoke,omitempty"`
	Again int   `json:"again,omitempty"` // how often the message was begun anew
	Said  int64 `json:"said,omitempty"`  // when it was begun, unix ms
}

// ScreenState is where that stands. The strings are stored.
type ScreenState string

// States of it.
const (
	ScreenListening ScreenState = "listening" // the PBX hears who answered
	ScreenPerson    ScreenState = "person"    // as far as is known
	ScreenFound     ScreenState = "found"     // a machine: it is dealt with as soon as nobody is being joined with it
	ScreenAttending ScreenState = "attending" // its beep is waited for
	ScreenLeaving   ScreenState = "leaving"   // it hears the message
)

// ScreenTrigger is what moves it.
type ScreenTrigger string

// Triggers of it.
const (
	ScreenOnPerson ScreenTrigger = "person"
	ScreenOnFound  ScreenTrigger = "found"
	ScreenOnAttend ScreenTrigger = "attend"
	ScreenOnSilent ScreenTrigger = "silent" // after the beep
	ScreenOnSpeaks ScreenTrigger = "speaks" // it was not silent for good
)

var screenTable = Table[ScreenState, ScreenTrigger]{
	ScreenListening: {ScreenOnPerson: ScreenPerson, ScreenOnFound: ScreenFound},
	ScreenPerson:    {ScreenOnFound: ScreenFound}, // an agent says so
	ScreenFound:     {ScreenOnAttend: ScreenAttending},
	ScreenAttending: {ScreenOnSilent: ScreenLeaving},
	ScreenLeaving:   {ScreenOnSpeaks: ScreenAttending},
}

// Next is the only way to a new state.
func (s ScreenState) Next(t ScreenTrigger) (ScreenState, error) { return screenTable.Next(s, t) }

const (
	// listenGrace is added to the PBX's own time for telling who answered.
	listenGrace = 500 * time.Millisecond
	// pause is how long a machine must be silent for what it said to be over; whatever
	// was short and came after a pause was the beep.
	pause             = 500 * time.Millisecond
	beepMin, beepMost = 80 * time.Millisecond, 1500 * time.Millisecond
	// silentLong is how long it must be silent where no beep was heard. Some machines
	// take longer before they beep: then the message is begun anew.
	silentLong = 2 * time.Second
	// silentAgain is the same of a machine of which something may have been missed.
	silentAgain = 5 * time.Second
	// attendMost is how long a machine may speak before it is given up.
	attendMost = time.Minute
	// beepLate is how long after the message was begun a sound is the beep still: later
	// it is the machine that has enough.
	beepLate  = 8 * time.Second
	mostAgain = 1
)

// Who found a machine, on record.
const (
	foundByPBX   = "pbx"
	foundByAgent = "agent"
)

// screened is what follows from who answered. It is a table: of a verdict, and of what
// the campaign wants.
func screened(v orchestrator.Verdict, o Machines) ScreenTrigger {
	if v == orchestrator.VerdictMachine && !o.Sampled && (o.Do == MachineHangUp || o.Do == MachineMessage) {
		return ScreenOnFound
	}
	return ScreenOnPerson
}

// hearWho has the PBX hear who answered; true where nothing else is done before.
func (x *change) hearWho() bool {
	o := x.c.Attempt.Machines
	if o.Detect == DetectNone {
		return false
	}
	x.c.Screen = &Screen{State: ScreenListening, Before: o.Detect == DetectBefore}
	if x.unseen { // nobody knows: silence now is that of who waits, and no greeting
		x.heardWho(orchestrator.VerdictUnsure, "the answer was not seen")
		return x.c.Screen.Before
	}
	order := o.Listening
	order.Channel = x.c.Customer().Channel
	x.do(Listen{Order: order})
	x.arm(TimerListen, o.Most+listenGrace)
	return x.c.Screen.Before
}

// screen moves what is known of who answered; false when the trigger is refused.
func (x *change) screen(tr ScreenTrigger) bool {
	s := x.c.Screen
	if s == nil {
		x.refuse("no screen", string(tr))
		return false
	}
	to, err := s.State.Next(tr)
	if err != nil {
		x.refuse("screen "+string(s.State), string(tr))
		return false
	}
	s.State, x.dirty = to, true
	return true
}

// heardWho takes in what the PBX makes of who answered. Where it tells nothing in time,
// or cannot hear, nobody knows.
func (x *change) heardWho(v orchestrator.Verdict, by string) {
	s := x.c.Screen
	if s == nil || s.State != ScreenListening || x.c.State == StateClearing {
		x.refuse(string(x.c.State), string(orchestrator.EventHeard))
		return
	}
	x.disarm(TimerListen)
	o := x.c.Attempt.Machines
	x.c.Heard = v
	switch v {
	case orchestrator.VerdictPerson:
		x.c.GreetedAt = max(x.c.AnsweredAt, x.happened()-o.Silence.Milliseconds())
	case orchestrator.VerdictUnsure: // the greeting is not over, or there is none
		x.c.GreetedAt = x.happened()
	case orchestrator.VerdictMachine:
	}
	if _, ok := x.c.Timers[TimerWait]; ok && x.c.GreetedAt > 0 { // it was armed before the greeting's end was known
		x.armMost()
	}
	to := screened(v, o)
	if to == ScreenOnFound && !x.spareable() {
		to = ScreenOnPerson
	}
	f := fields{"state": "heard", "verdict": v, "answered_ms": x.happened() - x.c.AnsweredAt}
	some(f, "by", by)
	if x.c.GreetedAt > 0 {
		f["greeted_ms"] = x.c.GreetedAt - x.c.AnsweredAt
	}
	some(f, "sampled", v == orchestrator.VerdictMachine && o.Sampled)
	x.note(orchestrator.EntryCallMachine, f)
	x.c.Sampled = v == orchestrator.VerdictMachine && to == ScreenOnPerson
	x.screen(to)
	switch {
	case to == ScreenOnFound:
		x.c.Machine = foundByPBX
		x.takeMachine()
	case s.Before && x.c.State == StateInFlow && x.c.Flow == nil && x.c.Visit == nil && x.c.Abandoned == 0:
		x.leadOn()
	}
}

// spareable tells whether the call can be taken back from whoever has it: who asks somebody
// else beside it, or sends it on, has heard a person.
func (x *change) spareable() bool {
	switch x.c.State {
	case StateInFlow, StateWaiting, StateOffered, StateConnecting:
		return true
	case StateTalking:
		return x.c.Errand == nil && x.c.Consult == nil && x.c.Move == nil && x.c.Far().Role == RoleAgent
	case StateArriving, StateTransferring, StateReserving, StateSummoning, StatePreviewing, StateDialing, StateReaching, StateFailing, StatePausing, StateClearing, StateEnded:
	}
	return false
}

// markMachine takes in that the agent who talks with a machine says so.
func (x *change) markMachine(w Wish) error {
	if x.c.Attempt == nil {
		return fault.New(op, fault.Conflict, "the call is none of a campaign")
	}
	if x.c.State != StateTalking || !x.spareable() {
		return fault.New(op, fault.Conflict, "the call is in state %q, or others are in it: nobody talks with a machine alone", x.c.State)
	}
	if x.c.Screen == nil {
		x.c.Screen = &Screen{State: ScreenPerson}
	}
	x.disarm(TimerListen)
	if !x.screen(ScreenOnFound) {
		return fault.New(op, fault.Conflict, "that is known already")
	}
	x.c.Machine = foundByAgent
	x.note(orchestrator.EntryCallMachine, fields{"state": "marked", "by": w.By, "answered_ms": x.happened() - x.c.AnsweredAt})
	x.takeMachine()
	return nil
}

// takeMachine takes a machine back from whoever has it, and deals with it.
func (x *change) takeMachine() {
	if x.c.Screen == nil || x.c.Screen.State != ScreenFound {
		return
	}
	switch x.c.State {
	case StateInFlow:
		x.leaveQueue("machine")
	case StateWaiting, StateOffered:
		x.unqueue("machine")
	case StateTalking:
		x.freeAgent()
	case StateArriving, StateTransferring, StateReserving, StateSummoning, StatePreviewing, StateDialing, StateReaching, StateFailing, StatePausing, StateConnecting, StateClearing, StateEnded:
		return // once they are joined, or not
	}
	if x.c.Playing.saying() {
		x.noteMessage("cut")
	}
	x.stopPlaying()
	x.disarm(TimerWait)
	x.disarm(TimerFlow)
	x.c.Home, x.c.Flow, x.c.Abandoned = nil, nil, 0
	o := x.c.Attempt.Machines
	if o.Do != MachineMessage || len(o.Message) == 0 {
		x.over(orchestrator.OutcomeMachine, x.finder(), orchestrator.CauseNormal)
		return
	}
	x.screen(ScreenOnAttend)
	x.attend(silentLong)
	x.arm(TimerBeep, attendMost)
}

// freeAgent takes a machine from the agent who talks with it, who gets the next call at once.
func (x *change) freeAgent() {
	far := x.c.Far()
	x.dropGuests()
	x.endTalk(x.finder())
	x.c.EndedBy = "" // it has not ended
	far.Why = orchestrator.OfferCancelled
	x.hangFar(orchestrator.CauseNormal)
	x.settle()
	x.forgetFar()
	x.do(Unhold{Channel: x.c.Customer().Channel})
}

// finder is who takes a machine out of what it is in.
func (x *change) finder() string {
	if x.c.Machine == foundByAgent {
		return "agent"
	}
	return "operadora"
}

// attend has the PBX tell when the machine speaks. One that says nothing from now on is
// silent after a while all the same.
func (x *change) attend(silent time.Duration) {
	x.do(Attend{Channel: x.c.Customer().Channel, SilentMS: pause.Milliseconds()})
	x.arm(TimerSilent, silent)
}

// machineSpeaks takes in that the machine begins to speak, or to beep.
func (x *change) machineSpeaks() {
	s := x.c.Screen
	switch {
	case s == nil:
		x.refuse(string(x.c.State), string(orchestrator.EventSpeaks))
	case s.State == ScreenAttending:
		x.disarm(TimerSilent)
	case s.State == ScreenLeaving && s.Again < mostAgain && x.happened()-s.Said < beepLate.Milliseconds():
		s.Again++
		x.screen(ScreenOnSpeaks)
		x.stopPlaying()
		x.noteMachine("cut")
	default:
		x.refuse("screen "+string(s.State), string(orchestrator.EventSpeaks))
	}
}

// machineSilent takes in that it has paused after it spoke for a while.
func (x *change) machineSilent(spoke time.Duration) {
	s := x.c.Screen
	if s == nil || s.State != ScreenAttending {
		x.refuse(string(x.c.State), string(orchestrator.EventSilent))
		return
	}
	if beep := spoke >= beepMin && spoke <= beepMost; beep && s.Spoke {
		x.leaveMessage("beep")
		return
	}
	s.Spoke, x.dirty = true, true
	x.arm(TimerSilent, silentLong-pause)
}

// leaveMessage speaks to the machine, which records what it hears.
func (x *change) leaveMessage(after string) {
	if !x.screen(ScreenOnSilent) {
		return
	}
	x.disarm(TimerSilent)
	x.disarm(TimerBeep)
	x.c.Screen.Said = x.ms()
	x.sayToMachine()
	f := x.aboutMachine("leaving")
	f["after"] = after
	x.note(orchestrator.EntryCallMachine, f)
}

func (x *change) sayToMachine() { x.play(x.c.Attempt.Machines.Message, x.c.Language, refMachine) }

// refMachine is the playback of what a machine hears; no flow has it.
const refMachine = -2

// leaving tells whether a machine hears the message.
func (p *Playing) leaving() bool { return p != nil && p.Ref == refMachine }

// messageLeft ends the call of a machine that has the message.
func (x *change) messageLeft(failed bool) {
	state := "left"
	if failed {
		state = "failed"
	}
	x.noteMachine(state)
	x.over(orchestrator.OutcomeMachine, "operadora", orchestrator.CauseNormal)
}

// noBeep ends the call of a machine that speaks on and on.
func (x *change) noBeep() {
	x.noteMachine("none")
	x.over(orchestrator.OutcomeMachine, "operadora", orchestrator.CauseNormal)
}

// attendRefused ends the call of a machine that cannot be listened to.
func (x *change) attendRefused(err error) {
	if x.c.Screen != nil && x.c.Screen.State == ScreenAttending && x.c.State == StateInFlow {
		x.fault("the beep of a machine cannot be waited for", err)
		x.noBeep()
	}
}

// compareScreen asks anew for what the PBX was to tell of a machine: events may have been
// missed.
func (x *change) compareScreen() {
	if s := x.c.Screen; s == nil || s.State != ScreenAttending || x.pending(is[Attend]) {
		return
	}
	x.do(Attend{Channel: x.c.Customer().Channel})
	x.attend(silentAgain)
}

// noteMachine writes down what a machine is played.
func (x *change) noteMachine(state string) {
	x.note(orchestrator.EntryCallMachine, x.aboutMachine(state))
}

func (x *change) aboutMachine(state string) fields {
	f := fields{"state": state, "answered_ms": x.happened() - x.c.AnsweredAt}
	var sounds []string
	for _, m := range x.c.Attempt.Machines.Message {
		sounds = append(sounds, m.Value)
	}
	if sounds != nil {
		f["sounds"] = sounds
	}
	some(f, "language", x.c.Language)
	some(f, "again", x.c.Screen.Again)
	return f
}

// machineEvent takes in what the PBX hears of who answered.
func (x *change) machineEvent(e orchestrator.Event) {
	switch {
	case e.Channel != x.c.Customer().Channel || x.c.State == StateClearing:
		x.refuse(string(x.c.State), string(e.Kind))
	case e.Kind == orchestrator.EventHeard:
		x.heardWho(e.Verdict, e.Reason)
	case e.Kind == orchestrator.EventSpeaks:
		x.machineSpeaks()
	default:
		x.machineSilent(e.Duration)
	}
}
