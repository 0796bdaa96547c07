package esl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// hostile serves connections with a script after the login; it counts them.
func hostile(t *testing.T, after func(net.Conn)) (cfg Config, count chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count = make(chan struct{}, 1000)
	var wg sync.WaitGroup
	ended := make(chan struct{})
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				fmt.Fprint(c, "Content-Type: auth/request\n\n")
				buf := make([]byte, 256)
				if _, err := c.Read(buf); err != nil {
					return
				}
				fmt.Fprint(c, "Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
				count <- struct{}{}
				stop := context.AfterFunc(context.WithoutCancel(t.Context()), func() {})
				defer stop()
				go func() { <-ended; c.Close() }()
				after(c)
			})
		}
	})
	t.Cleanup(func() { l.Close(); close(ended); wg.Wait() })
	return Config{Address: l.Addr().String(), Password: "x", App: "operadora", Recordings: "/r", SoundsEN: "/en", SoundsES: "/es",
		SoundType: "wav", Music: "moh", Profile: "operadora", CommandTimeout: time.Second, PingInterval: 100 * time.Millisecond, Connections: 1}, count
}

// flood writes until the connection ends.
func flood(c net.Conn, what []byte) {
	for {
		if _, err := c.Write(what); err != nil {
			return
		}
	}
}

// A server that does not keep to the protocol is left, and tried again; what it
// sends costs a bounded amount of memory.
func TestHostileServer(t *testing.T) { //nolint:paralleltest // it measures what the process allocates
	event := []byte(`{"Event-Name":"CHANNEL_PARK","Unique-ID":"x","variable_operadora_app":"operadora","filler":"` + strings.Repeat("x", 2000) + `"}`)
	framed := fmt.Appendf(nil, "Content-Length: %d\nContent-Type: text/event-json\n\n%s", len(event), event)
	for name, after := range map[string]func(net.Conn){
		"endless header":   func(c net.Conn) { flood(c, []byte("X-Filler: "+strings.Repeat("y", 1000)+"\n")) },
		"endless line":     func(c net.Conn) { flood(c, bytes.Repeat([]byte("y"), 4096)) },
		"crossing replies": func(c net.Conn) { flood(c, []byte("Content-Type: command/reply\nReply-Text: +OK\n\n")) },
		"negative length":  func(c net.Conn) { flood(c, []byte("Content-Type: api/response\nContent-Length: -5\n\n")) },
		"length that lies": func(c net.Conn) {
			fmt.Fprint(c, "Content-Type: text/event-json\nContent-Length: 16000000\n\n{")
			_, _ = io.Copy(io.Discard, c)
		},
		"flood of events": func(c net.Conn) { flood(c, framed) },
		"flood of the log": func(c net.Conn) {
			flood(c, fmt.Appendf(nil, "Content-Type: log/data\nContent-Length: %d\nLog-Func: %s\nUser-Data: x\n\n%s", len(refusesBoth), refersFunc, refusesBoth))
		},
		"silence":  func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"not json": func(c net.Conn) { flood(c, []byte("Content-Type: text/event-json\nContent-Length: 4\n\n{{{{")) },
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // as above
			cfg, count := hostile(t, after)
			a, err := New("lima", cfg, quietLog(), NewMetrics(nil))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); _ = a.Run(ctx, &listener{}) }()
			for range 3 * 2 { // three times both of its connections
				select {
				case <-count:
				case <-time.After(time.Minute):
					t.Fatal("it did not connect again")
				}
			}
			if n := inUse(); n > 200<<20 {
				t.Errorf("%d MB in use", n>>20)
			}
			cancel()
			<-done
		})
	}
}

