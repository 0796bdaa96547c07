package api

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/operadora/operadora/api/live"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

const (
	// liveEvery is how often at most what changed is told: four times a second. The
	// first change after a quiet while is told at once.
	liveEvery = 250 * time.Millisecond
	// liveTick is how often the numbers of queues are read though nothing was told, for
	// waits that are expected move with time; and liveSwept how many agents and how
	// many calls are read anew with it, one after the other, so that nothing that no
	// entry tells of stays wrong. Both cost the same however large the floor is.
	liveTick  = 2 * time.Second
	liveSwept = 20
	// liveDialled is how often campaigns are read that somebody watches.
	liveDialled = time.Second
	// liveRead bounds a reading: what stands on the board is known to be old before long.
	liveRead = 3 * time.Second
	// liveLinger is how long the board is kept up when nobody watches any more.
	liveLinger = 30 * time.Second
)

// projector keeps the board of the floor while somebody watches it. It follows the
// journal once for all: an entry says which rows are others, and those are read once
// from where the API reads them. So a board never says anything else than a question
// to the API would have, and never runs away from it.
type projector struct {
	*Server
	// liveEvery, liveTick, liveDialled and liveBeat; set before it runs.
	every, tick, dialled, beat time.Duration

	mu      sync.Mutex
	board   *live.Board       // guarded by mu
	epoch   string            // guarded by mu; "" while there is no board
	failing time.Time         // guarded by mu; since when it is not known to be true, zero when it is
	changed chan struct{}     // guarded by mu; closed and replaced when any of these changes
	frames  map[asking][]byte // guarded by mu; of the board's present revision
	watched map[string]int    // guarded by mu; streams by topic
	wake    chan struct{}     // somebody has come

	own map[string]chan struct{} // guarded by mu; of agents who watch what is theirs: closed and replaced when it changes
}

// asking is what a stream asks of the board: what an audience is told of topics since a revision, -1 for everything.
type asking struct {
	audience
	topics string
	since  int64
}

func newProjector(s *Server) *projector {
	return &projector{Server: s, every: liveEvery, tick: liveTick, dialled: liveDialled, beat: liveBeat, board: &live.Board{}, changed: make(chan struct{}), frames: map[asking][]byte{},
		watched: map[string]int{}, wake: make(chan struct{}, 1), own: map[string]chan struct{}{}}
}

// watch counts a stream of some topics in, until its end is called.
func (p *projector) watch(topics []string) (end func()) {
	p.mu.Lock()
	fresh := false // one of them is watched by nobody else
	for _, t := range topics {
		fresh = fresh || p.watched[t] == 0
		p.watched[t]++
		if agent, ok := agentOf(t); ok && p.own[agent] == nil {
			p.own[agent] = make(chan struct{})
		}
	}
	p.mu.Unlock()
	if fresh {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, t := range topics {
			if p.watched[t]--; p.watched[t] == 0 {
				delete(p.watched, t)
				if agent, ok := agentOf(t); ok {
					delete(p.own, agent)
				}
			}
		}
	})
}

func (p *projector) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.watched) == 0
}

// lines are the queues whose lines are watched, and views the campaigns.
func (p *projector) lines() []string { return p.of(queueOf) }
func (p *projector) views() []string { return p.of(campaignOf) }

// of are the ids of the topics of a kind that are watched.
func (p *projector) of(kind func(topic string) (string, bool)) (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for t := range p.watched {
		if id, ok := kind(t); ok {
			out = append(out, id)
		}
	}
	return out
}

func (p *projector) watches(topic string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.watched[topic] > 0
}

// run keeps the board while somebody watches, until ctx ends.
func (p *projector) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		for pause := tailPause; !p.idle() && ctx.Err() == nil; pause = min(2*pause, tailMax) {
			r := &reader{projector: p, dirty: map[live.Key]bool{}, urgent: map[live.Key]bool{}}
			began, err := r.follow(ctx)
			if began {
				pause = tailPause
			}
			if err == nil || ctx.Err() != nil {
				continue
			}
			p.fails(ctx, err)
			life.Sleep(ctx, pause)
		}
	}
}

