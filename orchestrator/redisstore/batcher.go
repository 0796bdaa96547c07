package redisstore

import (
	"context"
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
	busy    bool     // a round trip is on its way; guarded by mu
}

// order is a script that is to be run.
type order struct {
	script *redis.Script
	keys   []string
	args   []any
	answer *redis.Cmd
	turn   chan bool // true: answered; false: take what is waiting, this one with it, on its way
}

// NewBatcher makes a Batcher. It does not own the client.
func NewBatcher(rdb redis.UniversalClient) *Batcher { return &Batcher{rdb: rdb} }

// Run runs a script. Like a command of the client it cannot be interrupted on
// its way, but by the client's own timeouts.
func (b *Batcher) Run(ctx context.Context, script *redis.Script, keys []string, args ...any) *redis.Cmd {
	o := &order{script: script, keys: keys, args: args}
	if b.join(o) && <-o.turn {
		return o.answer
	}
	b.send(ctx, b.take())
	b.next()
	return o.answer
}

// join puts an order in line; false when it need not wait.
func (b *Batcher) join(o *order) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, o)
	if b.busy {
		o.turn = make(chan bool, 1)
		return true
	}
	b.busy = true
	return false
}

// take hands out what goes out together.
func (b *Batcher) take() []*order {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(batchMost, len(b.waiting))
	batch := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	return batch
}

// next lets the first of those who came meanwhile send.
func (b *Batcher) next() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		b.busy, b.waiting = false, nil
		return
	}
	b.waiting[0].turn <- false
}

// send makes the round trip and tells the others of the batch; the first is the
// one who sends.
func (b *Batcher) send(ctx context.Context, batch []*order) {
	ctx = context.WithoutCancel(ctx) // others wait for it, too; the client has timeouts of its own
	if len(batch) == 1 {
		batch[0].answer = batch[0].script.Run(ctx, b.rdb, batch[0].keys, batch[0].args...)
		return
	}
	pipe := b.rdb.Pipeline()
	for _, o := range batch {
		o.answer = o.script.EvalSha(ctx, pipe, o.keys, o.args...)
	}
	_, _ = pipe.Exec(ctx) // each answer has its own error
	for i, o := range batch {
		if redis.HasErrorPrefix(o.answer.Err(), "NOSCRIPT") { // it was not run
			o.answer = o.script.Eval(ctx, b.rdb, o.keys, o.args...)
		}
		if i > 0 {
			o.turn <- true
		}
	}
}
