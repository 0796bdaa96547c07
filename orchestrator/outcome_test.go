package orchestrator

import "testing"

func TestFailureOf(t *testing.T) {
	t.Parallel()
	rows := []struct {
		was   LegState
		cause Cause
		want  OfferFailure
	}{
		{LegDialing, CauseBusy, OfferBusy},
		{LegRinging, CauseBusy, OfferRejected},
		{LegDialing, CauseRejected, OfferRejected},
		{LegRinging, CauseRejected, OfferRejected},
		{LegRinging, CauseNoAnswer, OfferNoAnswer},
		{LegRinging, CauseUnknown, OfferNoAnswer},
		{LegDialing, CauseNoResponse, OfferNoAnswer},
		{LegDialing, CauseOutOfOrder, OfferUnreachable},
		{LegDialing, 20, OfferUnreachable},
		{LegRinging, CauseOutOfOrder, OfferNoAnswer}, // it rang, so it was there
		{LegAnswered, CauseNormal, OfferRejected},
	}
	for _, r := range rows {
		if got := failureOf(r.was, r.cause); got != r.want {
			t.Errorf("%s with cause %d: %q, want %q", r.was, r.cause, got, r.want)
		}
	}
}

func TestTransferResult(t *testing.T) {
	t.Parallel()
	for cause, want := range map[Cause]string{CauseBusy: "busy", CauseNoAnswer: "no_answer", CauseRejected: "failed", CauseNoRoute: "failed"} {
		if got := transferResult(LegDialing, cause); got != want {
			t.Errorf("cause %d: %q, want %q", cause, got, want)
		}
	}
}

func TestMaskNumber(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "12": "**", "123": "***", "+34910000123": "*********123", "ñandú": "**ndú"} {
		if got := MaskNumber(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
