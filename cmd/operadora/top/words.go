package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
)

// agentWords is how an agent's state is shown. The word says all; the colour only helps.
var agentWords = map[wire.AgentState]span{
	wire.AgentStateOffline:   {"offline", dim},
	wire.AgentStateAvailable: {"available", green},
	wire.AgentStateReserved:  {"ringing", yellow},
	wire.AgentStateTalking:   {"talking", cyan},
	wire.AgentStateWrapup:    {"wrap-up", magenta},
	wire.AgentStatePaused:    {"paused", red},
}

// StateWord is how an agent's state, as the API names it, is called wherever
// people read it; a state that is not known keeps its name.
func StateWord(state wire.AgentState) string { return stateSpan(state).text }

func stateSpan(state wire.AgentState) span {
	if w, ok := agentWords[state]; ok {
		return w
	}
	return span{text: string(state)}
}

// AgentWord is StateWord of an agent, but for one who is available and whose
// phone gets no call: there it says what is with the phone.
func AgentWord(a wire.Agent, now time.Time) string { return agentSpan(a, now).text }

func agentSpan(a wire.Agent, now time.Time) span {
	if why := passedOver(a, now); why != "" {
		return span{why, red}
	}
	return stateSpan(a.State)
}

// Then is what an agent asked for until the call is over, "" for nothing.
func Then(a wire.Agent) string {
	if a.NextReason != "" {
		return string(a.Next) + ": " + a.NextReason
	}
	return string(a.Next)
}

// OverWord says which limit a pause is beyond.
func OverWord(l wire.PauseLimit) string { return strings.ReplaceAll(string(l), "_", " ") }

// agentWord is AgentWord with what is known besides.
func agentWord(a wire.Agent, now time.Time) span {
	w := agentSpan(a, now)
	if a.State == wire.AgentStatePaused && a.Reason != "" {
		w.text += ": " + a.Reason
	}
	if a.State == wire.AgentStateWrapup && a.Reason != "" {
		w.text += ": " + a.Reason + " needed"
	}
	if a.Over != "" {
		w.text += " (over: " + OverWord(a.Over) + ")"
	}
	if a.Next != "" {
		w.text += ", then " + Then(a)
	}
	return w
}

// passedOver says why an agent who is available gets no call, "" when calls come.
func passedOver(a wire.Agent, now time.Time) string {
	switch {
	case a.State != wire.AgentStateAvailable:
		return ""
	case a.RestUntil.After(now) && a.RestFor != "":
		return "rests: " + strings.ReplaceAll(string(a.RestFor), "_", " ")
	case unusable[a.Device]:
		return "phone " + string(a.Device)
	}
	return ""
}

// unusable are the states of a phone in which no call is offered.
var unusable = map[wire.DeviceState]bool{
	wire.DeviceStateBusy: true, wire.DeviceStateUnreachable: true,
}

var callWords = map[wire.CallState]span{
	wire.CallStateArriving:     {"arriving", plain},
	wire.CallStateFlow:         {"menu", plain},
	wire.CallStateWaiting:      {"waiting", yellow},
	wire.CallStateOffered:      {"calling", yellow},
	wire.CallStateTransferring: {"transfer", cyan},
	wire.CallStateConnecting:   {"joining", cyan},
	wire.CallStateTalking:      {"talking", cyan},
	wire.CallStateClearing:     {"ending", dim},
	wire.CallStateEnded:        {"ended", dim},
}

func callWord(c Call) span {
	switch {
	case !c.Inbound():
		return span{"code", dim}
	case c.Away && c.Waits():
		return span{"pbx away", red}
	case c.State == wire.CallStateOffered && c.Rings:
		return span{"ringing", yellow}
	}
	if w, ok := callWords[c.State]; ok {
		return w
	}
	return span{text: string(c.State)}
}

// where says in which queue or at which node of a flow a call is.
func where(c Call) string {
	if c.Waits() || c.State == wire.CallStateTalking {
		return c.Queue
	}
	flow, node, _ := strings.Cut(c.Node, "/")
	if flow == "features" {
		return node
	}
	return c.Node
}

// Outcomes in the order in which they are shown, with their words.
var outcomes = []wire.Outcome{
	wire.OutcomeServed, wire.OutcomeAbandoned, wire.OutcomeLeft, wire.OutcomeVoicemail,
	wire.OutcomeCompleted, wire.OutcomeTransferred, wire.OutcomeRejected,
	wire.OutcomeTerminated, wire.OutcomeFailed, wire.OutcomeQueueGone, wire.OutcomeAway, wire.OutcomeLost,
}

// clock shows a length of time as 0:07, 12:34 or 1:02:03; less than nothing,
// as two machines' clocks make it, is 0:00.
func clock(d time.Duration) string {
	s := max(0, int(d/time.Second))
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// ago is the time since a moment, "" for never.
func ago(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	return clock(now.Sub(at))
}
