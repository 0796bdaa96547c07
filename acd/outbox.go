package acd

import (
	"context"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// delivery is something to tell the desk.
type delivery struct {
	offer    orchestrator.Offer
	withdraw bool
	why      orchestrator.OfferFailure
}

// outbox holds what the desk is to be told, in order. It has no bound of its
// own: there is at most one offer per agent. It exists so that the desk is
// never called from within a call that the desk itself makes.
type outbox struct {
	mu     sync.Mutex
	list   []delivery // guarded by mu
	signal chan struct{}
}

func newOutbox() *outbox { return &outbox{signal: make(chan struct{}, 1)} }

func (o *outbox) put(d ...delivery) {
	o.mu.Lock()
	o.list = append(o.list, d...)
	o.mu.Unlock()
	select {
	case o.signal <- struct{}{}:
	default:
	}
}

func (o *outbox) take() []delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.list
	o.list = nil
	return list
}

func (o *outbox) run(ctx context.Context, deliver func(delivery)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.signal:
		}
		for _, d := range o.take() {
			deliver(d)
		}
	}
}

// undeliveredRest is how long an agent rests whose call the desk did not know
// although it lives: about what taking a PBX's calls up again lasts.
const undeliveredRest = time.Second

// deliver tells the desk. An offer whose call is not there is ended: a call
// that is gone leaves the queue, one that is still on record as live (its PBX
// is being taken up, here or elsewhere) keeps its place.
func (s *Service) deliver(ctx context.Context, desk orchestrator.OfferDesk, d delivery) {
	if d.withdraw {
		desk.Withdraw(d.offer, d.why)
		return
	}
	if desk.Offer(d.offer) {
		return
	}
	why := orchestrator.OfferCancelled
	if s.lives(ctx, d.offer.Call) {
		why = orchestrator.OfferError
	}
	s.log.InfoContext(ctx, "an offered call is not here", "call", d.offer.Call, "agent", d.offer.Agent, "why", why)
	if _, err := s.fail(ctx, d.offer, why, undeliveredRest); err != nil {
		s.log.WarnContext(ctx, "the offer stands until its deadline", "offer", d.offer.ID, "error", err)
	}
}

// lives tells whether a call is on record as live. When nobody can tell, it is:
// a dead call is found out at the next match, a live one must not lose its place.
func (s *Service) lives(ctx context.Context, call string) bool {
	if s.calls == nil {
		return false
	}
	c, err := s.calls.Call(ctx, call)
	if err != nil {
		return fault.KindOf(err) != fault.NotFound
	}
	return c.State != orchestrator.StateEnded
}
