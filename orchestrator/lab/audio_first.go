package lab

import "time"

// sight waits for the first packet that matches.
type sight struct {
	match func([]int16) bool
	at    chan time.Time
}

// first tells when the first packet arrives from now on that matches.
func (e *ear) first(match func([]int16) bool) <-chan time.Time {
	s := &sight{match, make(chan time.Time, 1)}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sights = append(e.sights, s)
	return s.at
}

// see tells those of a packet who wait for one like it. e.mu is held.
func (e *ear) see(samples []int16) {
	kept := e.sights[:0]
	for _, s := range e.sights {
		if s.match(samples) {
			s.at <- time.Now()
			continue
		}
		kept = append(kept, s)
	}
	e.sights = kept
}

// FirstTone tells when the first packet arrives from now on in which a sine of hz is
// heard, whatever else is.
func (c *Call) FirstTone(hz float64) <-chan time.Time { return c.ear.firstTone(hz) }

func (e *ear) firstTone(hz float64) <-chan time.Time {
	return e.first(func(s []int16) bool { return level(s, hz) > partLevel })
}
