// Package redisstore keeps the distributor's state in Redis: who waits, who
// serves, what is offered, what falls due. Each change is one Lua script
// (lua/) that checks first, changes after, matches in the same step and
// appends its journal entries.
//
// It implements acd.Store. It may be used from any goroutine. It never reads
// Redis' clock: the caller's travels in ARGV.
package redisstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// Store implements acd.Store.
type Store struct {
	rdb     redis.UniversalClient
	batch   *redisstore.Batcher
	keys    keys
	journal string
}

var _ acd.Store = (*Store)(nil)

// New returns the store of a tenant. It does not own the client.
func New(rdb redis.UniversalClient, tenant string) *Store {
	return &Store{rdb: rdb, batch: redisstore.NewBatcher(rdb), keys: keysOf(tenant), journal: redisstore.JournalKey(tenant)}
}

// base returns the keys of every script that changes agents or calls.
func (s *Store) base() []string {
	return []string{s.keys.agents(), s.keys.calls(), s.keys.offers(), s.journal, s.keys.paces()}
}

// run runs a script whose reply is a list.
func (s *Store) run(ctx context.Context, op string, script *redis.Script, keys []string, args ...any) (reply, error) {
	list, err := s.batch.Run(ctx, script, keys, args...).Slice()
	if err != nil {
		return nil, redisstore.Classify(op, err)
	}
	return reply(list), nil
}

// runBool runs a script that returns 1 or 0.
func (s *Store) runBool(ctx context.Context, op string, script *redis.Script, keys []string, args ...any) (bool, error) {
	n, err := s.batch.Run(ctx, script, keys, args...).Int64()
	if err != nil {
		return false, redisstore.Classify(op, err)
	}
	return n == 1, nil
}

// reply is a script's list.
type reply []any

func (r reply) text(i int) string {
	if i >= len(r) {
		return ""
	}
	s, _ := r[i].(string)
	return s
}

func (r reply) number(i int) int64 {
	if i >= len(r) {
		return 0
	}
	n, _ := r[i].(int64)
	return n
}

// offer decodes the offer at i; nil for ”.
func (r reply) offer(i int) (*acd.OfferRecord, error) {
	text := r.text(i)
	if text == "" {
		return nil, nil
	}
	var o acd.OfferRecord
	if err := decode(text, &o); err != nil {
		return nil, err
	}
	return &o, nil
}

func decode(text string, into any) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fault.New("acd/redisstore", fault.Internal, "stored value %.80q: %w", acd.HideCallers(text), err)
	}
	return nil
}

// encode is for values of acd, none of which can fail.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("acd/redisstore: encode %T: %v", v, err))
	}
	return string(b)
}

func ms(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func oneOrZero(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
