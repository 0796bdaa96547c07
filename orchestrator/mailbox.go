package orchestrator

import "sync"

// mailbox is an ordered queue of inputs for one call. Nothing is ever dropped:
// a depth that grows without end is a fault that the engine answers with a resync.
type mailbox struct {
	mu     sync.Mutex
	queue  []input // guarded by mu
	signal chan struct{}
}

func newMailbox() *mailbox { return &mailbox{signal: make(chan struct{}, 1)} }

// post adds an input and returns the depth.
func (m *mailbox) post(in input) int {
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

// take returns everything that waits, in order.
func (m *mailbox) take() []input {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue = nil
	return q
}
