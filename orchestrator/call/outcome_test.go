package call

import (
	"testing"

	"github.com/operadora/operadora/orchestrator"
)

func TestFailureOf(t *testing.T) {
	t.Parallel()
	rows := []struct {
		was   LegState
		cause orchestrator.Cause
		want  orchestrator.OfferFailure
	}{
		{LegDialing, orchestrator.CauseBusy, orchestrator.OfferBusy},
		{LegRinging, orchestrator.CauseBusy, orchestrator.OfferRejected},
		{LegDialing, orchestrator.CauseRejected, orchestrator.OfferRejected},
		{LegRinging, orchestrator.CauseRejected, orchestrator.OfferRejected},
		{LegRinging, orchestrator.CauseNoAnswer, orchestrator.OfferNoAnswer},
		{LegRinging, orchestrator.CauseUnknown, orchestrator.OfferNoAnswer},
		{LegDialing, orchestrator.CauseNoResponse, orchestrator.OfferNoAnswer},
		{LegDialing, orchestrator.CauseOutOfOrder, orchestrator.OfferUnreachable},
		{LegDialing, 20, orchestrator.OfferUnreachable},
		{LegRinging, orchestrator.CauseOutOfOrder, orchestrator.OfferNoAnswer}, // it rang, so it was there
		{LegUp, orchestrator.CauseNormal, orchestrator.OfferRejected},
		{LegRinging, orchestrator.CauseGone, orchestrator.OfferError}, // by us
	}
	for _, r := range rows {
		if got := failureOf(r.was, r.cause); got != r.want {
			t.Errorf("%s with cause %d: %q, want %q", r.was, r.cause, got, r.want)
		}
	}
}

func TestTransferResult(t *testing.T) {
	t.Parallel()
	for cause, want := range map[orchestrator.Cause]string{orchestrator.CauseBusy: "busy", orchestrator.CauseNoAnswer: "no_answer", orchestrator.CauseRejected: "failed", orchestrator.CauseNoRoute: "failed"} {
		if got := transferResult(LegDialing, cause); got != want {
			t.Errorf("cause %d: %q, want %q", cause, got, want)
		}
	}
}
