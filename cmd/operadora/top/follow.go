package top

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/operadora/operadora/api/client"
)

// Stream is where events come from; *client.Client is one.
type Stream interface {
	Events(ctx context.Context, after string, fn func(client.Event) error) error
}

// update is what the follower tells the view: an event, or that the stream
// has broken (err) and will be tried again after pause.
type update struct {
	event client.Event
	err   error
	pause time.Duration
}

// Pauses between attempts to get the stream back.
const (
	firstPause = 500 * time.Millisecond
	mostPause  = 5 * time.Second
)

// follow delivers the stream's events until ctx ends, resuming where it broke.
// It returns an error only when trying again cannot help: the token is refused.
func follow(ctx context.Context, s Stream, tell func(update)) error {
	last, pause := "", firstPause
	for {
		err := s.Events(ctx, last, func(e client.Event) error {
			pause = firstPause
			if e.ID != "" {
				last = e.ID
			}
			tell(update{event: e})
			return ctx.Err()
		})
		if ctx.Err() != nil {
			return nil
		}
		if p, ok := errors.AsType[*client.Problem](err); ok && (p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden) {
			return fmt.Errorf("the API refuses this token: %w", err)
		}
		tell(update{err: err, pause: pause})
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, mostPause)
	}
}
