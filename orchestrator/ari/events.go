package ari

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// Waits between attempts to connect. They double from the first to the
// longest and are shortened at random by up to a half, so that several
// instances do not knock together. Callers go to the away context meanwhile, so
// the longest is short.
const (
	firstRetry   = 200 * time.Millisecond
	longestRetry = 2 * time.Second
)

// maxEvent is the longest event that is read; Asterisk's are some hundred
// bytes, more with many channel variables.
const maxEvent = 4 << 20

// Run drives the event socket until ctx ends or another client has taken the
// application over (orchestrator.ErrReplaced). There is never more than one
// attempt to connect. One that was given up may all the same reach Asterisk
// late and take the application from our own newer connection: as many
// takeovers as there are such attempts are answered by connecting again at once.
func (a *Adapter) Run(ctx context.Context, sink orchestrator.Sink) error {
	wait, lastText := firstRetry, ""
	for {
		s := newSession(a, sink)
		err := s.run(ctx)
		if ctx.Err() != nil {
			a.metrics.sessions.WithLabelValues(a.name, "stopped").Inc()
			return ctx.Err()
		}
		own := errors.Is(err, orchestrator.ErrReplaced) && a.client.strays.explain(time.Now())
		if own {
			err = fault.E("ari.Run", fault.Unavailable, errStray)
		}
		a.metrics.sessions.WithLabelValues(a.name, endOf(err)).Inc()
		if s.proven {
			wait, lastText = firstRetry, ""
		}
		if s.proven && !s.silent {
			sink.Disconnected(a.name, err)
		}
		if errors.Is(err, orchestrator.ErrReplaced) {
			a.log.WarnContext(ctx, "another client took the application over", "app", a.cfg.App)
			return err
		}
		if own {
			a.log.InfoContext(ctx, "connecting again at once", "error", err)
			continue
		}
		if text := err.Error(); text != lastText { // repeats would fill the log during an outage
			lastText = text
			level := slog.LevelWarn
			if fault.KindOf(err) == fault.Denied {
				level = slog.LevelError
			}
			a.log.Log(ctx, level, "asterisk is not connected; trying again", "error", err)
		}
		if !life.SleepAbout(ctx, wait) {
			return ctx.Err()
		}
		wait = min(2*wait, longestRetry)
	}
}

// Why a session ends, apart from what the socket or Asterisk say.
var (
	errDeaf   = errors.New("nothing is heard on the event socket, although it is open")
	errNoPong = errors.New("the event socket does not answer pings")
	errStray  = errors.New("an earlier attempt of our own to connect arrived late and took the application over")
)

func endOf(err error) string {
	switch {
	case errors.Is(err, orchestrator.ErrReplaced):
		return "replaced"
	case errors.Is(err, errStray):
		return "stray"
	case errors.Is(err, errDeaf), errors.Is(err, errNoPong):
		return "deaf"
	case fault.KindOf(err) == fault.Denied:
		return "refused"
	}
	return "closed"
}

// dial opens the event socket for an application.
func (c *client) dial(ctx context.Context, app string) (*websocket.Conn, error) {
	const op = "ari.Connect"
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	u := c.address("events")
	u.RawQuery = url.Values{"app": {app}}.Encode()
	head := http.Header{}
	// in a header, not as api_key in the address, where proxies would log it
	basic := http.Request{Header: head}
	basic.SetBasicAuth(c.user, c.secret)
	ctx, givenUp := c.strays.watch(ctx)
	conn, res, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{ //nolint:bodyclose // the library has closed it
		HTTPClient: c.http, HTTPHeader: head, CompressionMode: websocket.CompressionDisabled,
	})
	switch {
	case err == nil:
		conn.SetReadLimit(maxEvent)
		return conn, nil
	case res != nil && res.StatusCode == http.StatusUnauthorized:
		return nil, fault.New(op, fault.Denied, "asterisk refuses user %q: wrong name or password", c.user)
	case res != nil:
		return nil, fault.New(op, rule("Connect", res.StatusCode, "").kind, "asterisk answers %d to the event socket: is res_ari loaded and ari.conf enabled?", res.StatusCode)
	}
	givenUp()
	return nil, fault.E(op, fault.Unavailable, withoutURL(err))
}

// read takes frames off the socket until it closes. It decodes nothing: a
// reader that is slow for 100 ms (websocket_write_timeout) is cut by Asterisk.
func (s *session) read(ctx context.Context, stop context.CancelCauseFunc) {
	defer close(s.frames)
	for {
		_, frame, err := s.conn.Read(ctx)
		if err != nil {
			stop(fault.New("ari.Read", fault.Unavailable, "the event socket closed: %w", err))
			return
		}
		s.lastFrame.Store(time.Now().UnixNano())
		s.frames <- frame // run empties it until it is closed
	}
}

// ping notices a peer that vanished without closing: Asterisk never pings.
func (s *session) ping(ctx context.Context, stop context.CancelCauseFunc) {
	every := s.a.cfg.PingInterval
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		patience, cancel := context.WithTimeout(ctx, every)
		err := s.conn.Ping(patience)
		cancel()
		if err != nil && ctx.Err() == nil {
			stop(fault.New("ari.Ping", fault.Unavailable, "%w: %w", errNoPong, err))
			return
		}
	}
}

// beat sends an event through Asterisk to ourselves now and then. An open
// socket that answers pings may still be deaf: when a takeover crosses the end
// of another connection, Asterisk leaves the application without a listener.
func (s *session) beat(ctx context.Context, stop context.CancelCauseFunc) {
	ticker := time.NewTicker(s.a.cfg.PingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		took, err := s.roundTrip(ctx, 3*s.a.cfg.PingInterval)
		switch {
		case err == nil:
			s.a.metrics.roundTrip.WithLabelValues(s.a.name).Observe(took.Seconds())
		case ctx.Err() != nil:
			return
		case errors.Is(err, errDeaf), status(err) == http.StatusNotFound:
			stop(err)
			return
		default:
			// REST is in trouble, not the socket: commands will tell.
			s.a.log.DebugContext(ctx, "heart-beat could not be sent", "error", err)
		}
	}
}

// roundTrip asks Asterisk for an event to our application and waits for it.
// errDeaf means that nothing at all was heard within patience.
func (s *session) roundTrip(ctx context.Context, patience time.Duration) (time.Duration, error) {
	nonce := fmt.Sprintf("op-beat-%016x", rand.Uint64())
	heard := make(chan time.Time, 1)
	if !s.call(ctx, func() { s.listening[nonce] = heard }) {
		return 0, ctx.Err()
	}
	defer s.call(ctx, func() { delete(s.listening, nonce) })
	sent := time.Now()
	if err := s.a.client.do(ctx, userEvent(s.a.cfg.App, nonce), nil); err != nil {
		return 0, err
	}
	for {
		timer := time.NewTimer(patience)
		select {
		case theirs := <-heard:
			timer.Stop()
			took := time.Since(sent)
			// Asterisk's clock was read about halfway.
			s.ahead.Store(int64(theirs.Sub(sent.Add(took / 2))))
			return took, nil
		case <-ctx.Done():
			timer.Stop()
			return 0, ctx.Err()
		case <-timer.C:
		}
		if s.lastFrame.Load() < sent.UnixNano() {
			return 0, fault.New("ari.Beat", fault.Unavailable, "%w (for %v)", errDeaf, patience)
		}
		sent = time.Now() // busy, not deaf: the answer is in the backlog
	}
}

func userEvent(app, name string) request {
	return request{
		verb: "Beat", method: http.MethodPost, path: []string{"events", "user", name},
		query: url.Values{"application": {app}}, again: true,
	}
}
