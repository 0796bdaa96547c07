package figures

import (
	"slices"
	"time"
)

// Result is how a stay in a queue ended. The strings are those of the records.
type Result string

// Results; "" while it lasts.
const (
	ResultAnswered  Result = "answered"
	ResultAbandoned Result = "abandoned"
	ResultFlowed    Result = "flowed"
)

// Stay is a call's stay in a queue, and what came of it. Times are unix
// milliseconds, durations milliseconds.
type Stay struct {
	Call, Queue, Agent, Team, DID, Caller string
	Outbound                              bool // the agent made the call: nobody has waited
	Back                                  bool // of a callback: counts as one until its customer is with an agent
	Personal                              bool // in an agent's own queue: a transfer to an agent
	Started, Entered, Left                int64
	Result                                Result
	Wait, Talk, Hold                      int64    // Hold is a part of Talk
	Over                                  bool     // the conversation, if there was one, is over
	Threshold, Short                      int64    // T and s of its queue
	Skills, Able                          []string // that it asked for, and that its agent has

	// What Join finds.
	WrapUp              int64
	Offers, Missed      int64
	Transfers, Attended int64 // Attended are some of Transfers
	Repeated            bool
	absent              bool // whose wait is a callback's, and nobody's on the line
}

// Callback is a customer who asked to be called back, and what came of it. Times are
// unix milliseconds.
type Callback struct {
	Call, Queue, DID, Agent, Team string // Agent is who reached the customer
	Asked, Reached                int64  // 0 is not reached
	Attempts                      int64  // how often the customer's phone was rung
	End                           End
	skills                        []string // that it asked for
}

// End is how a callback ended; "" while it goes on, and when the customer was reached.
type End string

// Ends.
const (
	EndExpired   End = "expired"   // the time for it was over
	EndCancelled End = "cancelled" // by the customer, or by staff
	EndFailed    End = "failed"    // every attempt came to nothing
)

// Attempt is an attempt to reach a lead of a campaign that is over. Times are unix
// milliseconds, durations milliseconds.
type Attempt struct {
	Campaign, Queue, DID, Agent, Team string // Agent is who served
	At                                int64  // when it began
	Reached                           bool   // it was answered
	Wait, Talk                        int64  // Wait is from the answer to the agent
	End                               AttemptEnd
}

// AttemptEnd is how an attempt ended.
type AttemptEnd int

// Ends of attempts.
const (
	AttemptFailed AttemptEnd = iota
	AttemptLeft              // answered, and neither served nor abandoned
	AttemptServed
	AttemptAbandoned
	AttemptNoAnswer
	AttemptBusy
	AttemptUnreachable
	AttemptInvalid
	AttemptDeclined
	AttemptMachine
)

// Offer is an offer to an agent, and whether the agent missed it.
type Offer struct {
	Call, Queue, Agent, Team string // Queue is what Join finds of one that was missed
	At                       int64
	Skills                   []string // the agent's
}

// Change is a change of an agent's state.
type Change struct {
	Agent, Team, State, Reason, Call string
	At                               int64
	Skills, Queues                   []string // the agent's: those that the agent serves
}

// Transfer is a conversation that an agent handed on.
type Transfer struct {
	Call     string
	At       int64
	Attended bool // the agent had talked with whom it went to
}

// Ask is what a call asked for as it entered a queue.
type Ask struct {
	Call   string
	At     int64
	Skills []string
}

// Outcome is a disposition that an agent gave to a call.
type Outcome struct {
	Agent, Team, Queue string
	Path               []string // its name, behind the groups that it is in
	At                 int64
	Also               bool     // beside another
	Default            bool     // nobody gave it
	Skills             []string // the agent's
}

// Start is the begin of a customer's call.
type Start struct {
	Call, Number string
	At           int64
}

// Span is a time that an agent spent in a state.
type Span struct {
	Change
	From  string // the state before
	Until int64
	queue string // of its call
}

