package bench

import (
	"bytes"
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// tap stands in the line from operadora to the PBX and notes when the first
// command on a call passes: what asks or watches is none.
type tap struct {
	listener net.Listener
	to       string
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu
	first chan time.Time    // takes the time of the next command, nil for nobody asks; guarded by mu
}

func newTap() (*tap, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	return &tap{listener: l, conns: map[net.Conn]bool{}}, err
}

// lay connects the tap to the PBX and gives its near end.
func (t *tap) lay(to string) string {
	t.to = to
	t.wg.Go(func() {
		for {
			near, err := t.listener.Accept()
			if err != nil {
				return // closed
			}
			t.wg.Go(func() { t.carry(near) })
		}
	})
	return t.listener.Addr().String()
}

// next returns where the time of the next command will come.
func (t *tap) next() <-chan time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.first = make(chan time.Time, 1)
	return t.first
}

func (t *tap) carry(near net.Conn) {
	defer near.Close()
	far, err := new(net.Dialer).DialContext(context.Background(), "tcp", t.to) // on loopback it is there at once, or not
	if err != nil {
		return
	}
	defer far.Close()
	t.mu.Lock()
	t.conns[near] = true
	t.mu.Unlock()
	t.wg.Go(func() {
		_, _ = io.Copy(near, far) // ends when either side does
		_ = near.Close()
	})
	_, _ = io.Copy(io.MultiWriter(far, t), near)
	t.mu.Lock()
	delete(t.conns, near)
	t.mu.Unlock()
}

// Write sees what operadora sends: a request of ARI, or some of the event socket's.
func (t *tap) Write(b []byte) (int, error) {
	if isCommand(b) || slices.ContainsFunc(bytes.Split(b, []byte("\n\n")), isESLCommand) {
		t.mu.Lock()
		if t.first != nil {
			t.first <- time.Now()
			t.first = nil
		}
		t.mu.Unlock()
	}
	return len(b), nil
}

// isCommand tells whether a request changes something about a call.
func isCommand(request []byte) bool {
	line, _, _ := bytes.Cut(request, []byte("\r\n"))
	method, path, _ := bytes.Cut(line, []byte(" "))
	if m := string(method); m != "POST" && m != "DELETE" {
		return false
	}
	for _, about := range []string{"/ari/channels", "/ari/bridges", "/ari/playbacks", "/ari/recordings"} {
		if bytes.HasPrefix(path, []byte(about)) {
			return true
		}
	}
	return false
}

// isESLCommand is isCommand for the event socket of a FreeSWITCH.
func isESLCommand(request []byte) bool {
	line, _, _ := bytes.Cut(request, []byte("\n"))
	word, rest, _ := bytes.Cut(line, []byte(" "))
	switch string(word) {
	case "sendmsg":
		return true
	case "bgapi":
		return bytes.HasPrefix(rest, []byte("originate "))
	case "api":
		verb, _, _ := bytes.Cut(rest, []byte(" "))
		return bytes.HasPrefix(verb, []byte("uuid_")) && !slices.Contains([]string{"uuid_dump", "uuid_exists", "uuid_buglist"}, string(verb))
	}
	return false
}

func (t *tap) close() {
	_ = t.listener.Close()
	t.mu.Lock()
	for c := range t.conns {
		_ = c.Close()
	}
	t.mu.Unlock()
	t.wg.Wait()
}
