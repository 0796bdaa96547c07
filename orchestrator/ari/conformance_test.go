package ari

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// TestConformance runs the suite of all adapters on a real Asterisk, with SIP
// phones around it. Its tests share one Asterisk and run one after the other.
func TestConformance(t *testing.T) {
	world := newWorld(t)
	if raceEnabled {
		// When a bridge changes between its technologies for two and for many,
		// Asterisk invites the phones anew, and the SIP library of the test's
		// phones (diago 0.18) has a data race in its answer to that.
		if _, err := world.asterisk.CLI("module unload bridge_simple.so"); err != nil {
			t.Fatal(err)
		}
	}
	pbxtest.Exercise(t, func(t *testing.T) pbxtest.Fixture {
		f := world.fixture(t)
		f.Bound = 45 * time.Second // a machine that does much else
		return f
	})
}

// world is a real Asterisk with desk phones that take turns.
type world struct {
	asterisk *lab.Asterisk
	phones   atomic.Int64 // used up to now
}

const firstPhone, lastPhone = 101, 180

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{asterisk: lab.AsteriskFor(t, lab.AsteriskOptions{Endpoints: lab.Desk(firstPhone, lastPhone)})}
}

// config reaches the Asterisk at url, or directly when that is "".
func (w *world) config(url string) Config {
	if url == "" {
		url = w.asterisk.ARIURL()
	}
	return Config{
		URL: url, User: w.asterisk.User(), Password: orchestrator.Secret(w.asterisk.Password()), App: "operadora",
		RequestTimeout: 5 * time.Second, PingInterval: time.Second, MaxConnections: 32, Transfers: TransfersAlways,
	}
}

func (w *world) adapter(t *testing.T, url string) *Adapter {
	t.Helper()
	a, err := New("lab", w.config(url), quietLog(), NewMetrics(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func (w *world) fixture(t *testing.T) pbxtest.Fixture {
	cut := newProxy(t, w.asterisk.ARIURL())
	return pbxtest.Fixture{
		PBX:     w.adapter(t, cut.URL()),
		Arrive:  w.arrive,
		Phone:   w.phone,
		Short:   "vm-and",
		Long:    "vm-options",
		Cut:     func(*testing.T) { cut.Cut() },
		Restore: func(*testing.T) { cut.Restore() },
		Restart: func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := w.asterisk.Restart(ctx); err != nil {
				t.Fatal(err)
			}
		},
		Back: func(did string) orchestrator.DialplanPlace {
			return orchestrator.DialplanPlace{Context: "operadora-inbound", Extension: did}
		},
		HoldKey: func(t *testing.T, p pbxtest.Phone, held bool) {
			if err := p.(*desk).calling(t).Hold(t.Context(), held); err != nil {
				t.Fatal(err)
			}
		},
		Transfer: func(t *testing.T, p pbxtest.Phone, number string) func() bool {
			c := p.(*desk).calling(t)
			if err := c.Refer(t.Context(), number, nil); err != nil {
				t.Fatal(err)
			}
			return func() bool {
				status, err := c.TransferEnds(t.Context())
				if err != nil {
					t.Error(err)
				}
				return status == 200
			}
		},
		Rival: func(t *testing.T) orchestrator.PBX { return w.adapter(t, "") },
		Lamp:  w.lamp,
	}
}

// outsider is somebody who called in from the trunk.
type outsider struct{ call *lab.Call }

func (c outsider) Press(t *testing.T, digit string) {
	t.Helper()
	if err := c.call.SendDTMF(digit); err != nil {
		t.Fatal(err)
	}
}

func (c outsider) HangUp(t *testing.T) {
	t.Helper()
	if err := c.call.Hangup(); err != nil {
		t.Fatal(err)
	}
}

func (w *world) arrive(t *testing.T, did string, from orchestrator.Party) pbxtest.Caller {
	t.Helper()
	p, err := w.asterisk.Caller(from.Number)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	c, err := p.Place(context.WithoutCancel(t.Context()), did, lab.DialOptions{Name: from.Name})
	if err != nil {
		t.Fatal(err)
	}
	return outsider{c}
}

// desk is a desk phone of the fixture.
type desk struct {
	user string

	mu   sync.Mutex
	call *lab.Call // guarded by mu
}

func (d *desk) Endpoint() string { return "PJSIP/" + d.user }

// calling is the call that the phone is in.
func (d *desk) calling(t *testing.T) *lab.Call {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.call == nil {
		t.Fatalf("phone %s is in no call", d.user)
	}
	return d.call
}

func (d *desk) HangUp(t *testing.T) {
	t.Helper()
	c := d.calling(t)
	if err := c.Hangup(); err != nil {
		t.Fatal(err)
	}
}

func (w *world) phone(t *testing.T, kind pbxtest.PhoneKind) pbxtest.Phone {
	t.Helper()
	n := firstPhone + int(w.phones.Add(1)) - 1
	if n > lastPhone {
		t.Fatal("the suite uses more phones than there are")
	}
	d := &desk{user: fmt.Sprint(n)}
	if kind == pbxtest.PhoneAbsent {
		return d
	}
	p, err := w.asterisk.Phone(t.Context(), d.user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	does := map[pbxtest.PhoneKind]func(*lab.Call){
		pbxtest.PhoneAnswers: lab.AnswerAfter(100 * time.Millisecond),
		pbxtest.PhoneRings:   lab.RingOn,
		pbxtest.PhoneBusy:    lab.RejectWith(486),
		pbxtest.PhoneRejects: lab.RejectWith(603),
	}[kind]
	p.OnInvite(func(c *lab.Call) {
		d.mu.Lock()
		d.call = c
		d.mu.Unlock()
		does(c)
	})
	return d
}

// lamp reads a lamp back as any watching phone would see it.
func (w *world) lamp(t *testing.T, name string) orchestrator.LampState {
	t.Helper()
	var d struct{ State string }
	a := w.adapter(t, "")
	if err := a.client.do(t.Context(), request{verb: "Device", method: "GET", path: []string{"deviceStates", "Stasis:" + name}}, &d); err != nil {
		t.Fatal(err)
	}
	for state, value := range lamps {
		if value == d.State {
			return state
		}
	}
	t.Fatalf("lamp %s shows %s", name, d.State)
	return ""
}
