package esl

import (
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A phone that the directory says is busy (dial-string error/user_busy, as of one that
// wants not to be disturbed) has no channel: what the order came to is told all the same,
// once, and so the next is asked.
func TestBusyWithoutAChannel(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	for cause, want := range map[string]orchestrator.Cause{
		"USER_BUSY": orchestrator.CauseBusy, "CALL_REJECTED": orchestrator.CauseRejected,
	} {
		f.mu.Lock()
		f.errors = map[string]string{"101": cause}
		f.mu.Unlock()
		o := orchestrator.Origination{Channel: orchestrator.MakeID("c1", "a", len(cause)), Endpoint: "user/101", Timeout: 20 * time.Second}
		must(t, a.Originate(t.Context(), o))
		if e := l.next(t, orchestrator.EventEnded); e.Channel != o.Channel || e.Cause != want || e.ByPBX {
			t.Errorf("%s: told %+v", cause, e)
		}
	}
}

// A directory may take longer over a phone than a command may take. What comes of the
// order then is told as well, and nothing of it is remembered for ever.
func TestSlowDirectory(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := f.config()
	cfg.CommandTimeout = 500 * time.Millisecond
	a, err := New("lima", cfg, quietLog(), NewMetrics(nil))
	must(t, err)
	l := run(t, a)
	lookup := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(lookup) })
	t.Cleanup(letGo)
	f.mu.Lock()
	f.errors, f.lookup = map[string]string{"101": "SUBSCRIBER_ABSENT"}, lookup
	f.mu.Unlock()
	o := orchestrator.Origination{Channel: orchestrator.MakeID("c1", "a", 1), Endpoint: "user/101", Timeout: 20 * time.Second}
	if err := a.Originate(t.Context(), o); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("nobody knows yet, and is told %v", err)
	}
	letGo()
	if e := l.next(t, orchestrator.EventEnded); e.Channel != o.Channel {
		t.Errorf("told: %+v", e)
	}
	a.legs.mu.Lock()
	defer a.legs.mu.Unlock()
	a.legs.forget(time.Now().Add(time.Hour))
	if n := len(a.legs.m); n > 0 {
		t.Errorf("%d channels are remembered", n)
	}
}
