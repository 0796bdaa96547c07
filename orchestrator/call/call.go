package call

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Call is everything known of a live call. It is a value: Decide returns a new
// one. Its JSON form is what the store keeps. Times are unix milliseconds.
type Call struct {
	orchestrator.CallSummary
	Rev   int64 `json:"rev"`
	State State `json:"state"`

	Legs    []Leg    `json:"legs"` // the customer's first, then the far one, then guests'; those that ended are dropped, but for the customer's
	Rooms   []Room   `json:"rooms,omitempty"`
	Visit   *Visit   `json:"visit,omitempty"`   // the present one, or the last
	Move    *Move    `json:"move,omitempty"`    // a transfer that a queue has not answered
	Home    *Home    `json:"home,omitempty"`    // where to go when a transfer comes to nothing
	Errand  *Errand  `json:"errand,omitempty"`  // a flow that the customer comes back from
	Consult *Consult `json:"consult,omitempty"` // whom the agent asks beside the customer
	Tape    string   `json:"tape,omitempty"`    // the format in which a conversation was recorded: so are those after it
	// Withdrawn are offers that the distributor took back before the call heard of
	// them: an answer that is on the way may tell of them still. At most withdrawnMax.
	Withdrawn []string `json:"withdrawn,omitempty"`
	// Early are offers that came before the answer to the question for a place. They are
	// not stored: who takes the call up asks again.
	Early []orchestrator.Offer `json:"-"`
	// Spared are the offers of those whose phones were stopped because another has
	// answered, whose offer is not known to be taken up yet.
	Spared []orchestrator.Offer `json:"spared,omitempty"`
	// Awaits is what the flow waits for: FlowQueued or FlowTransferred.
	Awaits  orchestrator.FlowInputKind `json:"awaits,omitempty"`
	Flow    json.RawMessage            `json:"flow,omitempty"`
	Secret  json.RawMessage            `json:"-"`                  // what of the flow's state is not stored
	FlowRef int                        `json:"flow_ref,omitempty"` // of TimerFlow
	Line    *Lend                      `json:"line,omitempty"`     // the agent whose permanent line the customer's channel is to become
	Promise *Promise                   `json:"promise,omitempty"`  // of a callback
	Attempt *Attempt                   `json:"attempt,omitempty"`  // of a campaign
	Chosen  bool                       `json:"chosen,omitempty"`   // the lead whom an agent previews is to be called
	Screen  *Screen                    `json:"screen,omitempty"`   // who answered a campaign's call, and what is done about it
	// Abandoned is when no agent was there in time for a lead who had answered; 0 until then.
	Abandoned int64 `json:"abandoned,omitempty"`

	Code    string            `json:"code,omitempty"`     // the channel at which an agent dialled the number who then hears the call on their permanent line
	Regain  *Regain           `json:"regain,omitempty"`   // the place that the caller gets back in a queue
	Kept    orchestrator.Kept `json:"kept,omitzero"`      // the place that it has in queues, of an earlier call of the caller
	Shown   string            `json:"shown,omitempty"`    // to outside numbers: what the number that was dialled says
	ShowsAs string            `json:"shows_as,omitempty"` // the customer's number as the trunk shows it; "" is as it is in Caller
	Refusal *Refusal          `json:"refusal,omitempty"`  // of a call that an agent could not make
	Mail    *Recording        `json:"mail,omitempty"`     // a message that the customer leaves
	Playing *Playing          `json:"playing,omitempty"`
	// Timers holds what is due when, by name; every state has its own (limits.go).
	Timers Timers `json:"timers,omitempty"`
	Todo   Todos  `json:"todo,omitempty"`
	Given  int    `json:"given,omitempty"` // commands given so far: the number of the last one
	Seq    int    `json:"seq"`             // numbers channels, rooms, playbacks, recordings and visits
	Tries  int    `json:"tries,omitempty"` // attempts at clearing up
	// AwaySince is since when the PBX does not answer; 0 while it does.
	AwaySince int64 `json:"away_since,omitempty"`
	// HandedOn is when the PBX confirmed that it hands the customer on; 0 until then.
	HandedOn int64 `json:"handed_on,omitempty"`
	// HeldFrom is since when the customer hears music in the present conversation, 0
	// while they do not, and HeldMS how long they have before then.
	HeldFrom int64 `json:"held_from,omitempty"`
	HeldMS   int64 `json:"held_ms,omitempty"`
	// LateMS is time that was lost for the customer before the call was in a
	// queue, by us or the store: it counts as waited.
	LateMS int64 `json:"late_ms,omitempty"`
	// Handed is set from when an agent sends the customer into a flow until they talk with somebody.
	Handed *Handed `json:"handed,omitempty"`
}

