package campaign

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Ended is what came of an attempt: of a call that is over.
type Ended struct {
	Result Result
	// Person tells that somebody answered, as far as is known, and Abandoned that nobody
	// was there for them within the threshold.
	Person, Abandoned bool
	Congested         bool // the carrier had no room
}

// EndedAs says what came of an attempt by the record of its call. threshold is how long a
// person who answered may wait for an agent. Whoever answered and had no agent counts as
// abandoned, also who hung up before: it is not known why they did. To whom a flow speaks is
// abandoned who asks it for an agent and gets none, however long they were ready to wait.
// greeted tells that the threshold is counted from the end of the greeting, where that was
// heard. A machine is nobody.
func (c *Campaign) EndedAs(s orchestrator.CallSummary, threshold time.Duration, greeted bool) Ended {
	if s.Outcome == orchestrator.OutcomeMachine {
		return Ended{Result: ResultMachine}
	}
	out := Ended{Person: s.AnsweredAt > 0}
	from := s.AnsweredAt
	if greeted {
		from = max(from, s.GreetedAt)
	}
	if out.Person {
		switch agentless := c.Mode == ModeAgentless && s.QueuedAt == 0; {
		case agentless && s.Outcome == orchestrator.OutcomeFailed, !agentless && s.ConnectedAt == 0:
			out.Result, out.Abandoned = ResultAbandoned, true
		case agentless && s.Outcome != orchestrator.OutcomeCompleted && s.Outcome != orchestrator.OutcomeServed: // as in report campaigns
			out.Result = ResultLeft
		default:
			out.Result = ResultServed
			out.Abandoned = c.Mode != ModeAgentless && s.ConnectedAt-from > threshold.Milliseconds()
		}
		return out
	}
	out.Congested = s.Outcome == orchestrator.OutcomeCongested || s.Outcome == orchestrator.OutcomeRefused // the carrier's trunk, or our own cap of it
	if out.Result = results[s.Outcome]; out.Result == "" {
		out.Result = ResultFailed // a PBX that went away, somebody of the staff: nothing is known of the person
	}
	return out
}

// results are what came of attempts that nobody answered.
var results = map[orchestrator.Outcome]Result{
	orchestrator.OutcomeBusy: ResultBusy, orchestrator.OutcomeNoAnswer: ResultNoAnswer, orchestrator.OutcomeInvalid: ResultInvalid,
	orchestrator.OutcomeDeclined: ResultRefused, orchestrator.OutcomeUnreachable: ResultUnreachable, orchestrator.OutcomeCongested: ResultUnreachable,
	orchestrator.OutcomeSkipped: ResultSkipped, orchestrator.OutcomeWithdrawn: ResultWithdrawn,
	orchestrator.OutcomeRefused: ResultWithdrawn, // by the gate, before anything was dialled
}
