package orchestrator

import "strings"

// Target is whom a conversation is to go to.
type Target struct {
	Kind TargetKind `json:"kind"`
	Name string     `json:"name"` // of the agent, queue or flow; or the number
}

// TargetKind says what a Target's Name is. The strings are stored.
type TargetKind string

// Kinds of targets.
const (
	TargetAgent  TargetKind = "agent"
	TargetQueue  TargetKind = "queue"
	TargetFlow   TargetKind = "flow"
	TargetNumber TargetKind = "number" // outside, through the gate
)

// Masked is the target as timelines and logs show it: numbers are masked.
func (t Target) Masked() Target {
	if t.Kind == TargetNumber {
		t.Name = MaskNumber(CleanParty(Party{Number: t.Name}).Number)
	}
	return t
}

// People knows whom a conversation can go to inside the house. acd implements
// it. It answers from memory.
type People interface {
	// Dialled finds the agent or queue that somebody means who dials at a phone
	// of a PBX; false when it is none of ours.
	Dialled(pbx, digits string) (Target, bool)
	// Knows tells whether an agent or queue is defined.
	Knows(t Target) bool
	// Oversees tells what a supervisor may do to an agent's conversations on a PBX.
	// It is NotFound when the supervisor is nobody, Denied when they may do nothing,
	// Conflict when their phone cannot be reached from there.
	Oversees(pbx, supervisor, agent string) (Oversight, error)
}

// Oversight is what a supervisor, an agent like others, may do to another's
// conversations, and where to ring them.
type Oversight struct {
	Team       string // of the agent
	May        []MonitorMode
	Visible    bool   // the agent is shown that they are there
	PBX        string // of the phone
	Endpoint   string
	Language   string
	AutoAnswer bool
}

// MonitorTakeover is what a supervisor may do and no PBX knows: take the place of
// whom they listen to.
const MonitorTakeover MonitorMode = "takeover"

// personal begins the names of agents' own queues; no other queue's name can.
const personal = "@"

// PersonalQueue is the queue of calls that are for one agent alone.
func PersonalQueue(agent string) string { return personal + agent }

// OwnerOfQueue is whose own queue that is, "" for one of several agents.
func OwnerOfQueue(queue string) string {
	agent, ok := strings.CutPrefix(queue, personal)
	if !ok {
		return ""
	}
	return agent
}
