package session

import (
	"errors"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Rules is what Decide needs beside the session.
type Rules struct {
	Gate     orchestrator.Gate
	Limits   call.Limits
	Settings Settings
}

// Decision is what came of some inputs.
type Decision struct {
	Session Session
	Entries []orchestrator.Entry
	Dirty   bool
	Refused []string
	Answers []error // to what it was told of kind InLine, in order
}

// Timers of a session.
const (
	timerRing  call.Timer = "ring"  // the phone rang long enough
	timerAgain call.Timer = "again" // a lost line is rung again
	timerKeys  call.Timer = "keys"  // no further key follows
	timerState call.Timer = "state" // the hangup is not confirmed
	timerTone  call.Timer = "tone"  // no other call has come: the agent is told that this one is over
)

const (
	// ringGrace is added to the PBX's own ring timeout, as for calls.
	ringGrace = 3 * time.Second
	againMost = time.Minute
	// interKey is how long a further key may take.
	interKey = 2 * time.Second
	// toneAfter is how long after a call the agent is told by a tone that it is over,
	// unless the next one has begun.
	toneAfter = 300 * time.Millisecond
	// clearTries bounds the hangups of one channel.
	clearTries = 60
)

const op = "session"

// Decide turns a session and its inputs into a decision. It is pure.
func (r *Rules) Decide(s Session, ins []call.Input, now time.Time) Decision {
	x := &change{Rules: r, s: s.clone(), now: now}
	for _, in := range ins {
		x.take(in)
		x.welcome()
		x.finish()
	}
	if x.dirty {
		x.s.Rev++
	}
	return Decision{x.s, x.entries, x.dirty, x.refused, x.answers}
}

// Bury ends a session without deciding anything.
func Bury(s Session, reason string, now time.Time) Decision {
	x := &change{s: s.clone(), now: now, dirty: true}
	x.s.State, x.s.Todo, x.s.Timers = StateEnded, nil, nil
	x.note(fields{"why": "fault", "error": reason})
	x.s.Rev++
	return Decision{Session: x.s, Entries: x.entries, Dirty: true}
}

// take handles one input.
func (x *change) take(in call.Input) {
	if in.Kind == call.InLine {
		x.answers = append(x.answers, x.told(in.Line))
		return
	}
	if x.s.State == StateEnded {
		x.refuse(string(in.Kind))
		return
	}
	switch in.Kind {
	case call.InEvent:
		x.event(in.Event)
	case call.InTimer:
		x.due(in.Timer)
	case call.InDone:
		x.heard(in)
		x.done(in.N, in.Result)
	case call.InRefused:
		x.heard(in)
		x.refusedCommand(in.N, in.Err)
	case call.InAway:
		if x.s.AwaySince == 0 {
			x.s.AwaySince = x.ms()
		}
	case call.InCompare:
		x.back()
		x.compare(in.Truth)
	case call.InLost:
		x.dirty = true
	case call.InClock:
		x.s, x.dirty = call.Moved(x.s, in.Set), true
	case call.InPanic:
		x.s.Todo.Strike(in.N)
		x.end("fault")
	case call.InArrive, call.InOffer, call.InWithdraw, call.InLate, call.InWish, call.InLine, call.InDial, call.InPromise, call.InAttempt, call.InDeserted, call.InRules:
		x.refuse(string(in.Kind))
	}
}

// heard lets the clock run again when the PBX answers.
func (x *change) heard(in call.Input) {
	if in.PBX {
		x.back()
	}
}

func (x *change) back() {
	if x.s.AwaySince == 0 {
		return
	}
	away := x.ms() - x.s.AwaySince
	x.s.AwaySince = 0
	for name := range x.s.Timers {
		x.s.Timers[name] += away
	}
	x.dirty = true
}

// told handles what the engine tells a line.
func (x *change) told(n call.LineNews) error {
	if x.s.State == StateEnding || x.s.State == StateEnded {
		if n.Do == call.LineOpen || n.Do == call.LineTake {
			return fault.New(op, fault.Conflict, "the permanent line of agent %q is being ended", x.s.Agent)
		}
		return nil
	}
	switch n.Do {
	case call.LineOpen:
		if x.s.State == StateLost {
			x.s.Tries = 0
			x.ring()
		}
	case call.LineTake:
		return x.dialledIn(n.Channel)
	case call.LineLent:
		if n.Channel != x.s.Channel {
			x.refuse("lent") // the line before this one, which is being hung up
			return nil
		}
		x.letGo(false, orchestrator.CauseGone) // of the two neither knew of the other
		if x.lend() {
			x.s.Lent = n.Call
			x.listens(n.Listens)
		}
	case call.LineBack:
		x.returned(n.Call)
	case call.LineLook:
		x.ask(orchestrator.AgentLook)
	case call.LineAgent:
		if n.State == "available" && x.s.State == StateLost { // between the end of a call and the pause of who hung up in it, perhaps
			x.ask(orchestrator.AgentLook) // which is answered after that pause
			return nil
		}
		x.follows(n.State, false)
		x.agentIs(n.State)
	}
	return nil
}

// lend notes that somebody has the line now: what the agent had begun on it, and what
// was to be heard, is past.
func (x *change) lend() bool {
	if !x.move(OnLent) {
		return false
	}
	x.s.Keys = ""
	x.disarm(timerKeys)
	x.disarm(timerTone)
	x.giveUp(audible)
	return true
}

// audible tells whether a command is heard on the line.
func audible(c call.Command) bool { return is[call.Rest](c) || is[call.Play](c) }

// returned lets the agent hear that the conversation is over.
func (x *change) returned(by string) {
	if x.s.State != StateLent || x.s.Lent != by {
		x.refuse("back") // another call has it by now, or it is gone
		return
	}
	x.move(OnBack)
	x.s.Lent = ""
	x.listens(false)
	x.rest()
	x.arm(timerTone, toneAfter)
}

// listens notes whether the agent listens to another's conversation on the line.
func (x *change) listens(yes bool) {
	if x.s.Listens != yes {
		x.s.Listens = yes
		x.tell()
	}
}

// agentIs follows the agent: logged out there is no line; ready again while the
// line is lost, it is rung.
func (x *change) agentIs(state string) {
	switch {
	case state == "offline":
		x.end("logout")
	case state == "available" && x.s.State == StateLost && x.s.Timers[timerAgain] == 0:
		x.s.Tries = 0
		x.ring()
	}
}

// ring calls the agent's phone.
func (x *change) ring() {
	if !x.move(OnRing) {
		return
	}
	x.disarm(timerAgain)
	x.s.Channel, x.s.Since = x.id("l"), x.ms()
	x.s.Tries++
	x.note(fields{"phone": x.s.Phone.Endpoint})
	x.tell()
	endpoint, err := x.Gate.Phone(orchestrator.PhoneAt{PBX: x.s.Phone.PBX, Endpoint: x.s.Phone.Endpoint})
	if err != nil {
		x.gone("denied", orchestrator.CauseRejected)
		return
	}
	x.arm(timerRing, x.Settings.Ring+ringGrace)
	x.do(call.Dial{Order: orchestrator.Origination{Channel: x.s.Channel, Endpoint: endpoint, Args: []string{"line", x.s.ID},
		Caller: orchestrator.Party{Name: "operadora"}, Timeout: x.Settings.Ring, AutoAnswer: x.s.Phone.AutoAnswer, Language: x.s.Phone.Language}})
}

// dialledIn makes the channel on which the agent has called the line.
func (x *change) dialledIn(channel string) error {
	if x.s.State == StateLent {
		return fault.New(op, fault.Conflict, "the permanent line of agent %q is in a call", x.s.Agent)
	}
	if x.s.Channel == channel {
		return nil // told twice
	}
	if x.s.Channel != "" {
		x.giveUp(func(c call.Command) bool { return audible(c) || is[call.Dial](c) })
		x.do(call.Hangup{Channel: x.s.Channel, Cause: orchestrator.CauseGone})
	}
	x.s.Channel, x.s.Since = channel, x.ms()
	x.open("dialled in")
	return nil
}

// open notes that the line is there.
func (x *change) open(why string) {
	if !x.move(OnUp) {
		return
	}
	x.disarm(timerRing)
	x.disarm(timerAgain)
	x.s.Tries, x.s.Playing, x.s.Since = 0, "", x.ms()
	x.note(fields{"why": why})
	x.rest()
	x.ask(orchestrator.AgentLineUp)
	x.tell()
}

// rest lets the agent hear what is heard between calls.
func (x *change) rest() {
	x.giveUp(is[call.Rest])
	x.do(call.Rest{Channel: x.s.Channel, Class: x.Settings.Music})
}

// tone tells the agent by a short tone that something is over, or was done; or
// that it was not.
func (x *change) tone(good bool) {
	if x.s.State != StateIdle {
		return
	}
	sound := "beep"
	if !good {
		sound = "beeperr"
	}
	x.play(sound)
}

// play lets the agent hear a sound on the line.
func (x *change) play(sound string) {
	x.s.Playing = x.id("p")
	x.do(call.Play{Playback: orchestrator.Playback{ID: x.s.Playing, Channel: x.s.Channel, Language: x.s.Phone.Language,
		Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: sound}}}})
}

