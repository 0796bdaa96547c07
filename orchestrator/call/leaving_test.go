package call

import (
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// TestAMessageIsNobodysWhoRang: a caller who leaves by a key while an agent's phone
// rings leaves a message on nobody's account: neither the steps of the flow nor the recording name the agent.
func TestAMessageIsNobodysWhoRang(t *testing.T) {
	t.Parallel()
	w := at(inQueue, (*world).offer)
	w.quiet()
	if w.me.c.State != StateOffered {
		t.Fatalf("state %q", w.me.c.State)
	}
	before := len(w.entries)
	w.presses("*")
	w.settle(time.Minute)
	w.callerHangsUp()
	w.quiet()
	for _, e := range w.entries[before:] {
		if e.Agent != "" && e.Type != orchestrator.EntryCallUnqueued { // that one tells the agent why the phone is silent
			t.Errorf("%s names agent %s: %s", e.Type, e.Agent, e.Data)
		}
	}
}

// placeAsked is the command that asks for the position of a call.
func placeAsked(t *testing.T, c Call) int {
	t.Helper()
	asked := slices.IndexFunc(c.Todo, func(t Todo) bool { _, ask := t.Command.(AskPlace); return ask })
	if asked < 0 {
		t.Fatalf("nobody asks for the position: %v", c.Todo)
	}
	return c.Todo[asked].N
}

// TestAnAnnouncementIsNotSkippedWhileAPhoneRings: a call that is offered has no
// position in the queue; its caller is next, and hears so.
func TestAnAnnouncementIsNotSkippedWhileAPhoneRings(t *testing.T) {
	t.Parallel()
	w := at(inQueue, ringing)
	c := w.me.c
	if c.State != StateOffered {
		t.Fatalf("state %q", c.State)
	}
	w.now = time.UnixMilli(c.Timers[TimerAnnounce])
	c = w.rules.Decide(c, []Input{{Kind: InTimer, Timer: TimerAnnounce}}, w.now).Call
	c = w.rules.Decide(c, []Input{{Kind: InDone, N: placeAsked(t, c)}}, w.now).Call
	for _, todo := range c.Todo {
		if play, ok := todo.Command.(Play); ok && play.Playback.Media[0].Value == "queue-youarenext" {
			return
		}
	}
	t.Errorf("the caller hears nothing: %v", c.Todo)
}
