package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// HealAgent frees an agent who is held by an offer that does not exist, and
// gives missing deadlines and places back.
func (s *Store) HealAgent(ctx context.Context, now time.Time, station *acd.Station, offerID string) (bool, *acd.OfferRecord, error) {
	r, err := s.run(ctx, "acd/redisstore.HealAgent", agentHeal, s.base(),
		ms(now), station.Agent, station.JSON(), offerID)
	return mended(r, err)
}

// HealCall gives a call that is neither waiting nor offered its place back, and
// one that is to go through other rings its new place.
func (s *Store) HealCall(ctx context.Context, now time.Time, o acd.PlaceOrder) (bool, *acd.OfferRecord, error) {
	args := func(anew bool) []any {
		return []any{ms(now), o.Call, encode(o.Record), oneOrZero(anew), o.OfferID, o.Print}
	}
	r, err := s.place(ctx, "acd/redisstore.HealCall", callHeal, o.Lanes, args(o.Anew), args(true)) // nobody found it while a table was lost
	return mended(r, err)
}

// HealPlace takes a member out of a set that is not its place.
func (s *Store) HealPlace(ctx context.Context, now time.Time, p acd.Place) (bool, error) {
	return s.runBool(ctx, "acd/redisstore.HealPlace", placeHeal, s.base(), ms(now), p.Set, p.Call)
}

func mended(r reply, err error) (bool, *acd.OfferRecord, error) {
	if err != nil {
		return false, nil, err
	}
	offer, err := r.offer(1)
	return r.number(0) == 1, offer, err
}

// HealOffer looks whether agent and call know of an offer, and sets its deadline if that is missing.
func (s *Store) HealOffer(ctx context.Context, now time.Time, offer string) (acd.OfferHealth, error) {
	text, err := offerHeal.Run(ctx, s.rdb, s.base(), ms(now), offer).Text()
	return acd.OfferHealth(text), redisstore.Classify("acd/redisstore.HealOffer", err)
}

// Enforce puts definitions in force, unless others are that were put in force later.
func (s *Store) Enforce(ctx context.Context, print string, f *acd.InForce) (bool, error) {
	at := "0"
	if since := f.Definitions.Since; !since.IsZero() {
		at = ms(since)
	}
	return s.runBool(ctx, "acd/redisstore.Enforce", defsPut, []string{s.keys.definitions()}, print, at, encode(f))
}

// InForce returns what is in force. What cannot be read, of another version of operadora, is not kept.
func (s *Store) InForce(ctx context.Context, than string) (*acd.InForce, string, error) {
	const op = "acd/redisstore.InForce"
	print, err := s.rdb.HGet(ctx, s.keys.definitions(), "print").Result()
	if errors.Is(err, redis.Nil) {
		return nil, "", nil
	}
	if err != nil || print == than {
		return nil, print, redisstore.Classify(op, err)
	}
	kept, err := s.rdb.HMGet(ctx, s.keys.definitions(), "print", "body").Result()
	if err != nil {
		return nil, "", redisstore.Classify(op, err)
	}
	print, _ = kept[0].(string)
	body, _ := kept[1].(string)
	var f acd.InForce
	if body == "" || decode(body, &f) != nil {
		return nil, print, nil
	}
	return &f, print, nil
}
