package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/life"
)

const (
	// ringSize is how many entries the hub keeps for those who are behind or
	// reconnect. At a hundred calls a second that is some ten seconds; what is
	// older is read from the records.
	ringSize  = 10_000
	tailPause = 500 * time.Millisecond
	tailMax   = 5 * time.Second
)

// item is a journal entry as it is sent: encoded once for all who get it, when
// the first of them is to. Most are never asked for.
type item struct {
	entry              orchestrator.Entry
	whole, part        sync.Once
	fullOut, maskedOut []byte
}

func newItem(e orchestrator.Entry) *item { return &item{entry: e} }

func (i *item) full() []byte {
	i.whole.Do(func() { i.fullOut = changeFrame(entryView(i.entry)) })
	return i.fullOut
}

func (i *item) masked() []byte {
	if harmless[i.entry.Type] {
		return i.full() // most have nothing to mask
	}
	i.part.Do(func() { i.maskedOut = changeFrame(audience{}.entry(i.entry, false)) })
	return i.maskedOut
}

// frame chooses what an audience gets of an item, nil for nothing. An agent
// gets what concerns the floor, and of calls its own.
func (a audience) frame(i *item) []byte {
	switch {
	case a.unseen(i.entry):
		return nil
	case a.sees(i.entry.Agent):
		return i.full()
	case a.agent != "" && i.entry.Call != "" && i.entry.Type != orchestrator.EntryAgentState:
		return nil
	}
	return i.masked()
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
	b := frameHead(event, id, len(data)+2)
	b = append(b, data...)
	return append(b, "\n\n"...)
}

func frameHead(event, id string, room int) []byte {
	b := make([]byte, 0, room+len(id)+len(event)+len("id: \nevent: \ndata: "))
	if id != "" {
		b = append(b, "id: "+id+"\n"...)
	}
	return append(b, "event: "+event+"\ndata: "...)
}

// hub follows the journal once for the whole process and keeps its end in a
// ring, out of which every stream reads at its own pace. Nobody can hold it up:
// whoever falls behind the ring's beginning gets a snapshot.
type hub struct {
	journal orchestrator.Journal
	log     *slog.Logger
	metrics *metrics
	doors   *doors

	mu    sync.Mutex
	ready bool          // base is known; guarded by mu
	base  string        // id of the entry before ring[0], "" is the journal's beginning; guarded by mu
	first int64         // place of ring[0]; grows by one with each entry; guarded by mu
	ring  []*item       // guarded by mu
	grown chan struct{} // closed and replaced when the ring grows; guarded by mu
}

func newHub(j orchestrator.Journal, d *doors, m *metrics, log *slog.Logger) *hub {
	return &hub{journal: j, doors: d, metrics: m, log: log, grown: make(chan struct{})}
}

// run follows the journal until ctx ends.
func (h *hub) run(ctx context.Context) {
	defer h.doors.shut()
	for pause, failed := tailPause, false; ctx.Err() == nil; {
		err := h.follow(ctx, func() { pause, failed = tailPause, false })
		if ctx.Err() != nil {
			return
		}
		if !failed {
			failed = true
			h.log.WarnContext(ctx, "event streams are held up: the journal does not answer", "error", err)
		}
		life.Sleep(ctx, pause)
		pause = min(2*pause, tailMax)
	}
}

func (h *hub) follow(ctx context.Context, works func()) error {
	_, from, ready := h.end()
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
	h.first += int64(len(h.ring)) + 1 // no place of before is one of now
	h.ready, h.base, h.ring = false, "", nil
	h.mu.Unlock()
	h.doors.clear(endRewound)
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
		h.base = h.ring[cut-1].entry.ID
		h.first += int64(cut)
		h.ring = append([]*item(nil), h.ring[cut:]...)
	}
	close(h.grown)
	h.grown = make(chan struct{})
}

// end returns the place behind the last entry known, and that entry's id.
func (h *hub) end() (place int64, id string, ready bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id = h.base
	if n := len(h.ring); n > 0 {
		id = h.ring[n-1].entry.ID
	}
	return h.first + int64(len(h.ring)), id, h.ready
}

// find returns the place behind an entry; ok is false when the ring does not reach back to it.
func (h *hub) find(id string) (place int64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ready {
		return 0, false
	}
	if id == h.base {
		return h.first, true
	}
	for i := len(h.ring) - 1; i >= 0; i-- {
		if h.ring[i].entry.ID == id {
			return h.first + int64(i) + 1, true
		}
	}
	return 0, false
}

// read returns the next items from a place on, at most most of them; with none,
// grown is closed when there are more. ok is false when the ring has dropped
// what stood there.
func (h *hub) read(place int64, most int) (items []*item, grown <-chan struct{}, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place - h.first
	if !h.ready || at < 0 || at > int64(len(h.ring)) {
		return nil, h.grown, false
	}
	rest := h.ring[at:]
	n := min(most, len(rest))
	return rest[:n:n], h.grown, true
}
