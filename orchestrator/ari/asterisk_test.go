package ari

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/lab/people"
	"github.com/operadora/operadora/orchestrator/life"
)

// These tests hold on a real Asterisk what doc.go says of it, where the suite
// of all adapters does not look.

// heard is a sink that remembers.
type heard struct {
	t      *testing.T
	mu     sync.Mutex
	events []orchestrator.Event    // guarded by mu
	truths []orchestrator.Snapshot // guarded by mu
	change chan struct{}           // guarded by mu; closed and replaced at each change
}

func (h *heard) note(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fn()
	close(h.change)
	h.change = make(chan struct{})
}

func (h *heard) Connected(_ string, s orchestrator.Snapshot) {
	h.note(func() { h.truths = append(h.truths, s) })
}
func (h *heard) Disconnected(string, error) { h.note(func() {}) }
func (h *heard) Ready() bool                { return true }
func (h *heard) Event(e orchestrator.Event) { h.note(func() { h.events = append(h.events, e) }) }
func (h *heard) await(kind orchestrator.EventKind, channel string) orchestrator.Event {
	h.t.Helper()
	return h.find(string(kind)+" "+channel, func(e orchestrator.Event) bool { return e.Kind == kind && (channel == "" || e.Channel == channel) })
}

func (h *heard) find(what string, match func(orchestrator.Event) bool) (found orchestrator.Event) {
	h.t.Helper()
	h.until(what, func() bool {
		i := slices.IndexFunc(h.events, match)
		if i >= 0 {
			found = h.events[i]
		}
		return i >= 0
	})
	return found
}

func (h *heard) until(what string, probe func() bool) {
	h.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		h.mu.Lock()
		ok, change := probe(), h.change
		h.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-change:
		case <-limit:
			h.mu.Lock()
			defer h.mu.Unlock()
			h.t.Fatalf("waited in vain for %s; heard %+v", what, h.events)
		}
	}
}

// start runs an adapter on a private Asterisk.
func start(t *testing.T) (*world, *Adapter, *heard) {
	t.Helper()
	return startOn(t, newWorld(t))
}

