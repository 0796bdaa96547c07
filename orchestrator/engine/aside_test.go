package engine_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestAProcessThatStandsAside leaves its PBX, with the call there, to another process, and
// drives it again only when there is none.
func TestAProcessThatStandsAside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.eng.Stop()
		one := s.second("one")
		s.wait(time.Second)
		other := s.second("two")
		drive := func(when string, here, there bool) {
			t.Helper()
			if one.Drives("lima") != here || other.Drives("lima") != there {
				t.Errorf("%s: driven here %v, by the other %v", when, one.Drives("lima"), other.Drives("lima"))
			}
		}
		s.wait(10 * time.Second)
		drive("at first", true, false)
		one.StandAside(true)
		s.wait(5 * time.Second)
		drive("aside", false, true)
		s.wait(time.Minute)
		drive("aside for long", false, true)
		other.Stop()
		s.wait(30 * time.Second)
		drive("there is no other", true, false)
		one.StandAside(true) // told again
		s.wait(5 * time.Second)
		drive("alone", true, false)
		one.StandAside(false)
		one.StandAside(true)
		s.wait(5 * time.Second)
		drive("aside once more", false, false)
		s.wait(20 * time.Second)
		drive("and nobody took it", true, false)
		one.StandAside(false)
		one.Stop()
	})
}
