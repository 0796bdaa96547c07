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
	EntryCallQueued    EntryType = "call.queued"    // {"queue","priority","priority_ms","ahead_ms","needs","tier","prefer","patience_ms","last_agent","known","skills","kept_of","kept_since"}, with what the caller gets for being known, and of who waits {"position","staff","expected_ms","widens_ms"}: agents logged in, the wait yet to come, and the waits after which more may serve
	EntryCallRefused   EntryType = "call.refused"   // {"queue","result"}: the queue did not admit it
	EntryCallUnqueued  EntryType = "call.unqueued"  // {"queue","why","wait_ms"}
	EntryCallOffered   EntryType = "call.offered"   // {"queue","agent","offer","line","match","about","script"}; line: on a permanent line; match: Match; about, script: of a lead, Attempt
	EntryCallRinging   EntryType = "call.ringing"   // {"agent"}
	EntryCallMissed    EntryType = "call.missed"    // {"agent","why"}: an offer came to nothing
	EntryCallConnected EntryType = "call.connected" // {"agent","wait_ms","expected_ms","dialled","taken_over","called_back_ms"}; expected_ms: what wait_ms was expected to be when the call came to this queue; dialled: the agent made the call, and nobody has waited; taken_over: from another agent, by a supervisor; called_back_ms: since the callback was asked for
	EntryCallParted    EntryType = "call.parted"    // {"agent","number","by","talk_ms","hold_ms"}: the conversation ended; hold_ms: how much of it the customer heard music; number, masked: of an outside number, without an agent; by: caller, agent, number, transfer, operadora, pbx
	EntryCallRecording EntryType = "call.recording" // {"recording","state","by","role","agent","number","mailbox"}: RecordingNews; mailbox: of a message, whose people are told of it; role, agent and number (masked): who talks with the customer
	EntryCallMailed    EntryType = "call.mailed"    // MailTold: somebody was told by mail of a message, or not
	EntryCallTransfer  EntryType = "call.transfer"  // {"destination","kind","result","by","reason","front","error"}; a number is masked; kind and by: of a transfer that a person asked for; result moved: from queue to queue
	EntryCallConsult   EntryType = "call.consult"   // {"destination","kind","result","by","guest","error"}: an agent asks somebody beside the customer, and what became of it; guest: who was found, an agent or a masked number
	EntryCallDialled   EntryType = "call.dialled"   // {"destination","result","error","attempt"}: of a call that an agent makes, and of a callback; result: denied, a refusal about the agent, dialling, ringing, answered, or the outcome
	EntryCallCallback  EntryType = "call.callback"  // {"queue","destination","result","callback","error"}: a caller is to be called back, or not; {"attempt","result","next_at"}: what came of calling one
	EntryCallMessage   EntryType = "call.message"   // {"state":"playing|heard|cut|failed|none","sounds","language","answered_ms","within_ms"}: what a lead is played for whom no agent was there in time; answered_ms: since the answer; within_ms: how long they might wait
	EntryCallMachine   EntryType = "call.machine"   // {"state":"heard|marked|leaving|left|cut|failed|none","verdict","by","sampled","after","sounds","language","again","greeted_ms","answered_ms"}: heard: Verdict, of the PBX; greeted_ms: until the end of the greeting; marked: an agent says that it is a machine; leaving to none: the message to it, after a beep or silence, how often begun anew; answered_ms: since the answer
	EntryCallPreview   EntryType = "call.preview"   // {"state":"given|dial|skip","agent","limit_ms","then","about","script","by","disposition"}: an agent is to say whether a lead is called, by when, and what becomes of it else; and what was said, by whom
	EntryCallHeld      EntryType = "call.held"      // {"by","phone"}: the other side hears music; phone: by the phone's own hold key
	EntryCallResumed   EntryType = "call.resumed"   // {"by","phone"}
	EntryCallMuted     EntryType = "call.muted"     // {"by","role","agent","number","error"}: a side is heard by nobody; number is masked; error: it could not be ended
	EntryCallUnmuted   EntryType = "call.unmuted"   // the same: it is heard again; error: it could not be muted
	EntryCallFault     EntryType = "call.fault"     // {"what","error"}: a command failed or a deadline passed
	EntryCallEnded     EntryType = "call.ended"     // CallSummary, complete
	EntryAgentState    EntryType = "agent.state"    // AgentChange
	EntryAgentDisposed EntryType = "agent.disposed" // {"call","queue","disposition","path","also","notes","by"}; path: sale/cash, of one in a tree; also: beside the one before, while one without replaces all before; by: default when nobody gave one
	EntryAgentLine     EntryType = "agent.line"     // {"line","state","why","cause","phone"}: the agent's permanent line
	EntryPBXState      EntryType = "pbx.state"      // {"state":"connected|disconnected|replaced","error","instance"}; instance: of operadora, that has the connection
	EntrySystem        EntryType = "system.event"   // SystemEvent
)

