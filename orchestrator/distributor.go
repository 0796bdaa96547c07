package orchestrator

import (
	"context"
	"time"
)

// Distributor decides who waits and who serves. acd implements it. All its
// methods are idempotent by call id or offer id and safe for concurrent use.
// Offers are passed whole, as they were made: what is known need not be read.
type Distributor interface {
	// Enqueue puts a call in a queue and tries to match it, in one atomic step.
	// A call that is in the queue already by the same visit keeps its place and
	// gets the same answer again (also its standing offer, if any). One that is
	// in a queue by an earlier visit moves; by a later one, the answer is PlacedOut.
	Enqueue(ctx context.Context, w Waiting) (Placement, error)
	// Leave takes a call out of its queue as far as it is there by that visit, or
	// an earlier one: it hung up (LeftLine), timed out or pressed the exit key. A standing
	// offer is withdrawn without blame for the agent. Nothing happens when the
	// call is there by a later visit, or not at all.
	Leave(ctx context.Context, call string, visit int, why string) error
	// Place tells where a call stands in its queue: 1 is next; 0 is not waiting; and how
	// long it has to wait yet, 0 when nobody can tell.
	Place(ctx context.Context, call string) (position int, estimate time.Duration, err error)

	// Answered takes an offer up. False means the offer is no longer valid
	// (expired, withdrawn): the agent's leg must be hung up. Other offers of the call are
	// taken back in the same step, and Desk tells of it (OfferElsewhere).
	Answered(ctx context.Context, o Offer) (bool, error)
	// Talking tells that the agent of an offer talks with its call already, whether
	// or not the offer stands: it holds the agent as an answered one does, and the
	// call is in no queue. False means that it does not: the agent is logged out,
	// or in another conversation.
	Talking(ctx context.Context, o Offer) (bool, error)
	// Dial holds an agent for a call that the agent makes on behalf of a queue, in
	// one step: an agent who is offered a call, or talks, is not to be had. The
	// offer counts as answered from the start, so no call reaches the agent until it
	// is finished, or has failed. Asked again for the same call it gives the same answer.
	Dial(ctx context.Context, d Dialling) (Dialled, error)
	// Failed ends an offer that came to nothing. The call keeps its place and
	// its waiting time and may be matched again at once (Placement.Offer).
	// After OfferCancelled or OfferAbandoned the call is out of the queue.
	Failed(ctx context.Context, o Offer, why OfferFailure) (Placement, error)
	// Finished ends an answered offer: the agent goes to wrap-up. talked is the conversation's length.
	Finished(ctx context.Context, o Offer, talked time.Duration) error

	// Away tells that a PBX cannot be commanded, and has been so for a while: its calls keep
	// their places in queues, and agents who may serve other PBXs' calls are matched with
	// none of them. Who is being rung for one is free again. It returns how much was
	// otherwise before. What is told under an earlier lease than the last changes nothing.
	Away(ctx context.Context, l Lease) (changed int, err error)
	// Back tells that it can be: those of its calls that go on waiting have their places
	// back, with what they had waited and reached.
	Back(ctx context.Context, l Lease, waits func(call string) bool) (changed int, err error)
	// Desk tells the owner of a PBX, until ctx ends, of every offer made for its
	// calls and of every offer taken back, from whichever process: first the
	// offers that stand unanswered, then each as it is made. After trouble with
	// the store it tells those that stand once more. A notice may come twice.
	Desk(ctx context.Context, pbx string, tell func(DeskNotice)) error
	// Holding lists what the distributor holds for the calls of a PBX, so that
	// what belongs to no live call can be ended.
	Holding(ctx context.Context, pbx string) (Holding, error)
	// Heal mends what a store that lost something left behind for a PBX, and
	// returns how much that was: nothing in a healthy run.
	Heal(ctx context.Context, pbx string) (mended int, err error)
}

// DeskNotice tells of an offer: that it is made, or, with Withdrawn, why it was
// taken back (deadline passed, call left or moved): the agent's leg must be hung up.
// With Deserted it tells of a queue instead.
type DeskNotice struct {
	Offer     Offer
	Withdrawn OfferFailure // "": the offer is made
	Deserted  string       // or: nobody is logged in to this queue any more, and it lets callers go then
}

