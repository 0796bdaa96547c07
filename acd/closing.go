package acd

import (
	"context"
	"maps"
	"slices"

	"github.com/operadora/operadora/orchestrator/fault"
)

// forgetClosed forgets the queues whose definition is gone and to which nobody belongs any more.
func (s *Service) forgetClosed(ctx context.Context) error {
	if len(s.directory.Load().closing) == 0 {
		return nil
	}
	if err := s.reload.Take(ctx); err != nil {
		return fault.E("acd.forgetClosed", fault.Unavailable, err)
	}
	defer s.reload.Free()
	dir := s.directory.Load()
	used, err := s.needed(ctx, dir)
	if err != nil || len(used) == len(dir.closing) {
		return err
	}
	left := *dir.inForce()
	left.Closing = maps.Clone(dir.closing)
	maps.DeleteFunc(left.Closing, func(id string, _ ClosingQueue) bool { return !slices.Contains(used, id) })
	dir = newDirectory(dir.defs, &left, dir.grace)
	s.directory.Store(dir)
	err = s.bring(ctx, dir)
	s.stale.Store(err != nil)
	return err
}

// needed are the queues without a definition to which somebody belongs, or a customer who is yet to be
// called back: that is looked at last, for it may be who has left just now.
func (s *Service) needed(ctx context.Context, dir *directory) ([]string, error) {
	needed, err := s.store.Used(ctx, slices.Collect(maps.Keys(dir.closing)))
	if err != nil {
		return nil, err
	}
	promised, err := s.promised(ctx)
	for _, q := range promised {
		if _, closing := dir.closing[q]; closing && !slices.Contains(needed, q) {
			needed = append(needed, q)
		}
	}
	return needed, err
}
