package acd

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Store keeps who waits and who serves. Every method that changes something
// is one atomic step: it checks first, changes after, matches in the same step
// and appends agent.state and agent.disposed entries to the journal. A refusal
// is a value, an error is a store that cannot answer (kind Unavailable).
//
// now is the caller's clock. An offer id passed in is used only when the step
// matches; the offer's id is then MakeOfferID of the call and it.
type Store interface {
	CallStore
	OfferStore
	AgentStore
	DeskStore
	HealStore
	PresenceStore

	// Claim returns what is due on a PBX and puts it off by lease, so that a process
	// that dies before it has dealt with it only delays it. next is the
	// earliest deadline that is left, zero when there is none.
	Claim(ctx context.Context, now time.Time, pbx string, lease time.Duration, limit int) (due []Deadline, next time.Time, err error)
	// Drop removes a claimed deadline that fits nothing any more, unless it was set anew.
	Drop(ctx context.Context, d Deadline) error
	// Turn tells whether something that is done now and then is the caller's to do: nobody
	// has done it within that time.
	Turn(ctx context.Context, now time.Time, what string, every time.Duration) (bool, error)
	// Counts returns what boards show, at a cost that does not grow with agents and calls.
	Counts(ctx context.Context) (Counts, error)
	// Used returns those of some queues to which somebody belongs at one moment: a call that
	// waits or is offered, for one agent alone too, a conversation, a wrap-up.
	Used(ctx context.Context, queues []string) ([]string, error)
	// InQueue returns the calls in one queue, waiting or offered, and their offers.
	InQueue(ctx context.Context, at QueueAt) (map[string]CallRecord, map[string]OfferRecord, error)
	// Read returns everything, in pages that keep nobody waiting: no one moment
	// is shown, so it is for boards and for checks that a step makes again.
	Read(ctx context.Context) (Records, error)
}

// CallStore is the part of Store about calls in queues.
type CallStore interface {
	// Enqueue adds a call, or tells where it is when it is in the queue already.
	Enqueue(ctx context.Context, now time.Time, o EnqueueOrder) (EnqueueResult, error)
	// Leave removes a call that has no standing offer; false when it has one, is
	// not there, or is there by a later visit. For so long its place is kept for its caller.
	Leave(ctx context.Context, now time.Time, call string, visit int, keep time.Duration) (bool, error)
	// Relax moves a call to the ring that it has waited long enough for, and looks
	// for an agent there; done is false when it waits for no other ring.
	Relax(ctx context.Context, now time.Time, call, offerID string) (done bool, o *OfferRecord, err error)
	// Deserted tells whether nobody is logged in to a queue while the definitions of that
	// name are in force.
	Deserted(ctx context.Context, in QueueAt, print string) (bool, error)
	// Call returns a queued call; ok is false when it is not in any queue.
	Call(ctx context.Context, call string) (rec CallRecord, ok bool, err error)
	// LastAgent returns who served a caller of a queue last, as far as that is kept in mind; "" is nobody.
	LastAgent(ctx context.Context, queue, caller string) (agent string, err error)
	// KeptPlace returns the place that is kept for a caller of a queue; "" is none.
	KeptPlace(ctx context.Context, queue, caller string) (string, error)
	// ForgetCaller forgets who served a caller of some queues last, and places kept for the caller.
	ForgetCaller(ctx context.Context, caller string, queues []string) error
	// Place returns a waiting call's position from 1, as it is or, when its PBX is away, as
	// it would be; 0 is not waiting.
	Place(ctx context.Context, call string, c CallRecord) (position int, err error)
	// Lanes lists those in which somebody waits.
	Lanes(ctx context.Context) ([]string, error)
	// Tables returns what is kept of some lanes, without those that are gone.
	Tables(ctx context.Context, lanes []string) ([]Lane, error)
	// Ahead counts, in each of some lanes, who comes before a score.
	Ahead(ctx context.Context, score float64, lanes []string) (map[string]int, error)
}

