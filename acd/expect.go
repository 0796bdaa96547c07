package acd

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// expectAge is how old the numbers may be that an expected wait is made of. Where the
// call stands is read anew.
const expectAge = time.Second

// reckon counts those at work, by profile: who serve calls now or as soon as they can,
// not paused, with a phone that can be rung; and how long calls take in all queues of a group.
func (c *Counts) reckon() {
	calls := map[string]float64{}
	c.means = map[string]float64{}
	for at, p := range c.Paces {
		if p.Handle > 0 {
			calls[at.Group] += float64(p.Handled)
			c.means[at.Group] += (p.Handle - c.means[at.Group]) * float64(p.Handled) / calls[at.Group]
		}
	}
	c.staff = make(map[string]staff, len(c.Agents))
	for _, s := range c.Agents {
		of := c.staff[s.Profile]
		if s.As != string(StatePaused) && s.As != PassedOver {
			of.atWork += float64(s.Agents)
		}
		of.free = of.free || s.As == string(StateAvailable)
		c.staff[s.Profile] = of
	}
}

// staff is who of a profile can be reckoned with.
type staff struct {
	atWork float64 // agents
	free   bool    // one of them is
}

// free tells whether an agent of some profiles is free.
func (c Counts) free(profiles map[string]int) bool {
	for profile := range profiles {
		if c.staff[profile].free {
			return true
		}
	}
	return false
}

// handle is how long a call of a queue takes an agent up, ms: that of its group's other
// queues while it has none of its own; 0 is unknown.
func (c Counts) handle(at QueueAt) float64 {
	if h := c.Paces[at].Handle; h > 0 {
		return h
	}
	return c.means[at.Group]
}

// together is how many agents at work may serve one set of profiles, and of them how
// many the other too.
func (c Counts) together(some, others map[string]int) (all, both float64) {
	for profile := range others {
		n := c.staff[profile].atWork
		all += n
		if _, ok := some[profile]; ok {
			both += n
		}
	}
	return all, both
}

// crowd is what so many calls of a queue, which some profiles serve, mean for a call
// that others serve: of those calls as many as agents of theirs are the call's, too.
func (c Counts) crowd(calls int, at QueueAt, theirs, ours map[string]int) crowd {
	all, both := c.together(ours, theirs)
	if all == 0 {
		return crowd{} // nobody serves them before
	}
	return crowd{work: float64(calls) * c.handle(at) * both / all, agents: both}
}

// outlook is that of a call of a queue which some agents serve, with nobody before it yet.
func (c Counts) outlook(at QueueAt, agents float64) outlook {
	return outlook{agents: agents, mean: c.handle(at), leaves: c.Paces[at].leaves()}
}

// behind adds a crowd to who comes before; one with whom no agents are shared is none.
func (o *outlook) behind(of crowd) {
	if of.agents > 0 {
		o.before = append(o.before, of)
	}
}

// expect is how long a call has to wait that has waited so long: by the ring in which
// that is shortest. ahead counts who comes before it in each lane.
func (dir *directory) expect(c Counts, call CallRecord, waited time.Duration, ahead map[string]int, tables map[string]laneTable) time.Duration {
	at, best := call.Where(), time.Duration(0)
	rings, lanes := dir.way(call)
	for _, r := range rings {
		i := slices.IndexFunc(lanes, func(l *Lane) bool { return l.ID == r.Lane })
		if i < 0 { // of an agent alone
			continue
		}
		ours := lanes[i].Ranks
		agents, _ := c.together(ours, ours)
		o := c.outlook(at, agents)
		for lane, n := range ahead {
			if t, known := tables[lane]; known && n > 0 {
				o.behind(c.crowd(n, QueueAt{t.queue, at.Group}, t.ranks, ours))
			}
		}
		if o.agents == 0 {
			continue
		}
		if r.After == 0 && len(o.before) == 0 && c.free(ours) {
			return 0
		}
		e := o.wait()
		if e == 0 {
			continue
		}
		e = max(e, time.Duration(r.After)*time.Millisecond-waited)
		if best == 0 || e < best {
			best = e
		}
	}
	return best
}

// laneTable is who serves a lane, and of which queue it is.
type laneTable struct {
	queue string
	ranks map[string]int
}

// expect is how long a call in a queue has to wait yet; 0 when nobody can tell: nobody
// is at work who may serve it, or nothing is known yet of how long calls take. Who comes
// before it is counted anew, in the lanes that matter alone.
func (s *Service) expect(ctx context.Context, call CallRecord, age time.Duration) (time.Duration, error) {
	b, err := s.counts.get(ctx, age)
	if err != nil {
		return 0, err
	}
	busy, err := s.busy.get(ctx, age)
	if err != nil {
		return 0, err
	}
	dir := s.directory.Load()
	_, lanes := dir.way(call)
	tables := busy.beside(lanes)
	ahead, err := s.store.Ahead(ctx, call.Score, slices.Collect(maps.Keys(tables)))
	if err != nil {
		return 0, err
	}
	waited := time.Duration(0)
	if call.Since > 0 {
		waited = s.now().Sub(time.UnixMilli(call.Since))
	}
	return dir.expect(b.counts, call, waited, ahead, tables), nil
}

// busyLanes are those in which somebody waits, by who serves them, without agents' own.
type busyLanes struct {
	tables map[string]laneTable
	of     map[string][]string // profile -> lanes
}

// beside returns the lanes with which a call's have agents in common, and those.
func (b busyLanes) beside(ours []*Lane) map[string]laneTable {
	out := map[string]laneTable{}
	for _, l := range ours {
		out[l.ID] = laneTable{queue: l.Rules.Queue, ranks: l.Ranks}
		for profile := range l.Ranks {
			for _, lane := range b.of[profile] {
				out[lane] = b.tables[lane]
			}
		}
	}
	return out
}

// readBusy reads what busy shares. A lane is named by its content: what is known of one
// that was busy the last time is not read again.
func (s *Service) readBusy(ctx context.Context) (busyLanes, error) {
	names, err := s.store.Lanes(ctx)
	if err != nil {
		return busyLanes{}, err
	}
	out := busyLanes{tables: make(map[string]laneTable, len(names)), of: map[string][]string{}}
	var news []string
	for _, lane := range names {
		if t, known := s.tables[lane]; known {
			out.tables[lane] = t
		} else if orchestrator.OwnerOfQueue(lane) == "" {
			news = append(news, lane)
		}
	}
	read, err := s.store.Tables(ctx, news)
	if err != nil {
		return busyLanes{}, err
	}
	for _, l := range read {
		out.tables[l.ID] = laneTable{queue: l.Rules.Queue, ranks: l.Ranks}
	}
	for lane, t := range out.tables {
		for profile := range t.ranks {
			out.of[profile] = append(out.of[profile], lane)
		}
	}
	s.tables = out.tables
	return out, nil
}