// Names of agents' states, as the journal has them.
const (
	Offline   = "offline"
	StateFree = "available"
	Reserved  = "reserved"
	InTalk    = "talking"
	Wrapping  = "wrapup"
	OnPause   = "paused"
	Dialling  = "dialling" // a part of InTalk: held while the phone of a customer rings who is called back
)

// Spans turns changes, agent by agent and in the order in which they happened, into
// times. The last one of each agent lasts until now.
func Spans(changes []Change, now int64) []Span {
	var out []Span
	for i, c := range changes {
		first := i == 0 || changes[i-1].Agent != c.Agent
		if !first && c.tellsNothing(out[len(out)-1].Change) {
			continue
		}
		s := Span{Change: c, Until: now}
		if !first {
			last := &out[len(out)-1]
			last.Until = max(last.At, min(c.At, now))
			s.From = last.State
		}
		out = append(out, s)
	}
	return out
}

// tellsNothing tells whether a change after another is a mere piece of news, as of the
// phone or of more time: the state goes on. Such news need not name the call; and for what
// reason a wrap-up lasts does not make it another.
func (c Change) tellsNothing(before Change) bool {
	return c.State == before.State && (c.Call == "" || c.Call == before.Call) &&
		(c.Reason == before.Reason || c.State == Wrapping)
}

// Limit is what a reason allows of an agent's pauses in a day; 0 is any.
type Limit struct {
	PerDay time.Duration
	Times  int
}

// Day is what happened, as reports need it.
type Day struct {
	Stays     []Stay
	Offers    []Offer
	Missed    []Offer
	Transfers []Transfer
	Asks      []Ask
	Callbacks []Callback
	Outcomes  []Outcome
	Attempts  []Attempt
	Changes   []Change // agent by agent; those that were in force before the rest, too
	Starts    []Start
	Now       int64            // until when it is known
	Limits    map[string]Limit // of pauses, by reason
	Centre    *time.Location   // in whose days they are; nil is UTC
	spans     []Span
}

// Join finds what belongs to each stay: offers, transfers, wrap-up, and whether the
// number had called within some time before.
func (d *Day) Join(repeat time.Duration) {
	d.spans = Spans(d.Changes, d.Now)
	stays := map[string][]*Stay{}
	for i := range d.Stays {
		s := &d.Stays[i]
		s.Offers, s.Missed, s.Transfers, s.Attended, s.WrapUp, s.Repeated, s.Skills = 0, 0, 0, 0, 0, false, nil
		s.absent = s.Back && !slices.ContainsFunc(stays[s.Call], func(s *Stay) bool { return s.Result == ResultAnswered })
		stays[s.Call] = append(stays[s.Call], s)
	}
	d.calling(stays)
	// last is the last stay of a call at a moment that fits.
	last := func(call string, at int64, fits func(*Stay) bool) *Stay {
		for _, s := range slices.Backward(stays[call]) {
			if s.Entered <= at && fits(s) {
				return s
			}
		}
		return &Stay{} // began before the span: it is counted there
	}
	anyone := func(*Stay) bool { return true }
	for _, o := range d.Offers {
		last(o.Call, o.At, anyone).Offers++
	}
	for _, o := range d.Missed {
		last(o.Call, o.At, anyone).Missed++
	}
	for _, t := range d.Transfers {
		s := last(t.Call, t.At, func(s *Stay) bool { return s.Result == ResultAnswered && s.Left <= t.At })
		s.Transfers++
		s.Attended += one(t.Attended)
	}
	asked := map[string][]string{}
	for _, a := range d.Asks {
		asked[a.Call] = a.Skills
		last(a.Call, a.At, func(s *Stay) bool { return s.Entered == a.At }).Skills = a.Skills
	}
	for _, s := range d.spans {
		if s.State == Wrapping && s.Call != "" {
			last(s.Call, s.At, func(x *Stay) bool { return x.Result == ResultAnswered && x.Agent == s.Agent && x.Left <= s.At }).WrapUp += s.Until - s.At
		}
	}
	d.queues(stays)
	for i := range d.Callbacks {
		d.Callbacks[i].skills = asked[d.Callbacks[i].Call]
	}
	d.repeats(repeat)
}