// OfferStore is the part of Store about offers.
type OfferStore interface {
	// Offer returns an offer in force.
	Offer(ctx context.Context, id string) (o OfferRecord, ok bool, err error)
	// Answer takes an offer up, and frees whoever else is rung for its call; true also
	// when it was before. offerID is for the next offers of those others.
	Answer(ctx context.Context, now time.Time, offer, offerID string) (bool, error)
	// Dial holds an agent for a call that the agent makes, unless the agent has a
	// call, or is logged out: then held is nil and why says so.
	Dial(ctx context.Context, now time.Time, d DialOrder) (held *OfferRecord, why orchestrator.AgentResult, err error)
	// Hold holds the agent of an offer that is not in force any more, who talks with
	// its call. Another offer, of the agent or of the call, has to end before: its id is before.
	Hold(ctx context.Context, now time.Time, o orchestrator.Offer) (held bool, before string, err error)
	// Fail ends an offer whose conversation never began and matches its call and its agent anew.
	Fail(ctx context.Context, now time.Time, f FailOrder) (FailResult, error)
	// Finish ends an answered offer.
	Finish(ctx context.Context, now time.Time, f FinishOrder) (FinishResult, error)
}

// AgentStore is the part of Store about agents.
type AgentStore interface {
	// Agent returns an agent's record; ok is false for one never seen.
	Agent(ctx context.Context, id string) (rec AgentRecord, ok bool, err error)
	// Agents returns the records of some agents, without those never seen.
	Agents(ctx context.Context, ids []string) (map[string]AgentRecord, error)
	// Leaving lists agents whose definition is gone and who have a record yet.
	Leaving(ctx context.Context) ([]string, error)
	// Change carries login, logout, pause and resume out, or remembers them until the call ends.
	Change(ctx context.Context, now time.Time, c ChangeOrder) (ChangeResult, error)
	// Dispose gives a disposition to the agent's current or last call.
	Dispose(ctx context.Context, now time.Time, d DisposeOrder) (ChangeResult, error)
	// Extend makes the agent's wrap-up longer.
	Extend(ctx context.Context, now time.Time, e ExtendOrder) (ChangeResult, error)
	// TryPIN counts a PIN that somebody gave, per agent and per phone.
	TryPIN(ctx context.Context, now time.Time, t PINTry) (PINResult, error)
	// Device stores what the PBX says of the agent's phone.
	Device(ctx context.Context, now time.Time, station *Station, state orchestrator.DeviceState, offerID string) (*OfferRecord, error)
	// Wake ends a wrap-up or a rest that is over, and gives one that is not its
	// deadline back; done is false when there is none.
	Wake(ctx context.Context, now time.Time, o WakeOrder) (done bool, made *OfferRecord, err error)
	// Enforce puts definitions, and what goes with them, in force, named by print: by those the places of agents
	// and calls are from now on. It is false when others are that were put in force later.
	Enforce(ctx context.Context, print string, f *InForce) (bool, error)
	// InForce returns what is in force, nil when that is not kept, and its print, "" for none. While
	// the print is that of whoever asks, it returns nothing else. What is kept may be older than the
	// print: of a process that keeps nothing.
	InForce(ctx context.Context, than string) (f *InForce, print string, err error)
	// Index brings an agent's places in line with a changed station, while the definitions are in force that say so.
	Index(ctx context.Context, now time.Time, print string, station *Station, offerID string) (*OfferRecord, error)
	// Retire logs an agent out, after the current call if there is one, and
	// forgets the record once it is free, while the definitions are in force that say so.
	Retire(ctx context.Context, now time.Time, print, agent, why string) error
}

// QueueAt is a queue's part on a group of PBXs: only agents and calls of one group meet.
type QueueAt struct{ Queue, Group string }

