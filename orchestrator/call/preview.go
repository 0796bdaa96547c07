package call

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// An attempt may be made by an agent who is named (Attempt.Agent): the agent is held first,
// as for a call that they make themselves, and the lead's phone is rung once they listen. In
// a preview they say before whether it is rung at all, within a time: state previewing.

// Preview is how an agent decides whether a lead is called.
type Preview struct {
	Limit time.Duration `json:"limit"` // from when the agent listens
	Then  PreviewEnd    `json:"then"`  // what becomes of it when the agent said nothing by then
}

// PreviewEnd is what becomes of a preview of which the agent says nothing.
type PreviewEnd string

// What may become of it.
const (
	PreviewDial  PreviewEnd = "dial"  // the lead is called
	PreviewSkip  PreviewEnd = "skip"  // the lead is not called, and the agent is free
	PreviewPause PreviewEnd = "pause" // nor is the lead, and the agent is paused
)

// Keys of an agent who previews.
const (
	keyDial = "1"
	keySkip = "2"
)

// ByAgent tells whether the attempt is made by an agent who is held before.
func (a *Attempt) ByAgent() bool { return a != nil && a.Agent != "" }

// previews tells whether an agent is to say whether the lead is called.
func (x *change) previews() bool { return x.c.Attempt.ByAgent() && x.c.Attempt.Preview != nil }

// undialled tells whether an attempt by an agent has not rung the lead's phone.
func (x *change) undialled() bool {
	s := x.c.Customer().State
	return x.c.Attempt.ByAgent() && x.c.Customer().Dialed == 0 && (s == LegPlanned || s == LegEnded)
}

// attemptBy holds the agent who is to make an attempt. One who is not free is not held.
func (x *change) attemptBy() {
	o := x.c.Attempt
	x.move(OnDial)
	x.c.Visit = &Visit{N: x.next(), State: VisitAsked, Queue: o.Queue, Entered: x.ms()}
	x.do(HoldAgent{Dialling: orchestrator.Dialling{Call: x.c.Call, PBX: x.c.PBX, Visit: x.c.Visit.N,
		Agent: o.Agent, Queue: o.Queue, By: "campaign:" + o.Campaign, Free: true}})
}

// given tells of a preview that the agent of an offer has.
func (x *change) given(o orchestrator.Offer) {
	if !x.previews() {
		return
	}
	f := x.brief()
	f["limit_ms"], f["then"] = x.c.Attempt.Preview.Limit.Milliseconds(), x.c.Attempt.Preview.Then
	x.notePreview(&Leg{Role: RoleAgent, Offer: &o}, "given", f) // whose leg is yet to be
}

// previewing lets an agent who listens decide, unless that is done; false where there is
// nothing to decide.
func (x *change) previewing() bool {
	if !x.previews() || x.c.Chosen {
		return false
	}
	x.move(OnPreview)
	x.arm(TimerPreview, x.c.Attempt.Preview.Limit)
	x.announcePreview()
	return true
}

// announcePreview lets the agent hear that there is something to decide.
func (x *change) announcePreview() {
	far := x.c.Far()
	far.Tone = x.id("p")
	x.do(Play{Playback: orchestrator.Playback{ID: far.Tone, Channel: far.Channel, Language: far.Offer.Language,
		Media: append(beeps(*far.Offer), sounds(x.c.Visit.Plan.Whisper)...)}})
}

// previewKey takes a key of an agent who previews.
func (x *change) previewKey(key string) {
	by := "agent:" + x.c.Far().agent()
	switch key {
	case keyDial:
		x.decideDial(by)
	case keySkip:
		x.skipLead(by, "")
	default:
		x.refuse(string(x.c.State), "digit")
	}
}

// preview carries out what somebody wants of an attempt that an agent previews.
func (x *change) preview(w Wish) error {
	a := x.c.Attempt
	waits := x.c.State == StatePreviewing || x.c.State == StateSummoning || x.c.State == StateReserving
	switch {
	case !x.previews():
		return fault.New(op, fault.Conflict, "the call is no preview of a lead")
	case !waits || x.c.Chosen:
		return fault.New(op, fault.Conflict, "the call is in state %q: it is decided whether the lead is called", x.c.State)
	case w.Agent != "" && w.Agent != a.Agent:
		return fault.New(op, fault.Conflict, "agent %q does not preview this lead", w.Agent)
	case w.Do == WishDial:
		x.decideDial(w.By)
	default:
		x.skipLead(w.By, w.Reason)
	}
	return nil
}

// decideDial has the lead called, once the agent listens.
func (x *change) decideDial(by string) {
	x.c.Chosen = true
	x.notePreview(x.c.Far(), "dial", fields{"by": by})
	x.disarm(TimerPreview)
	if x.c.State == StatePreviewing && x.move(OnPickup) {
		x.summon()
	}
}

// skipLead ends an attempt whose lead is not to be called.
func (x *change) skipLead(by, reason string) {
	f := fields{"by": by}
	some(f, "disposition", reason)
	x.notePreview(x.c.Far(), "skip", f)
	ended := "agent"
	if by == orchestrator.ByOperadora {
		ended = orchestrator.ByOperadora
	}
	x.over(orchestrator.OutcomeSkipped, ended, orchestrator.CauseNormal)
}

// previewOver does what is to be done when the agent said nothing.
func (x *change) previewOver() {
	if x.c.State != StatePreviewing {
		return
	}
	switch x.c.Attempt.Preview.Then {
	case PreviewDial:
		x.decideDial(orchestrator.ByOperadora)
	case PreviewPause: // first: nobody else is to be given to them
		if x.pending(is[AgentDo]) { // the distributor does not answer
			x.skipLead(orchestrator.ByOperadora, "")
			return
		}
		x.do(AgentDo{Beep: x.c.Far().Channel, Command: orchestrator.AgentCommand{Op: orchestrator.AgentPause,
			Agent: x.c.Attempt.Agent, PBX: x.c.PBX, Trusted: true, Reason: orchestrator.ReasonPreview, By: orchestrator.ByOperadora}})
		x.arm(TimerPreview, x.Limits.Command)
	case PreviewSkip:
		x.skipLead(orchestrator.ByOperadora, "")
	}
}

// paused skips the lead of an agent who was paused because they did not decide; false where
// a command was for something else.
func (x *change) paused(cmd AgentDo) bool {
	if x.c.State != StatePreviewing || cmd.Command.Reason != orchestrator.ReasonPreview {
		return false
	}
	x.skipLead(orchestrator.ByOperadora, "")
	return true
}

// notePreview writes down what becomes of a preview of the agent of a leg.
func (x *change) notePreview(l *Leg, state string, f fields) {
	f["state"], f["agent"] = state, x.c.Attempt.Agent
	x.noteAgent(l, orchestrator.EntryCallPreview, f)
}

// withdraw ends an attempt by an agent whose lead's phone was not rung, for who runs the campaign.
func (x *change) withdraw(w Wish) error {
	if x.c.State == StateClearing || x.c.State == StateEnded || !x.undialled() {
		return fault.New(op, fault.Conflict, "the call is in state %q: the lead's phone was rung", x.c.State)
	}
	x.note(orchestrator.EntryCallHungUp, fields{"by": w.By, "reason": w.Reason})
	x.over(orchestrator.OutcomeWithdrawn, "operadora", orchestrator.CauseNormal)
	return nil
}
