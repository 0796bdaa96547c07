package call

import (
	"github.com/operadora/operadora/orchestrator"
)

// Room is a bridge of the PBX. Its number is never used again in its call.
type Room struct {
	N     int        `json:"n"`
	State RoomState  `json:"state"`
	Rec   *Recording `json:"rec,omitempty"` // of the conversation in it
}

// RoomState is where a room stands. The strings are stored.
type RoomState string

// States of a room.
const (
	RoomMade    RoomState = "made"    // ordered; exists or is about to
	RoomClosing RoomState = "closing" // told to go
	RoomGone    RoomState = "gone"
)

// RoomTrigger is what moves a room.
type RoomTrigger string

// Triggers of a room.
const (
	RoomOnClose RoomTrigger = "close"
	RoomOnGone  RoomTrigger = "gone" // the PBX does not have it (any more)
)

var roomTable = Table[RoomState, RoomTrigger]{
	RoomMade:    {RoomOnClose: RoomClosing},
	RoomClosing: {RoomOnGone: RoomGone},
	RoomGone:    {},
}

// Next is the only way to a new room state.
func (s RoomState) Next(t RoomTrigger) (RoomState, error) { return roomTable.Next(s, t) }

// bridge is the id on the PBX of a call's room.
func bridge(call string, n int) string { return orchestrator.MakeID(call, "b", n) }

// Recording is a recording of a conversation, or a message that the customer leaves.
type Recording struct {
	ID    string         `json:"id"`
	State RecordingState `json:"state"`
	Muted bool           `json:"muted,omitempty"`
	// Mailbox is whose people are told of a message.
	Mailbox string `json:"mailbox,omitempty"`
}

// RecordingState is where a recording stands. The strings are stored.
type RecordingState string

// States of a recording.
const (
	RecRunning  RecordingState = "running"  // ordered; running or about to
	RecStopping RecordingState = "stopping" // told to stop
	RecFinished RecordingState = "finished" // kept
	RecFailed   RecordingState = "failed"   // nothing kept
)

// RecordingTrigger is what moves a recording.
type RecordingTrigger string

// Triggers of a recording.
const (
	RecOnStop RecordingTrigger = "stop"
	RecOnDone RecordingTrigger = "done"
	RecOnFail RecordingTrigger = "fail"
)

var recordingTable = Table[RecordingState, RecordingTrigger]{
	RecRunning:  {RecOnStop: RecStopping, RecOnDone: RecFinished, RecOnFail: RecFailed},
	RecStopping: {RecOnDone: RecFinished, RecOnFail: RecFailed},
	RecFinished: {},
	RecFailed:   {},
}

// Next is the only way to a new recording state.
func (s RecordingState) Next(t RecordingTrigger) (RecordingState, error) {
	return recordingTable.Next(s, t)
}

// running tells whether the PBX may still be recording.
func (r *Recording) running() bool {
	return r != nil && (r.State == RecRunning || r.State == RecStopping)
}
