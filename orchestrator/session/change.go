package session

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// change is a session being changed by one decision.
type change struct {
	*Rules
	s       Session
	now     time.Time
	entries []orchestrator.Entry
	dirty   bool
	refused []string
	answers []error
}

func (x *change) ms() int64 { return x.now.UnixMilli() }

// do puts a command on the list.
func (x *change) do(c call.Command) {
	x.s.Given++
	x.s.Todo = append(x.s.Todo, call.Todo{N: x.s.Given, Command: c})
	x.dirty = true
}

// giveUp takes the commands off the list that match.
func (x *change) giveUp(match func(call.Command) bool) {
	before := len(x.s.Todo)
	x.s.Todo = slices.DeleteFunc(x.s.Todo, func(t call.Todo) bool { return match(t.Command) })
	x.dirty = x.dirty || len(x.s.Todo) != before
}

// pending tells whether a command on the list matches.
func (x *change) pending(match func(call.Command) bool) bool {
	return slices.ContainsFunc(x.s.Todo, func(t call.Todo) bool { return match(t.Command) })
}

func is[C call.Command](c call.Command) bool { _, ok := c.(C); return ok }

// move takes the session to its next state; a refused trigger changes nothing.
func (x *change) move(t Trigger) bool {
	to, err := x.s.State.Next(t)
	if err != nil {
		x.refuse(string(t))
		return false
	}
	x.dirty = x.dirty || to != x.s.State && to != StateLent // which calls say
	x.s.State = to
	return true
}

func (x *change) refuse(what string) {
	x.refused = append(x.refused, "line "+string(x.s.State)+"/"+what)
}

// arm makes a timer due after d. While the clock stands still, d begins when it runs again.
func (x *change) arm(name call.Timer, d time.Duration) {
	from := x.ms()
	if x.s.AwaySince > 0 {
		from = x.s.AwaySince
	}
	x.s.Timers[name] = from + d.Milliseconds()
	x.dirty = true
}

func (x *change) disarm(name call.Timer) {
	if _, ok := x.s.Timers[name]; ok {
		delete(x.s.Timers, name)
		x.dirty = true
	}
}

// id makes a new id of the session.
func (x *change) id(letter string) string {
	x.s.Seq++
	x.dirty = true
	return orchestrator.MakeID(x.s.ID, letter, x.s.Seq)
}

type fields map[string]any

// note writes on the agent's timeline where the line stands.
func (x *change) note(f fields) {
	f["line"], f["state"] = x.s.ID, x.s.State
	raw, err := json.Marshal(f)
	if err != nil {
		raw, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	x.entries = append(x.entries, orchestrator.Entry{Type: orchestrator.EntryAgentLine, At: x.now,
		Agent: x.s.Agent, PBX: x.s.Phone.PBX, Data: raw})
	x.dirty = true
}

// ask has the distributor do something about the agent.
func (x *change) ask(op orchestrator.AgentOp) {
	x.do(call.AgentDo{Command: orchestrator.AgentCommand{Op: op, Agent: x.s.Agent, PBX: x.s.Phone.PBX, Trusted: true, By: "line"}})
}

// tell says to the distributor what calls can expect of the agent's phone.
func (x *change) tell() {
	state := orchestrator.DeviceUnreachable
	switch {
	case x.s.Up() && (x.s.Listens || x.s.Reach != nil):
		state = orchestrator.DeviceBusy
	case x.s.Up():
		state = orchestrator.DeviceFree
	}
	x.giveUp(is[call.TellPhone])
	x.do(call.TellPhone{Endpoint: x.s.Phone.Endpoint, State: state})
}
