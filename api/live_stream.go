package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/live"
	"github.com/operadora/operadora/api/wire"
)

// liveBeat is how often a stream tells that it is there, and whether the board is true.
const liveBeat = 2 * time.Second

const (
	topicFloor = "floor"
	topicQueue = "queue:"
	topicsMost = 20
)

// queueOf is the queue that a topic is of.
func queueOf(topic string) (string, bool) { return strings.CutPrefix(topic, topicQueue) }

// topicsOf reads the topics that are asked for.
func topicsOf(text string) ([]string, error) {
	topics := slices.Sorted(slices.Values(strings.Split(text, ",")))
	topics = slices.Compact(topics)
	if len(topics) > topicsMost {
		return nil, wrong(wire.ProblemCodeInvalid, "topics", text, "more than %d", topicsMost)
	}
	for _, t := range topics {
		if q, ok := queueOf(t); t != topicFloor && (!ok || q == "") {
			return nil, wrong(wire.ProblemCodeInvalid, "topics", t, "%s is not a topic: floor, or queue: and the id of one", quoted(t))
		}
	}
	return topics, nil
}

// StreamLive implements StrictServerInterface.
func (s operations) StreamLive(ctx context.Context, r StreamLiveRequestObject) (StreamLiveResponseObject, error) {
	topics, err := topicsOf(r.Params.Topics)
	if err != nil {
		return nil, err
	}
	if _, _, ready := s.hub.end(); !ready {
		return nil, problem{Status: http.StatusServiceUnavailable, Code: wire.ProblemCodeUnavailable, Detail: "events are not available now"}
	}
	a := askerOf(ctx)
	v, err := s.doors.enter(a)
	if err != nil {
		return nil, err
	}
	st := &liveStream{Server: s.Server, visitor: v, asking: asking{audience: s.audienceOf(a.who), topics: strings.Join(topics, ","), since: -1}}
	st.resume(orElse(r.Params.LastEventIDHeader, given(r.Params.LastEventID)))
	return streamed(func(w http.ResponseWriter) error {
		end := s.live.watch(topics)
		defer end()
		w.Header().Set(echo.HeaderContentType, "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
		err := st.run(ctx, s.streamWriter(w))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.doors.leave(v, endSlow)
		}
		s.doors.leave(v, "")
		return err
	}), nil
}

// VisitStreamLiveResponse implements StreamLiveResponseObject.
func (f streamed) VisitStreamLiveResponse(w http.ResponseWriter) error { return f(w) }

// liveStream is one stream of a board. It has no backlog: what it is told next is
// what changed since what it was told last, however long that took.
type liveStream struct {
	*Server
	*visitor
	asking
	epoch string // of what it was told
}

// resume goes on behind an id that the client has.
func (st *liveStream) resume(id string) {
	epoch, rev, ok := strings.Cut(id, "-")
	n, err := strconv.ParseInt(rev, 10, 64)
	if ok && err == nil && n >= 0 {
		st.epoch, st.since = epoch, n
	}
}

// run sends until the client leaves or is ended.
func (st *liveStream) run(ctx context.Context, out *streamWriter) error {
	hello := frame("hello", "", mustJSON(wire.LiveHello{Version: st.Version.Version, At: st.Now().UTC()}))
	if _, err := out.Write(append([]byte("retry: "+strconv.Itoa(1000+st.jitter(2000))+"\n\n"), hello...)); err != nil {
		return err
	}
	beat := time.NewTicker(st.live.beat)
	defer beat.Stop()
	for {
		part, changed := st.next()
		if len(part) > 0 {
			if _, err := out.Write(part); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-st.over:
			return nil
		case <-changed:
		case <-beat.C:
			if _, err := out.Write(frame("beat", "", mustJSON(st.live.state()))); err != nil {
				return err
			}
		}
	}
}

// jitter spreads those who come back together.
func (st *liveStream) jitter(most int64) int { return int(time.Now().UnixNano() % most) }

// state says whether the board is true now, and if not until when it was.
func (p *projector) state() wire.LiveBeat {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := wire.LiveBeat{At: p.Now().UTC()}
	b.AsOf = b.At
	if !p.failing.IsZero() {
		b.AsOf = p.failing.UTC()
	}
	return b
}

