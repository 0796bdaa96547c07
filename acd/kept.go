package acd

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// kept looks for the place of an earlier call of the caller who hung up while waiting in
// the queue, and returns it beside what is kept of it, unless the call has an older one.
func (s *Service) kept(ctx context.Context, q Queue, c CallRecord, now time.Time) (string, orchestrator.Kept, error) {
	if q.PlaceKept <= 0 || c.Caller == "" || c.Work == orchestrator.WorkCallback {
		return "", c.Kept, nil
	}
	text, err := s.store.KeptPlace(ctx, q.ID, c.Caller)
	if err != nil {
		return "", c.Kept, err
	}
	var until int64
	var k orchestrator.Kept
	if n, _ := fmt.Sscanf(text, "%d %d %s", &until, &k.Since, &k.Call); n < 3 || until <= now.UnixMilli() ||
		k.Since >= cmp.Or(c.Kept.Since, c.Entered) {
		return "", c.Kept, nil
	}
	return text, k, nil
}

// keeps is how long a queue keeps the place of a caller who left it for a reason.
func (dir *directory) keeps(queue, why string) time.Duration {
	if why != orchestrator.LeftLine {
		return 0
	}
	return dir.queues[queue].PlaceKept
}

// keeping keeps the place of the call for its caller.
func keeping(d time.Duration) func(*FailOrder) { return func(f *FailOrder) { f.Keep = d } }
