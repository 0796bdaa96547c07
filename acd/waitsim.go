package acd

import (
	"cmp"
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// WaitError is how far off the waits were that callers of simulated days had been told
// who waited and were answered: the mean and the 95th hundredth, in seconds.
type WaitError struct {
	Callers   int
	Mean, P95 float64
}

// WaitErrors plays days of a contact centre, of so much of what its agents can carry, and
// tells how far off expected waits were: ours, and what app_queue would have told, which
// is the smoothed waits of those before: hold' = (3·hold + wait) ÷ 4.
func WaitErrors(days int, load float64) (ours, appQueue WaitError) {
	var told, held []float64
	for day := range days {
		s := simulate(uint64(day), load)
		told, held = append(told, s.ours...), append(held, s.theirs...)
	}
	return misjudged(told), misjudged(held)
}

// simulated is a day of a contact centre: two languages, a third of the agents speak
// both, arrivals with two humps, agents who come and go by half hours, people who hang
// up. Who waits longest of those whom a free agent may serve is served, as by the store.
type simulated struct {
	*rand.Rand
	dir   *directory
	pace  Pace
	now   float64 // ms
	queue simEvents
	calls []*simCall
	wait  []int // in order
	staff []simAgent
	lanes [2]string // by language

	tables map[string]laneTable // of the lanes

	hold float64 // app_queue's

	ours, theirs []float64 // told, less waited, s
}

type simAgent struct {
	profile  string
	both     bool
	in, busy bool
	since    float64
}

type simCall struct {
	language    int
	record      CallRecord
	over, waits bool
	expected    float64 // by us
	queued      float64 // by app_queue
}

type simEvent struct {
	at  float64
	do  func(*simulated, int)
	arg int
}

type simEvents []simEvent

func (q simEvents) Len() int           { return len(q) }
func (q simEvents) Less(i, j int) bool { return q[i].at < q[j].at }
func (q simEvents) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *simEvents) Push(x any)        { *q = append(*q, x.(simEvent)) }
func (q *simEvents) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

const (
	simSecond = 1000.0
	simDay    = 12 * 3600 * simSecond
	simTalk   = 300 * simSecond // handling time, lognormal with a deviation of 0.8 of it
	simCare   = 300 * simSecond // patience, exponential
)

func simulate(seed uint64, load float64) *simulated {
	q := NewQueue()
	q.ID, q.Requires = "ventas", "skill(call.language) >= 1"
	d := Definitions{Queues: []Queue{q}, Skills: []Skill{{Name: "es"}, {Name: "en"}}}
	s := &simulated{Rand: rand.New(rand.NewPCG(seed, 7)), tables: map[string]laneTable{}} //nolint:gosec // the same each time
	for i := range 60 {
		a := NewAgent()
		a.ID, a.PBX, a.Endpoint = string(rune('A'+i)), "uno", "PJSIP/"+string(rune('A'+i))
		a.Queues, a.Skills = []Membership{{Queue: "ventas"}}, map[string]int{"es": 3}
		if i%3 == 0 {
			a.Skills["en"] = 3
		}
		d.Agents = append(d.Agents, a)
	}
	s.dir = newDirectory(d, nil, 0)
	for _, a := range d.Agents {
		s.staff = append(s.staff, simAgent{profile: s.dir.stations[a.ID].Profile, both: a.Skills["en"] > 0})
	}
	for i, language := range []string{"es", "en"} {
		_, lanes := s.dir.way(CallRecord{Queue: "ventas", PBX: "uno", Language: language})
		s.lanes[i] = lanes[0].ID
		s.tables[lanes[0].ID] = laneTable{"ventas", lanes[0].Ranks}
	}
	s.at(0, (*simulated).arrive, int(load*100))
	for t := 0.0; t < simDay; t += 1800 * simSecond {
		s.at(t, (*simulated).shift, 0)
	}
	for len(s.queue) > 0 {
		e := heap.Pop(&s.queue).(simEvent)
		s.now = e.at
		e.do(s, e.arg)
	}
	return s
}

func (s *simulated) at(when float64, do func(*simulated, int), arg int) {
	heap.Push(&s.queue, simEvent{when, do, arg})
}

