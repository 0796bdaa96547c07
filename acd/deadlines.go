package acd

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// alarm remembers the earliest moment at which something may be due.
type alarm struct {
	mu     sync.Mutex
	at     time.Time // zero is nothing; guarded by mu
	signal chan struct{}
}

func newAlarm() *alarm { return &alarm{signal: make(chan struct{}, 1)} }

// by asks for a look no later than t. Looking too early does no harm.
func (a *alarm) by(t time.Time) {
	a.mu.Lock()
	earlier := a.at.IsZero() || t.Before(a.at)
	if earlier {
		a.at = t
	}
	a.mu.Unlock()
	if earlier {
		a.ring()
	}
}

// ring has the moment looked at again.
func (a *alarm) ring() { signal(a.signal) }

// signal leaves word in a channel with room for one, once.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// next returns the moment asked for; ok is false when there is none.
func (a *alarm) next() (t time.Time, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at, !a.at.IsZero()
}

// clear forgets the moment, before a look.
func (a *alarm) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = time.Time{}
}

const (
	// claimLease is how long a claimed deadline is put off: longer than dealing
	// with one takes, short enough after a crash in between.
	claimLease = 5 * time.Second
	claimLimit = 100
	// beat is how often a process that may not be the only one looks for
	// deadlines that others set; its own are met to the millisecond.
	beat = time.Second
	// storeRetry is the pause before a store that is away is asked again.
	storeRetry = 500 * time.Millisecond
)

// watch brings the store in line with the definitions, then deals with what
// falls due. There is one timer, set to the earliest deadline.
func (s *Service) watch(ctx context.Context) {
	s.alarm.by(s.now())
	for {
		timer := time.NewTimer(s.untilAlarm())
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.alarm.signal:
			timer.Stop()
			continue
		case <-timer.C:
		}
		if at, ok := s.alarm.next(); s.drives == nil && (!ok || at.After(s.now())) {
			continue
		}
		s.alarm.clear()
		if err := s.look(ctx); err != nil {
			s.retry(ctx, err)
		}
	}
}

// look does what is due now. Trouble with one thing keeps nothing else from being done.
func (s *Service) look(ctx context.Context) error {
	s.easeDue()
	return errors.Join(s.align(ctx), s.Expire(ctx))
}

// align brings the agents in line with the definitions, if they may not be.
func (s *Service) align(ctx context.Context) error {
	if !s.stale.Load() {
		return nil
	}
	if err := s.reload.Take(ctx); err != nil {
		return fault.E("acd.align", fault.Unavailable, err)
	}
	defer s.reload.Free()
	if !s.stale.Load() {
		return nil
	}
	err := s.reconcile(ctx)
	s.stale.Store(err != nil)
	return err
}

// untilAlarm is the time to the alarm, far away when there is none.
func (s *Service) untilAlarm() time.Duration {
	left := 24 * time.Hour
	if s.drives != nil {
		left = beat
	}
	if at, ok := s.alarm.next(); ok {
		left = min(left, at.Sub(s.now()))
	}
	return max(0, left)
}

func (s *Service) retry(ctx context.Context, err error) {
	if ctx.Err() == nil {
		s.log.WarnContext(ctx, "deadlines cannot be looked at", "error", err, "retry_in", storeRetry)
	}
	s.alarm.by(s.now().Add(storeRetry))
}

// Expire deals with everything that is due on the PBXs driven from here, and waits for what is being
// dealt with. Start has it done in time; only who moves the clock by hand calls it.
func (s *Service) Expire(ctx context.Context) error {
	if err := s.expire.Take(ctx); err != nil {
		return fault.E("acd.Expire", fault.Unavailable, err)
	}
	defer s.expire.Free()
	var errs []error
	for _, pbx := range s.directory.Load().pbxs {
		if s.drives != nil && !s.drives(pbx) {
			continue // whoever drives it does; here, Wake comes with the connection
		}
		errs = append(errs, s.expireAt(ctx, pbx))
	}
	return errors.Join(errs...)
}

func (s *Service) expireAt(ctx context.Context, pbx string) error {
	for {
		due, next, err := s.store.Claim(ctx, s.now(), pbx, claimLease, claimLimit)
		if err != nil {
			return err
		}
		if !next.IsZero() {
			s.alarm.by(next)
		}
		for _, d := range due {
			done, err := s.due(ctx, d)
			if err == nil && !done {
				err = s.store.Drop(ctx, d)
			}
			if fault.KindOf(err) == fault.Unavailable && err != nil {
				return err // what was claimed comes up again after claimLease
			}
			if err != nil {
				s.log.ErrorContext(ctx, "a deadline cannot be dealt with", "pbx", pbx, "kind", d.Kind, "id", d.ID, "error", err)
			}
		}
		if len(due) < claimLimit {
			return nil
		}
	}
}

// due deals with one deadline; false when it fits nothing any more.
func (s *Service) due(ctx context.Context, d Deadline) (bool, error) {
	var done bool
	var o *OfferRecord
	var err error
	switch d.Kind {
	case DueOffer:
		return s.lapse(ctx, d.ID)
	case DueRing:
		done, o, err = s.store.Relax(ctx, s.now(), d.ID, newUnique())
	case DueWrap, DueRest, DuePause, DueLook:
		done, o, err = s.wakeAgent(ctx, d)
	}
	s.matched(o)
	return done, err
}

// wakeAgent has the store look at an agent of whom something is due.
func (s *Service) wakeAgent(ctx context.Context, d Deadline) (bool, *OfferRecord, error) {
	now := s.now()
	order := WakeOrder{Agent: d.ID, Kind: d.Kind, OfferID: newUnique()}
	if d.Kind == DuePause {
		order.Allow = s.directory.Load().allowances(now)
	}
	return s.store.Wake(ctx, now, order)
}

// lapseLate is how long after its deadline an offer must lapse for the agent not
// to be blamed: deadlines are met to the millisecond while the PBX is driven.
const lapseLate = 2 * time.Second

// lapse ends an offer that nobody ended in time. It counts as not answered.
func (s *Service) lapse(ctx context.Context, offer string) (bool, error) {
	o, ok, err := s.store.Offer(ctx, offer)
	if err != nil || !ok || o.Answered {
		return false, err
	}
	why := orchestrator.OfferNoAnswer
	if s.now().Sub(time.UnixMilli(o.Due)) > lapseLate {
		why = orchestrator.OfferError // nobody was connected to the phone's PBX meanwhile
	}
	res, err := s.fail(ctx, o.Offer, why, telling, unlessAnswered)
	if err != nil || !res.Failed {
		return false, err
	}
	s.log.WarnContext(ctx, "an offer lapsed", "offer", offer, "call", o.Call, "agent", o.Agent)
	return true, nil
}
