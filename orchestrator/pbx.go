package orchestrator

import (
	"context"
	"encoding/json"
	"io"
	"time"
)

// PBX commands one switch. Adapters translate to and from its wire; nothing of
// ARI or ESL is visible here. Every id of an originated channel, bridge,
// playback or recording is chosen by the caller before the command, so that an
// event that overtakes the reply finds its call.
//
// Every command has one of three outcomes:
//
//   - nil: it was carried out, or had been already. A command repeated with the
//     same ids is harmless and no error.
//   - A refusal, an error of kind NotFound (the channel, bridge or recording is
//     gone, or is no longer ours), Conflict (its state forbids the command),
//     Invalid or Denied. The PBX has judged it: it will not happen, and asking
//     again changes nothing.
//   - Unavailable: nobody knows. It may have been carried out, may still be,
//     later, or never. The caller keeps it and asks again.
//
// Playing or recording twice would be heard, so orders that are asked again
// say so (their field Again), and the adapter looks first.
//
// Methods are safe for concurrent use, honour ctx and add a timeout of their
// own. While the PBX does not answer they fail at once with Unavailable, until
// Connected is told again.
type PBX interface {
	// Name is the PBX's name in the configuration.
	Name() string
	// Run drives the connection until ctx ends or another client has taken the
	// application over (ErrReplaced). It reconnects by itself. After every
	// (re)connect it calls sink.Connected with the truth as the PBX sees it
	// before it delivers any later event.
	Run(ctx context.Context, sink Sink) error

	// Snapshot is the truth as the PBX sees it now, as Connected tells it.
	Snapshot(ctx context.Context) (Snapshot, error)

	// AwayRecorded tells the PBX that calls of Snapshot.Away are on record.
	AwayRecorded(ctx context.Context, calls []AwayCall) error

	// Answer answers a channel; one that is answered already is no error.
	Answer(ctx context.Context, channel string) error
	// Hangup ends a channel, wherever it is: also one that was handed back to the
	// dialplan. A channel that is gone already is no error.
	Hangup(ctx context.Context, channel string, cause Cause) error
	// Continue hands the channel back to the PBX's own dialplan; EventLeft
	// follows. It is NotFound when the channel has left or ended already.
	Continue(ctx context.Context, channel string, to DialplanPlace) error

	// Play starts a playback on a channel; EventPlayed follows, once, unless the
	// channel ends before. With p.Again, one that plays or waits for its turn is
	// left alone; one that is over, or never was, is played.
	Play(ctx context.Context, p Playback) error
	// StopPlay ends a playback early; one that is over already is no error.
	StopPlay(ctx context.Context, playback string) error
	// Playing tells whether a playback is still known to the PBX.
	Playing(ctx context.Context, playback string) (bool, error)
	// Hold starts hold music of a class ("" is the PBX's default) on a channel
	// that has none, or changes the class. Unhold stops it, if there is any.
	Hold(ctx context.Context, channel, class string) error
	Unhold(ctx context.Context, channel string) error

	// SendKeys sends keys to whoever is at the far end of a channel, in a bridge or
	// not, as if they had been pressed by whom it talks with. It returns when they
	// are ordered; those of one channel arrive in the order of the orders. A key
	// that is sent twice counts twice, so this command alone is not asked again.
	SendKeys(ctx context.Context, channel, keys string) error
	// Beep lets the far end of a channel hear a short tone, also in a bridge, where
	// nobody else hears it. Nothing is told of its end.
	Beep(ctx context.Context, channel string, tone Tone) error
	// Silence has a channel that is in no bridge hear that the line is alive, and
	// nothing else, or ends that; a playback or Hold may end it, too. It may be repeated.
	Silence(ctx context.Context, channel string, on bool) error

	// Mute keeps what comes from the far end of a channel from everybody, wherever the
	// channel is or goes; its keys pass. Or it ends that. It may be repeated.
	Mute(ctx context.Context, channel string, muted bool) error

	// Listen hears whether a person or a machine answered on a channel, beside all that
	// the channel does and hears: EventHeard follows, once, unless the channel ends, or
	// the PBX forgets it. It may be repeated: one that goes on already goes on. Denied
	// when the PBX cannot.
	Listen(ctx context.Context, l Listening) error
	// Attend has told when the far end of a channel begins to speak (EventSpeaks), and
	// when it has been silent for as long as given (EventSilent); 0 ends that. Who says
	// nothing from the beginning is not told of. It may be repeated. Denied when the PBX
	// cannot.
	Attend(ctx context.Context, channel string, silent time.Duration) error

	// Originate calls an endpoint. EventRinging, EventEntered (answered, with
	// o.Args) or EventEnded (with the cause) follow. A channel of that id that
	// exists is left alone, dialling or answered, and no error. NotFound is about
	// the endpoint (unknown or not registered), unless errors.Is(err,
	// ErrOriginatorGone): then it is about o.Originator, and says nothing of the
	// endpoint. An order with o.Once rings once, however often it is given.
	Originate(ctx context.Context, o Origination) error

	// AnswerTransfer tells the phone on a channel whether the transfer that it
	// asked for (EventTransfer) has been carried out: if so it hangs up by itself,
	// if not it keeps its call. One that asks for nothing (any more) is no error.
	AnswerTransfer(ctx context.Context, channel string, done bool) error

	// CreateBridge makes a mixing bridge; one that exists already is no error.
	CreateBridge(ctx context.Context, bridge string) error
	// Join puts channels into a bridge; those that are in it already stay, those
	// that are in another leave that. When a channel is gone none is joined.
	Join(ctx context.Context, bridge string, channels ...string) error
	// JoinAbsorbing is Join for a channel whose keys are for us: they are told and
	// reach nobody in the bridge. It comes after the others, if it must; one that is in
	// the bridge already stays as it is.
	JoinAbsorbing(ctx context.Context, bridge, channel string, others ...string) error
	// Part takes channels out of a bridge. They go on, in no bridge, and are ready
	// for the next command when it returns. One that is gone, or not in it, is no error.
	// Whoever is left alone is sent silence, and hears who monitors, until others come.
	Part(ctx context.Context, bridge string, channels ...string) error
	// DestroyBridge removes a bridge; one that is gone already is no error. Its
	// channels go on; those of stay are out of it, and ready for the next
	// command, when it returns.
	DestroyBridge(ctx context.Context, bridge string, stay ...string) error

	// Monitor puts a channel into a bridge of its own, m.Bridge, which it makes, where
	// it hears all that the channel m.Target says and is told; m.Mode says who hears
	// it. Ordered with another mode it changes that. The target stays where it is, and
	// neither it nor whom it talks with notice anything else. Whoever monitors goes on,
	// in silence, when the target is gone; DestroyBridge is the end of it.
	Monitor(ctx context.Context, m Monitoring) error

	// Record starts a recording of a bridge or of a channel (voicemail).
	// EventRecorded follows when it ends, once. One of that id that runs already is
	// no error; one that was made already is a Conflict.
	Record(ctx context.Context, r RecordingOrder) error
	// StopRecord ends and keeps a recording; one that ended already is no error.
	StopRecord(ctx context.Context, recording string) error
	// MuteRecord replaces what is recorded by silence (card data) until unmuted;
	// it may be repeated. NotFound when the recording is not running.
	MuteRecord(ctx context.Context, recording string, muted bool) error
	// Recording tells whether a recording is running.
	Recording(ctx context.Context, recording string) (bool, error)
	// OpenRecording streams a stored recording; size is -1 when unknown.
	OpenRecording(ctx context.Context, recording string) (body io.ReadCloser, size int64, err error)
	// DeleteRecording removes a stored recording; one that is gone already is no error.
	DeleteRecording(ctx context.Context, recording string) error

	// SetLamp sets the state that desk phones see on a key that watches name.
	SetLamp(ctx context.Context, name string, state LampState) error
	// Watch replaces the set of endpoints whose device state is delivered as
	// EventDevice: once now (before Watch returns or soon after), then on change.
	Watch(ctx context.Context, endpoints []string) error
}

