package ivr

import (
	"strconv"

	"github.com/operadora/operadora/orchestrator"
)

// Answer answers the call; on a call that is answered already it does nothing.
type Answer struct{}

func (*Answer) enter(r *run) {
	if r.st.Up {
		r.leave(OutNext, nil)
		return
	}
	r.answer()
}

// Play says something. It is the step of node types play and say.
type Play struct {
	Prompt  []Item
	BargeIn bool // a key ends it, and counts for the next question
}

func (p *Play) enter(r *run) {
	if p.BargeIn && r.st.Ahead != "" {
		r.leave(OutNext, nil)
		return
	}
	if !r.play(p.Prompt) {
		r.leave(OutNext, nil)
	}
}

func (p *Play) input(r *run, in input) {
	switch in.Kind {
	case orchestrator.FlowPlayed:
		r.leave(OutNext, nil)
	case orchestrator.FlowDigit:
		r.keepAhead(in.Digit)
		if p.BargeIn {
			r.stopPlay()
			r.leave(OutNext, nil)
		}
	case orchestrator.FlowResumed:
		if !r.play(p.Prompt) {
			r.leave(OutNext, nil)
		}
	default: // take passes no results while a prompt plays
	}
}

// Set gives variables a value and may change the language.
type Set struct {
	Vars     []Assign
	Language string
}

// Assign is one variable and its value, which may hold {{variables}}.
type Assign struct {
	Name, Value string
	At          Pos
}

func (s *Set) enter(r *run) {
	for _, a := range s.Vars {
		r.st.set(a.Name, r.st.fill(a.Value), r.st.hides(a.Value))
	}
	r.speak(r.st.fill(s.Language))
	r.leave(OutNext, nil)
}

// speak changes the call's language; what is no language changes nothing.
func (r *run) speak(lang string) {
	if ValidLanguage(lang) {
		r.st.Lang = lang
	}
}

// Switch branches on variables. The first case that holds wins.
type Switch struct{ Cases []Case }

// Case is one comparison; its edge is CaseOutcome of its index.
type Case struct {
	Test Test
	At   Pos
}

// CaseOutcome is the outcome of a switch whose case n (from 0) holds.
func CaseOutcome(n int) string { return casePrefix + strconv.Itoa(n+1) }

func (s *Switch) enter(r *run) {
	for i, c := range s.Cases {
		if c.Test.holds(r.st) {
			r.leave(CaseOutcome(i), nil)
			return
		}
	}
	r.leave(OutElse, nil)
}

// Hours branches on a calendar.
type Hours struct{ Calendar string }

// HolidayOutcome is the outcome of a calendar on a named holiday.
func HolidayOutcome(name string) string { return holidayPrefix + name }

func (h *Hours) enter(r *run) {
	c := r.cals[h.Calendar]
	if c == nil {
		r.leave(OutError, map[string]string{"why": "calendar " + strconv.Quote(h.Calendar) + " is not defined"})
		return
	}
	open, holiday := c.At(r.now)
	switch {
	case open:
		r.leave(OutOpen, nil)
	case holiday != "":
		r.leave(HolidayOutcome(holiday), nil)
	default:
		r.leave(OutClosed, nil)
	}
}

// Call runs another flow and goes on by the outcome it returns.
type Call struct {
	Flow   string
	Params []Assign
	Save   []Assign // Name here <- Value, the name of what the sub-flow returned
}

func (c *Call) enter(r *run) {
	sub := r.rev.Flows[c.Flow]
	if sub == nil || len(r.st.Stack) >= maxDepth {
		r.leave(OutError, map[string]string{"why": "flow " + strconv.Quote(c.Flow) + " cannot be called"})
		return
	}
	inner := state{Vars: map[string]string{}}
	for _, p := range c.Params {
		inner.set(p.Name, r.st.fill(p.Value), r.st.hides(p.Value))
	}
	r.st.Stack = append(r.st.Stack, frame{Flow: r.st.Flow, Node: r.st.Node, Vars: r.st.Vars, Hide: r.st.Hide})
	r.st.Flow, r.st.Vars, r.st.Hide, r.flow = c.Flow, inner.Vars, inner.Hide, sub
	r.target = sub.Start
}

// Return ends a sub-flow with an outcome. In a flow that nobody called it hangs up.
type Return struct {
	Outcome string
	Values  []Assign
}

func (s *Return) enter(r *run) {
	values, hide := map[string]string{}, map[string]bool{}
	for _, v := range s.Values {
		values[v.Name], hide[v.Name] = r.st.fill(v.Value), r.st.hides(v.Value)
	}
	r.note(s.Outcome, nil)
	if !r.pop() {
		r.over(orchestrator.CauseNormal, "")
		return
	}
	if c, ok := r.node.Step.(*Call); ok {
		for _, a := range c.Save {
			r.st.set(a.Name, values[a.Value], hide[a.Value])
		}
	}
	r.leave(s.Outcome, nil)
}

// Hangup ends the call.
type Hangup struct {
	Cause   orchestrator.Cause
	Outcome string // for the call's record; "" lets the engine say
}

func (h *Hangup) enter(r *run) { r.over(h.Cause, h.Outcome) }

// Continue hands the call back to the PBX's own dialplan.
type Continue struct{ Place orchestrator.DialplanPlace }

func (c *Continue) enter(r *run) {
	r.done()
	r.act(orchestrator.Action{Kind: orchestrator.ActContinue, Place: c.Place})
}

// Returns lists the outcomes with which a flow may return, with a node for each.
func (f *Flow) Returns() map[string]*Node {
	out := map[string]*Node{}
	for _, name := range f.NodeNames() {
		if s, ok := f.Nodes[name].Step.(*Return); ok && out[s.Outcome] == nil {
			out[s.Outcome] = f.Nodes[name]
		}
	}
	return out
}
