package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/fault"
)

const (
	heartbeatEvery = 15 * time.Second
	// recheckEvery is how often it is asked whether the tokens of open streams
	// still hold: all of them in one question. A token may be revoked by another
	// process, through SQL, which has no way to tell.
	recheckEvery = 500 * time.Millisecond
	// streamPart is how many entries are sent at a time, and read from the records at a time.
	streamPart = 500
	// resumeMost is how many missed entries are told again; beyond that a fresh
	// snapshot says the same in less.
	resumeMost = 5_000
	// resumers is how many streams may be reading what they missed from the
	// records at once, and one of each token. Others get a snapshot.
	resumers = 4
)

var goodEventID = regexp.MustCompile(`^[0-9]{1,20}-[0-9]{1,20}$`)

// StreamEvents implements StrictServerInterface. It streams changes
// (https://html.spec.whatwg.org/multipage/server-sent-events.html), from where
// Last-Event-ID says on, or from a snapshot.
func (s operations) StreamEvents(ctx context.Context, r StreamEventsRequestObject) (StreamEventsResponseObject, error) {
	if _, _, ready := s.hub.end(); !ready {
		return nil, problem{Status: http.StatusServiceUnavailable, Code: wire.ProblemCodeUnavailable, Detail: "events are not available now"}
	}
	v, err := s.doors.enter(askerOf(ctx))
	if err != nil {
		return nil, err
	}
	st := &stream{Server: s.Server, visitor: v, audience: s.audienceOf(askerOf(ctx).who), caughtUp: func() {}}
	open, err := st.begin(ctx, given(r.Params.LastEventID))
	if err != nil {
		s.doors.leave(v, "")
		return nil, err
	}
	return streamed(func(w http.ResponseWriter) error {
		defer st.caughtUp() // also of who leaves before
		w.Header().Set(echo.HeaderContentType, "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
		err := st.run(ctx, s.streamWriter(w), open)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.doors.leave(v, endSlow)
		}
		s.doors.leave(v, "")
		return err
	}), nil
}

// stream is one event stream on its way through the ring.
type stream struct {
	*Server
	*visitor
	audience audience
	place    int64  // of the next item
	caughtUp func() // gives the turn at the records back, if it has one
}

// begin finds out how a stream begins, and returns what then is to be sent
// first. It answers with an error while the client can still be told.
func (st *stream) begin(ctx context.Context, lastID string) (func(context.Context, *streamWriter) error, error) {
	if goodEventID.MatchString(lastID) {
		if place, ok := st.hub.find(lastID); ok {
			st.metrics.resumed.WithLabelValues("resumed").Inc()
			st.place = place
			return func(context.Context, *streamWriter) error { return nil }, nil
		}
		if st.resuming.enter(st.holder) {
			st.caughtUp = sync.OnceFunc(func() { st.resuming.leave(st.holder) })
			return func(ctx context.Context, out *streamWriter) error { return st.catchUp(ctx, lastID, out) }, nil
		}
	}
	snap, err := st.snaps.get(ctx, st.audience)
	if err != nil {
		return nil, err
	}
	st.metrics.resumed.WithLabelValues("snapshot").Inc()
	return func(_ context.Context, out *streamWriter) error { return st.send(snap, out) }, nil
}

// send sends a snapshot; what follows it is told from there on.
func (st *stream) send(snap *snapshotFrame, out *streamWriter) error {
	st.place = snap.place
	for _, part := range snap.parts {
		if _, err := out.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// tell sends what of the items is for the audience, in one go.
func (st *stream) tell(items []*item, out *streamWriter) error {
	part := []byte{}
	for _, i := range items {
		part = append(part, st.audience.frame(i)...)
	}
	if len(part) == 0 {
		return nil
	}
	_, err := out.Write(part)
	return err
}

// catchUp sends what was missed, from the records page by page until the ring
// knows on. Too much, a gap between the two, or records that are away: a snapshot.
func (st *stream) catchUp(ctx context.Context, id string, out *streamWriter) error {
	defer st.caughtUp()
	for told := 0; told < resumeMost; {
		ask, cancel := context.WithTimeout(ctx, requestTime)
		entries, err := st.Records.Since(ask, id, streamPart)
		cancel()
		if err != nil && fault.KindOf(err) == fault.Internal {
			st.log.WarnContext(ctx, "what a stream missed cannot be read; it gets a snapshot", "error", err)
		}
		if err != nil || len(entries) == 0 {
			break
		}
		if err := st.tell(each(entries, newItem), out); err != nil {
			return err
		}
		told, id = told+len(entries), entries[len(entries)-1].ID
		if place, ok := st.hub.find(id); ok {
			st.metrics.resumed.WithLabelValues("resumed").Inc()
			st.place = place
			return nil
		}
	}
	return st.anew(ctx, out)
}

// anew sends a snapshot in the middle of a stream.
func (st *stream) anew(ctx context.Context, out *streamWriter) error {
	snap, err := st.snaps.get(ctx, st.audience)
	if err != nil {
		return err
	}
	st.metrics.resumed.WithLabelValues("behind").Inc()
	return st.send(snap, out)
}

// run sends until the client leaves or is ended.
func (st *stream) run(ctx context.Context, out *streamWriter, open func(context.Context, *streamWriter) error) error {
	if _, err := out.Write([]byte("retry: 2000\n\n")); err != nil {
		return err
	}
	if err := open(ctx, out); err != nil {
		return err
	}
	beat := time.NewTicker(st.heartbeat)
	defer beat.Stop()
	for {
		items, grown, ok := st.hub.read(st.place, streamPart)
		if !ok { // the ring has moved on
			if err := st.anew(ctx, out); err != nil {
				return err
			}
			continue
		}
		if err := st.tell(items, out); err != nil {
			return err
		}
		st.place += int64(len(items))
		if len(items) > 0 {
			grown = nil // there may be more: look again
		}
		if grown == nil {
			select {
			case <-ctx.Done():
				return nil
			case <-st.over:
				return nil
			default:
				continue
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-st.over:
			return nil
		case <-grown:
		case <-beat.C:
			if _, err := out.Write([]byte(": beat\n\n")); err != nil {
				return err
			}
		}
	}
}

// recheck ends the streams whose token or session is over, until ctx ends. When
// that cannot be found out the streams go on.
func (s *Server) recheck(ctx context.Context) {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		held := s.doors.credentials()
		if len(held) == 0 {
			continue
		}
		ask, cancel := context.WithTimeout(ctx, requestTime)
		over, err := s.Tokens.Over(ask, held)
		cancel()
		if err != nil {
			s.log.DebugContext(ctx, "whether the tokens of streams hold is not known", "error", err)
			continue
		}
		s.doors.expel(over)
	}
}

// snapshot is everything at one moment.
func (s *Server) snapshot(ctx context.Context) (wire.Snapshot, error) {
	floor, err := s.floor(ctx, 0) // an older one would miss what came before the stream began
	if err != nil {
		return wire.Snapshot{}, err
	}
	calls, err := s.liveCalls(ctx)
	if err != nil {
		return wire.Snapshot{}, err
	}
	return wire.Snapshot{At: s.Now().UTC(), Agents: floor.Agents, Queues: floor.Queues, Waiting: floor.Waiting, Calls: calls, PBXs: s.Engine.Connected()}, nil
}

// callsOf is what an audience sees of calls in progress, as JSON.
func (a audience) callsOf(calls []wire.LiveCall) ([]byte, error) {
	out := []wire.LiveCall{}
	for _, c := range calls {
		if a.agent == "" || serves(a.agent, c) {
			out = append(out, a.live(c))
		}
	}
	return json.Marshal(out)
}