// next is what the stream is to be told now, nothing while nothing has changed.
func (st *liveStream) next() (part []byte, changed <-chan struct{}) {
	p := st.live
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.epoch == "": // not read yet
		return nil, p.changed
	case p.epoch != st.epoch:
		st.since = -1
	case st.since == p.board.Rev():
		return nil, p.changed
	}
	part, known := p.frames[st.asking]
	if !known {
		part = p.frame(st.asking)
		p.frames[st.asking] = part
	}
	st.epoch, st.since = p.epoch, p.board.Rev()
	return part, p.changed
}

// frame is what an audience is told; mu is held. A change that is not for it is none.
func (p *projector) frame(a asking) []byte {
	topics := strings.Split(a.topics, ",")
	id := live.ID(p.epoch, p.board.Rev())
	rows, ok := p.board.After(a.since)
	if a.since < 0 || !ok {
		var all wire.LiveRows
		for _, r := range p.board.All() {
			if p.shows(a.audience, topics, r) {
				add(&all, a.audience, r)
			}
		}
		return frame("snapshot", id, mustJSON(wire.LiveSnapshot{At: p.Now().UTC(), Rows: all}))
	}
	d := wire.LiveDelta{At: p.Now().UTC()}
	for _, r := range rows {
		switch {
		case !r.Gone && p.shows(a.audience, topics, r):
			add(&d.Put, a.audience, r)
		case r.Kind == live.Agents: // gone, or out of sight now: who has it takes it away, to others it says nothing
			d.Del.Agents = append(d.Del.Agents, r.ID)
		case r.Kind == live.Calls:
			d.Del.Calls = append(d.Del.Calls, r.ID)
		case r.Kind == live.Queues:
			d.Del.Queues = append(d.Del.Queues, r.ID)
		}
	}
	return frame("delta", id, mustJSON(d))
}

// mustJSON makes JSON of what the API shows, which always marshals.
func mustJSON(v any) []byte {
	raw, _ := json.Marshal(v)
	return raw
}

func add(to *wire.LiveRows, a audience, r *live.Row) {
	switch v := r.Value.(type) {
	case wire.Agent:
		to.Agents = append(to.Agents, v)
	case wire.LiveCall:
		to.Calls = append(to.Calls, a.live(v))
	case wire.Queue:
		to.Queues = append(to.Queues, v)
	case wire.LivePBX:
		to.PBXs = append(to.PBXs, v)
	case wire.LiveLine:
		to.Waiting = append(to.Waiting, v)
	}
}

// shows tells whether a row is of one of the topics, and for the audience.
func (p *projector) shows(a audience, topics []string, r *live.Row) bool {
	return slices.ContainsFunc(topics, func(t string) bool { return inTopic(t, r) }) && a.watches(r)
}

func inTopic(topic string, r *live.Row) bool {
	queue, ok := queueOf(topic)
	if !ok {
		return r.Kind != live.Waiting
	}
	switch v := r.Value.(type) {
	case wire.Agent:
		return slices.Contains(v.Queues, queue)
	case wire.LiveCall:
		return v.Queue == queue
	}
	return r.ID == queue && (r.Kind == live.Queues || r.Kind == live.Waiting)
}

// watches tells whether a row is for an audience: an agent sees its own calls, a
// supervisor of teams their agents, their calls and the queues that they serve.
func (a audience) watches(r *live.Row) bool {
	switch v := r.Value.(type) {
	case wire.Agent:
		return a.teams == "" || a.supervises(v.ID)
	case wire.LiveCall:
		switch {
		case a.agent != "":
			return serves(a.agent, v)
		case a.teams != "" && v.Serving != "":
			return a.supervises(v.Serving)
		}
		return a.teams == "" || a.serve(v.Queue)
	case wire.Queue:
		return a.teams == "" || a.serve(v.ID)
	case wire.LiveLine:
		return a.teams == "" || a.serve(v.Queue)
	}
	return true
}

// serve tells whether one of the teams to which the audience is bound serves a queue.
func (a audience) serve(queue string) bool {
	return queue != "" && slices.ContainsFunc(strings.Fields(a.teams), func(team string) bool { return a.in.TeamServes(team, queue) })
}
