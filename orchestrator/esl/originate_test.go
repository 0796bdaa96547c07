package esl

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
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
