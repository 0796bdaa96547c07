package call

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
)

// TestMoved: a clock that is set moves every moment of a call, wherever it is kept, and nothing
// that lasts or counts; the call that there was is as it was.
func TestMoved(t *testing.T) {
	t.Parallel()
	at := func(ms int64) Call {
		v := Visit{N: 1, Entered: ms, From: ms, Asked: ms, MaxWait: 60_000}
		return Call{
			CallSummary: orchestrator.CallSummary{Call: "c", StartedAt: ms, AnsweredAt: ms, GreetedAt: ms, QueuedAt: ms, WaitMS: 5000},
			Legs:        []Leg{{Dialed: ms, Rang: ms, Up: ms, MostMS: 3_600_000, Visit: &v, Watch: &Supervision{Due: ms}}},
			Visit:       &v, Consult: &Consult{Visit: &v}, Promise: &Promise{Since: ms, Expires: ms}, Screen: &Screen{Said: ms},
			Attempt: &Attempt{Within: 2 * time.Second, Ring: time.Hour},
			Timers:  Timers{TimerWait: ms, TimerCall: ms}, AwaySince: ms, HeldFrom: ms, Abandoned: ms, Rev: 7,
		}
	}
	text := func(c Call) string {
		t.Helper()
		raw, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	const now = 1_796_000_000_000
	was := at(now)
	got := Moved(was, -time.Hour)
	if diff := cmp.Diff(text(at(now-3_600_000)), text(got)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(text(at(now)), text(was)); diff != "" {
		t.Errorf("what it was made of is another: %s", diff)
	}
}
