package acd

import (
	"slices"
	"time"
)

// phone is where an endpoint is.
type phone struct{ pbx, endpoint string }

// anyQueue stands for every queue in the scope of a disposition.
const anyQueue = "*"

// roster is the definitions made ready for look-ups. It is never changed; a
// reload makes a new one.
type roster struct {
	defs    Definitions
	queues  map[string]Queue
	closing map[string]Queue // removed by a reload: no new calls, those inside are still served
	agents  map[string]Agent
	seats   map[string]*Seat
	phones  map[phone]string
	pbxs    []string // of all agents, also of those before
	grace   time.Duration
}

// newRoster prepares definitions. before is the roster it replaces, or nil:
// a queue that is gone from defs goes on as closing, with its former agents as
// far as they still exist, so that the calls in it are served.
func newRoster(defs Definitions, before *roster, grace time.Duration) *roster {
	r := &roster{
		defs: defs, grace: grace,
		queues: map[string]Queue{}, closing: map[string]Queue{}, agents: map[string]Agent{},
		seats: map[string]*Seat{}, phones: map[phone]string{},
	}
	for _, q := range defs.Queues {
		r.queues[q.ID] = q
	}
	for _, a := range defs.Agents {
		r.agents[a.ID] = a
		r.phones[phone{a.PBX, a.Endpoint}] = a.ID
		r.pbxs = append(r.pbxs, a.PBX)
	}
	if before != nil {
		r.inherit(before)
	}
	slices.Sort(r.pbxs)
	r.pbxs = slices.Compact(r.pbxs)
	for id, a := range r.agents {
		r.seats[id] = r.seat(a, before)
	}
	return r
}

func (r *roster) inherit(before *roster) {
	r.pbxs = append(r.pbxs, before.pbxs...)
	for _, old := range []map[string]Queue{before.closing, before.queues} {
		for id, q := range old {
			if _, stays := r.queues[id]; !stays {
				r.closing[id] = q
			}
		}
	}
}

func (r *roster) seat(a Agent, before *roster) *Seat {
	s := &Seat{Agent: a.ID, PBX: a.PBX, Endpoint: a.Endpoint, Language: a.Language,
		AutoAnswer: a.AutoAnswer, Queues: []SeatQueue{}}
	for _, m := range a.Queues {
		if q, ok := r.queues[m.Queue]; ok {
			s.Queues = append(s.Queues, newSeatQueue(q, m.Level, r.grace))
		}
	}
	if before != nil {
		for _, q := range before.seatOf(a.ID).Queues {
			if _, closing := r.closing[q.Queue]; closing {
				s.Queues = append(s.Queues, q)
			}
		}
	}
	s.seal()
	return s
}

// seatOf returns an agent's seat. An agent who is not defined (any more) has
// one without phone and queues.
func (r *roster) seatOf(agent string) *Seat {
	if s, ok := r.seats[agent]; ok {
		return s
	}
	s := &Seat{Agent: agent, Queues: []SeatQueue{}}
	s.seal()
	return s
}

// queue returns a queue's definition, also a closing one's.
func (r *roster) queue(id string) (q Queue, ok bool) {
	if q, ok = r.queues[id]; !ok {
		q, ok = r.closing[id]
	}
	return q, ok
}

// seeking is the queue of a call that looks for an agent. A queue of which
// nothing is known any more gets the defaults: its calls are out of reach of
// agents, but not of the commands that take them out.
func (r *roster) seeking(id string) SeatQueue {
	q, ok := r.queue(id)
	if !ok {
		q = NewQueue()
		q.ID = id
	}
	return newSeatQueue(q, 0, r.grace)
}

// wrapUp is how long an agent may finish after a call of a queue.
func (r *roster) wrapUp(agent, queue string) time.Duration {
	if a, ok := r.agents[agent]; ok && a.WrapUp != nil {
		return *a.WrapUp
	}
	q, _ := r.queue(queue)
	return q.WrapUp
}

// reason finds a pause reason by name or digit. An empty code is no reason at all.
func (r *roster) reason(code string) (name string, ok bool) {
	if code == "" {
		return "", !r.defs.RequireReason
	}
	i := slices.IndexFunc(r.defs.PauseReasons, func(p PauseReason) bool { return p.Name == code || p.Digit == code })
	if i < 0 {
		return "", false
	}
	return r.defs.PauseReasons[i].Name, true
}

// disposition finds what a code or name means in each queue; the key anyQueue
// is for the queues not named.
func (r *roster) disposition(code string) map[string]string {
	byQueue := map[string]string{}
	if code == "" {
		return byQueue
	}
	for _, d := range r.defs.Dispositions {
		if d.Name != code && d.Digits != code {
			continue
		}
		for _, q := range d.scope() {
			byQueue[q] = d.Name
		}
	}
	return byQueue
}

func (d Disposition) scope() []string {
	if len(d.Queues) == 0 {
		return []string{anyQueue}
	}
	return d.Queues
}
