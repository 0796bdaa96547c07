package pacingsim

import (
	"math"
	"time"
)

// histogram counts times in bins of equal width; the last takes all beyond.
type histogram struct {
	width float64 // seconds
	count []int
	n     int
	sum   float64
}

func newHistogram(width float64, bins int) histogram {
	return histogram{width: width, count: make([]int, bins)}
}

func (h *histogram) add(x float64) {
	h.count[min(max(int(x/h.width), 0), len(h.count)-1)]++
	h.n++
	h.sum += x
}

func (h *histogram) merge(o *histogram) {
	for i, c := range o.count {
		h.count[i] += c
	}
	h.n += o.n
	h.sum += o.sum
}

func (h *histogram) mean() float64 { return h.sum / math.Max(1, float64(h.n)) }

// quantile is the upper edge of the bin that holds it.
func (h *histogram) quantile(p float64) float64 {
	if h.n == 0 {
		return 0
	}
	rest := int(math.Ceil(p * float64(h.n)))
	for i, c := range h.count {
		if rest -= c; rest <= 0 {
			return float64(i+1) * h.width
		}
	}
	return float64(len(h.count)) * h.width
}

// slowness is a histogram of durations, in steps of a tenth.
type slowness struct {
	count [200]int
	n     int
}

func (s *slowness) add(d time.Duration) {
	i := int(math.Log(max(1, float64(d)/1e3)) / math.Log(1.1))
	s.count[min(i, len(s.count)-1)]++
	s.n++
}

func (s *slowness) merge(o *slowness) {
	for i, c := range o.count {
		s.count[i] += c
	}
	s.n += o.n
}

// quantile is in seconds.
func (s *slowness) quantile(p float64) float64 {
	rest := int(math.Ceil(p * float64(s.n)))
	for i, c := range s.count {
		if rest -= c; rest <= 0 && s.n > 0 {
			return math.Pow(1.1, float64(i+1)) / 1e6
		}
	}
	return 0
}

// metrics are the books of one seed.
type metrics struct {
	from           float64 // end of the warm-up
	upTo           float64 // when nobody was left to call; +Inf before
	staffed, busy  float64
	answered       int
	abandoned      int
	dials          int // after the warm-up
	connects       int // after the warm-up
	violations     int
	cut            int
	givenUp        int // after the warm-up
	crossed        int
	bins           []Bin
	agentW, callee histogram
}

func newMetrics(warmUp, hours float64) metrics {
	m := metrics{from: warmUp, upTo: math.Inf(1), agentW: newHistogram(0.1, 6000), callee: newHistogram(0.01, 3000)}
	m.bins = make([]Bin, int((warmUp+hours*3600)/BinSeconds)+1)
	for i := range m.bins {
		m.bins[i].Start = float64(i) * BinSeconds
	}
	return m
}

func (m *metrics) bin(now int64) *Bin {
	return &m.bins[min(int(inSeconds(now)/BinSeconds), len(m.bins)-1)]
}

func (m *metrics) dial(now int64) {
	m.bin(now).Dials++
	if inSeconds(now) >= m.from {
		m.dials++
	}
}

func (m *metrics) giveUp(now int64) {
	if inSeconds(now) >= m.from {
		m.givenUp++
	}
}

func (m *metrics) answer(now int64) {
	m.answered++
	m.bin(now).Answered++
}

func (m *metrics) abandon(now int64) {
	m.abandoned++
	m.bin(now).Abandoned++
}

func (m *metrics) calleeWait(now, wait int64) {
	if inSeconds(now) >= m.from {
		m.callee.add(inSeconds(wait))
	}
}

func (m *metrics) agentWait(now, wait int64) {
	if inSeconds(now) >= m.from {
		m.agentW.add(inSeconds(wait))
		m.connects++
	}
}

// agentTime books an agent's time on duty.
func (m *metrics) agentTime(from, to int64, busy bool) {
	a, b := inSeconds(from), inSeconds(to)
	if measured := min(b, m.upTo) - max(a, m.from); measured > 0 {
		m.staffed += measured
		if busy {
			m.busy += measured
		}
	}
	for a < b {
		i := min(int(a/BinSeconds), len(m.bins)-1)
		end := b
		if i < len(m.bins)-1 {
			end = min(b, float64(i+1)*BinSeconds)
		}
		m.bins[i].Staffed += end - a
		if busy {
			m.bins[i].Busy += end - a
		}
		if end <= a {
			break
		}
		a = end
	}
}

// worstHour is the highest abandon rate of any hour of the run with at least 20 answers.
func (m *metrics) worstHour() float64 {
	const perHour = 3600 / BinSeconds
	worst := 0.0
	for start := 0; start < len(m.bins); start += perHour {
		answered, abandoned := 0, 0
		for _, b := range m.bins[start:min(start+perHour, len(m.bins))] {
			answered += b.Answered
			abandoned += b.Abandoned
		}
		if answered >= 20 {
			worst = max(worst, float64(abandoned)/float64(answered))
		}
	}
	return worst
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
