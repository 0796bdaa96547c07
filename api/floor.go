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
	// Unreadable counts stored records that cannot be read and are in none of the lists.
	Unreadable int
}

// How old a list may be: reading the floor costs the store as much as it is
// large, so that all clients together are served by one reading in that time.
// What one needs to know exactly, say after a command, is a single agent, and
// that is read by itself; the stream of events has no such delay.
const (
	boardAge   = time.Second     // lists of agents and queues
	figuresAge = 5 * time.Second // /metrics, which anybody may ask when open
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
	f.Agents, f.Queues, f.Waiting = slices.Clone(list(f.Agents)), slices.Clone(list(f.Queues)), list(f.Waiting)
	for i := range f.Agents {
		f.Agents[i].Queues = list(f.Agents[i].Queues)
	}
	for i := range f.Queues {
		f.Queues[i].Agents = dict(f.Queues[i].Agents)
	}
	return f, nil
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
