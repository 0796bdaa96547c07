package acd

import (
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// InForce is by what the places of agents and calls are, of all processes: the store keeps
// it, for processes that have other definitions and for those that begin.
type InForce struct {
	Definitions Definitions             `json:"definitions"` // their PINs are hidden as they are stored
	Closing     map[string]ClosingQueue `json:"closing,omitempty"`
}

// ClosingQueue is one that is gone from the definitions: it takes no new calls, and those inside
// are still served, as are callbacks that were promised.
type ClosingQueue struct {
	Queue  Queue                 `json:"queue"`
	Agents map[string]Membership `json:"agents,omitempty"` // who served it, and is defined
}

// print names what is in force, whenever that was put in force: the same content has the same.
func (f InForce) print() string {
	f.Definitions.Since = time.Time{}
	return fingerprint(f)
}

// closing are the queues that definitions lack which replace what is in force.
func (f *InForce) closing(defs Definitions) map[string]ClosingQueue {
	out := map[string]ClosingQueue{}
	if f == nil {
		return out
	}
	maps.Copy(out, f.Closing)
	for _, q := range f.Definitions.Queues {
		out[q.ID] = ClosingQueue{Queue: q, Agents: map[string]Membership{}}
	}
	for _, a := range f.Definitions.Agents {
		out[orchestrator.PersonalQueue(a.ID)] = ClosingQueue{Queue: personalQueue(a.ID)}
		for _, m := range a.Queues {
			if c, known := out[m.Queue]; known {
				c.Agents[a.ID] = m
			}
		}
	}
	for _, q := range defs.Queues {
		delete(out, q.ID)
	}
	defined := keyed(defs.Agents, func(a Agent) string { return a.ID })
	for id := range defined {
		delete(out, orchestrator.PersonalQueue(id))
	}
	for id, c := range out {
		c.Agents = maps.Clone(c.Agents)
		maps.DeleteFunc(c.Agents, func(agent string, _ Membership) bool { _, is := defined[agent]; return !is })
		out[id] = c
	}
	return out
}

// inForce is what the directory is made of.
func (dir *directory) inForce() *InForce {
	return &InForce{Definitions: dir.defs, Closing: dir.closing}
}

// adopting is the directory of a process that goes by what is in force, of its own nothing but the
// PINs. One that it does not know nobody knows.
func (dir *directory) adopting(f *InForce) *directory {
	defs := f.Definitions
	defs.Agents = slices.Clone(defs.Agents)
	for i, a := range defs.Agents {
		if a.PIN == "" {
			continue
		}
		if a.PIN = dir.agents[a.ID].PIN; a.PIN == "" {
			a.PIN = orchestrator.Secret(newUnique())
		}
		defs.Agents[i] = a
	}
	return newDirectory(defs, f, dir.grace)
}
