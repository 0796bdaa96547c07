package esl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// maxPending is how many commands of one connection may wait for their replies.
const maxPending = 1024

// conn is one connection to the event socket. FreeSWITCH answers in the order
// of the commands and names none of them: replies are matched first in, first
// out, and a command whose reply came too late still takes its own away.
type conn struct {
	sock  net.Conn
	r     *reader
	heard atomic.Int64 // unix ns of the last frame

	mu      sync.Mutex
	pending []chan frame // guarded by mu, as is the order of writing
	failure error        // guarded by mu; why it is over
	gone    chan struct{}
}

// errClosed means that a connection is over.
var errClosed = errors.New("the event socket is closed")

// dial connects and logs in. on is called for each event, and for the notice
// that the server is about to close; it may block, and then the server waits.
func dial(ctx context.Context, cfg Config, on func(frame)) (*conn, error) {
	const op = "esl.Connect"
	ctx, cancel := context.WithTimeout(ctx, cfg.CommandTimeout)
	defer cancel()
	d := net.Dialer{KeepAlive: 15 * time.Second}
	sock, err := d.DialContext(ctx, "tcp", cfg.Address)
	if err != nil {
		return nil, fault.E(op, fault.Unavailable, err)
	}
	c := &conn{sock: sock, r: newReader(sock), gone: make(chan struct{})}
	if err := c.login(ctx, cfg); err != nil {
		c.close(err)
		return nil, err
	}
	c.heard.Store(time.Now().UnixNano())
	go c.read(on)
	return c, nil
}

// login answers the server's first word. A refusal is of kind Denied.
func (c *conn) login(ctx context.Context, cfg Config) error {
	const op = "esl.Connect"
	deadline, _ := ctx.Deadline()
	_ = c.sock.SetDeadline(deadline) // what cannot be set shows when it is used
	stop := context.AfterFunc(ctx, func() { c.sock.Close() })
	defer stop()
	f, err := c.r.next()
	switch {
	case err != nil:
		return fault.New(op, fault.Unavailable, "the event socket says nothing: %w", err)
	case f.kind == "text/rude-rejection":
		return fault.New(op, fault.Denied, "freeswitch refuses this address: event_socket.conf.xml names an access list (apply-inbound-acl) that it is not in")
	case f.kind != "auth/request":
		return fault.New(op, fault.Unavailable, "what answers at %s is not an event socket", cfg.Address)
	}
	if err := oneLine(string(cfg.Password)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c.sock, "auth %s\n\n", string(cfg.Password)); err != nil {
		return fault.E(op, fault.Unavailable, err)
	}
	f, err = c.r.next()
	switch {
	case err != nil:
		return fault.New(op, fault.Unavailable, "the event socket does not answer: %w", err)
	case !strings.HasPrefix(f.reply, "+OK"):
		return fault.New(op, fault.Denied, "freeswitch refuses the password of the event socket")
	}
	return c.sock.SetDeadline(time.Time{})
}

// read hands replies to who waits for them and events to on, until the
// connection ends. A reply that nobody asked for ends it: whatever comes after
// would be taken for the answer to something else.
func (c *conn) read(on func(frame)) {
	for {
		f, err := c.r.next()
		if err != nil {
			c.close(fault.New("esl.Read", fault.Unavailable, "%w: %w", errClosed, err))
			return
		}
		c.heard.Store(time.Now().UnixNano())
		switch f.kind {
		case "command/reply", "api/response":
			if !c.answered(f) {
				c.close(fault.New("esl.Read", fault.Unavailable, "%w: an answer to nothing", errFrame))
				return
			}
		case "text/event-json", "text/disconnect-notice", logLine:
			if on != nil {
				on(f)
			}
		}
	}
}

func (c *conn) answered(f frame) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) == 0 {
		return false
	}
	c.pending[0] <- f // has room for one
	c.pending = c.pending[1:]
	return true
}

// ask sends one command, its headers and body, and waits for its reply.
func (c *conn) ask(ctx context.Context, command string) (frame, error) {
	reply := make(chan frame, 1)
	if err := c.send(ctx, command, reply); err != nil {
		return frame{}, err
	}
	select {
	case f := <-reply:
		return f, nil
	case <-c.gone:
		select { // both: the reply came first
		case f := <-reply:
			return f, nil
		default:
		}
		return frame{}, c.err()
	case <-ctx.Done():
		return frame{}, fault.E("esl.Send", fault.Unavailable, ctx.Err())
	}
}

func (c *conn) send(ctx context.Context, command string, reply chan frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failure != nil:
		return c.failure
	case ctx.Err() != nil:
		return fault.E("esl.Send", fault.Unavailable, ctx.Err())
	case len(c.pending) >= maxPending:
		return fault.New("esl.Send", fault.Unavailable, "%d commands wait for their replies", maxPending)
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.sock.SetWriteDeadline(deadline)
	}
	if _, err := c.sock.Write([]byte(command + "\n\n")); err != nil {
		// part of it may be on its way: nothing more can be said on this connection
		go c.close(fault.New("esl.Send", fault.Unavailable, "%w: %w", errClosed, err))
		return fault.E("esl.Send", fault.Unavailable, err)
	}
	c.pending = append(c.pending, reply)
	return nil
}

// nudge makes FreeSWITCH look for what there is to tell: an empty line, which is no
// command and gets no reply.
func (c *conn) nudge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil {
		return
	}
	_ = c.sock.SetWriteDeadline(time.Now().Add(nudgePatience)) // what cannot be set shows when it is used
	if _, err := c.sock.Write([]byte{'\n'}); err != nil {
		go c.close(fault.New("esl.Send", fault.Unavailable, "%w: %w", errClosed, err))
	}
}

func (c *conn) load() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending)
}

func (c *conn) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// close ends the connection. What was sent and not answered is thrown away by a
// reset: the kernel would otherwise deliver it after a cut, when it is somebody
// else's turn to command.
func (c *conn) close(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil {
		return
	}
	c.failure = why
	if c.failure == nil {
		c.failure = fault.E("esl.Send", fault.Unavailable, errClosed)
	}
	if tcp, ok := c.sock.(*net.TCPConn); ok && len(c.pending) > 0 {
		_ = tcp.SetLinger(0) // closed already, if it fails
	}
	c.sock.Close()
	close(c.gone)
}
