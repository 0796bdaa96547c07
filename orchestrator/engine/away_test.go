package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// TestCallsWithoutUs: callers come while operadora is dead, and one is still being
// served by the PBX when it is back. All are on record, once, with the times that
// the PBX told; a process that finds them on record already tells nobody anew.
func TestCallsWithoutUs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.SetClockSkew(time.Hour)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second).ThenHangUp(10*time.Second))
		s.kill()
		s.wait(time.Minute)
		came := time.Now()
		clock := came.Add(time.Hour)
		served := orchestrator.AwayCall{Channel: "in.1", DID: "5000", Caller: caller(1), Began: clock, Ended: clock.Add(20 * time.Second),
			Cause: orchestrator.CauseNormal, Served: true}
		unheard := orchestrator.AwayCall{Channel: "in.2", DID: "50\x1b01", Caller: caller(2), Began: clock.Add(time.Second), Ended: clock.Add(3 * time.Second)}
		s.pbx.Away(served)
		s.pbx.Away(unheard)
		s.wait(30 * time.Second)
		s.start()
		late := served
		late.Channel, late.Caller, late.Ended = "in.3", caller(3), clock.Add(time.Minute)
		s.pbx.Away(late)
		s.wait(2 * time.Minute) // the sweeper finds it
		s.pbx.Away(late)        // as told by a PBX that has forgotten that it is on record
		s.kill()
		s.start()
		s.pbx.Arrive("in.4", "5000", caller(4))
		s.wait(time.Minute)
		s.kill()
		// The PBX cannot know that we have heard of the last one.
		s.pbx.Away(orchestrator.AwayCall{Channel: "in.4", DID: "5000", Caller: caller(4), Began: clock.Add(4 * time.Minute), Ended: clock.Add(5 * time.Minute)})
		s.start()
		s.wait(time.Minute)
		if n := s.healed(); n != 0 {
			t.Errorf("%v healed", n)
		}
		got := map[string]orchestrator.CallSummary{}
		for _, c := range s.store.ended() {
			if before, twice := got[c.Caller.Number]; twice && before.Call != c.Call {
				t.Errorf("on record twice: %+v and %+v", before, c)
			}
			got[c.Caller.Number] = c
		}
		for _, want := range []struct {
			call    orchestrator.AwayCall
			outcome orchestrator.Outcome
			did     string
		}{
			{served, orchestrator.OutcomeAway, "5000"}, {unheard, orchestrator.OutcomeLost, "5001"}, {late, orchestrator.OutcomeAway, "5000"},
		} {
			c := got[want.call.Caller.Number]
			if c.Outcome != want.outcome || c.StartedAt != want.call.Began.Add(-time.Hour).UnixMilli() || c.EndedAt != want.call.Ended.Add(-time.Hour).UnixMilli() ||
				c.Kind != orchestrator.KindInbound || c.DID != want.did || c.PBX != "lima" || c.Cause != want.call.Cause || c.EndedBy != "pbx" {
				t.Errorf("%s: %+v", want.call.Channel, c)
			}
		}
		if c := got[caller(4).Number]; c.Outcome != orchestrator.OutcomeServed {
			t.Errorf("the last caller: %+v", c)
		}
		s.eng.Stop()
		s.pbx.Close()
	})
}
