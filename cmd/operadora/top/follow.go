package top

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/orchestrator/life"
)

// Stream is where events come from; *client.API is one.
type Stream interface {
	Events(ctx context.Context, after string, fn func(client.Event) error) error
}

// Update is what Follow tells: an event, or that the stream has broken (Err)
// and will be tried again after Pause.
type Update struct {
	Event client.Event
	Err   error
	Pause time.Duration
}

// Pauses between attempts to get the stream back.
const (
	firstPause = 500 * time.Millisecond
	mostPause  = 5 * time.Second
)

// Follow delivers the stream's events until ctx ends, resuming where it broke.
// It returns an error only when trying again cannot help: the token is refused.
func Follow(ctx context.Context, s Stream, tell func(Update)) error {
	last, pause := "", firstPause
	for {
		err := s.Events(ctx, last, func(e client.Event) error {
			pause = firstPause
			if e.ID != "" {
				last = e.ID
			}
			tell(Update{Event: e})
			return ctx.Err()
		})
		if ctx.Err() != nil {
			return nil
		}
		if p, ok := errors.AsType[*client.Refusal](err); ok && (p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden) {
			return fmt.Errorf("the API refuses this token: %w", err)
		}
		tell(Update{Err: err, Pause: pause})
		if !life.Sleep(ctx, pause) {
			return nil
		}
		pause = min(2*pause, mostPause)
	}
}
