package gate

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// patience is how long a call may have to wait for its turn before it is refused.
const patience = 2 * time.Second

// Meter counts the calls over a trunk. Who drives the PBX owns it, and guards it:
// every outside number of a PBX is dialled by the one process that holds its
// lease, so what is counted there is exact, costs no way to the store, and cannot
// be left behind by a process that dies: the next one counts the legs of the calls
// that it takes up. The zero value has counted nothing.
type Meter struct {
	calls map[string]bool
	last  []time.Time // when the last calls were let go, the latest last; as many as a second may have
}

// Take lets a channel be dialled after a wait, or refuses it. One that was let go
// before, or counted, is let go again.
func (m *Meter) Take(channel string, caps orchestrator.Caps, now time.Time) (wait time.Duration, err error) {
	if m.calls[channel] {
		return 0, nil
	}
	if caps.Calls > 0 && len(m.calls) >= caps.Calls {
		return 0, denied("max_calls", "%d outside numbers are rung or talked with, and no more may be",
			"suenan o hablan ya %d números de fuera, y no puede haber más", len(m.calls))
	}
	if n := caps.PerSecond; n > 0 {
		at := now
		if first := len(m.last) - n; first >= 0 && m.last[first].Add(time.Second).After(at) {
			at = m.last[first].Add(time.Second)
		}
		if wait = at.Sub(now); wait > patience {
			return 0, denied("calls_per_second", "too many outside numbers are to be rung at the same time, and no more than %d in a second may be",
				"hay que llamar a demasiados números de fuera a la vez, y no pueden ser más de %d por segundo", n)
		}
		m.last = append(m.last, at)
		m.last = m.last[max(0, len(m.last)-n):]
	}
	m.Count(channel)
	return wait, nil
}

// Count counts a channel that is there, whoever let it go.
func (m *Meter) Count(channel string) {
	if m.calls == nil {
		m.calls = map[string]bool{}
	}
	m.calls[channel] = true
}

// Free ends the counting of a channel.
func (m *Meter) Free(channel string) { delete(m.calls, channel) }
