package api

import (
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/records"
)

// FloorState is who waits and who serves.
type FloorState struct {
	Agents  []Agent
	Queues  []Queue
	Waiting []WaitingCall
	// Unreadable counts stored records that cannot be read and are in none of the lists.
	Unreadable int
}

// Agent is an agent as the floor shows it. Times are unix milliseconds.
type Agent struct {
	ID       string                   `json:"agent"`
	Name     string                   `json:"name,omitempty"`
	State    string                   `json:"state"` // offline, available, reserved, talking, wrapup, paused
	Since    int64                    `json:"since,omitempty"`
	Reason   string                   `json:"reason,omitempty"` // of the pause
	PBX      string                   `json:"pbx,omitempty"`
	Endpoint string                   `json:"endpoint,omitempty"`
	Device   orchestrator.DeviceState `json:"device,omitempty"`
	Language string                   `json:"language,omitempty"`
	Queues   []string                 `json:"queues"`
	Call     string                   `json:"call,omitempty"`    // offered, in conversation or being finished
	Queue    string                   `json:"queue,omitempty"`   // of that call
	WrapUp   int64                    `json:"wrap_up,omitempty"` // when wrap-up ends
	// Next is what the agent asked for until the call and its wrap-up are over:
	// pause, for NextReason, or logout.
	Next       string `json:"next,omitempty"`
	NextReason string `json:"next_reason,omitempty"`
	// PassedOver means that the agent is available and gets no call: the phone is
	// busy or not there, or rests until RestUntil after RestFor.
	PassedOver bool   `json:"passed_over,omitempty"`
	RestUntil  int64  `json:"rest_until,omitempty"`
	RestFor    string `json:"rest_for,omitempty"`
	LastCall   string `json:"last_call,omitempty"` // may still get a disposition
	Calls      int64  `json:"calls"`               // conversations since the record was made
	TalkMS     int64  `json:"talk_ms"`
}

// Queue is a queue as the floor shows it.
type Queue struct {
	ID           string         `json:"queue"`
	Name         string         `json:"name,omitempty"`
	Waiting      int            `json:"waiting"`
	LongestSince int64          `json:"longest_since,omitempty"` // entry of the caller who has waited longest, unix ms
	Agents       map[string]int `json:"agents"`                  // members by state; passed_over are those who are available and get no call
	EstimateMS   int64          `json:"estimate_ms,omitempty"`   // wait of a caller who enters now, when it can be told
}

// WaitingCall is a call in a queue, waiting or offered. Times are unix milliseconds.
type WaitingCall struct {
	Call     string `json:"call"`
	Queue    string `json:"queue"`
	PBX      string `json:"pbx"`
	Language string `json:"language,omitempty"`
	Priority int    `json:"priority,omitempty"`
	Entered  int64  `json:"entered"`
	Position int    `json:"position,omitempty"` // 1 is next; absent while offered
	Agent    string `json:"agent,omitempty"`    // whose phone rings
}

// QueueView is a queue with its calls.
type QueueView struct {
	Queue
	Calls []WaitingCall `json:"calls"`
}

// LiveCall is a call in progress as the API shows it.
type LiveCall struct {
	orchestrator.CallSummary
	State     call.State     `json:"state"`
	Node      string         `json:"node,omitempty"` // last flow node entered
	Serving   string         `json:"serving,omitempty"`
	Live      *LiveRecording `json:"live_recording,omitempty"`
	WaitSince int64          `json:"wait_since,omitempty"`
}

// LiveRecording is the recording of a call in progress.
type LiveRecording struct {
	ID    string              `json:"recording"`
	State call.RecordingState `json:"state"`
	Muted bool                `json:"muted"`
}

// CallView is a live call with its timeline so far.
type CallView struct {
	LiveCall
	Timeline []orchestrator.Entry `json:"timeline"`
}

// ContactView is a past call with its timeline.
type ContactView struct {
	records.Contact
	Timeline []orchestrator.Entry `json:"timeline"`
}

// page is a part of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // cursor of the next page
}

// liveCall shows a stored call.
func liveCall(c call.Call) LiveCall {
	v := LiveCall{CallSummary: c.CallSummary, State: c.State}
	if n := len(c.Path); n > 0 {
		v.Node = c.Path[n-1]
	}
	if far := c.Far(); far != nil && far.Offer != nil {
		v.Serving = far.Offer.Agent
	}
	if rec := c.Rec(); rec != nil {
		v.Live = &LiveRecording{ID: rec.ID, State: rec.State, Muted: rec.Muted}
	}
	if c.State == call.StateWaiting || c.State == call.StateOffered {
		v.WaitSince = c.Visit.Entered
	}
	return v
}