func startOn(t *testing.T, w *world) (*world, *Adapter, *heard) {
	t.Helper()
	a := w.adapter(t, "")
	h := &heard{t: t, change: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := a.Run(ctx, h); !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	h.until("the connection", func() bool { return len(h.truths) > 0 })
	return w, a, h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// desk registers the phone of a user.
func (w *world) register(t *testing.T, user string, does func(*lab.Call)) *lab.Phone {
	t.Helper()
	p, err := w.asterisk.Phone(t.Context(), user)
	must(t, err)
	t.Cleanup(p.Close)
	p.OnInvite(does)
	return p
}

func TestOriginationOnTheWire(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	invites := make(chan *lab.Call, 1)
	w.register(t, "101", func(c *lab.Call) {
		invites <- c
		lab.AnswerAfter(0)(c)
	})
	args := []string{"leg", `a,b`, `"q" (x] \y`, "", "último"}
	o := orchestrator.Origination{
		Channel: "op-c1-l1", Endpoint: "PJSIP/101", Args: args, Timeout: 5 * time.Second, AutoAnswer: true, Language: "es",
		Caller:    orchestrator.Party{Number: "+525550100", Name: `José "Pepe" & Co`},
		Variables: map[string]string{"PJSIP_HEADER(add,X-Call)": "c1", "MINE": "a b"},
	}
	must(t, a.Originate(t.Context(), o))
	c := <-invites
	if !c.AskedToAnswer() {
		t.Errorf("not asked to answer: Call-Info %q, Alert-Info %q", c.Header("Call-Info"), c.Header("Alert-Info"))
	}
	if got := c.Header("Call-Info"); got != "<sip:127.0.0.1>;answer-after=0" {
		t.Errorf("Call-Info %q", got)
	}
	if got := c.Header("Alert-Info"); got != "info=alert-autoanswer" {
		t.Errorf("Alert-Info %q", got)
	}
	if got := c.Header("X-Call"); got != "c1" {
		t.Errorf("X-Call %q", got)
	}
	if number, name := c.Caller(); number != "+525550100" || !strings.HasPrefix(name, "José Pepe") {
		t.Errorf("caller %q %q", number, name)
	}
	e := h.await(orchestrator.EventEntered, o.Channel)
	if !slices.Equal(e.Args, args) {
		t.Errorf("args %q, want %q", e.Args, args)
	}
	truth, err := a.client.snapshot(t.Context(), "operadora")
	must(t, err)
	if got := truth.Channels[o.Channel]; !got.Up || !got.Entered || !slices.Equal(got.Args, args) {
		t.Errorf("snapshot %+v", got)
	}
	var v struct{ Value, Language string }
	must(t, a.get(t.Context(), &v, "channels", o.Channel))
	if v.Language != "es" {
		t.Errorf("language %q", v.Language)
	}
	must(t, a.Hangup(t.Context(), o.Channel, orchestrator.CauseNormal))
	h.await(orchestrator.EventEnded, o.Channel)
}

func TestWithoutAutoAnswerNothingAsksForIt(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	invites := make(chan *lab.Call, 1)
	w.register(t, "101", func(c *lab.Call) {
		invites <- c
		lab.RingOn(c)
	})
	must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/101", Timeout: 5 * time.Second}))
	if c := <-invites; c.AskedToAnswer() {
		t.Error("asked to answer")
	}
	h.await(orchestrator.EventRinging, "op-c1-l1")
	must(t, a.Hangup(t.Context(), "op-c1-l1", orchestrator.CauseGone))
	if e := h.await(orchestrator.EventEnded, "op-c1-l1"); e.Cause != orchestrator.CauseGone {
		t.Errorf("cause %d", e.Cause)
	}
}

func TestCausesOfFailedCalls(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	rows := []struct {
		name string
		does func(*lab.Call)
		want orchestrator.Cause
	}{
		{"busy", lab.RejectWith(486), orchestrator.CauseBusy},
		{"declined", lab.RejectWith(603), orchestrator.CauseRejected},
		{"rings on", lab.RingOn, orchestrator.CauseNoAnswer},
		{"temporarily unavailable, without ringing", lab.RejectWith(480), orchestrator.CauseNoResponse},
		{"overload", lab.RejectWith(503), orchestrator.CauseCongestion},
		{"unplugged", nil, orchestrator.CauseNoResponse},
		{"number unknown", lab.RejectWith(404), 1},
	}
	for i, r := range rows {
		user := fmt.Sprint(people.First + i)
		if p := w.register(t, user, r.does); r.does == nil {
			p.Close() // without taking its registration back
		}
		channel := fmt.Sprintf("op-c%d-l1", i)
		must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: channel, Endpoint: "PJSIP/" + user, Timeout: time.Second}))
	}
	for i, r := range rows {
		if e := h.await(orchestrator.EventEnded, fmt.Sprintf("op-c%d-l1", i)); e.Cause != r.want {
			t.Errorf("%s: cause %d (%s), want %d", r.name, e.Cause, e.Reason, r.want)
		}
	}
	for endpoint, want := range map[string]fault.Kind{
		"PJSIP/180": fault.NotFound, "PJSIP/nobody": fault.NotFound, "NOSUCHTECH/1": fault.NotFound,
	} {
		err := a.Originate(t.Context(), orchestrator.Origination{Channel: "op-x-l1", Endpoint: endpoint, Timeout: time.Second})
		if fault.KindOf(err) != want {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

// entered brings in a caller and answers.
func (w *world) callIn(t *testing.T, a *Adapter, h *heard, number, did string) (*lab.Call, string) {
	t.Helper()
	p, err := w.asterisk.Caller(number)
	must(t, err)
	t.Cleanup(p.Close)
	c, err := p.Place(context.WithoutCancel(t.Context()), did, lab.DialOptions{})
	must(t, err)
	e := h.find("the call to "+did, func(e orchestrator.Event) bool {
		return e.Kind == orchestrator.EventEntered && e.DID == did
	})
	must(t, a.Answer(t.Context(), e.Channel))
	<-c.Answered()
	return c, e.Channel
}

// A playback ends the music of a held channel for good.
func TestMusicDoesNotReturnAfterAPlayback(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	ctx := t.Context()
	call, channel := w.callIn(t, a, h, "5550101", "700101")
	must(t, a.Hold(ctx, channel, ""))
	must(t, call.WaitSound(ctx))
	must(t, a.Play(ctx, orchestrator.Playback{ID: "op-c1-p1", Channel: channel, Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "vm-and"}}}))
	h.await(orchestrator.EventPlayed, channel)
	life.SleepAbout(ctx, time.Second) // what is left of the prompt is on its way
	listen, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if call.WaitSound(listen) == nil {
		t.Error("the music came back")
	}
	must(t, a.Hold(ctx, channel, ""))
	must(t, call.WaitSound(ctx))
}

