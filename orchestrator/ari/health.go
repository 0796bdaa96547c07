package ari

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// errSilent means that Asterisk's REST interface does not answer, whatever its
// event socket does.
var errSilent = errors.New("asterisk does not answer requests")

// health knows whether requests are answered. When Asterisk falls silent, each
// command would wait for the whole of its time, and all of them together would
// fill the connections: from the first time-out that a probe confirms they fail
// at once, until a probe is answered.
type health struct {
	doubt chan struct{} // holds a token when a request timed out

	mu      sync.Mutex
	silent  bool                              // guarded by mu
	flights map[int64]context.CancelCauseFunc // gives a request on its way up; guarded by mu
	last    int64                             // number of the last request; guarded by mu
}

func newHealth() *health {
	return &health{doubt: make(chan struct{}, 1), flights: map[int64]context.CancelCauseFunc{}}
}

// begin binds a request to the time in which Asterisk answers; an error says
// that it does not. The function returned frees it.
func (h *health) begin(ctx context.Context) (context.Context, func(), error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.silent {
		return nil, nil, errSilent
	}
	ctx, cancel := context.WithCancelCause(ctx)
	h.last++
	n := h.last
	h.flights[n] = cancel
	return ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.flights, n)
		cancel(nil)
	}, nil
}

// doubted is called for each request that timed out.
func (h *health) doubted() {
	select {
	case h.doubt <- struct{}{}:
	default:
	}
}

// set says whether Asterisk answers. Requests on their way are given up when
// it does not.
func (h *health) set(silent bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.silent = silent
	if silent {
		for _, cancel := range h.flights {
			cancel(errSilent)
		}
	}
	select {
	case <-h.doubt: // of before
	default:
	}
}

// probePatience is how long a probe waits; probes follow each other as quickly
// at first, as seconds of silence are heard by callers.
const probePatience = time.Second

// ping asks the least there is, on a connection of its own: those of the
// commands may all be stuck. Any answer will do.
func (c *client) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, min(probePatience, c.timeout))
	defer cancel()
	r := request{verb: "Ping", method: http.MethodGet, path: []string{"asterisk", "ping"}}
	req, err := c.build(ctx, r)
	if err != nil {
		return fault.E("ari.Ping", fault.Invalid, err)
	}
	res, err := c.side.Do(req)
	if err != nil {
		return fault.E("ari.Ping", fault.Unavailable, withoutURL(err))
	}
	return res.Body.Close()
}

// guard watches whether requests are answered, as long as the session stands.
// The socket is kept while they are not: closing it would send new calls to the
// dialplan and cut off who answers, and the ends of calls are still told.
func (s *session) guard(ctx context.Context, stop context.CancelCauseFunc) {
	h := s.a.client.health
	defer h.set(false)
	for {
		select {
		case <-h.doubt:
		case <-ctx.Done():
			return
		}
		if err := s.a.client.ping(ctx); err == nil || ctx.Err() != nil {
			continue // one command was slow: it waits for a prompt, say
		}
		h.set(true)
		s.call(ctx, s.fallSilent)
		if err := s.recover(ctx); err != nil {
			stop(err)
			return
		}
	}
}

// recover waits until Asterisk answers and tells the sink the truth anew. An
// error says that the session is at its end.
func (s *session) recover(ctx context.Context) error {
	wait := firstRetry
	for {
		if !life.SleepAbout(ctx, wait) {
			return context.Cause(ctx)
		}
		wait = min(2*wait, probePatience)
		if s.a.client.ping(ctx) != nil {
			continue
		}
		s.a.client.health.set(false)
		// what arrives from now on is newer than the snapshot
		s.call(ctx, func() { s.ready = false })
		err := s.prepare(ctx)
		if err == nil || fault.KindOf(err) != fault.Unavailable {
			return err
		}
		s.a.client.health.set(true)
	}
}

// fallSilent tells the sink that commands are not answered.
func (s *session) fallSilent() {
	if !s.ready {
		return // it was never told that they are
	}
	err := fault.New("ari.Run", fault.Unavailable, "%w; its events still arrive", errSilent)
	s.a.metrics.connected.WithLabelValues(s.a.name).Set(0)
	s.a.log.Warn("asterisk does not answer requests; its events still arrive")
	s.sink.Disconnected(s.a.name, err)
	s.silent = true
}
