// Package life is how long-lived parts begin, wait and end. It is a leaf: it
// imports nothing of operadora and everybody may import it.
package life

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Sleep waits for d; false when ctx ended first.
func Sleep(ctx context.Context, d time.Duration) bool { return SleepOr(ctx, d, nil) }

// SleepAbout waits between a half and the whole of d, at random, so that those
// who try again do not do so together; false when ctx ended first.
func SleepAbout(ctx context.Context, d time.Duration) bool {
	return Sleep(ctx, d/2+rand.N(d/2)) //nolint:gosec // no secret
}

// SleepOr waits for d, or until wake tells; false when ctx ended first. A nil
// wake never tells.
func SleepOr(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-wake:
	}
	return true
}

// Group is the goroutines of a long-lived part, with one beginning and one end.
// The zero value is ready.
type Group struct {
	mu     sync.Mutex
	cancel context.CancelFunc // guarded by mu; set between Begin and End
	wg     sync.WaitGroup
}

// Begin returns the context that the goroutines end with; false when the part
// has begun already and has not ended.
func (g *Group) Begin(ctx context.Context) (context.Context, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cancel != nil {
		return nil, false
	}
	ctx, g.cancel = context.WithCancel(ctx)
	return ctx, true
}

// Go starts a goroutine that End waits for.
func (g *Group) Go(fn func()) { g.wg.Go(fn) }

// End ends the context of Begin and waits for all goroutines. It may be called
// twice, and before Begin.
func (g *Group) End() {
	g.mu.Lock()
	cancel := g.cancel
	g.cancel = nil
	g.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	g.wg.Wait()
}
