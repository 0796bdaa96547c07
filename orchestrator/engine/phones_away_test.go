package engine_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// phoneIs checks what the distributor was told of a phone last.
func (s *site) phoneIs(when string, want orchestrator.DeviceState) {
	s.t.Helper()
	s.floor.mu.Lock()
	defer s.floor.mu.Unlock()
	if s.floor.device != want {
		s.t.Errorf("%s: the phone is %q, want %q", when, s.floor.device, want)
	}
}

// Phones that are rung from other PBXs, too, count as unreachable while theirs is
// away for longer than a moment, also from the beginning, and as what they are afterwards.
func TestPhonesOfAPBXThatIsAway(t *testing.T) {
	t.Parallel()
	for _, shared := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
			if shared {
				s.floor.shared = []string{"PJSIP/101"}
			}
			is := func(when string, want orchestrator.DeviceState) {
				t.Helper()
				if !shared {
					want = orchestrator.DeviceFree
				}
				s.phoneIs(fmt.Sprintf("shared %v, %s", shared, when), want)
			}
			s.wait(10 * time.Second)
			is("connected", orchestrator.DeviceFree)
			s.pbx.Unplug()
			s.wait(time.Second)
			s.pbx.Reconnect()
			s.wait(10 * time.Second)
			is("away for a moment", orchestrator.DeviceFree)
			s.pbx.Unplug()
			s.wait(4 * time.Second)
			is("away", orchestrator.DeviceUnreachable)
			s.pbx.Reconnect()
			s.wait(10 * time.Second)
			is("back", orchestrator.DeviceFree)
			s.pbx.Unplug()
			s.kill()
			s.wait(time.Minute)
			s.start()
			s.wait(5 * time.Second)
			is("never there", orchestrator.DeviceUnreachable)
			s.pbx.Reconnect()
			s.wait(10 * time.Second)
			is("there at last", orchestrator.DeviceFree)
			s.finish()
		})
	}
}

// Who has a permanent line is at a phone as others are: while its PBX is away, other PBXs
// would ring it in vain.
func TestAPhoneWithALineOfAPBXThatIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.pbx.Endpoint("PJSIP/101", pbxtest.AnswerAfter(time.Second))
		s.floor.shared = []string{"PJSIP/101"}
		s.wait(10 * time.Second)
		s.opens("ana")
		s.wait(10 * time.Second)
		s.phoneIs("the line is up", orchestrator.DeviceFree)
		s.pbx.Unplug()
		s.wait(10 * time.Second)
		s.phoneIs("the PBX is away", orchestrator.DeviceUnreachable)
		s.pbx.Reconnect()
		s.wait(10 * time.Second)
		s.phoneIs("it is back", orchestrator.DeviceFree)
		s.pbx.Unplug()
		s.kill()
		s.wait(time.Minute)
		s.start()
		s.wait(5 * time.Second)
		s.phoneIs("it is away from the beginning", orchestrator.DeviceUnreachable)
		s.pbx.Reconnect()
		s.wait(10 * time.Second)
		s.phoneIs("it is there at last", orchestrator.DeviceFree)
		s.logout()
		s.finish()
	})
}
