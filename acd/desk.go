package acd

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Pauses before a store that is away is followed again.
const (
	deskRetryMin = 20 * time.Millisecond
	deskRetryMax = time.Second
)

// Desk implements orchestrator.Distributor. It returns when ctx ends, with
// ctx's error. tell is called by one goroutine at a time; it must not wait for a call of
// this Service.
func (s *Service) Desk(ctx context.Context, pbx string, tell func(orchestrator.DeskNotice)) error {
	var one sync.Mutex
	told := func(n orchestrator.DeskNotice) {
		one.Lock()
		defer one.Unlock()
		tell(n)
	}
	emptied := make(chan struct{}, 1)
	var others sync.WaitGroup
	defer others.Wait()
	others.Go(func() { s.tellDeserted(ctx, pbx, emptied, told) })
	wait := deskRetryMin
	for {
		began := time.Now()
		signal(emptied) // whatever was told meanwhile is unknown
		err := s.store.Follow(ctx, pbx, func(n DeskNews) {
			switch {
			case n.Empty.Queue != "":
				if q, _ := s.directory.Load().queue(n.Empty.Queue); q.LeaveWhenEmpty {
					signal(emptied)
				}
				return
			case n.Why == "":
				s.matched(&n.Offer)
			}
			told(orchestrator.DeskNotice{Offer: n.Offer.Offer, Withdrawn: n.Why})
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

// tellDeserted tells, whenever a queue may have become empty, which ones let their
// callers go. It waits until the agents are in line with the definitions; offers do not
// wait with it.
func (s *Service) tellDeserted(ctx context.Context, pbx string, emptied chan struct{}, tell func(orchestrator.DeskNotice)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-emptied:
		}
		list, err := s.allDeserted(ctx, pbx)
		if err != nil {
			s.log.DebugContext(ctx, "the sweeper is left to see which queues are empty", "pbx", pbx, "error", err)
		}
		for _, queue := range list {
			tell(orchestrator.DeskNotice{Deserted: queue})
		}
	}
}

// allDeserted lists the queues that let the callers of a PBX go when nobody is logged in,
// and to which nobody is. While agents may be where other definitions have them nobody can
// tell: a reload that comes between is waited for, and with definitions that are not those
// in force there are none.
func (s *Service) allDeserted(ctx context.Context, pbx string) (out []string, err error) {
	for {
		dir := s.directory.Load() // before: one that comes later is seen below
		if err := s.align(ctx); err != nil {
			return nil, err
		}
		if err := s.current(ctx); err != nil && !errors.Is(err, errBehind) {
			return nil, err
		}
		if s.directory.Load() != dir {
			continue
		}
		for id, q := range dir.everyQueue {
			if !q.LeaveWhenEmpty {
				continue
			}
			gone, err := s.store.Deserted(ctx, dir.at(id, pbx), dir.print)
			if err != nil {
				return nil, err
			}
			if gone {
				out = append(out, id)
			}
		}
		if len(out) == 0 || s.directory.Load() == dir {
			return out, nil
		}
		out = nil
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
	if err == nil {
		out.Deserted, err = s.allDeserted(ctx, pbx)
	}
	return out, err
}
