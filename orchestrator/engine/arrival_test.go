package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// What was dialled comes from outside: it is stored, shown and exported without
// control characters and in a length that a number can have.
func TestDialledNumberIsCleaned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
		s.pbx.Arrive("in.1", "5\x1b[31m0\r\n00\x00;x", caller(1))
		s.finish(orchestrator.OutcomeServed)
		if got := s.store.ended()[0].DID; got != "5[31m000x" {
			t.Errorf("the number on record is %q", got)
		}
	})
}

// TestCallersNumberHasOneForm: however a trunk writes a number, on record it is in the one
// form that it has by the PBX's region, as a callback's is.
func TestCallersNumberHasOneForm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
		s.pbx.Arrive("in.1", "500", orchestrator.Party{Number: "910000001", Name: "Luz"})
		s.finish(orchestrator.OutcomeServed)
		if got := s.store.ended()[0].Caller; got != (orchestrator.Party{Number: "+34910000001", Name: "Luz"}) {
			t.Errorf("the caller on record is %+v", got)
		}
	})
}
