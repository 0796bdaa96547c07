package ari

import (
	"errors"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// done marks the rows of TestRulings in which a command's purpose is reached.
const done = fault.Kind(-1)

func TestRulings(t *testing.T) {
	t.Parallel()
	rows := []struct {
		verb   string
		status int
		text   string
		want   fault.Kind
	}{
		// a call: about the caller, about the phone, given twice, malformed, Asterisk in trouble
		{"Originator", 404, "Channel not found", fault.NotFound},
		{"Originator", 500, "", fault.Unavailable},
		{"Dial", 409, "Channel is not in the 'Down' state", done},
		{"Dial", 409, "Channel not in Stasis application", fault.NotFound},
		{"Dial", 404, "Channel not found", fault.NotFound},
		{"Originate", 500, "Allocation failed", fault.NotFound},
		{"Originate", 409, "Channel with given unique ID already exists", done},
		{"Originate", 400, "Invalid endpoint specified", fault.Invalid},
		{"Originate", 400, "Uniqueid length exceeds maximum of 149", fault.Invalid},
		{"Originate", 500, "Internal Server Error", fault.Unavailable},
		{"Originate", 503, "Service Unavailable", fault.Unavailable},
		{"Hold", 500, "Allocation failed", fault.Unavailable},
		// the end of what is over
		{"Hangup", 404, "Channel not found", done},
		{"Hangup", 400, "Invalid reason for hangup reason code provided", fault.Invalid},
		{"StopPlay", 404, "Playback not found", done},
		{"StopPlay", 500, "Could not stop playback", fault.Unavailable},
		{"DestroyBridge", 404, "Bridge not found", done},
		{"DestroyBridge", 409, "Bridge not in Stasis application", done},
		{"DeleteRecording", 404, "Recording not found", done},
		{"DeleteRecording", 500, "Delete failed", fault.Unavailable},
		// channels
		{"Answer", 404, "Channel not found", fault.NotFound},
		{"Answer", 409, "Channel not in Stasis application", fault.NotFound},
		{"Answer", 412, "Channel in invalid state", fault.Conflict},
		{"Answer", 500, "Failed to answer channel", fault.Unavailable},
		{"Continue", 404, "Channel not found", fault.NotFound},
		{"Continue", 409, "Channel not in Stasis application", fault.NotFound},
		{"Continue", 400, "Requested priority is illegal", fault.Invalid},
		{"Continue", 404, "Requested label can not be found", fault.Conflict}, // the channel is there
		{"Hold", 409, "Channel not in Stasis application", fault.NotFound},
		{"Play", 409, "Channel not in Stasis application", fault.NotFound},
		{"Play", 500, "Failed to queue media for playback", fault.Unavailable},
		// bridges
		{"CreateBridge", 409, "Bridge with id 'op-c1-b1' already exists", done},
		{"CreateBridge", 500, "Unable to create bridge. Possible duplicate bridge id 'op-c1-b1'", fault.Unavailable},
		{"Join", 404, "Bridge not found", fault.NotFound},
		{"Join", 409, "Bridge not in Stasis application", fault.NotFound},
		{"Join", 400, "Channel not found", fault.NotFound},
		{"Join", 400, "Missing parameter channel", fault.Invalid},
		{"Join", 422, "Channel not in Stasis application", fault.NotFound},
		{"Join", 409, "Channel 1.1 currently recording", fault.Conflict},
		{"Part", 400, "Channel not found", done},
		{"Part", 422, "Channel not in this bridge", done},
		{"Part", 404, "Bridge not found", done},
		{"Part", 409, "Bridge not in Stasis application", done},
		{"Part", 409, "Channel 1.1 currently recording", fault.Conflict},
		{"Part", 500, "", fault.Unavailable},
		// recordings
		{"Record", 409, "Recording 'r' already exists and can not be overwritten", fault.Conflict},
		{"Record", 422, "specified format is unknown on this system", fault.Invalid},
		{"Record", 409, "Bridge not in Stasis application", fault.NotFound},
		{"Record", 500, "Failed to create recording channel", fault.Unavailable},
		{"MuteRecord", 409, "Recording not in session", fault.Conflict},
		{"MuteRecord", 404, "Recording not found", fault.NotFound},
		{"OpenRecording", 404, "Recording not found", fault.NotFound},
		{"OpenRecording", 403, "Recording could not be opened", fault.Denied},
		// the login, and what may stand before Asterisk
		{"Answer", 401, "Unauthorized", fault.Denied},
		{"Answer", 403, "Forbidden", fault.Denied},
		{"Answer", 400, "Invalid something", fault.Invalid},
		{"Answer", 422, "not json", fault.Invalid},
		{"Answer", 408, "", fault.Unavailable},
		{"Answer", 429, "", fault.Unavailable},
		{"Answer", 302, "", fault.Unavailable},
		{"Answer", 502, "", fault.Unavailable},
		{"Answer", 501, "", fault.Invalid},
	}
	for _, r := range rows {
		err := refusal(r.verb, r.status, r.text)
		got := fault.KindOf(err)
		if err == nil {
			got = done
		}
		if got != r.want {
			t.Errorf("%s %d %s: %v, want %v", r.verb, r.status, r.text, got, r.want)
		}
		if err != nil && (status(err) != r.status || !strings.Contains(err.Error(), r.text)) {
			t.Errorf("%s %d %s: told as %v", r.verb, r.status, r.text, err)
		}
		if is := errors.Is(err, orchestrator.ErrOriginatorGone); is != (r.verb == "Originator" && r.status == 404) {
			t.Errorf("%s %d %s: the originator is gone: %v", r.verb, r.status, r.text, is)
		}
	}
}

// What only an answered channel can do is refused of one that dials, without
// asking; one that has left is not found.
func TestNotInTheApplication(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	a.legs.seed(orchestrator.Snapshot{Channels: map[string]orchestrator.ChannelTruth{"op-c1-l1": {}, "op-c1-l2": {Entered: true}, "1.1": {Entered: true}}})
	for id, want := range map[string]fault.Kind{
		"op-c1-l1": fault.Conflict, "op-c1-l2": fault.NotFound, "op-c1-l3": fault.NotFound, "1.1": fault.NotFound, "1.2": fault.NotFound,
	} {
		f.handle("POST /ari/channels/"+id+"/answer", answer(409, `{"message":"Channel not in Stasis application"}`))
		if err := a.Answer(t.Context(), id); fault.KindOf(err) != want {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
	}
	if err := a.Join(t.Context(), "op-c1-b1", "1.1", "op-c1-l1"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("joined while dialling: %v", err)
	}
}
