package engine

import (
	"time"

	"github.com/operadora/operadora/orchestrator/call"
)

// clock is the machine's clock, which people and time servers set. What is on record, and
// what other processes are to go on with, is told by it; how long something lasts is not.
type clock struct {
	now   func() time.Time
	began time.Time // by now
	since time.Time // the same moment, for measuring what has gone by since
}

func newClock(now func() time.Time) clock {
	return clock{now: now, began: now().Round(0), since: time.Now()}
}

// steady is what the clock would show if nobody had set it since the process began.
func (c *clock) steady() time.Time { return c.began.Add(time.Since(c.since)) }

// read is what the clock shows, and by how much it has been set.
func (c *clock) read() (now time.Time, set time.Duration) {
	now = c.now().Round(0)
	return now, now.Sub(c.steady())
}

// leastSet is by how much a clock is set at least that an owner must hear of. Less is how clocks
// are kept right while they run.
const leastSet = time.Second

// clockSet tells the owner first, once, that the clock was set. When the other inputs came is not
// known by the clock as it is now: they came just now.
func (l *loop) clockSet(ins []call.Input, set time.Duration) []call.Input {
	by := set - l.set
	if by.Abs() < leastSet {
		return ins
	}
	l.set = set
	out := []call.Input{{Kind: call.InClock, Set: by}}
	for _, in := range ins {
		in.At = time.Time{}
		out = append(out, in)
	}
	return out
}
