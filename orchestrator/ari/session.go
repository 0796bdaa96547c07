package ari

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	wire "github.com/CyCoreSystems/ari/v6"
	"github.com/coder/websocket"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// frameBuffer is how many events may wait for the sink, which never blocks
// for long; beyond it they wait in the socket.
const frameBuffer = 4096

// injection is something that the session's own goroutine is to do.
type injection func()

// session is one connection, from dialling to its end. All fields without a
// comment belong to the goroutine of run.
type session struct {
	a    *Adapter
	sink orchestrator.Sink
	conn *websocket.Conn

	frames    chan []byte    // closed when the socket is
	calls     chan injection // carried out between frames
	lastFrame atomic.Int64   // unix ns
	ahead     atomic.Int64   // ns by which Asterisk's clock is ahead of ours

	translator *translator
	listening  map[string]chan time.Time // nonces of heart-beats on their way, for Asterisk's time of each
	ready      bool                      // events are delivered; before, they are kept in early
	proven     bool                      // the sink was told Connected
	silent     bool                      // and since then that requests are not answered
	early      [][]byte                  // what arrived before that
	devices    map[string]bool           // endpoints of which this session delivered a state
	known      map[string]bool           // event types met
	wg         sync.WaitGroup            // all goroutines of the session
}

func newSession(a *Adapter, sink orchestrator.Sink) *session {
	return &session{
		a: a, sink: sink,
		frames: make(chan []byte, frameBuffer), calls: make(chan injection),
		translator: newTranslator(a.name, a.legs),
		listening:  map[string]chan time.Time{}, devices: map[string]bool{}, known: map[string]bool{},
	}
}

// theirs is a time of ours by Asterisk's clock.
func (s *session) theirs(t time.Time) time.Time { return t.Add(time.Duration(s.ahead.Load())) }

// run connects, prepares and delivers until the connection ends. What was
// received before its end is delivered.
func (s *session) run(ctx context.Context) error {
	conn, err := s.a.client.dial(ctx, s.a.cfg.App)
	if err != nil {
		return err
	}
	s.conn = conn
	ctx, stop := context.WithCancelCause(ctx)
	defer s.wg.Wait()
	defer conn.CloseNow()
	defer stop(nil)
	// a reader whose context ends breaks the socket: it ends by closing instead
	s.wg.Go(func() { s.read(context.WithoutCancel(ctx), stop) })
	s.wg.Go(func() { s.ping(ctx, stop) })
	s.wg.Go(func() {
		if err := s.prepare(ctx); err != nil {
			stop(err)
			return
		}
		s.wg.Go(func() { s.guard(ctx, stop) })
		s.wg.Go(func() { s.pulse(ctx) })
		s.wg.Go(func() { s.keepAlive(ctx) })
		s.beat(ctx, stop)
	})
	defer s.a.enter(ctx, s)()
	err = s.loop(ctx)
	if err != nil { // taken over: what is still in the socket is not ours any more
		conn.CloseNow()
		for range s.frames {
		}
	}
	if cause := context.Cause(ctx); err == nil && cause != nil {
		err = cause
	}
	s.a.metrics.connected.WithLabelValues(s.a.name).Set(0)
	return err
}

// loop is the one goroutine that talks to the sink. It ends when the frames
// do, or at once when ctx was cancelled from outside.
func (s *session) loop(ctx context.Context) error {
	for {
		select {
		case frame, open := <-s.frames:
			if !open {
				return nil
			}
			if err := s.receive(ctx, frame); err != nil {
				return err
			}
		case fn := <-s.calls:
			fn()
		case <-ctx.Done():
			// the reader ends, too, and closes frames: deliver what it has read
			s.hangUp(ctx)
			for frame := range s.frames {
				if err := s.receive(ctx, frame); err != nil {
					return err
				}
			}
			return nil
		}
	}
}

// hangUp closes the socket: politely when we are the ones who leave, as
// Asterisk logs a warning otherwise, and at once when the far end is in doubt.
func (s *session) hangUp(ctx context.Context) {
	if !errors.Is(context.Cause(ctx), context.Canceled) {
		s.conn.CloseNow()
		return
	}
	patience := time.AfterFunc(time.Second, func() { s.conn.CloseNow() })
	s.wg.Go(func() {
		defer patience.Stop()
		s.conn.Close(websocket.StatusGoingAway, "")
	})
}

