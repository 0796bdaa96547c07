package ari

import (
	"bytes"
	"encoding/json"
	"time"

	wire "github.com/CyCoreSystems/ari/v6"

	"github.com/operadora/operadora/orchestrator"
)

// translated are the events that mean something to us, and no others are asked
// for: the filter that is set after each connection lists exactly these.
var translated = []string{
	wire.Events.StasisStart, wire.Events.StasisEnd,
	wire.Events.ChannelStateChange, wire.Events.Dial,
	wire.Events.ChannelHangupRequest, wire.Events.ChannelDestroyed,
	wire.Events.ChannelDtmfReceived,
	wire.Events.PlaybackFinished,
	wire.Events.RecordingStarted, wire.Events.RecordingFinished, wire.Events.RecordingFailed,
	wire.Events.DeviceStateChanged,
	wire.Events.ChannelHold, wire.Events.ChannelUnhold,
	wire.Events.ChannelTalkingStarted, wire.Events.ChannelTalkingFinished,
	transferEvent,
	wire.Events.ChannelUserevent, wire.Events.ApplicationReplaced,
}

// verdict is what is to be done about a wire event.
type verdict int

const (
	silent  verdict = iota // nothing
	tell                   // the event goes to the sink
	recount                // the channel ended; what the dialplan told it must be asked
	doubt                  // the channel left the application; whether it lives must be asked
)

// translator turns wire events into ours. Apart from its memory of channels
// and recordings it is pure: it asks nobody and looks at no clock. It belongs to one goroutine.
type translator struct {
	pbx        string
	legs       *legs
	recordings map[string]time.Time // begin of those running
}

func newTranslator(pbx string, l *legs) *translator {
	return &translator{pbx: pbx, legs: l, recordings: map[string]time.Time{}}
}

// eventType returns the type of an event. Asterisk writes it first, so the
// whole need not be parsed for those that are not decoded.
func eventType(frame []byte) string {
	const head = `{"type":"`
	if rest, ok := bytes.CutPrefix(frame, []byte(head)); ok {
		if i := bytes.IndexByte(rest, '"'); i > 0 {
			return string(rest[:i])
		}
	}
	var m struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(frame, &m) != nil {
		return ""
	}
	return m.Type
}

// translate gives the meaning of a wire event. The event is complete when the
// verdict is tell; when it is doubt only Channel and At are set.
func (t *translator) translate(w *message) (orchestrator.Event, verdict) {
	e := orchestrator.Event{PBX: t.pbx, At: time.Time(w.Timestamp)}
	v := silent
	switch w.Type {
	case wire.Events.StasisStart:
		if v = t.heard(&e, w); v == silent {
			v = t.legs.entered(&e, w)
		}
	case wire.Events.StasisEnd:
		e.Channel = w.Channel.ID
		v = t.legs.leftApplication(&e)
	case wire.Events.ChannelStateChange:
		e.Channel = w.Channel.ID
		if w.Channel.State == "Up" {
			v = t.legs.answered(&e, &w.Channel)
		} else {
			v = t.legs.ringing(&e, w.Channel.State == "Ringing", false)
		}
	case wire.Events.Dial:
		e.Channel = w.Peer.ID
		v = t.legs.ringing(&e, w.Dialstatus == "RINGING", w.Dialstatus == "PROGRESS")
	case wire.Events.ChannelHangupRequest:
		t.legs.hangupRequested(w)
	case wire.Events.ChannelDestroyed:
		e.Channel, e.Cause = w.Channel.ID, orchestrator.Cause(w.Cause)
		e.Reason = w.CauseTxt
		v = t.legs.destroyed(&e)
	case wire.Events.ChannelDtmfReceived:
		e.Channel, e.Digit = w.Channel.ID, w.Digit
		if e.Kind = orchestrator.EventDigit; !t.legs.gone(e.Channel) {
			v = tell
		}
	case wire.Events.PlaybackFinished:
		v = tell
		played(&e, w.Playback)
		if !orchestrator.Ours(e.Playback) || e.Failed && t.legs.hangingUp(e.Channel) {
			v = silent // a tone (Beep); or the channel's end follows, and says it all: a flow must not go on without its caller
		}
	case wire.Events.RecordingStarted:
		t.recordings[w.Recording.Name] = e.At
	case wire.Events.RecordingFinished:
		v = tell
		t.recorded(&e, w.Recording, false)
	case wire.Events.RecordingFailed:
		v = tell
		t.recorded(&e, w.Recording, true)
	case wire.Events.ChannelHold:
		e.Kind, e.Channel = orchestrator.EventHeld, w.Channel.ID
		v = t.legs.inCall(e.Channel)
	case wire.Events.ChannelUnhold:
		e.Kind, e.Channel = orchestrator.EventResumed, w.Channel.ID
		v = t.legs.inCall(e.Channel)
	case wire.Events.ChannelTalkingStarted:
		e.Kind, e.Channel = orchestrator.EventSpeaks, w.Channel.ID
		v = t.legs.inCall(e.Channel)
	case wire.Events.ChannelTalkingFinished:
		e.Kind, e.Channel, e.Duration = orchestrator.EventSilent, w.Channel.ID, time.Duration(w.Duration)*time.Millisecond
		v = t.legs.inCall(e.Channel)
	case transferEvent:
		if v = w.into(&e); t.legs.gone(e.Channel) {
			v = silent
		}
	case wire.Events.DeviceStateChanged:
		e.Endpoint, e.Device = w.DeviceState.Name, deviceState(w.DeviceState.State)
		e.Kind, v = orchestrator.EventDevice, tell
	}
	return e, v
}