// CallRecord is work in a queue, waiting or offered: a call, or a customer to be
// called back, under the id of the call that does so. Times are unix ms.
type CallRecord struct {
	Queue      string            `json:"queue"`
	PBX        string            `json:"pbx"`
	Group      string            `json:"group,omitempty"` // of PBXs; "" is of one before groups: the PBX alone
	Visit      int               `json:"visit,omitempty"` // the number of the stay; a later one replaces it
	Work       orchestrator.Work `json:"work,omitempty"`
	Language   string            `json:"language,omitempty"`
	Priority   int               `json:"priority,omitempty"`
	AheadMS    int64             `json:"ahead_ms,omitempty"` // it counts as if it had waited so much longer
	Tier       int               `json:"tier,omitempty"`
	Entered    int64             `json:"entered"`
	Needs      string            `json:"needs,omitempty"`       // what it requires of agents, beside its queue
	About      map[string]string `json:"about,omitempty"`       // what is known of it, for requirements
	Prefer     string            `json:"prefer,omitempty"`      // the agent whom it waits for first
	PatienceMS int64             `json:"patience_ms,omitempty"` // for so long
	Last       bool              `json:"last,omitempty"`        // because that agent served the caller before
	Caller     string            `json:"caller,omitempty"`      // the number, as numbers are compared
	Written    []string          `json:"written,omitempty"`     // the same as it is written in its country, for who is known so
	Of         string            `json:"of,omitempty"`          // in an agent's own queue: the queue that it came from
	Instead    string            `json:"instead,omitempty"`     // of an EnqueueOrder: the callback whose place it has
	Defs       string            `json:"defs,omitempty"`        // of an EnqueueOrder: print of what is to be in force, "" for whatever is
	Kept       orchestrator.Kept `json:"kept,omitzero"`         // the place it has, of an earlier call
	Score      float64           `json:"score"`                 // CallScore, the queue's priority included
	One        bool              `json:"one,omitempty"`         // one phone rings at a time, whatever the queue says
	Offer      string            `json:"offer,omitempty"`       // set while offered; the call then waits in no lane, unless more phones may ring
	Others     []string          `json:"others,omitempty"`      // offers beside Offer, with RingAll
	Since      int64             `json:"since,omitempty"`       // when this stay in the queue began
	Away       int64             `json:"away,omitempty"`        // since when its PBX is away: it keeps its place, and no agent finds it
	Eased      int               `json:"eased,omitempty"`       // how many relaxations of its queue it need not wait for
	Rings      []Ring            `json:"rings,omitempty"`       // the lanes it waits in, one after the other
	At         int               `json:"at,omitempty"`          // the ring it waits in, from 1; 0 while it does not
	Rev        int64             `json:"rev,omitempty"`
}

// Offers are those of the call.
func (c CallRecord) Offers() []string {
	if c.Offer == "" {
		return c.Others
	}
	return append([]string{c.Offer}, c.Others...)
}

// Where is where the call waits.
func (c CallRecord) Where() QueueAt { return QueueAt{c.Queue, cmp.Or(c.Group, c.PBX)} }

// OfferRecord is an offer in force.
type OfferRecord struct {
	orchestrator.Offer
	At  int64 `json:"at"`  // made, unix ms
	Due int64 `json:"due"` // its deadline, unix ms
}

