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
	allow := ""
	if c.Allow != nil {
		allow = encode(c.Allow)
	}
	r, err := s.run(ctx, "acd/redisstore.Change", agentChange, s.base(),
		ms(now), c.Station.Agent, string(c.Trigger), c.Reason, c.By, c.Station.JSON(), c.OfferID, c.OnPhone.Milliseconds(), allow)
	return changeResult(r, err)
}

// Dispose gives a disposition to the agent's current or last call.
func (s *Store) Dispose(ctx context.Context, now time.Time, d acd.DisposeOrder) (acd.ChangeResult, error) {
	r, err := s.run(ctx, "acd/redisstore.Dispose", agentDispose, s.base(),
		ms(now), d.Station.Agent, encode(d.Means), d.By, d.Station.JSON(), d.OfferID, d.OnPhone.Milliseconds(), encode(d.Several), d.Notes)
	return changeResult(r, err)
}

// Extend makes the agent's wrap-up longer.
func (s *Store) Extend(ctx context.Context, now time.Time, e acd.ExtendOrder) (acd.ChangeResult, error) {
	r, err := s.run(ctx, "acd/redisstore.Extend", agentExtend, s.base(), ms(now), e.Station.Agent, e.Station.JSON(), e.By)
	return changeResult(r, err)
}

func changeResult(r reply, err error) (acd.ChangeResult, error) {
	if err != nil {
		return acd.ChangeResult{}, err
	}
	offer, err := r.offer(2)
	return acd.ChangeResult{Result: acd.ChangeOutcome(r.text(0)), State: acd.State(r.text(1)), Offer: offer, Over: acd.Over(r.text(3)), Which: int(r.number(4)) - 1, Queue: r.text(5)}, err
}

// TryPIN counts a PIN that somebody gave.
func (s *Store) TryPIN(ctx context.Context, now time.Time, t acd.PINTry) (acd.PINResult, error) {
	agent := s.keys.pin("agent:" + t.Agent)
	phone := agent
	if t.Endpoint != "" {
		phone = s.keys.pin("phone:" + t.Endpoint + "@" + t.PBX)
	}
	r, err := s.run(ctx, "acd/redisstore.TryPIN", agentPIN, []string{agent, phone}, ms(now), oneOrZero(t.Right),
		t.Free, t.Pause.Milliseconds(), t.Most.Milliseconds(), t.Memory.Milliseconds())
	if err != nil {
		return acd.PINResult{}, err
	}
	return acd.PINResult{Locked: time.Duration(r.number(0)) * time.Millisecond, Wrong: int(r.number(1))}, nil
}

// Device stores what the PBX says of the agent's phone.
func (s *Store) Device(ctx context.Context, now time.Time, station *acd.Station, state orchestrator.DeviceState, offerID string) (*acd.OfferRecord, error) {
	r, err := s.run(ctx, "acd/redisstore.Device", agentDevice, s.base(),
		ms(now), station.Agent, string(state), station.JSON(), offerID)
	if err != nil {
		return nil, err
	}
	return r.offer(1)
}

// Wake ends a wrap-up or a rest that is over, or looks anew at what the day allows of a pause.
func (s *Store) Wake(ctx context.Context, now time.Time, o acd.WakeOrder) (bool, *acd.OfferRecord, error) {
	r, err := s.run(ctx, "acd/redisstore.Wake", agentWake, s.base(), ms(now), o.Agent, string(o.Kind), o.OfferID, encode(o.Allow))
	if err != nil {
		return false, nil, err
	}
	offer, err := r.offer(1)
	return r.number(0) == 1, offer, err
}

// Index brings an agent's places in line with a changed station.
func (s *Store) Index(ctx context.Context, now time.Time, print string, station *acd.Station, offerID string) (*acd.OfferRecord, error) {
	r, err := s.run(ctx, "acd/redisstore.Index", agentIndex, s.base(),
		ms(now), station.Agent, station.JSON(), offerID, print)
	if err != nil {
		return nil, err
	}
	return r.offer(1)
}

// Retire logs an agent out whose definition is gone or whose phone changed.
func (s *Store) Retire(ctx context.Context, now time.Time, print, agent, why string) error {
	err := agentRetire.Run(ctx, s.rdb, s.base(), ms(now), agent, why, print).Err()
	if err != nil {
		return redisstore.Classify("acd/redisstore.Retire", err)
	}
	return nil
}
