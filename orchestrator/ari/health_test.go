package ari

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// When requests are not answered although events arrive, the first command
// that times out is enough: the sink is told, the others fail at once, events
// are delivered, and the truth is told when Asterisk is back.
func TestSilentREST(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(func(c *Config) { c.RequestTimeout = 300 * time.Millisecond })
	s := f.run(a)
	s.want("connected")
	f.silence()
	var commands sync.WaitGroup
	for range 20 { // more than there are connections
		commands.Go(func() {
			if err := a.Answer(t.Context(), "1.1"); fault.KindOf(err) != fault.Unavailable {
				t.Errorf("a command to a silent Asterisk: %v", err)
			}
		})
	}
	s.want("disconnected ari.Run: " + errSilent.Error())
	commands.Wait()
	asked := len(f.requests())
	for range 20 {
		if err := a.Hangup(t.Context(), "1.1", orchestrator.CauseNormal); !errors.Is(err, errSilent) || fault.KindOf(err) != fault.Unavailable {
			t.Errorf("a command after the silence was noticed: %v", err)
		}
	}
	if n := len(f.requests()); n != asked {
		t.Errorf("%d commands were sent into the silence", n-asked)
	}
	f.send(event("ChannelDtmfReceived", "1.1", `,"digit":"7"`))
	s.want("digit 1.17")
	f.speak()
	s.want("connected")
	must(t, a.Answer(t.Context(), "1.1"))
	f.send(event("ChannelDtmfReceived", "1.1", `,"digit":"8"`))
	s.want("digit 1.18")
	if n := len(f.sockets); n != 1 {
		t.Errorf("%d sockets were opened", n)
	}
}

// The heart-beat notices a silence in which nobody commands anything, and a
// socket that ends during the silence is told once.
func TestSilentRESTWithoutCommands(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	s := f.run(f.adapter(func(c *Config) { c.RequestTimeout, c.PingInterval = 100*time.Millisecond, 100*time.Millisecond }))
	s.want("connected")
	f.silence()
	s.want("disconnected ari.Run: " + errSilent.Error())
	(<-f.sockets).CloseNow()
	<-f.sockets // the next
	f.speak()
	s.want("connected")
}

// A command that takes long, because a prompt is playing, is no silence.
func TestSlowCommandIsNoSilence(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handle("POST /ari/channels/1.1/answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	a := f.adapter(func(c *Config) { c.RequestTimeout = 100 * time.Millisecond })
	s := f.run(a)
	s.want("connected")
	if err := a.Answer(t.Context(), "1.1"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
	eventually(t, "the probe", func() bool { return slices.Contains(f.requests(), "GET /ari/asterisk/ping") })
	must(t, a.Hangup(t.Context(), "1.1", orchestrator.CauseNormal))
	f.send(event("ChannelDtmfReceived", "1.1", `,"digit":"7"`))
	s.want("digit 1.17")
}

// A burst of calls leaves connections for the commands of calls that live.
func TestOriginationsLeaveRoom(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	held := make(chan struct{})
	f.handle("POST /ari/channels/create", func(w http.ResponseWriter, r *http.Request) {
		<-held
		answer(200, "{}")(w, r)
	})
	f.handle("GET /ari/channels/1.1", func(w http.ResponseWriter, r *http.Request) {
		<-held
		answer(200, `{"id":"1.1"}`)(w, r)
	})
	a := f.adapter(func(c *Config) { c.MaxConnections = 8 })
	a.legs.seed(orchestrator.Snapshot{Channels: map[string]orchestrator.ChannelTruth{"1.1": {Entered: true, Up: true}}})
	var calls sync.WaitGroup
	for range 12 {
		calls.Go(func() {
			o := orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/101", Timeout: time.Second, Originator: "1.1"}
			if err := a.Originate(t.Context(), o); err != nil {
				t.Error(err)
			}
		})
	}
	made := func() (n int) {
		for _, r := range f.requests() {
			if strings.HasPrefix(r, "POST /ari/channels/create?") {
				n++
			}
		}
		return n
	}
	eventually(t, "two calls", func() bool { return made() >= 2 })
	for range 50 {
		must(t, a.Hangup(t.Context(), "2.1", orchestrator.CauseNormal))
	}
	if n := made(); n != 2 {
		t.Errorf("%d calls are being made, by two requests each, want 2 of 8 connections", n)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := a.Originate(short, orchestrator.Origination{Channel: "op-c2-l1", Endpoint: "PJSIP/101", Timeout: time.Second})
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a call that found no place: %v", err)
	}
	close(held)
	calls.Wait()
}

// eventually waits for something that no event announces.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit := time.Now().Add(bound)
	for !is() {
		if time.Now().After(limit) {
			t.Fatalf("waited in vain for %s", what)
		}
		life.SleepAbout(t.Context(), 5*time.Millisecond)
	}
}
