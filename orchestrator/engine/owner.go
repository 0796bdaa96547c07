package engine

import (
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/session"
)

// owner is what a loop runs: whoever owns things on a PBX, and is stored with
// what it still has to do. It is a value: a decision gives the next one.
type owner interface {
	// decide takes inputs; all owners speak call's inputs and commands.
	decide(r *rules, ins []call.Input, now time.Time) decision
	// bury ends it on record without deciding anything.
	bury(reason string, now time.Time) decision
	doc() any // what its record keeps, as JSON
	// revision is that of its record; revised gives it another.
	revision() int64
	revised(rev int64) owner
	claims() claims
	todo() []call.Todo
	deadline() (call.Timer, time.Time, bool)
	away() bool   // its clock stands still
	over() bool   // nothing is left of it
	word() string // its state, for logs
	// holdings are all channels and bridges that it has on the PBX.
	holdings() (channels, bridges []string)
	// offered are the offers that it has from the distributor.
	offered() []taken
	// visits is the number of its last stay in a queue, 0 for none.
	visits() int
}

// decision is what came of some inputs.
type decision struct {
	next    owner
	entries []orchestrator.Entry
	dirty   bool // there is something to store
	refused []string
	answers []error       // to the wishes among the inputs
	asking  int           // the stay for which a queue is asked, whose word is the answer to the last of them
	turned  map[int]error // what queues said that were asked before, if that is no
	back    *call.Back    // the channel that it was begun for has come back
}

// taken is an offer, and since when its agent talks; zero for not yet.
type taken struct {
	offer orchestrator.Offer
	since time.Time
}

// claims are what an owner says it has elsewhere.
type claims struct {
	channels []string        // on the PBX
	bridges  []string        // on the PBX
	offers   map[string]bool // of its legs: whether their agents talk
	waiting  int             // the visit by which it waits in a queue; 0 when it does not
	place    call.Place
	outside  []string    // channels of outside numbers, for the caps of the trunk
	borrowed []loan      // permanent lines that a call has
	line     *lineClaims // of a session
	customer string      // the channel of a call's customer who is there, "" for nobody
	talks    string      // who of the house talks with the customer, "" for nobody
}

// rules are what owners decide by.
type rules struct {
	call *call.Rules
	line *session.Rules
}

// ofCall is a call as an owner.
type ofCall struct{ call.Call }

func called(d call.Decision) decision {
	return decision{next: ofCall{d.Call}, entries: d.Entries, dirty: d.Dirty, refused: d.Refused, answers: d.Answers,
		asking: d.Call.Asking(), turned: d.Turned, back: d.Back}
}

func (c ofCall) decide(r *rules, ins []call.Input, now time.Time) decision {
	return called(r.call.Decide(c.Call, ins, now))
}

func (c ofCall) bury(reason string, now time.Time) decision {
	return called(call.Bury(c.Call, reason, now))
}

func (c ofCall) doc() any { return c.Call }

func (c ofCall) revision() int64 { return c.Rev }

func (c ofCall) revised(rev int64) owner {
	c.Rev = rev
	return c
}

func (c ofCall) claims() claims {
	out := claims{offers: map[string]bool{}}
	for i, leg := range c.Legs {
		if leg.Offer != nil {
			out.offers[leg.Offer.ID] = c.Holds(&leg)
		}
		if leg.State != call.LegEnded && leg.State != call.LegPlanned {
			out.channels = append(out.channels, leg.Channel)
			if i == 0 {
				out.customer = leg.Channel
			}
			if leg.Line != "" {
				out.borrowed = append(out.borrowed, loan{call: c.Call.Call, channel: leg.Channel, listens: leg.Role == call.RoleSupervisor})
			}
		}
	}
	switch k := c.Consult; {
	case k != nil && k.State == call.ConsultWaiting:
		out.waiting = k.Visit.N
	case c.State == call.StateWaiting && c.Visit != nil: // a stored record may be of any sense
		out.waiting = c.Visit.N
	}
	if c.State == call.StateTalking {
		out.talks = c.Far().Person()
	}
	out.place, out.outside, out.bridges = c.Place(), c.Outside(), c.Bridges()
	return out
}

func (c ofCall) todo() []call.Todo                       { return c.Todo }
func (c ofCall) deadline() (call.Timer, time.Time, bool) { return c.Timers.Deadline() }
func (c ofCall) away() bool                              { return c.AwaySince > 0 }
func (c ofCall) over() bool                              { return c.State == call.StateEnded }
func (c ofCall) word() string                            { return string(c.State) }

func (c ofCall) holdings() (channels, bridges []string) {
	for _, leg := range c.Legs {
		if leg.Line == "" {
			channels = append(channels, leg.Channel)
		}
	}
	return channels, c.Bridges()
}

func (c ofCall) offered() (all []taken) {
	for _, leg := range c.Legs {
		if leg.Offer == nil {
			continue
		}
		o := taken{offer: *leg.Offer}
		if leg.Joined > 0 {
			o.since = time.UnixMilli(leg.Joined)
		}
		all = append(all, o)
	}
	return all
}

func (c ofCall) visits() int {
	switch {
	case c.Move != nil:
		return c.Move.Visit.N // the later one: leaving it leaves both
	case c.Consult != nil && c.Consult.Visit != nil:
		return c.Consult.Visit.N
	case c.Visit != nil:
		return c.Visit.N
	}
	return 0
}
