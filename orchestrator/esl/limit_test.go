package esl

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// A burst of calls that FreeSWITCH is slow to take leaves connections for the
// commands of calls that live.
func TestOriginationsLeaveRoom(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := f.config()
	cfg.Connections = 4
	a, err := New("lima", cfg, quietLog(), NewMetrics(nil))
	if err != nil {
		t.Fatal(err)
	}
	run(t, a)
	slow := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(slow) })
	t.Cleanup(letGo) // before the switch waits for whom it serves
	var begun atomic.Int32
	f.mu.Lock()
	f.slow = slow
	f.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	var calls sync.WaitGroup
	for n := range 12 {
		calls.Go(func() {
			begun.Add(1)
			_ = a.Originate(ctx, orchestrator.Origination{Channel: orchestrator.MakeID("c1", "t", n), Endpoint: "user/101", Timeout: time.Second}) // what becomes of it is not the point
		})
	}
	waitFor(t, "the burst", func() bool { return begun.Load() == 12 && len(a.calling) == cap(a.calling) })
	for range 50 {
		if err := a.Hangup(t.Context(), "op-c2-a1", orchestrator.CauseNormal); err != nil {
			t.Fatalf("a command of a call that lives: %v", err)
		}
	}
	cancel()
	letGo()
	calls.Wait()
}

// waitFor waits for something that no event announces.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit, tick := time.After(10*time.Second), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-limit:
			t.Fatalf("%s: never", what)
		case <-tick.C:
		}
	}
}
