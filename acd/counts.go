package acd

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// PassedOver is what an agent counts as who is available, and to whom nothing may be
// offered because of phone or rest. Others count as their State.
const PassedOver = "passed_over"

// Counts is what the store counts as it goes: how many agents stand where, and how
// many calls are in a queue.
type Counts struct {
	Agents   []Standing         // without those logged out
	Inside   map[QueueAt]Inside // of queues in which somebody is
	Paces    map[QueueAt]Pace
	SetAside int // records that could not be read, of the last week

	staff map[string]staff   // by profile
	means map[string]float64 // group -> how long a call takes an agent up, ms
}

// Standing is how many agents of a profile stand where.
type Standing struct {
	Profile string
	As      string // State or PassedOver
	Agents  int
}

// Inside counts the calls in a queue.
type Inside struct {
	Callers   int   // on the line, waiting or offered
	Callbacks int   // customers to be called back, waiting or offered
	Waiting   int   // of both: without an offer, and found by agents
	Away      int   // of the callers: their PBX is away, and no agent finds them
	Oldest    int64 // when the first on the line entered, unix ms; 0 is nobody
}

// Board is who waits and who serves, in numbers. Times are unix ms. One Board is
// shown to many: nobody changes it.
type Board struct {
	At       int64
	Queues   []QueueBoard   // by id; closing ones included
	Agents   map[string]int // State or PassedOver -> agents, of all definitions
	SetAside int            // records that could not be read, of the last week

	counts Counts
}

// QueueBoard is a queue over all PBXs.
type QueueBoard struct {
	ID        string
	Name      Texts
	Closing   bool           // its definition is gone: takes no new calls, and goes when nobody is in it
	Callers   int            // on the line, also while an agent's phone is being rung for them
	Away      int            // of the callers: their PBX is away, and no agent is rung for them
	Callbacks int            // customers to be called back
	Oldest    int64          // when the first on the line entered; 0 is nobody
	Estimate  int64          // expected wait of one who enters now, worst group of PBXs, ms; 0 is unknown
	Agents    map[string]int // State or PassedOver -> agents
}

// Board reads what boards show, which may be as old as the one that others were
// shown less than age ago. What it costs depends on the kinds of agents and on the
// queues in use, not on how many there are of either, or of calls.
func (s *Service) Board(ctx context.Context, age time.Duration) (Board, error) {
	return s.counts.get(ctx, age)
}

// readBoard reads what Board shares.
func (s *Service) readBoard(ctx context.Context) (Board, error) {
	now := s.now()
	c, err := s.store.Counts(ctx)
	if err != nil {
		return Board{}, err
	}
	b := s.directory.Load().boardOf(c)
	b.At = now.UnixMilli()
	return b, nil
}

// boardOf puts definitions and counts together. Agents of a kind that the definitions
// do not have are leaving, or not yet in line with them: they are of no queue.
func (dir *directory) boardOf(c Counts) Board {
	c.reckon()
	out := Board{Agents: map[string]int{string(StateOffline): len(dir.agents)}, Queues: slices.Clone(dir.boards), SetAside: c.SetAside, counts: c}
	serve := map[string][]int{} // State or PassedOver -> agents of each of dir.boards
	for _, s := range c.Agents {
		out.Agents[s.As] += s.Agents
		if dir.profiles[s.Profile] == nil {
			continue
		}
		out.Agents[string(StateOffline)] -= s.Agents
		n := serve[s.As]
		if n == nil {
			n = make([]int, len(dir.boards))
			serve[s.As] = n
		}
		for _, i := range dir.shown[s.Profile] {
			n[i] += s.Agents
		}
	}
	for i := range out.Queues {
		out.Queues[i].Agents = map[string]int{}
		for as, n := range serve {
			if n[i] != 0 {
				out.Queues[i].Agents[as] = n[i]
			}
		}
	}
	for id, wait := range c.estimates(dir.crews) {
		if i, ok := dir.board[id]; ok {
			out.Queues[i].Estimate = wait.Milliseconds()
		}
	}
	others := map[string]int{}
	for at, in := range c.Inside {
		i, ok := dir.board[at.Queue]
		if !ok { // of a queue that was removed while operadora was down, or of an agent's own
			if i, ok = others[at.Queue]; !ok {
				i = len(out.Queues)
				others[at.Queue] = i
				out.Queues = append(out.Queues, QueueBoard{ID: at.Queue, Closing: orchestrator.OwnerOfQueue(at.Queue) == "", Agents: map[string]int{}})
			}
		}
		q := &out.Queues[i]
		q.Callers, q.Away, q.Callbacks = q.Callers+in.Callers, q.Away+in.Away, q.Callbacks+in.Callbacks
		if q.Oldest == 0 || in.Oldest > 0 && in.Oldest < q.Oldest {
			q.Oldest = in.Oldest
		}
	}
	out.Queues = slices.DeleteFunc(out.Queues, func(q QueueBoard) bool { return q.Closing && q.Callers+q.Callbacks == 0 })
	if len(others) > 0 {
		slices.SortFunc(out.Queues, func(a, b QueueBoard) int { return cmp.Compare(a.ID, b.ID) })
	}
	return out
}

