package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
)

// Settings are of all permanent lines.
type Settings struct {
	Music string        `yaml:"music" shape:"music" default:"" doc:"Music class that agents hear on a permanent line between calls; empty is silence."`
	Ring  time.Duration `yaml:"ring" min:"5s" max:"5m" default:"30s" doc:"How long the phone of a permanent line is rung."`
	Again time.Duration `yaml:"again" min:"1s" max:"10m" default:"5s" doc:"Time after which a permanent line that was lost is rung again; twice as long after each time in vain, up to a minute."`
	Tries int           `yaml:"tries" min:"1" max:"100" default:"5" doc:"How often in a row it is rung in vain, before only the agent brings it back."`
}

// Session is an agent's permanent line. It is a value: Decide returns a new one.
// Its JSON form is what the store keeps. Times are unix milliseconds.
type Session struct {
	ID    string             `json:"session"`
	Agent string             `json:"agent"`
	Phone orchestrator.Phone `json:"phone"`
	Rev   int64              `json:"rev"`
	State State              `json:"state"`

	Channel string `json:"channel,omitempty"` // the line; "" while it is lost
	Since   int64  `json:"since"`             // ordered or up, of the channel
	Began   int64  `json:"began"`
	Tries   int    `json:"tries,omitempty"`   // rings in vain, in a row
	Playing string `json:"playing,omitempty"` // the tone that is heard
	Keys    string `json:"-"`                 // pressed and not carried out: forgotten by a restart
	Lent    string `json:"-"`                 // the call that has it: calls say so
	// Listens means that the call has it for the agent to listen to another's
	// conversation, by no offer: to the distributor the phone is busy.
	Listens bool `json:"listens,omitempty"`
	// Reach is what another PBX has the agent on the line by; nil while none does. The line
	// is lent then, to no call of this PBX.
	Reach *Reach `json:"reach,omitempty"`
	// Next is the channel of another PBX's call that has come while somebody has the line,
	// whose end may be a moment away.
	Next string `json:"next,omitempty"`
	// Clears counts the hangups that were not confirmed.
	Clears int `json:"clears,omitempty"`

	Timers call.Timers `json:"timers,omitempty"`
	Todo   call.Todos  `json:"todo,omitempty"`
	Given  int         `json:"given,omitempty"` // commands given so far
	Seq    int         `json:"seq"`             // numbers channels and playbacks
	// AwaySince is since when the PBX does not answer; 0 while it does.
	AwaySince int64 `json:"away_since,omitempty"`
}

// mark begins the ids of sessions. Those of calls begin with a digit.
const mark = "s"

// NewID makes the id of a session from a unique part that a call's id could be.
func NewID(unique string) string { return mark + unique }

// Is tells whether an id is a session's.
func Is(id string) bool { return strings.HasPrefix(id, mark) }

// New is a session of an agent, without a line.
func New(id, agent string, phone orchestrator.Phone, now time.Time) Session {
	return Session{ID: id, Agent: agent, Phone: phone, State: StateLost, Began: now.UnixMilli()}
}

var errNoSession = errors.New("this is no whole session")

// Parse reads a session as Record keeps it.
func Parse(doc []byte) (Session, error) {
	var s Session
	if err := json.Unmarshal(doc, &s); err != nil {
		return Session{}, err
	}
	_, known := table[s.State]
	switch {
	case !known || !Is(s.ID) || s.Agent == "" || s.Phone.PBX == "":
		return Session{}, fmt.Errorf("%w: %q in state %q", errNoSession, s.ID, s.State)
	case s.Channel == "" && (s.State == StateConnecting || s.State == StateIdle || s.State == StateLent):
		return Session{}, fmt.Errorf("%w: it is %q and has no line", errNoSession, s.State)
	case s.Reach != nil && (s.Reach.Channel == "" || s.State != StateLent):
		return Session{}, fmt.Errorf("%w: another PBX has it, and it is %q", errNoSession, s.State)
	}
	return s, nil
}

// Up tells whether the line is there.
func (s *Session) Up() bool { return s.State == StateIdle || s.State == StateLent }

// Reached is the channel by which another PBX has the line, "" for none.
func (s *Session) Reached() string {
	if s.Reach == nil {
		return ""
	}
	return s.Reach.Channel
}

func (s *Session) clone() Session {
	n := *s
	n.Timers = maps.Clone(s.Timers)
	if n.Timers == nil {
		n.Timers = call.Timers{}
	}
	n.Todo = slices.Clone(s.Todo)
	if s.Reach != nil {
		r := *s.Reach
		n.Reach = &r
	}
	return n
}
