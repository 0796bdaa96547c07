package engine_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// ringTogether lets a caller in for whom four phones ring, of which the first answers.
func (s *site) ringTogether() {
	s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(5*time.Second).ThenHangUp(30*time.Second))
	s.pbx.Arrive("in.1", "5000", caller(1))
	s.wait(3500 * time.Millisecond) // the prompt is over
	for n := 102; n <= 104; n++ {
		endpoint := fmt.Sprint("PJSIP/", n)
		s.pbx.Endpoint(endpoint, pbxtest.RingFor(time.Minute))
		o := *s.floor.offer
		o.ID, o.Agent, o.Endpoint, o.All = endpoint, "agent"+endpoint[6:], endpoint, true
		s.floor.notices <- orchestrator.DeskNotice{Offer: o}
	}
	s.wait(time.Second)
}

// TestPhonesThatRingTogetherAreStoppedTogether: however long the PBX takes to hang up a
// phone, no other rings on meanwhile; the customer is joined when all were told.
func TestPhonesThatRingTogetherAreStoppedTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Delay("Hangup", time.Second)
		s.ringTogether()
		s.wait(10 * time.Second)
		stopped := s.pbx.Commands("Hangup")
		if len(stopped) != 3 {
			t.Fatalf("%d phones were stopped: %v", len(stopped), stopped)
		}
		for _, c := range stopped {
			if apart := c.At.Sub(stopped[0].At); apart != 0 {
				t.Errorf("%s was stopped %v after the first", c.Channel, apart)
			}
		}
		if joined := s.pbx.Commands("Join"); len(joined) == 0 || joined[0].At.Before(stopped[0].At) {
			t.Errorf("joined: %v", joined)
		}
		s.finish(orchestrator.OutcomeServed)
	})
}

// TestAPhoneThatIsNotStoppedKeepsNoOtherRinging: those whose end the PBX confirmed are
// not told again, that of the one whose answer was lost is asked for until it is.
func TestAPhoneThatIsNotStoppedKeepsNoOtherRinging(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*site){
		"refused":     func(s *site) { s.pbx.Fail("Hangup", nil, 2) },
		"answer lost": func(s *site) { s.pbx.LoseReply("Hangup", 2) },
		"late":        func(s *site) { s.pbx.ObeyLate("Hangup", time.Second, 2) },
		"never":       func(s *site) { s.pbx.Fail("Hangup", nil, 40) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				s.ringTogether()
				lose(s)
				s.finish(orchestrator.OutcomeServed)
				told := map[string]int{} // obeyed, or thought so
				for _, c := range s.pbx.Commands("Hangup") {
					if c.Err == nil {
						told[c.Channel]++
					}
				}
				for _, c := range s.pbx.Commands("Originate") {
					if c.Origination.Endpoint != "PJSIP/101" && told[c.Origination.Channel] == 0 {
						t.Errorf("%s was never stopped", c.Origination.Endpoint)
					}
				}
			})
		})
	}
}
