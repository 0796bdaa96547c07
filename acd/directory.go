package acd

import (
	"cmp"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// phone is where an endpoint is.
type phone struct{ pbx, endpoint string }

// anyQueue stands for every queue in the scope of a disposition.
const anyQueue = "*"

// directory is the definitions made ready for look-ups. It is never changed; a
// reload makes a new one.
type directory struct {
	defs     Definitions
	print    string // of what is in force by it: InForce.print
	queues   map[string]Queue
	closing  map[string]ClosingQueue
	agents   map[string]Agent
	profiles map[string]*Profile
	teams    map[string]Team
	stations map[string]*Station
	crews    crews
	boards   []QueueBoard      // of all queues but agents' own, with nobody in them, by id
	board    map[string]int    // queue -> which of boards
	shown    map[string][]int  // profile -> which of boards it serves
	steps    map[string][]step // by queue
	callers  knownCallers
	ways     *ways
	phones   map[phone]string
	pbxs     []string // of all agents, also of those before
	grace    time.Duration
	outcomes outcomes
	zone     *time.Location // the centre's
}

// newDirectory prepares definitions. before is what they replace, or nil: a queue that is
// gone from them goes on as closing, so that the calls in it are served (forgetClosed ends that).
func newDirectory(defs Definitions, before *InForce, grace time.Duration) *directory {
	dir := &directory{
		defs: defs, grace: grace,
		queues: map[string]Queue{}, closing: before.closing(defs), agents: map[string]Agent{},
		profiles: map[string]*Profile{}, steps: map[string][]step{}, ways: newWays(defs.skillNames()), stations: map[string]*Station{}, phones: map[phone]string{}, board: map[string]int{}, shown: map[string][]int{},
		callers: newKnownCallers(defs.Callers), teams: keyed(defs.Teams, func(t Team) string { return t.ID }),
	}
	dir.outcomes = newOutcomes(defs.Dispositions)
	dir.zone, _ = zoneOf(defs.TimeZone) // Validate has told of what is wrong
	for _, q := range defs.Queues {
		dir.queues[q.ID] = q
		dir.steps[q.ID], _ = q.steps(dir.ways.skills) // Validate has told of what is wrong
	}
	for _, a := range defs.Agents {
		dir.agents[a.ID] = a
		own := personalQueue(a.ID)
		dir.queues[own.ID] = own
		dir.phones[phone{a.PBX, a.Endpoint}] = a.ID
		dir.pbxs = append(dir.pbxs, a.PBX)
	}
	for id, c := range dir.closing {
		dir.steps[id], _ = c.Queue.steps(dir.ways.skills)
	}
	dir.print = dir.inForce().print()
	if before != nil {
		for _, a := range before.Definitions.Agents {
			dir.pbxs = append(dir.pbxs, a.PBX)
		}
	}
	slices.Sort(dir.pbxs)
	dir.pbxs = slices.Compact(dir.pbxs)
	for id, a := range dir.agents {
		dir.stations[id] = dir.station(a)
	}
	dir.crews = dir.newCrews()
	for id, q := range dir.everyQueue {
		if orchestrator.OwnerOfQueue(id) == "" {
			_, defined := dir.queues[id]
			dir.boards = append(dir.boards, QueueBoard{ID: id, Name: q.Name, Closing: !defined})
		}
	}
	slices.SortFunc(dir.boards, func(a, b QueueBoard) int { return cmp.Compare(a.ID, b.ID) })
	for i, q := range dir.boards {
		dir.board[q.ID] = i
	}
	for id, p := range dir.profiles {
		for _, m := range p.Places {
			if i, ok := dir.board[m.Queue]; ok {
				dir.shown[id] = append(dir.shown[id], i)
			}
		}
	}
	return dir
}

func (dir *directory) station(a Agent) *Station {
	p := dir.profile(a)
	s := &Station{Agent: a.ID, PBX: a.PBX, Group: dir.group(a.PBX), Endpoint: a.Endpoint, Language: a.Language, Team: a.Team,
		AutoAnswer: a.AutoAnswer, Queues: []string{orchestrator.PersonalQueue(a.ID)}, Profile: p.ID, Facts: p.Facts}
	for _, m := range p.Places {
		s.Queues = append(s.Queues, m.Queue)
	}
	s.seal(dir.print)
	return s
}

// group is that of a PBX: the callers and the agents of a queue meet within one.
func (dir *directory) group(pbx string) string { return cmp.Or(dir.defs.Groups[pbx], pbx) }

// groups are those of all PBXs.
func (dir *directory) groups() []string {
	var out []string
	for _, pbx := range dir.pbxs {
		out = append(out, dir.group(pbx))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// at is where a queue's callers on a PBX wait.
func (dir *directory) at(queue, pbx string) QueueAt { return QueueAt{queue, dir.group(pbx)} }

// together tells whether the phones of two PBXs are rung from one another.
func (dir *directory) together(pbx, other string) bool { return dir.group(pbx) == dir.group(other) }

// stationOf returns an agent's station. An agent who is not defined (any more) has
// one without phone and queues.
func (dir *directory) stationOf(agent string) *Station {
	if s, ok := dir.stations[agent]; ok {
		return s
	}
	s := &Station{Agent: agent, Queues: []string{}, Facts: []Fact{}}
	s.seal(dir.print)
	return s
}

// queue returns a queue's definition, also a closing one's.
func (dir *directory) queue(id string) (q Queue, ok bool) {
	if q, ok = dir.queues[id]; !ok {
		var c ClosingQueue
		c, ok = dir.closing[id]
		q = c.Queue
	}
	return q, ok
}

// everyQueue goes through the queues that are defined and those that are closing.
func (dir *directory) everyQueue(yield func(id string, q Queue) bool) {
	for id, q := range dir.queues {
		if !yield(id, q) {
			return
		}
	}
	for id, c := range dir.closing {
		if !yield(id, c.Queue) {
			return
		}
	}
}

// score is the order of a call, with the priority that its queue and its caller have now.
func (dir *directory) score(c CallRecord) float64 {
	q, _ := dir.queue(c.Queue)
	c, _ = dir.knows(c)
	ahead := time.Duration(c.AheadMS) * time.Millisecond
	return CallScore(cmp.Or(c.Kept.Since, c.Entered), q.worth(c.Priority+q.Priority)+ahead, max(c.Tier, q.Tier))
}

// worth is what points of priority count as in a queue.
func (q Queue) worth(points int) time.Duration {
	return time.Duration(points) * cmp.Or(q.Point, time.Minute) // one that is not known any more has none
}

// remembers is how long a queue keeps in mind who served a caller.
func (dir *directory) remembers(queue string) time.Duration {
	if q, _ := dir.queue(queue); q.LastAgent != nil {
		return q.LastAgent.Within
	}
	return 0
}

// wrapUp is how long an agent may finish after a call of a queue.
func (dir *directory) wrapUp(agent, queue string) time.Duration {
	if a, ok := dir.agents[agent]; ok && a.WrapUp != nil {
		return *a.WrapUp
	}
	q, _ := dir.queue(queue)
	return q.WrapUp
}

// closingOf is what holds for an agent after a call of a queue.
func (dir *directory) closingOf(queue string) (c Closing) {
	q, _ := dir.queue(queue)
	if e := q.ExtendWrapUp; e != nil {
		c.MoreMS, c.MostMS = e.By.Milliseconds(), e.Most.Milliseconds()
	}
	if o := q.Outcome; o != nil {
		c.Required = o.Required
		if d, known := dir.outcomes.byName[o.Default]; known {
			g := dir.outcomes.given(d)
			c.Default = &g
		}
	}
	return c
}

// reason finds a pause reason by name or digit. An empty code is no reason at all.
func (dir *directory) reason(code string) (p PauseReason, ok bool) {
	if code == "" {
		return p, !dir.defs.RequireReason
	}
	i := slices.IndexFunc(dir.defs.PauseReasons, func(p PauseReason) bool { return p.Name == code || p.Digit == code })
	if i < 0 {
		return p, false
	}
	return dir.defs.PauseReasons[i], true
}
