package api

import (
	"context"
	"slices"
	"time"

	"github.com/operadora/operadora/api/wire"
)

// FloorState is who waits and who serves.
type FloorState struct {
	Agents  []wire.Agent
	Queues  []wire.Queue
	Waiting []wire.WaitingCall
}

// Board is who waits and who serves, in numbers.
type Board struct {
	Queues []wire.Queue
	Agents map[string]int // agents by state; those who are available and get no call are passed_over
	// Unreadable counts stored records that could not be read and were set aside, of the last week.
	Unreadable int
}

// AgentFilter chooses agents; what is empty does not matter.
type AgentFilter struct {
	State wire.AgentState
	Queue string
}

// How old numbers may be, so that all clients together are served by one reading
// in that time. Agents and calls are read as they are.
const (
	boardAge   = time.Second     // of queues
	figuresAge = 5 * time.Second // of /metrics, which anybody may ask when open
)

// list makes an absent list an empty one: clients are promised [] and never null.
func list[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

func dict[K comparable, V any](v map[K]V) map[K]V {
	if v == nil {
		return map[K]V{}
	}
	return v
}

// floor reads the floor, with every list and map in place.
func (s *Server) floor(ctx context.Context, age time.Duration) (FloorState, error) {
	f, err := s.Floor.Floor(ctx, age)
	if err != nil {
		return FloorState{}, err
	}
	f.Agents, f.Queues, f.Waiting = filledAgents(f.Agents), filledQueues(f.Queues), list(f.Waiting)
	return f, nil
}

// board reads the numbers, with every list and map in place.
func (s *Server) board(ctx context.Context, age time.Duration) (Board, error) {
	b, err := s.Floor.Board(ctx, age)
	b.Queues = filledQueues(b.Queues)
	return b, err
}

func filledAgents(agents []wire.Agent) []wire.Agent {
	agents = slices.Clone(list(agents))
	for i := range agents {
		agents[i].Queues = list(agents[i].Queues)
	}
	return agents
}

func filledQueues(queues []wire.Queue) []wire.Queue {
	queues = slices.Clone(list(queues))
	for i := range queues {
		queues[i].Agents = dict(queues[i].Agents)
	}
	return queues
}

// filled returns the definitions with every list and map in place.
func filled(d wire.Definitions) wire.Definitions {
	d.Queues, d.DIDs = list(d.Queues), list(d.DIDs)
	d.PauseReasons, d.Dispositions = list(d.PauseReasons), list(d.Dispositions)
	d.Agents = slices.Clone(list(d.Agents))
	for i := range d.Agents {
		d.Agents[i].Queues = dict(d.Agents[i].Queues)
	}
	d.Flows = slices.Clone(list(d.Flows))
	for i := range d.Flows {
		d.Flows[i].Nodes = list(d.Flows[i].Nodes)
	}
	d.Calendars = slices.Clone(list(d.Calendars))
	for i := range d.Calendars {
		c := &d.Calendars[i]
		c.Week, c.Holidays = dict(c.Week), slices.Clone(list(c.Holidays))
		for n := range c.Holidays {
			c.Holidays[n].Open = list(c.Holidays[n].Open)
		}
	}
	return d
}
