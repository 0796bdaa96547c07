package call

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// change is a call being changed by one decision, and what follows from it.
type change struct {
	*Rules
	c        Call
	now      time.Time
	at       time.Time // when what is being handled happened: now, or before
	came     time.Time // when the present input came, which may tell of something older
	entries  []orchestrator.Entry
	dirty    bool           // the call must be stored
	armed    map[Timer]bool // set by this decision
	refused  []string
	backAs   *Back
	answers  []error // to wishes
	turned   map[int]error
	unseen   bool                 // what is being handled was found out later
	ending   orchestrator.Outcome // of a customer's phone whose end is being handled, and was found out later
	byPBX    bool                 // what is being handled the PBX did by itself
	returned bool                 // the flow that took the present step is over, and another is in its place
}

// happened is when the present input happened, in unix ms.
func (x *change) happened() int64 { return x.at.UnixMilli() }

func (x *change) ms() int64 { return x.now.UnixMilli() }

// do puts a command on the call's list.
func (x *change) do(cmd Command) {
	x.c.Given++
	x.c.Todo = append(x.c.Todo, Todo{N: x.c.Given, Command: cmd})
	x.dirty = true
}

// giveUp takes the commands off the list that match: what they were for is past.
func (x *change) giveUp(match func(Command) bool) {
	before := len(x.c.Todo)
	x.c.Todo = slices.DeleteFunc(x.c.Todo, func(t Todo) bool { return match(t.Command) })
	x.dirty = x.dirty || len(x.c.Todo) != before
}

// pending tells whether a command that matches is on the list.
func (x *change) pending(match func(Command) bool) bool {
	return slices.ContainsFunc(x.c.Todo, func(t Todo) bool { return match(t.Command) })
}

// is tells whether a command is a C.
func is[C Command](c Command) bool { _, ok := c.(C); return ok }

// note adds a journal entry; data must marshal.
func (x *change) note(typ orchestrator.EntryType, data any) { x.noteAgent(x.c.Far(), typ, data) }

// noteAgent does so of whom a leg is of.
func (x *change) noteAgent(l *Leg, typ orchestrator.EntryType, data any) {
	raw, err := json.Marshal(data)
	if err != nil {
		raw, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	e := orchestrator.Entry{Type: typ, At: x.now, Call: x.c.Call, PBX: x.c.PBX, Agent: l.Person(), Data: raw}
	if v := x.c.Visit; v != nil {
		e.Queue = v.Queue
	}
	x.entries = append(x.entries, e)
	x.dirty = true
}

type fields map[string]any

// some notes a value, if there is one: the zero value says nothing.
func some[T comparable](f fields, name string, value T) {
	var nothing T
	if value != nothing {
		f[name] = value
	}
}

// fault writes what went wrong on the call's timeline.
func (x *change) fault(what string, err error) {
	f := fields{"what": what}
	if err != nil {
		f["error"] = err.Error()
	}
	x.note(orchestrator.EntryCallFault, f)
}

// move takes the call to its next state and gives the state its own timer.
// A refused trigger changes nothing and is remembered for the metrics.
func (x *change) move(tr Trigger) bool {
	to, err := x.c.State.Next(tr)
	if err != nil {
		x.refuse(string(x.c.State), string(tr))
		return false
	}
	x.c.State = to
	x.dirty = true
	switch to {
	case StateConnecting, StateReserving:
		x.arm(TimerState, x.Limits.Command)
	case StateClearing:
		clear(x.c.Timers)
		x.arm(TimerState, x.Limits.Clear)
	case StateEnded:
		clear(x.c.Timers)
	case StateArriving, StateInFlow, StateWaiting, StateOffered, StateTransferring, StateSummoning, StatePreviewing, StateReaching, StateDialing, StateFailing, StatePausing, StateTalking:
		x.disarm(TimerState)
	}
	return true
}

// leg moves a leg; false when the trigger is refused.
func (x *change) leg(l *Leg, tr LegTrigger) bool {
	if l == nil {
		x.refuse("no leg", string(tr))
		return false
	}
	to, err := l.State.Next(tr)
	if err != nil {
		x.refuse("leg "+string(l.State), string(tr))
		return false
	}
	if to != l.State {
		l.State = to
		x.dirty = true
	}
	return true
}

// visit moves the present visit; false when the trigger is refused.
func (x *change) visit(tr VisitTrigger) bool {
	v := x.c.Visit
	if v == nil {
		x.refuse("no visit", string(tr))
		return false
	}
	to, err := v.State.Next(tr)
	if err != nil {
		x.refuse("visit "+string(v.State), string(tr))
		return false
	}
	x.dirty = x.dirty || to != v.State
	v.State = to
	return true
}

// rec moves a recording; false when the trigger is refused.
func (x *change) rec(r *Recording, tr RecordingTrigger) bool {
	if r == nil {
		x.refuse("no recording", string(tr))
		return false
	}
	to, err := r.State.Next(tr)
	if err != nil {
		x.refuse("recording "+string(r.State), string(tr))
		return false
	}
	r.State = to
	x.dirty = true
	return true
}

func (x *change) refuse(state, trigger string) {
	x.refused = append(x.refused, state+"/"+trigger)
}

// arm makes a timer due after d. While the clock stands still, d begins when it
// runs again.
func (x *change) arm(name Timer, d time.Duration) {
	from := x.ms()
	if x.c.AwaySince > 0 {
		from = x.c.AwaySince
	}
	if x.armed != nil {
		x.armed[name] = true
	}
	x.c.Timers[name] = from + d.Milliseconds()
	x.dirty = true
}

func (x *change) disarm(name Timer) {
	if _, ok := x.c.Timers[name]; ok {
		delete(x.c.Timers, name)
		x.dirty = true
	}
}

// next is the next number for what a call has several of.
func (x *change) next() int {
	x.c.Seq++
	x.dirty = true
	return x.c.Seq
}

// id makes a new id of the call.
func (x *change) id(letter string) string {
	return orchestrator.MakeID(x.c.Call, letter, x.next())
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}

func msDuration(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
