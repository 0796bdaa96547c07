package esl

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
)

// captured reads an event that a real FreeSWITCH told.
func captured(t *testing.T, name string, change func(*wire)) *wire {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(w)
	}
	return w
}

// What each recorded event of a call becomes, in the order in which they came.
func TestTranslateCaptures(t *testing.T) {
	t.Parallel()
	a := &Adapter{name: "lima", cfg: Config{App: "operadora", Recordings: "/var/lib/freeswitch/recordings"}, legs: newLegs("operadora")}
	a.shelf = newShelf(a.cfg)
	park := captured(t, "channel_park", nil)
	caller := park.id()
	mine := func(w *wire) { w.Channel = text(caller) }
	type row struct {
		name   string
		before func()
		change func(*wire)
		want   []orchestrator.Event
	}
	now := func(x *task) func() {
		return func() { a.legs.see(caller, func(g *leg) { g.now = x }) }
	}
	tape := func(id, bridge, channel string) func() {
		return func() {
			a.legs.tapes[id] = &tape{bridge: bridge, channel: channel, over: make(chan struct{})}
		}
	}
	for _, r := range []row{
		{"channel_create", nil, mine, nil}, // not ours yet
		{"channel_park", nil, nil, []orchestrator.Event{{Kind: orchestrator.EventEntered, Channel: caller, Args: []string{"inbound", "712345"},
			DID: "712345", Caller: orchestrator.Party{Number: "5550100", Name: "Ana"}}}},
		{"channel_park", nil, nil, nil}, // again, after a prompt or a room
		{"channel_execute_playback", now(&task{id: "op-tour-p1"}), mine, nil},
		{"channel_execute_complete_playback", nil, func(w *wire) { mine(w); w.AppID = "op-tour-p1" },
			[]orchestrator.Event{{Kind: orchestrator.EventPlayed, Channel: caller, Playback: "op-tour-p1"}}},
		{"channel_execute_complete_playback_missing", now(&task{id: "op-tour-p2"}), mine,
			[]orchestrator.Event{{Kind: orchestrator.EventPlayed, Channel: caller, Playback: "op-tour-p2", Failed: true, Reason: "a sound is missing"}}},
		{"dtmf", nil, mine, []orchestrator.Event{{Kind: orchestrator.EventDigit, Channel: caller, Digit: "5"}}},
		{"record_stop", tape("op-tour-m1", "", caller), mine,
			[]orchestrator.Event{{Kind: orchestrator.EventRecorded, Channel: caller, Recording: "op-tour-m1"}}},
		{"channel_create_leg", nil, nil, nil},
		{"channel_progress", nil, func(w *wire) { w.Channel = "op-tour-a1" }, []orchestrator.Event{{Kind: orchestrator.EventRinging, Channel: "op-tour-a1"}}},
		{"channel_answer_leg", nil, nil, nil},
		{"channel_park_leg", nil, nil, []orchestrator.Event{{Kind: orchestrator.EventEntered, Channel: "op-tour-a1", Args: []string{"leg", "tour"}, Up: true}}},
		{"conference_maintenance_add-member", nil, nil, nil},
		{"record_stop", tape("op-tour-r1", "op-tour-b1", caller), func(w *wire) { mine(w); w.RecordPath = "/x/op-tour-r1.wav" },
			[]orchestrator.Event{{Kind: orchestrator.EventRecorded, Recording: "op-tour-r1"}}}, // of a room
		{"conference_maintenance_del-member", nil, nil, nil},
		{"channel_execute_unset", nil, mine, []orchestrator.Event{{Kind: orchestrator.EventLeft, Channel: caller}}},
		{"channel_hangup_complete", nil, mine, nil},                                                   // it had left
		{"channel_hangup_leg", nil, func(w *wire) { w.Channel, w.SIPStatus = "op-tour-a1", "" }, nil}, // FreeSWITCH hangs up
		{"channel_hangup_complete_leg", nil, func(w *wire) { w.Channel = "op-tour-a1" },
			[]orchestrator.Event{{Kind: orchestrator.EventEnded, Channel: "op-tour-a1", Cause: orchestrator.CauseNormal, Reason: "NORMAL_CLEARING"}}},
		{"sofia_register", nil, nil, nil},
		{"background_job", nil, nil, nil},
	} {
		if r.before != nil {
			r.before()
		}
		got := a.apply(captured(t, r.name, r.change)).tell
		for i := range got {
			if got[i].PBX != "lima" || got[i].At.IsZero() {
				t.Errorf("%s: of %q, at %v", r.name, got[i].PBX, got[i].At)
			}
			if got[i].Kind == orchestrator.EventRecorded && got[i].Duration <= 0 {
				t.Errorf("%s: %v long", r.name, got[i].Duration)
			}
			if got[i].Kind == orchestrator.EventEntered && time.Since(got[i].CreatedAt) > 100*365*24*time.Hour {
				t.Errorf("%s: created at %v", r.name, got[i].CreatedAt)
			}
			got[i].PBX, got[i].At, got[i].Duration, got[i].CreatedAt = "", time.Time{}, 0, time.Time{}
		}
		if diff := cmp.Diff(r.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.name, diff)
		}
	}
}

