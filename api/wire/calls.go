package wire

import "time"

// LiveCall is a call in progress.
type LiveCall struct {
	CallSummary
	State         CallState     `json:"state"`
	Held          bool          `json:"held,omitempty"`    // the caller or the agent hears music
	Node          string        `json:"node,omitempty"`    // last flow node entered
	Serving       string        `json:"serving,omitempty"` // the agent whose phone rings or who talks
	WaitSince     time.Time     `json:"wait_since,omitzero"`
	Muted         []MutedSide   `json:"muted,omitempty"`
	Guests        []Guest       `json:"guests,omitempty"`
	LiveRecording LiveRecording `json:"live_recording,omitzero"`
	// About and Script are of the lead whom a campaign calls, for the agent.
	About       map[string]string `json:"about,omitempty"`
	Script      string            `json:"script,omitempty"`
	Supervisors []Supervision     `json:"supervisors,omitempty"`
}

// From is who called, as people read it: the number of a caller, or of ours who.
func (s CallSummary) From() string {
	switch s.Kind {
	case CallKindOutbound:
		return ours("agent", s.Agent)
	case CallKindCallback:
		return ours("queue", s.Queue)
	case CallKindCampaign:
		return ours("campaign", s.Campaign)
	case CallKindInbound, CallKindFeature:
	}
	return s.Caller.Number
}

func ours(what, name string) string {
	if name == "" {
		return ""
	}
	return what + " " + name
}

// To is whom they called: the number that was dialled.
func (s CallSummary) To() string {
	if s.OursCalled() {
		return s.Caller.Number
	}
	return s.DID
}

// OursCalled tells whether the customer was called, by whichever of ours.
func (s CallSummary) OursCalled() bool {
	switch s.Kind {
	case CallKindOutbound, CallKindCallback, CallKindCampaign:
		return true
	case CallKindInbound, CallKindFeature:
	}
	return false
}

// CallView is a live call with its timeline so far.
type CallView struct {
	LiveCall
	Timeline []Entry `json:"timeline"`
}

// Contact is a call that has ended.
type Contact struct {
	CallSummary
	Disposition string    `json:"disposition,omitempty"`
	DisposedBy  string    `json:"disposed_by,omitempty"`
	DisposedAt  time.Time `json:"disposed_at,omitzero"`
}

// ContactView is a past call with its timeline.
type ContactView struct {
	Contact
	Timeline []Entry `json:"timeline"`
}

// At is a moment in unix milliseconds, as stores keep it, in the API's form; 0 is never.
func At(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