// Sink receives what a PBX tells. Its methods return quickly and never block
// on business logic; they are called from one goroutine, in order.
type Sink interface {
	// Connected gives the truth. From now on commands are carried out and events
	// told without a gap; what was asked in vain before is to be asked again.
	Connected(pbx string, truth Snapshot)
	// Event tells one event. Between Disconnected and Connected there may be some
	// as well, when only the way of the commands is broken; they are true.
	Event(e Event)
	// Disconnected says that events are no longer told, or commands no longer
	// answered. Calls go on meanwhile. Connected follows.
	Disconnected(pbx string, err error)
	// Ready tells whether calls that come in now would be taken. The adapter
	// asks about once a second, from a goroutine of its own, and lets the PBX
	// know: while the answer is no, or nobody answers, the PBX serves them itself.
	Ready() bool
}

// Snapshot is what exists on a PBX within our application at one moment.
type Snapshot struct {
	Channels map[string]ChannelTruth // by channel id; also those that we ordered and that still dial
	Bridges  map[string][]string     // bridge id -> channel ids in it; only bridges of our making
	// Ended are channels that ended lately, by id, as far as the PBX wrote that
	// down: also those that ended while nobody listened. Only Connected tells them.
	Ended map[string]ChannelEnd
	// Away are calls that came and went without us, as far as the PBX wrote that
	// down, and that AwayRecorded was not told of. Of those that it handed over to us
	// it cannot tell whether we heard of them: who reads this can (Store.Came).
	Away  []AwayCall
	Epoch string    // changes when the PBX itself was restarted
	Since time.Time // when the PBX itself was started, by its clock; zero when it does not tell
	// ObservedAt is when it was taken, by our clock; Clock is the same moment by
	// the PBX's. Every time that a PBX tells (Event.At, CreatedAt) is by its own
	// clock: OurTime translates.
	ObservedAt, Clock time.Time
}

