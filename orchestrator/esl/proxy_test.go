//go:build freeswitch

package esl

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy stands between an adapter and a server and can take the connections away.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	cut   bool              // guarded by mu
	conns map[net.Conn]bool // both ends; guarded by mu
	work  sync.WaitGroup
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]bool{}}
	p.work.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.Cut()
		p.work.Wait()
	})
	return p
}

// Address is the server's address through the proxy.
func (p *proxy) Address() string { return p.listener.Addr().String() }

// Cut closes all connections and refuses new ones.
func (p *proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		c.Close()
	}
	clear(p.conns)
}

// Restore lets connections through again.
func (p *proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.target)
		if err != nil || !p.keep(near, far) {
			near.Close()
			continue
		}
		pipe := func(to, from net.Conn) {
			_, _ = io.Copy(to, from) // ends when either side closes
			near.Close()
			far.Close()
		}
		p.work.Go(func() { pipe(far, near) })
		p.work.Go(func() { pipe(near, far) })
	}
}

func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.cut {
			c.Close()
		} else {
			p.conns[c] = true
		}
	}
	return !p.cut
}
