package redisstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// Strand takes some calls of a PBX that is away out of agents' reach.
func (s *Store) Strand(ctx context.Context, now time.Time, l orchestrator.Lease, most int, offerID string) (acd.Presence, error) {
	return s.presence(ctx, "acd/redisstore.Strand", pbxAway, ms(now), l.PBX, l.Epoch, most, offerID)
}

// PutBack gives some calls of a PBX that is there their places back.
func (s *Store) PutBack(ctx context.Context, now time.Time, l orchestrator.Lease, calls []string, offerID string) (acd.Presence, error) {
	return s.presence(ctx, "acd/redisstore.PutBack", pbxBack, ms(now), l.PBX, l.Epoch, encode(append([]string{}, calls...)), offerID)
}

func (s *Store) presence(ctx context.Context, op string, script *redis.Script, args ...any) (acd.Presence, error) {
	r, err := s.run(ctx, op, script, s.base(), args...)
	return acd.Presence{Fenced: err == nil && r.number(0) == 0, Calls: int(r.number(1)), New: r.number(2) == 1}, err
}

// IsAway tells whether a PBX is away.
func (s *Store) IsAway(ctx context.Context, pbx string) (bool, error) {
	told, err := s.rdb.HGet(ctx, s.keys.presence(), pbx).Result()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	_, since, _ := strings.Cut(told, " ")
	return since != "" && since != "0", redisstore.Classify("acd/redisstore.IsAway", err)
}

// Stranded lists the calls of a PBX that are out of agents' reach, in the order of service.
func (s *Store) Stranded(ctx context.Context, pbx string) ([]string, error) {
	calls, err := s.rdb.ZRange(ctx, s.keys.stranded(pbx), 0, -1).Result()
	return calls, redisstore.Classify("acd/redisstore.Stranded", err)
}
