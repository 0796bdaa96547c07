package ari

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

func TestIDsAreEscaped(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	ctx, odd := t.Context(), `a/b?c=d&e#f%g h+ñ`
	commands := []error{
		a.Answer(ctx, odd),
		a.Hangup(ctx, odd, orchestrator.CauseBusy),
		a.Play(ctx, orchestrator.Playback{ID: odd, Channel: odd, Language: "es", Media: []orchestrator.Media{
			{Kind: orchestrator.MediaSound, Value: "custom/año nuevo"}, {Kind: orchestrator.MediaDigits, Value: "12#"}}}),
		a.Hold(ctx, odd, "sales & more"),
		a.SetLamp(ctx, odd, orchestrator.LampHeld),
		a.Originate(ctx, orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/+1555@trunk", Timeout: time.Second,
			Caller: orchestrator.Party{Number: "+15550100", Name: `A&B "C"`}, Args: []string{"leg", "a,b"}}),
	}
	if err := errors.Join(commands...); err != nil {
		t.Fatal(err)
	}
	const id = "a%2Fb%3Fc=d&e%23f%25g%20h+%C3%B1"
	want := []string{
		"POST /ari/channels/" + id + "/answer",
		"DELETE /ari/channels/" + id + "?reason_code=17",
		"POST /ari/channels/" + id + "/play/" + id + "?lang=es&media=sound%3Acustom%2Fa%C3%B1o+nuevo%2Cdigits%3A12%23",
		"POST /ari/channels/" + id + "/moh?mohClass=sales+%26+more",
		"PUT /ari/deviceStates/Stasis:" + id + "?deviceState=ONHOLD",
		"POST /ari/channels/create?app=operadora&appArgs=leg%2Ca%5C%2Cb&channelId=op-c1-l1&endpoint=PJSIP%2F%2B1555%40trunk",
		"GET /ari/channels/op-c1-l1/variable?variable=DIALPLAN_EXISTS%28operadora-ended%2Cs%2C1%29",
		"POST /ari/channels/op-c1-l1/dial?timeout=1",
	}
	if got := f.requests(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// flaky closes the connection instead of answering the first requests.
func flaky(times int, then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if times--; times >= 0 {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Close()
			}
			return
		}
		then(w, r)
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	ok, ctx := answer(204, ""), t.Context()
	rows := []struct {
		name, route string
		do          func(*Adapter) error
		want        int // requests in all
		fails       bool
	}{
		{"hangup is repeated", "DELETE /ari/channels/1.1", func(a *Adapter) error { return a.Hangup(ctx, "1.1", 16) }, 2, false},
		{"originate with an id of ours is repeated", "POST /ari/channels/create", func(a *Adapter) error {
			return a.Originate(ctx, orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/101", Timeout: time.Second})
		}, 4, false}, // create twice, ask whether ends are written down, dial
		{"continue is not repeated", "POST /ari/channels/1.1/continue", func(a *Adapter) error {
			return a.Continue(ctx, "1.1", orchestrator.DialplanPlace{})
		}, 1, true},
	}
	for _, r := range rows {
		f := newFake(t)
		f.handle(r.route, flaky(1, ok))
		err := r.do(f.adapter(nil))
		if (err != nil) != r.fails || (err != nil && fault.KindOf(err) != fault.Unavailable) {
			t.Errorf("%s: %v", r.name, err)
		}
		if got := f.requests(); len(got) != r.want {
			t.Errorf("%s: %q", r.name, got)
		}
		f.handle(r.route, flaky(9, ok))
		if err := r.do(f.adapter(nil)); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s, always: %v", r.name, err)
		}
	}
}