// AgentRecord is an agent as stored. Times are unix ms.
type AgentRecord struct {
	State      State                    `json:"state"`
	Since      int64                    `json:"since"`
	Reason     string                   `json:"reason,omitempty"`
	PBX        string                   `json:"pbx,omitempty"`
	Group      string                   `json:"group,omitempty"`
	Endpoint   string                   `json:"endpoint,omitempty"`
	Language   string                   `json:"language,omitempty"`
	AutoAnswer bool                     `json:"auto_answer,omitempty"`
	Queues     string                   `json:"queues,omitempty"` // names joined by commas
	Profile    string                   `json:"profile,omitempty"`
	Facts      string                   `json:"facts,omitempty"` // names joined by commas
	Print      string                   `json:"print,omitempty"` // the station's
	Device     orchestrator.DeviceState `json:"device"`
	DeviceAt   int64                    `json:"device_at,omitempty"`
	// Hearsay means that Device is inferred from a failed offer, not told by the PBX.
	Hearsay bool `json:"hearsay,omitempty"`
	// Rest is until when nothing is offered, 0 when not resting. RestMin is the
	// earliest end that a sign of life of the phone can bring.
	Rest    int64  `json:"rest,omitempty"`
	RestMin int64  `json:"rest_min,omitempty"`
	RestFor string `json:"rest_for,omitempty"` // the failure that made it
	// Look and LookLane are, of an agent who is free, score and name of the last lane that was looked at; others are left.
	Look     string `json:"look,omitempty"`
	LookLane string `json:"look_lane,omitempty"`

	FreeSince int64   `json:"free_since,omitempty"`
	OfferedAt int64   `json:"offered_at,omitempty"`
	Served    int     `json:"served,omitempty"` // conversations since login
	Load      float64 `json:"load,omitempty"`
	BusySince int64   `json:"busy_since,omitempty"` // since when calls take the agent up; 0 while none does
	Misses    int     `json:"misses,omitempty"`     // in a row
	Refusals  int     `json:"refusals,omitempty"`   // offers in a row at which the phone was busy or not there

	Offer string `json:"offer,omitempty"`
	Call  string `json:"call,omitempty"`
	Queue string `json:"queue,omitempty"`
	Due   int64  `json:"due,omitempty"`     // end of wrap-up
	More  int64  `json:"more_ms,omitempty"` // by so much it may be extended, up to Most
	Most  int64  `json:"most_ms,omitempty"`

	Owes      bool    `json:"owes,omitempty"`     // wrap-up ends with a disposition alone
	Owed      bool    `json:"owed,omitempty"`     // its time is over, and there is none
	Default   *Given  `json:"default,omitempty"`  // of the call when wrap-up ends without one
	Outcomes  []Given `json:"outcomes,omitempty"` // given while talking; Disposition is the first
	Notes     string  `json:"notes,omitempty"`    // with them
	Team      string  `json:"team,omitempty"`
	PauseDue  int64   `json:"pause_due,omitempty"`  // when the day's time for the reason of the pause is used up
	PauseLook int64   `json:"pause_look,omitempty"` // when that is looked at anew: then, or at midnight
	Over      Over    `json:"over,omitempty"`       // the limit that the pause is beyond
	Again     bool    `json:"again,omitempty"`      // a call interrupts the pause that is to follow
	Away      string  `json:"away,omitempty"`       // where the agent counts as paused, or as about to: "<reason>:<scope>", joined by commas

	Next    Trigger `json:"next,omitempty"` // what is remembered until the call ends
	NextWhy string  `json:"next_why,omitempty"`
	NextBy  string  `json:"next_by,omitempty"`

	LastCall    string `json:"last_call,omitempty"` // may still get a disposition
	LastQueue   string `json:"last_queue,omitempty"`
	Disposition string `json:"disposition,omitempty"` // given while talking
	DisposedBy  string `json:"disposed_by,omitempty"`

	Pace    string `json:"pace,omitempty"`    // "<queue>@<group>" of the conversation whose handling is not over yet
	Counted string `json:"counted,omitempty"` // what it is counted as: "<profile>:<state>"

	Calls  int64 `json:"calls,omitempty"`   // conversations since the record was made
	TalkMS int64 `json:"talk_ms,omitempty"` // their length
	Rev    int64 `json:"rev,omitempty"`
}

// Records is everything the store holds.
type Records struct {
	Agents map[string]AgentRecord
	Calls  map[string]CallRecord
	Offers map[string]OfferRecord
	Paces  map[QueueAt]Pace
	// Unreadable names what is stored but is no record; it is in none of the others.
	Unreadable []UnreadableRecord
}

