//go:build freeswitch

package esl

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/lab/people"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// TestConformanceFreeSWITCH runs the suite of all adapters on a real FreeSWITCH,
// with SIP phones around it. Its tests share one FreeSWITCH and run one after
// the other.
func TestConformanceFreeSWITCH(t *testing.T) {
	world := newWorld(t)
	pbxtest.Exercise(t, func(t *testing.T) pbxtest.Fixture {
		f := world.fixture(t)
		f.Bound = 45 * time.Second // a machine that does much else
		return f
	})
}

// TestProbe examines a FreeSWITCH that has all that operadora needs.
func TestProbe(t *testing.T) {
	w := newWorld(t)
	cfg := w.config(w.fs.Address())
	r, err := Probe(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Version == "" || r.Event <= 0 || r.Request <= 0 || !r.Inbound || !r.Ends || r.Away != "operadora-away" || !r.Profile || !r.Music || !r.Takes || r.Taken || r.Domain == "" {
		t.Errorf("%+v", r)
	}
	for m := range Modules {
		if !r.Modules[m] {
			t.Errorf("%s is not loaded", m)
		}
	}
	cfg.Profile, cfg.Music = "no-such-profile", "no-such-stream"
	if r, err := Probe(t.Context(), cfg); err != nil || r.Profile || r.Music {
		t.Errorf("%+v, %v", r, err)
	}
	has, err := Sounds(t.Context(), cfg, "es", []string{"digits/20-and", "operadora/welcome", "no-such-sound", "beep"})
	if err != nil || has["no-such-sound"] || !has["operadora/welcome"] || !has["digits/20-and"] || !has["beep"] {
		t.Errorf("%v, %v", has, err)
	}
	w.people.Phone(t, pbxtest.PhoneRings)
	phones, err := Phones(t.Context(), cfg, r.Domain, []string{"user/101", "user/179"})
	if err != nil || !phones["user/101"] || phones["user/179"] {
		t.Errorf("%v, %v", phones, err)
	}
}

// TestAwayFallsThrough: a call goes on in the administrator's own context while
// operadora has never run, soon after it has died, and when nobody takes it up.
func TestAwayFallsThrough(t *testing.T) {
	w := newWorld(t)
	away := func(what, did string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		c := w.arrive(t, did, orchestrator.Party{Number: "5550100"}).(people.Caller).Call
		select {
		case <-c.Answered(): // the away context does
		case <-ctx.Done():
			t.Fatalf("%s: the call went nowhere", what)
		}
		if err := c.Hangup(); err != nil {
			t.Error(err)
		}
	}
	away("never run", "799001")
	cut := newProxy(t, w.fs.Address())
	l := run(t, w.adapter(t, cut.Address()))
	waiting := w.arrive(t, "799002", orchestrator.Party{Number: "5550100"}).(people.Caller).Call
	l.next(t, orchestrator.EventEntered)
	l.next(t, orchestrator.EventLeft) // after the dialplan's patience, ten seconds
	select {
	case <-waiting.Answered():
	case <-time.After(20 * time.Second):
		t.Fatal("nobody took the call up, and it went nowhere")
	}
	cut.Cut() // as good as dead: nothing is said to FreeSWITCH
	for limit := time.Now().Add(20 * time.Second); ; {
		out, err := w.fs.CLI("global_getvar operadora_here_operadora")
		if err == nil && strings.TrimSpace(out) == "false" {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("FreeSWITCH still believes that operadora takes calls: %q, %v", out, err)
		}
	}
	away("died", "799003")
}

// TestRecordedForSoLong: FreeSWITCH ends a recording when so many seconds of the clock have
// begun. One that begins at the end of a second is as long as was asked for.
func TestRecordedForSoLong(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t, w.fs.Address())
	l := run(t, a)
	ctx := t.Context()
	w.arrive(t, "799001", orchestrator.Party{Number: "5550100"})
	caller := l.next(t, orchestrator.EventEntered).Channel
	must(t, a.Answer(ctx, caller))
	for _, into := range []time.Duration{700, 800, 900, 950} {
		order := orchestrator.RecordingOrder{ID: fmt.Sprintf("op-x-r%d", into), Channel: caller, Format: "wav", MaxDuration: time.Second}
		waitFor(t, "the end of a second", func() bool {
			at := time.Now()
			return at.Sub(at.Truncate(time.Second)) >= into*time.Millisecond
		})
		must(t, a.Record(ctx, order))
		if e := l.next(t, orchestrator.EventRecorded); e.Failed || e.Duration < order.MaxDuration {
			t.Errorf("ordered %d ms into a second: %v long, failed: %t, %s", into, e.Duration, e.Failed, e.Reason)
		}
	}
}

