package ari

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// An attempt to connect that was given up during a cut reaches Asterisk after
// the newer connection and takes the application from it, for nobody. That is
// no rival: we connect again at once, and only a real rival makes Run return.
func TestOwnLateConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newProxy(t, w.asterisk.ARIURL())
	cfg := w.config(p.URL())
	cfg.RequestTimeout = time.Second
	a, err := New("lab", cfg, quietLog(), NewMetrics(nil))
	must(t, err)
	t.Cleanup(a.Close)
	h := &heard{t: t, change: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	arrive := p.Delay()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, h) }()
	eventually(t, "an attempt that was given up", func() bool { return a.client.strays.count() > 0 })
	p.Pass()
	h.until("the connection", func() bool { return len(h.truths) > 0 })
	_, channel := w.callIn(t, a, h, "5550101", "700101")
	arrive()
	h.until("the next connection", func() bool { return len(h.truths) > 1 })
	h.mu.Lock()
	if c := h.truths[1].Channels[channel]; !c.Up || !c.Entered {
		t.Errorf("the call is seen as %+v", c)
	}
	h.mu.Unlock()

	rival := w.adapter(t, "")
	done := make(chan error, 1)
	go func() { done <- rival.Run(ctx, &heard{t: t, change: make(chan struct{})}) }()
	for range a.client.strays.count() + 1 { // each explains one takeover
		select {
		case err := <-ended:
			if !errors.Is(err, orchestrator.ErrReplaced) {
				t.Errorf("Run ended with %v", err)
			}
			cancel()
			<-done
			return
		case <-done: // we took the application back from it
			go func() { done <- rival.Run(ctx, &heard{t: t, change: make(chan struct{})}) }()
		case <-time.After(bound):
			t.Fatal("the rival is not recognised")
		}
	}
}

// count tells how many attempts were given up.
func (s *strays) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sent)
}

func TestStrays(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &strays{sent: []time.Time{now.Add(-time.Hour), now.Add(-time.Minute), now}}
	for i, want := range []bool{true, true, false} {
		if got := s.explain(now); got != want {
			t.Errorf("takeover %d explained: %v", i, got)
		}
	}
}

// What is given up before an answer ends by a reset, so that the kernel does
// not go on delivering it.
func TestGivenUpIsReset(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	ends := make(chan error, 2)
	go func() {
		for range 2 {
			c, err := l.Accept()
			if err != nil {
				ends <- err
				continue
			}
			b := make([]byte, 4096)
			for err == nil {
				_, err = c.Read(b) // the request, and no answer
			}
			c.Close()
			ends <- err
		}
	}()
	a, err := New("lab", Config{URL: "http://" + l.Addr().String() + "/ari", User: "u", App: "operadora",
		RequestTimeout: 50 * time.Millisecond, PingInterval: time.Second, MaxConnections: 2}, quietLog(), NewMetrics(nil))
	must(t, err)
	defer a.Close()
	if _, err := a.client.dial(t.Context(), "operadora"); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("connected: %v", err)
	}
	if err := a.Answer(t.Context(), "1.1"); err == nil {
		t.Error("answered")
	}
	for range 2 {
		if err := <-ends; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("given up by %v, want a reset", err)
		}
	}
	if n := a.client.strays.count(); n != 1 {
		t.Errorf("%d attempts may arrive late, want 1", n)
	}
}
