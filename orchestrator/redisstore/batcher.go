package redisstore

import (
	"context"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"
)

// batchMost is how many scripts go out in one round trip.
const batchMost = 64

// Batcher runs scripts. Those that many goroutines ask for while one round trip
// is on its way go out together in the next one: a busy process makes fewer
// system calls, an idle one waits for nobody. Every script stays a step of its
// own and has its own answer. It is safe for concurrent use.
type Batcher struct {
	rdb redis.UniversalClient

	mu      sync.Mutex
	waiting []*order // guarded by mu
	next    *order   // of those waiting, the one who sends; guarded by mu
	busy    bool     // a round trip is on its way, or next is about to make one; guarded by mu
}

// order is a script that is to be run.
type order struct {
	script *redis.Script
	keys   []string
	args   []any
	answer *redis.Cmd
	told   chan word
}

// word is what an order that waits is told.
type word bool

const (
	answered word = true
	send     word = false // take what is waiting, this one first, on its way
)

// NewBatcher makes a Batcher. It does not own the client.
func NewBatcher(rdb redis.UniversalClient) *Batcher { return &Batcher{rdb: rdb} }

// Run runs a script. When ctx ends first the error is ctx's, and the script may
// be run all the same.
func (b *Batcher) Run(ctx context.Context, script *redis.Script, keys []string, args ...any) *redis.Cmd {
	o := &order{script: script, keys: keys, args: args, told: make(chan word, 2)}
	_, hurried := ctx.Deadline()
	sends := b.join(o)
	if sends {
		b.dispatch(ctx, hurried)
	}
	for {
		select {
		case w := <-o.told:
			if w == answered {
				return o.answer
			}
			sends = true
			b.dispatch(ctx, hurried)
		case <-ctx.Done():
			if b.leave(o) && !sends {
				go b.send(ctx) // ends with the round trip
			}
			late := redis.NewCmd(ctx)
			late.SetErr(context.Cause(ctx))
			return late
		}
	}
}

// dispatch sends. Who has a deadline does not wait for the round trip, which is
// bounded by the client's timeouts alone.
func (b *Batcher) dispatch(ctx context.Context, hurried bool) {
	if hurried {
		go b.send(ctx) // ends with the round trip
		return
	}
	b.send(ctx)
}

// join puts an order in line and tells whether it is to send at once.
func (b *Batcher) join(o *order) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, o)
	if b.busy {
		return false
	}
	b.busy, b.next = true, o
	return true
}

// leave takes an order out of the line that nobody waits for any more. One that
// sends must still see to those behind it: true.
func (b *Batcher) leave(o *order) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == o {
		return true
	}
	if i := slices.Index(b.waiting, o); i >= 0 { // else it is on its way
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	return false
}

// take hands out what goes out together.
func (b *Batcher) take() []*order {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(batchMost, len(b.waiting))
	batch := slices.Clone(b.waiting[:n])
	b.waiting, b.next = slices.Delete(b.waiting, 0, n), nil
	return batch
}

// handOn lets the first of those who came meanwhile send.
func (b *Batcher) handOn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy = len(b.waiting) > 0; b.busy {
		b.next = b.waiting[0]
		b.next.told <- send
	}
}

// send makes one round trip. Others wait for it, too: it does not end with ctx.
func (b *Batcher) send(ctx context.Context) {
	defer b.handOn()
	ctx = context.WithoutCancel(ctx)
	batch := b.take()
	if len(batch) == 1 {
		o := batch[0]
		o.answer = o.script.Run(ctx, b.rdb, o.keys, o.args...)
		o.told <- answered
		return
	}
	pipe := b.rdb.Pipeline()
	for _, o := range batch {
		o.answer = o.script.EvalSha(ctx, pipe, o.keys, o.args...)
	}
	_, _ = pipe.Exec(ctx) // each answer has its own error
	for _, o := range batch {
		if redis.HasErrorPrefix(o.answer.Err(), "NOSCRIPT") { // it was not run
			o.answer = o.script.Eval(ctx, b.rdb, o.keys, o.args...)
		}
		o.told <- answered
	}
}