// Playing is the playback in progress on the customer's channel.
type Playing struct {
	ID  string `json:"id"`
	Ref int    `json:"ref"` // the flow's; 0 for announcements of the queue
	// Checks counts how often the PBX was asked whether it is over.
	Checks int `json:"checks,omitempty"`
	// Resume means that another process began it: if it is over, the customer may have missed it.
	Resume bool `json:"resume,omitempty"`
	// Sounds are the files that it plays.
	Sounds []string `json:"sounds,omitempty"`
}

// Timer names a thing that falls due.
type Timer string

// Timers of a call.
const (
	TimerState    Timer = "state"    // the state has lasted too long
	TimerFlow     Timer = "flow"     // asked for by the flow
	TimerWait     Timer = "wait"     // maximum wait in the queue
	TimerAnnounce Timer = "announce" // next announcement in the queue
	TimerPlay     Timer = "play"     // ask whether a playback whose end was not told is still going on; try again what was refused
	TimerRing     Timer = "ring"     // the far phone rang long enough
	TimerKeys     Timer = "keys"     // no further key of a code was pressed
	TimerConsult  Timer = "consult"  // whom the agent asks was waited for, or rung, long enough
	TimerCall     Timer = "call"     // the call as a whole
	// TimerSupervise: a supervisor's phone rang, or the PBX kept them waiting, long enough.
	TimerSupervise Timer = "supervise"
	TimerPreview   Timer = "preview" // the agent has not said whether the lead is called
	TimerTurn      Timer = "turn"    // the next attempt of a callback
	TimerListen    Timer = "listen"  // the PBX was to tell who answered
	TimerSilent    Timer = "silent"  // a machine has been silent for long enough
	TimerBeep      Timer = "beep"    // a machine has spoken for long enough
)

// Timers are what is due when, in unix ms.
type Timers map[Timer]int64

// Deadline returns the earliest timer and when it is due; ok is false when there is none.
func (ts Timers) Deadline() (t Timer, at time.Time, ok bool) {
	var first int64
	for name, ms := range ts {
		if t == "" || ms < first || (ms == first && name < t) {
			t, first = name, ms
		}
	}
	return t, time.UnixMilli(first), t != ""
}

// New is a call that came in on a channel at a time of the PBX's clock, seen at now.
func New(id, pbx, channel string, kind orchestrator.CallKind, now time.Time) Call {
	return Call{
		CallSummary: orchestrator.CallSummary{Call: id, PBX: pbx, Kind: kind, StartedAt: now.UnixMilli()},
		State:       StateArriving,
		Legs:        []Leg{{Role: RoleCustomer, PBX: pbx, Channel: channel, State: LegArrived}},
	}
}

// Parse reads a call as Record keeps it.
func Parse(doc []byte) (Call, error) {
	var c Call
	if err := json.Unmarshal(doc, &c); err != nil {
		return Call{}, err
	}
	if c.Call == "" || len(c.Legs) == 0 || c.Legs[0].Role != RoleCustomer {
		return Call{}, errNoCall
	}
	return c, c.fits()
}

// fits tells whether a call that was read has what its state cannot do without.
func (c *Call) fits() error {
	if _, known := callTable[c.State]; !known {
		return fmt.Errorf("%w: its state is %q", errNoCall, c.State)
	}
	for _, l := range c.Legs {
		if _, known := legTable[l.State]; !known || l.Channel == "" {
			return fmt.Errorf("%w: it has a leg %q in state %q", errNoCall, l.Channel, l.State)
		}
		if l.Role == RoleSupervisor && l.Watch == nil {
			return fmt.Errorf("%w: it has a supervisor %q of nobody", errNoCall, l.Channel)
		}
	}
	if k := c.Consult; k != nil {
		if _, known := consultTable[k.State]; !known || k.Visit == nil && (k.State == ConsultAsked || k.State == ConsultWaiting) {
			return fmt.Errorf("%w: a consultation in state %q", errNoCall, k.State)
		}
	}
	far, visit := false, false
	switch c.State {
	case StateWaiting:
		visit = true
	case StateOffered, StateSummoning, StatePreviewing, StateDialing, StateFailing:
		far, visit = true, true
	case StateTransferring:
		far = true
	case StateConnecting, StateTalking:
		far, visit = true, c.Far() == nil || c.Far().Role == RoleAgent
	case StateArriving, StateReserving, StateReaching, StateInFlow, StatePausing, StateClearing, StateEnded:
	}
	if c.Kind == orchestrator.KindCampaign && c.Attempt == nil {
		return fmt.Errorf("%w: it is a campaign's and has nobody to reach", errNoCall)
	}
	if c.State == StatePreviewing && (c.Attempt == nil || c.Attempt.Preview == nil) {
		return fmt.Errorf("%w: it is %q and has no lead to preview", errNoCall, c.State)
	}
	if c.Kind == orchestrator.KindCallback && c.Promise == nil && c.State != StateArriving {
		return fmt.Errorf("%w: it calls back and promised nothing", errNoCall)
	}
	if far && c.Far() == nil || visit && c.Visit == nil {
		return fmt.Errorf("%w: it is %q and has nobody or no queue to be so with", errNoCall, c.State)
	}
	return nil
}

