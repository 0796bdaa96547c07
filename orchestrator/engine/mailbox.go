package engine

import (
	"sync"

	"github.com/operadora/operadora/orchestrator/call"
)

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

// take returns everything that waits, in order.
func (m *mailbox) take() []call.Input {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue = nil
	return q
}
