package acd

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// crews is who serves which queues, made ready for what boards expect of all queues at once.
type crews struct {
	places []QueueAt // that anybody serves
	all    []crew
	of     [][]int // of each place: which of all serve it
}

// crew is the profiles that serve the same places, without those where they are in reserve.
type crew struct {
	profiles []string
	places   []int // which of crews.places
}

func (dir *directory) newCrews() crews {
	var out crews
	places, alike := map[QueueAt]int{}, map[string]int{}
	for _, id := range slices.Sorted(maps.Keys(dir.profiles)) {
		p := dir.profiles[id]
		var c crew
		var name strings.Builder
		for _, m := range p.Places { // by queue
			if m.Reserve {
				continue
			}
			at := dir.at(m.Queue, p.PBX)
			i, known := places[at]
			if !known {
				i = len(out.places)
				places[at] = i
				out.places, out.of = append(out.places, at), append(out.of, nil)
			}
			c.places = append(c.places, i)
			name.WriteString(m.Queue + "@" + at.Group + ",")
		}
		n, known := alike[name.String()]
		if !known {
			n = len(out.all)
			alike[name.String()] = n
			for _, i := range c.places {
				out.of[i] = append(out.of[i], n)
			}
			out.all = append(out.all, c)
		}
		out.all[n].profiles = append(out.all[n].profiles, id)
	}
	return out
}

// estimates are how long one would wait who enters each queue now, on the worst group of
// PBXs, without asking for more than the queue does at last: by how many wait in each
// queue, whatever they ask for. It costs what the crews have of queues in common, however
// many agents there are.
func (c Counts) estimates(of crews) map[string]time.Duration {
	agents, free := make([]float64, len(of.all)), make([]bool, len(of.all)) // at work, and whether one is free, of each crew
	places := make([]struct{ agents, work float64 }, len(of.places))        // at work, and what waits, in ms of theirs
	for n, crew := range of.all {
		for _, profile := range crew.profiles {
			of := c.staff[profile]
			agents[n], free[n] = agents[n]+of.atWork, free[n] || of.free
		}
		for _, i := range crew.places {
			places[i].agents += agents[n]
		}
	}
	for i, at := range of.places {
		places[i].work = float64(c.Inside[at].Waiting) * c.handle(at)
	}
	out := make(map[string]time.Duration, len(of.places))
	both := make([]float64, len(of.places)) // agents at work whom a place has in common with this one
	before := make([]crowd, 0, len(of.places))
	for i, at := range of.places {
		clear(both)
		o, idle := c.outlook(at, places[i].agents), false
		o.before = before
		for _, n := range of.of[i] {
			idle = idle || free[n]
			for _, j := range of.all[n].places {
				both[j] += agents[n]
			}
		}
		for j, n := range both {
			if n > 0 && places[j].work > 0 {
				o.before = append(o.before, crowd{work: places[j].work * n / places[j].agents, agents: n})
			}
		}
		if !idle || len(o.before) > 0 {
			out[at.Queue] = max(out[at.Queue], o.wait())
		}
	}
	return out
}
