package ari

import (
	"context"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/lab/people"
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
