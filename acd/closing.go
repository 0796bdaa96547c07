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
	if err := s.closeOnly(ctx, dir, used); err != nil {
		return err
	}
	// A process that does not know yet that they are closing may have let somebody in meanwhile.
	back, err := s.needed(ctx, dir)
	if err != nil || !slices.ContainsFunc(back, func(q string) bool { return !slices.Contains(used, q) }) {
		return err
	}
	return s.closeOnly(ctx, dir, back)
}

// needed are the queues without a definition to which somebody belongs, or a customer who is yet to be called back.
func (s *Service) needed(ctx context.Context, dir *directory) ([]string, error) {
	promised, err := s.promised(ctx)
	if err != nil {
		return nil, err
	}
	needed, err := s.store.Used(ctx, slices.Collect(maps.Keys(dir.closing)))
	for _, q := range promised {
		if _, closing := dir.closing[q]; closing && !slices.Contains(needed, q) {
			needed = append(needed, q)
		}
	}
	return needed, err
}

// closeOnly brings all in line with a directory of which only some queues are closing.
func (s *Service) closeOnly(ctx context.Context, dir *directory, queues []string) error {
	before := *dir
	before.closing = maps.Clone(dir.closing)
	maps.DeleteFunc(before.closing, func(id string, _ Queue) bool { return !slices.Contains(queues, id) })
	s.directory.Store(newDirectory(dir.defs, &before, dir.grace))
	err := s.reconcile(ctx)
	s.stale.Store(err != nil)
	return err
}
