package life

import (
	"context"
	"fmt"
)

// Places bound how many do something at once, so that the others find room.
type Places chan struct{}

// NewPlaces makes n places, at least one.
func NewPlaces(n int) Places { return make(Places, max(1, n)) }

// Take waits for a place; Free gives it back.
func (p Places) Take(ctx context.Context) error {
	select {
	case p <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d do so already: %w", cap(p), ctx.Err())
	}
}

// Free gives a place back.
func (p Places) Free() { <-p }
