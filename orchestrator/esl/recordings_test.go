package esl

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// TestRecordingEndsWithItsChannel: of a recording that began as its channel was hung up
// FreeSWITCH tells no end. It does not run for ever: its call would never be on record.
func TestRecordingEndsWithItsChannel(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.mutes = true
	f.phone("101", pbxtest.PhoneAnswers)
	a := f.adapter(t)
	l := run(t, a)
	ctx := t.Context()
	must(t, a.Originate(ctx, orchestrator.Origination{Channel: "op-x-a1", Endpoint: "user/101", Timeout: 5 * time.Second}))
	l.next(t, orchestrator.EventEntered)
	must(t, a.CreateBridge(ctx, "op-x-b1"))
	must(t, a.Join(ctx, "op-x-b1", "op-x-a1"))
	must(t, a.Record(ctx, orchestrator.RecordingOrder{ID: "op-x-r1", Bridge: "op-x-b1", Format: "wav"}))
	must(t, a.StopRecord(ctx, "op-x-r1")) // told at once

	must(t, a.Record(ctx, orchestrator.RecordingOrder{ID: "op-x-r2", Bridge: "op-x-b1", Format: "wav"}))
	f.mu.Lock()
	f.hangUp(f.channels["op-x-a1"], "NORMAL_CLEARING")
	f.mu.Unlock()
	l.next(t, orchestrator.EventEnded)
	must(t, a.StopRecord(ctx, "op-x-r2"))
	if runs, err := a.Recording(ctx, "op-x-r2"); runs || err != nil {
		t.Errorf("the recording runs: %v, %v", runs, err)
	}
}
