package call

import (
	"bytes"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// maxSteps bounds the flow steps that one input may cause without waiting for
// anybody, so that a flow that goes in circles cannot hold its call for ever.
const maxSteps = 100

// arrive begins a call: journal first, then the first step of its flow.
func (x *change) arrive(a orchestrator.Arrival) {
	if a.Answered {
		x.c.AnsweredAt = x.happened()
		x.leg(x.c.Customer(), LegOnAnswer)
	}
	x.note(orchestrator.EntryCallStarted, x.c.CallSummary)
	x.arm(TimerCall, x.Limits.Call)
	step, err := x.Flows.Begin(a, x.now)
	switch {
	case fault.KindOf(err) == fault.NotFound && err != nil:
		// Nobody has said what to do with it: it goes where the PBX sends callers without operadora.
		x.fault("nothing is defined for this number", err)
		x.move(OnFlow)
		x.do(Continue{Channel: x.c.Customer().Channel, Place: orchestrator.DialplanPlace{Away: true, Recorded: true}})
	case err != nil:
		x.fault("the flow could not begin", err)
		x.over(orchestrator.OutcomeFailed, "operadora", orchestrator.CauseCongestion)
	default:
		x.c.Shown = step.CallerID
		x.move(OnFlow)
		x.apply(step, 0)
	}
}

// flowInput takes the flow one step on.
func (x *change) flowInput(in orchestrator.FlowInput) { x.flowStep(in, 0) }

func (x *change) flowStep(in orchestrator.FlowInput, depth int) {
	if x.c.Flow == nil || x.c.State == StateClearing {
		x.refuse(string(x.c.State), "flow "+string(in.Kind))
		return
	}
	if depth > maxSteps {
		x.flowFails("the flow goes in circles", nil)
		return
	}
	in.Secret = x.c.Secret
	step, err := x.Flows.Next(x.c.Flow, in, x.now)
	if err != nil {
		x.flowFails("the flow cannot go on", err)
		return
	}
	x.apply(step, depth)
}

// flowFails ends the call of a flow that has no way on, or brings the customer
// back to the agent who sent them there.
func (x *change) flowFails(what string, err error) {
	x.fault(what, err)
	if x.c.Errand != nil {
		x.comeFrom("failed", "operadora")
		return
	}
	x.over(orchestrator.OutcomeFailed, "operadora", orchestrator.CauseCongestion)
}

// apply carries out a step's actions in order. Results that are known at once
// go back into the flow after the last action.
func (x *change) apply(step orchestrator.FlowStep, depth int) {
	x.c.Secret = step.Secret
	if !bytes.Equal(step.State, x.c.Flow) {
		x.c.Flow = step.State
		x.dirty = true
	}
	for _, n := range step.Notes {
		x.passes(n.Flow + "/" + n.Node)
		x.note(orchestrator.EntryCallNode, n)
		x.entries[len(x.entries)-1].Agent = "" // also when a phone rings that the caller is about to leave
	}
	var again []orchestrator.FlowInput
	x.returned = false
	for _, a := range step.Actions {
		if in, now := x.act(a); now {
			again = append(again, in)
		}
	}
	for _, in := range again {
		if !x.returned {
			x.flowStep(in, depth+1)
		}
	}
}

// passes notes where in which flow the call is.
func (x *change) passes(node string) {
	if n := len(x.c.Path); node != "" && n < maxPath && (n == 0 || x.c.Path[n-1] != node) {
		x.c.Path = append(x.c.Path, node)
	}
}

// act carries out one action; now is true when its result is known already.
func (x *change) act(a orchestrator.Action) (result orchestrator.FlowInput, now bool) {
	if x.c.State == StateClearing {
		return orchestrator.FlowInput{}, false // an earlier action ended the call
	}
	if a.Language != "" && a.Language != x.c.Language {
		x.c.Language = a.Language
		x.dirty = true
	}
	channel := x.c.Customer().Channel
	switch a.Kind {
	case orchestrator.ActAnswer:
		if x.c.AnsweredAt > 0 {
			return orchestrator.FlowInput{Kind: orchestrator.FlowAnswered}, true
		}
		x.do(Answer{Channel: channel})
	case orchestrator.ActPlay:
		x.play(a.Media, a.Language, a.Ref)
	case orchestrator.ActStopPlay:
		if x.c.Playing != nil && x.c.Playing.Ref == a.Ref {
			x.stopPlaying()
		}
	case orchestrator.ActTimer:
		if a.After <= 0 {
			x.disarm(TimerFlow)
			break
		}
		x.c.FlowRef = a.Ref
		x.arm(TimerFlow, a.After)
	case orchestrator.ActQueue:
		x.enqueue(a)
	case orchestrator.ActLeave:
		if x.c.Errand != nil {
			x.leaveMove("exit")
			break
		}
		x.unqueue("exit")
	case orchestrator.ActRecord:
		x.voicemail(a.Record)
	case orchestrator.ActStopRec:
		if x.rec(x.c.Mail, RecOnStop) {
			x.do(StopRecord{ID: x.c.Mail.ID})
		}
	case orchestrator.ActTransfer:
		return x.transfer(a)
	case orchestrator.ActCallback:
		return x.askCallback(a)
	case orchestrator.ActLookup:
		x.do(LookUp{Ref: a.Ref, Lookup: a.Lookup})
	case orchestrator.ActContinue:
		if x.c.Errand != nil {
			x.goFrom()
		}
		x.do(Continue{Channel: channel, Place: a.Place})
	case orchestrator.ActAgent:
		cmd := a.Agent
		cmd.PBX = x.c.PBX
		x.do(AgentDo{Command: cmd})
	case orchestrator.ActHangup:
		if x.c.Errand != nil { // its end is the way back
			x.comeFrom("returned", "flow")
			break
		}
		if x.c.Line != nil {
			x.lend()
			break
		}
		outcome := orchestrator.Outcome(a.Outcome)
		if outcome == "" {
			outcome = x.ownOutcome()
		}
		x.over(outcome, "operadora", a.Cause)
	}
	return orchestrator.FlowInput{}, false
}

// answered notes that the customer's channel is up.
func (x *change) answered() {
	if x.c.AnsweredAt > 0 {
		return
	}
	x.c.AnsweredAt = x.happened()
	x.leg(x.c.Customer(), LegOnAnswer)
	x.note(orchestrator.EntryCallAnswered, fields{})
	x.flowInput(orchestrator.FlowInput{Kind: orchestrator.FlowAnswered})
}
