package acd

import (
	"context"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Pauses before a store that is away is followed again.
const (
	deskRetryMin = 20 * time.Millisecond
	deskRetryMax = time.Second
)

// Desk implements orchestrator.Distributor. It returns when ctx ends, with
// ctx's error. tell is called by one goroutine; it must not wait for a call of
// this Service.
func (s *Service) Desk(ctx context.Context, pbx string, tell func(orchestrator.DeskNotice)) error {
	wait := deskRetryMin
	for {
		began := time.Now()
		err := s.tellDeserted(ctx, pbx, tell)
		if err == nil {
			err = s.store.Follow(ctx, pbx, func(n DeskNews) {
				switch {
				case n.Empty.Queue != "":
					if gone, err := s.deserted(ctx, n.Empty.Queue, pbx); gone && err == nil { // else the sweeper will see it
						tell(orchestrator.DeskNotice{Deserted: n.Empty.Queue})
					}
					return
				case n.Why == "":
					s.matched(&n.Offer)
				}
				tell(orchestrator.DeskNotice{Offer: n.Offer.Offer, Withdrawn: n.Why})
			})
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(began) > deskRetryMax {
			wait = deskRetryMin
		}
		if wait == deskRetryMin {
			s.log.WarnContext(ctx, "offers cannot be followed; those that stand are told again when the store answers", "pbx", pbx, "error", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		wait = min(2*wait, deskRetryMax)
	}
}

// deserted tells whether a queue lets the callers of a PBX go when nobody is logged in,
// and nobody is.
func (s *Service) deserted(ctx context.Context, queue, pbx string) (bool, error) {
	dir := s.directory.Load()
	if q, _ := dir.queue(queue); !q.LeaveWhenEmpty {
		return false, nil
	}
	staffed, err := s.store.Staffed(ctx, dir.at(queue, pbx))
	return !staffed, err
}

// allDeserted lists the queues of which that holds, for the callers of a PBX.
func (s *Service) allDeserted(ctx context.Context, pbx string) (out []string, err error) {
	for id := range s.directory.Load().everyQueue {
		gone, err := s.deserted(ctx, id, pbx)
		if err != nil {
			return nil, err
		}
		if gone {
			out = append(out, id)
		}
	}
	return out, nil
}

func (s *Service) tellDeserted(ctx context.Context, pbx string, tell func(orchestrator.DeskNotice)) error {
	list, err := s.allDeserted(ctx, pbx)
	for _, queue := range list {
		tell(orchestrator.DeskNotice{Deserted: queue})
	}
	return err
}

// Holding implements orchestrator.Distributor.
func (s *Service) Holding(ctx context.Context, pbx string) (orchestrator.Holding, error) {
	out := orchestrator.Holding{Waiting: map[string]int{}}
	offers := map[string]bool{}
	err := s.store.EachOffer(ctx, func(id string, o OfferRecord) error {
		if o.PBX == pbx && !offers[id] {
			offers[id] = true
			out.Offers = append(out.Offers, o.Offer)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	err = s.store.EachCall(ctx, func(id string, c CallRecord) error {
		if c.PBX == pbx {
			out.Waiting[id] = c.Visit
		}
		return nil
	})
	if err == nil {
		out.Deserted, err = s.allDeserted(ctx, pbx)
	}
	return out, err
}
