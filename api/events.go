package api

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
)

const (
	heartbeatEvery = 15 * time.Second
	// resumeMost is how many missed entries are told again; beyond that a fresh
	// snapshot says the same in less.
	resumeMost = 20_000
)

var goodEventID = regexp.MustCompile(`^[0-9]{1,20}-[0-9]{1,20}$`)

// snapshot is everything at one moment.
func (s *Server) snapshot(ctx context.Context, a audience) (wire.Snapshot, error) {
	floor, err := s.floor(ctx, 0) // an older one would miss what came before the stream began
	if err != nil {
		return wire.Snapshot{}, err
	}
	calls, err := s.liveCalls(ctx)
	if err != nil {
		return wire.Snapshot{}, err
	}
	v := wire.Snapshot{At: s.Now().UTC(), Agents: floor.Agents, Queues: floor.Queues, Waiting: floor.Waiting, Calls: []wire.LiveCall{},
		PBXs: s.Engine.Connected()}
	for _, c := range calls {
		if a.agent == "" || serves(a.agent, c) {
			v.Calls = append(v.Calls, a.live(c))
		}
	}
	return v, nil
}

// StreamEvents implements StrictServerInterface. It streams changes
// (https://html.spec.whatwg.org/multipage/server-sent-events.html), from where
// Last-Event-ID says on, or from a snapshot.
func (s operations) StreamEvents(ctx context.Context, r StreamEventsRequestObject) (StreamEventsResponseObject, error) {
	j, err := s.hub.join()
	if err != nil {
		return nil, err
	}
	a := audienceOf(askerOf(ctx).token)
	first, err := s.opening(ctx, a, j, given(r.Params.LastEventID))
	if err != nil {
		s.hub.leave(j.client, "")
		return nil, err
	}
	return streamed(func(w http.ResponseWriter) error {
		defer s.hub.leave(j.client, "")
		w.Header().Set(echo.HeaderContentType, "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
		out := s.streamWriter(w)
		if _, err := out.Write(append([]byte("retry: 2000\n\n"), first...)); err != nil {
			return err
		}
		return s.stream(ctx, a, j.client, out)
	}), nil
}

// opening is the first part of a stream: what was missed since lastID, or a snapshot.
func (s *Server) opening(ctx context.Context, a audience, j joined, lastID string) ([]byte, error) {
	if goodEventID.MatchString(lastID) {
		missed, ok, err := s.missed(ctx, j, lastID)
		if err != nil {
			return nil, err
		}
		if ok {
			s.metrics.resumed.WithLabelValues("resumed").Inc()
			return join(a, missed), nil
		}
	}
	s.metrics.resumed.WithLabelValues("snapshot").Inc()
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	v, err := s.snapshot(ctx, a)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return frame("snapshot", j.last, data), nil
}

func join(a audience, items []*item) []byte {
	b := []byte{}
	for _, i := range items {
		b = append(b, a.frame(i)...)
	}
	return b
}

// missed returns the entries after an id up to the moment of joining: from the
// ring, and what is older, or from before this process began, from the records.
// ok is false when there are too many, or a part between the two is missing.
func (s *Server) missed(ctx context.Context, j joined, id string) ([]*item, bool, error) {
	if items, ok := j.after(id); ok {
		return items, true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	entries, err := s.Records.Since(ctx, id, resumeMost)
	switch {
	case fault.KindOf(err) == fault.NotFound || fault.KindOf(err) == fault.Unavailable:
		return nil, false, nil // a snapshot needs no records
	case err != nil:
		return nil, false, err
	}
	var items []*item
	for _, e := range entries {
		items = append(items, newItem(e))
		if e.ID == j.base { // from here on the ring knows
			return append(items, j.ring...), true, nil
		}
	}
	return nil, false, nil
}

// stream sends what the hub delivers until the client leaves or is ended.
func (s *Server) stream(ctx context.Context, a audience, cl *client, out *streamWriter) error {
	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case items, ok := <-cl.ch:
			if !ok {
				return nil // ended by the hub
			}
			part := join(a, items)
			if len(part) == 0 {
				continue
			}
			if _, err := out.Write(part); err != nil {
				return err
			}
		case <-beat.C:
			if s.revoked(ctx) {
				s.hub.leave(cl, endRevoked)
				return nil
			}
			if _, err := out.Write([]byte(": beat\n\n")); err != nil {
				return err
			}
		}
	}
}

// revoked tells whether the stream's token has ended meanwhile. When tokens
// cannot be looked up the stream goes on.
func (s *Server) revoked(ctx context.Context) bool {
	bearer := bearerOf(askerOf(ctx).request)
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	t, err := s.Tokens.FindToken(ctx, bearer)
	if err != nil {
		return fault.KindOf(err) == fault.NotFound
	}
	return !t.Valid(s.Now())
}
