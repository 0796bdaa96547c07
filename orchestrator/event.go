package orchestrator

import "time"

// EventKind is what happened. The names are ours, never a PBX's.
type EventKind string

// The events an adapter may deliver. Per channel they arrive in order and
// without loss while connected; what was missed during a disconnection shows
// in the next Snapshot.
const (
	// EventEntered: a channel came under our control. An inbound call
	// (Args[0]=="inbound") or an answered origination (Args as ordered). One that
	// left and comes back enters anew, under the same id, perhaps at once.
	EventEntered EventKind = "entered"
	// EventRinging: an originated channel alerts. May repeat.
	EventRinging EventKind = "ringing"
	// EventEnded: a channel is gone, with its cause. Once per channel.
	EventEnded EventKind = "ended"
	// EventLeft: a channel left our control alive, because Continue sent it back.
	EventLeft EventKind = "left"
	// EventTold: the PBX itself tells a lead the message, as nobody here gave a sign of life in
	// time (Origination.Lead). EventEnded follows.
	EventTold EventKind = "told"
	// EventTransfer: the phone on a channel asks that Number take its place or,
	// when it has called somebody itself, that Other's far end do. Nothing happens
	// before AnswerTransfer. Only PBXs that hand such requests over tell it; the
	// others refuse them, so that none takes a channel out of our control.
	EventTransfer EventKind = "transfer"
	// EventHeld, EventResumed: the phone on a channel put its call on hold by its
	// own key, and took it back. The channel stays where it is.
	EventHeld    EventKind = "held"
	EventResumed EventKind = "resumed"
	// EventDigit: a key was pressed on a channel.
	EventDigit EventKind = "digit"
	// EventPlayed: a playback is over; Failed when a sound was missing or the channel refused.
	EventPlayed EventKind = "played"
	// EventRecorded: a recording is over; Failed when nothing was kept. Duration is its length.
	EventRecorded EventKind = "recorded"
	// EventHeard: who answered on a channel, Verdict; Reason says by what.
	EventHeard EventKind = "heard"
	// EventSpeaks: the far end of a channel that is attended began to speak, or to beep.
	EventSpeaks EventKind = "speaks"
	// EventSilent: it has been silent for as long as was asked for, after it spoke for Duration.
	EventSilent EventKind = "silent"
	// EventDevice: a watched endpoint's state, Device.
	EventDevice EventKind = "device"
)

// Event is one thing a PBX told. Which fields are set depends on Kind.
type Event struct {
	Kind      EventKind
	PBX       string
	At        time.Time // the PBX's clock
	Channel   string    // all kinds but EventDevice; for a bridge recording ""
	Playback  string
	Recording string
	Endpoint  string    // EventDevice: "PJSIP/101"
	Args      []string  // EventEntered
	DID       string    // EventEntered, inbound
	Caller    Party     // EventEntered, inbound
	Language  string    // EventEntered, inbound: the channel's language
	Up        bool      // EventEntered: the channel is answered
	CreatedAt time.Time `json:",omitzero"` // EventEntered: when the channel came to be, by the PBX's clock
	Digit     string
	Number    string // EventTransfer: what the phone named; untrusted text of any bytes
	Other     string // EventTransfer: the phone's channel of the call that it made itself, "" for none
	Peer      string // EventTransfer with Other: the Endpoint by which Originate brings that call's far end here; "" when it cannot be
	Duration  time.Duration
	Cause     Cause
	ByPBX     bool // EventEnded: the PBX ended it by itself, as when it is stopped; neither we nor the far end did
	Failed    bool
	Reason    string // text of a failure, for logs and the timeline
	Device    DeviceState
	Verdict   Verdict    // EventHeard
	Message   MessageEnd // EventEnded of a lead whom the PBX told it (EventTold)
}

// DeviceState is what the PBX knows of a phone.
type DeviceState string

// Device states. Only free and unknown phones are rung.
const (
	DeviceUnknown     DeviceState = "unknown"     // the PBX cannot tell
	DeviceFree        DeviceState = "free"        // registered, no call
	DeviceBusy        DeviceState = "busy"        // in a call, or ringing, ours or not
	DeviceUnreachable DeviceState = "unreachable" // not registered or not answering qualify
)
