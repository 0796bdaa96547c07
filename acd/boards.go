package acd

import (
	"context"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Snapshot reads everything. The reading begins after the call, so it shows
// all that was done before, and is shared with those who ask meanwhile.
func (s *Service) Snapshot(ctx context.Context) (Snapshot, error) { return s.boards.get(ctx, 0) }

// Recent returns a Snapshot that may be as old as age: so many boards cost the
// store as much as one.
func (s *Service) Recent(ctx context.Context, age time.Duration) (Snapshot, error) {
	return s.boards.get(ctx, age)
}

// Agent returns one agent as it is now; NotFound when it is neither defined nor on record.
func (s *Service) Agent(ctx context.Context, id string) (AgentView, error) {
	rec, stored, err := s.store.Agent(ctx, id)
	if err != nil {
		return AgentView{}, err
	}
	dir := s.directory.Load()
	if _, defined := dir.agents[id]; !defined && !stored {
		return AgentView{}, fault.New("acd.Agent", fault.NotFound, "no agent %.60q", id)
	}
	return dir.agentView(id, rec), nil
}

// readBoards reads what Snapshot and Recent share.
func (s *Service) readBoards(ctx context.Context) (Snapshot, error) {
	now := s.now()
	rec, err := s.store.Read(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	s.tellUnreadable(ctx, rec.Unreadable)
	return s.directory.Load().view(rec, now), nil
}

// tellUnreadable logs each record that cannot be read once, until it can be
// again. Only the one who reads boards at the time calls it.
func (s *Service) tellUnreadable(ctx context.Context, list []UnreadableRecord) {
	before := s.unreadable
	s.unreadable = make(map[string]bool, len(list))
	for _, u := range list {
		name := string(u.Kind) + " " + u.ID
		s.unreadable[name] = true
		if !before[name] {
			s.log.ErrorContext(ctx, "a stored record cannot be read and is left out", "kind", u.Kind, "id", u.ID, "error", u.Err)
		}
	}
}
