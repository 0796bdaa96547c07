package engine_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// TestClockIsSet: the machine's clock is put forward or back by an hour while a lead's phone
// rings, or while who answered waits for an agent. The phone rings on for as long as it is to,
// who waits hears the message when the law demands it, and what is on record lasted as long as it did.
func TestClockIsSet(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{-time.Hour, time.Hour} {
		for want, phone := range map[orchestrator.Outcome]pbxtest.Behaviour{
			orchestrator.OutcomeNoAnswer:  pbxtest.Manual(),
			orchestrator.OutcomeAbandoned: pbxtest.AnswerAfter(3 * time.Second),
		} {
			t.Run(fmt.Sprint(want, by), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newSite(t)
					s.callsOut(asIs)
					s.logout()
					s.pbx.Endpoint(outsideNumber, phone)
					s.pbx.Sound("sorry", time.Second)
					o := attempt("910000001")
					o.Flow, o.Queue, o.Within, o.Least = "", "sales", 21*time.Second, 15*time.Second
					o.Message = []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "sorry"}}
					if _, err := s.eng.Attempt(t.Context(), "lima", o); err != nil {
						t.Fatal(err)
					}
					began := time.Now()
					s.wait(5 * time.Second)
					s.set.Store(int64(by))
					s.wait(time.Second)
					if err := s.eng.GiveUp(t.Context(), attemptID, "test", ""); fault.KindOf(err) != fault.Conflict {
						t.Errorf("given up after six seconds: %v", err)
					}
					for len(s.store.ended()) == 0 && time.Since(began) < time.Minute {
						s.wait(100 * time.Millisecond)
					}
					calls := s.store.ended()
					if len(calls) != 1 {
						t.Fatalf("after a minute %d calls are over", len(calls))
					}
					took, c := time.Since(began), calls[0]
					if took < 24*time.Second || took > 27*time.Second {
						t.Errorf("it was over after %v", took)
					}
					if onRecord := time.Duration(c.EndedAt-c.StartedAt) * time.Millisecond; (took - onRecord).Abs() > time.Second {
						t.Errorf("it took %v, and on record %v", took, onRecord)
					}
					if want == orchestrator.OutcomeAbandoned && (c.AnsweredAt-c.StartedAt < 3000 || c.AnsweredAt-c.StartedAt > 4000) {
						t.Errorf("on record it was answered after %d ms", c.AnsweredAt-c.StartedAt)
					}
					s.finish(want)
				})
			})
		}
	}
}