// fails notes that the board is not known to be true; it is logged once.
func (p *projector) fails(ctx context.Context, err error) {
	p.mu.Lock()
	first := p.failing.IsZero()
	if first {
		p.failing = p.Now()
		p.tell()
	}
	p.mu.Unlock()
	if first {
		p.log.WarnContext(ctx, "boards are held up: the floor cannot be read", "error", err)
	}
}

// tell wakes the streams; mu is held.
func (p *projector) tell() {
	clear(p.frames)
	close(p.changed)
	p.changed = make(chan struct{})
}

// reader brings the board up to date.
type reader struct {
	*projector
	place   int64 // of the next entry
	dirty   map[live.Key]bool
	urgent  map[live.Key]bool // of them, those of agents who watch what is theirs
	untold  bool              // what was urgent is on the board, and told to those agents alone
	numbers bool
	dialled bool // campaigns are to be read
	ill     bool // and could not be
	all     bool
	swept   map[live.Kind]int
}

// follow reads everything, and then what the journal says is another, until nobody
// watches or the journal cannot be followed on from there. began tells whether there
// was a board.
func (r *reader) follow(ctx context.Context) (began bool, err error) {
	place, _, ready := r.hub.end() // before the floor is read: changes may be read again, never missed
	if !ready {
		return false, fault.New("api.live", fault.Unavailable, "the journal does not answer")
	}
	r.place, r.swept = place, map[live.Kind]int{}
	if err := r.begin(ctx); err != nil {
		return false, err
	}
	// What is on record of a campaign takes as long as it takes, and the floor does not wait for it.
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var reading chan dialling
	r.dialled = true
	tick := time.NewTicker(r.tick)
	defer tick.Stop()
	dialled := time.NewTicker(r.projector.dialled)
	defer dialled.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	told, quiet := time.Time{}, time.Time{}
	for {
		grown, ok := r.take()
		if !ok || r.all { // rewound, or other definitions
			return true, nil
		}
		if err := r.hasten(ctx); err != nil {
			return true, err
		}
		if r.dialled && reading == nil {
			ch := make(chan dialling, 1)
			r.dialled, reading = false, ch
			wg.Go(func() { ch <- r.campaigns(ctx) })
		}
		if len(r.dirty) > 0 || r.numbers || r.untold {
			if wait := r.every - time.Since(told); wait > 0 {
				due.Reset(wait)
			} else {
				told = time.Now() // how often is told is a matter of no clock but this
				if err := r.flush(ctx); err != nil {
					return true, err
				}
			}
		}
		select {
		case <-ctx.Done():
			return true, nil
		case <-grown:
		case <-due.C:
		case <-r.wake:
			r.numbers, r.dialled = true, true // perhaps of what was not watched before
		case got := <-reading:
			reading = nil
			if r.ill = got.err != nil; r.ill {
				r.fails(ctx, got.err)
			} else {
				r.show(got.rows)
			}
		case <-dialled.C:
			r.dialled = r.dialled || r.watches(topicCampaigns) || len(r.views()) > 0
		case <-tick.C:
			r.sweep()
			if !r.idle() {
				quiet = time.Time{}
			} else if quiet.IsZero() {
				quiet = time.Now()
			} else if time.Since(quiet) > liveLinger {
				r.end()
				return true, nil
			}
		}
	}
}

// take notes what the entries since then change.
func (r *reader) take() (grown <-chan struct{}, ok bool) {
	for {
		items, grown, ok := r.hub.read(r.place, streamPart)
		if !ok || len(items) == 0 {
			return grown, ok
		}
		for _, i := range items {
			t := live.Of(i.entry)
			hurry := r.concerns(i.entry)
			for _, k := range t.Rows {
				r.dirty[k] = true
				if hurry {
					r.urgent[k] = true
				}
			}
			r.numbers, r.dialled, r.all = r.numbers || t.Numbers, r.dialled || t.Dialled, r.all || t.All
		}
		r.place += int64(len(items))
	}
}