// What comes after a session's end is not taken, so that what is left to deliver
// has an end however much is sent.
func TestNothingIsTakenAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := newSession(nil, nil)
	s.ctx, s.stop = context.WithCancelCause(t.Context())
	s.end(errDeaf)
	for range 100 {
		s.receive(frame{kind: "text/event-json", body: []byte("{}")})
	}
	if n := len(s.frames); n > 0 {
		t.Errorf("%d frames of 100 were taken", n)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		says []string // what the server says, one for each time that it is asked
		want fault.Kind
		text string
	}{
		"wrong password": {[]string{"Content-Type: auth/request\n\n", "Content-Type: command/reply\nReply-Text: -ERR invalid\n\n"}, fault.Denied, "refuses the password"},
		"refused by ACL": {[]string{"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"}, fault.Denied, "access list"},
		"something else": {[]string{"HTTP/1.1 400 Bad Request\nContent-Type: text/plain\n\n"}, fault.Unavailable, "not the event socket's protocol"},
		"closes at once": {nil, fault.Unavailable, "says nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var wg sync.WaitGroup
			defer wg.Wait()
			wg.Go(func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				for i, text := range row.says {
					if i > 0 {
						_, _ = c.Read(make([]byte, 100))
					}
					fmt.Fprint(c, text)
				}
			})
			_, err = dial(t.Context(), Config{Address: l.Addr().String(), Password: "x", CommandTimeout: 5 * time.Second}, nil)
			if fault.KindOf(err) != row.want || !strings.Contains(err.Error(), row.text) {
				t.Errorf("%v (%v)", err, fault.KindOf(err))
			}
		})
	}
}

// listener is a sink that hands on what it is told, as far as somebody listens.
type listener struct {
	events    chan orchestrator.Event
	connected chan orchestrator.Snapshot
	lost      chan error
	busy      atomic.Bool // calls are not taken
}

func (l *listener) Connected(_ string, s orchestrator.Snapshot) {
	select {
	case l.connected <- s:
	default:
	}
}

func (l *listener) Event(e orchestrator.Event) {
	select {
	case l.events <- e:
	default:
	}
}

func (l *listener) Ready() bool { return !l.busy.Load() }

func (l *listener) Disconnected(_ string, err error) {
	select {
	case l.lost <- err:
	default:
	}
}

// flooded is a session that is not connected yet, without a server.
func flooded(t *testing.T) *session {
	t.Helper()
	a, err := New("lima", newFake(t).config(), quietLog(), NewMetrics(nil))
	must(t, err)
	s := newSession(a, &listener{})
	s.ctx, s.stop = context.WithCancelCause(t.Context())
	t.Cleanup(func() { s.stop(nil); s.wg.Wait() })
	return s
}

func told(t *testing.T, fields string) *wire {
	t.Helper()
	w, err := decode([]byte("{" + fields + "}"))
	must(t, err)
	return w
}

// What is kept of events before anybody is told of them is bounded whatever they hold.
func TestKeptEventsAreBounded(t *testing.T) {
	t.Parallel()
	s := flooded(t)
	long := strings.Repeat("x", 4000)
	for n := range 1 << 16 {
		s.deliver([]*wire{told(t, `"Event-Name":"CHANNEL_PARK","Unique-ID":"x","Caller-Caller-ID-Name":"`+long+`"`)})
		if s.ctx.Err() != nil {
			break
		}
		kept := 0
		for _, w := range s.early {
			kept += len(w.CallerName)
		}
		if kept > 2*maxBytes {
			t.Fatalf("%d events kept, with %d MB of names", n+1, kept>>20)
		}
	}
	if !errors.Is(context.Cause(s.ctx), errFlood) {
		t.Errorf("the session ended by %v", context.Cause(s.ctx))
	}
}

// A server that tells of channels without end is left.
func TestChannelsAreBounded(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string]string{
		"of ours":   `"variable_operadora_app":"operadora"`,
		"of phones": `"Channel-Presence-ID":"101@pbx.example"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := flooded(t)
			s.ready = true
			s.a.legs.most, s.a.watch.most = 100, 100
			for n := range 200 {
				s.deliver([]*wire{told(t, fmt.Sprintf(`"Event-Name":"CHANNEL_CREATE","Unique-ID":"in-%d",`, n)+fields)})
			}
			if !errors.Is(context.Cause(s.ctx), errFlood) {
				t.Errorf("no end of it: %v", context.Cause(s.ctx))
			}
			if legs, busy := len(s.a.legs.m), len(s.a.watch.busy); legs > 100 || busy > 100 {
				t.Errorf("%d channels of ours and %d of phones are remembered", legs, busy)
			}
		})
	}
}
