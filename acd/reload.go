package acd

import (
	"context"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// Reload puts other definitions in force; it fails only when they are not
// valid, and then changes nothing. Calls go on:
// a changed agent takes new places at once; one whose definition is gone or
// whose phone changed is logged out, after the current call if there is one; a
// queue that is gone takes no new calls, and those in it are still served.
func (s *Service) Reload(ctx context.Context, defs Definitions) error {
	if err := defs.Validate(); err != nil {
		return err
	}
	s.reload.Lock()
	defer s.reload.Unlock()
	s.directory.Store(newDirectory(defs, s.directory.Load(), s.cfg.OfferGrace))
	if err := s.reconcile(ctx); err != nil {
		// The definitions are in force; the agents' places follow when the store answers.
		s.log.WarnContext(ctx, "agents keep their places until the store answers", "error", err)
		s.stale.Store(true)
		s.alarm.by(s.now().Add(storeRetry))
	}
	return nil
}

// reconcile brings every stored agent in line with the definitions. What was
// in force before is read from the records, so it also holds after a restart.
func (s *Service) reconcile(ctx context.Context) error {
	rec, err := s.store.Read(ctx)
	if err != nil {
		return err
	}
	dir := s.directory.Load()
	for id, a := range rec.Agents {
		station, defined := dir.stations[id]
		moved := a.Endpoint != "" && defined && (a.Endpoint != station.Endpoint || a.PBX != station.PBX)
		switch {
		case !defined || moved:
			err = s.store.Retire(ctx, s.now(), id, a.PBX, a.places(), ReasonRemoved)
		case a.Print != station.Print:
			var o *OfferRecord
			o, err = s.store.Index(ctx, s.now(), station, a.places(), newUnique())
			s.announce(o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// places are where the record says the agent stands.
func (a AgentRecord) places() []QueueAt {
	if a.Queues == "" {
		return nil
	}
	var out []QueueAt
	for q := range strings.SplitSeq(a.Queues, ",") {
		out = append(out, QueueAt{Queue: q, PBX: a.PBX})
	}
	return out
}

// eligible tells whether a call may be offered to an agent; the store's scripts have the same rule.
func (a AgentRecord) eligible() bool {
	return a.State == StateAvailable && a.Rest == 0 &&
		(a.Device == orchestrator.DeviceFree || a.Device == orchestrator.DeviceUnknown)
}