// sweep has a few agents and calls read anew, and those whose rest is over.
func (r *reader) sweep() {
	r.numbers = true
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.frames) // those that nobody asks for again
	now := r.Now()
	for _, kind := range []live.Kind{live.Agents, live.Calls} {
		keys := r.board.Keys(kind)
		for n := range min(liveSwept, len(keys)) {
			r.dirty[keys[(r.swept[kind]+n)%len(keys)]] = true
		}
		if r.swept[kind] += liveSwept; r.swept[kind] >= len(keys) {
			r.swept[kind] = 0
		}
		for _, k := range keys {
			if row, _ := r.board.Get(k); row != nil {
				if a, ok := row.Value.(wire.Agent); ok && !a.RestUntil.IsZero() && a.RestUntil.Before(now) {
					r.dirty[k] = true
				}
			}
		}
	}
}

// row is what was read of one.
type row struct {
	live.Key
	value any // nil: there is none
}

// begin makes a new board, with a new epoch: whoever watched the one before gets everything.
func (r *reader) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	snap, err := r.snapshot(ctx)
	if err != nil {
		return err
	}
	var rows []row
	for _, a := range snap.Agents {
		rows = append(rows, row{live.Key{Kind: live.Agents, ID: a.ID}, a})
	}
	for _, c := range snap.Calls {
		if c.Kind != wire.CallKindFeature {
			rows = append(rows, row{live.Key{Kind: live.Calls, ID: c.ID}, c})
		}
	}
	rest, err := r.read(ctx, map[live.Key]bool{}, true)
	if err != nil {
		return err
	}
	board := &live.Board{}
	put(board, append(rows, rest...))
	board.Commit()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.board, r.epoch, r.failing = board, ulid.MustNewDefault(time.Now()).String(), time.Time{}
	r.tell()
	return nil
}

// end forgets the board: who comes gets another.
func (r *reader) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.board, r.epoch = &live.Board{}, ""
	r.tell()
}

// flush reads what is another, and tells it.
func (r *reader) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, liveRead)
	defer cancel()
	rows, err := r.read(ctx, r.dirty, r.numbers)
	if err != nil {
		return err
	}
	clear(r.dirty)
	r.numbers = false
	r.show(rows)
	return nil
}

// show puts rows on the board, and tells it; it is true again unless campaigns cannot be read.
func (r *reader) show(rows []row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	put(r.board, rows)
	r.forget()
	if changed, failed := r.board.Commit(), !r.failing.IsZero() && !r.ill; changed || failed || r.untold {
		if failed {
			r.failing = time.Time{}
		}
		r.untold = false
		r.tell()
	}
}

// forget drops what nobody watches any more: who comes to watch it is not shown an old one. mu is held.
func (r *reader) forget() {
	for kind, topic := range map[live.Kind]func(id string) string{
		live.Waiting:       func(id string) string { return topicQueue + id },
		live.CampaignViews: func(id string) string { return topicCampaign + id },
		live.Campaigns:     func(string) string { return topicCampaigns },
	} {
		for _, k := range r.board.Keys(kind) {
			if r.watched[topic(k.ID)] == 0 {
				r.board.Drop(k)
			}
		}
	}
}

// concerns tells whether an entry is of an agent who watches what is theirs, or of their call.
func (r *reader) concerns(e orchestrator.Entry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own[e.Agent] != nil {
		return true
	}
	row, ok := r.board.Get(live.Key{Kind: live.Calls, ID: e.Call})
	return ok && len(r.whose(row)) > 0
}

// whose are the agents who watch what is theirs, and of whom a row is; mu is held.
func (r *reader) whose(row *live.Row) []string {
	var out []string
	switch v := row.Value.(type) {
	case wire.Agent:
		out = append(out, v.ID)
	case wire.LiveCall:
		out = append(out, v.Serving, v.Agent)
		for _, g := range v.Guests {
			out = append(out, g.Agent)
		}
	}
	return slices.DeleteFunc(out, func(agent string) bool { return r.own[agent] == nil })
}

