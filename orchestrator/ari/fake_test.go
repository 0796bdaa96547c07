package ari

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/operadora/operadora/orchestrator"
)

// bound ends a test that waits in vain.
const bound = 10 * time.Second

// fake is just enough of Asterisk's HTTP server to misbehave on purpose.
type fake struct {
	t      *testing.T
	server *httptest.Server

	mu       sync.Mutex
	seen     []string                    // "METHOD escaped-path?query", but heart-beats; guarded by mu
	handlers map[string]http.HandlerFunc // by "METHOD path", instead of an empty answer; guarded by mu
	socket   *websocket.Conn             // the newest; guarded by mu
	sockets  chan *websocket.Conn        // each, when it opens
	pulses   chan string                 // what the dialplan is told, the oldest 16
	gone     chan struct{}               // closed at the end of the test
	deaf     bool                        // heart-beats are accepted and not delivered; guarded by mu
	mute     bool                        // sockets are not read, so pings are not answered; guarded by mu
	silent   chan struct{}               // requests wait until it closes, nil when they are answered; guarded by mu
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t, handlers: map[string]http.HandlerFunc{}, sockets: make(chan *websocket.Conn, 64), pulses: make(chan string, 16), gone: make(chan struct{})}
	f.handle("GET /ari/asterisk/info", answer(200, `{"status":{"startup_time":"2026-01-02T03:04:05.678+0000"}}`))
	f.handle("GET /ari/channels", answer(200, `[]`))
	f.handle("GET /ari/bridges", answer(200, `[]`))
	f.server = httptest.NewServer(f)
	t.Cleanup(func() {
		close(f.gone)
		f.server.Close()
	})
	return f
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func (f *fake) handle(route string, h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handlers[route] = h
}

func (f *fake) set(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fn()
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); user != "operadora" || password != "right" {
		answer(401, `{"error":"Unauthorized"}`)(w, r)
		return
	}
	route := r.Method + " " + r.URL.EscapedPath()
	if !f.speaks(r, route) {
		return
	}
	if nonce, ok := strings.CutPrefix(route, "POST /ari/events/user/"); ok {
		f.beat(nonce)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if route == "POST /ari/asterisk/variable" {
		select {
		case f.pulses <- r.URL.Query().Get("variable") + "=" + r.URL.Query().Get("value"):
		default: // nobody is interested
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	f.mu.Lock()
	if r.URL.RawQuery != "" {
		f.seen = append(f.seen, route+"?"+r.URL.RawQuery)
	} else {
		f.seen = append(f.seen, route)
	}
	h := f.handlers[route]
	f.mu.Unlock()
	switch {
	case route == "GET /ari/events":
		f.open(w, r)
	case h != nil:
		h(w, r)
	default:
		answer(200, `{}`)(w, r)
	}
}

// silence lets all requests but those for the event socket wait, until speak.
func (f *fake) silence() { f.set(func() { f.silent = make(chan struct{}) }) }

func (f *fake) speak() {
	f.set(func() {
		close(f.silent)
		f.silent = nil
	})
}

// speaks waits while the fake is silent; false when the request was given up.
func (f *fake) speaks(r *http.Request, route string) bool {
	f.mu.Lock()
	silent := f.silent
	if silent != nil && route != "GET /ari/asterisk/ping" {
		f.seen = append(f.seen, route)
	}
	f.mu.Unlock()
	if silent == nil || route == "GET /ari/events" {
		return true
	}
	select {
	case <-silent:
		return true
	case <-r.Context().Done():
	case <-f.gone:
	}
	return false
}

func (f *fake) open(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock() // a heart-beat must not overtake its socket
	conn, err := websocket.Accept(w, r, nil)
	f.socket = conn
	mute := f.mute
	f.mu.Unlock()
	if err != nil {
		f.t.Errorf("accept: %v", err)
		return
	}
	defer conn.CloseNow()
	f.sockets <- conn
	if mute {
		<-f.gone
		return
	}
	for {
		if _, _, err := conn.Read(r.Context()); err != nil {
			return
		}
	}
}

func (f *fake) beat(nonce string) {
	f.mu.Lock()
	deaf := f.deaf
	f.mu.Unlock()
	if !deaf {
		f.send(fmt.Sprintf(`{"type":"ChannelUserevent","timestamp":"2026-01-02T03:04:05.678+0000","eventname":%q,"userevent":{},"application":"operadora"}`, nonce))
	}
}

// send sends an event on the newest socket; one that is closing loses it.
func (f *fake) send(event string) {
	f.mu.Lock()
	conn := f.socket
	f.mu.Unlock()
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	_ = conn.Write(ctx, websocket.MessageText, []byte(event))
}

// requests returns what was asked so far.
func (f *fake) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

func (f *fake) config() Config {
	return Config{
		URL: f.server.URL + "/ari", User: "operadora", Password: "right", App: "operadora",
		RequestTimeout: 5 * time.Second, PingInterval: time.Minute, MaxConnections: 8,
	}
}

func (f *fake) adapter(change func(*Config)) *Adapter {
	f.t.Helper()
	cfg := f.config()
	if change != nil {
		change(&cfg)
	}
	a, err := New("lab", cfg, quietLog(), NewMetrics(nil))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(a.Close)
	return a
}

// told is a sink that hands everything on, as one text each.
type told struct {
	away atomic.Bool // new calls are not taken
	t    *testing.T
	text chan string
	end  chan error // what Run returned
	stop context.CancelFunc
}

// run starts an adapter and stops it when the test ends.
func (f *fake) run(a *Adapter) *told {
	ctx, cancel := context.WithCancel(context.WithoutCancel(f.t.Context()))
	s := &told{t: f.t, text: make(chan string, 1024), end: make(chan error, 1), stop: cancel}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.end <- a.Run(ctx, s)
	}()
	f.t.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

func (s *told) Connected(_ string, truth orchestrator.Snapshot) {
	text, err := json.Marshal(truth.Channels)
	if err != nil {
		s.t.Error(err)
	}
	s.text <- "connected " + string(text)
}

func (s *told) Disconnected(_ string, err error) { s.text <- "disconnected " + err.Error() }

func (s *told) Ready() bool { return !s.away.Load() }

func (s *told) Event(e orchestrator.Event) {
	text := fmt.Sprintf("%s %s%s%s", e.Kind, e.Channel, e.Endpoint, e.Digit)
	if e.Device != "" {
		text += " " + string(e.Device)
	}
	if e.Message != "" {
		text += " " + string(e.Message)
	}
	s.text <- text
}

// want waits for the next thing told, which begins with want.
func (s *told) want(want string) {
	s.t.Helper()
	select {
	case got := <-s.text:
		if !strings.HasPrefix(got, want) {
			s.t.Fatalf("told %q, want %q", got, want)
		}
	case <-time.After(bound):
		s.t.Fatalf("waited in vain for %q", want)
	}
}

// event writes an event about a channel as Asterisk does.
func event(kind, channel, more string) string {
	return fmt.Sprintf(`{"type":%q,"timestamp":"2026-01-02T03:04:05.678+0000"%s,"channel":{"id":%q,"state":"Up","creationtime":"2026-01-02T03:04:05.678+0000"},"application":"operadora"}`, kind, more, channel)
}
