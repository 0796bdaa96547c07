//go:build freeswitch

package esl

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab/people"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

var capture = flag.Bool("capture", false, "write the events of one call into testdata")

// recorder keeps the first event of each kind that FreeSWITCH tells.
type recorder struct {
	mu   sync.Mutex
	seen map[string][]byte // by file name; guarded by mu
}

// secret are fields that say where a capture was made.
var secret = regexp.MustCompile(`^(FreeSWITCH-|Event-Calling-|hostname$|variable_(switch_r_sdp|rtp_local_sdp_str|sip_call_id|sip_via_|sip_full_|sip_from_tag|sip_to_tag|sip_p_|DP_MATCH))`)

var (
	labFolder = regexp.MustCompile(`/tmp/op-freeswitch-[0-9]+`)
	hostName  = regexp.MustCompile(`"hostname":\s*"[^"]*"`)
)

// scrubbed is a capture without what is the machine's.
func scrubbed(raw []byte) []byte {
	raw = labFolder.ReplaceAll(raw, []byte("/var/lib/freeswitch"))
	raw = hostName.ReplaceAll(raw, []byte(`"hostname":"pbx"`))
	raw = hostName.ReplaceAll(raw, []byte(`"hostname":"pbx"`))
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return raw
	}
	for name := range fields {
		if secret.MatchString(name) {
			delete(fields, name)
		}
	}
	out, err := json.MarshalIndent(fields, "", "\t")
	if err != nil {
		return raw
	}
	return append(out, '\n')
}

// unused are events that no test looks at.
var unused = regexp.MustCompile(`^channel_execute.*_(set|answer|echo|transfer|park|sleep|park_missing)$|conference-(create|destroy)|channel_progress_media|record_start`)

func (r *recorder) keep(raw []byte) {
	w, err := decode(raw)
	if err != nil {
		return
	}
	name := strings.ToLower(string(w.Name))
	switch w.Name {
	case "CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE":
		name += "_" + string(w.App)
		if missed(string(w.AppResponse)) {
			name += "_missing"
		}
	case "CHANNEL_PARK", "CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE":
		if orchestrator.Ours(w.id()) {
			name += "_leg"
		}
	case "CUSTOM":
		name = strings.ReplaceAll(string(w.Subclass), "::", "_")
		if w.Action != "" {
			name += "_" + string(w.Action)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if unused.MatchString(name) {
		return
	}
	if r.seen[name] == nil {
		r.seen[name] = raw
	}
}

// TestCapture records what FreeSWITCH tells of one call with everything in it,
// for the scripted server and the tests of the translation.
func TestCapture(t *testing.T) {
	if !*capture {
		t.Skip("-capture writes testdata anew")
	}
	world := newWorld(t)
	r := &recorder{seen: map[string][]byte{}}
	c, err := dial(t.Context(), world.config(world.fs.Address()), func(f frame) { r.keep(f.body) })
	if err != nil {
		t.Fatal(err)
	}
	defer c.close(nil)
	if f, err := c.ask(t.Context(), "event json "+wanted); err != nil || !strings.HasPrefix(f.reply, "+OK") {
		t.Fatal(f, err)
	}
	a := world.adapter(t, world.fs.Address())
	tour(t, world, a, c, r)
	time.Sleep(time.Second) // what is still on its way
	for name, raw := range r.seen {
		if err := os.WriteFile(filepath.Join("testdata", name+".json"), scrubbed(raw), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// tour is one call with everything in it.
func tour(t *testing.T, w *world, a *Adapter, c *conn, r *recorder) {
	sink := &listener{events: make(chan orchestrator.Event, 1000), connected: make(chan orchestrator.Snapshot, 10)}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); _ = a.Run(ctx, sink) }()
	defer func() { cancel(); <-done }()
	<-sink.connected
	caller := w.arrive(t, "712345", orchestrator.Party{Number: "5550100", Name: "Ana"})
	in := sink.next(t, orchestrator.EventEntered)
	must(t, a.Answer(ctx, in.Channel))
	must(t, a.Play(ctx, orchestrator.Playback{ID: "op-tour-p1", Channel: in.Channel, Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "operadora/and"}}}))
	sink.next(t, orchestrator.EventPlayed)
	must(t, a.Play(ctx, orchestrator.Playback{ID: "op-tour-p2", Channel: in.Channel, Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "no-such-sound"}}}))
	sink.next(t, orchestrator.EventPlayed)
	caller.Press(t, "5")
	sink.next(t, orchestrator.EventDigit)
	must(t, a.Record(ctx, orchestrator.RecordingOrder{ID: "op-tour-m1", Channel: in.Channel, Format: "wav", MaxDuration: time.Second}))
	sink.next(t, orchestrator.EventRecorded)
	p := w.people.Phone(t, pbxtest.PhoneAnswers)
	must(t, a.Originate(ctx, orchestrator.Origination{Channel: "op-tour-a1", Endpoint: p.Endpoint(), Args: []string{"leg", "tour"}, Timeout: 10 * time.Second, Caller: orchestrator.Party{Number: "5550100", Name: "Ana"}}))
	sink.next(t, orchestrator.EventEntered)
	key := p.(*people.Desk).Calling(t)
	must(t, key.Hold(ctx, true))
	sink.next(t, orchestrator.EventHeld)
	must(t, key.Hold(ctx, false))
	sink.next(t, orchestrator.EventResumed)
	must(t, key.Refer(ctx, "4711", nil))
	sink.next(t, orchestrator.EventTransfer)
	must(t, a.CreateBridge(ctx, "op-tour-b1"))
	must(t, a.Join(ctx, "op-tour-b1", in.Channel, "op-tour-a1"))
	must(t, a.Record(ctx, orchestrator.RecordingOrder{ID: "op-tour-r1", Bridge: "op-tour-b1", Format: "wav"}))
	for _, what := range []string{"uuid_dump " + in.Channel + " json", "show channels as json", "uuid_buglist " + in.Channel} {
		f, err := c.ask(ctx, "api "+what)
		must(t, err)
		name := strings.ReplaceAll(strings.Fields(what)[0], "show", "show_channels")
		must(t, os.WriteFile(filepath.Join("testdata", name+".txt"), scrubbed(f.body), 0o644))
	}
	time.Sleep(300 * time.Millisecond)
	must(t, a.StopRecord(ctx, "op-tour-r1"))
	must(t, a.DestroyBridge(ctx, "op-tour-b1", in.Channel))
	must(t, a.Continue(ctx, in.Channel, orchestrator.DialplanPlace{}))
	sink.next(t, orchestrator.EventLeft)
	caller.HangUp(t)
	p.HangUp(t)
	sink.next(t, orchestrator.EventEnded)
	busy := w.people.Phone(t, pbxtest.PhoneBusy)
	must(t, a.Originate(ctx, orchestrator.Origination{Channel: "op-tour-a2", Endpoint: busy.Endpoint(), Timeout: 10 * time.Second}))
	sink.next(t, orchestrator.EventEnded)
	watcher, err := w.fs.Phone(ctx, "180")
	must(t, err)
	defer watcher.Close()
	lamp, err := watcher.WatchLamp(ctx, "*486101")
	must(t, err)
	must(t, a.SetLamp(ctx, "op-101", orchestrator.LampBusy))
	for s := range lamp.States() {
		t.Log("lamp", s)
		if s == "confirmed" {
			break
		}
	}
}
