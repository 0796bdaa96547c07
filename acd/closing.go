package acd

import (
	"cmp"
	"context"
	"maps"

	"github.com/operadora/operadora/orchestrator/fault"
)

// forgetClosed forgets the queues whose definition is gone, in which nobody waits any more and
// of which no conversation is.
func (s *Service) forgetClosed(ctx context.Context) error {
	if len(s.directory.Load().closing) == 0 {
		return nil
	}
	if err := s.reload.Take(ctx); err != nil {
		return fault.E("acd.forgetClosed", fault.Unavailable, err)
	}
	defer s.reload.Free()
	dir := s.directory.Load()
	used, err := s.inUse(ctx)
	if err != nil {
		return err
	}
	before := *dir
	before.closing = maps.Clone(dir.closing)
	maps.DeleteFunc(before.closing, func(id string, _ Queue) bool { return !used[id] })
	if len(before.closing) == len(dir.closing) {
		return nil
	}
	s.directory.Store(newDirectory(dir.defs, &before, dir.grace))
	err = s.reconcile(ctx)
	s.stale.Store(err != nil)
	return err
}

// inUse are the queues in which somebody waits or of which a conversation is. Offers are
// looked at first: a call whose conversation comes to nothing waits again.
func (s *Service) inUse(ctx context.Context) (map[string]bool, error) {
	used := map[string]bool{}
	err := s.store.EachOffer(ctx, func(_ string, o OfferRecord) error {
		used[cmp.Or(o.Of, o.Queue)] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	counts, err := s.store.Counts(ctx)
	for at := range counts.Inside {
		used[at.Queue] = true
	}
	return used, err
}