// event handles what the PBX tells of the line.
func (x *change) event(e orchestrator.Event) {
	if e.Kind == orchestrator.EventPlayed {
		x.played(e.Playback)
		return
	}
	if x.reachEvent(e) {
		return
	}
	if e.Channel != x.s.Channel || x.s.Channel == "" {
		if e.Kind == orchestrator.EventEntered || e.Kind == orchestrator.EventRinging {
			x.do(call.Hangup{Channel: e.Channel, Cause: orchestrator.CauseNormal}) // a line that was given up
		}
		return
	}
	switch e.Kind {
	case orchestrator.EventEntered:
		if x.s.State == StateConnecting {
			x.open("answered")
		}
	case orchestrator.EventEnded, orchestrator.EventLeft:
		x.lineEnded(e.Cause, e.ByPBX)
	case orchestrator.EventDigit:
		x.key(e.Digit)
	case orchestrator.EventTransfer:
		if x.s.State != StateLent || x.s.Reach != nil { // else the call answers
			x.do(call.AnswerTransfer{Channel: e.Channel})
		}
	case orchestrator.EventRinging, orchestrator.EventHeld, orchestrator.EventResumed,
		orchestrator.EventRecorded, orchestrator.EventDevice, orchestrator.EventPlayed,
		orchestrator.EventHeard, orchestrator.EventSpeaks, orchestrator.EventSilent, orchestrator.EventTold: // nothing follows from these
	}
}

