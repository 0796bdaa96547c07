package pacing

import (
	"math"
	"time"
)

// window counts the answered and the abandoned calls of the legal period, in
// windowBins parts. Of a rolling period the answers of the next part of an hour
// in a day to leave it are not counted, its abandoned calls are: the count errs
// on the side of the law and sees what is about to leave.
type window struct {
	Answered  [windowBins]float64 `json:"answered"`
	Abandoned [windowBins]float64 `json:"abandoned"`
	Newest    int64               `json:"newest"` // number of the newest part

	sumAnswered, sumAbandoned float64 // of the parts that count

	rolling bool
	part    int64 // nanoseconds
	start   int64 // of some fixed period, unix nanoseconds
}

const (
	windowBins  = 300
	windowAhead = 12 // parts whose answers are no longer counted
)

func newWindow(c *CampaignConfig) window {
	w := window{rolling: c.WindowKind == WindowRolling, Newest: math.MinInt64}
	w.part = int64(c.Window) / (windowBins - 1)
	if !w.rolling {
		w.part = int64(c.Window) / windowBins
		w.start = c.WindowStart.UnixNano()
	}
	return w
}

// forward empties the parts that have left the period. A clock that goes back changes nothing.
func (w *window) forward(now time.Time) {
	if now.IsZero() {
		return
	}
	n := now.UnixNano()
	part := floorDiv(n-w.start, w.part)
	switch {
	case w.Newest == math.MinInt64 || part-w.Newest >= windowBins,
		!w.rolling && floorDiv(part, windowBins) > floorDiv(w.Newest, windowBins):
		w.Answered, w.Abandoned = [windowBins]float64{}, [windowBins]float64{}
		w.Newest = part
		w.sum()
	case part > w.Newest:
		for w.Newest < part {
			w.Newest++
			i := w.index(w.Newest)
			w.Answered[i], w.Abandoned[i] = 0, 0
		}
		w.sum()
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (w *window) index(part int64) int { return int(((part % windowBins) + windowBins) % windowBins) }

func (w *window) add(answered, abandoned float64) {
	if w.Newest == math.MinInt64 {
		return
	}
	i := w.index(w.Newest)
	answered = math.Max(answered, -w.Answered[i])
	w.Answered[i] += answered
	w.Abandoned[i] += abandoned
	w.sumAnswered += answered
	w.sumAbandoned += abandoned
}

// sum counts the calls that count.
func (w *window) sum() {
	w.sumAnswered, w.sumAbandoned = 0, 0
	for k := range int64(windowBins) {
		i := w.index(w.Newest - k)
		w.sumAbandoned += w.Abandoned[i]
		if !w.rolling || k < windowBins-windowAhead {
			w.sumAnswered += w.Answered[i]
		}
	}
}
