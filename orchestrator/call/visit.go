package call

import "github.com/operadora/operadora/orchestrator"

// Visit is a call's stay in a queue. Its number tells it from those before, so
// that the end of one never touches the next. Times are unix milliseconds.
type Visit struct {
	N          int                    `json:"n"`
	State      VisitState             `json:"state"`
	Queue      string                 `json:"queue"`
	Priority   int                    `json:"priority,omitempty"`
	Sought     orchestrator.Sought    `json:"sought,omitzero"`
	Entered    int64                  `json:"entered"`
	From       int64                  `json:"from,omitempty"`        // from when the wait counts, for one who was served before; 0 is Entered
	Asked      int64                  `json:"asked,omitempty"`       // when its place was asked for first
	Since      int64                  `json:"since,omitempty"`       // when the stay began that it goes on with, if it does
	Instead    string                 `json:"instead,omitempty"`     // the callback whose place it has
	MaxWait    int64                  `json:"max_wait_ms,omitempty"` // the flow's limit
	Plan       orchestrator.QueuePlan `json:"plan"`
	Announce   int                    `json:"announce,omitempty"`    // announcements made so far
	Back       bool                   `json:"back,omitempty"`        // asked for by an agent who has gone: nobody came in time is the way back
	ExpectedMS int64                  `json:"expected_ms,omitempty"` // the wait that was expected as it began
	ToldMS     int64                  `json:"told_ms,omitempty"`     // the wait that the caller was told last
	Deserted   bool                   `json:"deserted,omitempty"`    // told, while a phone rang, that nobody is logged in any more
	Ruled      bool                   `json:"ruled,omitempty"`       // told, while a phone rang, that the queue may have other rules
	Refused    string                 `json:"refused,omitempty"`     // how the distributor refused the place, also one that there was before
}

// VisitState is where a visit stands. The strings are stored.
type VisitState string

// States of a visit.
const (
	VisitAsked  VisitState = "asked"  // a place was asked for
	VisitIn     VisitState = "in"     // the call waits, or is offered to an agent
	VisitServed VisitState = "served" // an agent took the call
	VisitOver   VisitState = "over"   // the call has nothing to do with the queue any more
)

// VisitTrigger is what moves a visit.
type VisitTrigger string

// Triggers of a visit.
const (
	VisitOnAdmit VisitTrigger = "admit"
	VisitOnServe VisitTrigger = "serve"
	VisitOnMiss  VisitTrigger = "miss" // the agent was gone before anything was said
	VisitOnLeave VisitTrigger = "leave"
)

var visitTable = Table[VisitState, VisitTrigger]{
	VisitAsked:  {VisitOnAdmit: VisitIn, VisitOnLeave: VisitOver},
	VisitIn:     {VisitOnAdmit: VisitIn, VisitOnServe: VisitServed, VisitOnLeave: VisitOver}, // asked again after a loss
	VisitServed: {VisitOnMiss: VisitIn, VisitOnLeave: VisitOver},
	VisitOver:   {},
}

// Next is the only way to a new visit state.
func (s VisitState) Next(t VisitTrigger) (VisitState, error) { return visitTable.Next(s, t) }

// waits tells whether the distributor holds, or may hold, a place for the call.
func (v *Visit) waits() bool { return v != nil && (v.State == VisitAsked || v.State == VisitIn) }

// began is from when the wait of a visit counts.
func (v *Visit) began() int64 { return max(v.Entered, v.From) }

// timed is from when the longest wait counts, which is that of one queue: not what was waited in others before.
func (v *Visit) timed() int64 { return max(v.began(), v.Asked) }
