package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
)

const (
	// ringSize is how many entries the hub keeps for those who reconnect. At a
	// hundred calls a second that is some ten seconds; what is older is read from
	// the records.
	ringSize = 10_000
	// clientDepth is how many deliveries a client may be behind before it is cut off.
	clientDepth = 256
	tailPause   = 500 * time.Millisecond
	tailMax     = 5 * time.Second
)

// Why a stream was ended by us; labels of a metric.
const (
	endSlow    = "slow"    // too far behind
	endRevoked = "revoked" // its token is not valid any more
	endStop    = "stop"    // the server stops
	endRewound = "rewound" // the journal lost entries that the stream has told
	endFull    = "full"    // not let in: too many streams
)

// item is a journal entry as it is sent: encoded once for all clients, when the
// first of them is to get it. Most are never asked for.
type item struct {
	id, agent string
	kind      orchestrator.EntryType
	call      string

	once         sync.Once
	entry        orchestrator.Entry // until it is encoded
	full, masked []byte             // once it is
}

// frame chooses what an audience gets of an item, nil for nothing. An agent
// gets what concerns the floor, and of calls its own.
func (a audience) frame(i *item) []byte {
	i.once.Do(i.encode)
	switch {
	case a.full || (a.agent != "" && i.agent == a.agent):
		return i.full
	case a.agent != "" && i.call != "" && i.kind != orchestrator.EntryAgentState:
		return nil
	}
	return i.masked
}

func newItem(e orchestrator.Entry) *item {
	return &item{id: e.ID, agent: e.Agent, kind: e.Type, call: e.Call, entry: e}
}

func (i *item) encode() {
	i.full, i.masked = changeFrame(entryView(i.entry)), changeFrame(audience{}.entry(i.entry, false))
	if bytes.Equal(i.full, i.masked) {
		i.masked = i.full // most have nothing to mask
	}
	i.entry = orchestrator.Entry{}
}

func changeFrame(e wire.Entry) []byte {
	data, err := json.Marshal(e)
	if err != nil { // broken data: the rest of the entry is still true
		e.Data = nil
		data, _ = json.Marshal(e)
	}
	return frame("change", e.ID, data)
}

// frame makes an event of a stream. data is JSON: one line.
func frame(event, id string, data []byte) []byte {
	b := make([]byte, 0, len(id)+len(event)+len(data)+len("id: \nevent: \ndata: \n\n"))
	if id != "" {
		b = append(b, "id: "+id+"\n"...)
	}
	b = append(b, "event: "+event+"\ndata: "...)
	b = append(b, data...)
	return append(b, "\n\n"...)
}

// hub follows the journal once for the whole process and hands it on to every
// stream. Nobody can hold it up: a client that does not keep pace is cut off.
type hub struct {
	journal orchestrator.Journal
	log     *slog.Logger
	metrics *metrics
	most    int // clients

	mu      sync.Mutex
	ready   bool                 // guarded by mu; base is known
	stopped bool                 // guarded by mu
	base    string               // guarded by mu; the entry before ring[0], "" is the journal's beginning
	ring    []*item              // guarded by mu
	clients map[*client]struct{} // guarded by mu
}

// client is one stream. ch is closed by the hub, after why was set.
type client struct {
	ch  chan []*item
	why string // guarded by the hub's mu until ch is closed
}

func newHub(j orchestrator.Journal, most int, m *metrics, log *slog.Logger) *hub {
	return &hub{journal: j, most: most, metrics: m, log: log, clients: map[*client]struct{}{}}
}

// run follows the journal until ctx ends.
func (h *hub) run(ctx context.Context) {
	defer h.stop()
	for pause, failed := tailPause, false; ctx.Err() == nil; {
		err := h.follow(ctx, func() { pause, failed = tailPause, false })
		if ctx.Err() != nil {
			return
		}
		if !failed {
			failed = true
			h.log.WarnContext(ctx, "event streams are held up: the journal does not answer", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, tailMax)
	}
}

func (h *hub) follow(ctx context.Context, works func()) error {
	from, ready := h.newest()
	if !ready {
		last, err := h.journal.Last(ctx)
		if err != nil {
			return err
		}
		h.mu.Lock()
		h.base, h.ready, from = last, true, last
		h.mu.Unlock()
	}
	err := h.journal.Tail(ctx, from, func(entries []orchestrator.Entry) error {
		works()
		h.publish(entries)
		return nil
	})
	switch {
	case err == nil:
		err = errors.New("the journal ended")
	case errors.Is(err, orchestrator.ErrRewound):
		h.forget()
	}
	return err
}

// forget begins anew at the journal's present end, when what was told before is
// not in it any more. Streams are ended: they come back and get a snapshot.
func (h *hub) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready, h.base, h.ring = false, "", nil
	for c := range h.clients {
		h.endLocked(c, endRewound)
	}
}

// newest returns the id of the last entry known.
func (h *hub) newest() (id string, ready bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.newestLocked(), h.ready
}

func (h *hub) newestLocked() string {
	if n := len(h.ring); n > 0 {
		return h.ring[n-1].id
	}
	return h.base
}

func (h *hub) publish(entries []orchestrator.Entry) {
	items := make([]*item, 0, len(entries))
	for _, e := range entries {
		h.metrics.follow(e)
		items = append(items, newItem(e))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ring = append(h.ring, items...)
	if len(h.ring) > 2*ringSize { // dropped in one go, so that keeping the ring costs little
		cut := len(h.ring) - ringSize
		h.base = h.ring[cut-1].id
		h.ring = append([]*item(nil), h.ring[cut:]...)
	}
	for c := range h.clients {
		select {
		case c.ch <- items:
		default:
			h.endLocked(c, endSlow)
		}
	}
}

func (h *hub) endLocked(c *client, why string) {
	if _, ok := h.clients[c]; !ok {
		return
	}
	delete(h.clients, c)
	c.why = why
	close(c.ch)
	h.metrics.ended.WithLabelValues(why).Inc()
}

// joined is a client together with what was known when it joined.
type joined struct {
	*client
	base string
	ring []*item
	last string // the newest id at that moment
}

// join adds a client: everything after joined.last comes through its channel.
func (h *hub) join() (joined, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stopped || !h.ready:
		return joined{}, problem{Status: http.StatusServiceUnavailable, Code: wire.ProblemCodeUnavailable, Detail: "events are not available now"}
	case len(h.clients) >= h.most:
		h.metrics.ended.WithLabelValues(endFull).Inc()
		return joined{}, problem{Status: http.StatusServiceUnavailable, Code: wire.ProblemCodeFull, Detail: "too many event streams"}
	}
	c := &client{ch: make(chan []*item, clientDepth)}
	h.clients[c] = struct{}{}
	return joined{client: c, base: h.base, ring: h.ring[:len(h.ring):len(h.ring)], last: h.newestLocked()}, nil
}

// leave removes a client, with a reason when it is our doing.
func (h *hub) leave(c *client, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if why != "" {
		h.endLocked(c, why)
		return
	}
	delete(h.clients, c)
}

// stop ends all streams and lets no new one in.
func (h *hub) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	for c := range h.clients {
		h.endLocked(c, endStop)
	}
}

func (h *hub) size() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}

// after returns the known items behind an id; ok is false when the ring does not reach back to it.
func (j joined) after(id string) ([]*item, bool) {
	if id == j.base {
		return j.ring, true
	}
	for i := len(j.ring) - 1; i >= 0; i-- {
		if j.ring[i].id == id {
			return j.ring[i+1:], true
		}
	}
	return nil, false
}
