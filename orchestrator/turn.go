package orchestrator

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"
)

// decider holds what Decide needs beside the call: pure parts and settings.
type decider struct {
	flows  Flows
	gate   Gate
	limits Limits
}

// Gate is asked before every outbound leg, whoever wants it.
type Gate interface {
	// Endpoint checks a phone of our own configuration.
	Endpoint(pbx, endpoint string) error
	// Destination checks a number and gives the endpoint that reaches it. Deny is an error of kind Denied.
	Destination(pbx, number string) (endpoint string, err error)
}

// turn is one pass through Decide: the call being changed and what follows from it.
type turn struct {
	*decider
	c       Call
	now     time.Time
	entries []Entry
	fx      []effect
	dirty   bool // the call must be stored
	refused []string
}

// newTurn starts from a private copy of the call.
func (d *decider) newTurn(c Call, now time.Time) *turn {
	c.Timers = maps.Clone(c.Timers)
	if c.Timers == nil {
		c.Timers = map[Timer]int64{}
	}
	c.Path = slices.Clone(c.Path)
	if c.Wait != nil {
		w := *c.Wait
		c.Wait = &w
	}
	if c.Leg != nil {
		l := *c.Leg
		c.Leg = &l
	}
	if c.Rec != nil {
		r := *c.Rec
		c.Rec = &r
	}
	if c.Playing != nil {
		p := *c.Playing
		c.Playing = &p
	}
	return &turn{decider: d, c: c, now: now}
}

func (t *turn) ms() int64 { return t.now.UnixMilli() }

// do adds an effect.
func (t *turn) do(f effect) { t.fx = append(t.fx, f) }

// note adds a journal entry; data must marshal.
func (t *turn) note(typ EntryType, data any) {
	raw, err := json.Marshal(data)
	if err != nil {
		raw, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	e := Entry{Type: typ, At: t.now, Call: t.c.Call, PBX: t.c.PBX, Data: raw}
	if t.c.Wait != nil {
		e.Queue = t.c.Wait.Queue
	}
	if t.c.Leg != nil {
		e.Agent = t.c.Leg.Offer.Agent
	}
	t.entries = append(t.entries, e)
	t.dirty = true
}

type fields map[string]any

// fault writes what went wrong on the call's timeline.
func (t *turn) fault(what string, err error) {
	f := fields{"what": what}
	if err != nil {
		f["error"] = err.Error()
	}
	t.note(EntryCallFault, f)
}

// move takes the call to its next state and gives the state its own timer.
// A refused trigger changes nothing and is remembered for the metrics.
func (t *turn) move(tr CallTrigger) bool {
	to, err := t.c.State.Next(tr)
	if err != nil {
		t.refuse(string(t.c.State), string(tr))
		return false
	}
	t.c.State = to
	t.dirty = true
	switch to {
	case StateConnecting:
		t.arm(TimerState, t.limits.Command)
	case StateClearing:
		clear(t.c.Timers)
		t.arm(TimerState, t.limits.Clear)
	case StateEnded:
		clear(t.c.Timers)
	case StateArriving, StateInFlow, StateWaiting, StateOffered, StateTransferring, StateTalking:
		t.disarm(TimerState)
	}
	return true
}

func (t *turn) refuse(state, trigger string) {
	t.refused = append(t.refused, state+"/"+trigger)
}

// arm makes a timer due after d.
func (t *turn) arm(name Timer, d time.Duration) {
	t.c.Timers[name] = t.now.Add(d).UnixMilli()
	t.dirty = true
}

func (t *turn) disarm(name Timer) {
	if _, ok := t.c.Timers[name]; ok {
		delete(t.c.Timers, name)
		t.dirty = true
	}
}

// id makes a new id of the call: "op-<call>-<letter><n>".
func (t *turn) id(letter string) string {
	t.c.Seq++
	t.dirty = true
	return idPrefix + t.c.Call + "-" + letter + strconv.Itoa(t.c.Seq)
}

// bridgeID is the id of the one bridge a call may have at a time.
func bridgeID(call string) string { return idPrefix + call + "-b" }

// leg moves the far leg; false when the trigger is refused.
func (t *turn) leg(tr LegTrigger) bool {
	if t.c.Leg == nil {
		t.refuse("no leg", string(tr))
		return false
	}
	to, err := t.c.Leg.State.Next(tr)
	if err != nil {
		t.refuse("leg "+string(t.c.Leg.State), string(tr))
		return false
	}
	if to != t.c.Leg.State {
		t.c.Leg.State = to
		t.dirty = true
	}
	return true
}

// rec moves the recording; false when the trigger is refused.
func (t *turn) rec(tr RecordingTrigger) bool {
	if t.c.Rec == nil {
		t.refuse("no recording", string(tr))
		return false
	}
	to, err := t.c.Rec.State.Next(tr)
	if err != nil {
		t.refuse("recording "+string(t.c.Rec.State), string(tr))
		return false
	}
	t.c.Rec.State = to
	t.dirty = true
	return true
}

// clean notes a confirmation. While a call is being cleared it is stored with
// the call's end: a process that dies before that asks again, which harms nobody.
func (t *turn) clean() {
	if t.c.State != StateClearing {
		t.dirty = true
	}
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
