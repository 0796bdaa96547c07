package acd

import (
	"fmt"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Finding is one reason why an agent has no call, or not a certain one. Code
// is for programs and translations, Detail is an English sentence.
type Finding struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Codes of findings.
const (
	WhyUnknownAgent = "unknown_agent"
	WhyUnknownCall  = "call_not_waiting"
	WhyState        = "state"      // not available
	WhyPhone        = "phone"      // busy or unreachable
	WhyRest         = "resting"    // after an offer that came to nothing
	WhyNotMember    = "not_member" // the call's queue is not the agent's
	WhyOtherPBX     = "other_pbx"  // call and agent are on different PBXs
	WhyOffered      = "offered"    // the call's offer went to somebody
	WhyOlderCall    = "older_call" // another call of the agent's queues comes first
	WhyNoCalls      = "no_calls"   // nothing waits in the agent's queues
	WhyMatch        = "match"      // nothing stands in the way
)

// Explain says why an agent does not get a call; call may be "" for any. It
// is pure: it judges a Snapshot by the rules of the package comment.
func Explain(s Snapshot, agent, call string) []Finding {
	i := slices.IndexFunc(s.Agents, func(a AgentView) bool { return a.ID == agent })
	if i < 0 {
		return []Finding{{WhyUnknownAgent, fmt.Sprintf("there is no agent %q", agent)}}
	}
	a := s.Agents[i]
	out := explainAgent(a, s.At)
	if call == "" {
		return append(out, explainAny(s, a, len(out) == 0)...)
	}
	return append(out, explainCall(s, a, call, len(out) == 0)...)
}

// explainAgent lists what makes the agent ineligible.
func explainAgent(a AgentView, now int64) []Finding {
	var out []Finding
	if a.State != StateAvailable {
		d := fmt.Sprintf("agent %s is %s", a.ID, a.State)
		if a.Since > 0 {
			d += fmt.Sprintf(" for %s", span(now-a.Since))
		}
		if a.Reason != "" {
			d += fmt.Sprintf(" (%s)", a.Reason)
		}
		if a.Call != "" {
			d += fmt.Sprintf(" with call %s", a.Call)
		}
		out = append(out, Finding{WhyState, d})
	}
	if a.Device == orchestrator.DeviceBusy || a.Device == orchestrator.DeviceUnreachable {
		source := "the PBX says"
		if a.Inferred {
			source = "the last offer found"
		}
		if a.State != StateReserved && a.State != StateTalking { // there it is our own call
			out = append(out, Finding{WhyPhone, fmt.Sprintf("%s that phone %s is %s", source, a.Endpoint, a.Device)})
		}
	}
	if a.RestUntil > 0 {
		out = append(out, Finding{WhyRest, fmt.Sprintf("agent %s rests for another %s after an offer that failed (%s)",
			a.ID, span(a.RestUntil-now), a.RestFor)})
	}
	return out
}

// explainAny looks for calls that the agent could get.
func explainAny(s Snapshot, a AgentView, eligible bool) []Finding {
	if first, ok := firstFor(s, a); ok {
		if !eligible {
			return nil
		}
		return []Finding{{WhyMatch, fmt.Sprintf("call %s is next for agent %s", first.Call, a.ID)}}
	}
	return []Finding{{WhyNoCalls, fmt.Sprintf("no call waits on pbx %s in the queues of agent %s %v", a.PBX, a.ID, a.Queues)}}
}

// firstFor is the call that an agent would get.
func firstFor(s Snapshot, a AgentView) (best CallView, ok bool) {
	for _, q := range s.Queues {
		if !slices.Contains(a.Queues, q.ID) {
			continue
		}
		for _, c := range q.Calls {
			before := !ok || c.Score < best.Score || (c.Score == best.Score && c.Call < best.Call)
			if c.Agent == "" && c.PBX == a.PBX && before {
				best, ok = c, true
			}
		}
	}
	return best, ok
}

func explainCall(s Snapshot, a AgentView, call string, eligible bool) []Finding {
	c, ok := findCall(s, call)
	if !ok {
		return []Finding{{WhyUnknownCall, fmt.Sprintf("call %s is in no queue", call)}}
	}
	var out []Finding
	if c.Agent != "" {
		out = append(out, Finding{WhyOffered, fmt.Sprintf("call %s is offered to agent %s", call, c.Agent)})
	}
	if !slices.Contains(a.Queues, c.Queue) {
		out = append(out, Finding{WhyNotMember, fmt.Sprintf("agent %s does not serve queue %s", a.ID, c.Queue)})
	}
	if a.PBX != c.PBX {
		out = append(out, Finding{WhyOtherPBX, fmt.Sprintf("call %s is on pbx %s, agent %s on pbx %s", call, c.PBX, a.ID, a.PBX)})
	}
	if len(out) > 0 || !eligible {
		return out
	}
	if first, ok := firstFor(s, a); ok && first.Call != call {
		return []Finding{{WhyOlderCall, fmt.Sprintf("call %s in queue %s comes first: it counts as waiting %s longer",
			first.Call, first.Queue, span(int64(c.Score-first.Score)))}}
	}
	return []Finding{{WhyMatch, fmt.Sprintf("call %s is next for agent %s", call, a.ID)}}
}

func findCall(s Snapshot, call string) (CallView, bool) {
	for _, q := range s.Queues {
		for _, c := range q.Calls {
			if c.Call == call {
				return c, true
			}
		}
	}
	return CallView{}, false
}

// span is a length of time in ms, in words, to the second.
func span(ms int64) string {
	return (time.Duration(max(0, ms)) * time.Millisecond).Round(time.Second).String()
}
