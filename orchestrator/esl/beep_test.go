package esl

import (
	"testing"

	"github.com/operadora/operadora/orchestrator"
)

// The beep with which a call begins, and those that answer keys, leave a channel that is
// in a room what is said there.
func TestBeepsAreMixed(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	ctx := t.Context()
	ch := f.comes(t, l, "in-1")
	must(t, a.CreateBridge(ctx, "op-x-b1"))
	must(t, a.Join(ctx, "op-x-b1", ch.id))
	cue := orchestrator.Playback{ID: "op-x-p1", Channel: ch.id, Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "beep"}}, Aside: true}
	must(t, a.Play(ctx, cue))
	cue.Again = true
	must(t, a.Play(ctx, cue))
	if plays, err := a.Playing(ctx, cue.ID); err != nil || !plays {
		t.Errorf("it is not heard: %v", err)
	}
	if e := l.next(t, orchestrator.EventPlayed); e.Playback != cue.ID || e.Failed || e.Channel != ch.id {
		t.Errorf("%+v", e)
	}
	must(t, a.Beep(ctx, ch.id, orchestrator.ToneYes))
	f.mu.Lock()
	if ch.mixed != 2 || ch.room != "op-x-b1" {
		t.Errorf("%d tones were mixed in, in room %q", ch.mixed, ch.room)
	}
	f.mu.Unlock()
	cue.ID, cue.Again = "op-x-p2", false
	must(t, a.Play(ctx, cue))
	f.mu.Lock()
	f.farHangUp(ch, "NORMAL_CLEARING")
	f.mu.Unlock()
	l.next(t, orchestrator.EventEnded)
	if plays, err := a.Playing(ctx, cue.ID); err != nil || plays {
		t.Errorf("it outlives its channel: %v", err)
	}
}
