package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Ports are handed out in blocks below the range that the kernel uses for
// outgoing connections (32768 and up on Linux), so that no socket of anyone
// else comes between choosing a port and its server binding it. A lock on a
// file tells other processes on the machine that a block is taken.
type portPool struct {
	name  string
	first int
	size  int // ports in a block
	count int // blocks
}

var (
	// An Asterisk needs one port for SIP, one for HTTP, and two for the audio
	// of each call leg: a block carries almost 500 legs.
	asteriskPorts = portPool{name: "asterisk", first: 10000, size: 1000, count: 22}
	redisPorts    = portPool{name: "redis", first: 7400, size: 1, count: 600}
)

// portBlock is a claimed block; release gives it back.
type portBlock struct {
	base int
	lock *os.File
}

func (b *portBlock) release() {
	if b.lock != nil {
		b.lock.Close() // closing gives up the lock
		b.lock = nil
	}
}

// claim returns a block that no other lab holds and whose first two ports are
// free on loopback, over TCP and UDP.
func (p portPool) claim() (*portBlock, error) {
	dir := filepath.Join(os.TempDir(), "operadora-lab-ports")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("claiming ports: %w", err)
	}
	for i := range p.count {
		base := p.first + i*p.size
		path := filepath.Join(dir, p.name+"-"+strconv.Itoa(base)+".lock")
		f, err := lockFile(path, syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("claiming ports: %w", err)
		}
		if free(base, min(p.size, 2)) {
			return &portBlock{base: base, lock: f}, nil
		}
		f.Close()
	}
	return nil, fmt.Errorf("claiming ports: all %d blocks for %s from port %d on are in use", p.count, p.name, p.first)
}

func free(base, n int) bool {
	for port := base; port < base+n; port++ {
		addr := loopback(port)
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return false
		}
		l.Close()
		u, err := net.ListenPacket("udp", addr)
		if err != nil {
			return false
		}
		u.Close()
	}
	return true
}

// loopback returns 127.0.0.1:port.
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
