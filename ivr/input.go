package ivr

import (
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// take works one input off. What does not fit the state is ignored: r.used
// stays false and the state is unchanged.
func (r *run) take(in input) {
	if r.st.Phase == phaseOver {
		return
	}
	switch in.Kind {
	case orchestrator.FlowAnswered:
		r.answered(in)
	case orchestrator.FlowDigit:
		r.digit(in)
	case orchestrator.FlowResumed:
		r.resumed(in)
	case orchestrator.FlowPlayed:
		if in.Ref == 0 || in.Ref != r.st.Play {
			return
		}
		r.used = true
		r.st.Play = 0
		if in.Failed {
			r.note("play_failed", nil)
		}
		r.pass(in)
	case orchestrator.FlowTimer:
		if in.Ref == 0 || in.Ref != r.st.Timer {
			return
		}
		r.used = true
		r.st.Timer = 0
		r.pass(in)
	default:
		if want, ok := resultPhase[in.Kind]; ok && want == r.st.Phase {
			r.used = true
			if in.Kind != orchestrator.FlowLookedUp {
				r.st.Looks = 0
			}
			r.pass(in)
		}
	}
	r.settle()
}

// resultPhase says in which phase a result is waited for.
var resultPhase = map[orchestrator.FlowInputKind]phase{
	orchestrator.FlowQueued:      phaseQueue,
	orchestrator.FlowRecorded:    phaseRecord,
	orchestrator.FlowTransferred: phaseTransfer,
	orchestrator.FlowAgent:       phaseAgent,
	orchestrator.FlowCallback:    phaseCallback,
	orchestrator.FlowLookedUp:    phaseLookup,
}

// pass hands an input to the present node.
func (r *run) pass(in input) {
	if w, ok := r.node.Step.(waiter); ok {
		w.input(r, in)
		return
	}
	r.fault("node of type " + string(r.node.Type) + " got an input")
}

// answered goes on after the call was answered. It may come unasked, when the
// PBX's own dialplan answered.
func (r *run) answered(in input) {
	if r.st.Phase != phaseAnswer {
		if !r.st.Up && !in.Failed {
			r.used, r.st.Up = true, true
		}
		return
	}
	r.used = true
	if in.Failed {
		r.note("fault", map[string]string{"why": "the call could not be answered"})
		r.over(orchestrator.CauseNormal, string(orchestrator.OutcomeFailed))
		return
	}
	r.st.Up = true
	if r.node.Type == NodeAnswer {
		r.leave(OutNext, nil)
		return
	}
	r.target = r.node.Name
}

// digit is a key press: the present node's, or kept for the next question.
func (r *run) digit(in input) {
	if !validKey(in.Digit) {
		return
	}
	if r.swallowed(in.Digit) {
		return
	}
	switch r.st.Phase {
	case phasePlay, phaseCollect, phaseQueue:
		r.used, r.st.Looks = true, 0
		r.pass(in)
	case phaseAnswer, phaseAgent, phaseCallback, phaseLookup:
		r.used, r.st.Looks = true, 0
		r.keepAhead(in.Digit)
	case phaseRecord, phaseTransfer, phaseOver:
		// The PBX or the other party listens; these keys are not for us.
	}
}

// keepAhead remembers a key for the next question.
func (r *run) keepAhead(key string) {
	if len(r.st.Ahead) < maxAhead {
		r.st.Ahead += key
	}
}

// swallowed takes a terminator that the caller pressed out of habit after the
// last digit of a number whose length is fixed. Without this it would answer
// the next question.
func (r *run) swallowed(key string) bool {
	if r.st.Swallow == "" {
		return false
	}
	late := r.now.UnixMilli() > r.st.SwallowT
	hit := !late && strings.Contains(r.st.Swallow, key)
	r.st.Swallow, r.st.SwallowT = "", 0
	r.used = r.used || hit
	return hit
}

// resumed says again what the caller should hear now.
func (r *run) resumed(in input) {
	switch r.st.Phase {
	case phaseAnswer:
		r.used = true
		r.act(orchestrator.Action{Kind: orchestrator.ActAnswer})
	case phasePlay, phaseCollect:
		r.used = true
		r.stopPlay()
		r.pass(in)
	case phaseAgent:
		r.used = true
		r.pass(in)
	case phaseLookup: // whoever goes on with the call asks the source again by itself
		if r.st.Play != 0 {
			r.used = true
			r.stopPlay()
			r.pass(in)
		}
	case phaseQueue, phaseRecord, phaseTransfer, phaseCallback, phaseOver:
		// The engine goes on with these by itself.
	}
}
