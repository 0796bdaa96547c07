package esl

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// Waits between attempts to connect. They double from the first to the longest
// and are shortened at random by up to a half.
const (
	firstRetry   = 200 * time.Millisecond
	longestRetry = 2 * time.Second
)

// What may wait to be looked at. Beyond it the socket waits, and FreeSWITCH with
// it; before Connected is told there is nobody to hand on to, and a server that
// sends more than that meanwhile is given up.
const (
	maxWaiting = 4096     // events
	maxBytes   = 32 << 20 // of all of them together
	batch      = 256      // events that are put in order together

	maxChannels = 1 << 16 // that are remembered: those of the last half minute are
)

var (
	errDeaf  = errors.New("nothing is heard of freeswitch although the socket is open")
	errFlood = errors.New("freeswitch tells of more than can be kept")
)

// Run drives the connection until ctx ends. It reconnects by itself. Whether it
// is this process' turn to command is the caller's to know: FreeSWITCH takes any
// number of clients.
func (a *Adapter) Run(ctx context.Context, sink orchestrator.Sink) error {
	wait, lastText := firstRetry, ""
	for {
		s := newSession(a, sink)
		err := s.run(ctx)
		if s.proven {
			wait, lastText = firstRetry, ""
		}
		if ctx.Err() != nil {
			a.metrics.sessions.WithLabelValues(a.name, "stopped").Inc()
			return ctx.Err()
		}
		a.metrics.sessions.WithLabelValues(a.name, endOf(err)).Inc()
		if s.proven {
			sink.Disconnected(a.name, err)
		}
		if text := err.Error(); text != lastText { // repeats would fill the log during an outage
			lastText = text
			level := slog.LevelWarn
			if fault.KindOf(err) == fault.Denied {
				level = slog.LevelError
			}
			a.log.Log(ctx, level, "freeswitch is not connected; trying again", "error", err)
		}
		if !life.SleepAbout(ctx, wait) {
			return ctx.Err()
		}
		wait = min(2*wait, longestRetry)
	}
}

func endOf(err error) string {
	switch {
	case errors.Is(err, errDeaf):
		return "deaf"
	case fault.KindOf(err) == fault.Denied:
		return "refused"
	}
	return "closed"
}

// session is one connection for events and some for commands, from dialling to
// their end: when one of them breaks, all are made anew. Fields without a comment
// belong to the goroutine of run.
type session struct {
	a    *Adapter
	sink orchestrator.Sink
	ctx  context.Context // ends with the session
	stop context.CancelCauseFunc

	events   *conn
	commands []*conn
	turn     atomic.Uint64

	frames chan frame
	room   budget
	calls  chan func() // carried out between events
	asked  chan string // channels whose phones asked for a transfer to their other call

	ready  bool // events are delivered; before, they are kept in early
	proven bool // the sink was told Connected
	early  []*wire
	kept   int          // bytes of early
	epoch  atomic.Value // string: the Core-UUID
	ahead  atomic.Int64 // ns by which FreeSWITCH's clock is ahead of ours,
	unsure atomic.Int64 // and by how many that may be wrong
	domain atomic.Value // string

	jmu  sync.Mutex
	jobs map[string]chan *wire // jobs that are waited for; guarded by jmu

	wg sync.WaitGroup
}

func newSession(a *Adapter, sink orchestrator.Sink) *session {
	return &session{
		a: a, sink: sink, frames: make(chan frame, maxWaiting), calls: make(chan func()), asked: make(chan string, 64),
		room: newBudget(maxBytes), jobs: map[string]chan *wire{},
	}
}

// run connects, prepares and delivers until a connection ends. What was received
// before its end is delivered.
func (s *session) run(ctx context.Context) error {
	s.ctx, s.stop = context.WithCancelCause(ctx)
	defer s.stop(nil)
	if err := s.connect(); err != nil {
		return err
	}
	defer s.wg.Wait()
	defer s.hangUp(ctx)
	s.a.awake.tick()
	s.wg.Go(s.tickAwake)
	s.wg.Go(func() {
		if err := s.prepare(s.ctx); err != nil {
			s.end(err)
			return
		}
		s.beat(s.ctx)
	})
	s.loop()
	s.a.enter(nil)
	s.a.metrics.connected.WithLabelValues(s.a.name).Set(0)
	if err := context.Cause(s.ctx); err != nil { //nolint:contextcheck // the session may end first
		return err
	}
	return fault.New("esl.Run", fault.Unavailable, "%w", errClosed)
}

