package engine_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// comesOver has another PBX send a call for the phone 101 over the trunk.
func (s *site) comesOver(channel string) {
	s.pbx.ArriveAs(pbxtest.Arrival{Channel: channel, DID: "101", Caller: caller(1), Args: []string{orchestrator.PurposeReach, "101"}})
}

// agentIs has the distributor say what the agent does.
func (s *site) agentIs(state string) {
	s.floor.mu.Lock()
	defer s.floor.mu.Unlock()
	s.floor.turn(state, "")
}

// back checks that a channel was handed back to the dialplan, which rings the phone.
func (s *site) back(channel string) {
	s.t.Helper()
	for _, c := range s.pbx.Commands("Continue") {
		if c.Channel == channel && c.Text == "," {
			return
		}
	}
	s.t.Errorf("%s is not back in the dialplan: %+v", channel, s.pbx.Commands())
}

// TestLineReached: calls of another PBX come on the agent's line, one at once after the
// other, with a beep; the phone is not rung, and no call of this PBX is on record. To
// the distributor the phone is busy meanwhile.
func TestLineReached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		line := s.open()
		s.comesOver("trunk.1")
		s.wait(100 * time.Millisecond)
		if c, _ := s.pbx.Channel("trunk.1"); c.Up || c.Bridge != "" {
			t.Errorf("while the agent hears the beep: %+v", c)
		}
		if got := s.floor.device; got != orchestrator.DeviceBusy {
			t.Errorf("the phone counts as %s", got)
		}
		s.wait(time.Second)
		s.talks("trunk.1", line)
		if c, _ := s.pbx.Channel("trunk.1"); !c.Up {
			t.Error("who came over the trunk is not answered")
		}
		s.pbx.Press(line, "7")
		if s.wait(time.Second); s.pbx.Keys("trunk.1") != "7" {
			t.Errorf("keys that reach the other PBX: %q", s.pbx.Keys("trunk.1"))
		}
		refused := s.pbx.AskTransfer(line, "102", "")
		s.wait(time.Second)
		if done := <-refused; done {
			t.Error("the phone's own transfer is not refused")
		}
		s.comesOver("trunk.2") // before the end of the first is told
		s.wait(100 * time.Millisecond)
		s.pbx.HangUp("trunk.1", orchestrator.CauseNormal)
		s.wait(time.Second)
		s.talks("trunk.2", line)
		s.comesOver("trunk.3") // of somebody else, who rings the phone after a moment
		s.wait(3 * time.Second)
		s.back("trunk.3")
		s.pbx.HangUp("trunk.3", orchestrator.CauseNormal)
		s.pbx.HangUp("trunk.2", orchestrator.CauseNormal)
		s.wait(3 * time.Second)
		s.idle(line)
		if got := s.floor.device; got != orchestrator.DeviceFree {
			t.Errorf("afterwards the phone counts as %s", got)
		}
		s.pbx.Arrive("in.1", "5000", caller(2))
		s.wait(4 * time.Second)
		s.talks("in.1", line)
		s.comesOver("trunk.4") // the call of this PBX is over a moment later
		s.wait(100 * time.Millisecond)
		s.pbx.HangUp("in.1", orchestrator.CauseNormal)
		s.wait(time.Second)
		s.talks("trunk.4", line)
		if s.rung() != 1 {
			t.Errorf("the phone was rung %d times", s.rung())
		}
		s.pbx.HangUp("trunk.4", orchestrator.CauseNormal)
		s.wait(time.Second)
		s.idle(line)
		s.logout()
		s.finish(orchestrator.OutcomeServed)
		if n := s.healed(); n > 0 {
			t.Errorf("the sweeper put %v things right", n)
		}
	})
}

// TestLineReachedInVain: without an open line what comes over the trunk rings the phone;
// an agent who hangs up on the beep has not answered, and one who hangs up later has.
func TestLineReachedInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.comesOver("trunk.1")
		s.wait(time.Second)
		s.back("trunk.1")
		s.pbx.HangUp("trunk.1", orchestrator.CauseNormal)
		for i, after := range []time.Duration{100 * time.Millisecond, 10 * time.Second} {
			line := s.open()
			ch := fmt.Sprint("trunk.", i+2)
			s.comesOver(ch)
			s.wait(after)
			s.pbx.ForgetCommands(true)
			s.pbx.HangUp(line, orchestrator.CauseNormal)
			s.wait(time.Second)
			want := []orchestrator.Cause{orchestrator.CauseOutOfOrder, orchestrator.CauseNormal}[i]
			if got := s.pbx.Commands("Hangup"); len(got) != 1 || got[0].Channel != ch || got[0].Cause != want {
				t.Errorf("who came over the trunk: %+v, want the cause %d", got, want)
			}
			for _, c := range s.pbx.Commands("Answer") {
				t.Errorf("answered: %+v", c)
			}
		}
		s.logout()
		s.finish()
	})
}

// TestLineReachedAndCutOff: the other PBX dies, and its trunk tells of no end. Once the
// agent does not talk any more the line is free.
func TestLineReachedAndCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		line := s.open()
		s.comesOver("trunk.1")
		s.wait(time.Second)
		s.agentIs("talking")
		s.wait(time.Second)
		s.talks("trunk.1", line)
		s.agentIs("available")
		s.wait(5 * time.Second)
		s.idle(line)
		if _, there := s.pbx.Channel("trunk.1"); there {
			t.Error("the trunk is still there")
		}
		s.logout()
		s.finish()
	})
}

// TestLineReachedInTrouble leaves one command after the other without an answer, in
// three ways, or kills the process at it: whoever comes over the trunk gets the line.
func TestLineReachedInTrouble(t *testing.T) {
	t.Parallel()
	inTrouble(t, 16, func(t *testing.T, tr trouble) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		line := s.open()
		killed := tr.begin(s)
		again := func() {
			if killed() {
				s.wait(time.Second)
				s.start()
				s.wait(30 * time.Second)
			}
		}
		for i := range 2 {
			ch := fmt.Sprint("trunk.", i)
			s.comesOver(ch)
			s.wait(20 * time.Second)
			again()
			s.wait(20 * time.Second)
			s.talks(ch, line)
			if c, _ := s.pbx.Channel(ch); !c.Up {
				t.Errorf("%s is not answered", ch)
			}
			s.pbx.HangUp(ch, orchestrator.CauseNormal)
			s.wait(20 * time.Second)
			again()
			s.wait(20 * time.Second)
		}
		s.idle(line)
		s.pbx.Decide(nil)
		s.logout()
		s.finish()
	})
}

// TestLineReachedOutlivesProcesses kills the process while who came over the trunk
// talks: they go on, nothing is commanded by the next, which knows of their end.
func TestLineReachedOutlivesProcesses(t *testing.T) {
	t.Parallel()
	for _, unseen := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
			line := s.open()
			s.comesOver("trunk.1")
			s.wait(5 * time.Second)
			s.pbx.ForgetCommands(true)
			s.kill()
			s.wait(3 * time.Second)
			if unseen {
				s.pbx.HangUp("trunk.1", orchestrator.CauseNormal)
			}
			s.start()
			s.wait(time.Second)
			if !unseen {
				for _, c := range s.pbx.Commands() {
					if c.Op != "Watch" && c.Op != "Recording" {
						t.Errorf("commanded at the takeover: %+v", c)
					}
				}
				s.talks("trunk.1", line)
				s.pbx.HangUp("trunk.1", orchestrator.CauseNormal)
			}
			s.wait(time.Minute)
			s.idle(line)
			s.logout()
			s.finish()
		})
	}
}