// Salvage closes the record of a call that cannot be gone on with, from what
// can still be read of it; false when that is nothing.
func Salvage(doc []byte, now time.Time) (orchestrator.Entry, bool) {
	var s orchestrator.CallSummary
	if json.Unmarshal(doc, &s) != nil || s.Call == "" {
		return orchestrator.Entry{}, false
	}
	s.Outcome, s.EndedBy, s.EndedAt = orchestrator.OutcomeFailed, "operadora", now.UnixMilli()
	raw, err := json.Marshal(s)
	return orchestrator.Entry{Type: orchestrator.EntryCallEnded, At: now, Call: s.Call, PBX: s.PBX,
		Queue: s.Queue, Agent: s.Agent, Data: raw}, err == nil
}

// Customer is the leg of whom the call is about.
func (c *Call) Customer() *Leg { return &c.Legs[0] }

// Far is the leg towards an agent or an outside number, nil when there is none.
func (c *Call) Far() *Leg {
	if len(c.Legs) < 2 || guestRoles[c.Legs[1].Role] {
		return nil
	}
	return &c.Legs[1]
}

// Asking is the stay for which a queue is being asked on behalf of a person, 0 for none.
func (c *Call) Asking() int {
	switch k := c.Consult; {
	case c.Move != nil && !c.Move.Flow:
		return c.Move.Visit.N
	case k != nil && k.State == ConsultAsked:
		return k.Visit.N
	}
	return 0
}

// Gone tells whether the customer's channel is gone, or no longer ours.
func (c *Call) Gone() bool { return c.Customer().State == LegEnded }

// Outside are the channels of outside numbers that are rung, or talked with.
func (c *Call) Outside() []string {
	var out []string
	for _, l := range c.Legs {
		if l.capped() && l.State != LegEnded && l.State != LegPlanned {
			out = append(out, l.Channel)
		}
	}
	return out
}

// Bridges are the ids of the call's rooms on the PBX.
func (c *Call) Bridges() []string {
	ids := make([]string, 0, len(c.Rooms))
	for _, r := range c.Rooms {
		ids = append(ids, bridge(c.Call, r.N))
	}
	for _, l := range c.Supervisors() {
		ids = append(ids, watchRoom(c.Call, l.Watch.Room))
	}
	return ids
}

// Rec is the running recording of the present conversation or message, nil when there
// is none. The end of one before it may not have been told.
func (c *Call) Rec() (last *Recording) {
	for i := range c.Rooms {
		if rec := c.Rooms[i].Rec; rec.running() && (last == nil || last.State == RecStopping) {
			last = rec
		}
	}
	if c.Mail.running() && (last == nil || last.State == RecStopping) {
		last = c.Mail
	}
	return last
}

// clone is a copy that shares nothing that a decision changes.
func (c *Call) clone() Call {
	n := *c
	n.Timers = maps.Clone(c.Timers)
	if n.Timers == nil {
		n.Timers = Timers{}
	}
	n.Path = slices.Clone(c.Path)
	n.Legs = slices.Clone(c.Legs)
	for i := range n.Legs {
		n.Legs[i].Watch = copied(n.Legs[i].Watch)
	}
	n.Todo = slices.Clone(c.Todo)
	n.Withdrawn = slices.Clone(c.Withdrawn)
	n.Early, n.Spared = slices.Clone(c.Early), slices.Clone(c.Spared)
	n.Rooms = slices.Clone(c.Rooms)
	for i := range n.Rooms {
		n.Rooms[i].Rec = copied(n.Rooms[i].Rec)
	}
	n.Visit, n.Mail, n.Playing = copied(c.Visit), copied(c.Mail), copied(c.Playing)
	n.Promise, n.Regain = copied(c.Promise), copied(c.Regain)
	n.Move, n.Home, n.Consult, n.Errand, n.Refusal = copied(c.Move), copied(c.Home), copied(c.Consult), copied(c.Errand), copied(c.Refusal)
	n.Screen = copied(c.Screen)
	if n.Consult != nil {
		n.Consult.Visit = copied(c.Consult.Visit)
	}
	return n
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

var errNoCall = errors.New("this is no whole call")