// Holding is what the distributor holds for the calls of a PBX.
type Holding struct {
	Offers  []Offer        // in force, ringing or talking
	Waiting map[string]int // calls in queues, waiting or offered: call -> visit
	// Deserted are the queues that let callers go when nobody is logged in, and to
	// which nobody is.
	Deserted []string
}

// Waiting asks for a place in a queue.
type Waiting struct {
	Call, PBX, Queue string
	Visit            int // the number of the call's stay in a queue, growing
	Caller           Party
	Language         string
	Priority         int // each point counts as so long waited as the queue says
	Sought           Sought
	Entered          time.Time // start of the wait; a re-queued call keeps its first
	// Of is, in an agent's own queue, the queue that the call came from: its wrap-up
	// and outcomes are those of the conversation.
	Of string
	// Since is when its stay in this queue began, for one that has left the queue
	// and keeps what it had reached there; zero is now.
	Since time.Time
	Work  Work
	// Instead is the callback whose place it has, on the line: that leaves the queue in the
	// same step, unless an agent is being rung for it.
	Instead string
	Kept    Kept // which it has got back before, in this queue or one before it
	// One phone rings for it at a time, whatever the queue says.
	One bool
}

// Kept is the place of a caller who hung up while they waited, or was cut off, and calls again.
type Kept struct {
	Since int64  `json:"since"` // unix ms: when they had begun to wait
	Call  string `json:"call"`  // the earlier call
}

// Work is what waits in a queue. The strings are stored.
type Work string

// Kinds of work.
const (
	WorkCall Work = "" // somebody who is on the line
	// WorkCallback is a customer who is to be called back. Nobody is on the line, and
	// the queue need not take it in: it had its place before.
	WorkCallback Work = "callback"
)

// Sought is what a caller asks for in a queue, beyond what the queue says for all.
type Sought struct {
	Needs    string            `json:"needs,omitempty"`    // what an agent must be able to do: a requirement as queues have them
	About    map[string]string `json:"about,omitempty"`    // what requirements may ask of the call
	Tier     int               `json:"tier,omitempty"`     // above 0 it is an emergency: before all of a lower tier
	Prefer   string            `json:"prefer,omitempty"`   // the agent whom the caller waits for first
	Patience time.Duration     `json:"patience,omitempty"` // for so long
	Ahead    time.Duration     `json:"ahead,omitempty"`    // it counts as if it had waited so much longer
}

// Placement answers Enqueue and Failed.
type Placement struct {
	Result   PlacementResult `json:"result"`
	Offer    *Offer          `json:"offer,omitempty"` // set when Result is PlacedOffered
	Position int             `json:"position,omitempty"`
	Plan     QueuePlan       `json:"plan"`
	// Of who waits: how many agents of the queue are logged in, after which further waits
	// more of them may serve, and how long a wait is expected, 0 when nobody can tell.
	Staff    int             `json:"staff,omitempty"`
	Widens   []time.Duration `json:"widens,omitempty"`
	Expected time.Duration   `json:"expected,omitempty"`
	// What the call has in the queue, by what was asked for and by who the caller is:
	// the name under which definitions know the number, and the agent whom the call waits
	// for first; Last: because that agent served the caller before.
	Known    string        `json:"known,omitempty"`
	Priority int           `json:"priority,omitempty"`
	Worth    time.Duration `json:"worth,omitempty"` // what that counts as, of time waited
	Tier     int           `json:"tier,omitempty"`
	Prefer   string        `json:"prefer,omitempty"`
	Patience time.Duration `json:"patience,omitempty"`
	Last     bool          `json:"last,omitempty"`
	Kept     Kept          `json:"kept,omitzero"`    // the place that it has for an earlier call of the caller
	Skills   []string      `json:"skills,omitempty"` // that the queue, as one enters, or the call asks for
}

// PlacementResult is what came of asking for a place. The strings of refusals are outcome edges of flows.
type PlacementResult string

