package orchestrator

import (
	"bytes"

	"github.com/operadora/operadora/orchestrator/fault"
)

// maxSteps bounds the flow steps that one input may cause without waiting for
// anybody, so that a flow that goes in circles cannot hold its call for ever.
const maxSteps = 100

// arrive begins a call: journal first, then the first step of its flow.
func (t *turn) arrive(in input) {
	t.note(EntryCallStarted, t.c.CallSummary)
	t.arm(TimerCall, t.limits.Call)
	step, err := t.flows.Begin(in.Arrival, t.now)
	switch {
	case fault.KindOf(err) == fault.NotFound && err != nil:
		t.fault("nothing is defined for this number", err)
		t.over(OutcomeRejected, "operadora", CauseNoRoute)
	case err != nil:
		t.fault("the flow could not begin", err)
		t.over(OutcomeFailed, "operadora", CauseCongestion)
	default:
		t.move(OnFlow)
		t.apply(step, 0)
	}
}

// flowInput takes the flow one step on.
func (t *turn) flowInput(in FlowInput) { t.flowStep(in, 0) }

func (t *turn) flowStep(in FlowInput, depth int) {
	if t.c.Flow == nil || t.c.State == StateClearing {
		t.refuse(string(t.c.State), "flow "+string(in.Kind))
		return
	}
	if depth > maxSteps {
		t.fault("the flow goes in circles", nil)
		t.over(OutcomeFailed, "operadora", CauseCongestion)
		return
	}
	step, err := t.flows.Next(t.c.Flow, in, t.now)
	if err != nil {
		t.fault("the flow cannot go on", err)
		t.over(OutcomeFailed, "operadora", CauseCongestion)
		return
	}
	t.apply(step, depth)
}

// apply carries out a step's actions in order. Results that are known at once
// go back into the flow after the last action.
func (t *turn) apply(step FlowStep, depth int) {
	if !bytes.Equal(step.State, t.c.Flow) {
		t.c.Flow = step.State
		t.dirty = true
	}
	for _, n := range step.Notes {
		if len(t.c.Path) < maxPath && (len(t.c.Path) == 0 || t.c.Path[len(t.c.Path)-1] != n.Flow+"/"+n.Node) {
			t.c.Path = append(t.c.Path, n.Flow+"/"+n.Node)
		}
		t.note(EntryCallNode, n)
	}
	var again []FlowInput
	for _, a := range step.Actions {
		if in, now := t.act(a); now {
			again = append(again, in)
		}
	}
	for _, in := range again {
		t.flowStep(in, depth+1)
	}
}

// act carries out one action; now is true when its result is known already.
func (t *turn) act(a Action) (result FlowInput, now bool) {
	if t.c.State == StateClearing {
		return FlowInput{}, false // an earlier action ended the call
	}
	if a.Language != "" && a.Language != t.c.Language {
		t.c.Language = a.Language
		t.dirty = true
	}
	switch a.Kind {
	case ActAnswer:
		if t.c.AnsweredAt > 0 {
			return FlowInput{Kind: FlowAnswered}, true
		}
		t.c.Answering = true
		t.arm(TimerState, t.limits.Command)
		t.do(effect{Kind: fxAnswer, Channel: t.c.Channel})
	case ActPlay:
		t.play(a.Media, a.Language, a.Ref)
	case ActStopPlay:
		if t.c.Playing != nil && t.c.Playing.Ref == a.Ref {
			t.stopPlaying()
		}
	case ActTimer:
		if a.After <= 0 {
			t.disarm(TimerFlow)
			break
		}
		t.c.FlowRef = a.Ref
		t.arm(TimerFlow, a.After)
	case ActQueue:
		t.enqueue(a)
	case ActLeave:
		t.unqueue("exit")
	case ActRecord:
		t.voicemail(a.Record)
	case ActStopRec:
		if t.c.Rec != nil && t.c.Rec.Mail && t.rec(RecOnStop) {
			t.do(effect{Kind: fxStopRecord, ID: t.c.Rec.ID})
		}
	case ActTransfer:
		return t.transfer(a)
	case ActContinue:
		t.arm(TimerState, t.limits.Command)
		t.do(effect{Kind: fxContinue, Channel: t.c.Channel, Place: a.Place})
	case ActAgent:
		cmd := a.Agent
		cmd.PBX = t.c.PBX
		t.do(effect{Kind: fxAgent, Agent: cmd})
	case ActHangup:
		outcome := Outcome(a.Outcome)
		if outcome == "" {
			outcome = t.ownOutcome()
		}
		t.over(outcome, "operadora", a.Cause)
	}
	return FlowInput{}, false
}

