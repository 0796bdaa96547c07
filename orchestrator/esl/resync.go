package esl

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// truth is what FreeSWITCH has, as far as it concerns us.
type truth struct {
	snapshot orchestrator.Snapshot
	dumps    map[string]*wire // by channel: those of the snapshot, and others that we remember
	rooms    map[string]bool
	tapes    map[string]*tape
	busy     map[string]string // channels of anybody by the phone that they are of
}

// prepare makes fresh connections trustworthy: proof that events arrive,
// snapshot, Connected, devices. Events that arrive meanwhile are kept.
func (s *session) prepare(ctx context.Context) error {
	if err := s.listen(ctx); err != nil {
		return err
	}
	if err := s.roundTrip(ctx); err != nil {
		return err
	}
	tell := s.prolong // whoever calls from now on is to be handed over, as before
	if s.sink.Ready() {
		tell = s.here
	}
	if err := tell(ctx); err != nil {
		return err
	}
	if err := s.caughtUp(ctx); err != nil {
		return err
	}
	t, err := s.truth(ctx)
	if err != nil {
		return err
	}
	if err := s.past(ctx, &t.snapshot); err != nil {
		return err
	}
	if !s.call(ctx, func() { s.connected(ctx, t) }) {
		return context.Cause(s.ctx) //nolint:contextcheck // the session may end first
	}
	s.wg.Go(func() { s.pulse(ctx) })
	s.wg.Go(func() { s.hurry(ctx) })
	s.wg.Go(func() { s.overhear(ctx) })
	return s.a.watch.tellAll(ctx, s)
}

// listen asks for the events that are wanted.
func (s *session) listen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.a.cfg.CommandTimeout)
	defer cancel()
	for _, filter := range filters {
		if _, err := s.events.ask(ctx, "filter "+filter); err != nil { // one that is not understood tells more than is needed
			return err
		}
	}
	f, err := s.events.ask(ctx, "event json "+wanted)
	if err == nil && !strings.HasPrefix(f.reply, "+OK") {
		err = fault.New("esl.Run", fault.Denied, "freeswitch refuses to tell events: %q", brief(f.reply))
	}
	return err
}

// connected tells the sink the truth and then what arrived meanwhile.
func (s *session) connected(ctx context.Context, t truth) {
	a := s.a
	a.legs.seed(t)
	a.watch.seed(t.busy)
	s.ready, s.proven = true, true
	a.enter(s)
	a.metrics.connected.WithLabelValues(a.name).Set(1)
	a.log.InfoContext(ctx, "freeswitch connected", "channels", len(t.snapshot.Channels), "bridges", len(t.snapshot.Bridges), "early_events", len(s.early))
	s.sink.Connected(a.name, t.snapshot)
	surely := t.snapshot.Clock.Add(-time.Duration(s.unsure.Load()))
	for _, w := range s.early {
		if w.at().Before(surely) && w.Name != "CHANNEL_HANGUP_COMPLETE" && w.Name != "CHANNEL_PARK" {
			continue // the snapshot is newer
		}
		s.handle(w)
	}
	s.early = nil
	a.legs.mu.Lock()
	var d doing
	for id, g := range a.legs.m {
		switch {
		case g.now == nil && len(g.waiting) > 0:
			d.next = append(d.next, id)
		case g.now != nil && g.now.kind == taskMusic && g.now.stop:
			d.halt = append(d.halt, g.now)
		}
	}
	a.legs.mu.Unlock()
	s.follow(d)
}

// How often the database is asked whether it has caught up, and for how long at most.
const (
	catchUpPause    = 20 * time.Millisecond
	catchUpPatience = 3 * time.Second
)

// caughtUp waits until the database that channels are listed from knows what
// there was when the session began: FreeSWITCH writes into it five times a second.
// A task is put down and looked for, which goes the same way.
func (s *session) caughtUp(ctx context.Context) error {
	mark := fmt.Sprintf("op-mark-%016x", rand.Uint64())
	if _, err := s.api(ctx, "Mark", "sched_api +60 "+mark+" global_getvar domain"); err != nil {
		return err
	}
	began := time.Now()
	for {
		tasks, err := s.api(ctx, "Mark", "show tasks as json")
		if err != nil {
			return err
		}
		if strings.Contains(tasks, mark) {
			break
		}
		if time.Since(began) > catchUpPatience {
			s.a.log.WarnContext(ctx, "freeswitch's database of channels does not catch up; channels of the last moments may be taken for gone", "waited", catchUpPatience)
			break
		}
		if !life.Sleep(ctx, catchUpPause) {
			return ctx.Err()
		}
	}
	_, err := s.api(ctx, "Mark", "sched_del "+mark)
	return err
}

// truth asks for all that there is. The list of channels comes out of a database
// that FreeSWITCH fills beside its work: what we remember is asked for as well,
// and each channel is asked for itself.
func (s *session) truth(ctx context.Context) (truth, error) {
	began := time.Now()
	t := truth{dumps: map[string]*wire{}, rooms: map[string]bool{}, tapes: map[string]*tape{}, busy: map[string]string{},
		snapshot: orchestrator.Snapshot{Channels: map[string]orchestrator.ChannelTruth{}, Bridges: map[string][]string{}}}
	ids, err := s.list(ctx, &t)
	if err != nil {
		return t, err
	}
	if err := s.dumps(ctx, ids, &t); err != nil {
		return t, err
	}
	if err := s.listRooms(ctx, &t); err != nil {
		return t, err
	}
	for id, w := range t.dumps {
		c, ours := s.a.truthOf(id, w)
		if !ours {
			continue
		}
		t.snapshot.Channels[id] = c
		if room := w.room(); room != "" && c.Entered {
			t.rooms[room] = true
			t.snapshot.Bridges[room] = append(t.snapshot.Bridges[room], id)
		}
	}
	for room := range t.rooms {
		if t.snapshot.Bridges[room] == nil {
			t.snapshot.Bridges[room] = []string{}
		}
	}
	t.snapshot.ObservedAt, t.snapshot.Clock = began, s.theirs(began)
	epoch, _ := s.epoch.Load().(string)
	t.snapshot.Epoch = epoch
	return t, nil
}

