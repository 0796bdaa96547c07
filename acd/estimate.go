package acd

import "time"

// Pace is how fast a queue moves on a group of PBXs: the smoothed time between two
// starts of service while callers waited.
type Pace struct {
	At  int64   `json:"at"`  // last start of service, unix ms
	Gap float64 `json:"gap"` // smoothed gap, ms; 0 is unknown
}

// paceWeight is the weight of the newest gap. With 0.2 the average follows a
// change of staff within about ten calls and is not moved by one long gap.
const paceWeight = 0.2

// Next is the pace after a call that entered at entered (unix ms) was taken up
// at now (unix ms):
//
//	gap' = gap + 0.2·((now − at) − gap)
//
// It counts only a gap during which that caller was waiting all the time
// (entered ≤ at); a gap without waiting callers says nothing about the queue's
// speed. The store's script computes the same.
func (p Pace) Next(now, entered int64) Pace {
	next := Pace{At: now, Gap: p.Gap}
	if p.At == 0 || entered > p.At || now < p.At {
		return next
	}
	gap := float64(now - p.At)
	if p.Gap == 0 {
		next.Gap = gap
		return next
	}
	next.Gap = p.Gap + paceWeight*(gap-p.Gap)
	return next
}

// Estimate is the expected wait at a position (1 is next): position × smoothed
// gap. 0 means that nothing is known yet.
func (p Pace) Estimate(position int) time.Duration {
	return time.Duration(float64(position) * p.Gap * float64(time.Millisecond))
}
