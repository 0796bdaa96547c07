package ari

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(func(c *Config) { c.Password = "wrong" })
	if err := a.Answer(t.Context(), "1.1"); fault.KindOf(err) != fault.Denied {
		t.Errorf("a command: %v", err)
	}
	_, err := a.client.dial(t.Context(), "operadora")
	if fault.KindOf(err) != fault.Denied || !strings.Contains(err.Error(), "password") || strings.Contains(err.Error(), "wrong\"") {
		t.Errorf("the event socket: %v", err)
	}
	s := f.run(a)
	for counted(t, a.metrics.sessions.WithLabelValues("lab", "refused")) < 2 {
		life.SleepAbout(t.Context(), 10*time.Millisecond)
	}
	s.stop()
	if err := <-s.end; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
	if len(s.text) != 0 {
		t.Errorf("told %q", <-s.text)
	}
}

func TestNothingListens(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	f.server.Close()
	if err := a.Hangup(t.Context(), "1.1", orchestrator.CauseNormal); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a command: %v", err)
	}
	if _, err := a.client.dial(t.Context(), "operadora"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("the event socket: %v", err)
	}
}

func TestSocketCut(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	s := f.run(f.adapter(nil))
	for range 3 {
		s.want("connected {}")
		f.send(event("StasisStart", "1.1", `,"args":["inbound","5550123"]`))
		f.send(event("ChannelDtmfReceived", "1.1", `,"digit":"7"`))
		conn := <-f.sockets
		s.want("entered 1.1")
		s.want("digit 1.17")
		conn.CloseNow()
		s.want("disconnected ari.Read")
	}
}

func TestNoPong(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.set(func() { f.mute = true })
	s := f.run(f.adapter(func(c *Config) { c.PingInterval = 50 * time.Millisecond }))
	s.want("connected")
	s.want("disconnected ari.Ping: " + errNoPong.Error())
	f.set(func() { f.mute = false })
	s.want("connected")
}

func TestDeafSocket(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	s := f.run(f.adapter(func(c *Config) { c.PingInterval = 50 * time.Millisecond }))
	s.want("connected")
	f.set(func() { f.deaf = true })
	s.want("disconnected ari.Beat: " + errDeaf.Error())
	f.set(func() { f.deaf = false })
	s.want("connected")
}

func TestDeafFromTheBeginning(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.set(func() { f.deaf = true })
	s := f.run(f.adapter(func(c *Config) { c.RequestTimeout = 100 * time.Millisecond }))
	first, second := <-f.sockets, <-f.sockets
	if first == second || len(s.text) != 0 {
		t.Errorf("%d things told by a socket that hears nothing", len(s.text))
	}
	f.set(func() { f.deaf = false })
	s.want("connected")
}

func TestApplicationReplaced(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	s := f.run(a)
	s.want("connected")
	f.send(event("ChannelDtmfReceived", "1.1", `,"digit":"7"`))
	f.send(`{"type":"ApplicationReplaced","timestamp":"2026-01-02T03:04:05.678+0000","application":"operadora"}`)
	f.send(event("ChannelDtmfReceived", "1.1", `,"digit":"8"`))
	s.want("digit 1.17")
	s.want("disconnected ari.Run: " + orchestrator.ErrReplaced.Error())
	if err := <-s.end; !errors.Is(err, orchestrator.ErrReplaced) {
		t.Errorf("Run ended with %v", err)
	}
	if len(s.text) != 0 {
		t.Errorf("told after the takeover: %q", <-s.text)
	}
}

func TestEventsDuringASlowSnapshot(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	asked, go_on := make(chan struct{}), make(chan struct{})
	f.handle("GET /ari/channels", func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-go_on
		answer(200, `[
			{"id":"1.1","state":"Up","dialplan":{"exten":"s","app_name":"Stasis","app_data":"operadora,inbound,5550123"},"caller":{"name":"Ana","number":"5550100"}},
			{"id":"1.2","state":"Up","dialplan":{"app_name":"Stasis","app_data":"operadora2,inbound,5550123"}},
			{"id":"1.3","state":"Up","dialplan":{"app_name":"Dial","app_data":"PJSIP/101"}},
			{"id":"op-c1-l1","state":"Ringing","dialplan":{"app_name":"AppDial2","app_data":"(Outgoing Line)"}},
			{"id":"op-c1-l2","state":"Up","dialplan":{"app_name":"Stasis","app_data":"operadora,leg,a\\,b"}},
			{"id":"op-c1-l3","state":"Up","dialplan":{"app_name":"Wait","app_data":"2"}}]`)(w, r)
	})
	s := f.run(f.adapter(nil))
	<-asked
	f.send(event("StasisStart", "1.9", `,"args":["inbound","5550123"]`))
	f.send(event("ChannelDtmfReceived", "1.9", `,"digit":"1"`))
	f.send(event("ChannelDtmfReceived", "1.9", `,"digit":"2"`))
	f.send(event("SomethingNew", "1.9", ``))
	close(go_on)
	s.want(`connected {"1.1":{"Up":true,"Entered":true,"Args":["inbound","5550123"],"DID":"5550123","Caller":{"number":"5550100","name":"Ana"},"Dialled":false},` +
		`"op-c1-l1":{"Up":false,"Entered":false,"Args":null,"DID":"","Caller":{},"Dialled":true},` +
		`"op-c1-l2":{"Up":true,"Entered":true,"Args":["leg","a,b"],"DID":"","Caller":{},"Dialled":true}}`)
	for _, want := range []string{"entered 1.9", "digit 1.91", "digit 1.92"} {
		s.want(want)
	}
}

