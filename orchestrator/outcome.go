package orchestrator

import "strings"

// failureOf says why an offer came to nothing, from where the leg stood and
// the cause the PBX gave. Asterisk gives 0 or 19 when its dial timeout passes.
func failureOf(was LegState, cause Cause) OfferFailure {
	switch {
	case was == LegAnswered:
		return OfferRejected // picked up and hung up before the join
	case cause == CauseBusy && was != LegRinging:
		return OfferBusy
	case cause == CauseRejected || cause == CauseBusy: // many phones answer 486 when their reject key is pressed
		return OfferRejected
	case unreachableCauses[cause] && was == LegDialing:
		return OfferUnreachable
	default:
		return OfferNoAnswer
	}
}

// unreachableCauses: no registered phone behind the endpoint, if it never rang.
var unreachableCauses = map[Cause]bool{
	1: true, CauseNoRoute: true, 20: true, CauseOutOfOrder: true, 38: true, CauseCongestion: true,
}

// transferResult is the edge a flow takes when a transfer came to nothing.
func transferResult(was LegState, cause Cause) string {
	switch failureOf(was, cause) {
	case OfferBusy:
		return "busy"
	case OfferNoAnswer:
		return "no_answer"
	default:
		return "failed"
	}
}

// MaskNumber hides the middle of a number for logs and timelines: at most the
// last three characters stay.
func MaskNumber(n string) string {
	r := []rune(n)
	if len(r) <= 3 {
		return strings.Repeat("*", len(r))
	}
	return strings.Repeat("*", len(r)-3) + string(r[len(r)-3:])
}
