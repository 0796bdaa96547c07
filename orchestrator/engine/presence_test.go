package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// presenceIs checks what the distributor was told of the PBX last, and how many of those
// who wait had their places back then.
func (s *site) presenceIs(when, want string, back int) {
	s.t.Helper()
	s.floor.mu.Lock()
	defer s.floor.mu.Unlock()
	if s.floor.presence != want || len(s.floor.back) != back {
		s.t.Errorf("%s: the PBX is %q with %v who wait, want %q with %d", when, s.floor.presence, s.floor.back, want, back)
	}
}

// TestTellsOfAPBXThatIsAway: the distributor is told when the PBX has been away for a
// moment, also from the beginning, by whoever drives it, however long the store takes; and
// when it is there again, which of those who wait go on waiting.
func TestTellsOfAPBXThatIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.floor.state = "paused" // nobody serves
		s.presenceIs("begun", "back", 0)
		s.pbx.Arrive("in.1", "5000", caller(1))
		s.pbx.Arrive("in.2", "5000", caller(2))
		s.wait(10 * time.Second)
		s.pbx.Unplug()
		s.wait(2 * time.Second)
		s.presenceIs("away for a moment", "back", 0)
		s.pbx.Reconnect()
		s.wait(5 * time.Second)
		s.presenceIs("back", "back", 2)

		s.pbx.Unplug()
		s.wait(4 * time.Second)
		s.presenceIs("away", "away", 2)
		s.floor.mu.Lock()
		s.floor.deaf = fault.New("test", fault.Unavailable, "the store is away")
		s.floor.mu.Unlock()
		s.pbx.Reconnect()
		s.wait(time.Minute)
		s.presenceIs("nobody listens", "away", 2)
		s.floor.mu.Lock()
		s.floor.deaf = nil
		s.floor.mu.Unlock()
		s.wait(time.Second)
		s.presenceIs("told at last", "back", 2)

		s.pbx.Unplug()
		s.kill()
		s.wait(time.Minute)
		before := s.floor.epoch
		s.start()
		s.wait(5 * time.Second)
		s.presenceIs("away from the beginning", "away", 2)
		if s.floor.epoch <= before {
			t.Errorf("told under epoch %d, before under %d", s.floor.epoch, before)
		}
		s.pbx.Reconnect()
		s.wait(5 * time.Second)
		s.presenceIs("there at last", "back", 2)

		s.pbx.Unplug()
		s.wait(10 * time.Second)
		s.pbx.Restart() // its callers are gone
		s.pbx.Reconnect()
		s.wait(5 * time.Second)
		s.presenceIs("restarted", "back", 0)
		s.finish(orchestrator.OutcomeLost, orchestrator.OutcomeLost)
	})
}

// TestForgottenPresence: a distributor whose store has forgotten what it was told is told
// again, and that is counted.
func TestForgottenPresence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		forget := func() {
			s.floor.mu.Lock()
			s.floor.presence = ""
			s.floor.mu.Unlock()
			s.wait(time.Minute)
		}
		s.wait(time.Minute)
		if n := s.healed(); n != 0 {
			t.Errorf("%v put right where nothing was lost", n)
		}
		forget()
		s.presenceIs("forgotten while it is there", "back", 0)
		s.pbx.Unplug()
		s.wait(10 * time.Second)
		forget()
		s.presenceIs("forgotten while it is away", "away", 0)
		s.pbx.Reconnect()
		if n := s.healed(); n != 2 {
			t.Errorf("%v put right, want 2", n)
		}
		s.wait(time.Minute)
		s.finish()
	})
}