// entered is a channel that came into the application.
func (l *legs) entered(e *orchestrator.Event, w *message) verdict {
	if isSnoop(w.Channel.ID) {
		return silent
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// It may have been with us before and come back by the dialplan.
	up := w.Channel.State == "Up"
	if originated(w.Channel.ID) && !up {
		if g := l.of(w.Channel.ID); !g.over {
			*g = leg{args: append([]string{}, w.Args...), lead: g.lead} // created, to be dialled
		}
		return silent
	}
	*l.of(w.Channel.ID) = leg{entered: true, heard: l.of(w.Channel.ID).heard}
	e.Kind = orchestrator.EventEntered
	e.Channel, e.Args, e.Up, e.CreatedAt = w.Channel.ID, w.Args, w.Channel.State == "Up", createdAt(&w.Channel)
	if !originated(e.Channel) {
		if keepsEnds(w.Args) {
			l.keepsEnds.Store(true)
		}
		e.DID, e.Caller, e.Language = dialled(w.Args, &w.Channel), caller(&w.Channel), w.Channel.Language
	}
	return tell
}

// answered is a channel that we created in the application and whose phone was
// picked up: now it is under our control.
func (l *legs) answered(e *orchestrator.Event, c *channel) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.m[c.ID]
	if g == nil || g.entered || g.over || g.args == nil || !originated(c.ID) {
		return silent
	}
	g.entered = true
	e.Kind, e.Args, e.Up, e.CreatedAt = orchestrator.EventEntered, g.args, true, createdAt(c)
	return tell
}

// ringing is an originated channel that alerts; it is told once. Progress
// (early media) is no ringing, but shows that somebody is there.
func (l *legs) ringing(e *orchestrator.Event, rings, progress bool) verdict {
	if (!rings && !progress) || !originated(e.Channel) {
		return silent
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.of(e.Channel)
	told := g.alerted
	g.alerted = true
	if told || progress || g.over || g.entered {
		return silent
	}
	e.Kind = orchestrator.EventRinging
	return tell
}

// hangupRequested notes why a channel is about to end. For a soft request
// Asterisk's number is not a cause but a flag of its own (32).
func (l *legs) hangupRequested(w *message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.m[w.Channel.ID]
	if g == nil {
		return
	}
	g.ending, g.soft = true, g.soft || w.Soft
	if !w.Soft && w.Cause > 0 {
		g.cause = orchestrator.Cause(w.Cause)
	}
}

// byAsterisk tells whether the end that was asked for was neither our wish nor the far
// end's: Asterisk is being stopped, or somebody is at its console.
func (g *leg) byAsterisk() bool { return g.soft && g.cause == 0 && g.asked == 0 }

// hangingUp tells whether a channel is about to end.
func (l *legs) hangingUp(channel string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.m[channel]
	return g != nil && g.ending
}

// leftApplication is the end of a channel's stay with us.
func (l *legs) leftApplication(e *orchestrator.Event) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.m[e.Channel]
	if g == nil || g.over {
		return silent
	}
	if !g.entered && originated(e.Channel) {
		return silent // it was not answered: its destruction tells why
	}
	g.entered = false
	switch {
	case g.ending:
		e.Kind, e.Cause = orchestrator.EventEnded, orchestrator.CauseNormal
		if g.cause != 0 {
			e.Cause = g.cause
		} else if g.asked != 0 {
			e.Cause = g.asked
		}
		e.ByPBX = g.byAsterisk()
	case g.leaving:
		e.Kind = orchestrator.EventLeft
	default:
		return doubt
	}
	l.close(e.Channel, g)
	return tell
}

