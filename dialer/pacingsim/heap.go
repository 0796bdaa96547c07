package pacingsim

// what a timer does when it is due.
type what uint8

const (
	doLaunch what = iota
	doRing
	doOutcome
	doTimeout
	doVerdict
	doPersonKnown
	doDeadline
	doJoin
	doTalkEnd
	doWrapEnd
	doMiss
	doReturn
	doShift
	doDepart
	doArrive
	doPause
	doGhosts
	doInbound
	doDeliver
	doWake
	doResync
	doRestart
	doUp
	doOpen
	doClose
	doHeartbeat
	doCancelled
)

// timer is an entry of the event heap. index and gen name an agent or a call; a
// timer whose gen is no longer that of its owner is void.
type timer struct {
	at    int64 // nanoseconds from the start
	seq   uint32
	gen   uint32
	index int32
	what  what
}

func (a *timer) before(b *timer) bool {
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

// agenda is a binary heap of timers, in order of time and, at the same time, of
// their making. It allocates only to grow.
type agenda struct {
	heap []timer
	seq  uint32
}

func (a *agenda) add(at int64, w what, index int32, gen uint32) {
	a.seq++
	t := timer{at: at, seq: a.seq, gen: gen, index: index, what: w}
	a.heap = append(a.heap, t)
	i := len(a.heap) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !t.before(&a.heap[parent]) {
			break
		}
		a.heap[i] = a.heap[parent]
		i = parent
	}
	a.heap[i] = t
}

// pop takes the first timer; there must be one.
func (a *agenda) pop() timer {
	top := a.heap[0]
	n := len(a.heap) - 1
	t := a.heap[n]
	a.heap = a.heap[:n]
	i := 0
	for {
		child := 2*i + 1
		if child >= n {
			break
		}
		if child+1 < n && a.heap[child+1].before(&a.heap[child]) {
			child++
		}
		if !a.heap[child].before(&t) {
			break
		}
		a.heap[i] = a.heap[child]
		i = child
	}
	if n > 0 {
		a.heap[i] = t
	}
	return top
}
