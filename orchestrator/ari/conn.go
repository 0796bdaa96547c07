package ari

import (
	"context"
	"net"
	"net/http/httptrace"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// dialer opens connections whose unanswered requests die with them.
func dialer(timeout time.Duration) func(ctx context.Context, network, addr string) (net.Conn, error) {
	d := &net.Dialer{Timeout: timeout, KeepAlive: 15 * time.Second}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &abandonedConn{Conn: c}, nil
	}
}

// abandonedConn is closed by a reset while a request on it is unanswered. The
// kernel would otherwise go on delivering for minutes what was given up during
// a cut: an origination that rings a phone for a caller who was long served, or
// a request for the event socket that takes the application from a newer one.
// What has arrived at the far end by then cannot be called back.
type abandonedConn struct {
	net.Conn
	unanswered atomic.Bool
}

func (c *abandonedConn) Write(b []byte) (int, error) {
	c.unanswered.Store(true)
	return c.Conn.Write(b)
}

func (c *abandonedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.unanswered.Store(false)
	}
	return n, err
}

func (c *abandonedConn) Close() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.unanswered.Load() {
		_ = tcp.SetLinger(0) // closed already, if it fails
	}
	return c.Conn.Close()
}

// strayLife is how long an attempt to open the event socket that was given up
// may still arrive: what stands between may keep it, and a kernel tries to
// deliver for a quarter of an hour.
const strayLife = 15 * time.Minute

// strays are our own attempts to open the event socket that were given up after
// they were sent. Each may reach Asterisk late, and takes the application from
// our newer connection, once, for nobody.
type strays struct {
	mu   sync.Mutex
	sent []time.Time // guarded by mu
}

// watch returns ctx for an attempt, and a function to call when it was given up.
func (s *strays) watch(ctx context.Context) (context.Context, func()) {
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(i httptrace.WroteRequestInfo) { sent.Store(i.Err == nil) },
	})
	return ctx, func() {
		if !sent.Load() {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sent = append(s.sent, time.Now())
	}
}

// explain tells whether one of them may have caused a takeover, and forgets it:
// the next takeover needs another.
func (s *strays) explain(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = slices.DeleteFunc(s.sent, func(at time.Time) bool { return now.Sub(at) > strayLife })
	if len(s.sent) == 0 {
		return false
	}
	s.sent = s.sent[1:]
	return true
}
