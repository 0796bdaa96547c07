package redisstore

import (
	"context"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// Change carries an agent's wish out, remembers it or refuses it.
func (s *Store) Change(ctx context.Context, now time.Time, c acd.ChangeOrder) (acd.ChangeResult, error) {
	r, err := s.run(ctx, "acd/redisstore.Change", agentChange, s.seatKeys(c.Seat.PBX, c.Seat),
		ms(now), c.Seat.Agent, string(c.Trigger), c.Reason, c.By, c.Seat.JSON(), c.OfferID)
	return changeResult(r, err)
}

// Dispose gives a disposition to the agent's current or last call.
func (s *Store) Dispose(ctx context.Context, now time.Time, d acd.DisposeOrder) (acd.ChangeResult, error) {
	r, err := s.run(ctx, "acd/redisstore.Dispose", agentDispose, s.seatKeys(d.Seat.PBX, d.Seat),
		ms(now), d.Seat.Agent, encode(d.ByQueue), d.By, d.Seat.JSON(), d.OfferID)
	return changeResult(r, err)
}

func changeResult(r reply, err error) (acd.ChangeResult, error) {
	if err != nil {
		return acd.ChangeResult{}, err
	}
	offer, err := r.offer(2)
	return acd.ChangeResult{Result: acd.ChangeOutcome(r.text(0)), State: acd.State(r.text(1)), Offer: offer}, err
}

// Device stores what the PBX says of the agent's phone.
func (s *Store) Device(ctx context.Context, now time.Time, seat *acd.Seat, state orchestrator.DeviceState, offerID string) (*acd.OfferRecord, error) {
	r, err := s.run(ctx, "acd/redisstore.Device", agentDevice, s.seatKeys(seat.PBX, seat),
		ms(now), seat.Agent, string(state), seat.JSON(), offerID)
	if err != nil {
		return nil, err
	}
	return r.offer(1)
}

// Wake ends a wrap-up or a rest that is over.
func (s *Store) Wake(ctx context.Context, now time.Time, seat *acd.Seat, d acd.Deadline, offerID string) (bool, *acd.OfferRecord, error) {
	r, err := s.run(ctx, "acd/redisstore.Wake", agentWake, s.seatKeys(d.PBX, seat),
		ms(now), seat.Agent, string(d.Kind), seat.JSON(), offerID)
	if err != nil {
		return false, nil, err
	}
	offer, err := r.offer(1)
	return r.number(0) == 1, offer, err
}

// Index brings an agent's places in line with a changed seat.
func (s *Store) Index(ctx context.Context, now time.Time, seat *acd.Seat, before []acd.QueueAt, offerID string) (*acd.OfferRecord, error) {
	r, err := s.run(ctx, "acd/redisstore.Index", agentIndex, s.seatKeys(seat.PBX, seat, before...),
		ms(now), seat.Agent, seat.JSON(), offerID)
	if err != nil {
		return nil, err
	}
	return r.offer(1)
}

// Retire logs an agent out whose definition is gone or whose phone changed.
func (s *Store) Retire(ctx context.Context, now time.Time, agent, pbx string, before []acd.QueueAt, why string) error {
	err := agentRetire.Run(ctx, s.rdb, s.base(pbx, before...), ms(now), agent, why).Err()
	if err != nil {
		return redisstore.Classify("acd/redisstore.Retire", err)
	}
	return nil
}
