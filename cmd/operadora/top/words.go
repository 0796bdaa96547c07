package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// States of an agent as the API names them.
const (
	stateOffline   = "offline"
	stateAvailable = "available"
	stateReserved  = "reserved"
	stateTalking   = "talking"
	stateWrapup    = "wrapup"
	statePaused    = "paused"
)

// agentWords is how an agent's state is shown. The word says all; the colour only helps.
var agentWords = map[string]span{
	stateOffline:   {"offline", dim},
	stateAvailable: {"available", green},
	stateReserved:  {"ringing", yellow},
	stateTalking:   {"talking", cyan},
	stateWrapup:    {"wrap-up", magenta},
	statePaused:    {"paused", red},
}

// StateWord is how an agent's state, as the API names it, is called wherever
// people read it; a state that is not known keeps its name.
func StateWord(state string) string {
	if w, ok := agentWords[state]; ok {
		return w.text
	}
	return state
}

// AgentWord is StateWord of an agent, but for one who is available and whose
// phone gets no call: there it says what is with the phone.
func AgentWord(a api.Agent, now time.Time) string {
	if why := passedOver(a, now); why != "" {
		return why
	}
	return StateWord(a.State)
}

func agentWord(a api.Agent, now time.Time) span {
	w, ok := agentWords[a.State]
	if !ok {
		w = span{text: a.State}
	}
	if why := passedOver(a, now); why != "" {
		w = span{why, red}
	}
	if a.State == statePaused && a.Reason != "" {
		w.text += ": " + a.Reason
	}
	if a.Next != "" {
		w.text += ", then " + a.Next
		if a.NextReason != "" {
			w.text += ": " + a.NextReason
		}
	}
	return w
}

// passedOver says why an agent who is available gets no call, "" when calls come.
func passedOver(a api.Agent, now time.Time) string {
	switch {
	case a.State != stateAvailable:
		return ""
	case a.RestUntil > now.UnixMilli() && a.RestFor != "":
		return "rests: " + strings.ReplaceAll(a.RestFor, "_", " ")
	case unusable[a.Device]:
		return "phone " + string(a.Device)
	}
	return ""
}

// unusable are the states of a phone in which no call is offered.
var unusable = map[orchestrator.DeviceState]bool{
	orchestrator.DeviceBusy: true, orchestrator.DeviceUnreachable: true,
}

var callWords = map[call.State]span{
	call.StateArriving:     {"arriving", plain},
	call.StateInFlow:       {"menu", plain},
	call.StateWaiting:      {"waiting", yellow},
	call.StateOffered:      {"calling", yellow},
	call.StateTransferring: {"transfer", cyan},
	call.StateConnecting:   {"joining", cyan},
	call.StateTalking:      {"talking", cyan},
	call.StateClearing:     {"ending", dim},
	call.StateEnded:        {"ended", dim},
}

func callWord(c Call) span {
	switch {
	case !c.Inbound():
		return span{"code", dim}
	case c.State == call.StateOffered && c.Rings:
		return span{"ringing", yellow}
	}
	if w, ok := callWords[c.State]; ok {
		return w
	}
	return span{text: string(c.State)}
}

// where says in which queue or at which node of a flow a call is.
func where(c Call) string {
	if c.Waits() || c.State == call.StateTalking {
		return c.Queue
	}
	flow, node, _ := strings.Cut(c.Node, "/")
	if flow == "features" {
		return node
	}
	return c.Node
}

// Outcomes in the order in which they are shown, with their words.
var outcomes = []orchestrator.Outcome{
	orchestrator.OutcomeServed, orchestrator.OutcomeAbandoned, orchestrator.OutcomeLeft, orchestrator.OutcomeVoicemail,
	orchestrator.OutcomeCompleted, orchestrator.OutcomeTransferred, orchestrator.OutcomeRejected,
	orchestrator.OutcomeFailed, orchestrator.OutcomeLost,
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

// ago is the time since a moment in unix milliseconds, "" for never.
func ago(ms int64, now time.Time) string {
	if ms == 0 {
		return ""
	}
	return clock(now.Sub(time.UnixMilli(ms)))
}
