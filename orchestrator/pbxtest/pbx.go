package pbxtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// PBX is a scriptable switch. Make it with New.
type PBX struct {
	name string

	mu         sync.Mutex
	schedule   schedule                           // guarded by mu, like all below
	closed     bool                               // nothing falls due any more
	skew       time.Duration                      // of the switch's clock
	restarts   int                                // makes the epoch
	since      time.Time                          // of the last restart; zero before
	up         bool                               // the socket can be connected
	plugged    bool                               // commands arrive
	link       *link                              // the client that gets the events, nil when there is none
	changed    chan struct{}                      // closed and replaced when anything a waiter may wait for has changed
	waiting    int                                // how many wait for changed
	ended      map[string]orchestrator.ChannelEnd // for whoever did not hear of it
	away       []orchestrator.AwayCall            // not on record
	channels   map[string]*channel                // also those that left
	bridges    map[string][]string                // channels in the order of joining
	monitors   map[string]orchestrator.Monitoring // by the bridge of who monitors
	playbacks  map[string]*job                    // known: playing or queued
	recordings map[string]*recording              // running and stored
	phones     map[string]*phone                  // by endpoint
	lamps      map[string]orchestrator.LampState
	watched    map[string]orchestrator.DeviceState // as last told
	sounds     map[string]time.Duration            // -1 is missing
	script     script                              // injected faults and the list of commands
}

var _ orchestrator.PBX = (*PBX)(nil)

// channel is one leg.
type channel struct {
	id       string
	endpoint string   // the phone it belongs to, "" for a trunk
	args     []string // application arguments
	did      string
	language string
	caller   orchestrator.Party
	created  time.Time // by the switch's clock
	dialled  bool      // by Originate
	entered  bool      // under our control
	left     bool      // was, and was handed back by Continue
	up       bool      // answered
	picked   time.Time // of one that is dialled: when, by the switch's clock
	bridge   string    // the one it is in
	held     bool      // hears hold music
	silent   bool      // hears silence that is sent for it
	muted    bool      // what its phone says reaches nobody
	heard    bool      // is listened to
	attended bool      // it is told when its phone speaks
	absorbs  bool      // keys pressed on it reach nobody in its bridge
	keys     string    // that reached its phone
	tones    []orchestrator.Tone
	work     []*job // playbacks and recordings; the first is in progress
	fate     []*due // what its phone is going to do
	talk     time.Duration
	transfer chan bool // what its phone asked for and is told of, nil when nothing
}

// New makes a switch with a connected socket, no phones and no calls. In a
// test with a synctest bubble it must be called inside the bubble.
func New(name string) *PBX {
	return &PBX{
		name: name, up: true, plugged: true,
		changed:    make(chan struct{}),
		channels:   map[string]*channel{},
		ended:      map[string]orchestrator.ChannelEnd{},
		bridges:    map[string][]string{},
		monitors:   map[string]orchestrator.Monitoring{},
		playbacks:  map[string]*job{},
		recordings: map[string]*recording{},
		phones:     map[string]*phone{},
		lamps:      map[string]orchestrator.LampState{},
		watched:    map[string]orchestrator.DeviceState{},
		sounds:     map[string]time.Duration{},
		script:     newScript(),
	}
}

// Name is the name given to New.
func (p *PBX) Name() string { return p.name }

// Close lets nothing fall due any more. A test outside of a bubble calls it at
// its end so that no late timer works on.
func (p *PBX) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.schedule.timer != nil {
		p.schedule.timer.Stop()
	}
}

// SetClockSkew makes the switch's clock (Event.At, CreatedAt, Snapshot.Clock)
// differ from this machine's by d.
func (p *PBX) SetClockSkew(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.skew = d
}

// clock is the switch's own time. p.mu is held.
func (p *PBX) clock() time.Time { return time.Now().Add(p.skew) }

// touch wakes those who wait for a change. p.mu is held.
func (p *PBX) touch() {
	if p.waiting == 0 {
		return
	}
	close(p.changed)
	p.changed = make(chan struct{})
	p.waiting = 0
}

// waiter returns the channel that closes at the next change. p.mu is held.
func (p *PBX) waiter() <-chan struct{} {
	p.waiting++
	return p.changed
}

// find returns a channel that exists, left or not. p.mu is held.
func (p *PBX) find(op, id string) (*channel, error) {
	c, ok := p.channels[id]
	if !ok {
		return nil, fault.New("pbxtest."+op, fault.NotFound, "channel %q does not exist", id)
	}
	return c, nil
}

