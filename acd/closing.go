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
	switch inForce, err := s.store.InForce(ctx); {
	case err != nil:
		return err
	case inForce != "" && inForce != dir.print: // another process has put others in force: agents stay by those
		return nil
	}
	used, err := s.store.Used(ctx, slices.Collect(maps.Keys(dir.closing)))
	if err != nil || len(used) == len(dir.closing) {
		return err
	}
	before := *dir
	before.closing = maps.Clone(dir.closing)
	maps.DeleteFunc(before.closing, func(id string, _ Queue) bool { return !slices.Contains(used, id) })
	s.directory.Store(newDirectory(dir.defs, &before, dir.grace))
	err = s.reconcile(ctx)
	s.stale.Store(err != nil)
	return err
}