// simRate is how many call in an ms, of a load of 1.
func simRate(ms float64) float64 {
	h := ms / 3600 / simSecond
	return (120 + 100*math.Exp(-(h-2.5)*(h-2.5)/2) + 80*math.Exp(-(h-8)*(h-8)/3)) / 3600 / simSecond
}

func (s *simulated) arrive(load int) {
	if s.now > simDay {
		return
	}
	s.at(s.now+s.ExpFloat64()/simRate(s.now)/float64(load)*100, (*simulated).arrive, load)
	c := &simCall{record: CallRecord{Queue: "ventas", PBX: "uno", Language: "es", Entered: int64(s.now), Score: s.now}}
	if s.Float64() < 0.3 {
		c.language, c.record.Language = 1, "en"
	}
	s.calls = append(s.calls, c)
	id, best := len(s.calls)-1, -1
	for i, a := range s.staff {
		if a.in && !a.busy && (c.language == 0 || a.both) && (best < 0 || !a.both && s.staff[best].both) {
			best = i
		}
	}
	if best >= 0 {
		s.serve(best, id)
		return
	}
	c.waits, c.queued = true, s.hold
	ahead := map[string]int{}
	for _, w := range s.wait {
		ahead[s.lanes[s.calls[w].language]]++
	}
	counts := Counts{Paces: map[QueueAt]Pace{{"ventas", "uno"}: s.pace}}
	for _, a := range s.staff {
		if a.in {
			counts.Agents = append(counts.Agents, Standing{a.profile, string(StateTalking), 1})
		}
	}
	counts.reckon()
	c.expected = float64(s.dir.expect(counts, c.record, 0, ahead, s.tables)) / float64(time.Second)
	s.wait = append(s.wait, id)
	s.at(s.now+s.ExpFloat64()*simCare, (*simulated).leave, id)
}

func (s *simulated) serve(agent, id int) {
	c, a := s.calls[id], &s.staff[agent]
	waited := s.now - float64(c.record.Entered)
	c.over, a.busy, a.since = true, true, s.now
	s.hold = (3*s.hold + waited/simSecond) / 4
	s.pace = s.pace.Went(waited, true)
	if c.waits && c.expected > 0 {
		s.ours, s.theirs = append(s.ours, c.expected-waited/simSecond), append(s.theirs, c.queued-waited/simSecond)
	}
	const spread = 0.494 // ln(1 + 0.8²)
	s.at(s.now+simTalk*math.Exp(math.Sqrt(spread)*s.NormFloat64()-spread/2), (*simulated).free, agent)
}

func (s *simulated) free(agent int) {
	s.staff[agent].busy = false
	s.pace = s.pace.Took(s.now - s.staff[agent].since)
	s.next(agent)
}

func (s *simulated) next(agent int) {
	a := s.staff[agent]
	i := slices.IndexFunc(s.wait, func(w int) bool { return s.calls[w].language == 0 || a.both })
	if !a.in || a.busy || i < 0 {
		return
	}
	id := s.wait[i]
	s.wait = slices.Delete(s.wait, i, i+1)
	s.serve(agent, id)
}

func (s *simulated) leave(id int) {
	c := s.calls[id]
	if c.over {
		return
	}
	c.over = true
	s.pace = s.pace.Went(s.now-float64(c.record.Entered), false)
	s.wait = slices.DeleteFunc(s.wait, func(w int) bool { return w == id })
}

// shift has as many agents at work as the load of 1 takes up, and two more.
func (s *simulated) shift(int) {
	for i := range s.staff {
		s.staff[i].in = i < int(simRate(s.now)*simTalk+2)
		s.next(i)
	}
}

// misjudged tells how far off was what was told, in s.
func misjudged(told []float64) WaitError {
	e := WaitError{Callers: len(told)}
	if e.Callers == 0 {
		return e
	}
	off := make([]float64, len(told))
	for i, x := range told {
		off[i] = math.Abs(x)
		e.Mean += off[i] / float64(len(told))
	}
	slices.SortFunc(off, cmp.Compare)
	e.P95 = off[len(off)*95/100]
	return e
}
