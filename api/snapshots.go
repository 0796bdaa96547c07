package api

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/operadora/operadora/api/wire"
)

// snapshotAge is how old a snapshot may be that a stream begins with. What
// changed since is told after it.
const snapshotAge = 250 * time.Millisecond

// snapshots makes the snapshots that streams begin with: for all who come within
// a moment the floor is read once, and what is the same for all is encoded once.
type snapshots struct {
	hub  *hub
	read func(context.Context) (wire.Snapshot, error)

	mu   sync.Mutex
	last *snapshotBase // guarded by mu
}

// snapshotBase is a snapshot before it is cut for an audience.
type snapshotBase struct {
	place int64 // what comes after it stands there
	id    string
	made  time.Time
	calls []wire.LiveCall
	rest  []byte // the members besides calls, without the closing brace

	mu   sync.Mutex
	byAu map[audience]*snapshotFrame // guarded by mu
}

// snapshotFrame is a snapshot as an audience gets it.
type snapshotFrame struct {
	place int64
	parts [][]byte
}

// get returns a snapshot for an audience. One reads at a time; who waits
// meanwhile gets what it read.
func (s *snapshots) get(ctx context.Context, a audience) (*snapshotFrame, error) {
	b, err := s.base(ctx)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.byAu[a]; f != nil {
		return f, nil
	}
	calls, err := a.callsOf(b.calls)
	if err != nil {
		return nil, err
	}
	f := &snapshotFrame{place: b.place, parts: [][]byte{frameHead("snapshot", b.id, 0), b.rest, append(append([]byte(`,"calls":`), calls...), "}\n\n"...)}}
	b.byAu[a] = f
	return f, nil
}

func (s *snapshots) base(ctx context.Context) (*snapshotBase, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.last; b != nil && time.Since(b.made) < snapshotAge { // the age of a thing in memory: no clock but this
		if _, _, known := s.hub.read(b.place, 1); known { // the journal was not rewound meanwhile
			return b, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	b := &snapshotBase{made: time.Now(), byAu: map[audience]*snapshotFrame{}}
	b.place, b.id, _ = s.hub.end() // before the floor is read: changes may be told again, never missed
	snap, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	b.calls, snap.Calls = snap.Calls, nil
	type other wire.Snapshot
	raw, err := json.Marshal(struct {
		other
		Calls *int `json:"calls,omitempty"`
	}{other: other(snap)})
	if err != nil {
		return nil, err
	}
	b.rest = raw[:len(raw)-1]
	s.last = b
	return b, nil
}

// gate lets a bounded number in at once, and one of each name.
type gate struct {
	most int

	mu sync.Mutex
	in map[string]bool // guarded by mu
}

func newGate(most int) *gate { return &gate{most: most, in: map[string]bool{}} }

func (g *gate) enter(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in[name] || len(g.in) >= g.most {
		return false
	}
	g.in[name] = true
	return true
}

func (g *gate) leave(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.in, name)
}
