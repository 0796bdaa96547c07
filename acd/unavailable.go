package acd

import (
	"cmp"

	"github.com/operadora/operadora/orchestrator"
)

// Cause is why an agent gets no call now.
type Cause string

// Causes, in the order in which they are looked at.
const (
	CauseLoggedOut   Cause = "logged_out"
	CauseOffered     Cause = "offered"
	CauseTalking     Cause = "talking"
	CauseWrapUp      Cause = "wrap_up"
	CauseOutcome     Cause = "outcome" // wrap-up is over, and the call needs a disposition
	CausePaused      Cause = "paused"
	CauseResting     Cause = "resting"     // after an offer that came to nothing
	CauseBusy        Cause = "busy"        // the phone is in another call
	CauseUnreachable Cause = "unreachable" // the phone is not there
)

// Unavailability is why an agent gets no call now, since when, and until when where that
// is known; unix ms. The zero value is of one who does.
type Unavailability struct {
	Cause Cause
	Since int64 // 0: of an agent who never logged in
	Until int64 // 0: until somebody, or something else, ends it
}

// stateCauses are the causes that a state is.
var stateCauses = map[State]Cause{StateOffline: CauseLoggedOut, StateReserved: CauseOffered, StateTalking: CauseTalking,
	StateWrapup: CauseWrapUp, StatePaused: CausePaused}

// Unavailable says why an agent gets no call now. The zero record is of one never seen.
func (a AgentRecord) Unavailable() Unavailability {
	state := cmp.Or(a.State, StateOffline)
	if cause, ok := stateCauses[state]; ok {
		u := Unavailability{Cause: cause, Since: a.Since}
		switch state {
		case StateWrapup:
			if u.Until = a.Due; a.Owed {
				u = Unavailability{Cause: CauseOutcome, Since: a.Due}
			}
		case StatePaused:
			u.Until = a.PauseDue
		default: // ended by somebody
		}
		return u
	}
	switch {
	case a.Device == orchestrator.DeviceBusy:
		return Unavailability{CauseBusy, cmp.Or(a.DeviceAt, a.Since), a.Rest}
	case a.Device == orchestrator.DeviceUnreachable:
		return Unavailability{CauseUnreachable, cmp.Or(a.DeviceAt, a.Since), a.Rest}
	case a.Rest > 0:
		return Unavailability{CauseResting, a.Since, a.Rest}
	}
	return Unavailability{}
}
