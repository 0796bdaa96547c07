package esl

import (
	"cmp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
)

// stage is how far a channel has come with us.
type stage int

const (
	stageUnknown  stage = iota // heard of, not (yet) under our control
	stageDialling              // ordered by us, not answered
	stageHere                  // under our control
	stageLeft                  // handed back to the dialplan, or taken by it
	stageOver                  // its end was told
)

// leg is what is known of one channel.
type leg struct {
	id      string
	stage   stage
	up      bool
	args    []string
	did     string
	away    string // context that it goes on to when it is handed back
	caller  orchestrator.Party
	created time.Time

	exists  bool               // FreeSWITCH was heard to have it
	alerted bool               // the far end was heard to alert
	asked   orchestrator.Cause // of our own Hangup
	claimed bool               // the dialplan's patience was ended
	writes  bool               // it writes down how it ends
	moves   int                // how often FreeSWITCH lets it be transferred yet; 0 when it has not said
	held    bool               // an order to end it came before it existed
	peer    string             // whom its other half takes out of a conversation of others, "" of most

	parked    bool
	displaced string // stream that is heard in place of the room, "" for none
	room      string
	monitor   orchestrator.MonitorMode // how it monitors another, when room is a bridge for that
	seat      seat                     // where it was put, and belongs until it is taken out
	now       *task                    // being carried out
	waiting   []*task                  // in the order in which they were asked for
	aside     *task                    // is mixed into what it hears, whatever it does
	park      parking                  // the newest
	applied   int64                    // Event-Sequence of the newest event that moved it
	ended     time.Time
	unwritten bool // it was told, not taken up, and ended; its own note of that is still to come

	changed chan struct{} // closed and replaced at each change
	turn    chan struct{} // holds a token while an order is given to carry something else out
}

// parking is what an event told that a channel was parked; the zero value is none.
type parking struct {
	seq             int64
	at              time.Time
	ours, up, dying bool
	language        string
}

// seat is a room that a channel was put into by us.
type seat struct {
	room, flags string
	taken       bool // it has been in the room, and is not known to have left
}

// taskKind is what a task does on its channel, one at a time.
type taskKind int

const (
	taskPlay taskKind = iota
	taskMusic
	taskSettle // after the answer, until sound and keys are read
	taskBeep   // before a recording; nothing is told of it
	taskRecord
)

// task is something that a channel does by itself: it plays, or is recorded.
type task struct {
	kind    taskKind
	id      string
	file    string // what to play; of music its class
	order   orchestrator.RecordingOrder
	path    string    // of a recording
	running bool      // FreeSWITCH has begun it
	began   time.Time // by its clock; zero of what ran when we came
	stop    bool      // it is to end
}

// legs remembers every channel that concerns us.
type legs struct {
	mu   sync.Mutex
	m    map[string]*leg // by channel; guarded by mu, also the legs in it
	most int             // how many FreeSWITCH may tell us of; it never changes

	rooms map[string]bool  // bridges that exist; guarded by mu
	tapes map[string]*tape // recordings of bridges and channels that run; guarded by mu

	atEnd text // command by which a channel writes down how it ends
}

// tape is a recording that runs.
type tape struct {
	bridge  string // the room that it is of, "" for a channel's
	channel string // on which it is made
	path    string
	began   time.Time
	over    chan struct{} // closed when it was told to be over
}

func newLegs(app string) *legs {
	return &legs{atEnd: text(dialplans.FreeSWITCHAtEnd(app)), m: map[string]*leg{}, most: maxChannels, rooms: map[string]bool{}, tapes: map[string]*tape{}}
}

// of returns the memory of a channel, a new one if need be. l.mu is held.
func (l *legs) of(channel string) *leg {
	g := l.m[channel]
	if g == nil {
		g = &leg{id: channel, changed: make(chan struct{}), turn: make(chan struct{}, 1)}
		l.m[channel] = g
	}
	return g
}

// touch wakes who waits for a change of g. l.mu is held.
func (g *leg) touch() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// remember is how long the end of a channel is remembered: events that were
// delivered late must not bring it to life.
const remember = 30 * time.Second

// forget drops what ended long ago. l.mu is held.
func (l *legs) forget(now time.Time) {
	for id, g := range l.m {
		if g.stage == stageOver && now.Sub(g.ended) > remember {
			delete(l.m, id)
		}
	}
}

// any tells whether a channel is remembered.
func (l *legs) any() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.m) > 0
}

// see looks at a channel with the memory locked; g is nil when it is unknown.
func (l *legs) see(channel string, look func(g *leg)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	look(l.m[channel])
}

// unseat notes that channels are to leave their rooms.
func (l *legs) unseat(channels ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ch := range channels {
		if g := l.m[ch]; g != nil {
			g.seat = seat{}
		}
	}
}