// absolute finds a path from the root, with the character before it.
var absolute = regexp.MustCompile(`["\s=:,;({[]/\w[^"\s]*`)

// Captures hold nothing of the machine that they were made on.
func TestCapturesAreScrubbed(t *testing.T) {
	t.Parallel()
	for _, name := range captures(t) {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"FreeSWITCH-IPv4", "FreeSWITCH-Hostname", "/tmp/", "/root/"} {
			if strings.Contains(string(raw), word) {
				t.Errorf("%s holds %s", name, word)
			}
		}
		for _, path := range absolute.FindAllString(string(raw), -1) {
			if !strings.HasPrefix(path[1:], "/var/lib/freeswitch/") && !strings.HasSuffix(path, "/inline") { // the latter is a place in a dialplan
				t.Errorf("%s holds %s", name, path[1:])
			}
		}
	}
}

// Who hung up at the far end is gone when that is told; who is hung up by FreeSWITCH,
// or still records, when the channel's thread is done.
func TestEndOfChannel(t *testing.T) {
	t.Parallel()
	heardBye := func(w *wire) { w.SIPStatus = "200" }
	refused := func(w *wire) { w.SIPStatus, w.SIPEnd, w.Cause = "", "recv_refuse", "USER_BUSY" }
	killed := func(w *wire) { w.SIPStatus, w.SIPEnd = "", "" }
	for _, r := range []struct {
		name   string
		change func(*wire)
		now    *task
		early  bool
		cause  orchestrator.Cause
	}{
		{name: "the phone hung up", change: heardBye, early: true, cause: orchestrator.CauseNormal},
		{name: "the phone refuses", change: refused, early: true, cause: orchestrator.CauseBusy},
		{name: "freeswitch hangs up", change: killed, cause: orchestrator.CauseNormal},
		{name: "a recording runs", change: heardBye, now: &task{kind: taskRecord, id: "op-x-m1", running: true}, cause: orchestrator.CauseNormal},
	} {
		a := &Adapter{name: "lima", cfg: Config{App: "operadora"}, legs: newLegs("operadora")}
		a.apply(captured(t, "channel_park", func(w *wire) { w.Channel = "in" }))
		a.legs.m["in"].now = r.now
		at := func(name, seq string) doing {
			return a.apply(captured(t, name, func(w *wire) { w.Channel, w.Sequence = "in", text(seq); r.change(w) }))
		}
		hangup, complete := at("channel_hangup", "9000001"), at("channel_hangup_complete", "9000002")
		told, silent := complete, hangup
		if r.early {
			told, silent = hangup, complete
		}
		if len(silent.tell) > 0 || len(told.tell) != 1 || told.tell[0].Kind != orchestrator.EventEnded || told.tell[0].Cause != r.cause {
			t.Errorf("%s: told %v and then %v, want one end of cause %v", r.name, hangup.tell, complete.tell, r.cause)
		}
		if len(hangup.known) > 0 || len(complete.known) != 1 {
			t.Errorf("%s: its own note is taken back %d and %d times, want once it is written", r.name, len(hangup.known), len(complete.known))
		}
	}
}

// Music that somebody at FreeSWITCH breaks off begins anew; music that ends by itself
// at once cannot be heard, and what was to end does.
func TestMusicBrokenOff(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name  string
		lasts time.Duration
		stop  bool
		again bool
	}{
		{name: "broken off", lasts: 5 * time.Second, again: true},
		{name: "not to be heard", lasts: 20 * time.Millisecond},
		{name: "stopped by us", lasts: 5 * time.Second, stop: true},
	} {
		a := &Adapter{name: "lima", cfg: Config{App: "operadora"}, legs: newLegs("operadora")}
		began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		at := func(name string, when time.Time) doing {
			return a.apply(captured(t, name, func(w *wire) {
				w.Channel, w.AppID, w.At = "in", "op-music-1", text(strconv.FormatInt(when.UnixMicro(), 10))
			}))
		}
		at("channel_park", began)
		a.legs.m["in"].now = &task{kind: taskMusic, id: "op-music-1", file: "local_stream://moh", stop: r.stop}
		at("channel_execute_playback", began)
		got := at("channel_execute_complete_playback", began.Add(r.lasts))
		waiting := a.legs.m["in"].waiting
		if again := len(waiting) == 1 && waiting[0].kind == taskMusic && waiting[0].file == "local_stream://moh"; again != r.again || len(got.next) != 1 || len(got.tell) > 0 {
			t.Errorf("%s: %+v waits, %v goes on, told %v", r.name, waiting, got.next, got.tell)
		}
	}
}