// OurTime translates a time that the PBX told into our clock's, as far as the
// difference was known when the snapshot was taken.
func (s Snapshot) OurTime(t time.Time) time.Time {
	if t.IsZero() || s.Clock.IsZero() {
		return t
	}
	return t.Add(s.ObservedAt.Sub(s.Clock))
}

// AwayCall is a call that came and went without us: because we were away the PBX
// served it by its own means, or the caller left unheard. Times are by the PBX's clock.
type AwayCall struct {
	Channel      string
	DID          string
	Caller       Party
	Began, Ended time.Time
	Cause        Cause
	Served       bool // somebody, or something, of the PBX's own answered
}

// ChannelEnd is when and why a channel ended, by the PBX's clock.
type ChannelEnd struct {
	At    time.Time
	Cause Cause
	ByPBX bool // the far end did not hang up, as far as the PBX can tell
	// Answered tells whether somebody had answered, of a channel that we dialled; and
	// AnsweredAt when, zero when the PBX cannot tell.
	Answered   Told
	AnsweredAt time.Time
	// Message is what came of the message that the PBX itself told a lead (Origination.Lead), since
	// MessageAt; "" of everybody else.
	Message   MessageEnd
	MessageAt time.Time
}

// MessageEnd is what came of a message that is told a lead for whom nobody was there in time.
type MessageEnd string

// What may come of it.
const (
	MessageHeard  MessageEnd = "heard"
	MessageCut    MessageEnd = "cut" // who heard it hung up meanwhile
	MessageFailed MessageEnd = "failed"
	MessageNone   MessageEnd = "none" // there is none
)

// Told is what a PBX tells of something that it may know nothing of, which is "".
type Told string

// What it tells.
const (
	ToldYes Told = "yes"
	ToldNo  Told = "no"
)

// Tell is what a PBX tells that knows.
func Tell(yes bool) Told {
	if yes {
		return ToldYes
	}
	return ToldNo
}

// ChannelTruth is a channel as a snapshot shows it.
type ChannelTruth struct {
	Up      bool     // answered
	Entered bool     // under our control (not merely dialling)
	Args    []string // application arguments, as in EventEntered
	DID     string   // dialled number, for inbound channels
	Caller  Party
	// CreatedAt is when the channel came to be, by the PBX's clock: for one that
	// came in, when the caller arrived, seen by us or not.
	CreatedAt time.Time `json:",omitzero"`
	// Dialled tells of one that we ordered that its phone is called, as far as the PBX can
	// tell: it may be made only.
	Dialled bool
	// Told tells that the PBX itself tells a lead the message (Origination.Lead): the channel is out
	// of our control, and its end is all that follows.
	Told bool `json:",omitempty"`
	// AnsweredAt is when one that we dialled was answered, by the PBX's clock, told of one
	// whose EventEntered was told to nobody here, and that is in no bridge; zero when the PBX
	// cannot tell.
	AnsweredAt time.Time `json:",omitzero"`
}

// Party is a number and a name as signalled: untrusted text of any bytes.
type Party struct {
	Number string `json:"number,omitempty"`
	Name   string `json:"name,omitempty"`
}

// Media is one thing to play.
type Media struct {
	Kind  MediaKind `json:"kind"`
	Value string    `json:"value"` // sound name without extension, digits, number, tone name, or recording name
	// Masked media tell what a caller entered in secret: the value is not stored.
	Masked bool `json:"masked,omitempty"`
}

// MarshalJSON leaves the value of masked media out.
func (m Media) MarshalJSON() ([]byte, error) {
	type plain Media
	if m.Masked {
		m.Value = ""
	}
	return json.Marshal(plain(m))
}

// MediaKind is what a Media's value means.
type MediaKind string

// The kinds of media every adapter can play.
const (
	MediaSound     MediaKind = "sound"
	MediaDigits    MediaKind = "digits"
	MediaNumber    MediaKind = "number"
	MediaTone      MediaKind = "tone"
	MediaRecording MediaKind = "recording"
)