func TestChannelThatLeftWithoutAWord(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handle("GET /ari/channels/1.1", answer(404, `{"message":"Channel not found"}`))
	f.handle("GET /ari/channels/1.2", answer(200, `{"id":"1.2"}`))
	s := f.run(f.adapter(nil))
	s.want("connected")
	for id, want := range map[string]string{"1.1": "ended 1.1", "1.2": "left 1.2"} {
		f.send(event("StasisStart", id, ``))
		s.want("entered " + id)
		f.send(event("StasisEnd", id, ``))
		s.want(want)
		f.send(event("StasisEnd", id, ``)) // told once only
	}
	f.send(event("ChannelDtmfReceived", "1.3", `,"digit":"1"`))
	s.want("digit 1.31")
}

func TestUnreadableAndUnknownEvents(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	s := f.run(a)
	s.want("connected")
	for _, frame := range []string{`{"type":"StasisStart","channel":7}`, `nonsense`, `{}`, `{"type":"ChannelVarset"}`} {
		f.send(frame)
	}
	f.send(event("ChannelDtmfReceived", "1.1", `,"digit":"1"`))
	s.want("digit 1.11")
	if n := counted(t, a.metrics.undecoded.WithLabelValues("lab")); n != 1 {
		t.Errorf("%v events counted as unreadable", n)
	}
	if n := counted(t, a.metrics.events.WithLabelValues("lab", "other")); n != 3 {
		t.Errorf("%v events counted as unknown", n)
	}
}

func TestWatchOutlivesTheSocket(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handle("GET /ari/deviceStates/PJSIP%2F101", answer(200, `{"name":"PJSIP/101","state":"NOT_INUSE"}`))
	f.handle("GET /ari/deviceStates/PJSIP%2F102", answer(200, `{"name":"PJSIP/102","state":"UNAVAILABLE"}`))
	a := f.adapter(nil)
	if err := a.Watch(t.Context(), []string{"PJSIP/101"}); err != nil {
		t.Fatal(err)
	}
	s := f.run(a)
	s.want("connected")
	s.want("device PJSIP/101 free")
	if err := a.Watch(t.Context(), []string{"PJSIP/102", "PJSIP/101", "PJSIP/101"}); err != nil {
		t.Fatal(err)
	}
	s.want("device PJSIP/101 free")
	s.want("device PJSIP/102 unreachable")
	if err := a.Watch(t.Context(), []string{"PJSIP/102"}); err != nil {
		t.Fatal(err)
	}
	s.want("device PJSIP/102 unreachable")
	(<-f.sockets).CloseNow()
	s.want("disconnected")
	s.want("connected")
	s.want("device PJSIP/102 unreachable")
	var subscriptions []string
	for _, r := range f.requests() {
		if method, source, ok := strings.Cut(r, " /ari/applications/operadora/subscription?eventSource="); ok {
			subscriptions = append(subscriptions, method+" "+source)
		}
	}
	want := []string{"POST deviceState%3APJSIP%2F101", "POST deviceState%3APJSIP%2F102",
		"DELETE deviceState%3APJSIP%2F101", "POST deviceState%3APJSIP%2F102"}
	if !slices.Equal(subscriptions, want) {
		t.Errorf("subscriptions %q, want %q", subscriptions, want)
	}
	for _, bad := range []string{"", "PJSIP/", "/101", "PJSIP", "PJSIP/101,bridge:x"} {
		if err := a.Watch(t.Context(), []string{bad}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Watch(%q) = %v", bad, err)
		}
	}
}

func TestNewerDeviceStateWins(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	told := make(chan struct{})
	f.handle("GET /ari/deviceStates/PJSIP%2F101", func(w http.ResponseWriter, r *http.Request) {
		<-told
		answer(200, `{"name":"PJSIP/101","state":"NOT_INUSE"}`)(w, r)
	})
	a := f.adapter(nil)
	if err := a.Watch(t.Context(), []string{"PJSIP/101"}); err != nil {
		t.Fatal(err)
	}
	s := f.run(a)
	s.want("connected")
	f.send(`{"type":"DeviceStateChanged","timestamp":"2026-01-02T03:04:05.678+0000","device_state":{"name":"PJSIP/101","state":"INUSE"},"application":"operadora"}`)
	s.want("device PJSIP/101 busy")
	close(told)
	f.send(event("ChannelDtmfReceived", "1.1", `,"digit":"1"`))
	s.want("digit 1.11")
}

func TestPoliteGoodbye(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	s := f.run(f.adapter(nil))
	s.want("connected")
	conn := <-f.sockets
	s.stop()
	if err := <-s.end; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
	// The fake's own reader has met the closing by now, or is about to.
	_, _, err := conn.Read(t.Context())
	if err == nil {
		t.Error("the socket is open")
	}
	if got := websocket.CloseStatus(err); got != websocket.StatusGoingAway && got != -1 {
		t.Errorf("closed with %v", got)
	}
}

// TestSnapshotIsAsOldAsItsOldestPart: what comes to be while the parts of a
// snapshot are asked for may be missing in it. The snapshot must not pass for newer than that.
func TestSnapshotIsAsOldAsItsOldestPart(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	asked := make(chan time.Time, 1)
	f.handle("GET /ari/channels", func(w http.ResponseWriter, r *http.Request) {
		asked <- time.Now()
		answer(200, `[]`)(w, r)
	})
	truth, err := a.Snapshot(t.Context())
	must(t, err)
	if at := <-asked; truth.ObservedAt.After(at) {
		t.Errorf("the channels were seen %v before the snapshot says", truth.ObservedAt.Sub(at))
	}
}