// RecordingNews is the state that an entry call.recording tells. The strings are stored.
type RecordingNews string

// What is told of recordings.
const (
	RecordingStarted  RecordingNews = "started"
	RecordingJoined   RecordingNews = "joined" // somebody else talks in it
	RecordingLeft     RecordingNews = "left"   // and no more
	RecordingMuted    RecordingNews = "muted"
	RecordingUnmuted  RecordingNews = "unmuted"
	RecordingFinished RecordingNews = "finished"
	RecordingFailed   RecordingNews = "failed"
)

// MailTold is the data of call.mailed.
type MailTold struct {
	Recording string `json:"recording"`
	Mailbox   string `json:"mailbox"`
	To        string `json:"to,omitempty"` // masked; "" when there was nobody to be told
	Result    string `json:"result"`       // sent, given_up, erased: the message was, before
	At        int64  `json:"at"`           // when, unix ms
	Attempts  int    `json:"attempts"`
	Sound     bool   `json:"sound,omitempty"` // it was attached
	Error     string `json:"error,omitempty"` // of the last attempt
}

// Journal entries of what supervisors do.
const (
	EntryCallSupervised EntryType = "call.supervised" // {"supervisor","mode","state","visible","shown","by","why"}: asked, on, off or failed; shown: how many supervisors the agent is shown
	EntryCallHungUp     EntryType = "call.hung_up"    // {"by","reason"}: somebody had the call ended
)

// Journal entries of campaigns.
const (
	EntryCampaignState   EntryType = "campaign.state"   // {"campaign","from","to","by","why"}: somebody started, paused, resumed, drained or stopped it, or its last call is over
	EntryCampaignRefused EntryType = "campaign.refused" // {"campaign","lead","number","reason","text"}: a lead was about to be dialled, and a rule refused; number is masked
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
	// Until is when the wrap-up ends, or the day's time for the reason of the pause is used up; unix ms.
	Until int64 `json:"until,omitempty"`
	// Over is the limit of its reason that the pause is beyond: time, times or at_once.
	Over string `json:"over,omitempty"`
	// Next is what the agent asked for until the call and its wrap-up are over: pause or logout.
	Next       string `json:"next,omitempty"`
	NextReason string `json:"next_reason,omitempty"`
	// RestUntil is until when the phone is passed over, unix ms, and RestFor the failure that made it.
	RestUntil int64  `json:"rest_until,omitempty"`
	RestFor   string `json:"rest_for,omitempty"`
}

// SystemEvent is the data of system.event: something about operadora itself that whoever
// is on duty should know of.
type SystemEvent struct {
	What     SystemNews     `json:"what"`
	Instance string         `json:"instance,omitempty"` // of operadora, that tells
	By       string         `json:"by,omitempty"`       // who had it done
	Since    int64          `json:"since,omitempty"`    // unix ms; of what is over now
	Counts   map[string]int `json:"counts,omitempty"`   // by what it was
	Changes  []string       `json:"changes,omitempty"`  // a sentence each
}

// SystemNews is what a system.event tells. The strings are stored.
type SystemNews string

// What is told of operadora itself.
const (
	SystemStarted     SystemNews = "started"
	SystemStopped     SystemNews = "stopped"
	SystemDefinitions SystemNews = "definitions"  // others are in force
	SystemHealed      SystemNews = "healed"       // the sweeper put something right
	SystemStoreAway   SystemNews = "store_away"   // Redis did not answer, and does again
	SystemRecordsAway SystemNews = "records_away" // the same of the database
	SystemRewound     SystemNews = "rewound"      // Redis came back without its last writes
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
