package ari

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	wire "github.com/CyCoreSystems/ari/v6"
	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
)

var update = flag.Bool("update", false, "write the golden files anew")

// intents are what we had asked of the channel in a capture, once it had entered.
var intents = map[string]func(l *legs, channel string){
	"inbound_we_hang_up":   func(l *legs, c string) { l.askedToEnd(c, orchestrator.CauseBusy) },
	"inbound_continued":    func(l *legs, c string) { l.leaving(c, true) },
	"originated_continued": func(l *legs, c string) { l.leaving(c, true) },
}

// TestTranslate reads captures from a real Asterisk 22.10 (numbers, names and
// addresses are made up) and compares what they mean with the golden files.
func TestTranslate(t *testing.T) {
	t.Parallel()
	captures, err := filepath.Glob("testdata/*.json")
	if err != nil || len(captures) < 20 {
		t.Fatalf("%d captures, %v", len(captures), err)
	}
	for _, path := range captures {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := meaning(t, capture(t, path), intents[name])
			golden := strings.TrimSuffix(path, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func capture(t testing.TB, path string) []json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var frames []json.RawMessage
	if err := json.Unmarshal(raw, &frames); err != nil {
		t.Fatal(err)
	}
	return frames
}

// meaning is one line for each event of a capture.
func meaning(t *testing.T, frames []json.RawMessage, intent func(*legs, string)) string {
	t.Helper()
	tr := newTranslator("lab", newLegs())
	var b strings.Builder
	for _, frame := range frames {
		w, err := decode(frame)
		if err != nil {
			t.Fatal(err)
		}
		if eventType(frame) != w.Type {
			t.Errorf("eventType says %q of a %s", eventType(frame), w.Type)
		}
		e, v := tr.translate(w)
		fmt.Fprintf(&b, "%-22s %s\n", w.Type, line(t, e, v))
		if e.Kind == orchestrator.EventEntered && intent != nil {
			intent(tr.legs, e.Channel)
		}
	}
	for id, g := range tr.legs.m {
		if !g.entered {
			fmt.Fprintf(&b, "remembered: %s %+v\n", id, *g)
		}
	}
	return b.String()
}

func line(t *testing.T, e orchestrator.Event, v verdict) string {
	t.Helper()
	switch v {
	case silent:
		return "-"
	case doubt:
		return "what became of " + e.Channel + "?"
	}
	if e.PBX != "lab" || e.At.IsZero() {
		t.Errorf("pbx %q, at %v", e.PBX, e.At)
	}
	e.PBX = ""
	// only what is set
	full, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(full, &fields); err != nil {
		t.Fatal(err)
	}
	for k, v := range fields {
		switch v {
		case nil, "", false, 0.0:
			delete(fields, k)
		}
		if m, ok := v.(map[string]any); ok && len(m) == 0 {
			delete(fields, k)
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDeviceState(t *testing.T) {
	t.Parallel()
	rows := map[string]orchestrator.DeviceState{
		"NOT_INUSE": orchestrator.DeviceFree,
		"INUSE":     orchestrator.DeviceBusy, "BUSY": orchestrator.DeviceBusy, "RINGING": orchestrator.DeviceBusy,
		"RINGINUSE": orchestrator.DeviceBusy, "ONHOLD": orchestrator.DeviceBusy,
		"UNAVAILABLE": orchestrator.DeviceUnreachable, "INVALID": orchestrator.DeviceUnreachable,
		"UNKNOWN": orchestrator.DeviceUnknown, "": orchestrator.DeviceUnknown, "NEW": orchestrator.DeviceUnknown,
	}
	for in, want := range rows {
		if got := deviceState(in); got != want {
			t.Errorf("deviceState(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDialledNumber(t *testing.T) {
	t.Parallel()
	c := &channel{}
	c.Dialplan.Exten = "s"
	rows := []struct {
		name string
		args []string
		c    *channel
		want string
	}{
		{"argument", []string{"inbound", "5552000"}, c, "5552000"},
		{"nothing left by the filter", []string{"inbound", ""}, c, ""},
		{"no argument", []string{"inbound"}, c, "s"},
		{"no arguments at all", nil, c, "s"},
		{"feature code", []string{"feature", "login", "PJSIP/101"}, c, ""},
		{"nothing known", nil, &channel{}, ""},
	}
	for _, r := range rows {
		if got := dialled(r.args, r.c); got != r.want {
			t.Errorf("%s: %q, want %q", r.name, got, r.want)
		}
	}
}

func TestLegsForgetWhatASnapshotDoesNotShow(t *testing.T) {
	t.Parallel()
	l := newLegs()
	for _, id := range []string{"100.1", "100.2", "op-c1-l1"} {
		l.of(id).entered = true
	}
	l.seed(orchestrator.Snapshot{Channels: map[string]orchestrator.ChannelTruth{"100.2": {Entered: true}, "op-c2-l1": {}}})
	if len(l.m) != 2 || !l.m["100.2"].entered || l.m["op-c2-l1"] == nil || l.m["op-c2-l1"].entered {
		t.Errorf("remembered: %+v", l.m)
	}
	l.askedToEnd("100.1", orchestrator.CauseNormal)
	l.leaving("100.1", true)
	if len(l.m) != 2 {
		t.Error("a note on a channel that is not known stays for ever")
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, channel string
		g             *leg
		alive, want   bool
		remembered    bool
	}{
		{"inbound, gone", "100.1", &leg{}, false, true, false},
		{"inbound, alive", "100.1", &leg{}, true, true, false},
		{"came back meanwhile", "100.1", &leg{entered: true}, true, false, true},
		{"settled by another event", "100.1", nil, false, false, false},
		{"originated, gone: its destruction is told", "op-c1-l1", &leg{}, false, false, true},
		{"originated, alive", "op-c1-l1", &leg{}, true, true, true},
		{"originated, told before", "op-c1-l1", &leg{over: true}, true, false, true},
	}
	for _, r := range rows {
		l := newLegs()
		if r.g != nil {
			l.m[r.channel] = r.g
		}
		if got := l.settle(r.channel, r.alive, false); got != r.want {
			t.Errorf("%s: told %v, want %v", r.name, got, r.want)
		}
		if got := l.m[r.channel] != nil; got != r.remembered {
			t.Errorf("%s: remembered %v, want %v", r.name, got, r.remembered)
		}
	}
}

func TestRecordingLength(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rows := []struct {
		name    string
		begins  bool
		seconds int
		clock   time.Duration
		want    time.Duration
	}{
		{"fraction from the clock", true, 2, 2300 * time.Millisecond, 2300 * time.Millisecond},
		{"below a second", true, 0, 400 * time.Millisecond, 400 * time.Millisecond},
		{"paused meanwhile", true, 2, 9 * time.Second, 2999 * time.Millisecond},
		{"clock set back", true, 2, -time.Second, 2 * time.Second},
		{"begin not heard", false, 2, 2300 * time.Millisecond, 2 * time.Second},
	}
	for _, r := range rows {
		tr := newTranslator("lab", newLegs())
		rec := recording{Name: "r", TargetURI: "bridge:b", Duration: r.seconds}
		if r.begins {
			tr.translate(&message{Type: wire.Events.RecordingStarted, Timestamp: instant(begin), Recording: rec})
		}
		e, _ := tr.translate(&message{Type: wire.Events.RecordingFinished, Timestamp: instant(begin.Add(r.clock)), Recording: rec})
		if e.Duration != r.want || e.Failed {
			t.Errorf("%s: %v, want %v", r.name, e.Duration, r.want)
		}
	}
	tr := newTranslator("lab", newLegs())
	e, v := tr.translate(&message{Type: wire.Events.RecordingFailed, Recording: recording{Name: "r", Cause: "disk full"}})
	if v != tell || !e.Failed || e.Reason != "disk full" || e.Recording != "r" {
		t.Errorf("failed recording: %v %+v", v, e)
	}
}

func FuzzDecode(f *testing.F) {
	captures, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range captures {
		for _, frame := range capture(f, path) {
			f.Add([]byte(frame))
		}
	}
	f.Add([]byte(`{"type":"StasisStart"}`))
	f.Add([]byte(`{"type":"ChannelDestroyed","channel":null}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		kind := eventType(frame)
		w, err := decode(frame)
		if err != nil {
			return
		}
		tr := newTranslator("lab", newLegs())
		for range 2 { // a repetition must not upset the memory
			e, v := tr.translate(w)
			if v == tell && e.Kind == "" {
				t.Errorf("%s is told without a kind", kind)
			}
		}
	})
}

func BenchmarkTranslate(b *testing.B) {
	frames := capture(b, "testdata/originated_we_hang_up.json")
	tr := newTranslator("lab", newLegs())
	events := 0
	b.ReportAllocs()
	for b.Loop() {
		for _, frame := range frames {
			if eventType(frame) == wire.Events.ChannelVarset {
				continue
			}
			w, err := decode(frame)
			if err != nil {
				b.Fatal(err)
			}
			tr.translate(w)
			events++
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// Asterisk goes on telling of a caller for whom a call was made, after it left.
func TestNothingIsToldOfOneWhoLeft(t *testing.T) {
	t.Parallel()
	tr := newTranslator("lab", newLegs())
	at := channel{ID: "1.1", State: "Up"}
	steps := []struct {
		do   func()
		w    *message
		want verdict
	}{
		{nil, &message{Type: wire.Events.StasisStart, Channel: at}, tell},
		{func() { tr.legs.callsFor("1.1"); tr.legs.leaving("1.1", true) }, &message{Type: wire.Events.StasisEnd, Channel: at}, tell},
		{nil, &message{Type: wire.Events.ChannelDtmfReceived, Channel: at, Digit: "1"}, silent},
		{nil, &message{Type: wire.Events.StasisStart, Channel: at}, tell}, // comes back
		{nil, &message{Type: wire.Events.ChannelDtmfReceived, Channel: at, Digit: "1"}, tell},
		{func() { tr.legs.leaving("1.1", true) }, &message{Type: wire.Events.StasisEnd, Channel: at}, tell},
		{nil, &message{Type: wire.Events.ChannelHangupRequest, Channel: at}, silent},
		{nil, &message{Type: wire.Events.ChannelDestroyed, Channel: at, Cause: 16}, silent},
	}
	for i, s := range steps {
		if s.do != nil {
			s.do()
		}
		if _, got := tr.translate(s.w); got != s.want {
			t.Errorf("step %d: %v, want %v", i, got, s.want)
		}
	}
	if len(tr.legs.m) != 0 {
		t.Errorf("remembered: %+v", tr.legs.m)
	}
}
