package main

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// cable is a TCP proxy that can be cut, like the cable between operadora and the PBX, or have
// an Asterisk's event socket cut alone.
type cable struct {
	t  *testing.T
	l  net.Listener
	to string
	wg sync.WaitGroup

	mu    sync.Mutex
	down  bool              // guarded by mu
	deaf  bool              // no event socket comes through; guarded by mu
	conns map[net.Conn]bool // true of those on which events come; guarded by mu
}

// newCable lays a cable; lay connects it and gives its near end.
func newCable(t *testing.T) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &cable{t: t, l: l, conns: map[net.Conn]bool{}}
	t.Cleanup(func() {
		_ = l.Close()
		w.cut()
		w.wg.Wait()
	})
	return w
}

func (w *cable) lay(to string) string {
	w.to = to
	w.wg.Go(func() {
		for {
			c, err := w.l.Accept()
			if err != nil {
				return // closed at the end of the test
			}
			w.wg.Go(func() { w.carry(c) })
		}
	})
	return w.l.Addr().String()
}

func (w *cable) carry(near net.Conn) {
	far, err := net.DialTimeout("tcp", w.to, 5*time.Second)
	if err != nil || !w.keep(near, far) {
		_ = near.Close()
		return
	}
	w.wg.Go(func() { _, _ = io.Copy(far, asking{near, w}); _ = far.Close(); _ = near.Close() }) // ends when either side does
	_, _ = io.Copy(near, far)
	_ = far.Close()
	_ = near.Close()
	w.mu.Lock()
	delete(w.conns, near)
	delete(w.conns, far)
	w.mu.Unlock()
}

func (w *cable) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		w.conns[c] = false
		if w.down {
			_ = c.Close()
		}
	}
	return !w.down
}

// cut drops every connection and refuses new ones.
func (w *cable) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	for c := range w.conns {
		_ = c.Close()
	}
}

// deafen drops the event sockets and refuses new ones; requests are answered.
func (w *cable) deafen() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaf = true
	for c, events := range w.conns {
		if events {
			_ = c.Close()
		}
	}
}

func (w *cable) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down, w.deaf = false, false
}

// asking is the near end of a connection, on which operadora may ask for events.
type asking struct {
	net.Conn
	w *cable
}

// Read implements io.Reader.
func (a asking) Read(b []byte) (int, error) {
	n, err := a.Conn.Read(b)
	if !bytes.HasPrefix(b[:n], []byte("GET /ari/events?")) { // a request is written in one piece
		return n, err
	}
	a.w.mu.Lock()
	defer a.w.mu.Unlock()
	if a.w.deaf {
		return 0, io.EOF
	}
	a.w.conns[a.Conn] = true
	return n, err
}

// TestSocketCut cuts the connection to the PBX for ten seconds with callers at
// every stage; one of them hangs up meanwhile.
func TestSocketCut(t *testing.T) {
	t.Parallel()
	w := newCable(t)
	r := newRig(t, rigOptions{agents: 2, via: w.lay})
	r.start()
	c, ana, ben := newCrowd(r)
	gone := r.call("5550005", "5000")
	must(t, gone.WaitSound(limit(t)))
	mark := r.Log.Mark()
	w.cut()
	must(t, gone.Hangup())
	r.talk(c.talking, c.talks)
	outage := time.NewTimer(10 * time.Second)
	defer outage.Stop()
	<-outage.C
	w.mend()
	r.waitLog(mark, `msg="pbx connected"`)
	ended(t, c.rung)
	c.goOn(r, ana, ben)
	calls := r.settled(5)
	for _, s := range calls {
		if s.Caller.Number == "5550005" {
			if s.Outcome != "left" {
				t.Errorf("the caller who left unseen ended as %q", s.Outcome)
			}
			continue
		}
		if s.Outcome != "served" {
			t.Errorf("call from %s ended as %q", s.Caller.Number, s.Outcome)
		}
	}
}
