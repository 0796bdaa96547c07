package main

import (
	"encoding/binary"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// fetch gets a part of a recording: status, and the samples behind the header when it is the whole.
func fetch(t *testing.T, api *client.API, recording, span string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(limit(t), http.MethodGet, api.Base+"/api/v1/recordings/"+recording+"/audio", nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+api.Token)
	if span != "" {
		req.Header.Set("Range", span)
	}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, body
}

// samplesOf are the samples of a WAV file of 16 bits.
func samplesOf(wav []byte) []int16 {
	var out []int16
	for i := 44; i+1 < len(wav); i += 2 {
		out = append(out, int16(binary.LittleEndian.Uint16(wav[i:])))
	}
	return out
}

// seconds tells for each second of a recording whether a tone is in it.
func seconds(samples []int16, hz float64) (heard []bool) {
	const rate = 8000
	for i := 0; i+rate <= len(samples); i += rate {
		heard = append(heard, lab.HasTone(samples[i:i+rate], hz))
	}
	return heard
}

// TestRecordingIsMutedListedAndStreamed records a conversation, silences a part
// of it, and reads it back through the API.
func TestRecordingIsMutedListedAndStreamed(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	ana := r.login("101")
	c := r.queue("5550001")
	a := r.answers(ana)
	c.PlayTone(500) // the agent only listens
	must(t, a.WaitTone(limit(t), 500))
	r.awaitEntry(orchestrator.EntryCallRecording, 1)
	live := r.onlyCall(api)
	pause := func(d time.Duration) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		<-timer.C
	}
	pause(2 * time.Second) // of sound
	_, err = api.MuteRecordingWithResponse(limit(t), live.LiveRecording.ID)
	must(t, err)
	pause(3 * time.Second) // of silence
	_, err = api.UnmuteRecordingWithResponse(limit(t), live.LiveRecording.ID)
	must(t, err)
	pause(2 * time.Second)
	must(t, a.Hangup())
	ended(t, c)
	got := r.settled(1)[0]

	status, whole := fetch(t, api, got.Recording, "")
	if status != http.StatusOK || len(whole) < 44 {
		t.Fatalf("the recording: %d, %d bytes", status, len(whole))
	}
	heard := seconds(samplesOf(whole), 500)
	t.Logf("seconds with the caller's tone: %v", heard)
	if len(heard) < 6 || !heard[0] || !heard[len(heard)-1] {
		t.Errorf("the conversation is not in its recording: %v", heard)
	}
	silent := 0
	for _, h := range heard {
		if !h {
			silent++
		}
	}
	if silent < 2 {
		t.Errorf("nothing was muted: %v", heard)
	}
	status, part := fetch(t, api, got.Recording, "bytes=44-143")
	if status != http.StatusPartialContent || string(part) != string(whole[44:144]) {
		t.Errorf("a range: %d, %d bytes", status, len(part))
	}
	if status, _ := fetch(t, api, got.Recording, "bytes=999999999-"); status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a range behind the end: %d", status)
	}
	list, err := api.ListRecordingsWithResponse(limit(t), &wire.ListRecordingsParams{Agent: new("101")})
	must(t, err)
	if items := list.JSON200.Items; len(items) != 1 || items[0].ID != got.Recording || items[0].State != wire.RecordingStateFinished {
		t.Errorf("the list: %s", list.Body)
	}
}

func (r *rig) onlyCall(api *client.API) wire.LiveCall {
	r.t.Helper()
	list, err := api.Calls(limit(r.t), wire.ListCallsParams{})
	must(r.t, err)
	if len(list) != 1 || list[0].LiveRecording.ID == "" {
		r.t.Fatalf("live calls: %+v", list)
	}
	return list[0]
}