// hasten reads what is urgent, and tells it to those whom it concerns without waiting for
// the others' turn: a phone rings, and its agent is to see who calls.
func (r *reader) hasten(ctx context.Context) error {
	if len(r.urgent) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, liveRead)
	defer cancel()
	rows, err := r.read(ctx, r.urgent, false)
	if err != nil {
		return err
	}
	for k := range r.urgent {
		delete(r.dirty, k)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	whom := map[string]bool{}
	note := func() { // before, and after: also who has lost it
		for k := range r.urgent {
			if row, ok := r.board.Get(k); ok {
				for _, agent := range r.whose(row) {
					whom[agent] = true
				}
			}
		}
	}
	note()
	put(r.board, rows)
	note()
	clear(r.urgent)
	if !r.board.Commit() {
		return nil
	}
	r.untold = true
	clear(r.frames)
	for agent := range whom {
		close(r.own[agent])
		r.own[agent] = make(chan struct{})
	}
	return nil
}

func put(b *live.Board, rows []row) {
	for _, v := range rows {
		if v.value == nil {
			b.Drop(v.Key)
			continue
		}
		raw, err := json.Marshal(v.value)
		if err == nil { // what the API shows always marshals
			b.Put(v.Key, v.value, raw)
		}
	}
}

// read reads rows, and the numbers of queues and PBXs.
func (r *reader) read(ctx context.Context, keys map[live.Key]bool, numbers bool) ([]row, error) {
	var out []row
	for k := range keys {
		v, err := r.one(ctx, k)
		if err != nil {
			return nil, err
		}
		out = append(out, row{k, v})
	}
	for name, up := range r.Engine.Connected() { // in memory
		out = append(out, row{live.Key{Kind: live.PBXs, ID: name}, wire.LivePBX{ID: name, Connected: up}})
	}
	if !numbers {
		return out, nil
	}
	b, err := r.Server.board(ctx, 0)
	if err != nil {
		return nil, err
	}
	for _, q := range b.Queues {
		out = append(out, row{live.Key{Kind: live.Queues, ID: q.ID}, q})
	}
	for _, q := range r.lines() {
		calls, known, err := r.Floor.WaitingIn(ctx, q)
		if err != nil {
			return nil, err
		}
		line := row{Key: live.Key{Kind: live.Waiting, ID: q}}
		if known {
			line.value = wire.LiveLine{Queue: q, Calls: list(calls)}
		}
		out = append(out, line)
	}
	return out, nil
}

// dialling is what was read of campaigns.
type dialling struct {
	rows []row
	err  error
}

// campaigns reads those that somebody watches: as the list has them, and how they stand.
func (r *reader) campaigns(ctx context.Context) (out dialling) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	if r.watches(topicCampaigns) {
		all, err := r.Server.campaigns(ctx)
		if err != nil {
			return dialling{err: err}
		}
		for _, c := range all {
			out.rows = append(out.rows, row{live.Key{Kind: live.Campaigns, ID: c.ID}, c})
		}
	}
	for _, id := range r.views() {
		line := row{Key: live.Key{Kind: live.CampaignViews, ID: id}}
		v, err := r.campaign(ctx, id)
		switch {
		case err == nil:
			line.value = v
		case fault.KindOf(err) != fault.NotFound:
			return dialling{err: err}
		}
		out.rows = append(out.rows, line)
	}
	return out
}

// one reads an agent or a call, nil when there is none.
func (r *reader) one(ctx context.Context, k live.Key) (any, error) {
	switch k.Kind {
	case live.Agents:
		a, err := r.Floor.Agent(ctx, k.ID)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			return nil, nil
		}
		a.Queues = list(a.Queues)
		return a, err
	case live.Calls:
		rec, err := r.Calls.Load(ctx, k.ID)
		switch {
		case err != nil && fault.KindOf(err) == fault.NotFound, err == nil && rec.Ended:
			return nil, nil
		case err != nil:
			return nil, err
		}
		c, err := call.Parse(rec.Doc)
		if err != nil || c.Kind == orchestrator.KindFeature {
			return nil, nil // a call that cannot be read is on no list; the engine sets it aside
		}
		return liveCallView(c), nil
	default: // of PBXs and queues all are read
		return nil, nil
	}
}
