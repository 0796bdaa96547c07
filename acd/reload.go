package acd

import (
	"context"
	"errors"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Reload puts other definitions in force. It fails only when they are not
// valid, and then changes nothing. Calls go on:
// a changed agent takes new places at once, and so do those who wait; one whose definition is gone or
// whose phone changed is logged out, after the current call if there is one; a
// queue that is gone takes no new calls, and those in it are still served.
func (s *Service) Reload(ctx context.Context, defs Definitions) error {
	if err := defs.Validate(); err != nil {
		return err
	}
	if err := s.reload.Take(ctx); err != nil {
		return fault.E("acd.Reload", fault.Unavailable, err)
	}
	defer s.reload.Free()
	dir := newDirectory(defs, s.directory.Load().inForce(), s.cfg.OfferGrace)
	s.directory.Store(dir)
	err := s.reconcile(ctx)
	s.stale.Store(err != nil)
	s.Wake() // a queue may relax by expected waits now
	if err != nil {
		// The definitions are in force; the agents' places follow when the store answers.
		s.log.WarnContext(ctx, "agents keep their places until the store answers", "error", err)
		s.alarm.by(s.now().Add(storeRetry))
	}
	return nil
}

// errBehind means that other definitions are in force than this process has, and that it cannot tell which.
var errBehind = errors.New("other definitions are in force than this process has")

// current waits for a reload that is under way, and has this process go by what is in force for all.
func (s *Service) current(ctx context.Context) error {
	const op = "acd.current"
	if err := s.reload.Take(ctx); err != nil {
		return fault.E(op, fault.Unavailable, err)
	}
	defer s.reload.Free()
	dir := s.directory.Load()
	f, print, err := s.store.InForce(ctx, dir.print)
	switch {
	case err != nil || print == dir.print:
		return err
	case f != nil && f.print() == print && !dir.defs.Since.After(f.Definitions.Since):
		s.adopt(ctx, dir, f)
		return nil
	}
	// The store has forgotten what was put in force last, or keeps what another version of operadora does.
	inForce, err := s.store.Enforce(ctx, dir.print, dir.inForce())
	if err == nil && !inForce {
		err = fault.E(op, fault.Unavailable, errBehind)
	}
	return err
}

// adopt has this process go by what another has put in force.
func (s *Service) adopt(ctx context.Context, dir *directory, f *InForce) *directory {
	s.log.InfoContext(ctx, "agents and calls go by definitions that another process has put in force", "since", f.Definitions.Since)
	dir = dir.adopting(f)
	s.directory.Store(dir)
	return dir
}

// reconcile brings every stored agent, and every call in a queue, in line with the
// definitions. What was in force before is read from the store, so it also holds after a
// restart. Where later ones have been put in force, all go by those.
func (s *Service) reconcile(ctx context.Context) error {
	f, print, err := s.store.InForce(ctx, "")
	if err != nil {
		return err
	}
	dir := s.directory.Load()
	switch {
	case f == nil:
	case f.print() == print && f.Definitions.Since.After(dir.defs.Since):
		dir = s.adopt(ctx, dir, f)
	default:
		dir = newDirectory(dir.defs, f, dir.grace)
		s.directory.Store(dir)
	}
	return s.bring(ctx, dir)
}

// bring brings all in line with a directory, unless later definitions are put in force meanwhile.
func (s *Service) bring(ctx context.Context, dir *directory) error {
	inForce, err := s.store.Enforce(ctx, dir.print, dir.inForce())
	if err != nil || !inForce {
		return err
	}
	err = s.store.EachAgent(ctx, func(id string, a AgentRecord) error {
		station, defined := dir.stations[id]
		moved := a.Endpoint != "" && defined && (a.Endpoint != station.Endpoint || a.PBX != station.PBX)
		if !defined || moved {
			return s.store.Retire(ctx, s.now(), dir.print, id, ReasonRemoved)
		}
		if a.Print != station.Print {
			o, err := s.store.Index(ctx, s.now(), dir.print, station, newUnique())
			if s.matched(o); err != nil {
				return err
			}
		}
		if a.State != StatePaused && a.Next != OnPauseDue {
			return nil
		}
		_, _, err := s.wakeAgent(ctx, Deadline{ID: id, Kind: DuePause}) // a day, or a reason, may allow other things
		return err
	})
	if err != nil {
		return err
	}
	return s.store.EachCall(ctx, func(id string, c CallRecord) error {
		_, err := s.place(ctx, dir, id, c, true)
		return err
	})
}

// eligible tells whether a call may be offered to an agent; the store's scripts have the same rule.
func (a AgentRecord) eligible() bool {
	return a.State == StateAvailable && a.Rest == 0 &&
		(a.Device == orchestrator.DeviceFree || a.Device == orchestrator.DeviceUnknown)
}
