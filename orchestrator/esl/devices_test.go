package esl

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// A phone whose address the directory has never registers: nobody knows its
// state, and it is rung all the same.
func TestPhoneWithAnAddressOfItsOwn(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	if err := a.Watch(t.Context(), []string{"user/fixed", "user/101", "sofia/gateway/trunk/100"}); err != nil {
		t.Fatal(err)
	}
	got := map[string]orchestrator.DeviceState{}
	limit := time.After(20 * time.Second)
	for len(got) < 3 {
		select {
		case e := <-l.events:
			if e.Kind == orchestrator.EventDevice {
				got[e.Endpoint] = e.Device
			}
		case <-limit:
			t.Fatalf("told %v", got)
		}
	}
	for endpoint, want := range map[string]orchestrator.DeviceState{"user/fixed": orchestrator.DeviceUnknown,
		"user/101": orchestrator.DeviceUnreachable, "sofia/gateway/trunk/100": orchestrator.DeviceUnknown} {
		if got[endpoint] != want {
			t.Errorf("%s is %s, want %s", endpoint, got[endpoint], want)
		}
	}
}

// An event of a phone's call that is told after its end does not make the phone
// busy for ever.
func TestLateEventLeavesPhoneFree(t *testing.T) {
	t.Parallel()
	a := &Adapter{name: "lima", watch: newWatch()}
	s := newSession(a, &listener{})
	for _, name := range []text{"CHANNEL_CREATE", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_PROGRESS"} {
		a.watch.heard(s, &wire{Name: name, Channel: "op-x-a1", Presence: "101@pbx.example"})
	}
	if len(a.watch.busy) > 0 {
		t.Errorf("busy: %v", a.watch.busy)
	}
}