// rung are the agents to whom a call is offered.
func (r Records) rung(c CallRecord) (agents []string) {
	for _, id := range c.Offers() {
		if o, stands := r.Offers[id]; stands {
			agents = append(agents, o.Agent)
		}
	}
	return agents
}

// RecordKind is what a stored record is about.
type RecordKind string

// Kinds of records.
const (
	KindAgent RecordKind = "agent"
	KindCall  RecordKind = "call"
	KindOffer RecordKind = "offer"
	KindPace  RecordKind = "pace"
)

// UnreadableRecord is a stored record that cannot be decoded.
type UnreadableRecord struct {
	Kind RecordKind
	ID   string
	Err  error
}

func (r Records) unreadable(kind RecordKind, id string) bool {
	return slices.ContainsFunc(r.Unreadable, func(u UnreadableRecord) bool { return u.Kind == kind && u.ID == id })
}

// EnqueueOrder asks for a place in a queue.
type EnqueueOrder struct {
	Call      string
	Record    CallRecord
	Lanes     []*Lane                      // of the record's rings
	MaxLength int                          // 0 is unlimited
	Refused   orchestrator.PlacementResult // why it is to be, as far as the store need not look
	Admit     Admit                        // who must be logged in
	Kept      string                       // the record's place is by this, of KeptPlace; "" is by nothing that is kept yet
	OfferID   string
}

// PlaceOrder says how a call that is in a queue should wait.
type PlaceOrder struct {
	Call    string
	Record  CallRecord // Queue, PBX, Rings and Score
	Lanes   []*Lane    // of the rings
	Anew    bool       // definitions have changed: what it has is replaced also when nothing of it is lost
	Print   string     // of Anew: while these are in force
	OfferID string
}

// Place is a member of a set in which calls wait; Call is "" for the set itself.
type Place struct{ Set, Call string }

// EnqueueResult is what came of it.
type EnqueueResult struct {
	Result    orchestrator.PlacementResult
	Position  int
	Staff     int // logged in, when it waits
	Offer     *OfferRecord
	Kept      orchestrator.Kept
	Behind    bool // Defs of the record are not in force; Result is then empty
	Taken     bool // the place that the record has is kept no more; Result is then empty
	Elsewhere bool // the call has an offer from where it is, by Visit; Result is then empty
	Visit     int
}

// FailOrder ends an offer that came to nothing.
type FailOrder struct {
	Offer      string
	Agent      string
	Why        orchestrator.OfferFailure
	MaxMiss    int  // 0 is never
	Tell       bool // the owner of the PBX is told that the offer was taken back
	Unanswered bool // one that was answered is left alone
	Rest       time.Duration
	RestLong   time.Duration // after busy and unreachable, until the phone shows a sign of life
	RestMost   time.Duration // both rests are twice as long each time in a row, up to this
	Keep       time.Duration // for so long the place of a call that leaves is kept for its caller
	CallID     string        // offer id for the call's next agent
	AgentID    string        // offer id for the agent's next call
}

// FailResult is what came of it. Failed is false when the offer was not in force.
type FailResult struct {
	Failed   bool
	ForCall  *OfferRecord // the call's next agent
	ForAgent *OfferRecord // the agent's next call
	Position int          // of the call, when it waits
	Answered bool         // the offer was: the call is back by the rings that it had when it was
}

// FinishOrder ends an answered offer.
type FinishOrder struct {
	Offer   string
	Agent   string
	WrapUp  time.Duration
	Talked  time.Duration
	OfferID string
	Keep    time.Duration // how long it is kept in mind that the agent served the caller
	Closing Closing
}

// Closing is what holds for an agent after a call, for the store's scripts.
type Closing struct {
	MoreMS int64 `json:"more_ms"` // by so much each time wrap-up is extended; 0: it is not
	MostMS int64 `json:"most_ms"` // up to so much
	// Required keeps the agent in wrap-up until the call has a disposition; Default is what it gets at the end.
	Required bool   `json:"required"`
	Default  *Given `json:"default,omitempty"`
}

