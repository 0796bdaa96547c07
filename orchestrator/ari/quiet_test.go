package ari

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/lab/people"
	"github.com/operadora/operadora/orchestrator/life"
)

// TestWhoHearsNothingIsSentSilence: on an Asterisk without hold music packets come to
// a caller in every stage in which nothing is played, and none of that silence is left
// in a conversation.
func TestWhoHearsNothingIsSentSilence(t *testing.T) {
	t.Parallel()
	asterisk := lab.AsteriskFor(t, lab.AsteriskOptions{Endpoints: lab.Desk(people.First, people.Last),
		Files: map[string]string{"musiconhold.conf": "[default]\nmode = files\ndirectory = " + t.TempDir() + "\n"}})
	w, a, h := startOn(t, &world{asterisk: asterisk, people: people.New(asterisk, "PJSIP")})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	call, channel := w.callIn(t, a, h, "5550117", "700117")
	alive := func(stage string) {
		t.Helper()
		limit, cancel := context.WithTimeout(ctx, 15*time.Second)
		defer cancel()
		if err := call.WaitSilence(limit, 2*time.Second); err != nil {
			t.Errorf("%s: no packets come: %v", stage, err)
		}
	}
	plays := func(id string) {
		t.Helper()
		must(t, a.Play(ctx, orchestrator.Playback{ID: id, Channel: channel, Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "vm-and"}}}))
		must(t, call.WaitSound(ctx))
		h.find("the end of "+id, func(e orchestrator.Event) bool { return e.Kind == orchestrator.EventPlayed && e.Playback == id })
	}
	alive("answered")
	plays("op-q1-p1")
	alive("asked for keys")
	must(t, a.Hold(ctx, channel, ""))
	alive("waiting")
	plays("op-q1-p2")
	must(t, a.Hold(ctx, channel, ""))
	alive("waiting after an announcement")
	agent, leg := w.rung(t, a, h, "101", "op-q1-a1")
	agent.PlayTone(agentHz)
	call.PlayTone(customerHz)
	must(t, a.CreateBridge(ctx, "op-q1-b2"))
	must(t, a.Unhold(ctx, channel))
	must(t, a.Join(ctx, "op-q1-b2", channel, leg))
	stop := call.Tape()
	must(t, call.WaitTone(ctx, agentHz))
	must(t, agent.WaitTone(ctx, customerHz))
	must(t, agent.WaitTone(ctx, customerHz))
	if tape := stop(); len(tape) == 0 {
		t.Error("nothing came to the caller in the conversation")
	}
	must(t, agent.Hangup())
	h.await(orchestrator.EventEnded, leg)
	must(t, a.DestroyBridge(ctx, "op-q1-b2", channel))
	alive("after the conversation")
}

// until waits for something of a fake Asterisk.
func (f *fake) until(what string, probe func() bool) {
	f.t.Helper()
	for limit := time.Now().Add(bound); !probe(); life.SleepAbout(f.t.Context(), 5*time.Millisecond) {
		if time.Now().After(limit) {
			f.t.Fatalf("waited in vain for %s; asked: %v", what, f.requests())
		}
	}
}

// asked counts the requests that begin so.
func (f *fake) asked(request string) (n int) {
	for _, r := range f.requests() {
		if strings.HasPrefix(r, request) {
			n++
		}
	}
	return n
}

// TestMusicThatOneDoesNotHear: the first who waits with hold music is sent nothing, say
// because nobody has answered the call. That says nothing of the music for others.
func TestMusicThatOneDoesNotHear(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handle("GET /ari/channels/1.1/rtp_statistics", answer(200, `{"txcount":0}`))
	var sent atomic.Int64
	f.handle("GET /ari/channels/1.2/rtp_statistics", func(w http.ResponseWriter, r *http.Request) {
		answer(200, fmt.Sprintf(`{"txcount":%d}`, sent.Add(25)))(w, r)
	})
	a := f.adapter(nil)
	s := f.run(a)
	s.want("connected")
	for _, ch := range []string{"1.1", "1.2"} {
		f.send(event("StasisStart", ch, `,"args":["inbound","5550123"]`))
		s.want("entered " + ch)
	}
	must(t, a.Hold(t.Context(), "1.1", ""))
	f.until("silence in place of the music", func() bool { return f.asked("POST /ari/channels/1.1/silence") > 0 })
	must(t, a.Hold(t.Context(), "1.2", ""))
	const silenced = "POST /ari/channels/1.2/silence"
	f.until("the verdict on the second", func() bool {
		return sent.Load() >= 50 || f.asked(silenced) > 0
	})
	must(t, a.Hold(t.Context(), "1.2", "")) // after an announcement
	if f.asked(silenced) > 0 {
		t.Error("who hears music is sent silence in its place")
	}
}

// TestSilenceOfTheProcessBefore: a caller is still sent the silence that a process before
// this one ordered. It is not taken for hold music, of which there is none.
func TestSilenceOfTheProcessBefore(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var sent atomic.Int64
	var ended atomic.Bool
	f.handle("GET /ari/channels/1.1/rtp_statistics", func(w http.ResponseWriter, r *http.Request) {
		if !ended.Load() {
			sent.Add(25)
		}
		answer(200, fmt.Sprintf(`{"txcount":%d}`, sent.Load()))(w, r)
	})
	f.handle("DELETE /ari/channels/1.1/silence", func(w http.ResponseWriter, r *http.Request) {
		ended.Store(true)
		answer(204, "")(w, r)
	})
	f.handle("GET /ari/channels", answer(200, `[{"id":"1.1","state":"Up","dialplan":{"app_name":"Stasis","app_data":"operadora,inbound,5550123"}}]`))
	a := f.adapter(nil)
	s := f.run(a)
	s.want("connected")
	must(t, a.Hold(t.Context(), "1.1", ""))
	f.until("silence in place of the music", func() bool { return f.asked("POST /ari/channels/1.1/silence") > 0 })
}

// TestNoSilenceOfACallerWhoCameToUs: nobody but us can have ordered silence for who came
// since we are connected, and so there is nothing to end before they hear music.
func TestNoSilenceOfACallerWhoCameToUs(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	s := f.run(a)
	s.want("connected")
	f.send(event("StasisStart", "1.1", `,"args":["inbound","5550123"]`))
	s.want("entered 1.1")
	must(t, a.Hold(t.Context(), "1.1", ""))
	if n := f.asked("DELETE /ari/channels/1.1/silence"); n != 0 {
		t.Errorf("silence is ended %d times that nobody ordered", n)
	}
}

// TestSilenceIsForgottenWithTheCaller: of callers who hung up while they were sent
// silence nothing is kept: each who joins a bridge looks through all that is.
func TestSilenceIsForgottenWithTheCaller(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	s := f.run(a)
	s.want("connected")
	f.send(event("StasisStart", "1.1", `,"args":["inbound","5550123"]`))
	s.want("entered 1.1")
	must(t, a.Answer(t.Context(), "1.1"))
	f.until("silence", func() bool { return f.asked("POST /ari/channels/1.1/silence") > 0 })
	f.send(event("ChannelHangupRequest", "1.1", `,"cause":16`))
	f.send(event("StasisEnd", "1.1", ""))
	s.want("ended 1.1")
	if at, there := a.alone.at("1.1"); there {
		t.Errorf("kept: %+v", at)
	}
}