// connect makes all connections.
func (s *session) connect() error {
	var err error
	if s.events, err = dial(s.ctx, s.a.cfg, s.receive); err != nil {
		return err
	}
	all := []*conn{s.events}
	for range s.a.cfg.Connections {
		c, err := dial(s.ctx, s.a.cfg, nil)
		if err != nil {
			for _, c := range all {
				c.close(err)
			}
			return err
		}
		s.commands = append(s.commands, c)
		all = append(all, c)
	}
	for _, c := range all {
		s.wg.Go(func() {
			select {
			case <-c.gone:
				s.end(c.err())
			case <-s.ctx.Done():
			}
		})
	}
	return nil
}

// end ends the session, for a reason.
func (s *session) end(why error) { s.stop(why) }

// hangUp closes all connections. Who leaves by order says that operadora is not
// here any more, so that new calls go where they went without it. Who lost the lease
// says nothing: somebody else is here.
func (s *session) hangUp(ctx context.Context) {
	if ctx.Err() != nil && s.proven && s.sink.Ready() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second) // ctx is over; new calls must not wait for us
		_, _ = s.pick().ask(last, "api global_setvar "+s.a.hereVariable()+"=false")  // it expires by itself otherwise
		cancel()
	}
	s.stop(nil)
	for _, c := range append([]*conn{s.events}, s.commands...) {
		c.close(nil)
	}
}

// pick returns the connection on which the fewest commands wait.
func (s *session) pick() *conn {
	n := uint64(len(s.commands))
	first := s.turn.Add(1)
	best := s.commands[first%n]
	load := best.load()
	for i := uint64(1); i < n && load > 0; i++ {
		if c := s.commands[(first+i)%n]; c.load() < load {
			best, load = c, c.load()
		}
	}
	return best
}

// receive is called by the reader of the connection for events.
func (s *session) receive(f frame) {
	if f.kind == "text/disconnect-notice" {
		s.end(fault.New("esl.Read", fault.Unavailable, "freeswitch ends the connection: %s", brief(string(f.body))))
		return
	}
	if f.kind == logLine {
		if f.said == refersFunc && bytes.Contains(f.body, []byte(refusesBoth)) && channelID.MatchString(f.about) {
			select {
			case s.asked <- f.about:
			default: // a server that says so all the time is none that a phone asked
			}
		}
		return
	}
	if s.ctx.Err() != nil || !s.room.take(s.ctx, len(f.body)) {
		return // nothing is added to what the loop has left to deliver: a flood would never let it end
	}
	select {
	case s.frames <- f:
	case <-s.ctx.Done():
	}
}

// loop is the one goroutine that talks to the sink.
func (s *session) loop() {
	for {
		select {
		case f := <-s.frames:
			s.deliver(s.gather(f))
		case fn := <-s.calls:
			fn()
		case <-s.ctx.Done():
			for { // what was received before the end
				select {
				case f := <-s.frames:
					s.deliver(s.gather(f))
				default:
					return
				}
			}
		}
	}
}

// gather takes what has arrived by now and puts it in the order in which it
// happened.
func (s *session) gather(first frame) []*wire {
	frames := []frame{first}
	for len(frames) < batch {
		select {
		case f := <-s.frames:
			frames = append(frames, f)
			continue
		default:
		}
		break
	}
	events := make([]*wire, 0, len(frames))
	for _, f := range frames {
		s.room.give(len(f.body))
		w, err := decode(f.body)
		if err != nil {
			s.a.metrics.undecoded.WithLabelValues(s.a.name).Inc()
			s.a.log.Error("an event could not be read and is lost", "bytes", len(f.body), "error", err)
			continue
		}
		events = append(events, w)
	}
	for i := 1; i < len(events); i++ {
		if events[i].seq() < events[i-1].seq() {
			s.a.metrics.crossed.WithLabelValues(s.a.name).Inc()
		}
	}
	slices.SortStableFunc(events, func(x, y *wire) int { return cmp.Compare(x.seq(), y.seq()) })
	return events
}