// An event that is late changes nothing that a newer one has settled.
func TestLateEvents(t *testing.T) {
	t.Parallel()
	a := &Adapter{name: "lima", cfg: Config{App: "operadora"}, legs: newLegs("operadora")}
	at := func(name string, seq string, id string) *wire {
		return captured(t, name, func(w *wire) { w.Sequence = text(seq); w.Channel = text(id) })
	}
	kinds := func(d doing) (out []orchestrator.EventKind) {
		for _, e := range d.tell {
			out = append(out, e.Kind)
		}
		return out
	}
	check := func(what string, got doing, want ...orchestrator.EventKind) {
		t.Helper()
		if diff := cmp.Diff(want, kinds(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("entered", a.apply(at("channel_park", "10", "in")), orchestrator.EventEntered)
	// handed back, and back again, in the wrong order
	check("back already", a.apply(at("channel_park", "30", "in")))
	check("the leaving, late", a.apply(at("channel_execute_unset", "20", "in")), orchestrator.EventLeft, orchestrator.EventEntered)
	check("the end", a.apply(at("channel_hangup_complete", "50", "in")), orchestrator.EventEnded)
	check("parked, late", a.apply(at("channel_park", "40", "in")))
	check("the end again", a.apply(at("channel_hangup_complete", "51", "in")))
	// a leg whose answer is told before its beginning
	check("answered", a.apply(at("channel_park_leg", "3", "op-x-a1")), orchestrator.EventEntered)
	check("begun, late", a.apply(at("channel_create_leg", "1", "op-x-a1")))
	check("rang, late", a.apply(at("channel_progress", "2", "op-x-a1")))
	a.legs.see("op-x-a1", func(g *leg) {
		if g.stage != stageHere || !g.up || !g.parked {
			t.Errorf("%+v", g)
		}
	})
	join := at("conference_maintenance_add-member", "9", "op-x-a1")
	a.apply(join)
	a.apply(at("channel_park_leg", "8", "op-x-a1"))
	a.legs.see("op-x-a1", func(g *leg) {
		if g.room != string(join.Conference) {
			t.Errorf("in room %q", g.room)
		}
	})
}

// FuzzEvent: whatever FreeSWITCH, or somebody in its place, tells of our channels is
// taken or passed over; nothing of it brings the process down.
func FuzzEvent(f *testing.F) {
	for _, shot := range captures(f) {
		raw, err := os.ReadFile(shot)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"Event-Name":["CHANNEL_PARK"],"Unique-ID":[],"Event-Sequence":"-1","variable_operadora_args":"=:=ZZ:=4"}`))
	metrics := NewMetrics(nil)
	f.Fuzz(func(_ *testing.T, raw []byte) {
		w, err := decode(raw)
		if err != nil {
			return
		}
		a := &Adapter{name: "lima", cfg: Config{App: "operadora"}, legs: newLegs("operadora"), metrics: metrics}
		for _, name := range []text{w.Name, "CHANNEL_PARK", w.Name, "CHANNEL_HANGUP_COMPLETE", w.Name} { // at every stage of a channel
			w.Name = name
			a.apply(w)
		}
		a.legs.forget(time.Now())
	})
}

// Of the events of a channel no more is kept than what is looked at again.
func TestKeptOfAChannel(t *testing.T) { //nolint:paralleltest // it looks at the heap
	const channels, most = 1000, 1000 // bytes of each
	raw, err := os.ReadFile(filepath.Join("testdata", "channel_park.json"))
	if err != nil {
		t.Fatal(err)
	}
	a := &Adapter{name: "lima", cfg: Config{App: "operadora"}, legs: newLegs("operadora")}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for n := range channels {
		w, err := decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		w.Channel = text("in-" + strconv.Itoa(n))
		a.apply(w)
	}
	if each := (int64(heap()) - int64(before)) / channels; each > most {
		t.Errorf("%d bytes are kept of each channel", each)
	}
	runtime.KeepAlive(a)
}
