package ari

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// proxy stands between an adapter and Asterisk and can take the event socket
// away while commands still pass.
type proxy struct {
	server *httptest.Server
	target *url.URL

	mu    sync.Mutex
	cut   bool              // guarded by mu
	late  chan struct{}     // event sockets wait on their way until it closes, nil when they do not; guarded by mu
	conns map[net.Conn]bool // both ends of event sockets; guarded by mu
	work  sync.WaitGroup
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: u, conns: map[net.Conn]bool{}}
	transport := &http.Transport{}
	rest := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: u.Host})
	rest.Transport = transport
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/ari/events") {
			p.socket(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		p.Cut()
		p.work.Wait()
		p.server.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// URL is the address of ARI through the proxy.
func (p *proxy) URL() string { return p.server.URL + p.target.Path }

// Cut closes the event sockets and refuses new ones.
func (p *proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		c.Close()
	}
}

// Restore lets event sockets through again.
func (p *proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

// Delay keeps new event sockets on their way to Asterisk until the function
// returned is called, even if they are given up meanwhile.
func (p *proxy) Delay() (arrive func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	late := make(chan struct{})
	p.late = late
	return func() { close(late) }
}

// Pass lets new event sockets through at once; those on their way stay there.
func (p *proxy) Pass() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = nil
}

func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = true
		if p.cut {
			c.Close()
		}
	}
	return !p.cut
}

func (p *proxy) socket(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	refused, late := p.cut, p.late
	p.mu.Unlock()
	if refused {
		http.Error(w, "cut", http.StatusBadGateway)
		return
	}
	far, err := net.Dial("tcp", p.target.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err == nil && late != nil {
		<-late
	}
	if err != nil || r.Write(far) != nil || !p.keep(near, far) {
		far.Close()
		return
	}
	pipe := func(to net.Conn, from io.Reader) {
		_, _ = io.Copy(to, from) // ends when either side closes
		near.Close()
		far.Close()
	}
	p.work.Go(func() { pipe(far, buffered) })
	p.work.Go(func() { pipe(near, far) })
}
