package acd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
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
		if got := LampOf(s, ""); got != want[s] {
			t.Errorf("%s shows %s, want %s", s, got, want[s])
		}
	}
	if got := bothLamps("ana", StatePaused, OverTime); got["op-ana"] != orchestrator.LampRinging || got["duty-ana"] != orchestrator.LampRinging {
		t.Errorf("a pause beyond its limits: %v", got)
	}
	if LampOf("", "") != orchestrator.LampOff || LampName("ana") != "op-ana" {
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

func (j *tape) write(agent string, from, to State) { j.writeAt("uno", agent, from, to) }

func (j *tape) writeAt(pbx, agent string, from, to State) {
	data, _ := json.Marshal(orchestrator.AgentChange{From: string(from), To: string(to)})
	j.add(orchestrator.Entry{Type: orchestrator.EntryAgentState, Agent: agent, PBX: pbx, Data: data})
}

// hear tells how many supervisors are with an agent who is to see it.
func (j *tape) hear(pbx, agent string, n int) {
	j.add(orchestrator.Entry{Type: orchestrator.EntryCallSupervised, Agent: agent, PBX: pbx, Data: fmt.Appendf(nil, `{"shown":%d}`, n)})
}

func (j *tape) add(e orchestrator.Entry) {
	j.mu.Lock()
	e.ID = string(rune('a' + len(j.entries)))
	j.entries = append(j.entries, e)
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

// wall is the lamps of all PBXs. answer, when set, is asked for each setting before it counts.
type wall struct {
	mu     sync.Mutex
	lamps  map[string]orchestrator.LampState // guarded by mu
	duty   map[string]orchestrator.LampState // the second keys; guarded by mu
	sets   int                               // of first keys; guarded by mu
	answer func(ctx context.Context, pbx, name string) error
}

func newWall() *wall {
	return &wall{lamps: map[string]orchestrator.LampState{}, duty: map[string]orchestrator.LampState{}}
}

func (p *wall) SetLamp(ctx context.Context, pbx, name string, s orchestrator.LampState) error {
	p.mu.Lock()
	if strings.HasPrefix(name, "duty-") {
		defer p.mu.Unlock()
		p.duty[pbx+" "+name] = s
		return nil
	}
	p.sets++
	p.mu.Unlock()
	if p.answer != nil {
		if err := p.answer(ctx, pbx, name); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lamps[pbx+" "+name] = s
	return nil
}

func (p *wall) state() map[string]orchestrator.LampState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.lamps)
}

func (p *wall) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sets
}

// want compares all lamps.
func (p *wall) want(t *testing.T, when string, want map[string]orchestrator.LampState) {
	t.Helper()
	if diff := cmp.Diff(want, p.state()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// lampsOf starts a follower of the PBX uno, driven from here unless parts says otherwise.
func lampsOf(t *testing.T, j *tape, w *wall, change ...func(*LampParts)) *LampFollower {
	t.Helper()
	p := LampParts{Journal: j, Lamps: w, PBXs: []string{"uno"}, Snapshot: agentsAre()}
	for _, c := range change {
		c(&p)
	}
	f := NewLampFollower(p)
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	blink()
	return f
}

// andDos has it follow the PBX dos, too.
func andDos(p *LampParts) { p.PBXs = append(p.PBXs, "dos") }

// agentsAre is a snapshot that always shows the same.
func agentsAre(agents ...AgentView) func(context.Context) (Snapshot, error) {
	return func(context.Context) (Snapshot, error) { return Snapshot{Agents: agents}, nil }
}

// shows has the follower start from a snapshot.
func shows(read func(context.Context) (Snapshot, error)) func(*LampParts) {
	return func(p *LampParts) { p.Snapshot = read }
}

func TestLampsFollowTheJournal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		j.write("old", StateOffline, StateAvailable) // before the start: Connected tells it
		f := lampsOf(t, j, w, shows(agentsAre(AgentView{ID: "ana", PBX: "uno", State: StatePaused},
			AgentView{ID: "eva", PBX: "dos", State: StatePaused}, AgentView{ID: "leo", PBX: "uno", State: StateOffline})))
		w.want(t, "before anything happened", map[string]orchestrator.LampState{})
		f.Connected("uno")
		f.Connected("of another process")
		blink()
		w.want(t, "after the connection", map[string]orchestrator.LampState{"uno op-ana": "held", "uno op-eva": "held", "uno op-leo": "off"})
		j.write("ana", StatePaused, StateAvailable)
		j.write("ana", StateAvailable, StateAvailable) // only the phone changed
		j.write("ana", StateAvailable, StateReserved)
		blink()
		j.mu.Lock()
		j.fail = errors.New("the journal is away")
		j.mu.Unlock()
		j.write("ana", StateReserved, StateTalking)
		blink()
		if got := w.state()["uno op-ana"]; got != orchestrator.LampRinging {
			t.Errorf("lamp %s", got)
		}
		time.Sleep(2 * lampRetry)
		blink()
		w.want(t, "what happened meanwhile is not lost", map[string]orchestrator.LampState{"uno op-ana": "busy", "uno op-eva": "held", "uno op-leo": "off"})
	})
}