// destroyed is the end of an originated channel, answered or not.
func (l *legs) destroyed(e *orchestrator.Event) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.m[e.Channel]
	if g == nil && !originated(e.Channel) {
		return silent
	}
	delete(l.m, e.Channel)
	if g != nil && g.over {
		return silent
	}
	e.ByPBX = g != nil && g.entered && g.byAsterisk()
	if e.Cause == orchestrator.CauseNoAnswer && (g == nil || !g.alerted) {
		// Asterisk says "user alerting, no answer" also of a phone that never
		// alerted: one that vanished, or that answered 480.
		e.Cause, e.Reason = orchestrator.CauseNoResponse, "the phone never alerted"
	}
	e.Kind = orchestrator.EventEnded
	if g != nil && g.told {
		return recount
	}
	return tell
}

func played(e *orchestrator.Event, p playback) {
	e.Kind, e.Playback, e.Channel = orchestrator.EventPlayed, p.ID, channelOf(p.TargetURI)
	if p.State == "failed" {
		e.Failed, e.Reason = true, "the last sound is missing"
	}
}

// recorded gives a recording's length. Asterisk counts whole seconds, without
// the fraction; the fraction is taken from the events' clock.
func (t *translator) recorded(e *orchestrator.Event, r recording, failed bool) {
	e.Kind, e.Recording, e.Channel = orchestrator.EventRecorded, r.Name, channelOf(r.TargetURI)
	e.Failed, e.Reason = failed, r.Cause
	begin, known := t.recordings[r.Name]
	delete(t.recordings, r.Name)
	if failed {
		return
	}
	e.Duration = time.Duration(r.Duration) * time.Second
	if known {
		e.Duration = min(max(e.At.Sub(begin), e.Duration), e.Duration+time.Second-time.Millisecond)
	}
}

// channelOf returns the id in "channel:<id>", "" for a bridge.
func channelOf(target string) string {
	const scheme = "channel:"
	if len(target) > len(scheme) && target[:len(scheme)] == scheme {
		return target[len(scheme):]
	}
	return ""
}

// dialled is the number that a caller reached: the dialplan's second argument,
// or the extension when it has none. A feature code reached no number.
func dialled(args []string, c *channel) string {
	switch {
	case len(args) > 0 && args[0] == string(orchestrator.KindFeature):
		return ""
	case len(args) > 1:
		return args[1] // "" when the filter of the dialplan left nothing: the extension itself is not to be trusted
	}
	return c.Dialplan.Exten
}

// createdAt is zero when Asterisk does not tell.
func createdAt(c *channel) time.Time {
	t := time.Time(c.Creationtime)
	if t.Unix() <= 0 {
		return time.Time{}
	}
	return t.UTC()
}

func caller(c *channel) orchestrator.Party {
	return orchestrator.Party{Number: c.Caller.Number, Name: c.Caller.Name}
}

// deviceState says what Asterisk's state of a device means for an agent's phone.
func deviceState(s string) orchestrator.DeviceState {
	switch s {
	case "NOT_INUSE":
		return orchestrator.DeviceFree
	case "INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD":
		return orchestrator.DeviceBusy
	case "UNAVAILABLE", "INVALID":
		return orchestrator.DeviceUnreachable
	}
	return orchestrator.DeviceUnknown
}
