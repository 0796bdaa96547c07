package ari

import (
	"context"
	"net"
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
