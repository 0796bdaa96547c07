package orchestrator

import (
	"context"
	"time"
)

// Gate is asked before every outbound leg, whoever wants it. orchestrator/gate
// implements it. A refusal is an error of kind Denied that names the rule.
type Gate interface {
	// Phone checks a phone of our own configuration, and says how it is rung.
	Phone(p PhoneAt) (endpoint string, err error)
	// Outside checks an outside number at a time, and says how it is reached.
	Outside(o Outside, now time.Time) (Passage, error)
	// Number is the one form that a number has which a PBX shows, read as numbers are
	// written in its region: +34910000001. What is none stays as it is.
	Number(pbx, number string) string
	// Caps are the caps of all calls to outside numbers over a PBX.
	Caps(pbx string) Caps
}

// PhoneAt is a phone that is to be rung from a PBX.
type PhoneAt struct {
	PBX, Endpoint string
	At            string // where it is registered; "" is PBX
}

// PurposeReach is the purpose of a channel (EventEntered, Args[0]) that another PBX has
// sent for a phone of this one, which Args[1] names: 101 of PJSIP/101.
const PurposeReach = "reach"

// Outside is an outside number that somebody wants to be called.
type Outside struct {
	PBX, Number string
	OffNet      bool // who is to be put through to it is outside, too
}

// Passage is how an outside number is reached.
type Passage struct {
	Endpoint string
	Number   string        // in the one form that it has: +34910000001; a short number as it is
	Most     time.Duration // longest conversation; 0 is the engine's limit
}

// Contacting is a call to a customer, as the rules are asked by which people may be contacted.
type Contacting struct {
	Call   string   `json:"call"`
	Kind   CallKind `json:"kind"` // outbound, callback; campaign, of an attempt that an agent makes
	Queue  string   `json:"queue"`
	Number string   `json:"number"`          // in its one form
	Tried  int      `json:"tried,omitempty"` // how often this call has rung them already
	// Campaign is of an attempt whose lead was judged a while ago.
	Campaign string `json:"campaign,omitempty"`
}

// Contacts says whether a customer may be contacted at this moment, by what was done to reach
// them before. A refusal is of kind Denied and names the rule; a NotYet is one that time ends.
type Contacts interface {
	Contact(ctx context.Context, c Contacting) error
}

// NotYet is a refusal that ends by itself, if nothing else happens.
type NotYet struct {
	Until time.Time
	Err   error
}

// Error says what refuses.
func (e *NotYet) Error() string { return e.Err.Error() }

// Unwrap is what refuses.
func (e *NotYet) Unwrap() error { return e.Err }

// Caps bound all calls to outside numbers over a PBX. 0 is unlimited.
type Caps struct{ Calls, PerSecond int }