// Results of Enqueue and Failed.
const (
	PlacedWaiting PlacementResult = "waiting"
	PlacedOffered PlacementResult = "offered"
	RefusedClosed PlacementResult = "closed"      // out of the queue's hours
	RefusedEmpty  PlacementResult = "no_agents"   // nobody is logged in and the queue does not admit then
	RefusedUnfit  PlacementResult = "unqualified" // nobody is logged in who can do what is asked for, and the queue does not admit then
	RefusedFull   PlacementResult = "full"        // the queue's maximum length is reached
	RefusedLong   PlacementResult = "long_wait"   // too long a wait is expected
	RefusedQueue  PlacementResult = "unknown"     // no such queue
	PlacedOut     PlacementResult = "out"         // the call is not in the queue any more
)

// Refusals are the results by which a queue does not take a caller, or sends one away.
var Refusals = []PlacementResult{RefusedClosed, RefusedEmpty, RefusedUnfit, RefusedFull, RefusedLong, RefusedQueue}

// QueuePlan is what a queue's definition says about the caller's wait and talk.
type QueuePlan struct {
	MusicClass       string            `json:"music,omitempty"`
	MusicIn          map[string]string `json:"music_in,omitempty"`          // class for callers of a language, instead
	MaxWait          time.Duration     `json:"max_wait,omitempty"`          // 0 is no limit of the queue's own
	AnnounceEvery    time.Duration     `json:"announce_every,omitempty"`    // 0 announces nothing
	AnnounceFirst    time.Duration     `json:"announce_first,omitempty"`    // after entering
	AnnouncePosition bool              `json:"announce_position,omitempty"` // speak the position
	AnnounceWait     bool              `json:"announce_wait,omitempty"`     // speak the wait that is expected
	AnnouncePrompts  []string          `json:"announce_prompts,omitempty"`  // sounds played in turn after the position
	ExitKey          string            `json:"exit_key,omitempty"`          // digits each of which leaves the queue
	Record           bool              `json:"record,omitempty"`            // record the conversation
	RecordFormat     string            `json:"record_format,omitempty"`     // "wav"
	MaxTalk          time.Duration     `json:"max_talk,omitempty"`          // 0 is the engine's limit
	Whisper          string            `json:"whisper,omitempty"`           // sound that an agent on a permanent line hears as a call comes
	CallerID         string            `json:"caller_id,omitempty"`         // shown to whom its agents call
	Callback         *CallbackPlan     `json:"callback,omitempty"`          // nil: nobody is called back
	LeaveWhenEmpty   bool              `json:"leave_when_empty,omitempty"`  // who waits goes on when the last agent logs out
}

// CallbackPlan is what a queue's definition says about calling back who waited in it.
type CallbackPlan struct {
	CustomerFirst bool          `json:"customer_first,omitempty"` // the customer's phone is rung before the agent's
	Attempts      int           `json:"attempts"`                 // most times that the customer's phone is rung
	Retry         time.Duration `json:"retry"`                    // from one that nobody answered to the next
	RetryBusy     time.Duration `json:"retry_busy"`               // from one that was busy
	Ring          time.Duration `json:"ring"`
	Expires       time.Duration `json:"expires"` // after it was asked for
	Whisper       string        `json:"whisper,omitempty"`
	Greeting      string        `json:"greeting,omitempty"` // what the customer hears who is rung first
}

// Offer is one call offered to one agent. It stands until Answered, Failed or its deadline.
type Offer struct {
	ID         string        `json:"id"`
	Call       string        `json:"call"`
	Visit      int           `json:"visit,omitempty"` // the call's stay in a queue
	PBX        string        `json:"pbx"`
	Queue      string        `json:"queue"`
	Agent      string        `json:"agent"`
	Endpoint   string        `json:"endpoint"` // the agent's phone: "PJSIP/101"
	Ring       time.Duration `json:"ring"`     // how long the phone may ring
	AutoAnswer bool          `json:"auto_answer,omitempty"`
	Language   string        `json:"language,omitempty"`  // the agent's
	PhonePBX   string        `json:"phone_pbx,omitempty"` // where the phone is registered; "" is PBX
	Answered   bool          `json:"answered,omitempty"`
	Makes      bool          `json:"makes,omitempty"` // the agent makes the call
	Of         string        `json:"of,omitempty"`    // Waiting.Of
	All        bool          `json:"all,omitempty"`   // the call may have other offers at the same time: the first that is answered ends them
	Match      Match         `json:"match,omitzero"`
}

