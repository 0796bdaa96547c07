package call

import "github.com/operadora/operadora/orchestrator"

// failureOf says why an offer came to nothing, from where the leg stood and
// the cause the PBX gave. Asterisk gives 0 or 19 when its dial timeout passes.
func failureOf(was LegState, cause orchestrator.Cause) orchestrator.OfferFailure {
	switch {
	case cause == orchestrator.CauseGone:
		return orchestrator.OfferError // our own hangup, which a store that went back knows nothing of
	case was == LegUp:
		return orchestrator.OfferRejected // picked up and hung up before the join
	case cause == orchestrator.CauseBusy && was != LegRinging:
		return orchestrator.OfferBusy
	case cause == orchestrator.CauseRejected || cause == orchestrator.CauseBusy: // many phones answer 486 when their reject key is pressed
		return orchestrator.OfferRejected
	case unreachableCauses[cause] && was == LegDialing:
		return orchestrator.OfferUnreachable
	default:
		return orchestrator.OfferNoAnswer
	}
}

// unreachableCauses: no registered phone behind the endpoint, if it never rang.
var unreachableCauses = map[orchestrator.Cause]bool{
	1: true, orchestrator.CauseNoRoute: true, 20: true, orchestrator.CauseOutOfOrder: true, 38: true, orchestrator.CauseCongestion: true,
}

// transferResult is the edge a flow takes when a transfer came to nothing.
func transferResult(was LegState, cause orchestrator.Cause) string {
	switch failureOf(was, cause) {
	case orchestrator.OfferBusy:
		return "busy"
	case orchestrator.OfferNoAnswer:
		return "no_answer"
	default:
		return "failed"
	}
}