// list returns the channels that may be ours, and notes whose phones are busy.
func (s *session) list(ctx context.Context, t *truth) ([]string, error) {
	answer, err := s.api(ctx, "Snapshot", "show channels as json")
	if err != nil {
		return nil, err
	}
	var shown struct {
		Rows []struct {
			UUID     string `json:"uuid"`
			App      string `json:"application"`
			Presence string `json:"presence_id"`
		} `json:"rows"`
	}
	if err := json.Unmarshal([]byte(answer), &shown); err != nil {
		return nil, fault.New("esl.Snapshot", fault.Unavailable, "the list of channels cannot be read: %w", err)
	}
	if n := len(shown.Rows); n > maxChannels {
		return nil, fault.New("esl.Snapshot", fault.Unavailable, "%w: %d channels", errFlood, n)
	}
	ask := map[string]bool{}
	for _, r := range shown.Rows {
		if user := userOf(r.Presence); user != "" {
			t.busy[r.UUID] = user
			if channelID.MatchString(r.UUID) && len(s.a.watch.of(user)) > 0 {
				ask[r.UUID] = true // it may be gone: the list is late
			}
		}
		if channelID.MatchString(r.UUID) && (orchestrator.Ours(r.UUID) || ourApps(r.App)) {
			ask[r.UUID] = true
		}
	}
	s.a.legs.mu.Lock()
	for id, g := range s.a.legs.m {
		if g.stage != stageOver {
			ask[id] = true
		}
	}
	s.a.legs.mu.Unlock()
	ids := make([]string, 0, len(ask))
	for id := range ask {
		ids = append(ids, id)
	}
	return ids, nil
}

// dumps asks each channel for itself, several at a time.
func (s *session) dumps(ctx context.Context, ids []string, t *truth) error {
	var mu sync.Mutex
	var first error
	var wg sync.WaitGroup
	turn := make(chan struct{}, 4*len(s.commands))
	for _, id := range ids {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			w, err := s.dump(ctx, id)
			bugs := ""
			if err == nil && w != nil && w.OurTape != "" { // set by a recording that may be over
				bugs, err = s.api(ctx, "Snapshot", "uuid_buglist "+id)
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && first == nil:
				first = err
			case w == nil || w.dying():
				delete(t.busy, id)
			default:
				t.dumps[id] = w
				if r := string(w.OurTape); recordingName.MatchString(r) && strings.Contains(bugs, s.a.shelf.path(r)) {
					t.tapes[r] = &tape{channel: id, bridge: string(w.TapeRoom), path: s.a.shelf.path(r), over: make(chan struct{})}
				}
			}
		})
	}
	wg.Wait()
	return first
}

// dump asks for all that there is to know of a channel; nil when it is gone.
func (s *session) dump(ctx context.Context, id string) (*wire, error) {
	answer, err := s.api(ctx, "Snapshot", "uuid_dump "+id+" json")
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(answer, "-") {
		return nil, nil //nolint:nilnil // gone, which is no error
	}
	w, err := decode([]byte(answer))
	if err != nil {
		return nil, fault.New("esl.Snapshot", fault.Unavailable, "a channel cannot be read: %w", err)
	}
	return w, nil
}

// listRooms notes the rooms of our making, also those that nobody is in.
func (s *session) listRooms(ctx context.Context, t *truth) error {
	answer, err := s.api(ctx, "Snapshot", "hash_dump db "+s.a.roomRealm())
	if err != nil {
		return err
	}
	for line := range strings.Lines(answer) {
		if id := roomInDump(s.a.roomRealm(), strings.TrimSpace(line)); id != "" {
			t.rooms[id] = true
		}
	}
	return nil
}

// roomInDump is the room of a line of hash_dump: "D/<realm>_<key>/<value>".
func roomInDump(realm, line string) string {
	rest, ok := strings.CutPrefix(line, "D/"+realm+"_")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	if !orchestrator.Ours(id) {
		return ""
	}
	return id
}

// truthOf tells whether a channel is ours, and what of it.
func (a *Adapter) truthOf(id string, w *wire) (orchestrator.ChannelTruth, bool) {
	ours := orchestrator.Ours(id)
	c := orchestrator.ChannelTruth{Up: w.up(), CreatedAt: micros(w.Created)}
	if w.OurApp != text(a.cfg.App) || !ourApps(string(w.NowApp)) {
		return c, false
	}
	g := &leg{id: id}
	g.fill(w)
	c.Args = g.givenArgs()
	c.Entered = !ours || w.up()
	if ours {
		c.Dialled, c.AnsweredAt = true, micros(w.Answered)
	} else {
		c.DID, c.Caller = g.dialled(), g.caller
	}
	return c, true
}

// Snapshot is what exists within our application now, or is being dialled for it.
func (a *Adapter) Snapshot(ctx context.Context) (orchestrator.Snapshot, error) {
	s, err := a.ready(ctx, "Snapshot")
	if err != nil {
		return orchestrator.Snapshot{}, err
	}
	t, err := s.truth(ctx)
	if err != nil {
		return t.snapshot, err
	}
	endings, err := s.endings(ctx)
	t.snapshot.Away = a.away(endings)
	return t.snapshot, err
}

func (a *Adapter) roomRealm() string { return fmt.Sprintf("operadora.%s.rooms", a.cfg.App) }
