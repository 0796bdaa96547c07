package acd

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// LampName is the name under which desk phones watch an agent.
func LampName(agent string) string { return "op-" + agent }

// lampTable says what a watching key shows for each state.
var lampTable = map[State]orchestrator.LampState{
	StateOffline:   orchestrator.LampOff,
	StateAvailable: orchestrator.LampFree,
	StateReserved:  orchestrator.LampRinging,
	StateTalking:   orchestrator.LampBusy,
	StateWrapup:    orchestrator.LampBusy,
	StatePaused:    orchestrator.LampHeld,
}

// LampOf is the lamp of an agent in a state.
func LampOf(s State) orchestrator.LampState {
	if l, ok := lampTable[s]; ok {
		return l
	}
	return orchestrator.LampOff
}

// Lamps sets lamps on the PBX named; the engine's PBXs do.
type Lamps interface {
	SetLamp(ctx context.Context, pbx, name string, state orchestrator.LampState) error
}

// lamp is one agent's lamp on one PBX.
type lamp struct{ pbx, name string }

// LampFollower keeps the lamps in line with the agents: it reads the journal
// and sets what changed. Of several changes of one agent that come while the
// PBX is slow only the last is set: a lamp shows the present, not the past.
type LampFollower struct {
	journal  orchestrator.Journal
	lamps    Lamps
	snapshot func(context.Context) (Snapshot, error)
	log      *slog.Logger

	mu     sync.Mutex
	want   map[lamp]orchestrator.LampState // not yet set; guarded by mu
	shown  map[lamp]orchestrator.LampState // set last; guarded by mu
	told   int                             // changes read from the journal; guarded by mu
	last   map[lamp]int                    // told, when the lamp last changed; guarded by mu
	signal chan struct{}

	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// NewLampFollower joins the parts. snapshot is Service.Snapshot.
func NewLampFollower(j orchestrator.Journal, l Lamps, snapshot func(context.Context) (Snapshot, error), log *slog.Logger) *LampFollower {
	return &LampFollower{
		journal: j, lamps: l, snapshot: snapshot, log: log.With("component", "lamps"),
		want: map[lamp]orchestrator.LampState{}, shown: map[lamp]orchestrator.LampState{}, last: map[lamp]int{}, signal: make(chan struct{}, 1),
	}
}

// Start follows the journal from now on. It returns at once. The lamps of a
// PBX are set as a whole by Connected.
func (f *LampFollower) Start(ctx context.Context) error {
	ctx, f.cancel = context.WithCancel(ctx)
	f.wg.Go(func() { f.follow(ctx) })
	f.wg.Go(func() { f.set(ctx) })
	return nil
}

// Stop ends following and waits for it. It may be called twice, and before Start.
func (f *LampFollower) Stop() {
	if f.cancel != nil {
		f.cancel()
	}
	f.wg.Wait()
}

// Connected sets all lamps of a PBX that has just been connected: it may have
// forgotten them, and changes meanwhile could not be set.
func (f *LampFollower) Connected(ctx context.Context, pbx string) error {
	return f.all(ctx, func(a AgentView) bool { return a.PBX == pbx })
}

// all sets the lamps of the agents that fit, as they are now. What the journal
// tells while they are being read is newer and stays.
func (f *LampFollower) all(ctx context.Context, fits func(AgentView) bool) error {
	f.mu.Lock()
	before := f.told
	f.mu.Unlock()
	s, err := f.snapshot(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	for _, a := range s.Agents {
		if l := (lamp{a.PBX, LampName(a.ID)}); fits(a) && f.last[l] <= before {
			f.want[l] = LampOf(a.State)
			delete(f.shown, l) // whatever we set before may be forgotten
		}
	}
	f.mu.Unlock()
	f.ring()
	return nil
}

// lampRetry is the pause before a journal that is away is asked again.
const lampRetry = time.Second

// follow reads the journal. After an error it goes on where it was; a journal
// that was rewound (kind Conflict) is read from its present end, with all
// lamps set anew.
func (f *LampFollower) follow(ctx context.Context) {
	var after string
	for known := false; ctx.Err() == nil; {
		err := error(nil)
		if !known {
			after, err = f.journal.Last(ctx)
			known = err == nil
		}
		if known {
			err = f.journal.Tail(ctx, after, func(entries []orchestrator.Entry) error {
				for _, e := range entries {
					f.read(e)
					after = e.ID
				}
				return nil
			})
		}
		if ctx.Err() != nil {
			return
		}
		if fault.KindOf(err) == fault.Conflict {
			known = false
			err = errors.Join(err, f.all(ctx, func(AgentView) bool { return true }))
		}
		f.log.WarnContext(ctx, "the journal cannot be followed; lamps stand still", "error", err, "retry_in", lampRetry)
		select {
		case <-ctx.Done():
		case <-time.After(lampRetry):
		}
	}
}

func (f *LampFollower) read(e orchestrator.Entry) {
	if e.Type != orchestrator.EntryAgentState {
		return
	}
	var c orchestrator.AgentChange
	if err := json.Unmarshal(e.Data, &c); err != nil {
		f.log.Error("a journal entry cannot be read", "entry", e.ID, "error", err)
		return
	}
	if c.From == c.To {
		return // only the phone or the reason changed, which no lamp shows
	}
	l := lamp{e.PBX, LampName(e.Agent)}
	f.mu.Lock()
	f.told++
	f.last[l] = f.told
	f.want[l] = LampOf(State(c.To))
	f.mu.Unlock()
	f.ring()
}

func (f *LampFollower) ring() {
	select {
	case f.signal <- struct{}{}:
	default:
	}
}

func (f *LampFollower) take() map[lamp]orchestrator.LampState {
	f.mu.Lock()
	defer f.mu.Unlock()
	want := f.want
	f.want = map[lamp]orchestrator.LampState{}
	for l, state := range want {
		if f.shown[l] == state {
			delete(want, l) // back to what it shows already
		}
	}
	return want
}

// lampBlink is how long changes are gathered before they are shown: an agent
// who is offered a call and answers at once needs one command, not three.
const lampBlink = 100 * time.Millisecond

// A PBX that is slow to set lamps is busy with calls, which come first: after a
// round the follower rests lampRest times as long as it took, at most lampLate.
const (
	lampRest = 4
	lampLate = time.Second
)

// set sets what is wanted. What a PBX refuses is not tried again: the next
// change or the next connection sets it.
func (f *LampFollower) set(ctx context.Context) {
	for rest := lampBlink; ; {
		select {
		case <-ctx.Done():
			return
		case <-f.signal:
		}
		select { // what passes within a blink of an eye is not shown
		case <-ctx.Done():
			return
		case <-time.After(rest):
		}
		begun, failed := time.Now(), map[string]int{}
		for l, state := range f.take() {
			if f.lamps.SetLamp(ctx, l.pbx, l.name, state) != nil {
				failed[l.pbx]++
				continue
			}
			f.mu.Lock()
			f.shown[l] = state
			f.mu.Unlock()
		}
		for pbx, n := range failed {
			f.log.DebugContext(ctx, "lamps not set", "pbx", pbx, "lamps", n)
		}
		rest = min(max(lampBlink, lampRest*time.Since(begun)), lampLate)
	}
}