// calling tells apart, of the times that agents are held for a callback, those in which
// the customer's phone rings.
func (d *Day) calling(stays map[string][]*Stay) {
	spans := make([]Span, 0, len(d.spans))
	for _, s := range d.spans {
		joined := s.At
		for _, x := range stays[s.Call] {
			switch {
			case s.State != InTalk || !x.absent || x.Entered > s.Until:
			case x.Result == ResultAnswered && x.Agent == s.Agent:
				joined = max(joined, min(x.Left, s.Until))
			case x.Left == 0 || x.Left >= s.Until: // the customer was not reached, or not yet
				joined = s.Until
			}
		}
		if joined > s.At {
			rings := s
			rings.State, rings.Until = Dialling, joined
			spans = append(spans, rings)
			if joined == s.Until {
				continue
			}
			s.From, s.At = Dialling, joined
		}
		spans = append(spans, s)
	}
	d.spans = spans
}

// place is the queue of a stay; "" for none: also an agent's own is none.
func (s *Stay) place() string {
	if s == nil || s.Personal {
		return ""
	}
	return s.Queue
}

// queues finds in which queue the calls were for which agents were rung, held or busy.
func (d *Day) queues(stays map[string][]*Stay) {
	last := func(call string, at int64, fits func(*Stay) bool) *Stay {
		for _, s := range slices.Backward(stays[call]) {
			if s.Entered <= at && fits(s) {
				return s
			}
		}
		return nil
	}
	waiting := func(call string, at int64) *Stay {
		return last(call, at, func(s *Stay) bool { return s.Left == 0 || s.Left >= at })
	}
	first := func(call string, from, to int64) *Stay {
		for _, s := range stays[call] {
			if s.Entered > from && s.Entered <= to {
				return s
			}
		}
		return nil
	}
	for i := range d.spans {
		s := &d.spans[i]
		var of *Stay
		if s.State != Reserved { // the call may have gone on to another queue since
			of = last(s.Call, s.At, func(x *Stay) bool {
				return x.Result == ResultAnswered && x.Agent == s.Agent && (s.State != Wrapping || x.Left <= s.At)
			})
		}
		if of == nil {
			of = waiting(s.Call, s.At)
		}
		if of == nil && s.State == Reserved { // an agent who is free is reserved as the call enters, milliseconds before that is told
			of = first(s.Call, s.At, s.Until)
		}
		s.queue = of.place()
	}
	for i := range d.Missed {
		d.Missed[i].Queue = waiting(d.Missed[i].Call, d.Missed[i].At).place()
	}
}

// fewestDigits is how long a number must be to be somebody's: "anonymous" is not.
const fewestDigits = 3

// number tells whether a text names who calls.
func number(text string) bool {
	digits := 0
	for _, r := range text {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	return digits >= fewestDigits
}

func (d *Day) repeats(within time.Duration) {
	starts := map[string][]int64{}
	for _, s := range d.Starts {
		starts[s.Number] = append(starts[s.Number], s.At)
	}
	for _, s := range d.Stays { // of calls that live, which are among no finished ones
		if !s.Outbound && !s.Back {
			starts[s.Caller] = append(starts[s.Caller], s.Started)
		}
	}
	for _, list := range starts {
		slices.Sort(list)
	}
	for i := range d.Stays {
		s := &d.Stays[i]
		if !number(s.Caller) || s.Back { // whom we call has not come again
			continue
		}
		list := starts[s.Caller]
		n, _ := slices.BinarySearch(list, s.Started)
		s.Repeated = n > 0 && list[n-1] >= s.Started-within.Milliseconds()
	}
}
