package call

import "github.com/operadora/operadora/orchestrator"

// leadCauses say why a lead was not reached, by the cause (Q.850) of a phone of which
// nothing was heard: what is called next, and when, hangs on it.
var leadCauses = map[orchestrator.Cause]orchestrator.Outcome{
	1:                            orchestrator.OutcomeInvalid, // unallocated; SIP 404, 604
	22:                           orchestrator.OutcomeInvalid, // the number has changed; 410
	28:                           orchestrator.OutcomeInvalid, // no complete number; 484
	orchestrator.CauseBusy:       orchestrator.OutcomeBusy,
	orchestrator.CauseRejected:   orchestrator.OutcomeDeclined,  // 403, 603
	42:                           orchestrator.OutcomeCongested, // 503
	38:                           orchestrator.OutcomeCongested, // the network is out of order; 500
	orchestrator.CauseCongestion: orchestrator.OutcomeCongested,
	41:                           orchestrator.OutcomeCongested,
	44:                           orchestrator.OutcomeCongested,
	47:                           orchestrator.OutcomeCongested,
}

// leadEnd says why a lead was not reached. A phone that rang is there: whatever else is
// told of it, nobody answered.
func leadEnd(was LegState, cause orchestrator.Cause) orchestrator.Outcome {
	end, known := leadCauses[cause]
	switch {
	case was == LegHanging: // we hung up, after it rang long enough
		return orchestrator.OutcomeNoAnswer
	case was == LegRinging && end != orchestrator.OutcomeBusy && end != orchestrator.OutcomeDeclined:
		return orchestrator.OutcomeNoAnswer
	case known:
		return end
	}
	return endOf(was, cause)
}