// TestTheSecondKeyTellsWhoIsOnDuty: no two states look alike on both keys, although
// a phone knows no more than dark, blinking and lit.
func TestTheSecondKeyTellsWhoIsOnDuty(t *testing.T) {
	t.Parallel()
	looks := map[orchestrator.LampState]string{orchestrator.LampOff: "dark", orchestrator.LampFree: "dark", orchestrator.LampRinging: "blinking",
		orchestrator.LampBusy: "lit", orchestrator.LampHeld: "lit"}
	seen := map[[2]string]State{}
	for _, s := range States {
		both := bothLamps("ana", s, "")
		look := [2]string{looks[both["op-ana"]], looks[both["duty-ana"]]}
		if other, taken := seen[look]; taken && s != StateWrapup { // busy is busy
			t.Errorf("%s looks like %s: %v", s, other, look)
		}
		seen[look] = s
	}
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		lampsOf(t, j, w)
		j.write("ana", StateOffline, StateAvailable)
		blink()
		j.write("ana", StateAvailable, StatePaused)
		blink()
		if got := w.duty["uno duty-ana"]; got != orchestrator.LampRinging {
			t.Errorf("the second key shows %q", got)
		}
	})
}

// TestEveryPBXShowsAllAgents: who watches an agent may be at another PBX than the agent, and
// at one that another process drives.
func TestEveryPBXShowsAllAgents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		var drives atomic.Bool
		f := lampsOf(t, j, w, shows(agentsAre(AgentView{ID: "ana", PBX: "uno", State: StateAvailable}, AgentView{ID: "far", PBX: "of another process", State: StatePaused})),
			andDos, func(p *LampParts) { p.Drives = func(pbx string) bool { return pbx == "dos" || drives.Load() } })
		f.Connected("dos")
		blink()
		w.want(t, "connected", map[string]orchestrator.LampState{"dos op-ana": "free", "dos op-far": "held"})
		j.write("ana", StateAvailable, StateTalking)
		j.writeAt("of another process", "far", StatePaused, StateAvailable)
		j.hear("uno", "ana", 1)
		blink()
		w.want(t, "told", map[string]orchestrator.LampState{"dos op-ana": "busy", "dos op-far": "free", "dos heard-ana": "busy"})
		w.mu.Lock()
		clear(w.lamps) // restarted
		w.mu.Unlock()
		f.Connected("dos")
		drives.Store(true) // and the other one is taken over
		f.Connected("uno")
		blink()
		want := map[string]orchestrator.LampState{"op-ana": "free", "op-far": "held", "heard-ana": "busy"} // as the snapshot says
		all := map[string]orchestrator.LampState{}
		for _, pbx := range []string{"uno", "dos"} {
			for name, state := range want {
				all[pbx+" "+name] = state
			}
		}
		w.want(t, "restarted and taken over", all)
		j.hear("uno", "ana", 0)
		blink()
		all["uno heard-ana"], all["dos heard-ana"] = "off", "off"
		w.want(t, "heard no more", all)
	})
}

func TestASlowPBXGetsOnlyTheLastState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		w.answer = func(context.Context, string, string) error {
			time.Sleep(time.Second)
			return nil
		}
		lampsOf(t, j, w)
		for range 20 {
			j.write("ana", StateAvailable, StateReserved)
			j.write("ana", StateReserved, StateTalking)
			j.write("ana", StateTalking, StatePaused)
		}
		time.Sleep(time.Minute)
		blink()
		if got := w.state()["uno op-ana"]; got != orchestrator.LampHeld || w.count() > 3 {
			t.Errorf("lamp %s after %d settings", got, w.count())
		}
	})
}

func TestNewsBeatsTheSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		f := lampsOf(t, j, w, shows(func(context.Context) (Snapshot, error) {
			j.write("ana", StateAvailable, StatePaused) // happens after the snapshot was taken
			time.Sleep(lampBlink)
			return Snapshot{Agents: []AgentView{{ID: "ana", PBX: "uno", State: StateAvailable}, {ID: "eva", PBX: "uno", State: StateAvailable}}}, nil
		}))
		f.Connected("uno")
		blink()
		blink()
		w.want(t, "after the connection", map[string]orchestrator.LampState{"uno op-ana": "held", "uno op-eva": "free"})
		j.mu.Lock()
		j.fail, j.entries = fault.E("tape", fault.Conflict, errors.New("rewound")), nil
		j.mu.Unlock()
		j.write("eva", StateAvailable, StateTalking) // lost to the follower, but not to the snapshot's successor
		time.Sleep(2 * lampRetry)
		blink()
		j.write("eva", StateTalking, StateWrapup)
		blink()
		if got := w.state()["uno op-eva"]; got != orchestrator.LampBusy {
			t.Errorf("a rewound journal is followed on: lamp %s", got)
		}
	})
}

func TestAHangingPBXDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		var healed atomic.Bool
		w.answer = func(ctx context.Context, pbx, _ string) error {
			if pbx == "uno" && !healed.Load() {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		f := lampsOf(t, j, w, andDos)
		j.write("ana", StateOffline, StateAvailable)
		blink() // uno hangs from here on
		j.writeAt("dos", "eva", StateOffline, StateAvailable)
		blink()
		w.want(t, "while uno hangs", map[string]orchestrator.LampState{"dos op-ana": "free", "dos op-eva": "free"})
		time.Sleep(10 * time.Minute)
		if n := w.count(); n < 10 || n > 30 {
			t.Errorf("uno was asked %d times in ten minutes", n-1)
		}
		j.write("ana", StateAvailable, StatePaused)
		healed.Store(true)
		time.Sleep(lampTime + lampSeldom)
		blink()
		w.want(t, "when uno answers again", map[string]orchestrator.LampState{"dos op-ana": "held", "dos op-eva": "free", "uno op-ana": "held", "uno op-eva": "free"})

		healed.Store(false)
		j.write("ana", StatePaused, StateAvailable)
		time.Sleep(10 * time.Minute)
		healed.Store(true)
		f.Connected("uno") // nobody waits for the next try
		time.Sleep(lampTime)
		blink()
		if got := w.state()["uno op-ana"]; got != orchestrator.LampOff { // as the snapshot says
			t.Errorf("after a reconnection: %s", got)
		}
	})
}

// TestLampsLeaveABusyPBXToItsCalls: of a PBX that takes long to set lamps they take a
// fifth of the time at most, however many change.
func TestLampsLeaveABusyPBXToItsCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		var setting atomic.Int64
		w.answer = func(context.Context, string, string) error {
			time.Sleep(10 * time.Millisecond)
			setting.Add(int64(10 * time.Millisecond))
			return nil
		}
		lampsOf(t, j, w)
		states := []State{StateAvailable, StateReserved, StateTalking}
		const length = time.Minute
		for n := range int(length / (100 * time.Millisecond)) { // 70 agents, each of whom changes three times a second
			for a := range 20 {
				j.write("agent"+strings.Repeat("x", (20*n+a)%70), states[n%3], states[(n+1)%3])
			}
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		const round = 2 * 70 * 10 * time.Millisecond // the last one has had no rest yet
		if took := time.Duration(setting.Load()); took > length/5+round {
			t.Errorf("lamps take %v of %v", took, length)
		}
	})
}

func TestARefusedLampIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		refusals := map[string]int{"op-ana": 2, "op-leo": 1 << 30} // guarded by w.mu
		w.answer = func(_ context.Context, _, name string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if refusals[name] > 0 {
				refusals[name]--
				return fault.New("wall", fault.Invalid, "no such lamp")
			}
			return nil
		}
		lampsOf(t, j, w)
		j.write("ana", StateOffline, StateAvailable)
		j.write("leo", StateOffline, StateAvailable)
		j.write("eva", StateOffline, StateAvailable)
		blink()
		w.want(t, "at first", map[string]orchestrator.LampState{"uno op-eva": "free"})
		time.Sleep(3*lampRetry + lampLate)
		w.want(t, "after two refusals", map[string]orchestrator.LampState{"uno op-eva": "free", "uno op-ana": "free"})
		w.mu.Lock()
		refusals["op-leo"] = 0
		w.mu.Unlock()
		j.write("leo", StateAvailable, StatePaused)
		blink()
		w.want(t, "a new state waits for no pause", map[string]orchestrator.LampState{"uno op-eva": "free", "uno op-ana": "free", "uno op-leo": "held"})
		before := w.count()
		time.Sleep(time.Hour)
		if w.count() != before {
			t.Errorf("%d settings although all is set", w.count()-before)
		}
	})
}

func TestAStandbySetsNoLamp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		var drives atomic.Bool
		f := lampsOf(t, j, w, shows(agentsAre(AgentView{ID: "eva", PBX: "uno", State: StatePaused})),
			andDos, func(p *LampParts) { p.Drives = func(pbx string) bool { return pbx == "dos" || drives.Load() } })
		j.write("ana", StateOffline, StateAvailable)
		j.writeAt("dos", "leo", StateOffline, StateAvailable)
		time.Sleep(time.Minute)
		w.want(t, "as standby of uno", map[string]orchestrator.LampState{"dos op-ana": "free", "dos op-leo": "free"})
		drives.Store(true)
		f.Connected("uno")
		blink()
		w.want(t, "when it has taken over", map[string]orchestrator.LampState{"dos op-ana": "free", "dos op-leo": "free", "uno op-eva": "held", "uno op-ana": "off", "uno op-leo": "off"})
		drives.Store(false)
		j.write("eva", StatePaused, StateAvailable)
		time.Sleep(time.Minute)
		if got := w.state()["uno op-eva"]; got != orchestrator.LampHeld {
			t.Errorf("set by one who lost the PBX: %s", got)
		}
	})
}

func TestAReconnectionSetsAllAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		var away atomic.Bool // the store
		f := lampsOf(t, j, w, shows(func(context.Context) (Snapshot, error) {
			if away.Swap(false) {
				return Snapshot{}, fault.New("store", fault.Unavailable, "away")
			}
			return Snapshot{Agents: []AgentView{{ID: "ana", PBX: "uno", State: StateAvailable}}}, nil
		}))
		f.Connected("uno")
		blink()
		w.want(t, "at first", map[string]orchestrator.LampState{"uno op-ana": "free"})
		w.mu.Lock()
		clear(w.lamps) // the PBX was restarted
		w.mu.Unlock()
		away.Store(true)
		f.Connected("uno")
		time.Sleep(2 * lampRetry)
		w.want(t, "anew, although the store was away at first", map[string]orchestrator.LampState{"uno op-ana": "free"})
	})
}

// TestTheLampOfARemovedAgentGoesOut: a reload logs the agent out, which the
// journal tells; where that was missed, the agent is in the snapshot no more.
func TestTheLampOfARemovedAgentGoesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		f := lampsOf(t, j, w)
		j.write("ana", StateOffline, StateAvailable)
		j.write("eva", StateOffline, StateAvailable)
		blink()
		w.want(t, "logged in", map[string]orchestrator.LampState{"uno op-ana": "free", "uno op-eva": "free"})
		j.write("ana", StateAvailable, StateOffline)
		blink()
		w.want(t, "told", map[string]orchestrator.LampState{"uno op-ana": "off", "uno op-eva": "free"})
		f.Connected("uno") // eva's logout was not told
		blink()
		w.want(t, "missed", map[string]orchestrator.LampState{"uno op-ana": "off", "uno op-eva": "off"})
	})
}

func TestWhatHappensAtTheStartIsSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, w := newTape(), newWall()
		j.write("eva", StateOffline, StateAvailable)
		f := NewLampFollower(LampParts{Journal: j, Lamps: w, PBXs: []string{"uno"}, Snapshot: agentsAre()})
		if err := f.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer f.Stop()
		j.write("ana", StateAvailable, StateOffline) // not defined any more, logged out at the start
		f.Connected("uno")                           // of which the snapshot knows nothing
		blink()
		w.want(t, "after the start", map[string]orchestrator.LampState{"uno op-ana": "off"})
	})
}

// blink lets the follower show what it has gathered.
func blink() {
	time.Sleep(lampBlink)
	synctest.Wait()
}
