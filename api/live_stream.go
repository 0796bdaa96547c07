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
	topicFloor     = "floor"
	topicQueue     = "queue:"
	topicCampaigns = "campaigns"
	topicCampaign  = "campaign:"
	topicMe        = "me" // what is the asking agent's own; with a colon and the agent once it is known who asks
	topicsMost     = 20
)

// queueOf is the queue that a topic is of.
func queueOf(topic string) (string, bool) { return strings.CutPrefix(topic, topicQueue) }

// campaignOf is the campaign that a topic is of.
func campaignOf(topic string) (string, bool) { return strings.CutPrefix(topic, topicCampaign) }

// agentOf is the agent of whose own a topic is.
func agentOf(topic string) (string, bool) { return strings.CutPrefix(topic, topicMe+":") }

// topicsOf reads the topics that an agent asks for, "" for anybody else.
func topicsOf(text, agent string) ([]string, error) {
	topics := slices.Sorted(slices.Values(strings.Split(text, ",")))
	topics = slices.Compact(topics)
	if len(topics) > topicsMost {
		return nil, wrong(wire.ProblemCodeInvalid, "topics", text, "more than %d", topicsMost)
	}
	for i, t := range topics {
		switch {
		case t == topicMe && agent == "":
			return nil, denied("topics: me is what is an agent's own, and the token is no agent's")
		case t == topicMe:
			topics[i] = topicMe + ":" + agent
		case t != topicFloor && t != topicCampaigns && !names(queueOf(t)) && !names(campaignOf(t)):
			return nil, wrong(wire.ProblemCodeInvalid, "topics", t, "%s is not a topic: me, floor, campaigns, or queue: or campaign: and the id of one", quoted(t))
		}
	}
	return topics, nil
}

func names(id string, ok bool) bool { return ok && id != "" }

func ofCampaigns(topic string) bool {
	return topic == topicCampaigns || strings.HasPrefix(topic, topicCampaign)
}

