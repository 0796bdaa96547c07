package engine_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// together tells who is where: the letters of the customer, the agent and of whom
// the agent asks that are in one room with others, and those that hear music.
func (s *site) together() (room, music string) {
	for _, l := range s.live().Legs {
		letter := map[call.Role]string{call.RoleCustomer: "c", call.RoleAgent: "a"}[l.Role]
		if letter == "" {
			letter = "g"
		}
		switch ch, there := s.pbx.Channel(l.Channel); {
		case there && ch.Bridge != "":
			room += letter
		case there && ch.Held:
			music += letter
		}
	}
	return room, music
}

// TestConsultInTrouble: an agent asks an outside number, swaps, brings all together
// and goes, with one command after the other unanswered, in three ways, or the
// process killed at it. Everybody is where they belong all the same, and nothing is
// left over.
func TestConsultInTrouble(t *testing.T) {
	t.Parallel()
	steps := []struct {
		do          call.WishKind
		room, music string
	}{
		{call.WishConsult, "ag", "c"}, {call.WishSwap, "ca", "g"}, {call.WishSwap, "ag", "c"}, {call.WishMeet, "cag", ""}, {call.WishComplete, "cg", ""},
	}
	inTrouble(t, 26, func(t *testing.T, tr trouble) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(4*time.Second))
		s.pbx.Endpoint("PJSIP/34910000001@trunk", pbxtest.AnswerAfter(4*time.Second))
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.wait(20 * time.Second)
		killed := tr.begin(s)
		for i, step := range steps {
			s.ask(step.do, orchestrator.Target{Kind: orchestrator.TargetNumber, Name: "+34910000001"})
			s.wait(5 * time.Second)
			if killed() {
				s.wait(time.Second)
				s.start()
				if i == 0 { // a dial is not repeated, and the customer is back: so is the question
					s.wait(10 * time.Second)
					s.ask(step.do, orchestrator.Target{Kind: orchestrator.TargetNumber, Name: "+34910000001"})
				}
			}
			s.wait(20 * time.Second)
			if room, music := s.together(); room != step.room || music != step.music {
				t.Fatalf("step %d, %s: in the room %q, want %q; music for %q, want %q", i, step.do, room, step.room, music, step.music)
			}
		}
		if s.floor.offer != nil {
			t.Errorf("the agent is held: %+v", s.floor.offer)
		}
		s.pbx.Decide(nil)
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.finish(orchestrator.OutcomeServed)
	})
}