// TestMovedAllDay: a permanent line goes into a room and out of it for every call.
// FreeSWITCH hangs up who was transferred 70 times, and keeps a note of each time.
func TestMovedAllDay(t *testing.T) {
	w := newWorld(t)
	a := w.adapter(t, w.fs.Address())
	l := run(t, a)
	ctx := t.Context()
	w.arrive(t, "799001", orchestrator.Party{Number: "5550100"})
	line := l.next(t, orchestrator.EventEntered).Channel
	if err := a.CreateBridge(ctx, "op-x-b1"); err != nil {
		t.Fatal(err)
	}
	for n := range 50 {
		if err := a.Join(ctx, "op-x-b1", line); err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
		if err := a.Part(ctx, "op-x-b1", line); err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
	}
	dump, err := w.fs.CLI("uuid_dump " + line)
	if err != nil || strings.Count(dump, ":bl_xfer:") > 40 {
		t.Errorf("FreeSWITCH keeps %d notes of where the channel was, %v", strings.Count(dump, ":bl_xfer:"), err)
	}
}

// world is a real FreeSWITCH with desk phones that take turns.
type world struct {
	fs     *lab.FreeSWITCH
	people *people.People
}

func newWorld(t *testing.T) *world {
	t.Helper()
	fs := lab.FreeSWITCHFor(t, lab.FreeSWITCHOptions{
		Endpoints: lab.Desk(people.First, people.Last), Values: dialplans.FreeSWITCHValues{},
		Contexts: `<context name="operadora-away"><extension name="away"><condition><action application="answer"/><action application="echo"/></condition></extension></context>`,
	})
	return &world{fs: fs, people: people.New(fs, "user")}
}

func (w *world) config(address string) Config {
	return Config{
		Address: address, Password: orchestrator.Secret(w.fs.Password()), App: "operadora", Prefix: "*48",
		Recordings: w.fs.RecordingDir(), SoundsEN: w.fs.SoundDir("en"), SoundsES: w.fs.SoundDir("es"), SoundType: "wav",
		Music: "moh", Profile: "operadora",
		CommandTimeout: 5 * time.Second, PingInterval: time.Second, Connections: 4,
	}
}

func (w *world) adapter(t *testing.T, address string) *Adapter {
	t.Helper()
	a, err := New("lab", w.config(address), quietLog(), NewMetrics(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func (w *world) fixture(t *testing.T) pbxtest.Fixture {
	cut := newProxy(t, w.fs.Address())
	return pbxtest.Fixture{
		PBX:             w.adapter(t, cut.Address()),
		Arrive:          w.arrive,
		Phone:           w.people.Phone,
		Short:           "operadora/and",
		Long:            "operadora/menu-welcome",
		Cut:             func(*testing.T) { cut.Cut() },
		Restore:         func(*testing.T) { cut.Restore() },
		ArrivesWhileCut: true,
		Restart: func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
			defer cancel()
			if err := w.fs.Restart(ctx); err != nil {
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
			return func() bool { // FreeSWITCH says no at once; done is what ends the call
				if status, err := c.TransferEnds(t.Context()); err != nil || status != 403 {
					t.Errorf("FreeSWITCH tells the phone %d, %v", status, err)
				}
				select {
				case <-c.Done():
					return true
				case <-time.After(2 * time.Second):
					return false
				}
			}
		},
		Lamp: w.lamp,
	}
}

func (w *world) arrive(t *testing.T, did string, from orchestrator.Party) pbxtest.Caller {
	t.Helper()
	c := w.people.Arrive(t, did, from)
	for limit := time.Now().Add(20 * time.Second); ; {
		out, err := w.fs.CLI("show channels as json")
		if err == nil && strings.Contains(out, did) {
			return c // it has arrived, whether somebody listens or not
		}
		if time.Now().After(limit) {
			t.Fatalf("the call to %s did not arrive: %v", did, err)
		}
	}
}

// lamp reads a lamp back.
func (w *world) lamp(t *testing.T, name string) orchestrator.LampState {
	t.Helper()
	out, err := w.fs.CLI("hash select/operadora.operadora.lamps/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return orchestrator.LampState(strings.TrimSpace(out))
}
