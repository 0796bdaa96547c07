package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
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

// lane runs one call's commands to one side (the PBX, the distributor, or sources
// outside) in order, beside the call's own goroutine: a command that hangs never keeps a
// hangup from being heard. Only hang-ups that follow one another go out at the same
// time: phones that rang together stop together. It has a goroutine only while there is work.
type lane struct {
	loop *loop
	kick chan struct{} // ends the rest of a command that was not answered

	mu      sync.Mutex
	todo    []call.Todo // guarded by mu: decided, stored and not answered
	last    int         // number of the last command that was put on todo; guarded by mu
	busy    bool        // a goroutine runs; guarded by mu
	running int         // how many of the first of todo it is at; guarded by mu
}

func newLane(l *loop) *lane { return &lane{loop: l, kick: make(chan struct{}, 1)} }

// follow brings the lane in line with what is on the call's list now: new
// commands are added, those that were given up and not begun are dropped.
func (n *lane) follow(ctx context.Context, list []call.Todo, mine func(call.Todo) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	kept := n.todo[:0]
	for i, t := range n.todo {
		if i < n.running || has(list, t.N) {
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

// next takes up the first command, and those that may go out with it; none is the end of the goroutine.
func (n *lane) next() (batch []call.Todo, moot bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.todo) == 0 {
		n.busy, n.running, n.todo = false, 0, nil
		return nil, false
	}
	n.running = call.Together(n.todo)
	return slices.Clone(n.todo[:n.running]), call.Moot(n.todo, n.todo[0])
}

// over drops a command that was answered, or that cannot be run any more.
func (n *lane) over(number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	i := slices.IndexFunc(n.todo[:n.running], func(t call.Todo) bool { return t.N == number })
	if i == 0 { // nearly always: nothing is moved
		n.todo[0] = call.Todo{}
		n.todo = n.todo[1:]
	} else {
		n.todo = slices.Delete(n.todo, i, i+1)
	}
	n.running--
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
		batch, moot := n.next()
		if len(batch) == 0 {
			return
		}
		if moot {
			n.answer(outcome{todo: batch[0], err: fault.E("engine", fault.Conflict, call.ErrMoot)})
			continue
		}
		all := n.together(ctx, batch, asked)
		if ctx.Err() != nil {
			return // what failed because we stop did not fail: the next owner does it
		}
		var open []outcome // nobody knows what came of these
		for _, o := range all {
			if o.err == nil || fault.KindOf(o.err) != fault.Unavailable {
				n.answer(o)
				continue
			}
			open = append(open, o)
		}
		if len(open) < len(all) { // those that are left begin anew
			tries, asked = 0, false
		}
		if len(open) == 0 {
			continue
		}
		asked = asked || !errors.Is(open[0].err, orchestrator.ErrNothingDone)
		if tries == 0 {
			since = n.loop.eng.clock.steady()
			n.loop.log.DebugContext(ctx, "command not answered", "command", call.VerbOf(open[0].todo.Command), "error", open[0].err)
		}
		tries++
		if open[0].todo.ToPBX() {
			if n.loop.drv.answersOthers(since, n.loop.eng.rules.call.Limits.Command, n.loop.eng.clock.steady()) {
				tries, asked = 0, false
				for _, o := range open {
					o.err = fault.New("engine", fault.Internal, "not answered while the PBX answers others: %w", o.err)
					n.answer(o)
				}
				continue
			}
			n.loop.post(call.Input{Kind: call.InAway})
		}
		n.rest(ctx, tries)
	}
}

// outcome is what came of a command.
type outcome struct {
	todo   call.Todo
	result call.Result
	err    error
}

// together carries commands out at the same time, and returns when each was answered or given up.
func (n *lane) together(ctx context.Context, batch []call.Todo, asked bool) []outcome {
	all := make([]outcome, len(batch))
	var others sync.WaitGroup
	for i, t := range batch {
		run := func() {
			r, err := n.once(ctx, t, asked || t.N <= n.loop.taken)
			all[i] = outcome{t, r, err}
		}
		if i == len(batch)-1 {
			run()
			continue
		}
		others.Go(run)
	}
	others.Wait()
	return all
}

// answer posts what came of a command.
func (n *lane) answer(o outcome) {
	t := o.todo
	n.over(t.N)
	if o.err == nil {
		if t.ToPBX() {
			n.loop.drv.answered(n.loop.eng.clock.steady())
		}
		n.loop.post(call.Input{Kind: call.InDone, N: t.N, PBX: t.ToPBX(), Result: o.result})
		return
	}
	n.loop.log.Debug("command refused", "command", call.VerbOf(t.Command), "error", o.err)
	n.loop.post(call.Input{Kind: call.InRefused, N: t.N, PBX: t.ToPBX(), Err: o.err})
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
