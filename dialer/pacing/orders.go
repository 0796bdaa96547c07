package pacing

// orders are calls ordered and neither launched nor refused yet, oldest first.
type orders struct {
	at   []float64
	head int
}

func (o *orders) pending() int { return len(o.at) - o.head }

func (o *orders) place(now float64, n int) {
	if o.head > 0 && o.head*2 >= len(o.at) {
		o.at = o.at[:copy(o.at, o.at[o.head:])]
		o.head = 0
	}
	for range n {
		o.at = append(o.at, now)
	}
}

// settle takes the oldest order off; false if there is none.
func (o *orders) settle() bool {
	if o.pending() == 0 {
		return false
	}
	o.head++
	return true
}

// expire forgets orders older than timeout seconds.
func (o *orders) expire(now, timeout float64) {
	for o.pending() > 0 && now-o.at[o.head] > timeout {
		o.head++
	}
}
