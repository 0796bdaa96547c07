package engine

import (
	"context"
	"sync"
	"sync/atomic"
)

// spareHands is how many goroutines are kept that have nothing to do. A new one
// has a small stack, which is copied three times before a decision is stored or a command sent.
const spareHands = 16

// hands are goroutines that decide and store for the calls and run their commands, as
// many as there are calls that do so at the same time.
type hands struct {
	jobs  chan func()
	spare atomic.Int32
}

func newHands() *hands { return &hands{jobs: make(chan func())} }

// do has a job done by a goroutine that is free, or by a new one of the group.
func (h *hands) do(ctx context.Context, group *sync.WaitGroup, job func()) {
	select {
	case h.jobs <- job:
	default:
		group.Go(func() { h.work(ctx, job) })
	}
}

func (h *hands) work(ctx context.Context, job func()) {
	for {
		job()
		if h.spare.Add(1) > spareHands {
			h.spare.Add(-1)
			return
		}
		select {
		case job = <-h.jobs:
			h.spare.Add(-1)
		case <-ctx.Done():
			h.spare.Add(-1)
			return
		}
	}
}