// deliver handles events: jobs at once, the rest when Connected was told.
func (s *session) deliver(events []*wire) {
	for _, w := range events {
		s.a.metrics.events.WithLabelValues(s.a.name, label(string(w.Name))).Inc()
		if w.Core != "" {
			s.epoch.CompareAndSwap(nil, string(w.Core))
		}
		switch {
		case w.Name == "BACKGROUND_JOB":
			s.jobDone(w)
		case w.Name == "SHUTDOWN":
			s.a.log.Warn("freeswitch is being shut down")
		case !s.ready:
			s.early = append(s.early, w)
			if s.kept += w.size(); s.kept > maxBytes {
				s.end(fault.New("esl.Run", fault.Unavailable, "%w", errFlood))
				return
			}
		default:
			s.handle(w)
		}
	}
}

func label(name string) string {
	if strings.Contains(" "+wanted+" ", " "+name+" ") {
		return name
	}
	return "other"
}

// handle applies one event and does what follows from it.
func (s *session) handle(w *wire) {
	d := s.a.apply(w)
	if d.flood {
		s.end(fault.New("esl.Run", fault.Unavailable, "%w: %d channels", errFlood, maxChannels))
	}
	for _, e := range d.tell {
		s.sink.Event(e)
	}
	s.follow(d)
	s.a.watch.heard(s, w)
	if w.Name == "PRESENCE_PROBE" {
		s.a.lamps.asked(s, w)
	}
}

// follow does what an event makes necessary, beside the flow of events.
func (s *session) follow(d doing) {
	for _, ch := range d.next {
		s.wg.Go(func() { s.a.goOn(s.ctx, ch) })
	}
	for _, t := range d.halt {
		s.wg.Go(func() { s.a.halt(s.ctx, t) })
	}
	for _, ch := range d.back {
		s.wg.Go(func() { s.a.putBack(s.ctx, ch) })
	}
	for _, ch := range d.doubt {
		s.wg.Go(func() { s.whoHas(ch) })
	}
	if len(d.known) > 0 {
		s.wg.Go(func() { _ = s.forgetEnds(s.ctx, d.known) }) // the sweeper of the engine finds them otherwise
	}
	for _, ch := range d.kill {
		s.wg.Go(func() { _ = s.a.Hangup(s.ctx, ch, orchestrator.CauseGone) }) // the engine asks again until it is gone
	}
}

// whoHas finds out who has a channel on which an application began that is none of
// ours: the dialplan or an administrator took it.
func (s *session) whoHas(channel string) {
	w, err := s.dump(s.ctx, channel)
	if err != nil || w == nil {
		return // its end follows, or the next snapshot
	}
	if w.OurApp == text(s.a.cfg.App) && ourApps(string(w.NowApp)) {
		return
	}
	s.call(s.ctx, func() {
		var d doing
		s.a.legs.see(channel, func(g *leg) {
			if g != nil && g.stage == stageHere {
				w.At = text(fmt.Sprint(s.theirs(time.Now()).UnixMicro()))
				s.a.left(&d, g, w, "taken by the PBX itself")
			}
		})
		for _, e := range d.tell {
			s.sink.Event(e)
		}
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
	case <-s.ctx.Done():
		return false
	}
	select {
	case <-done:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// tickAwake shows that the process runs.
func (s *session) tickAwake() {
	t := time.NewTicker(nap / 6)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if !s.a.awake.now() {
				s.end(fault.New("esl.Run", fault.Unavailable, "%w", errSlept))
				return
			}
			s.a.awake.tick()
		case <-s.ctx.Done():
			return
		}
	}
}

// budget bounds the bytes that wait.
type budget struct {
	mu   sync.Mutex
	max  int
	used int           // guarded by mu
	free chan struct{} // holds a token when something was given back
}

func newBudget(most int) budget { return budget{max: most, free: make(chan struct{}, 1)} }

// take waits until n bytes fit, or nothing else waits; false when ctx ended first.
func (b *budget) take(ctx context.Context, n int) bool {
	for {
		b.mu.Lock()
		fits := b.used == 0 || b.used+n <= b.max
		if fits {
			b.used += n
		}
		b.mu.Unlock()
		if fits {
			return true
		}
		select {
		case <-b.free:
		case <-ctx.Done():
			return false
		}
	}
}

func (b *budget) give(n int) {
	b.mu.Lock()
	b.used -= n
	b.mu.Unlock()
	select {
	case b.free <- struct{}{}:
	default:
	}
}
