package acd

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// PresenceStore is the part of Store about PBXs that nobody can command. Their calls
// keep their places, and no agent finds them. What is told of a PBX counts as far
// as nothing was told under a later lease.
type PresenceStore interface {
	// Strand notes that a PBX is away, and takes at most so many of its calls out of agents'
	// reach: those that are left are for the next step. Who is rung for one is free again.
	Strand(ctx context.Context, now time.Time, l orchestrator.Lease, most int, offerID string) (Presence, error)
	// Stranded lists the calls of a PBX that are out of agents' reach, in the order of service.
	Stranded(ctx context.Context, pbx string) ([]string, error)
	// IsAway tells whether a PBX is away, as was told last.
	IsAway(ctx context.Context, pbx string) (bool, error)
	// PutBack notes that a PBX is there, and gives some such calls their places back.
	PutBack(ctx context.Context, now time.Time, l orchestrator.Lease, calls []string, offerID string) (Presence, error)
}

// Presence is what came of telling whether a PBX is there.
type Presence struct {
	Fenced bool // a later owner of the PBX has told: nothing was changed
	Calls  int  // that were taken out, or put back
	New    bool // it was told otherwise before
}

// presencePage is how many calls are taken out of agents' reach, or put back, in one step.
const presencePage = 100

// Away implements orchestrator.Distributor.
func (s *Service) Away(ctx context.Context, l orchestrator.Lease) (int, error) {
	changed := 0
	for {
		p, err := s.store.Strand(ctx, s.now(), l, presencePage, newUnique())
		if err != nil || p.Fenced {
			return changed, err
		}
		changed += p.changes()
		if p.Calls < presencePage {
			s.Wake() // agents may have been matched anew
			return changed, s.endTalks(ctx, l.PBX)
		}
	}
}

// Back implements orchestrator.Distributor. That the PBX is there is noted first: from then
// on no call of it gets out of agents' reach any more.
func (s *Service) Back(ctx context.Context, l orchestrator.Lease, waits func(call string) bool) (int, error) {
	p, err := s.store.PutBack(ctx, s.now(), l, nil, newUnique())
	if err != nil || p.Fenced {
		return 0, err
	}
	calls, err := s.store.Stranded(ctx, l.PBX)
	if err != nil {
		return 0, err
	}
	changed := p.changes()
	defer s.Wake() // deadlines were set
	for page := range slices.Chunk(slices.DeleteFunc(calls, func(call string) bool { return !waits(call) }), presencePage) {
		if p, err = s.store.PutBack(ctx, s.now(), l, page, newUnique()); err != nil || p.Fenced {
			return changed, err
		}
		changed += p.changes()
	}
	return changed, nil
}

// endTalks ends the conversations with callers of a PBX that is away, of the agents who have hung up:
// who did so first is free first.
func (s *Service) endTalks(ctx context.Context, pbx string) error {
	onHook := map[string]int64{} // agent -> when their phone was told to be
	err := s.store.EachOffer(ctx, func(_ string, o OfferRecord) error {
		if o.PBX != pbx || !o.Answered {
			return nil
		}
		a, _, err := s.store.Agent(ctx, o.Agent)
		onHook[o.Agent] = a.DeviceAt
		return err
	})
	for _, agent := range slices.SortedFunc(maps.Keys(onHook), func(x, y string) int {
		return cmp.Or(cmp.Compare(onHook[x], onHook[y]), cmp.Compare(x, y))
	}) {
		err = errors.Join(err, s.hungUp(ctx, agent))
	}
	return err
}

// hungUp ends the conversation of an agent who talked with a caller of a PBX that is away, once
// the agent's own PBX has told that the phone is on hook: nobody else tells of its end.
func (s *Service) hungUp(ctx context.Context, agent string) error {
	a, stored, err := s.store.Agent(ctx, agent)
	if err != nil || !stored || a.State != StateTalking || a.Hearsay || a.Device != orchestrator.DeviceFree || a.DeviceAt < a.Since {
		return err
	}
	o, stands, err := s.store.Offer(ctx, a.Offer)
	if err != nil || !stands || !o.Answered || o.PBX == a.PBX {
		return err
	}
	if away, err := s.store.IsAway(ctx, o.PBX); err != nil || !away {
		return err
	}
	s.log.InfoContext(ctx, "the agent has hung up, and the caller's PBX is away: the conversation is over", "agent", agent, "call", o.Call, "pbx", o.PBX)
	return s.Finished(ctx, o.Offer, time.Duration(a.DeviceAt-a.Since)*time.Millisecond)
}

// changes counts what was otherwise before.
func (p Presence) changes() int {
	if p.New {
		return p.Calls + 1
	}
	return p.Calls
}
