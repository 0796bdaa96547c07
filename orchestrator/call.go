package orchestrator

import (
	"encoding/json"
	"strings"
	"time"
)

// CallKind is why a call is with us. The strings are the first dialplan argument.
type CallKind string

// Kinds of calls.
const (
	KindInbound CallKind = "inbound"
	KindFeature CallKind = "feature" // an agent's phone dialled a feature code
)

// Call is everything known of a live call. It is a value: Decide returns a
// new one. Its JSON form is what the store keeps. Times are unix milliseconds.
type Call struct {
	CallSummary
	Rev   int64     `json:"rev"`
	State CallState `json:"state"`

	Channel string          `json:"channel"` // the caller's
	Flow    json.RawMessage `json:"flow,omitempty"`
	Wait    *Wait           `json:"wait,omitempty"` // while in a queue, also during offer and talk
	Leg     *AgentLeg       `json:"leg,omitempty"`  // towards an agent or a transfer target
	Bridge  BridgeState     `json:"bridge_state,omitempty"`
	Rec     *RecordingLeg   `json:"rec,omitempty"`
	Playing *Playing        `json:"playing,omitempty"`
	// Timers holds what is due when, by name; every state has its own (limits.go).
	Timers    map[Timer]int64 `json:"timers,omitempty"`
	FlowRef   int             `json:"flow_ref,omitempty"`  // of TimerFlow
	Seq       int             `json:"seq"`                 // numbers legs, playbacks and recordings
	Answering bool            `json:"answering,omitempty"` // told to answer, not yet confirmed
	Hung      bool            `json:"hung,omitempty"`      // the caller's channel is gone, or no longer ours
	Tries     int             `json:"tries,omitempty"`     // attempts at clearing up
}

// Wait is a call's stay in a queue.
type Wait struct {
	Queue    string    `json:"queue"`
	Priority int       `json:"priority,omitempty"`
	Entered  int64     `json:"entered"`
	MaxWait  int64     `json:"max_wait_ms,omitempty"` // the flow's limit
	Plan     QueuePlan `json:"plan"`
	Announce int       `json:"announce,omitempty"` // announcements made so far
	Out      bool      `json:"out,omitempty"`      // the call has left the queue, served or not
	Left     bool      `json:"left,omitempty"`     // the distributor knows that the call is out
}

// AgentLeg is the leg towards an agent (Offer.ID set) or a transfer target.
type AgentLeg struct {
	State    LegState     `json:"state"`
	Channel  string       `json:"channel"`
	Offer    Offer        `json:"offer"`
	External string       `json:"external,omitempty"` // transfer destination, when it is no agent
	Why      OfferFailure `json:"why,omitempty"`      // how it failed, once known
	Settled  bool         `json:"settled,omitempty"`  // the distributor knows how it ended
	DialedAt int64        `json:"dialed_at"`
	JoinedAt int64        `json:"joined_at,omitempty"`
	Talked   int64        `json:"talked_ms,omitempty"`
}

// RecordingLeg is a recording of a conversation or a voicemail.
type RecordingLeg struct {
	ID    string         `json:"id"`
	State RecordingState `json:"state"`
	Muted bool           `json:"muted,omitempty"`
	Mail  bool           `json:"mail,omitempty"` // a voicemail, made on the caller's channel
}

// Playing is the playback in progress on the caller's channel.
type Playing struct {
	ID  string `json:"id"`
	Ref int    `json:"ref"` // the flow's; 0 for announcements of the queue
	// Checks counts how often the PBX was asked whether it is over.
	Checks int `json:"checks,omitempty"`
}

// Timer names a thing that falls due.
type Timer string

// Timers of a call.
const (
	TimerState    Timer = "state"    // the state has lasted too long
	TimerFlow     Timer = "flow"     // asked for by the flow
	TimerWait     Timer = "wait"     // maximum wait in the queue
	TimerAnnounce Timer = "announce" // next announcement in the queue
	TimerPlay     Timer = "play"     // ask whether a playback whose end was not told is still going on
	TimerRing     Timer = "ring"     // the agent's phone rang long enough
	TimerCall     Timer = "call"     // the call as a whole
)

// Deadline returns the earliest timer and when it is due; ok is false for an ended call.
func (c Call) Deadline() (t Timer, at time.Time, ok bool) {
	var first int64
	for name, ms := range c.Timers {
		if t == "" || ms < first || (ms == first && name < t) {
			t, first = name, ms
		}
	}
	return t, time.UnixMilli(first), t != ""
}

// The ids of everything a call makes on a PBX carry the call's id, so that an
// event finds its call without a look-up and leftovers can be told apart:
// "op-<call>-<letter><n>".
const idPrefix = "op-"

// CallOf returns the call whose id is in one of our channel, bridge, playback
// or recording ids, "" when the id is not of our making.
func CallOf(id string) string {
	rest, ok := strings.CutPrefix(id, idPrefix)
	if !ok {
		return ""
	}
	call, _, ok := strings.Cut(rest, "-")
	if !ok {
		return ""
	}
	return call
}

// Ours tells whether an id is of operadora's making.
func Ours(id string) bool { return CallOf(id) != "" }