// StreamLive implements StrictServerInterface.
func (s operations) StreamLive(ctx context.Context, r StreamLiveRequestObject) (StreamLiveResponseObject, error) {
	a := askerOf(ctx)
	audience := s.audienceOf(a.who)
	topics, err := topicsOf(r.Params.Topics, audience.agent)
	if err != nil {
		return nil, err
	}
	if _, _, ready := s.hub.end(); !ready {
		return nil, problem{Status: http.StatusServiceUnavailable, Code: wire.ProblemCodeUnavailable, Detail: "events are not available now"}
	}
	if slices.ContainsFunc(topics, ofCampaigns) && !slices.Contains(s.permissions(a), "getCampaign") {
		return nil, denied("role %s, or the token's scopes, may not ask for campaigns", a.who.Role)
	}
	v, err := s.doors.enter(a)
	if err != nil {
		return nil, err
	}
	st := &liveStream{Server: s.Server, visitor: v, asking: asking{audience: audience, topics: strings.Join(topics, ","), since: -1}}
	if slices.ContainsFunc(topics, func(t string) bool { _, ok := agentOf(t); return ok }) {
		st.own = audience.agent
	}
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
	epoch string            // of what it was told
	own   string            // the agent of whose own it is; "" of one that is of no agent's
	has   map[live.Key]bool // what it shows, of an agent's own; nil while that is not known
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
		part, changed, own := st.next()
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
		case <-own:
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
func (st *liveStream) next() (part []byte, changed, own <-chan struct{}) {
	p := st.live
	p.mu.Lock()
	defer p.mu.Unlock()
	changed, own = p.changed, p.own[st.own]
	switch {
	case p.epoch == "": // not read yet
		return nil, changed, own
	case p.epoch != st.epoch:
		st.since = -1
	case st.since == p.board.Rev():
		return nil, changed, own
	}
	if st.own != "" {
		part = st.private()
	} else if part = p.frames[st.asking]; part == nil {
		rows, all := p.after(st.since)
		part = p.frame(st.asking, rows, all)
		p.frames[st.asking] = part
	}
	st.epoch, st.since = p.epoch, p.board.Rev()
	return part, changed, own
}

// after are the rows that changed since a revision, or all of them.
func (p *projector) after(since int64) (rows []*live.Row, all bool) {
	if since >= 0 {
		if rows, ok := p.board.After(since); ok {
			return rows, false
		}
	}
	return p.board.All(), true
}

// private is what an agent is told of what is theirs, nothing of what does not concern
// them; the projector's mu is held.
func (st *liveStream) private() []byte {
	p := st.live
	rows, all := p.after(st.since)
	topics := strings.Split(st.topics, ",")
	if !all && slices.ContainsFunc(rows, func(r *live.Row) bool { return r.Key == live.Key{Kind: live.Agents, ID: st.own} }) {
		for _, k := range p.board.Keys(live.Queues) { // perhaps the agent serves others now
			if r, _ := p.board.Get(k); r.Rev <= st.since {
				rows = append(rows, r)
			}
		}
	}
	if all || st.has == nil {
		st.has = map[live.Key]bool{}
		for _, r := range p.board.All() {
			if p.shows(st.audience, topics, r) {
				st.has[r.Key] = true
			}
		}
		return p.frame(st.asking, rows, all)
	}
	rows = slices.DeleteFunc(rows, func(r *live.Row) bool {
		shows := !r.Gone && p.shows(st.audience, topics, r)
		if !shows && !st.has[r.Key] {
			return true
		}
		delete(st.has, r.Key)
		if shows {
			st.has[r.Key] = true
		}
		return false
	})
	if len(rows) == 0 {
		return nil
	}
	return p.frame(st.asking, rows, false)
}

// frame is what an audience is told of changed rows, or of all; mu is held. A change that is not for it is none.
func (p *projector) frame(a asking, rows []*live.Row, all bool) []byte {
	topics := strings.Split(a.topics, ",")
	id := live.ID(p.epoch, p.board.Rev())
	if all {
		var all wire.LiveRows
		for _, r := range rows {
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
	case wire.Campaign:
		to.Campaigns = append(to.Campaigns, v)
	case wire.CampaignView:
		to.CampaignViews = append(to.CampaignViews, v)
	}
}

// shows tells whether a row is of one of the topics, and for the audience.
func (p *projector) shows(a audience, topics []string, r *live.Row) bool {
	return slices.ContainsFunc(topics, func(t string) bool { return p.inTopic(t, r) }) && a.watches(r)
}

func (p *projector) inTopic(topic string, r *live.Row) bool {
	if ofCampaigns(topic) || r.Kind == live.Campaigns || r.Kind == live.CampaignViews {
		return r.Kind == live.Campaigns && topic == topicCampaigns || r.Kind == live.CampaignViews && topic == topicCampaign+r.ID
	}
	if agent, ok := agentOf(topic); ok {
		return p.isOf(agent, r)
	}
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

// isOf tells whether a row is an agent's own, or of a queue that the agent serves.
func (p *projector) isOf(agent string, r *live.Row) bool {
	switch v := r.Value.(type) {
	case wire.Agent:
		return v.ID == agent
	case wire.LiveCall:
		return serves(agent, v)
	case wire.Queue:
		own, ok := p.board.Get(live.Key{Kind: live.Agents, ID: agent})
		if !ok {
			return false
		}
		a, ok := own.Value.(wire.Agent)
		return ok && slices.Contains(a.Queues, v.ID)
	}
	return false
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
	case wire.Campaign:
		return a.teams == "" || a.serve(v.Queue)
	case wire.CampaignView:
		return a.teams == "" || a.serve(v.Campaign.Queue)
	}
	return true
}

// serve tells whether one of the teams to which the audience is bound serves a queue.
func (a audience) serve(queue string) bool {
	return queue != "" && slices.ContainsFunc(strings.Fields(a.teams), func(team string) bool { return a.in.TeamServes(team, queue) })
}