// Hold music goes on inside a bridge: the engine must stop it before Join.
func TestMusicGoesOnInABridge(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	ctx := t.Context()
	call, channel := w.callIn(t, a, h, "5550101", "700101")
	must(t, a.Hold(ctx, channel, ""))
	must(t, a.CreateBridge(ctx, "op-c1-b1"))
	must(t, a.Join(ctx, "op-c1-b1", channel))
	must(t, call.WaitSound(ctx))
	must(t, a.Unhold(ctx, channel))
	must(t, a.DestroyBridge(ctx, "op-c1-b1"))
}

// The end of a recording is told although its bridge is removed at once.
func TestRecordingEndsWithItsBridge(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	ctx := t.Context()
	_, channel := w.callIn(t, a, h, "5550101", "700101")
	for i := range 20 {
		bridge, rec := fmt.Sprintf("op-c%d-b1", i), fmt.Sprintf("op-c%d-r1", i)
		must(t, a.CreateBridge(ctx, bridge))
		must(t, a.Join(ctx, bridge, channel))
		must(t, a.Record(ctx, orchestrator.RecordingOrder{ID: rec, Bridge: bridge, Format: "wav"}))
		must(t, a.DestroyBridge(ctx, bridge))
		h.find("the end of "+rec, func(e orchestrator.Event) bool {
			return e.Kind == orchestrator.EventRecorded && e.Recording == rec && e.Channel == ""
		})
		body, size, err := a.OpenRecording(ctx, rec)
		must(t, err)
		n, err := io.Copy(io.Discard, body)
		must(t, errors.Join(err, body.Close()))
		if n != size || n < 44 {
			t.Errorf("%d bytes of %d", n, size)
		}
	}
}

// A channel that the PBX's own side takes away is told as left.
func TestTakenByTheDialplan(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	_, channel := w.callIn(t, a, h, "5550101", "700101")
	var c struct{ Name string }
	must(t, a.get(t.Context(), &c, "channels", channel))
	_, err := w.asterisk.CLI("channel redirect " + c.Name + " lab,600,1")
	must(t, err)
	h.await(orchestrator.EventLeft, channel)
	truth, err := a.client.snapshot(t.Context(), "operadora")
	must(t, err)
	if _, ok := truth.Channels[channel]; ok {
		t.Error("the snapshot still shows it")
	}
}

// A dialplan that leads an outgoing Local call back to us makes two channels;
// the far one is a caller of its own, not part of the call that dialled.
func TestLocalChannelThatComesBack(t *testing.T) {
	t.Parallel()
	_, a, h := start(t)
	must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "Local/700101@from-trunk", Timeout: 5 * time.Second, Args: []string{"leg"}}))
	e := h.find("the far half", func(e orchestrator.Event) bool { return e.Kind == orchestrator.EventEntered && e.DID == "700101" })
	if orchestrator.Ours(e.Channel) {
		t.Errorf("the far half is called %s", e.Channel)
	}
	must(t, a.Answer(t.Context(), e.Channel))
	h.await(orchestrator.EventEntered, "op-c1-l1")
	must(t, a.Hangup(t.Context(), "op-c1-l1", orchestrator.CauseNormal))
	h.await(orchestrator.EventEnded, "op-c1-l1")
	h.await(orchestrator.EventEnded, e.Channel)
}

// A stopped Asterisk is noticed by the pings; it is found again with its calls.
func TestFrozenAsterisk(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	_, channel := w.callIn(t, a, h, "5550101", "700101")
	must(t, w.asterisk.Pause())
	resumed := false
	resume := func() {
		if !resumed {
			resumed = true
			must(t, w.asterisk.Resume())
		}
	}
	defer resume()
	for err := error(nil); fault.KindOf(err) != fault.Unavailable; { // the signal takes its time
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err = a.Unhold(short, channel)
		cancel()
	}
	for counted(t, a.metrics.connected.WithLabelValues("lab")) != 0 {
		life.SleepAbout(t.Context(), 50*time.Millisecond)
	}
	resume()
	h.until("the second connection", func() bool { return len(h.truths) > 1 })
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.truths[1].Channels[channel]; !c.Entered || !c.Up || h.truths[0].Epoch != h.truths[1].Epoch {
		t.Errorf("found again as %+v, epochs %q and %q", c, h.truths[0].Epoch, h.truths[1].Epoch)
	}
}
