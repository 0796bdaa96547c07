package api

import (
	"testing"

	"github.com/operadora/operadora/orchestrator/call"
)

// A conversation in which somebody hears music is shown as on hold.
func TestHeldIsShown(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		state         call.State
		customer, far bool
		want          bool
	}{
		"talking":                  {call.StateTalking, false, false, false},
		"the customer hears music": {call.StateTalking, true, false, true},
		"the agent does":           {call.StateTalking, false, true, true},
		"waiting, which has music": {call.StateTransferring, true, false, false},
	} {
		c := call.Call{State: row.state, Legs: []call.Leg{{Role: call.RoleCustomer, Held: row.customer}, {Role: call.RoleAgent, Held: row.far}}}
		if got := liveCallView(c).Held; got != row.want {
			t.Errorf("%s: held %v", name, got)
		}
	}
}
