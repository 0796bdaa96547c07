package pbxtest

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/operadora/operadora/orchestrator"
)

// errSocket is what a client sees when the socket drops.
var errSocket = errors.New("the socket was closed by the test")

// link is one client's connection. Its fields are guarded by the PBX's mu.
type link struct {
	sink  orchestrator.Sink
	queue []notice
	spare []notice      // the batch delivered before, for reuse
	wake  chan struct{} // holds a token when there is something to look at
	gone  error         // why it ended; nil while it stands
}

// notice is one thing to tell a client: an event, the loss of the way of
// commands, or the truth when that is back.
type notice struct {
	event orchestrator.Event
	lost  error
	truth *orchestrator.Snapshot
}

func (n *notice) deliver(pbx string, sink orchestrator.Sink) {
	switch {
	case n.lost != nil:
		sink.Disconnected(pbx, n.lost)
	case n.truth != nil:
		sink.Connected(pbx, *n.truth)
	default:
		sink.Event(n.event)
	}
}

// tell puts a notice into the queue. The PBX's mu is held.
func (l *link) tell(n notice) {
	l.queue = append(l.queue, n)
	l.nudge()
}

func (l *link) nudge() {
	select {
	case l.wake <- struct{}{}:
	default: // a token is there already
	}
}

// cut ends a link. What was queued before is still delivered. p.mu is held.
func (p *PBX) cut(err error) {
	if p.link != nil {
		p.link.gone = err
		p.link.nudge()
		p.link = nil
	}
}

// emit hands an event to the client, if there is one. p.mu is held.
func (p *PBX) emit(e orchestrator.Event) {
	p.touch()
	if p.link == nil {
		return
	}
	e.PBX, e.At = p.name, p.clock()
	p.link.tell(notice{event: e})
}

// Run connects and delivers until ctx ends or another Run connects.
func (p *PBX) Run(ctx context.Context, sink orchestrator.Sink) error {
	for {
		l, truth, err := p.connect(ctx, sink)
		if err != nil {
			return err
		}
		sink.Connected(p.name, truth)
		err = p.pump(ctx, l, sink)
		if ctx.Err() != nil {
			p.hangLink(l)
			return ctx.Err()
		}
		sink.Disconnected(p.name, err)
		if errors.Is(err, orchestrator.ErrReplaced) {
			return err
		}
	}
}

// connect waits until the socket is up and takes it over.
func (p *PBX) connect(ctx context.Context, sink orchestrator.Sink) (*link, orchestrator.Snapshot, error) {
	for {
		p.mu.Lock()
		if ctx.Err() != nil {
			p.mu.Unlock()
			return nil, orchestrator.Snapshot{}, ctx.Err()
		}
		if p.up {
			p.cut(orchestrator.ErrReplaced)
			l := &link{sink: sink, wake: make(chan struct{}, 1)}
			p.link = l
			truth := p.snapshot()
			// Changes of devices during a cut are in no snapshot: tell all again.
			for _, name := range slices.Sorted(maps.Keys(p.watched)) {
				p.tellDevice(name)
			}
			p.touch()
			p.mu.Unlock()
			return l, truth, nil
		}
		changed := p.waiter()
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// pump delivers a link's events until it ends.
func (p *PBX) pump(ctx context.Context, l *link, sink orchestrator.Sink) error {
	for {
		p.mu.Lock()
		batch, gone := l.queue, l.gone
		l.queue, l.spare = l.spare[:0], nil
		p.mu.Unlock()
		for i := range batch {
			batch[i].deliver(p.name, sink)
		}
		if len(batch) == 0 && gone != nil {
			return gone
		}
		clear(batch)
		p.mu.Lock()
		l.spare = batch[:0]
		p.mu.Unlock()
		if len(batch) > 0 {
			continue
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// hangLink forgets a link whose client went away.
func (p *PBX) hangLink(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link == l {
		p.link = nil
	}
	p.touch()
}

// Connected tells whether a client gets the events now.
func (p *PBX) Connected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link != nil
}

// Ready tells whether a client gets the events and takes calls that come in.
func (p *PBX) Ready() bool {
	p.mu.Lock()
	l := p.link
	p.mu.Unlock()
	return l != nil && l.sink.Ready()
}

// DropSocket cuts the event socket. Events are lost from now on; calls go on,
// new ones arrive unseen, and commands work. Reconnect restores it.
func (p *PBX) DropSocket() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up = false
	p.cut(errSocket)
	p.touch()
}

// Unplug is DropSocket, and every command fails with fault.Unavailable, too.
func (p *PBX) Unplug() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up, p.plugged = false, false
	p.cut(errSocket)
	p.touch()
}

// Reconnect restores what DropSocket or Unplug took away. Clients connect by
// themselves and get a snapshot.
func (p *PBX) Reconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up, p.plugged = true, true
	p.touch()
}

// Restart is the crash and restart of the switch: all channels, bridges and
// running recordings are gone without an event, the epoch is new, and the
// socket is cut and (unless DropSocket or Unplug took it away) restored.
func (p *PBX) Restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut(errSocket)
	p.restarts++
	p.since = p.clock()
	for _, d := range p.schedule.items {
		d.index = -1
	}
	p.schedule.items = nil
	clear(p.channels)
	clear(p.bridges)
	clear(p.playbacks)
	clear(p.lamps)
	for id, r := range p.recordings {
		if r.running {
			delete(p.recordings, id)
		}
	}
	for _, ph := range p.phones {
		ph.lines = 0
	}
	p.touch()
}
