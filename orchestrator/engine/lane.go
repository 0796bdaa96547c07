package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// How long a command rests that was not answered, before it is tried again. A
// new connection of the PBX ends the rest at once.
const (
	retryMin = 20 * time.Millisecond
	retryMax = time.Second
)

// lane runs one call's commands to one side (the PBX, or the distributor) in
// order, beside the call's own goroutine: a command that hangs never keeps a
// hangup from being heard. It has a goroutine only while there is work.
type lane struct {
	loop *loop
	kick chan struct{} // ends the rest of a command that was not answered

	mu      sync.Mutex
	todo    []call.Todo // guarded by mu: decided, stored and not begun, but for the first while busy
	last    int         // number of the last command that was put on todo; guarded by mu
	busy    bool        // a goroutine runs; guarded by mu
	running int         // the command it is at, 0 for none; guarded by mu
}

func newLane(l *loop) *lane { return &lane{loop: l, kick: make(chan struct{}, 1)} }

// follow brings the lane in line with what is on the call's list now: new
// commands are added, those that were given up and not begun are dropped.
func (n *lane) follow(ctx context.Context, list []call.Todo, mine func(call.Todo) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	kept := n.todo[:0]
	for _, t := range n.todo {
		if t.N == n.running || has(list, t.N) {
			kept = append(kept, t)
		}
	}
	clear(n.todo[len(kept):])
	n.todo = kept
	for _, t := range list {
		if t.N > n.last && mine(t) {
			n.todo, n.last = append(n.todo, t), t.N
		}
	}
	if len(n.todo) > 0 && !n.busy {
		n.busy = true
		n.loop.drv.work(func() { n.run(ctx) })
	}
}

func has(list []call.Todo, n int) bool {
	for _, t := range list {
		if t.N == n {
			return true
		}
	}
	return false
}

// next takes up the first command; ok is false when there is none and the goroutine ends.
func (n *lane) next() (t call.Todo, moot, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.todo) == 0 {
		n.busy, n.running, n.todo = false, 0, nil
		return t, false, false
	}
	n.running = n.todo[0].N
	return n.todo[0], call.Moot(n.todo, n.todo[0]), true
}

// over drops a command that was answered, or that cannot be run any more.
func (n *lane) over(number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.running = 0
	if len(n.todo) > 0 && n.todo[0].N == number {
		n.todo[0] = call.Todo{}
		n.todo = n.todo[1:]
	}
}

// run carries commands out until there is none left or ctx ends.
func (n *lane) run(ctx context.Context) {
	var tries int
	var asked bool      // the present command may have reached whom it is for
	var since time.Time // of the first try of the present command that was not answered
	for {
		if !n.loop.drv.mayCommand(ctx) { // first: what is next may be given up meanwhile
			return // the next owner does it
		}
		t, moot, ok := n.next()
		if !ok {
			return
		}
		if moot {
			n.answer(t, call.Result{}, fault.E("engine", fault.Conflict, call.ErrMoot))
			continue
		}
		r, err := n.once(ctx, t, asked || t.N <= n.loop.taken)
		if ctx.Err() != nil {
			return // what failed because we stop did not fail: the next owner does it
		}
		if err == nil || fault.KindOf(err) != fault.Unavailable {
			tries, asked = 0, false
			n.answer(t, r, err)
			continue
		}
		asked = asked || !errors.Is(err, orchestrator.ErrNothingDone)
		if tries == 0 {
			since = n.loop.eng.now()
			n.loop.log.DebugContext(ctx, "command not answered", "command", call.VerbOf(t.Command), "error", err)
		}
		tries++
		if t.ToPBX() {
			if n.loop.drv.answersOthers(since, n.loop.eng.rules.call.Limits.Command, n.loop.eng.now()) {
				tries, asked = 0, false
				n.answer(t, r, fault.New("engine", fault.Internal, "not answered while the PBX answers others: %w", err))
				continue
			}
			n.loop.post(call.Input{Kind: call.InAway})
		}
		n.rest(ctx, tries)
	}
}

// answer posts what came of a command.
func (n *lane) answer(t call.Todo, r call.Result, err error) {
	n.over(t.N)
	if err == nil {
		if t.ToPBX() {
			n.loop.drv.answered(n.loop.eng.now())
		}
		n.loop.post(call.Input{Kind: call.InDone, N: t.N, PBX: t.ToPBX(), Result: r})
		return
	}
	n.loop.log.Debug("command refused", "command", call.VerbOf(t.Command), "error", err)
	n.loop.post(call.Input{Kind: call.InRefused, N: t.N, PBX: t.ToPBX(), Err: err})
}

// once runs a command; a panic in it is a refusal.
func (n *lane) once(ctx context.Context, t call.Todo, again bool) (r call.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			n.loop.log.ErrorContext(ctx, "a command panicked", "command", call.VerbOf(t.Command), "panic", p, "stack", string(debug.Stack()))
			err = fault.New("engine", fault.Internal, "panic: %v", fmt.Sprint(p))
		}
	}()
	return n.loop.carryOut(ctx, t.Command, again)
}

// rest waits before another try.
func (n *lane) rest(ctx context.Context, tries int) {
	life.SleepOr(ctx, min(retryMin<<min(tries, 10), retryMax), n.kick)
}

// hurry ends a rest.
func (n *lane) hurry() {
	select {
	case n.kick <- struct{}{}:
	default: // told already
	}
}
