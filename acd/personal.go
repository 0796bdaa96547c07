package acd

import (
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// personalWait is how long a call that is transferred to an agent waits for
// that agent before it goes back to where it came from.
const personalWait = time.Minute

// personalQueue is an agent's own queue: calls that are transferred to nobody
// else. It is matched like any other, and shown only while there is a call in it.
func personalQueue(agent string) Queue {
	q := NewQueue()
	q.ID = orchestrator.PersonalQueue(agent)
	q.Admit, q.MaxWait = AdmitWhenAgentsHere, personalWait
	return q
}

var _ orchestrator.People = (*Service)(nil)

// Dialled implements orchestrator.People: an agent is dialled by id or by the
// phone's extension, a queue by id.
func (s *Service) Dialled(pbx, digits string) (orchestrator.Target, bool) {
	dir := s.directory.Load()
	if a, ok := dir.agents[digits]; ok && dir.together(a.PBX, pbx) {
		return orchestrator.Target{Kind: orchestrator.TargetAgent, Name: digits}, true
	}
	if agent, ok := dir.extension(pbx, digits); ok {
		return orchestrator.Target{Kind: orchestrator.TargetAgent, Name: agent}, true
	}
	if orchestrator.OwnerOfQueue(digits) == "" && s.Knows(orchestrator.Target{Kind: orchestrator.TargetQueue, Name: digits}) {
		return orchestrator.Target{Kind: orchestrator.TargetQueue, Name: digits}, true
	}
	return orchestrator.Target{}, false
}

// extension finds whose phone has an extension: at a PBX, else at another of its
// group, when one alone has it.
func (dir *directory) extension(pbx, digits string) (agent string, ok bool) {
	var others []string
	for at, agent := range dir.phones {
		switch _, extension, _ := strings.Cut(at.endpoint, "/"); {
		case extension != digits || !dir.together(at.pbx, pbx):
		case at.pbx == pbx:
			return agent, true
		default:
			others = append(others, agent)
		}
	}
	if len(others) != 1 {
		return "", false
	}
	return others[0], true
}

// Knows implements orchestrator.People.
func (s *Service) Knows(t orchestrator.Target) bool {
	dir, known := s.directory.Load(), false
	switch t.Kind {
	case orchestrator.TargetAgent:
		_, known = dir.agents[t.Name]
	case orchestrator.TargetQueue:
		_, known = dir.queues[t.Name]
		known = known && orchestrator.OwnerOfQueue(t.Name) == ""
	case orchestrator.TargetFlow, orchestrator.TargetNumber: // not ours to know
	}
	return known
}

// ofAll leaves agents' own queues out.
func ofAll(queues []string) []string {
	return slices.DeleteFunc(slices.Clone(queues), func(q string) bool { return orchestrator.OwnerOfQueue(q) != "" })
}