// serves tells whether an agent has to do with a live call.
func (v LiveCall) serves(agent string) bool {
	return agent != "" && (v.Serving == agent || v.Agent == agent)
}

// VersionView says what is running.
type VersionView struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go,omitempty"`
}

// DefinitionsView is what the administrator has defined, without secrets.
type DefinitionsView struct {
	Revision     string                  `json:"revision,omitempty"`
	Queues       []QueueDefinition       `json:"queues"`
	Agents       []AgentDefinition       `json:"agents"`
	DIDs         []DIDDefinition         `json:"dids"`
	Calendars    []CalendarDefinition    `json:"calendars"`
	Flows        []FlowDefinition        `json:"flows"`
	PauseReasons []PauseReasonDefinition `json:"pause_reasons"`
	Dispositions []DispositionDefinition `json:"dispositions"`
}

// QueueDefinition is a queue's definition; lengths of time in seconds, 0 as in the file.
type QueueDefinition struct {
	ID                  string            `json:"queue"`
	Name                map[string]string `json:"name,omitempty"`
	Strategy            string            `json:"strategy"`
	Priority            int               `json:"priority"`
	Admit               string            `json:"admit"`
	MaxLength           int               `json:"max_length"`
	MaxWaitSeconds      float64           `json:"max_wait_seconds"`
	RingSeconds         float64           `json:"ring_seconds"`
	WrapUpSeconds       float64           `json:"wrap_up_seconds"`
	ServiceLevelSeconds float64           `json:"service_level_seconds"`
	MissesBeforePause   int               `json:"misses_before_pause"`
	AutoAnswer          bool              `json:"auto_answer"`
	Record              bool              `json:"record"`
	ExitKey             string            `json:"exit_key,omitempty"`
}

// AgentDefinition is an agent's definition without the PIN.
type AgentDefinition struct {
	ID         string         `json:"agent"`
	Name       string         `json:"name,omitempty"`
	PBX        string         `json:"pbx"`
	Endpoint   string         `json:"endpoint"`
	Language   string         `json:"language"`
	Queues     map[string]int `json:"queues"` // level by queue
	AutoAnswer bool           `json:"auto_answer"`
}

// DIDDefinition says which flow answers a dialled number.
type DIDDefinition struct {
	Pattern  string `json:"pattern"`
	Flow     string `json:"flow"`
	Language string `json:"language,omitempty"`
}

// CalendarDefinition is a calendar in words.
type CalendarDefinition struct {
	Name     string              `json:"calendar"`
	Zone     string              `json:"zone"`
	Week     map[string][]string `json:"week"` // "monday": ["09:00-14:00"]
	Holidays []HolidayDefinition `json:"holidays"`
}

// HolidayDefinition is a day, or a range of days, with hours of its own.
type HolidayDefinition struct {
	Name string   `json:"name,omitempty"`
	From string   `json:"from"` // 2026-12-25, or 12-25 for every year
	To   string   `json:"to"`
	Open []string `json:"open"`
}

// FlowDefinition is a flow as a graph.
type FlowDefinition struct {
	Name     string           `json:"flow"`
	Revision string           `json:"revision,omitempty"`
	Start    string           `json:"start,omitempty"`
	Nodes    []NodeDefinition `json:"nodes"`
}

// NodeDefinition is a node of a flow with its outcome edges.
type NodeDefinition struct {
	Name string            `json:"node"`
	Kind string            `json:"kind"`
	Next map[string]string `json:"next,omitempty"` // outcome -> node
}

// PauseReasonDefinition is why an agent may pause.
type PauseReasonDefinition struct {
	Name  string            `json:"name"`
	Digit string            `json:"digit,omitempty"`
	Texts map[string]string `json:"texts,omitempty"`
}

// DispositionDefinition is how a conversation can have ended.
type DispositionDefinition struct {
	Name   string            `json:"name"`
	Digits string            `json:"digits,omitempty"`
	Texts  map[string]string `json:"texts,omitempty"`
	Queues []string          `json:"queues,omitempty"`
}
