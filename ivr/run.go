package ivr

import (
	"strconv"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/calendar"
)

// maxNodes is how many nodes one input may enter. A flow that passes lint
// stays far below; one whose texts changed under it must not spin.
const maxNodes = 60

// maxDepth is how deep sub-flows may be nested.
const maxDepth = 8

// input is what the interpreter reacts to.
type input = orchestrator.FlowInput

// run is one input being worked on.
type run struct {
	rev  *Revision
	cals map[string]*calendar.Calendar
	now  time.Time
	st   *state
	flow *Flow
	node *Node

	step    orchestrator.FlowStep
	target  string // node to enter next
	entered int
	faults  int
	used    bool     // the input meant something
	said    []Spoken // what the actions play, for people
}

// Spoken is one thing that a playback says, as the flow names it.
type Spoken struct {
	What string // prompt key, "digits 123", "number 21", sound or tone name
	Text string // what people hear, when the flow tells
}

func (r *run) act(a orchestrator.Action) { r.step.Actions = append(r.step.Actions, a) }

// note writes what the present node came to on the call's timeline. A note
// without outcome tells that a node was entered; where its outcome is known at
// once, one note tells both.
func (r *run) note(outcome string, detail map[string]string) {
	if n := len(r.step.Notes); n > 0 {
		last := &r.step.Notes[n-1]
		if last.Flow == r.st.Flow && last.Node == r.st.Node && last.Outcome == "" && outcome != "" {
			last.Outcome, last.Detail = outcome, detail
			return
		}
	}
	r.step.Notes = append(r.step.Notes, orchestrator.Note{
		Flow: r.st.Flow, Node: r.st.Node, Outcome: outcome, Detail: detail})
}

// settle enters nodes until one waits or the flow is over.
func (r *run) settle() {
	for r.target != "" && r.st.Phase != phaseOver {
		name := r.target
		r.target = ""
		r.entered++
		if r.entered > maxNodes {
			r.note("fault", map[string]string{"why": "the flow goes in circles without waiting for anybody"})
			r.over(orchestrator.CauseNormal, string(orchestrator.OutcomeFailed))
			return
		}
		r.enter(name)
	}
}

// enter goes to a node of the present flow.
func (r *run) enter(name string) {
	if name == End {
		r.over(orchestrator.CauseNormal, "")
		return
	}
	n := r.flow.Nodes[name]
	if n == nil {
		r.fault("there is no node " + strconv.Quote(name))
		return
	}
	r.node, r.st.Node = n, name
	r.st.NoInput, r.st.NoMatch, r.st.Unsure = 0, 0, 0
	r.st.Confirm, r.st.Keys, r.st.Masked = false, "", false
	if r.mustAnswer(n) {
		r.answer()
		return
	}
	r.note("", nil)
	n.Step.enter(r)
}

// mustAnswer tells whether a node would play or record on a channel that is
// not answered: early media is at the far end's mercy, so the call is answered first.
func (r *run) mustAnswer(n *Node) bool {
	if r.st.Up {
		return false
	}
	switch n.Type {
	case NodePlay, NodeSay, NodeMenu, NodeGather, NodeQueue, NodeRecord, NodeTransfer:
		return true
	case NodeLookup: // callers may be looked up before anybody answers
		l, ok := n.Step.(*Lookup)
		return ok && len(l.Filler) > 0
	case NodeAnswer, NodeSet, NodeSwitch, NodeHours, NodeHangup, NodeCall, NodeReturn, NodeAgent, NodeContinue, NodeCallback:
		// nothing is heard in these
	}
	return false
}

func (r *run) answer() {
	r.st.Phase = phaseAnswer
	r.act(orchestrator.Action{Kind: orchestrator.ActAnswer})
}

// leave ends the present node with an outcome and chooses the next one.
func (r *run) leave(outcome string, detail map[string]string) {
	r.clearTimer()
	r.st.Play = 0
	r.note(outcome, detail)
	to, ok := r.flow.Leads(r.node, outcome)
	if !ok {
		r.fault("nothing is said for outcome " + strconv.Quote(outcome))
		return
	}
	r.target = to
}

// fault goes where the flow handles what nobody else handles: its on_error,
// else the calling flow's, else it hangs up.
func (r *run) fault(why string) {
	r.clearTimer()
	r.st.Play = 0
	r.note("fault", map[string]string{"why": why})
	r.faults++
	for {
		to := r.flow.OnError
		if to != "" && to != r.st.Node && r.flow.Nodes[to] != nil && r.faults <= maxDepth {
			r.target = to
			return
		}
		if !r.pop() {
			r.over(orchestrator.CauseNormal, string(orchestrator.OutcomeFailed))
			return
		}
		if to, ok := r.flow.Leads(r.node, OutError); ok {
			r.note(OutError, nil)
			r.target = to
			return
		}
	}
}

// pop returns to the calling flow, at its call node. False when there is none.
func (r *run) pop() bool {
	for len(r.st.Stack) > 0 {
		top := r.st.Stack[len(r.st.Stack)-1]
		r.st.Stack = r.st.Stack[:len(r.st.Stack)-1]
		f := r.rev.Flows[top.Flow]
		if f == nil || f.Nodes[top.Node] == nil {
			continue
		}
		r.flow, r.node = f, f.Nodes[top.Node]
		r.st.Flow, r.st.Node, r.st.Vars, r.st.Hide = top.Flow, top.Node, top.Vars, top.Hide
		return true
	}
	return false
}

// over hangs up.
func (r *run) over(cause orchestrator.Cause, outcome string) {
	r.done()
	r.act(orchestrator.Action{Kind: orchestrator.ActHangup, Cause: cause, Outcome: outcome})
}

// done forgets everything that is waited for.
func (r *run) done() {
	r.clearTimer()
	r.target = ""
	r.st.Play, r.st.Phase = 0, phaseOver
	r.st.Ahead, r.st.Keys, r.st.Vars, r.st.Hide, r.st.Stack = "", "", nil, nil, nil
}

// play starts one playback; false when there is nothing to play.
func (r *run) play(items []Item) bool {
	media, lang := r.render(items)
	if len(media) == 0 {
		return false
	}
	r.st.Ref++
	r.st.Play, r.st.Phase = r.st.Ref, phasePlay
	r.act(orchestrator.Action{Kind: orchestrator.ActPlay, Ref: r.st.Ref, Media: media, Language: lang})
	return true
}

func (r *run) stopPlay() {
	if r.st.Play == 0 {
		return
	}
	r.act(orchestrator.Action{Kind: orchestrator.ActStopPlay, Ref: r.st.Play})
	r.st.Play = 0
}

// setTimer starts the call's one timer, replacing the one that runs.
func (r *run) setTimer(after time.Duration) {
	r.st.Ref++
	r.st.Timer = r.st.Ref
	r.act(orchestrator.Action{Kind: orchestrator.ActTimer, Ref: r.st.Ref, After: after})
}

func (r *run) clearTimer() {
	if r.st.Timer == 0 {
		return
	}
	r.act(orchestrator.Action{Kind: orchestrator.ActTimer, Ref: r.st.Timer})
	r.st.Timer = 0
}
