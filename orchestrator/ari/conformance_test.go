package ari

import (
	"context"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/lab/people"
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
	people   *people.People
}

func newWorld(t *testing.T) *world {
	t.Helper()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{Endpoints: lab.Desk(people.First, people.Last)})
	return &world{asterisk: a, people: people.New(a, "PJSIP")}
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
		Arrive:  w.people.Arrive,
		Phone:   w.people.Phone,
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
		HoldKey: people.HoldKey,
		Music:   people.Music,
		Alive:   people.Alive,
		Hears:   people.Hears,
		Deaf:    people.Deaf,
		Transfer: func(t *testing.T, p pbxtest.Phone, number string) func() bool {
			c := p.(*people.Desk).Calling(t)
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