// A playback that is ordered twice is played twice: Asterisk is asked first.
func TestLostAnswerOfPlay(t *testing.T) {
	t.Parallel()
	p := orchestrator.Playback{ID: "op-c1-p1", Channel: "1.1", Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "hello"}}}
	const play, known = "POST /ari/channels/1.1/play/op-c1-p1", "GET /ari/playbacks/op-c1-p1"
	for name, row := range map[string]struct {
		known http.HandlerFunc
		want  []string
	}{
		"known":   {answer(200, "{}"), []string{play, known}},
		"unknown": {answer(404, "{}"), []string{play, known, play}},
	} {
		f := newFake(t)
		f.handle(play, flaky(1, answer(201, "{}")))
		f.handle(known, row.known)
		if err := f.adapter(nil).Play(t.Context(), p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, r := range f.requests() {
			route, _, _ := strings.Cut(r, "?")
			got = append(got, route)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestNoAnswerInTime(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handle("POST /ari/channels/1.1/answer", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	a := f.adapter(func(c *Config) { c.RequestTimeout = 50 * time.Millisecond })
	if err := a.Answer(t.Context(), "1.1"); fault.KindOf(err) != fault.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if got := f.requests(); len(got) != 1 {
		t.Errorf("a request that timed out was repeated: %q", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Answer(ended, "1.1"); !errors.Is(err, context.Canceled) {
		t.Errorf("under an ended context: %v", err)
	}
}

// Asterisk brings a channel into the application by a thread that it has begun, which on
// a busy machine comes late: the phone is rung then.
func TestEntersLate(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	f.handle("POST /ari/channels/create", answer(200, `{"id":"op-c1-l1"}`))
	var first time.Time
	f.handle("POST /ari/channels/op-c1-l1/dial", func(w http.ResponseWriter, r *http.Request) {
		if first.IsZero() {
			first = time.Now()
		}
		if time.Since(first) < 900*time.Millisecond {
			answer(409, `{"message":"Channel not in Stasis application"}`)(w, r)
			return
		}
		answer(204, "")(w, r)
	})
	must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/101", Timeout: time.Second}))
}

func TestErrorsDoNotShowNumbers(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	f.handle("POST /ari/channels/create", answer(500, `{"error":"Allocation failed"}`))
	o := orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/15550199@trunk", Timeout: time.Second}
	err := a.Originate(t.Context(), o)
	if fault.KindOf(err) != fault.NotFound || strings.Contains(err.Error(), "15550199") {
		t.Errorf("unreachable: %v", err)
	}
	f.server.Close()
	err = a.Originate(t.Context(), o)
	if fault.KindOf(err) != fault.Unavailable || strings.Contains(err.Error(), "15550199") {
		t.Errorf("connection refused: %v", err)
	}
}

func TestOriginateRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	good := orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/101", Timeout: time.Second}
	for name, change := range map[string]func(*orchestrator.Origination){
		"foreign id":      func(o *orchestrator.Origination) { o.Channel = "101" },
		"no technology":   func(o *orchestrator.Origination) { o.Endpoint = "101" },
		"no resource":     func(o *orchestrator.Origination) { o.Endpoint = "PJSIP/" },
		"two endpoints":   func(o *orchestrator.Origination) { o.Endpoint = "PJSIP/101&PJSIP/102" },
		"line end":        func(o *orchestrator.Origination) { o.Endpoint = "PJSIP/101\r\n" },
		"no time":         func(o *orchestrator.Origination) { o.Timeout = 0 },
		"half a second":   func(o *orchestrator.Origination) { o.Timeout = 500 * time.Millisecond },
		"broken seconds":  func(o *orchestrator.Origination) { o.Timeout = 1500 * time.Millisecond },
		"negative second": func(o *orchestrator.Origination) { o.Timeout = -time.Second },
	} {
		o := good
		change(&o)
		if err := a.Originate(t.Context(), o); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := f.requests(); len(got) != 0 {
		t.Errorf("asked all the same: %q", got)
	}
}

func TestMediaThatCannotBe(t *testing.T) {
	t.Parallel()
	rows := []struct {
		kind  orchestrator.MediaKind
		value string
		want  string // "" is refused
	}{
		{orchestrator.MediaSound, "custom/bienvenida", "sound:custom/bienvenida"},
		{orchestrator.MediaSound, "digits/es_MX-1.2", "sound:digits/es_MX-1.2"},
		{orchestrator.MediaSound, "a,sound:b", ""},
		{orchestrator.MediaSound, "", ""},
		{orchestrator.MediaSound, "http://192.0.2.1/x", ""},
		{orchestrator.MediaDigits, "0123456789*#", "digits:0123456789*#"},
		{orchestrator.MediaDigits, "12x", ""},
		{orchestrator.MediaNumber, "-2147483648", "number:-2147483648"},
		{orchestrator.MediaNumber, "2147483648", ""},
		{orchestrator.MediaNumber, "1.5", ""},
		{orchestrator.MediaTone, "ring;tonezone=us", "tone:ring;tonezone=us"},
		{orchestrator.MediaTone, "ring,sound:x", ""},
		{orchestrator.MediaRecording, "op-c1-r1", "recording:op-c1-r1"},
		{"bogus", "x", ""},
	}
	for _, r := range rows {
		got, err := mediaURI(orchestrator.Media{Kind: r.kind, Value: r.value})
		if got != r.want || (err == nil) != (r.want != "") || (err != nil && fault.KindOf(err) != fault.Invalid) {
			t.Errorf("%s %q: %q, %v", r.kind, r.value, got, err)
		}
	}
}

func TestOpenRecording(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(func(c *Config) { c.RequestTimeout = time.Second })
	first, rest := make(chan struct{}), make(chan struct{})
	f.handle("GET /ari/recordings/stored/op-c1-r1/file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = w.Write([]byte("01234"))
		_ = http.NewResponseController(w).Flush()
		close(first)
		<-rest
		_, _ = w.Write([]byte("56789"))
	})
	body, size, err := a.OpenRecording(t.Context(), "op-c1-r1")
	if err != nil || size != 10 {
		t.Fatalf("size %d, %v", size, err)
	}
	<-first
	// the body may take longer than a request
	life.SleepAbout(t.Context(), 3*time.Second) // at least half of it
	close(rest)
	data, err := io.ReadAll(body)
	if err != nil || string(data) != "0123456789" {
		t.Errorf("read %q, %v", data, err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	f.handle("GET /ari/recordings/stored/op-c1-r2/file", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if _, _, err := a.OpenRecording(t.Context(), "op-c1-r2"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("no first byte: %v", err)
	}
	f.handle("GET /ari/recordings/stored/op-c1-r3/file", answer(404, `{"message":"Recording not found"}`))
	if _, _, err := a.OpenRecording(t.Context(), "op-c1-r3"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no recording: %v", err)
	}
}

func TestLostBeforeAnswer(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	rows := []struct {
		name string
		ctx  context.Context
		err  error
		want bool
	}{
		{"closed", t.Context(), fault.E("x", fault.Unavailable, io.EOF), true},
		{"refused", t.Context(), &net.OpError{Op: "dial", Err: errors.New("refused")}, true},
		{"answered", t.Context(), &answerError{status: 500}, false},
		{"too late", t.Context(), context.DeadlineExceeded, false},
		{"given up", ended, io.EOF, false},
		{"something else", t.Context(), errors.New("x"), false},
	}
	for _, r := range rows {
		if got := lostBeforeAnswer(r.ctx, r.err); got != r.want {
			t.Errorf("%s: %v", r.name, got)
		}
	}
}

// inTurn gives one answer after the other and takes it from those that are left.
func inTurn(left *[]http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		(*left)[0](w, r)
		*left = (*left)[1:]
	}
}

// A recording that begins refuses to be muted: the order is repeated.
func TestMuteRecordGoesOn(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	answers := []http.HandlerFunc{answer(409, "{}"), answer(409, "{}"), answer(204, ""), answer(404, "{}")}
	f.handle("POST /ari/recordings/live/op-c1-r1/mute", inTurn(&answers))
	if err := a.MuteRecord(t.Context(), "op-c1-r1", true); err != nil || len(answers) != 1 {
		t.Errorf("%v, %d answers left, want 1", err, len(answers))
	}
	if err := a.MuteRecord(t.Context(), "op-c1-r1", true); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a recording that is over: %v", err)
	}
}

// An order to stop may have no effect while a recording begins: it is repeated
// until Asterisk says that there is no such recording.
func TestStopRecordGoesOn(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	answers := []http.HandlerFunc{answer(204, ""), answer(409, "{}"), answer(204, ""), answer(404, "{}")}
	f.handle("POST /ari/recordings/live/op-c1-r1/stop", inTurn(&answers))
	ctx := t.Context()
	if err := a.Record(ctx, orchestrator.RecordingOrder{ID: "op-c1-r1", Bridge: "op-c1-b1", Format: "wav"}); err != nil {
		t.Fatal(err)
	}
	f.handle("DELETE /ari/bridges/op-c1-b1", func(w http.ResponseWriter, r *http.Request) {
		if len(answers) > 0 {
			t.Error("the bridge is removed before its recording is over")
		}
		answer(409, `{"message":"Bridge not in Stasis application"}`)(w, r)
	})
	if err := a.DestroyBridge(ctx, "op-c1-b1"); err != nil {
		t.Error(err)
	}
	f.handle("POST /ari/recordings/live/op-c1-r2/stop", answer(500, "{}"))
	if err := a.StopRecord(ctx, "op-c1-r2"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestRecordOrders(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	ctx := t.Context()
	for name, o := range map[string]orchestrator.RecordingOrder{
		"neither": {ID: "r", Format: "wav"}, "both": {ID: "r", Bridge: "b", Channel: "c", Format: "wav"},
		"no id": {Channel: "c", Format: "wav"}, "no format": {ID: "r", Channel: "c"},
	} {
		if err := a.Record(ctx, o); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := orchestrator.RecordingOrder{ID: "op-c1-r1", Channel: "1.1", Format: "wav", MaxDuration: 90 * time.Second,
		MaxSilence: 1500 * time.Millisecond, Terminator: "#", Beep: true}
	if err := a.Record(ctx, o); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST /ari/channels/1.1/record?beep=true&format=wav&ifExists=fail&maxDurationSeconds=90&maxSilenceSeconds=2&name=op-c1-r1&terminateOn=%23"}
	if got := f.requests(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	f.handle("POST /ari/channels/1.1/record", answer(409, `{"message":"Recording 'op-c1-r1' already exists"}`))
	if err := a.Record(ctx, o); err != nil {
		t.Errorf("one that runs: %v", err)
	}
	f.handle("GET /ari/recordings/live/op-c1-r1", answer(404, `{}`))
	if err := a.Record(ctx, o); fault.KindOf(err) != fault.Conflict {
		t.Errorf("one that is stored: %v", err)
	}
}
