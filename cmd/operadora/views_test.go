package main

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// TestTheBoardDoesNotPromiseAgents: an agent who is available and gets no call is
// not counted as available, and the API says why.
func TestTheBoardDoesNotPromiseAgents(t *testing.T) {
	t.Parallel()
	busy := acd.AgentView{ID: "101", State: acd.StateAvailable, Device: orchestrator.DeviceBusy, RestUntil: 7, RestFor: "busy",
		Next: "pause", NextReason: "lunch"}
	if got := standing(busy); got != "passed_over" {
		t.Errorf("counted as %q", got)
	}
	if v := agentView(busy); !v.PassedOver || !v.RestUntil.Equal(time.UnixMilli(7)) || v.RestFor != "busy" || v.Next != "pause" || v.NextReason != "lunch" || v.State != "available" {
		t.Errorf("%+v", v)
	}
	free := acd.AgentView{ID: "102", State: acd.StateAvailable, Eligible: true}
	if got := standing(free); got != "available" || agentView(free).PassedOver {
		t.Errorf("one whom calls reach is %q", got)
	}
}
