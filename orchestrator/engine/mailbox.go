package engine

import (
	"sync"

	"github.com/operadora/operadora/orchestrator/call"
)

// sheets are slices for mailboxes. An input is large, and what a call that does
// nothing has in its mailbox is nothing at all.
var sheets = sync.Pool{New: func() any { return new(make([]call.Input, 0, 1)) }}

// longestSheet is how many inputs a slice may hold that is used again: the rest is of
// a call that had a backlog.
const longestSheet = 16

// mailbox is an ordered queue of inputs for one call. Nothing is ever dropped:
// a depth that grows without end is a fault that the engine answers by taking
// the PBX's calls up again.
type mailbox struct {
	mu     sync.Mutex
	queue  []call.Input // guarded by mu
	signal chan struct{}
}

func newMailbox() *mailbox { return &mailbox{signal: make(chan struct{}, 1)} }

// post adds an input and returns the depth.
func (m *mailbox) post(in call.Input) int {
	m.mu.Lock()
	if m.queue == nil {
		m.queue = *sheets.Get().(*[]call.Input)
	}
	m.queue = append(m.queue, in)
	n := len(m.queue)
	m.mu.Unlock()
	select {
	case m.signal <- struct{}{}:
	default: // already signalled
	}
	return n
}

// first adds an input before all that wait.
func (m *mailbox) first(in call.Input) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queue = append([]call.Input{in}, m.queue...)
	select {
	case m.signal <- struct{}{}:
	default: // already signalled
	}
}

// take returns everything that waits, in order. Who has done with it passes it to done.
func (m *mailbox) take() []call.Input {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue = nil
	return q
}

// done takes back what take returned: nobody may look at it any more.
func (m *mailbox) done(ins []call.Input) {
	if cap(ins) > longestSheet {
		return
	}
	clear(ins) // what the inputs refer to is not kept alive
	ins = ins[:0]
	sheets.Put(&ins)
}
