package call

import "github.com/operadora/operadora/orchestrator"

// Role is what a leg is in its call. The strings are stored.
type Role string

// Roles of legs.
const (
	RoleCustomer Role = "customer" // whom the call is about; the first leg of every call
	RoleAgent    Role = "agent"    // rung for an offer
	RoleRung     Role = "rung"     // another agent who is rung at the same time (ringall.go)
	RoleThird    Role = "third"    // an outside number that the flow transferred to
	// RoleSupervisor is a guest who hears the agent and is in no room (supervise.go).
	RoleSupervisor Role = "supervisor"
	RoleConsult    Role = "consult" // a guest: whom an agent asks beside the customer, and who may have come to the conversation then
)

// Leg is one channel of a call. Times are unix milliseconds.
type Leg struct {
	Role    Role                      `json:"role"`
	PBX     string                    `json:"pbx"`
	Channel string                    `json:"channel"`
	State   LegState                  `json:"state"`
	Room    int                       `json:"room,omitempty"`    // where it is, or is to be
	Held    bool                      `json:"held,omitempty"`    // the customer, a guest: hears music, out of the room; an agent: pressed the phone's hold key
	Muted   bool                      `json:"muted,omitempty"`   // what they say reaches nobody, until the conversation is over
	Keyed   bool                      `json:"keyed,omitempty"`   // its keys are looked at for codes, and reach nobody by themselves
	Typed   string                    `json:"typed,omitempty"`   // keys that may become a code
	Moved   bool                      `json:"moved,omitempty"`   // of RoleThird: an agent's transfer, not the flow's
	Offer   *orchestrator.Offer       `json:"offer,omitempty"`   // of an agent
	Unheld  bool                      `json:"unheld,omitempty"`  // the distributor did not take its offer up, and was told that they talk
	Visit   *Visit                    `json:"visit,omitempty"`   // of RoleConsult: the stay in a queue by which the agent was found
	Watch   *Supervision              `json:"watch,omitempty"`   // of a supervisor, also of one who took the call over
	Number  string                    `json:"number,omitempty"`  // that we dialled, or are to dial
	Inside  bool                      `json:"inside,omitempty"`  // of a number: the agent's phone had called it itself, so the trunk's caps do not count it
	Owner   string                    `json:"owner,omitempty"`   // of one that is Inside: the agent whose number it is
	Dials   bool                      `json:"dials,omitempty"`   // of RoleAgent: made this call, and is held from the start
	Tone    string                    `json:"tone,omitempty"`    // the playback of a tone that it hears, or the last one, of a permanent line
	MostMS  int64                     `json:"most_ms,omitempty"` // of an outside number: the longest conversation; 0 is the call's limit
	Denied  bool                      `json:"denied,omitempty"`  // of an outside number: a cap of the trunk refused it
	Refused int64                     `json:"refused,omitempty"` // when its phone's transfer was, last
	Why     orchestrator.OfferFailure `json:"why,omitempty"`     // how it failed, once known
	Dialed  int64                     `json:"dialed,omitempty"`
	Rang    int64                     `json:"rang,omitempty"`   // of a customer who is called: since when the phone alerts
	Doubt   bool                      `json:"doubt,omitempty"`  // of a customer: nobody knows whether they were dialled, and nothing was heard of it yet
	Up      int64                     `json:"up,omitempty"`     // answered
	Joined  int64                     `json:"joined,omitempty"` // in the room
	TalkMS  int64                     `json:"talk_ms,omitempty"`
	Line    string                    `json:"line,omitempty"`   // the session whose permanent line it is, which gets it back
	Before  string                    `json:"before,omitempty"` // of an agent who talks: who did before, on record
	Cue     string                    `json:"cue,omitempty"`    // of a permanent line: the playback that tells of the call, until it is over
	Told    int64                     `json:"told,omitempty"`   // from when who is on it has been told, once that is over
}

// agent is whom the leg is offered to, "" for none.
func (l *Leg) agent() string {
	if l == nil || l.Offer == nil {
		return ""
	}
	return l.Offer.Agent
}

// capped tells whether the trunk's caps count a leg: an outside number that we dial.
func (l *Leg) capped() bool { return l.Number != "" && !l.Inside }

// LegState is where a leg stands. The strings are stored.
type LegState string

// States of a leg.
const (
	LegPlanned LegState = "planned" // has an id, and nothing was ordered yet
	LegArrived LegState = "arrived" // came in, not answered
	LegDialing LegState = "dialing" // ordered, nothing heard yet
	LegRinging LegState = "ringing" // the phone alerts
	LegUp      LegState = "up"      // answered, in no room
	LegJoined  LegState = "joined"  // in its room
	LegHanging LegState = "hanging" // told to hang up
	LegEnded   LegState = "ended"   // the channel is gone, or no longer ours
)

// LegTrigger is what moves a leg.
type LegTrigger string

// Triggers of a leg.
const (
	LegOnDial   LegTrigger = "dial"
	LegOnRing   LegTrigger = "ring"
	LegOnAnswer LegTrigger = "answer"
	LegOnJoin   LegTrigger = "join"
	LegOnPart   LegTrigger = "part" // out of its room, and still there
	LegOnHang   LegTrigger = "hang" // we end it
	LegOnGone   LegTrigger = "gone" // the PBX says it is over
)

var legTable = Table[LegState, LegTrigger]{
	LegPlanned: {LegOnDial: LegDialing, LegOnHang: LegEnded, LegOnGone: LegEnded},
	LegArrived: {LegOnAnswer: LegUp, LegOnHang: LegHanging, LegOnGone: LegEnded},
	LegDialing: {LegOnRing: LegRinging, LegOnAnswer: LegUp, LegOnHang: LegHanging, LegOnGone: LegEnded},
	LegRinging: {LegOnRing: LegRinging, LegOnAnswer: LegUp, LegOnHang: LegHanging, LegOnGone: LegEnded}, // PBXs repeat ringing
	LegUp:      {LegOnJoin: LegJoined, LegOnHang: LegHanging, LegOnGone: LegEnded},
	LegJoined:  {LegOnPart: LegUp, LegOnHang: LegHanging, LegOnGone: LegEnded},
	LegHanging: {LegOnHang: LegHanging, LegOnGone: LegEnded}, // an answer that crosses our hangup changes nothing
	LegEnded:   {},
}

// Next is the only way to a new leg state.
func (s LegState) Next(t LegTrigger) (LegState, error) { return legTable.Next(s, t) }
