package orchestrator

import (
	"context"
	"encoding/json"
	"time"
)

// EntryType names a journal entry. The strings are stored: never rename one.
type EntryType string

// Journal entries. Data is the JSON named behind each.
const (
	EntryCallStarted   EntryType = "call.started"   // CallSummary
	EntryCallAnswered  EntryType = "call.answered"  // {}
	EntryCallNode      EntryType = "call.node"      // Note
	EntryCallQueued    EntryType = "call.queued"    // {"queue","priority"}
	EntryCallRefused   EntryType = "call.refused"   // {"queue","result"}: the queue did not admit it
	EntryCallUnqueued  EntryType = "call.unqueued"  // {"queue","why","wait_ms"}
	EntryCallOffered   EntryType = "call.offered"   // {"queue","agent","offer"}
	EntryCallRinging   EntryType = "call.ringing"   // {"agent"}
	EntryCallMissed    EntryType = "call.missed"    // {"agent","why"}: an offer came to nothing
	EntryCallConnected EntryType = "call.connected" // {"agent","wait_ms"}
	EntryCallParted    EntryType = "call.parted"    // {"agent","by","talk_ms"}: the conversation ended
	EntryCallRecording EntryType = "call.recording" // {"recording","state"}: started, muted, unmuted, finished, failed
	EntryCallTransfer  EntryType = "call.transfer"  // {"destination","result"}; the destination is masked
	EntryCallFault     EntryType = "call.fault"     // {"what","error"}: a command failed or a deadline passed
	EntryCallEnded     EntryType = "call.ended"     // CallSummary, complete
	EntryAgentState    EntryType = "agent.state"    // AgentChange
	EntryAgentDisposed EntryType = "agent.disposed" // {"call","queue","disposition","by"}
	EntryPBXState      EntryType = "pbx.state"      // {"state":"connected|disconnected|replaced","error"}
)

// Entry is one line of the journal. It is appended by the same atomic script
// that makes the change it tells of.
type Entry struct {
	ID    string          `json:"id,omitempty"` // given by the journal; ordered
	Type  EntryType       `json:"type"`
	At    time.Time       `json:"at"` // millisecond precision
	Call  string          `json:"call,omitempty"`
	Agent string          `json:"agent,omitempty"`
	Queue string          `json:"queue,omitempty"`
	PBX   string          `json:"pbx,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// AgentChange is the data of agent.state.
type AgentChange struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason,omitempty"` // pause reason or cause of the change
	Device string `json:"device,omitempty"` // the phone's state now
	Call   string `json:"call,omitempty"`
	By     string `json:"by,omitempty"`
}

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
	WaitMS      int64    `json:"wait_ms,omitempty"` // from queue entry to connection or leaving
	TalkMS      int64    `json:"talk_ms,omitempty"`
	Queue       string   `json:"queue,omitempty"`
	Agent       string   `json:"agent,omitempty"` // who served it
	Offers      int      `json:"offers,omitempty"`
	Outcome     Outcome  `json:"outcome,omitempty"`
	EndedBy     string   `json:"ended_by,omitempty"` // caller, agent, operadora, pbx
	Cause       Cause    `json:"cause,omitempty"`
	Recording   string   `json:"recording,omitempty"`
	Voicemail   string   `json:"voicemail,omitempty"`
	Path        []string `json:"path,omitempty"`    // flow nodes entered, in order; at most 200
	Adopted     int      `json:"adopted,omitempty"` // how often another process took the call over
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
	OutcomeFailed      Outcome = "failed"      // operadora could not serve it
	OutcomeLost        Outcome = "lost"        // the PBX lost it, or it vanished while nobody looked
)

// Journal is read by those who tell others: the recorder, pages, lamps.
type Journal interface {
	// Tail calls fn for every entry after id ("" is the beginning, "$" is
	// from now on) in order, waiting for new ones, until ctx ends or fn fails,
	// or with ErrRewound when the journal turns out not to hold the entry after
	// which it reads.
	Tail(ctx context.Context, after string, fn func([]Entry) error) error
	// Last returns the id of the newest entry, "" when there is none.
	Last(ctx context.Context) (string, error)
}