// TestVoicemail leaves a message instead of waiting, by a menu key, by the
// queue's exit key and when the wait is over.
func TestVoicemail(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	for i, keys := range []string{"2", "1*", "3"} {
		c := r.call("555000"+string(rune('1'+i)), "5000")
		for _, k := range keys {
			if k == '*' {
				r.awaitEntry(orchestrator.EntryCallQueued, 1)
			}
			must(t, c.SendDTMF(string(k)))
		}
		r.awaitEntry(orchestrator.EntryCallRecording, 2*i+1)
		c.PlayTone(700)
		timer := time.NewTimer(4 * time.Second)
		<-timer.C
		must(t, c.SendDTMF("#"))
		ended(t, c)
		r.awaitEntry(orchestrator.EntryCallEnded, i+1)
	}
	for _, got := range r.settled(3) {
		if got.Outcome != orchestrator.OutcomeVoicemail || got.Voicemail == "" {
			t.Errorf("call from %s: %q, message %q, path %v", got.Caller.Number, got.Outcome, got.Voicemail, got.Path)
			continue
		}
		status, wav := fetch(t, api, got.Voicemail, "")
		if status != http.StatusOK || !slices.Contains(seconds(samplesOf(wav), 700), true) {
			t.Errorf("the message of %s: %d, %d bytes, without the tone", got.Caller.Number, status, len(wav))
		}
	}
}

// TestTransferThroughTheGate rings an outside number that the gate allows and refuses one that it does not.
func TestTransferThroughTheGate(t *testing.T) {
	t.Parallel()
	carrier, err := lab.NewPhone(lab.PhoneOptions{User: "carrier"})
	must(t, err)
	t.Cleanup(carrier.Close)
	r := newRig(t, rigOptions{agents: 1,
		asterisk: lab.AsteriskOptions{Trunks: []lab.Trunk{{Name: "trunk", Addr: carrier.Addr()}}},
		config:   "    outbound: {dial: \"PJSIP/{number}@trunk\", region: ES, allow: [\"+3491\"], deny: [\"+349180\"], outside_to_outside: true}\n",
		files: map[string]string{
			"flows/out.yaml": "flow: out\nlanguage: en\nstart: ask\nprompts:\n  which: {sound: tt-monkeys}\n  no: {sound: pbx-invalid}\n" +
				"nodes:\n  ask: {type: gather, prompt: which, digits: {min: 1, max: 12, terminator: \"#\"}, var: number, on: {ok: ring, fail: end}}\n" +
				"  ring: {type: transfer, to: \"{{number}}\", timeout: 20s, on: {denied: refused, busy: end, no_answer: end, failed: end}}\n" +
				"  refused: {type: play, prompt: no, next: ask}\n",
			"dids.yaml": "dids:\n  \"5000\": {flow: line}\n  \"5002\": {flow: out}\n",
		}})
	r.start()
	c := r.call("5550001", "5002")
	for _, forbidden := range []string{"918012345#", "0011223344#"} {
		must(t, c.SendDTMF(forbidden))
	}
	r.awaitEntry(orchestrator.EntryCallTransfer, 2)
	select {
	case <-carrier.Incoming():
		t.Fatal("a forbidden number was called")
	default:
	}
	must(t, c.SendDTMF("915500001#"))
	r.serve(carrier, c)
	if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeTransferred {
		t.Errorf("the record: %+v", got)
	}
}

// TestLamps watches both keys of an agent at a desk phone (dialog-info) through a
// day's states. No two states look alike on both: free and logged out, paused and
// busy. The agent goes from state to state by pressing the key of its own lamp.
func TestLamps(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2})
	r.start()
	ana, watcher := r.desk("101"), r.desk("102")
	does, err := watcher.WatchLamp(limit(t), "*486101")
	must(t, err)
	duty, err := watcher.WatchLamp(limit(t), "*487101")
	must(t, err)
	shows := func(key, want string, states <-chan string) {
		t.Helper()
		for {
			select {
			case s := <-states:
				if s == want {
					return
				}
			case <-limit(t).Done():
				t.Fatalf("the key of what the agent %s never showed %q", key, want)
			}
		}
	}
	r.dial(ana, "*486101") // logs in
	shows("does", "terminated", does.States())
	shows("is on", "confirmed", duty.States())
	r.dial(ana, "*487101") // pauses
	shows("does", "confirmed", does.States())
	shows("is on", "early", duty.States())
	r.dial(ana, "*486101") // ready again
	shows("does", "terminated", does.States())
	shows("is on", "confirmed", duty.States())
	c := r.queue("5550001")
	shows("does", "early", does.States()) // it rings
	a := r.answers(ana)
	shows("does", "confirmed", does.States()) // talking
	r.talk(c, a)
	must(t, a.Hangup())
	ended(t, c)
	shows("does", "terminated", does.States())
	r.dial(ana, "*482")
	shows("is on", "terminated", duty.States())
	r.settled(1)
}