// Tone is a short tone that answers a key.
type Tone string

// Tones of Beep.
const (
	ToneYes Tone = "yes" // what was asked for is done, or under way
	ToneNo  Tone = "no"  // it is refused
)

// Playback is an order to play media, in order, on a channel.
type Playback struct {
	ID, Channel string
	Media       []Media
	Language    string // "en", "es"; "" is the channel's own
	Again       bool   `json:"-"` // it may have been ordered before: look first
	// Aside lets the conversation go on of which the channel is a part: what is played is mixed
	// into it for the channel alone, or cut short, so that neither side misses what the other
	// says. It is for one sound.
	Aside bool `json:",omitempty"`
}

// Origination is an order to call an endpoint.
type Origination struct {
	Channel  string   // id for the new channel
	Endpoint string   // "PJSIP/101", or Event.Peer: the new channel leads to somebody who is in a call already, out of which they are taken
	Args     []string // given back in EventEntered
	Caller   Party    // shown to the called party; already cleaned by CleanParty
	// Timeout is how long it may ring; whole seconds, at least 1.
	Timeout time.Duration
	// AutoAnswer asks the phone to pick up by itself (Call-Info and Alert-Info headers).
	AutoAnswer bool
	// Originator is the channel this call is made for; "" for none.
	Originator string
	Language   string
	Variables  map[string]string
	Again      bool `json:"-"` // it may have been ordered before: look first
	// Lead tells that it is a lead of a campaign who is called: who answers, or has, while
	// operadora is away and is joined with nobody hears Message by the PBX itself, as far as it
	// can, and is hung up. Where there is no message they are hung up at once.
	Lead    bool    `json:",omitempty"`
	Message []Media `json:",omitempty"`
	// Once tells that nobody's phone may ring a second time: with Again the channel is
	// taken as it is, and one that is not there is not made, but ErrInDoubt.
	Once bool `json:",omitempty"`
}

// Monitoring is an order to let one channel hear, and perhaps speak to, another.
type Monitoring struct {
	Bridge  string // of the letter that MakeID gives to those who monitor: see Monitors
	Channel string // who hears
	Target  string // who is heard, with all that is said to it
	Mode    MonitorMode
}

// MonitorMode is who hears whoever monitors. The strings are stored.
type MonitorMode string

// Modes of monitoring.
const (
	MonitorListen  MonitorMode = "listen"  // nobody
	MonitorWhisper MonitorMode = "whisper" // the target alone
	MonitorBarge   MonitorMode = "barge"   // the target and whom it talks with
)

// MonitorModes are all modes.
var MonitorModes = []MonitorMode{MonitorListen, MonitorWhisper, MonitorBarge}

// RecordingOrder is an order to record a bridge or a channel. Exactly one of Bridge and Channel is set.
type RecordingOrder struct {
	ID, Bridge, Channel string
	Format              string        // "wav"
	MaxDuration         time.Duration // 0 is unlimited
	MaxSilence          time.Duration // 0 is unlimited
	Terminator          string        // digit that ends it, "" for none
	Beep                bool
	Mailbox             string `json:",omitempty"` // of a message: whose people are told of it
	Again               bool   `json:"-"`          // it may have been ordered before: look first
}

// DialplanPlace is where Continue sends a channel; the zero value is the next dialplan line.
type DialplanPlace struct {
	Context, Extension string
	// Away is where the dialplan that handed the channel over sends it when
	// operadora cannot take it; Context and Extension are not looked at. Recorded
	// means that the call is on record with us: it is none of Snapshot.Away.
	Away     bool `json:",omitempty"`
	Recorded bool `json:",omitempty"`
}

// LampState is what a watching key shows.
type LampState string

// Lamp states, with what they mean for an agent.
const (
	LampOff     LampState = "off"     // logged out
	LampFree    LampState = "free"    // waiting for a call
	LampRinging LampState = "ringing" // a call is offered
	LampBusy    LampState = "busy"    // talking or wrapping up
	LampHeld    LampState = "held"    // paused
)

// Cause is a Q.850 hangup cause. 0 is unknown.
type Cause int

// The causes that operadora itself gives or tells apart.
const (
	CauseUnknown    Cause = 0
	CauseNoRoute    Cause = 3
	CauseNormal     Cause = 16
	CauseBusy       Cause = 17
	CauseNoResponse Cause = 18
	CauseNoAnswer   Cause = 19
	CauseRejected   Cause = 21
	CauseGone       Cause = 26 // answered elsewhere: our own cancel
	CauseOutOfOrder Cause = 27
	CauseCongestion Cause = 34
	CauseOther      Cause = 127 // interworking: the far end gave no cause
)