func (x *change) played(playback string) {
	if playback != x.s.Playing || playback == "" {
		return
	}
	x.s.Playing = ""
	x.dirty = true
	switch {
	case x.s.State == StateIdle:
		x.rest()
	case x.s.waits():
		x.meet()
	}
}

// lineEnded handles the end of the line: an agent who hangs up pauses; a line
// that broke, or that the PBX ended, is rung again.
func (x *change) lineEnded(cause orchestrator.Cause, byPBX bool) {
	why := "broken"
	switch {
	case x.s.State == StateConnecting:
		why = "not answered"
	case cause == orchestrator.CauseNormal && !byPBX:
		why = "hung up"
	}
	x.gone(why, cause)
}

// gone notes that there is no line, and says what follows.
func (x *change) gone(why string, cause orchestrator.Cause) {
	was := x.s.State
	if !x.move(OnGone) {
		return
	}
	x.disarm(timerRing)
	x.disarm(timerKeys)
	x.disarm(timerTone)
	channel := x.s.Channel
	x.giveUp(func(c call.Command) bool {
		d, dials := c.(call.Dial)
		return audible(c) || dials && d.Order.Channel == channel
	})
	x.s.Channel, x.s.Lent, x.s.Keys, x.s.Playing, x.s.Listens = "", "", "", "", false
	x.letGo(false, cause)
	if was == StateEnding {
		return
	}
	x.note(fields{"why": why, "cause": cause})
	x.tell()
	if why == "hung up" || why == "denied" || x.s.Tries >= x.Settings.Tries {
		x.ask(orchestrator.AgentLineDown)
		return
	}
	x.arm(timerAgain, min(x.Settings.Again<<min(x.s.Tries, 10), againMost))
}

