package pbxtest_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// caller is a scripted caller.
type caller struct {
	p       *pbxtest.PBX
	channel string
	taken   *int // keys up to now
}

func (c caller) Keys(t *testing.T, n int) string { return take(t, c.p, c.channel, c.taken, n) }

// take returns the next n keys that have reached a channel's phone.
func take(t *testing.T, p *pbxtest.PBX, channel string, taken *int, n int) string {
	t.Helper()
	all := p.Keys(channel)
	if len(all) < *taken+n {
		t.Errorf("heard %q, want %d keys more than %d", all, n, *taken)
		return ""
	}
	*taken += n
	return all[*taken-n : *taken]
}

func (c caller) Press(t *testing.T, digit string) {
	t.Helper()
	if !c.p.Press(c.channel, digit) {
		t.Errorf("key %s on %s, which is gone", digit, c.channel)
	}
}

func (c caller) HangUp(t *testing.T) {
	t.Helper()
	if !c.p.HangUp(c.channel, orchestrator.CauseNormal) {
		t.Errorf("%s hung up twice", c.channel)
	}
}

// handset is a scripted phone.
type handset struct {
	p        *pbxtest.PBX
	endpoint string
	taken    *int // keys up to now
}

func (h handset) Press(t *testing.T, digits string) {
	t.Helper()
	for _, d := range digits {
		if !h.p.Press(h.p.ChannelsAt(h.endpoint)[0], string(d)) {
			t.Errorf("key %c on %s, which is in no call", d, h.endpoint)
		}
	}
}

func (h handset) Keys(t *testing.T, n int) string {
	t.Helper()
	return take(t, h.p, h.p.ChannelsAt(h.endpoint)[0], h.taken, n)
}

func (h handset) Endpoint() string { return h.endpoint }

func (h handset) Beeped(t *testing.T) {
	t.Helper()
	if len(h.p.Tones(h.p.ChannelsAt(h.endpoint)[0])) == 0 {
		t.Error("nothing was heard")
	}
}

func (h handset) HangUp(t *testing.T) {
	t.Helper()
	for _, id := range h.p.ChannelsAt(h.endpoint) {
		h.p.HangUp(id, orchestrator.CauseNormal)
	}
}

func scripted(t *testing.T) pbxtest.Fixture {
	t.Parallel()
	p := pbxtest.New("lima")
	t.Cleanup(p.Close)
	p.Sound("short", 10*time.Millisecond)
	p.Sound("long", time.Hour)
	p.MissingSound("operadora-no-such-sound")
	var n atomic.Int64
	behaviours := map[pbxtest.PhoneKind]pbxtest.Behaviour{
		pbxtest.PhoneAnswers: pbxtest.AnswerAfter(5 * time.Millisecond),
		pbxtest.PhoneRings:   pbxtest.Manual(),
		pbxtest.PhoneBusy:    pbxtest.Busy(),
		pbxtest.PhoneRejects: pbxtest.Reject(),
		pbxtest.PhoneAbsent:  pbxtest.Unreachable(),
	}
	return pbxtest.Fixture{
		PBX: p,
		Arrive: func(t *testing.T, did string, from orchestrator.Party) pbxtest.Caller {
			t.Helper()
			c := caller{p: p, channel: fmt.Sprintf("in-%d", n.Add(1)), taken: new(int)}
			p.Arrive(c.channel, did, from)
			return c
		},
		Phone: func(t *testing.T, kind pbxtest.PhoneKind) pbxtest.Phone {
			t.Helper()
			h := handset{p: p, endpoint: fmt.Sprintf("PJSIP/%d", 100+n.Add(1)), taken: new(int)}
			p.Endpoint(h.endpoint, behaviours[kind])
			return h
		},
		Short: "short", Long: "long",
		Cut:             func(*testing.T) { p.DropSocket() },
		Restore:         func(*testing.T) { p.Reconnect() },
		ArrivesWhileCut: true,
		Back: func(string) orchestrator.DialplanPlace {
			p.Bounce(1)
			return orchestrator.DialplanPlace{}
		},
		Restart: func(*testing.T) { p.Restart() },
		HoldKey: func(t *testing.T, ph pbxtest.Phone, held bool) {
			t.Helper()
			p.HoldKey(p.ChannelsAt(ph.Endpoint())[0], held)
		},
		Transfer: func(t *testing.T, ph pbxtest.Phone, number string) func() bool {
			t.Helper()
			told := p.AskTransfer(p.ChannelsAt(ph.Endpoint())[0], number, "")
			return func() bool { return <-told }
		},
		Rival: func(*testing.T) orchestrator.PBX { return p },
		Lamp:  func(_ *testing.T, name string) orchestrator.LampState { return p.Lamp(name) },
	}
}

func TestExercise(t *testing.T) {
	t.Parallel()
	pbxtest.Exercise(t, scripted)
}
