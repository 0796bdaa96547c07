package acd

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

func TestLampOfEveryState(t *testing.T) {
	t.Parallel()
	want := map[State]orchestrator.LampState{
		StateOffline: "off", StateAvailable: "free", StateReserved: "ringing",
		StateTalking: "busy", StateWrapup: "busy", StatePaused: "held",
	}
	for _, s := range States {
		if got := LampOf(s); got != want[s] {
			t.Errorf("%s shows %s, want %s", s, got, want[s])
		}
	}
	if LampOf("") != orchestrator.LampOff || LampName("ana") != "op-ana" {
		t.Error("an agent never seen is logged out; the name begins with op-")
	}
}

// tape is a journal that a test writes to.
type tape struct {
	mu      sync.Mutex
	entries []orchestrator.Entry
	more    chan struct{}
	fail    error
}

func newTape() *tape { return &tape{more: make(chan struct{}, 100)} }

func (j *tape) write(agent string, from, to State) {
	data, _ := json.Marshal(orchestrator.AgentChange{From: string(from), To: string(to)})
	j.mu.Lock()
	j.entries = append(j.entries, orchestrator.Entry{
		ID: string(rune('a' + len(j.entries))), Type: orchestrator.EntryAgentState, Agent: agent, PBX: "uno", Data: data})
	j.mu.Unlock()
	j.more <- struct{}{}
}

func (j *tape) Tail(ctx context.Context, after string, fn func([]orchestrator.Entry) error) error {
	for {
		j.mu.Lock()
		var list []orchestrator.Entry
		for _, e := range j.entries {
			if after != "$" && e.ID > after {
				list = append(list, e)
			}
		}
		err := j.fail
		j.fail = nil
		j.mu.Unlock()
		if err != nil {
			return err
		}
		if len(list) > 0 {
			after = list[len(list)-1].ID
			if err := fn(list); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-j.more:
		}
	}
}

func (j *tape) Last(context.Context) (string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) == 0 {
		return "", nil
	}
	return j.entries[len(j.entries)-1].ID, nil
}

func (j *tape) Trim(context.Context, string, time.Time) error { return nil }

// panel notes the lamps; set may be made to wait.
type panel struct {
	mu    sync.Mutex
	lamps map[string]orchestrator.LampState
	sets  int
	wait  time.Duration
}

func (p *panel) SetLamp(_ context.Context, pbx, name string, s orchestrator.LampState) error {
	time.Sleep(p.wait)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sets++
	p.lamps[pbx+" "+name] = s
	if name == "op-broken" {
		return errors.New("no such lamp")
	}
	return nil
}

func (p *panel) state() map[string]orchestrator.LampState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.lamps)
}

func TestLampsFollowTheJournal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, p := newTape(), &panel{lamps: map[string]orchestrator.LampState{}}
		j.write("old", StateOffline, StateAvailable) // before the start: Connected tells it
		snapshot := func(context.Context) (Snapshot, error) {
			return Snapshot{Agents: []AgentView{{ID: "ana", PBX: "uno", State: StatePaused},
				{ID: "eva", PBX: "dos", State: StatePaused}, {ID: "broken", PBX: "uno", State: StateOffline}}}, nil
		}
		f := NewLampFollower(j, p, snapshot, slog.New(slog.DiscardHandler))
		if err := f.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer f.Stop()
		blink()
		if len(p.state()) != 0 {
			t.Errorf("lamps before anything happened: %v", p.state())
		}
		if err := f.Connected(t.Context(), "uno"); err != nil {
			t.Fatal(err)
		}
		blink()
		want := map[string]orchestrator.LampState{"uno op-ana": "held", "uno op-broken": "off"}
		if diff := cmp.Diff(want, p.state()); diff != "" {
			t.Errorf("after the connection (-want +got):\n%s", diff)
		}
		j.write("ana", StatePaused, StateAvailable)
		j.write("ana", StateAvailable, StateAvailable) // only the phone changed
		j.write("ana", StateAvailable, StateReserved)
		blink()
		j.mu.Lock()
		j.fail = errors.New("the journal is away")
		j.mu.Unlock()
		j.write("ana", StateReserved, StateTalking)
		blink()
		if got := p.state()["uno op-ana"]; got != orchestrator.LampRinging {
			t.Errorf("lamp %s", got)
		}
		time.Sleep(2 * lampRetry)
		blink()
		if got := p.state()["uno op-ana"]; got != orchestrator.LampBusy {
			t.Errorf("what happened meanwhile is not lost: lamp %s", got)
		}
	})
}

func TestASlowPBXGetsOnlyTheLastState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, p := newTape(), &panel{lamps: map[string]orchestrator.LampState{}, wait: time.Second}
		f := NewLampFollower(j, p, nil, slog.New(slog.DiscardHandler))
		if err := f.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer f.Stop()
		blink()
		for range 20 {
			j.write("ana", StateAvailable, StateReserved)
			j.write("ana", StateReserved, StateTalking)
			j.write("ana", StateTalking, StatePaused)
		}
		time.Sleep(time.Minute)
		blink()
		if got := p.state()["uno op-ana"]; got != orchestrator.LampHeld || p.sets > 3 {
			t.Errorf("lamp %s after %d settings", got, p.sets)
		}
	})
}

func TestNewsBeatsTheSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, p := newTape(), &panel{lamps: map[string]orchestrator.LampState{}}
		var f *LampFollower
		snapshot := func(context.Context) (Snapshot, error) {
			j.write("ana", StateAvailable, StatePaused) // happens after the snapshot was taken
			blink()
			return Snapshot{Agents: []AgentView{{ID: "ana", PBX: "uno", State: StateAvailable}, {ID: "eva", PBX: "uno", State: StateAvailable}}}, nil
		}
		f = NewLampFollower(j, p, snapshot, slog.New(slog.DiscardHandler))
		if err := f.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer f.Stop()
		blink()
		if err := f.Connected(t.Context(), "uno"); err != nil {
			t.Fatal(err)
		}
		blink()
		want := map[string]orchestrator.LampState{"uno op-ana": "held", "uno op-eva": "free"}
		if diff := cmp.Diff(want, p.state()); diff != "" {
			t.Error(diff)
		}
		j.mu.Lock()
		j.fail, j.entries = fault.E("tape", fault.Conflict, errors.New("rewound")), nil
		j.mu.Unlock()
		j.write("eva", StateAvailable, StateTalking) // lost to the follower, but not to the snapshot's successor
		time.Sleep(2 * lampRetry)
		blink()
		j.write("eva", StateTalking, StateWrapup)
		blink()
		if got := p.state()["uno op-eva"]; got != orchestrator.LampBusy {
			t.Errorf("a rewound journal is followed on: lamp %s", got)
		}
	})
}

// blink lets the follower show what it has gathered.
func blink() {
	time.Sleep(lampBlink)
	synctest.Wait()
}
