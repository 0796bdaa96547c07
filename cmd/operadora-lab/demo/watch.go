package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora/top"
)

// watch follows the stream of changes and lets callers and phones wait for what
// happens in it, so that nobody guesses with a clock.
type watch struct {
	kind wire.CallKind // of the calls that are followed

	mu      sync.Mutex
	numbers map[string]string               // call -> caller's number; guarded by mu
	entries map[string][]wire.Entry         // by caller's number; guarded by mu
	ended   []wire.CallSummary              // callers' calls; guarded by mu
	agents  map[string]wire.EntryAgentState // the last change; guarded by mu
	changes []wire.Entry                    // of agents, all; guarded by mu
	started []time.Time                     // calls; guarded by mu
	grown   chan struct{}                   // closed and replaced at each event; guarded by mu
	began   bool                            // the stream has; guarded by mu
	broken  error                           // the token is refused; guarded by mu
}

func newWatch(kind wire.CallKind) *watch {
	return &watch{kind: kind, numbers: map[string]string{}, entries: map[string][]wire.Entry{},
		agents: map[string]wire.EntryAgentState{}, grown: make(chan struct{})}
}

// run follows the stream until ctx ends.
func (w *watch) run(ctx context.Context, s top.Stream) {
	err := top.Follow(ctx, s, func(u top.Update) {
		if u.Err == nil {
			w.take(u.Event)
		}
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = err
	w.wake()
}

// wake lets everybody look again; mu is held.
func (w *watch) wake() {
	close(w.grown)
	w.grown = make(chan struct{})
}

// take takes an event in. What cannot be read is left out: whoever waits for
// it will say what is missing.
func (w *watch) take(ev client.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.wake()
	w.began = true
	var e wire.Entry
	if ev.Name == "snapshot" || json.Unmarshal(ev.Data, &e) != nil {
		return
	}
	switch e.Type {
	case wire.EntryTypeAgentState:
		var d wire.EntryAgentState
		if json.Unmarshal(e.Data, &d) == nil {
			w.agents[e.Agent] = d
			w.changes = append(w.changes, e)
		}
		return
	case wire.EntryTypeCallStarted, wire.EntryTypeCallEnded:
		var s wire.CallSummary
		if json.Unmarshal(e.Data, &s) != nil || s.Kind != w.kind {
			return
		}
		w.numbers[e.Call] = s.Caller.Number
		if e.Type == wire.EntryTypeCallStarted {
			w.started = append(w.started, e.At)
		}
		if e.Type == wire.EntryTypeCallEnded {
			w.ended = append(w.ended, s)
		}
	default: // what happens to a call that is known
	}
	if number, ok := w.numbers[e.Call]; ok {
		w.entries[number] = append(w.entries[number], e)
	}
}

// until waits until look, called with mu held, is satisfied.
func (w *watch) until(ctx context.Context, what string, look func() bool) error {
	for {
		w.mu.Lock()
		found, grown, broken := look(), w.grown, w.broken
		w.mu.Unlock()
		switch {
		case found:
			return nil
		case broken != nil:
			return broken
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		}
	}
}

// ready waits until the stream has begun.
func (w *watch) ready(ctx context.Context) error {
	return w.until(ctx, "the stream of changes", func() bool { return w.began })
}

// reader reads the entries of one caller's call in order.
type reader struct {
	w      *watch
	number string
	next   int
}

// find waits for the next entry that fits and reads on behind it. It gives up
// when the call has ended without one, or gone is closed.
func (r *reader) find(ctx context.Context, what string, fits func(wire.Entry) bool) (found wire.Entry, err error) {
	over := false
	err = r.w.until(ctx, what, func() bool {
		for _, e := range r.w.entries[r.number][r.next:] {
			r.next++
			if fits(e) {
				found = e
				return true
			}
			if e.Type == wire.EntryTypeCallEnded {
				over = true
				return true
			}
		}
		return false
	})
	if err == nil && over {
		return found, fmt.Errorf("the call ended before %s", what)
	}
	return found, err
}

// node waits for a flow's node with an outcome; "" is its beginning.
func (r *reader) node(ctx context.Context, name, outcome string) error {
	_, err := r.find(ctx, name+" "+outcome, func(e wire.Entry) bool {
		var n wire.EntryNode
		return e.Type == wire.EntryTypeCallNode && json.Unmarshal(e.Data, &n) == nil && n.Flow+"/"+n.Node == name && n.Outcome == outcome
	})
	return err
}

// entry waits for an entry of a type.
func (r *reader) entry(ctx context.Context, t wire.EntryType) (wire.Entry, error) {
	return r.find(ctx, string(t), func(e wire.Entry) bool { return e.Type == t })
}

// counts tells how many calls of the crowd have begun and ended.
func (w *watch) counts() (begun, ended int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.numbers), len(w.ended)
}

// summaries returns the callers' calls that have ended.
func (w *watch) summaries() []wire.CallSummary {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]wire.CallSummary(nil), w.ended...)
}
