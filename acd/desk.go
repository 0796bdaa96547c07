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
		err := s.store.Follow(ctx, pbx, func(o OfferRecord, why orchestrator.OfferFailure) {
			if why == "" {
				s.matched(&o)
			}
			tell(orchestrator.DeskNotice{Offer: o.Offer, Withdrawn: why})
		})
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
	return out, err
}
