package pbxtest

import (
	"container/heap"
	"time"
)

// due is something that happens later.
type due struct {
	at    time.Time
	seq   uint64 // order among those of the same instant
	index int    // place in the heap, -1 when it is not in there
	fn    func() // runs with the PBX's mu held
}

// schedule is a heap of dues with one timer for the earliest, so that what
// falls due at one instant runs in the order in which it was asked for.
type schedule struct {
	items []*due
	seq   uint64
	timer *time.Timer
	armed time.Time // what timer is set to; zero when it is not set
}

func (s *schedule) Len() int { return len(s.items) }
func (s *schedule) Less(i, j int) bool {
	a, b := s.items[i], s.items[j]
	if a.at.Equal(b.at) {
		return a.seq < b.seq
	}
	return a.at.Before(b.at)
}
func (s *schedule) Swap(i, j int) {
	s.items[i], s.items[j] = s.items[j], s.items[i]
	s.items[i].index, s.items[j].index = i, j
}
func (s *schedule) Push(x any) {
	d := x.(*due)
	d.index = len(s.items)
	s.items = append(s.items, d)
}
func (s *schedule) Pop() any {
	last := len(s.items) - 1
	d := s.items[last]
	s.items[last] = nil
	s.items = s.items[:last]
	d.index = -1
	return d
}

// after runs fn once d has passed. p.mu is held, now and when fn runs.
func (p *PBX) after(d time.Duration, fn func()) *due {
	s := &p.schedule
	s.seq++
	item := &due{at: time.Now().Add(d), seq: s.seq, fn: fn}
	heap.Push(s, item)
	p.arm()
	return item
}

// cancel forgets what has not happened yet. p.mu is held.
func (p *PBX) cancel(d *due) {
	if d != nil && d.index >= 0 {
		heap.Remove(&p.schedule, d.index)
	}
}

// arm sets the timer to the earliest due. p.mu is held.
func (p *PBX) arm() {
	s := &p.schedule
	if len(s.items) == 0 || p.closed {
		return
	}
	at := s.items[0].at
	if !s.armed.IsZero() && !at.Before(s.armed) {
		return // it fires early enough and arms itself again
	}
	s.armed = at
	if s.timer == nil {
		s.timer = time.AfterFunc(time.Until(at), p.tick)
		return
	}
	s.timer.Reset(time.Until(at))
}

// tick runs all that is due.
func (p *PBX) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &p.schedule
	s.armed = time.Time{}
	now := time.Now()
	for len(s.items) > 0 && !s.items[0].at.After(now) && !p.closed {
		heap.Pop(s).(*due).fn()
	}
	p.arm()
}