// AgentPage returns agents by id, those after one of them, at most as many as asked
// for, and whether there are more. keep chooses among them; queue, unless it is "",
// those who serve it.
func (s *Service) AgentPage(ctx context.Context, after, queue string, limit int, keep func(AgentView) bool) (page []AgentView, more bool, err error) {
	dir := s.directory.Load()
	leaving, err := s.store.Leaving(ctx)
	if err != nil {
		return nil, false, err
	}
	var ids []string
	for id, station := range dir.stations {
		if id > after && (queue == "" || slices.Contains(station.Queues, queue)) {
			ids = append(ids, id)
		}
	}
	for _, id := range leaving {
		if _, defined := dir.stations[id]; !defined && id > after && queue == "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for from := 0; from < len(ids); {
		some := ids[from:min(from+limit+1, len(ids))]
		from += len(some)
		records, err := s.store.Agents(ctx, some)
		if err != nil {
			return nil, false, err
		}
		for _, id := range some {
			rec, stored := records[id]
			if _, defined := dir.stations[id]; !defined && !stored {
				continue
			}
			if v := dir.agentView(id, rec); keep(v) {
				if len(page) == limit {
					return page, true, nil
				}
				page = append(page, v)
			}
		}
	}
	return page, false, nil
}

// InQueue returns the calls in a queue, over all PBXs, in the order of service per
// group of PBXs; ok is false when there is no such queue.
func (s *Service) InQueue(ctx context.Context, queue string) (calls []CallView, ok bool, err error) {
	_, ok = s.directory.Load().queue(queue)
	calls, there, err := s.inQueues(ctx, []string{queue})
	return calls, ok || there, err
}

// inQueues returns the calls in some queues; there tells whether anybody was in any.
func (s *Service) inQueues(ctx context.Context, queues []string) (calls []CallView, there bool, err error) {
	rec := Records{Calls: map[string]CallRecord{}, Offers: map[string]OfferRecord{}}
	counts, err := s.store.Counts(ctx)
	if err != nil {
		return nil, false, err
	}
	for at := range counts.Inside {
		if !slices.Contains(queues, at.Queue) {
			continue
		}
		there = true
		in, offers, err := s.store.InQueue(ctx, at)
		if err != nil {
			return nil, there, err
		}
		maps.Copy(rec.Calls, in)
		maps.Copy(rec.Offers, offers)
	}
	maps.DeleteFunc(rec.Calls, func(_ string, c CallRecord) bool { return !slices.Contains(queues, c.Queue) }) // moved meanwhile
	return callViews(rec), there, nil
}

// OfQueues returns the agents who serve some queues, and the calls in these. It does not read other agents
// and calls, however many there are. The reading begins after the call.
func (s *Service) OfQueues(ctx context.Context, queues []string) (agents []AgentView, calls []CallView, err error) {
	if len(queues) == 0 {
		return nil, nil, nil
	}
	dir := s.directory.Load()
	var ids []string
	for id, station := range dir.stations {
		if slices.ContainsFunc(queues, func(q string) bool { return slices.Contains(station.Queues, q) }) {
			ids = append(ids, id)
		}
	}
	records, err := s.store.Agents(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range ids {
		agents = append(agents, dir.agentView(id, records[id]))
	}
	calls, _, err = s.inQueues(ctx, queues)
	return agents, calls, err
}
