package top

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// View shows a running operadora until its context ends.
type View struct {
	Stream Stream
	// Status, when not nil, gives a line of the owner's own for the screen.
	Status func() string
	// Every is the least time between two printouts where there is no terminal.
	Every time.Duration
	// Keys says what the owner does with keys; "" is "q quits".
	Keys string
}

// Redraws on a terminal: soon after a change, together with those that follow
// at once, and every second for the clocks.
const (
	drawAfter  = 50 * time.Millisecond
	clockEvery = time.Second
)

// state is what a view shows, without where it shows it.
type state struct {
	model  Model
	notice string
}

// take takes an update in.
func (s *state) take(u Update) {
	if u.Err != nil && s.model.Since.IsZero() {
		s.notice = fmt.Sprintf("%v; trying again in %s", u.Err, u.Pause)
		return
	}
	if u.Err != nil {
		s.notice = fmt.Sprintf("NO CONNECTION, what you see is old; trying again in %s: %v", u.Pause, u.Err)
		return
	}
	s.notice = ""
	if err := s.model.Apply(u.Event); err != nil {
		s.notice = err.Error()
	}
}

// updates follows the stream in the background. stop ends it and returns the
// error by which it ended itself, which also closes the channel.
func (v *View) updates(ctx context.Context) (ch <-chan Update, stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan Update)
	var wg sync.WaitGroup
	var failed error
	wg.Go(func() {
		defer close(out)
		failed = Follow(ctx, v.Stream, func(u Update) {
			select {
			case out <- u:
			case <-ctx.Done():
			}
		})
	})
	return out, func() error {
		cancel()
		wg.Wait()
		return failed
	}
}

func (v *View) frame(s *state, now time.Time) Frame {
	f := Frame{Now: now, Notice: s.notice, Keys: v.Keys}
	if v.Status != nil {
		f.Status = v.Status()
	}
	return f
}

// Print writes the whole picture as plain text when it has changed, at most
// once in Every, until ctx ends.
func (v *View) Print(ctx context.Context, w io.Writer) error {
	ch, stop := v.updates(ctx)
	var s state
	var due <-chan time.Time
	var last time.Time
	for {
		select {
		case u, ok := <-ch:
			if !ok {
				return stop()
			}
			s.take(u)
			if due == nil {
				due = time.After(max(drawAfter, v.Every-time.Since(last)))
			}
		case now := <-due:
			due, last = nil, now
			f := v.frame(&s, now)
			f.Width, f.Keys = printWidth, ""
			if _, err := io.WriteString(w, strings.Join(Render(&s.model, f), "\n")+"\n\n"); err != nil {
				_ = stop() // writing failed first
				return err
			}
		}
	}
}

// printWidth is the width of printouts: room for long names, and still a line
// on most screens.
const printWidth = 100
