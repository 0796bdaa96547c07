package main

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// spoken are flows that speak the agent's language to an agent's phone from their
// first question on, also where they do not ask who is there before.
type spoken struct {
	orchestrator.Flows

	definitions func() Definitions
}

// Begin implements orchestrator.Flows.
func (s spoken) Begin(a orchestrator.Arrival, now time.Time) (orchestrator.FlowStep, error) {
	if a.Kind == orchestrator.KindFeature && len(a.Args) > 1 {
		for _, agent := range s.definitions().ACD.Agents {
			if agent.PBX == a.PBX && agent.Endpoint == a.Args[1] && agent.Language != "" {
				a.Language = agent.Language
			}
		}
	}
	return s.Flows.Begin(a, now)
}