// Match is how an offer came about, for who asks why. Times are milliseconds.
type Match struct {
	Freed    bool   `json:"freed,omitempty"`     // the agent became free, and the call was next; else the agent was free when the call looked for one
	Strategy string `json:"strategy,omitempty"`  // of the queue: in which order it looked through those who were free
	Relaxed  int    `json:"relaxed,omitempty"`   // how often more agents had been let serve the call by then
	Alone    bool   `json:"alone,omitempty"`     // it waited for this agent alone
	Eased    int    `json:"eased,omitempty"`     // how often too long a wait was expected, and more agents were let serve it at once
	Tier     int    `json:"tier,omitempty"`      // of the call; above 0 it is an emergency
	WaitedMS int64  `json:"waited_ms,omitempty"` // by the call, in this stay
	FreeMS   int64  `json:"free_ms,omitempty"`   // how long the agent had been free
}

// OfferFailure is why an offer came to nothing.
type OfferFailure string

// Reasons of Failed, with their consequence for the agent.
const (
	OfferNoAnswer    OfferFailure = "no_answer"   // counts as a miss
	OfferRejected    OfferFailure = "rejected"    // counts as a miss
	OfferBusy        OfferFailure = "busy"        // phone in another call: passed over until it is free
	OfferUnreachable OfferFailure = "unreachable" // phone not registered: passed over until it is back
	OfferCancelled   OfferFailure = "cancelled"   // the caller left first: no blame, no change
	OfferAbandoned   OfferFailure = "abandoned"   // the same: they hung up or were cut off, and may have their place back
	OfferElsewhere   OfferFailure = "elsewhere"   // another, whose phone rang at the same time, has answered: no blame, no change
	OfferError       OfferFailure = "error"       // operadora or the PBX failed: no blame
)

// Leaves tells whether the call is out of its queue thereby.
func (f OfferFailure) Leaves() bool { return f == OfferCancelled || f == OfferAbandoned }

// LeftLine is why a call leaves its queue whose caller hung up or was cut off: it
// may have its place back when it calls again (Distributor.Leave).
const LeftLine = "hangup"

// Agents carries out what an agent asks for. acd implements it.
type Agents interface {
	Do(ctx context.Context, cmd AgentCommand) (AgentAnswer, error)
}

// AgentOp is something an agent can do from phone, page or command line.
type AgentOp string

// Agent operations.
const (
	AgentLogin   AgentOp = "login"
	AgentLogout  AgentOp = "logout" // while in a call: after it ("finish after this call")
	AgentPause   AgentOp = "pause"  // with Reason; while in a call: after it
	AgentResume  AgentOp = "resume"
	AgentDispose AgentOp = "dispose" // give a disposition, and end wrap-up
	AgentExtend  AgentOp = "extend"  // more time for wrap-up
	// AgentLine logs in with a permanent line, or puts a permanent line back. The
	// line itself is opened by the engine.
	AgentLine AgentOp = "line"
	// AgentLineUp and AgentLineDown tell that the agent's permanent line is there,
	// or no longer: the agent is paused meanwhile (ReasonLine), unless for another
	// reason. AgentLook asks for the agent's state. Nobody but the engine gives them.
	AgentLineUp   AgentOp = "line_up"
	AgentLineDown AgentOp = "line_down"
	AgentLook     AgentOp = "look"
	// Those of the present conversation: its customer goes to To; To is asked beside
	// the customer; and what follows. Agents.Do says which call that is
	// (AgentAnswer.Call); the engine carries it out.
	AgentTransfer   AgentOp = "transfer"
	AgentConsult    AgentOp = "consult"
	AgentComplete   AgentOp = "complete"
	AgentSwap       AgentOp = "swap"
	AgentCancel     AgentOp = "cancel"
	AgentConference AgentOp = "conference"
	// AgentSupervise lets an agent listen to another, To, as their supervisor. It is
	// told and carried out the same way.
	AgentSupervise AgentOp = "supervise"
)

// OfCall tells whether an operation is about the agent's present conversation.
func (o AgentOp) OfCall() bool {
	switch o {
	case AgentTransfer, AgentConsult, AgentComplete, AgentSwap, AgentCancel, AgentConference:
		return true
	case AgentLogin, AgentLogout, AgentPause, AgentResume, AgentDispose, AgentExtend, AgentLine, AgentLineUp, AgentLineDown, AgentLook, AgentSupervise:
	}
	return false
}

