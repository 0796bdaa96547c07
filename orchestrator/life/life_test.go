package life_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/operadora/operadora/orchestrator/life"
)

func TestSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if !life.Sleep(t.Context(), time.Minute) || time.Since(began) != time.Minute {
			t.Errorf("slept for %v", time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if life.Sleep(ctx, time.Minute) || time.Since(began) != time.Minute+time.Second {
			t.Errorf("the end of the context was slept over: %v", time.Since(began))
		}
		wake := make(chan struct{}, 1)
		wake <- struct{}{}
		if !life.SleepOr(t.Context(), time.Minute, wake) || time.Since(began) != time.Minute+time.Second {
			t.Errorf("who was woken slept on: %v", time.Since(began))
		}
	})
}

func TestGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g life.Group
		g.End() // before the beginning
		for range 2 {
			ctx, ok := g.Begin(t.Context())
			if !ok {
				t.Fatal("not begun")
			}
			if _, again := g.Begin(t.Context()); again {
				t.Error("begun twice")
			}
			over := false
			g.Go(func() {
				<-ctx.Done()
				time.Sleep(time.Second)
				over = true
			})
			g.End()
			if !over {
				t.Error("the end did not wait")
			}
			g.End()
		}
	})
}
