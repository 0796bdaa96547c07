package esl

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// TestConformance runs the suite of all adapters on a scripted server that was
// made from recorded events. The same suite runs on a real FreeSWITCH
// (freeswitch_test.go).
func TestConformance(t *testing.T) {
	t.Parallel()
	pbxtest.Exercise(t, func(t *testing.T) pbxtest.Fixture { return scripted(t, false) })
}

// TestConformanceCrossed is the same with events that overtake one another, as
// FreeSWITCH's do under load.
func TestConformanceCrossed(t *testing.T) {
	t.Parallel()
	pbxtest.Exercise(t, func(t *testing.T) pbxtest.Fixture { return scripted(t, true) })
}

// fakeCaller is somebody who called the scripted server.
type fakeCaller struct {
	f  *fake
	ch *fakeChannel
}

func (c fakeCaller) Press(_ *testing.T, digit string) {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	c.f.press(c.ch, digit)
}

func (c fakeCaller) Keys(t *testing.T, n int) string { return c.f.keysAt(t, c.ch, n) }

// keysAt waits until so many keys were sent to a channel's phone, and takes them.
func (f *fake) keysAt(t *testing.T, ch *fakeChannel, n int) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(ch.keys) < n {
		t.Errorf("heard %q, want %d keys", ch.keys, n)
		return ch.keys
	}
	heard := ch.keys[:n]
	ch.keys = ch.keys[n:]
	return heard
}

func (c fakeCaller) HangUp(*testing.T) {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	c.f.farHangUp(c.ch, "NORMAL_CLEARING")
}

type fakePhone struct {
	f    *fake
	user string
}

func (p fakePhone) Endpoint() string { return "user/" + p.user }

func (p fakePhone) HangUp(*testing.T) {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	if ch := p.calling(); ch != nil {
		p.f.farHangUp(ch, "NORMAL_CLEARING")
	}
}

// calling is the channel of the phone, nil when it is in no call. f.mu is held.
func (p fakePhone) calling() *fakeChannel {
	for _, ch := range p.f.channels {
		if userOf(ch.presence) == p.user && !ch.over {
			return ch
		}
	}
	return nil
}

func (p fakePhone) Press(_ *testing.T, digits string) {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	for _, d := range digits {
		p.f.press(p.calling(), string(d))
	}
}

func (p fakePhone) Keys(t *testing.T, n int) string {
	p.f.mu.Lock()
	ch := p.calling()
	p.f.mu.Unlock()
	return p.f.keysAt(t, ch, n)
}

func (p fakePhone) Beeped(t *testing.T) {
	t.Helper()
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	if ch := p.calling(); ch == nil || ch.beeps == 0 {
		t.Error("nothing was heard")
	}
}

func scripted(t *testing.T, cross bool) pbxtest.Fixture {
	t.Parallel()
	f := newFake(t)
	f.cross = cross
	f.sounds["short"], f.sounds["long"] = 10*time.Millisecond, time.Hour
	cfg := f.config()
	cfg.PingInterval = 5 * time.Second // a machine that does much else must not pass for one that is deaf,
	a, err := New("lima", cfg, quietLog(), NewMetrics(nil))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	a.awake.time = func() time.Time { return began } // nor this process for one that was stopped
	var n atomic.Int64
	return pbxtest.Fixture{
		PBX: a,
		Arrive: func(_ *testing.T, did string, from orchestrator.Party) pbxtest.Caller {
			f.mu.Lock()
			defer f.mu.Unlock()
			return fakeCaller{f, f.call(fmt.Sprintf("in-%d", n.Add(1)), did, from)}
		},
		Phone: func(_ *testing.T, kind pbxtest.PhoneKind) pbxtest.Phone {
			return f.phone(fmt.Sprint(100+n.Add(1)), kind)
		},
		Short:           "short",
		Long:            "long",
		Cut:             func(*testing.T) { f.setCut(true) },
		Restore:         func(*testing.T) { f.setCut(false) },
		ArrivesWhileCut: true,
		Back: func(did string) orchestrator.DialplanPlace {
			return orchestrator.DialplanPlace{Context: "operadora-inbound", Extension: did}
		},
		Restart: func(*testing.T) { f.restart() },
		HoldKey: func(_ *testing.T, p pbxtest.Phone, held bool) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.event(map[bool]string{true: "channel_hold", false: "channel_unhold"}[held], p.(fakePhone).calling(), nil)
		},
		Transfer: func(_ *testing.T, p pbxtest.Phone, number string) func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.event("sofia_error", p.(fakePhone).calling(), map[string]string{"Transfer-Exten": number})
			return func() bool {
				f.mu.Lock()
				defer f.mu.Unlock()
				return p.(fakePhone).calling() == nil
			}
		},
		Lamp: func(_ *testing.T, name string) orchestrator.LampState {
			f.mu.Lock()
			defer f.mu.Unlock()
			return orchestrator.LampState(f.hash["operadora.operadora.lamps/"+name])
		},
	}
}

// setCut takes all connections away, or lets them be made again.
func (f *fake) setCut(cut bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = cut
	for c := range f.clients {
		if cut {
			c.sock.Close()
		}
	}
}

func (f *fake) phone(user string, kind pbxtest.PhoneKind) fakePhone {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.here[user] = kind != pbxtest.PhoneAbsent
	f.phones[user] = func(ch *fakeChannel) {
		switch kind {
		case pbxtest.PhoneBusy:
			f.farHangUp(ch, "USER_BUSY")
		case pbxtest.PhoneRejects:
			f.farHangUp(ch, "CALL_REJECTED")
		case pbxtest.PhoneAnswers:
			f.event("channel_progress", ch, nil)
			time.AfterFunc(5*time.Millisecond, func() {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.answer(ch)
			})
		case pbxtest.PhoneRings:
			f.event("channel_progress", ch, nil)
		case pbxtest.PhoneAbsent:
		}
	}
	return fakePhone{f, user}
}