// AgentCommand is one operation. The agent is named by id or by the phone it came from.
type AgentCommand struct {
	Op          AgentOp
	Agent       string   // id; or
	Endpoint    string   // "PJSIP/101"
	PBX         string   // where Endpoint is
	PIN         string   `json:"-"` // checked when the agent has one and Trusted is false; never stored
	Trusted     bool     // asked through the API by an authorised role
	Reason      string   // pause reason: a name or its digit
	Override    bool     `json:",omitempty"` // of a pause, when Trusted: also beyond the limits of its reason
	Disposition string   // a name or its digits; by phone several, parted by *
	Also        []string `json:",omitempty"` // dispositions beside it
	Notes       string   `json:",omitempty"` // with them: what is to be known of the call
	To          string   `json:",omitempty"` // of AgentTransfer, AgentConsult and AgentSupervise: what was dialled
	By          string   // who asked, for the journal: "phone", "api:<token name>", "cli"
	// OnLine means that the agent has a permanent line: calls come there, whatever
	// the phone that asks is doing.
	OnLine bool `json:",omitempty"`
}

// ReasonLine is the pause reason of an agent whose permanent line is gone.
const ReasonLine = "line"

// ReasonPreview is the pause reason of an agent who did not say whether a lead is called.
const ReasonPreview = "preview"

// ByOperadora is who asks for what nobody has asked for.
const ByOperadora = "operadora"

// AgentAnswer is what came of it. Result strings are outcome edges of flows.
type AgentAnswer struct {
	Result   AgentResult
	Agent    string
	Language string
	State    string // the agent's state now
	Over     string `json:",omitempty"` // of a pause, the limit of its reason that it is, or would be, beyond: time, times, at_once
	Call     string `json:",omitempty"` // of operations of a conversation: its call
	Phone    Phone  `json:",omitzero"`  // of AgentLine and AgentLook: where the agent is
	Wrong    Wrong  `json:",omitzero"`  // of AgentBadDisposition, where more can be said than that
}

// Wrong is what is wrong with a value that was given: Field names it, and "<value> is" goes before Why.
type Wrong struct{ Field, Value, Why string }

// Phone is an agent's phone.
type Phone struct {
	PBX        string `json:"pbx"`
	Endpoint   string `json:"endpoint"`
	Language   string `json:"language,omitempty"`    // the agent's
	AutoAnswer bool   `json:"auto_answer,omitempty"` // it is asked to pick up by itself
}

// AgentResult is the outcome of an operation, in words a flow can branch on.
type AgentResult string

// Results of Agents.Do. Those but AgentOK changed nothing.
const (
	AgentOK              AgentResult = "ok"
	AgentLater           AgentResult = "later"   // accepted, takes effect after the current call
	AgentUnknown         AgentResult = "unknown" // no such agent, or no agent at that phone
	AgentBadPIN          AgentResult = "bad_pin"
	AgentLocked          AgentResult = "locked"  // too many wrong PINs: no PIN is looked at for a while
	AgentAlready         AgentResult = "already" // in that state already
	AgentNotLoggedIn     AgentResult = "not_logged_in"
	AgentElsewhere       AgentResult = "elsewhere"         // logged in at another phone
	AgentBusy            AgentResult = "busy"              // in a call, or being offered one
	AgentPhoneBusy       AgentResult = "phone_busy"        // the phone is in another call
	AgentBadQueue        AgentResult = "bad_queue"         // no such queue, or the agent does not serve it
	AgentBadReason       AgentResult = "bad_reason"        // unknown pause reason
	AgentOwes            AgentResult = "outcome_needed"    // the call needs a disposition first
	AgentTooManyOutcomes AgentResult = "too_many_outcomes" // more dispositions than a call of the queue may have
	AgentNoMore          AgentResult = "no_more"           // wrap-up is as long as it may be
	AgentUsedUp          AgentResult = "used_up"           // the day's pauses for that reason are
	AgentTooMany         AgentResult = "too_many"          // as many agents as may at once pause for that reason
	AgentBadDisposition  AgentResult = "bad_disposition"   // unknown disposition
	AgentNothingToClose  AgentResult = "nothing"           // no call to dispose of, or to transfer
	AgentRefused         AgentResult = "refused"           // the call cannot go there
)
