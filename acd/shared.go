package acd

import (
	"context"
	"sync"
	"time"
)

// shared is something costly to read that many ask for: at any time at most one
// of them reads, and the others wait for what that one brings.
type shared[T any] struct {
	read func(context.Context) (T, error)
	now  func() time.Time

	mu      sync.Mutex
	begun   int         // readings so far; guarded by mu
	running *reading[T] // guarded by mu
	last    *reading[T] // the last that succeeded; guarded by mu
}

// reading is one round. All but over is set before over is closed or by who
// made it, and not changed after.
type reading[T any] struct {
	number int // of its beginning
	at     time.Time
	over   chan struct{}
	value  T
	err    error
	cut    bool // the reader's own context ended: that says nothing to others
}

// get returns a value whose reading began at most age ago; with age 0 it began
// after the call, so it shows whatever happened before. The value is shared
// and must not be changed.
func (s *shared[T]) get(ctx context.Context, age time.Duration) (T, error) {
	s.mu.Lock()
	asked := s.begun
	fits := func(r *reading[T]) bool {
		return r.number > asked || (age > 0 && s.now().Sub(r.at) <= age)
	}
	for {
		if s.last != nil && fits(s.last) {
			defer s.mu.Unlock()
			return s.last.value, nil
		}
		r := s.running
		if r == nil {
			return s.lead(ctx) // unlocks
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return *new(T), ctx.Err()
		case <-r.over:
		}
		if !r.cut && fits(r) {
			return r.value, r.err
		}
		s.mu.Lock()
	}
}

// lead reads for everybody. It is called with mu locked and unlocks it.
func (s *shared[T]) lead(ctx context.Context) (T, error) {
	s.begun++
	r := &reading[T]{number: s.begun, at: s.now(), over: make(chan struct{})}
	s.running = r
	s.mu.Unlock()
	defer func() { // also when read panics: nobody may wait for ever
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running = nil
		if r.err == nil && !r.cut {
			s.last = r
		}
		close(r.over)
	}()
	r.cut = true
	r.value, r.err = s.read(ctx)
	r.cut = ctx.Err() != nil
	return r.value, r.err
}