// members are the channels in a bridge. l.mu is held.
func (l *legs) members(bridge string) []string {
	var out []string
	for id, g := range l.m {
		if g.room == bridge && g.stage == stageHere {
			out = append(out, id)
		}
	}
	return out
}

// endTape forgets a recording and wakes who waits for its end; nil when it does
// not run. l.mu is held.
func (l *legs) endTape(id string) *tape {
	tp := l.tapes[id]
	if tp != nil {
		delete(l.tapes, id)
		close(tp.over)
	}
	return tp
}

// task is the task with an id, on whatever channel. l.mu is held.
func (l *legs) task(id string) (*leg, *task) {
	for _, g := range l.m {
		if g.stage == stageOver {
			continue
		}
		for _, t := range []*task{g.now, g.aside} {
			if t != nil && t.id == id {
				return g, t
			}
		}
		for _, t := range g.waiting {
			if t.id == id {
				return g, t
			}
		}
	}
	return nil, nil
}

// seed makes the memory agree with what FreeSWITCH has: what is not in it is
// gone, what is new in it is known from now on.
func (l *legs) seed(t truth) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, g := range l.m {
		if _, there := t.dumps[id]; !there {
			delete(l.m, id)
			g.stage = stageOver
			g.touch()
		}
	}
	for id, w := range t.dumps {
		c, ours := t.snapshot.Channels[id]
		if !ours && l.m[id] == nil {
			continue // somebody else's
		}
		g := l.of(id)
		l.fill(g, w)
		g.exists = true
		switch {
		case !ours && g.stage != stageUnknown:
			g.stage = stageLeft
		case ours && c.Entered:
			g.stage = stageHere
		case ours:
			g.stage = stageDialling
		}
		g.up, g.room, g.applied, g.aside = w.up(), w.room(), 0, nil
		g.displaced = string(w.OurMusic)
		_, g.monitor = w.monitored()
		g.parked = g.room == "" && (w.State == "CS_EXECUTE" || w.State == "CS_PARK")
		g.seat.taken = g.room != "" && g.room == g.seat.room
		g.reconcile(w.playing())
		g.touch()
	}
	l.rooms = t.rooms
	for id := range l.tapes {
		if _, runs := t.tapes[id]; !runs {
			l.endTape(id)
		}
	}
	for id, tp := range t.tapes {
		if l.tapes[id] == nil {
			l.tapes[id] = tp
			if g := l.m[tp.channel]; g != nil && g.now == nil && tp.bridge == "" {
				g.now = &task{kind: taskRecord, id: id, path: tp.path, running: true}
			}
		}
	}
	for _, g := range l.m {
		if g.now != nil && g.now.kind == taskRecord && l.tapes[g.now.id] == nil && g.now.running {
			g.now = nil
		}
	}
}

// reconcile makes what a channel is believed to play agree with what it plays.
func (g *leg) reconcile(playing string) {
	if g.now != nil && g.now.kind == taskRecord {
		return
	}
	switch {
	case playing == "":
		if g.now != nil && g.now.running {
			g.now = nil
		}
	case g.now == nil || g.now.id != playing:
		kind := taskPlay
		if isMusic(playing) {
			kind = taskMusic
		}
		g.now = &task{kind: kind, id: playing, running: true}
	default:
		g.now.running = true
	}
}

// fill notes what an event or a dump of a channel tells. l.mu is held.
func (l *legs) fill(g *leg, w *wire) {
	g.fill(w)
	g.writes = w.AtEnd == l.atEnd
}

// fill notes what every event and dump of a channel tells.
func (g *leg) fill(w *wire) {
	if w.OurArgs != "" {
		g.args = unpackArgs(string(w.OurArgs))
	}
	if w.OurDID != "" {
		g.did = string(w.OurDID)
	}
	if _, of, is := strings.Cut(string(w.ChannelName), takesPeer); is && orchestrator.Ours(g.id) { // a caller chooses theirs
		g.peer = strings.TrimSuffix(of, "-a")
	}
	if w.OurAway != "" {
		g.away = string(w.OurAway)
	}
	if g.created.IsZero() {
		g.created = micros(w.Created)
	}
	g.moves, _ = strconv.Atoi(string(cmp.Or(w.Moves, w.Hops))) // 0 of one that was never transferred
	g.caller = orchestrator.Party{Number: string(w.Number), Name: string(w.CallerName)}
}

// dialled is the number that a caller reached; a feature code reached none.
func (g *leg) dialled() string {
	if len(g.args) > 0 && g.args[0] == string(orchestrator.KindFeature) || orchestrator.Ours(g.id) {
		return ""
	}
	return g.did
}

// givenArgs are the arguments as they were ordered; those of an inbound call
// hold its number as well.
func (g *leg) givenArgs() []string {
	if len(g.args) == 1 && g.args[0] == string(orchestrator.KindInbound) {
		return []string{g.args[0], g.did}
	}
	return g.args
}
