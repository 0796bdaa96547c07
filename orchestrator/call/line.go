package call

import (
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Lines tells of agents' permanent lines. The engine implements it, from memory.
type Lines interface {
	// Line is the permanent line of an agent; false when the agent has none, and
	// is rung for each call.
	Line(pbx, agent string) (Line, bool)
}

// Line is an agent's permanent line, as calls see it. An agent has one call at a
// time, which the distributor sees to: whose offer is in force may have the line.
type Line struct {
	Session string
	Channel string
	Up      bool // it can be lent to whoever has an offer of the agent in force
	Lent    bool // a call has it
}

// LineNews is what the session of a permanent line is told.
type LineNews struct {
	Do      LineDo
	Call    string // of LineLent and LineBack
	Channel string // of LineTake and LineLent: the line
	State   string // of LineAgent: the agent's
	Listens bool   // of LineLent: the agent listens to another's conversation, by no offer
}

// LineDo says what a LineNews is.
type LineDo string

// What a session is told.
const (
	LineOpen  LineDo = "open"  // the line is to be there: the phone is rung, unless it is
	LineTake  LineDo = "take"  // the agent has dialled in: Channel is the line now
	LineLent  LineDo = "lent"  // Call has it
	LineBack  LineDo = "back"  // Call has given it back
	LineLook  LineDo = "look"  // it is to ask for the agent's state
	LineAgent LineDo = "agent" // the agent's state has changed, or is told once more
)

// beep is the sound with which a call begins on a permanent line.
const beep = "beep"

const (
	// cueMost is how long beep and whisper last at most, in case their end is not told.
	cueMost = 10 * time.Second
	// uncued is how long after a beep that could not be heard the agent is taken to
	// know of the call by the caller's voice.
	uncued = time.Second
)

// lineFor is the permanent line of the agent of an offer.
func (x *change) lineFor(o orchestrator.Offer) (Line, bool) { return x.lineOf(o.PBX, o.Agent) }

// lineOf is an agent's permanent line at a PBX.
func (x *change) lineOf(pbx, agent string) (Line, bool) {
	if x.Lines == nil {
		return Line{}, false
	}
	return x.Lines.Line(pbx, agent)
}

// borrow takes an agent's permanent line for an offer: nobody is rung. One that is
// not there at this instant fails the offer, and nobody is blamed.
func (x *change) borrow(o orchestrator.Offer, line Line) {
	x.c.Legs = append(x.c.Legs, Leg{Role: RoleAgent, PBX: o.PBX, Channel: line.Channel, State: LegDialing,
		Line: line.Session, Offer: &o, Dialed: x.ms()})
	x.noteOffered(o, fields{"line": true})
	far := x.c.Far()
	if !line.Up {
		far.Why = orchestrator.OfferError
		x.farGone(orchestrator.CauseOutOfOrder)
		return
	}
	r := x.room()
	far.Room = r.N
	x.do(MakeRoom{Bridge: bridge(x.c.Call, r.N)})
	if x.pickup(); x.c.State != StateSummoning { // who listens to a callback has heard it
		x.whisper(o, line, x.c.Visit.Plan)
	}
}

// borrowGuest does the same for an agent who is asked beside the customer.
func (x *change) borrowGuest(o orchestrator.Offer, line Line) {
	x.c.Consult.Channel = line.Channel
	x.c.Legs = append(x.c.Legs, Leg{Role: RoleConsult, PBX: o.PBX, Channel: line.Channel, State: LegDialing,
		Line: line.Session, Offer: &o, Dialed: x.ms(), Room: x.c.Far().Room})
	l := x.c.leg(line.Channel)
	x.noteConsult(l, "offered", "")
	if !line.Up {
		l.Why = orchestrator.OfferError
		x.guestGone(l, orchestrator.CauseOutOfOrder)
		return
	}
	plan := x.c.Consult.Visit.Plan
	x.guestUp(l)
	x.whisper(o, line, plan)
}

// whisper lets an agent hear on the line that a call has come, and from where. For an
// emergency it beeps three times.
func (x *change) whisper(o orchestrator.Offer, line Line, plan orchestrator.QueuePlan) {
	l := x.c.leg(line.Channel)
	l.Cue = x.id("p")
	media := append(beeps(o), sounds(plan.Whisper)...)
	// During one beep both may speak; more than that is to be understood before they do.
	x.do(Play{Playback: orchestrator.Playback{ID: l.Cue, Channel: line.Channel, Media: media, Language: o.Language, Aside: len(media) == 1}})
}

// beeps announce an offer on a permanent line.
func beeps(o orchestrator.Offer) []orchestrator.Media {
	if o.Match.Tier > 0 {
		return sounds(beep, beep, beep)
	}
	return sounds(beep)
}

// cued handles the end of what tells an agent on a permanent line of the call; false
// for any other playback. It is stored with the next change: who takes the call up
// asks after it (checkCue).
func (x *change) cued(playback string, failed bool) bool {
	for i := range x.c.Legs {
		l := &x.c.Legs[i]
		if l.Cue == "" || l.Cue != playback {
			continue
		}
		after := breath // nobody decides sooner on what they have heard, and the end of the line ends it, too
		if failed {
			after = uncued
		}
		l.Cue, l.Told = "", x.happened()+after.Milliseconds()
		x.dirty = true // who comes after a crash must not take a short conversation for a missed call
		return true
	}
	return false
}

// untold tells whether the agent on a permanent line that has ended did not know of
// the call yet.
func (x *change) untold(l *Leg) bool {
	if l.Line == "" || l.Dials {
		return false
	}
	if l.Cue != "" {
		return x.happened() < l.Joined+cueMost.Milliseconds()
	}
	return x.happened() < l.Told
}

// checkCue asks after a beep whose end may have been missed.
func (x *change) checkCue(l *Leg) {
	if l.Cue != "" {
		x.do(CheckPlay{ID: l.Cue})
	}
}

// borrowToDial takes an agent's permanent line for a call that the agent makes: what
// is heard on it between calls ends, and the customer is rung.
func (x *change) borrowToDial() {
	far := x.c.Far()
	r := x.room()
	far.Room = r.N
	x.do(MakeRoom{Bridge: bridge(x.c.Call, r.N)})
	x.do(Unhold{Channel: far.Channel})
	x.agentUp()
}

// notBorrowed handles that a permanent line was gone at the instant at which it was
// to be lent for a call that its agent makes: no event told this call.
func (x *change) notBorrowed(channel string) {
	if far := x.c.Far(); x.c.State == StateDialing && far != nil && far.Channel == channel && far.Line != "" {
		far.Why = orchestrator.OfferError
		x.farGone(orchestrator.CauseOutOfOrder)
	}
}

// giveBack gives a permanent line back that is being hung up on.
func (x *change) giveBack(l *Leg) {
	x.giveUp(func(c Command) bool {
		play, plays := c.(Play)
		return joins(l.Channel)(c) || aside(l.Channel)(c) || plays && play.Playback.Channel == l.Channel
	})
	x.do(Return{Session: l.Line, Channel: l.Channel, Bridge: bridge(x.c.Call, l.Room), Tone: l.Tone})
}

// returns matches the order to give a permanent line back.
func returns(channel string) func(Command) bool {
	return func(c Command) bool { r, ok := c.(Return); return ok && r.Channel == channel }
}

// lineBack ends the part of permanent lines that were given back: no event tells.
func (x *change) lineBack() {
	for _, l := range slices.Clone(x.c.Legs) {
		if now := x.c.leg(l.Channel); now != nil && now.Line != "" && now.State == LegHanging {
			x.legGone(now, orchestrator.CauseNormal)
		}
	}
}

// offerLine remembers that the channel of an agent who has dialled in is to
// become the permanent line once the agent has been told.
func (x *change) offerLine(cmd orchestrator.AgentCommand, a orchestrator.AgentAnswer) {
	if cmd.Op == orchestrator.AgentLine && a.Result == orchestrator.AgentOK && x.c.Kind == orchestrator.KindFeature {
		x.c.Line = &Lend{Channel: x.c.Customer().Channel, Agent: a.Agent, Phone: a.Phone}
	}
}

// lend hands the customer's channel over to the session.
func (x *change) lend() {
	line := *x.c.Line
	x.c.Line = nil
	x.do(line)
	x.arm(TimerState, x.Limits.Command)
}

// lent ends a call whose channel is a permanent line now.
func (x *change) lent() {
	x.leg(x.c.Customer(), LegOnGone)
	x.over(orchestrator.OutcomeCompleted, "operadora", orchestrator.CauseNormal)
}

// notLent ends a call whose channel could not become a permanent line.
func (x *change) notLent(err error) {
	x.fault("the line could not be kept", err)
	x.over(orchestrator.OutcomeFailed, "operadora", orchestrator.CauseCongestion)
}