// play starts media on the caller's channel, in place of what plays now.
func (t *turn) play(m []Media, language string, ref int) {
	t.stopPlaying()
	id := t.id("p")
	t.c.Playing = &Playing{ID: id, Ref: ref}
	t.arm(TimerPlay, playCheck)
	t.do(effect{Kind: fxPlay, Playback: Playback{ID: id, Channel: t.c.Channel, Media: m, Language: language}})
}

func (t *turn) stopPlaying() {
	if t.c.Playing == nil {
		return
	}
	t.do(effect{Kind: fxStopPlay, ID: t.c.Playing.ID})
	t.c.Playing = nil
	t.disarm(TimerPlay)
	t.dirty = true
}

// playingLong handles a playback whose end was not told for a while.
func (t *turn) playingLong() {
	p := t.c.Playing
	if p == nil {
		return
	}
	if p.Checks++; p.Checks <= playChecks {
		t.do(effect{Kind: fxCheckPlay, ID: p.ID})
		t.arm(TimerPlay, playCheck)
		return
	}
	t.do(effect{Kind: fxStopPlay, ID: p.ID})
	t.played(Event{Kind: EventPlayed, Playback: p.ID, Failed: true})
}

// played handles the end of a playback: the flow's, or an announcement in the queue.
func (t *turn) played(e Event) {
	p := t.c.Playing
	if p == nil || p.ID != e.Playback {
		t.refuse("not playing", string(e.Kind)) // stopped by us a moment ago
		return
	}
	t.c.Playing = nil
	t.disarm(TimerPlay)
	t.dirty = true
	if e.Failed {
		t.fault("a prompt could not be played", nil)
	}
	if p.Ref == 0 {
		if t.c.State == StateWaiting || t.c.State == StateOffered {
			t.hold()
		}
		return
	}
	t.flowInput(FlowInput{Kind: FlowPlayed, Ref: p.Ref, Failed: e.Failed})
}

// callerAnswered notes that the caller's channel is up.
func (t *turn) callerAnswered() {
	if t.c.AnsweredAt > 0 {
		return
	}
	t.c.AnsweredAt = t.ms()
	t.c.Answering = false
	t.disarm(TimerState)
	t.note(EntryCallAnswered, fields{})
	t.flowInput(FlowInput{Kind: FlowAnswered})
}

// voicemail records what the caller says.
func (t *turn) voicemail(o RecordingOrder) {
	o.ID, o.Channel, o.Bridge = t.id("m"), t.c.Channel, ""
	t.c.Rec = &RecordingLeg{ID: o.ID, State: RecRunning, Mail: true}
	t.do(effect{Kind: fxRecord, Record: o})
	t.note(EntryCallRecording, fields{"recording": o.ID, "state": "started", "voicemail": true})
}

// recorded handles the end of a recording.
func (t *turn) recorded(e Event) {
	if t.c.Rec == nil || t.c.Rec.ID != e.Recording {
		t.refuse("no recording", string(e.Kind))
		return
	}
	t.recordingOver(e.Failed, e.Duration.Milliseconds())
}

func (t *turn) recordingOver(failed bool, ms int64) {
	trigger, state := RecOnDone, "finished"
	if failed {
		trigger, state = RecOnFail, "failed"
	}
	if !t.rec(trigger) {
		return
	}
	r := t.c.Rec
	t.note(EntryCallRecording, fields{"recording": r.ID, "state": state, "duration_ms": ms, "voicemail": r.Mail})
	if !failed && r.Mail {
		t.c.Voicemail = r.ID
	}
	if failed && !r.Mail && t.c.Recording == r.ID {
		t.c.Recording = ""
	}
	if r.Mail {
		t.flowInput(FlowInput{Kind: FlowRecorded, Failed: failed, Duration: msDuration(ms)})
	}
}