// ExtendOrder asks for more time to finish.
type ExtendOrder struct {
	Station *Station
	By      string
}

// FinishResult is what came of it.
type FinishResult struct {
	Finished bool // false when there is no such offer
	Open     bool // the offer is not answered yet: nothing was changed
	Offer    *OfferRecord
}

// ChangeOrder is an agent's wish. Trigger is OnLogin, OnLogout, OnPause, OnResume or OnWrapped.
type ChangeOrder struct {
	Station    *Station
	Trigger    Trigger
	Reason, By string
	OfferID    string
	OnPhone    time.Duration // how long the phone that asked may be in that call; 0 when it is not the agent's
	Allow      *Allowance    // of a pause with a reason that is defined
}

// DisposeOrder gives a disposition.
type DisposeOrder struct {
	Station *Station
	Means   []map[string]Given // of each, what it is in each queue; anyQueue for the rest
	Several map[string]int     // how many a call of a queue may have, where that is not one
	Notes   string
	By      string
	OfferID string
	OnPhone time.Duration // as in ChangeOrder
}

// ChangeResult is the answer to an agent's wish.
type ChangeResult struct {
	Result ChangeOutcome
	State  State // after
	Offer  *OfferRecord
	Over   Over // of a pause: the limit that it is, or would be, beyond
	// Of ChangeUnfit and ChangeSeveral: which of DisposeOrder.Means is meant, and the call's queue.
	Which int // from 0
	Queue string
}

// ChangeOutcome is what came of an agent's wish, as the store tells it.
type ChangeOutcome string

// Outcomes of Change and Dispose.
const (
	ChangeDone    ChangeOutcome = "ok"
	ChangeLater   ChangeOutcome = "later"           // remembered until the call ends
	ChangeRefused ChangeOutcome = "refused"         // the state does not allow it
	ChangeNothing ChangeOutcome = "nothing"         // no call to give a disposition to
	ChangeUnfit   ChangeOutcome = "bad_disposition" // not a disposition of the call's queue
	ChangeOwes    ChangeOutcome = "owes"            // the call needs a disposition first
	ChangeSeveral ChangeOutcome = "several"         // too many dispositions
	ChangeNoMore  ChangeOutcome = "no_more"         // wrap-up is as long as it may be
	ChangeOver    ChangeOutcome = "over"            // a pause beyond its limits
	ChangeBehind  ChangeOutcome = "behind"          // who logs in is not on record, and other definitions are in force
)

// DeadlineKind says what falls due.
type DeadlineKind string

// Kinds of deadlines. The strings are stored.
const (
	DueOffer DeadlineKind = "offer" // id is an offer
	DueWrap  DeadlineKind = "wrap"  // id is an agent: wrap-up ends
	DueRest  DeadlineKind = "rest"  // id is an agent: the rest after a failed offer ends
	DuePause DeadlineKind = "pause" // id is an agent: what the day allows of the pause is looked at anew
	DueLook  DeadlineKind = "look"  // id is an agent: more calls wait in more lanes than were looked at at once
	DueRing  DeadlineKind = "ring"  // id is a call: it has waited long enough for more agents
)

// WakeOrder has an agent looked at of whom something is due.
type WakeOrder struct {
	Agent   string
	Kind    DeadlineKind          // DueWrap, DueRest, DuePause or DueLook
	Allow   map[string]*Allowance // of DuePause, by reason
	OfferID string
}

// Deadline is something that fell due.
type Deadline struct {
	PBX     string
	Kind    DeadlineKind
	ID      string
	Claimed float64 // its score since it was claimed
}

// ReasonMissed is the pause reason of an agent who missed too many calls in a row.
const ReasonMissed = "missed"

// ReasonRemoved is the reason of a logout because the definition is gone or the phone changed.
const ReasonRemoved = "removed"
