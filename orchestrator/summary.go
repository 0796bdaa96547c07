package orchestrator

// CallKind is why a call is with us. The strings are the first dialplan argument.
type CallKind string

// Kinds of calls.
const (
	KindInbound CallKind = "inbound"
	KindFeature CallKind = "feature" // an agent's phone dialled a feature code
	// KindOutbound is made by an agent on behalf of a queue. Its Caller is whom it
	// is for, and its DID the number shown to them.
	KindOutbound CallKind = "outbound"
	// KindCallback calls back a customer who did not want to wait in a queue. Its
	// Caller is whom it is for.
	KindCallback CallKind = "callback"
	// KindCampaign is an attempt to reach a lead of a campaign. Its Caller is the lead,
	// and its DID the number shown to them.
	KindCampaign CallKind = "campaign"
)

// CallSummary is a call as its record shows it. Times are unix milliseconds, 0 is "never".
type CallSummary struct {
	Call        string   `json:"call"`
	PBX         string   `json:"pbx"`
	Kind        CallKind `json:"kind"`
	DID         string   `json:"did,omitempty"`
	Caller      Party    `json:"caller"`
	Language    string   `json:"language,omitempty"`
	StartedAt   int64    `json:"started_at"`
	AnsweredAt  int64    `json:"answered_at,omitempty"`
	QueuedAt    int64    `json:"queued_at,omitempty"`
	ConnectedAt int64    `json:"connected_at,omitempty"` // first conversation
	PartedAt    int64    `json:"parted_at,omitempty"`    // end of the last conversation
	EndedAt     int64    `json:"ended_at,omitempty"`
	WaitMS      int64    `json:"wait_ms,omitempty"`     // from queue entry to connection or leaving
	ExpectedMS  int64    `json:"expected_ms,omitempty"` // the wait that was expected when it first began; 0: nobody could tell
	TalkMS      int64    `json:"talk_ms,omitempty"`
	Queue       string   `json:"queue,omitempty"`
	Agent       string   `json:"agent,omitempty"` // who served it
	Offers      int      `json:"offers,omitempty"`
	Outcome     Outcome  `json:"outcome,omitempty"`
	EndedBy     string   `json:"ended_by,omitempty"` // caller, agent, number (outside), operadora, pbx
	Cause       Cause    `json:"cause,omitempty"`
	Recording   string   `json:"recording,omitempty"`
	Voicemail   string   `json:"voicemail,omitempty"`
	Path        []string `json:"path,omitempty"`     // flow nodes entered, in order; at most 200
	Adopted     int      `json:"adopted,omitempty"`  // how often another process took the call over
	Callback    string   `json:"callback,omitempty"` // the call by which the caller is called back who asked for it
	AskedBy     string   `json:"asked_by,omitempty"` // of KindCallback: the call in which it was asked for, "" for staff
	Attempts    int      `json:"attempts,omitempty"` // of KindCallback: how often the customer's phone was rung; of KindCampaign: which attempt to reach the lead it is
	Campaign    string   `json:"campaign,omitempty"`
	Lead        string   `json:"lead,omitempty"`       // of the campaign: its id
	Heard       Verdict  `json:"heard,omitempty"`      // of KindCampaign: what the PBX made of who answered; "" where it was not asked
	Sampled     bool     `json:"sampled,omitempty"`    // was put through although the PBX took it for a machine
	Machine     string   `json:"machine,omitempty"`    // who found that a machine answered: pbx or agent
	GreetedAt   int64    `json:"greeted_at,omitempty"` // when who answered had said their greeting, as the PBX heard it
}

// Outcome is how a call ended, in one word. The strings are stored.
type Outcome string

// Outcomes.
const (
	OutcomeServed      Outcome = "served"      // talked with an agent
	OutcomeAbandoned   Outcome = "abandoned"   // hung up while waiting in a queue
	OutcomeLeft        Outcome = "left"        // hung up in the menu
	OutcomeCompleted   Outcome = "completed"   // the flow came to its end
	OutcomeVoicemail   Outcome = "voicemail"   // left a message
	OutcomeTransferred Outcome = "transferred" // handed on
	OutcomeRejected    Outcome = "rejected"    // unknown number or nothing defined
	OutcomeTerminated  Outcome = "terminated"  // somebody of the staff ended it before it was served
	OutcomeFailed      Outcome = "failed"      // operadora could not serve it
	OutcomeQueueGone   Outcome = "queue_gone"  // waited, or was to wait, in a queue that is not defined (any more), and the flow had nothing else for it
	OutcomeAway        Outcome = "away"        // operadora was away, and the PBX served it by its own means
	OutcomeRefused     Outcome = "refused"     // of one that an agent wanted to make: the gate, or the agent's own state, forbids it
	OutcomeCancelled   Outcome = "cancelled"   // the agent gave up, or was never there, before the customer answered
	OutcomeBusy        Outcome = "busy"        // the number called is busy
	OutcomeNoAnswer    Outcome = "no_answer"   // the number called does not answer
	OutcomeUnreachable Outcome = "unreachable" // the network does not reach the number called
	OutcomeInvalid     Outcome = "invalid"     // of KindCampaign: there is no such number
	OutcomeCongested   Outcome = "congested"   // of KindCampaign: the network or the trunk had no way at that moment
	OutcomeDeclined    Outcome = "declined"    // of KindCampaign: the side called rejected the call
	OutcomeMachine     Outcome = "machine"     // of KindCampaign: a machine answered
	OutcomeSkipped     Outcome = "skipped"     // of KindCampaign: the agent who previewed the lead did not want them called, or did not say in time
	OutcomeWithdrawn   Outcome = "withdrawn"   // of KindCampaign: the agent who was to make the call was not there, or the campaign stopped; nobody was called
	OutcomeCallback    Outcome = "callback"    // is to be called back
	OutcomeExpired     Outcome = "expired"     // of KindCallback: nobody could call in time
	OutcomeLost        Outcome = "lost"        // the PBX lost it, or it vanished while nobody looked
)

// Outcomes are all of them.
var Outcomes = []Outcome{
	OutcomeServed, OutcomeAbandoned, OutcomeLeft, OutcomeCompleted, OutcomeVoicemail, OutcomeTransferred,
	OutcomeRejected, OutcomeTerminated, OutcomeFailed, OutcomeQueueGone, OutcomeAway, OutcomeRefused,
	OutcomeCancelled, OutcomeBusy, OutcomeNoAnswer, OutcomeUnreachable, OutcomeCallback, OutcomeExpired,
	OutcomeLost, OutcomeInvalid, OutcomeCongested, OutcomeDeclined, OutcomeMachine,
	OutcomeSkipped, OutcomeWithdrawn,
}