// call has fn carried out by the session's goroutine and waits for it; false
// when the session ended first.
func (s *session) call(ctx context.Context, fn func()) bool {
	done := make(chan struct{})
	select {
	case s.calls <- func() { fn(); close(done) }:
	case <-ctx.Done():
		return false
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// receive takes one frame: heart-beats and the takeover are the session's own
// business, the rest is kept until Connected was told, and delivered after.
func (s *session) receive(ctx context.Context, frame []byte) error {
	kind := eventType(frame)
	if !s.count(ctx, kind) {
		return nil
	}
	switch {
	case kind == wire.Events.ApplicationReplaced:
		return fault.E("ari.Run", fault.Conflict, orchestrator.ErrReplaced)
	case kind == wire.Events.ChannelUserevent:
		s.hearBeat(frame)
	case !s.ready:
		s.early = append(s.early, frame)
	default:
		s.deliver(ctx, frame)
	}
	return nil
}

// count counts an event and tells whether it is one that we translate. An
// unknown type is named in the log once per connection.
func (s *session) count(ctx context.Context, kind string) bool {
	ours := slices.Contains(translated, kind)
	label := kind
	if !ours {
		label = "other"
		if !s.known[kind] {
			s.known[kind] = true
			s.a.log.InfoContext(ctx, "event of a type that is not used", "type", kind)
		}
	}
	s.a.metrics.events.WithLabelValues(s.a.name, label).Inc()
	return ours
}

func (s *session) hearBeat(frame []byte) {
	m, err := decode(frame)
	if err != nil {
		return
	}
	if heard := s.listening[m.Eventname]; heard != nil {
		heard <- time.Time(m.Timestamp)
		delete(s.listening, m.Eventname)
	}
}

// deliver translates one frame and hands it to the sink.
func (s *session) deliver(ctx context.Context, frame []byte) {
	w, err := decode(frame)
	if err != nil {
		s.a.metrics.undecoded.WithLabelValues(s.a.name).Inc()
		s.a.log.ErrorContext(ctx, "an event could not be read and is lost", "type", eventType(frame), "error", err)
		return
	}
	e, v := s.translator.translate(w)
	if e.Kind == orchestrator.EventPlayed && s.a.alone.has(e.Channel) {
		s.wg.Go(func() { s.a.goOn(ctx, e.Channel) })
	}
	switch e.Kind {
	case orchestrator.EventHeard:
		s.wg.Go(func() { s.a.stopListening(ctx, e.Channel) })
	case orchestrator.EventPlayed:
		s.a.quiet.ends(e.Playback)
	case orchestrator.EventRecorded:
		s.a.quiet.ends(e.Recording)
	case orchestrator.EventEnded, orchestrator.EventLeft:
		s.a.quiet.forget(e.Channel, false)
		s.a.alone.forget(e.Channel)
	default: // nothing else ends what is heard
	}
	switch v {
	case tell:
		switch e.Kind {
		case orchestrator.EventDevice:
			s.devices[e.Endpoint] = true
		case orchestrator.EventRecorded:
			s.a.tapes.remove(e.Recording)
		default: // the session remembers nothing of the others
		}
		s.sink.Event(e)
	case doubt:
		s.wg.Go(func() { s.ask(ctx, e) })
	case recount:
		s.wg.Go(func() { s.recount(ctx, e) })
	case silent:
	}
}

// recount tells the end of a lead whom the dialplan told the message, with what came of that.
// When it cannot be asked the next snapshot tells.
func (s *session) recount(ctx context.Context, e orchestrator.Event) {
	entries, err := s.a.client.ring(ctx, dialplans.Ends(s.a.cfg.App))
	if err != nil {
		return
	}
	for _, entry := range entries {
		if entry.channel == e.Channel {
			e.Message, e.ByPBX = entry.end.Message, entry.end.ByPBX
		}
	}
	s.call(ctx, func() { s.sink.Event(e) })
}

// ask finds out what became of a channel that left the application although
// nobody asked for it: it hung up while we were away, or the dialplan or an
// administrator took it.
func (s *session) ask(ctx context.Context, e orchestrator.Event) {
	wait := firstRetry
	for {
		alive, told, err := s.a.whereabouts(ctx, e.Channel)
		if err == nil {
			s.call(ctx, func() { s.resolve(e, alive, told) })
			return
		}
		if !life.SleepAbout(ctx, wait) {
			return // the next snapshot tells
		}
		wait = min(2*wait, longestRetry)
	}
}

func (s *session) resolve(e orchestrator.Event, alive, told bool) {
	if !s.a.legs.settle(e.Channel, alive, told) {
		return
	}
	e.Kind, e.Reason = orchestrator.EventEnded, "ended without a word"
	switch {
	case told:
		e.Kind, e.Reason = orchestrator.EventTold, ""
	case alive:
		e.Kind, e.Reason = orchestrator.EventLeft, "taken by the PBX itself"
	}
	s.sink.Event(e)
}

// connected tells the sink the truth and then what arrived meanwhile.
func (s *session) connected(ctx context.Context, truth orchestrator.Snapshot) {
	s.a.legs.seed(truth)
	s.a.watching.forget()
	s.a.tapes.keep(truth)
	s.a.alone.seed(truth)
	s.a.quiet.seed(truth)
	s.ready, s.proven, s.silent = true, true, false
	s.a.metrics.connected.WithLabelValues(s.a.name).Set(1)
	s.a.log.InfoContext(ctx, "asterisk connected", "channels", len(truth.Channels), "bridges", len(truth.Bridges), "early_events", len(s.early))
	s.sink.Connected(s.a.name, truth)
	for _, frame := range s.early {
		s.deliver(ctx, frame)
	}
	s.early = nil
}

// device tells an endpoint's state as it was asked for, unless an event has
// told a newer one since.
func (s *session) device(endpoint string, state orchestrator.DeviceState) {
	if s.devices[endpoint] || !s.ready {
		return
	}
	s.devices[endpoint] = true
	s.sink.Event(orchestrator.Event{
		Kind: orchestrator.EventDevice, PBX: s.a.name, At: time.Now(), Endpoint: endpoint, Device: state,
	})
}
