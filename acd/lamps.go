package acd

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// LampName is the name under which desk phones watch what an agent does.
func LampName(agent string) string { return "op-" + agent }

// DutyLampName is the name under which they watch whether the agent is on duty.
func DutyLampName(agent string) string { return "duty-" + agent }

// HeardLampName is the name under which they watch whether a supervisor is with an agent.
func HeardLampName(agent string) string { return heardPrefix + agent }

const heardPrefix = "heard-"

// lampTable says what a watching key shows for each state.
var lampTable = map[State]orchestrator.LampState{
	StateOffline:   orchestrator.LampOff,
	StateAvailable: orchestrator.LampFree,
	StateReserved:  orchestrator.LampRinging,
	StateTalking:   orchestrator.LampBusy,
	StateWrapup:    orchestrator.LampBusy,
	StatePaused:    orchestrator.LampHeld,
}

// dutyTable says what the second key shows. Most phones know three states of a key
// only (dialog-info: dark, blinking, lit), which the first one needs for calls: there
// logged out looks like free, and paused like busy. The two keys together tell all.
var dutyTable = map[State]orchestrator.LampState{
	StateOffline:   orchestrator.LampOff,     // dark
	StateAvailable: orchestrator.LampBusy,    // lit: on duty, whatever the calls
	StateReserved:  orchestrator.LampBusy,    //
	StateTalking:   orchestrator.LampBusy,    //
	StateWrapup:    orchestrator.LampBusy,    //
	StatePaused:    orchestrator.LampRinging, // blinking
}

// bothLamps are those lamps of an agent in a state, by name. Of a pause beyond its limits both blink.
func bothLamps(agent string, s State, over Over) map[string]orchestrator.LampState {
	duty, ok := dutyTable[s]
	if !ok {
		duty = orchestrator.LampOff
	}
	return map[string]orchestrator.LampState{LampName(agent): LampOf(s, over), DutyLampName(agent): duty}
}

// LampOf is the lamp of an agent in a state, over a limit of the pause or not.
func LampOf(s State, over Over) orchestrator.LampState {
	if s == StatePaused && over != "" {
		return orchestrator.LampRinging
	}
	if l, ok := lampTable[s]; ok {
		return l
	}
	return orchestrator.LampOff
}

// Lamps sets lamps on the PBX named; the engine's PBXs do.
type Lamps interface {
	SetLamp(ctx context.Context, pbx, name string, state orchestrator.LampState) error
}

// LampParts is what a LampFollower is joined from. All but Drives and Log are required.
type LampParts struct {
	Journal orchestrator.Journal
	Lamps   Lamps
	// Snapshot is Service.Snapshot: its reading begins after the call.
	Snapshot func(context.Context) (Snapshot, error)
	PBXs     []string // all that this process may drive
	// Drives tells whether this process drives a PBX; no other sets its lamps.
	// Nil: all are driven from here.
	Drives func(pbx string) bool
	Log    *slog.Logger // nil discards
}

// LampFollower keeps the lamps in line with the agents: it reads the journal
// and sets what changed, on each PBX for all agents, as who watches one may be at
// another PBX. Each PBX has a worker and lamps of its own, so that one that hangs
// keeps no other waiting.
type LampFollower struct {
	journal  orchestrator.Journal
	lamps    Lamps
	snapshot func(context.Context) (Snapshot, error)
	drives   func(pbx string) bool
	log      *slog.Logger
	panels   map[string]*panel // by PBX; never changed

	life life.Group
}

// NewLampFollower joins the parts. Nothing runs before Start.
func NewLampFollower(p LampParts) *LampFollower {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Drives == nil {
		p.Drives = func(string) bool { return true }
	}
	f := &LampFollower{journal: p.Journal, lamps: p.Lamps, snapshot: p.Snapshot, drives: p.Drives,
		log: p.Log.With("component", "lamps"), panels: map[string]*panel{}}
	for _, pbx := range p.PBXs {
		f.panels[pbx] = newPanel(pbx)
	}
	return f
}

// Start follows the journal from now on: who is to see every change starts it
// before whoever makes them. The lamps of a PBX are set as a whole by Connected.
func (f *LampFollower) Start(ctx context.Context) error {
	ctx, ok := f.life.Begin(ctx)
	if !ok {
		return fault.New("acd.LampFollower.Start", fault.Conflict, "started already")
	}
	after, err := f.journal.Last(ctx)
	known := err == nil // else follow asks until the journal answers
	f.life.Go(func() { f.follow(ctx, after, known) })
	for _, p := range f.panels {
		f.life.Go(func() { f.serve(ctx, p) })
	}
	return nil
}

// Stop ends following and waits for it. It may be called twice, and before Start.
func (f *LampFollower) Stop() { f.life.End() }

// Connected has all lamps of a PBX that has just been connected set anew: it
// may have forgotten them, and nobody set what changed meanwhile.
func (f *LampFollower) Connected(pbx string) {
	if p, ok := f.panels[pbx]; ok {
		p.renew()
	}
}

// lampRetry is the pause before a journal or a store that is away is asked again.
const lampRetry = time.Second

// follow reads the journal. After an error it goes on where it was. Where it
// does not know what it missed (a journal that was away at the start, or was
// rewound: kind Conflict), it reads from the present end and all lamps are set anew.
func (f *LampFollower) follow(ctx context.Context, after string, known bool) {
	for ctx.Err() == nil {
		var err error
		if !known {
			after, err = f.journal.Last(ctx)
			if known = err == nil; known {
				for _, p := range f.panels {
					p.renew()
				}
			}
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
		known = known && fault.KindOf(err) != fault.Conflict
		f.log.WarnContext(ctx, "the journal cannot be followed; lamps stand still", "error", err, "retry_in", lampRetry)
		life.Sleep(ctx, lampRetry)
	}
}

func (f *LampFollower) read(e orchestrator.Entry) {
	switch e.Type {
	case orchestrator.EntryCallSupervised:
		f.heard(e)
	case orchestrator.EntryAgentState:
		var c orchestrator.AgentChange
		if f.parse(e, &c) && (c.From != c.To || c.To == string(StatePaused)) { // else only the phone or the reason changed, which no lamp shows
			f.tell(bothLamps(e.Agent, State(c.To), Over(c.Over)))
		}
	default: // no lamp shows it
	}
}

// heard lights the lamp of an agent to whom a supervisor listens, if the agent is to see it.
func (f *LampFollower) heard(e orchestrator.Entry) {
	var c struct {
		Shown int `json:"shown"`
	}
	if e.Agent == "" || !f.parse(e, &c) {
		return
	}
	state := orchestrator.LampOff
	if c.Shown > 0 {
		state = orchestrator.LampBusy
	}
	f.tell(map[string]orchestrator.LampState{HeardLampName(e.Agent): state})
}

// parse reads what an entry says.
func (f *LampFollower) parse(e orchestrator.Entry, into any) bool {
	err := json.Unmarshal(e.Data, into)
	if err != nil {
		f.log.Error("a journal entry cannot be read", "entry", e.ID, "error", err)
	}
	return err == nil
}

// tell has all PBXs show lamps.
func (f *LampFollower) tell(lamps map[string]orchestrator.LampState) {
	for _, p := range f.panels {
		for name, state := range lamps {
			p.tell(name, state)
		}
	}
}