// end hangs the line up for good.
func (x *change) end(why string) {
	if !x.move(OnEnd) {
		return
	}
	clear(x.s.Timers)
	x.giveUp(func(c call.Command) bool {
		return !is[call.Hangup](c) && !is[call.Dial](c) && !is[call.CloseRoom](c) && !is[call.Continue](c)
	})
	x.letGo(false, orchestrator.CauseNormal)
	x.note(fields{"why": why})
	if x.s.Channel != "" {
		x.do(call.Hangup{Channel: x.s.Channel, Cause: orchestrator.CauseNormal})
		x.arm(timerState, x.Limits.Clear)
	}
}

// finish is the end of a session of which nothing is left.
func (x *change) finish() {
	if x.s.State != StateEnding || x.s.Channel != "" || len(x.s.Todo) > 0 {
		return
	}
	clear(x.s.Timers)
	x.move(OnOver)
	x.note(fields{})
}

// due handles a timer.
func (x *change) due(name call.Timer) {
	at, ok := x.s.Timers[name]
	if !ok || at > x.ms() || x.s.AwaySince > 0 {
		return
	}
	x.disarm(name)
	switch name { //nolint:exhaustive // the others are a call's
	case timerRing:
		x.do(call.Hangup{Channel: x.s.Channel, Cause: orchestrator.CauseNormal})
		x.gone("not answered", orchestrator.CauseNoAnswer)
	case timerAgain:
		x.ring()
	case timerKeys:
		x.carryOut()
	case timerTone:
		x.tone(true)
	case timerNext:
		x.do(call.Continue{Channel: x.s.Next})
		x.nextGone()
	case timerCue:
		if x.s.waits() {
			x.meet()
		}
	case timerState:
		if x.s.Clears++; x.s.Clears > clearTries {
			x.giveUp(func(call.Command) bool { return true })
			x.gone("", orchestrator.CauseUnknown)
			return
		}
		if len(x.s.Todo) == 0 {
			x.do(call.Hangup{Channel: x.s.Channel, Cause: orchestrator.CauseNormal})
		}
		x.arm(timerState, x.Limits.Clear)
	}
}

// done takes a command off the list that was carried out.
func (x *change) done(n int, r call.Result) {
	cmd, ok := x.s.Todo.Strike(n)
	if !ok {
		return
	}
	x.dirty = x.dirty || is[call.Connect](cmd) // who comes after a crash need not join them once more
	do, asked := cmd.(call.AgentDo)
	if !asked {
		return
	}
	switch do.Command.Op {
	case orchestrator.AgentLook:
		x.follows(r.Answer.State, true)
		x.agentIs(r.Answer.State)
	case orchestrator.AgentLineUp, orchestrator.AgentLineDown:
		if r.Answer.State == "offline" || r.Answer.State == "" {
			x.end("logout")
		}
	default:
		x.tone(r.Answer.Result == orchestrator.AgentOK || r.Answer.Result == orchestrator.AgentLater || r.Answer.Result == orchestrator.AgentAlready)
	}
}

// refusedCommand handles a command that will never be carried out.
func (x *change) refusedCommand(n int, err error) {
	cmd, ok := x.s.Todo.Strike(n)
	if !ok {
		return
	}
	x.dirty = true
	switch cmd := cmd.(type) {
	case call.Dial:
		if cmd.Order.Channel != x.s.Channel {
			return
		}
		if !errors.Is(err, call.ErrMoot) { // its channel may have come to be all the same
			x.do(call.Hangup{Channel: cmd.Order.Channel, Cause: orchestrator.CauseGone})
		}
		x.gone("not answered", orchestrator.CauseOutOfOrder)
	case call.Play:
		x.played(cmd.Playback.ID)
	case call.AgentDo:
		x.tone(false)
	case call.MakeRoom, call.Answer, call.Connect:
		x.letGo(false, orchestrator.CauseNormal)
	case call.Continue: // nobody may wait for what will not come
		x.do(call.Hangup{Channel: cmd.Channel, Cause: orchestrator.CauseOutOfOrder})
	default: // what a channel that is gone was told; its end tells
	}
}