// controlled returns a channel that is under the client's control. One that
// left is not found; one that still dials is in the wrong state. p.mu is held.
func (p *PBX) controlled(op, id string) (*channel, error) {
	c, err := p.find(op, id)
	if err == nil && c.left {
		return nil, fault.New("pbxtest."+op, fault.NotFound, "channel %q has left the application", id)
	}
	if err == nil && !c.entered {
		return nil, fault.New("pbxtest."+op, fault.Conflict, "channel %q is not in the application", id)
	}
	return c, err
}

// end removes a channel with all that hangs on it. p.mu is held.
func (p *PBX) end(c *channel, cause orchestrator.Cause) {
	p.drop(c, "the channel hung up")
	delete(p.channels, c.id)
	maps.DeleteFunc(p.monitors, func(_ string, m orchestrator.Monitoring) bool { return m.Target == c.id })
	end := orchestrator.ChannelEnd{At: p.clock(), Cause: cause}
	if c.dialled {
		end.Answered, end.AnsweredAt = orchestrator.Tell(c.up), c.picked
	}
	p.ended[c.id] = end
	if !c.left {
		p.emit(orchestrator.Event{Kind: orchestrator.EventEnded, Channel: c.id, Cause: cause})
	}
	if c.endpoint != "" {
		if ph := p.phones[c.endpoint]; ph != nil {
			ph.lines--
		}
		p.device(c.endpoint)
	}
}

// drop takes a channel out of its bridge, forgets its playbacks and ends its
// recordings. p.mu is held.
func (p *PBX) drop(c *channel, reason string) {
	for _, d := range c.fate {
		p.cancel(d)
	}
	c.fate = nil
	work := c.work
	c.work = nil // so that the end of one does not begin the next
	for _, j := range work {
		if j.rec != nil {
			p.finish(j, true, reason)
			continue
		}
		p.cancel(j.ends)
		delete(p.playbacks, j.id) // the channel's own end says that it is over
	}
	p.part(c)
	c.held, c.silent = false, false
	p.touch()
}

// part takes a channel out of its bridge. p.mu is held.
func (p *PBX) part(c *channel) {
	if c.bridge == "" {
		return
	}
	in := p.bridges[c.bridge]
	if i := slices.Index(in, c.id); i >= 0 {
		p.bridges[c.bridge] = slices.Delete(in, i, i+1)
	}
	c.bridge = ""
}

// snapshot is the truth now. p.mu is held.
func (p *PBX) snapshot() orchestrator.Snapshot {
	s := orchestrator.Snapshot{
		Channels:   make(map[string]orchestrator.ChannelTruth, len(p.channels)),
		Bridges:    make(map[string][]string, len(p.bridges)),
		Epoch:      fmt.Sprintf("%s-%d", p.name, p.restarts),
		Since:      p.since,
		ObservedAt: time.Now(),
		Clock:      p.clock(),
		Ended:      maps.Clone(p.ended),
		Away:       slices.Clone(p.away),
	}
	for id, c := range p.channels {
		if c.left {
			continue
		}
		s.Channels[id] = orchestrator.ChannelTruth{
			Up: c.up, Entered: c.entered, Args: slices.Clone(c.args), DID: c.did, Caller: c.caller,
			CreatedAt: c.created, Dialled: c.dialled, AnsweredAt: c.picked,
		}
	}
	for id, in := range p.bridges {
		if orchestrator.Ours(id) {
			s.Bridges[id] = slices.Clone(in)
		}
	}
	return s
}

// Away has the switch tell of a call that came and went without its client.
func (p *PBX) Away(c orchestrator.AwayCall) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = append(p.away, c)
}

// AwayRecorded makes the switch forget such calls.
func (p *PBX) AwayRecorded(_ context.Context, calls []orchestrator.AwayCall) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = slices.DeleteFunc(p.away, func(c orchestrator.AwayCall) bool { return slices.Contains(calls, c) })
	return nil
}

// Snapshot is the truth now; a switch that is unplugged or whose socket is down does not answer.
func (p *PBX) Snapshot(context.Context) (orchestrator.Snapshot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged || !p.up {
		return orchestrator.Snapshot{}, fault.New("pbxtest.Snapshot", fault.Unavailable, "the switch does not answer")
	}
	return p.snapshot(), nil
}
