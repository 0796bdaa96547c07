package redisstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

const (
	deskCount = 256         // entries for one round trip
	deskBlock = time.Second // one wait; also how late a stream that went back is noticed
	deskGrace = 2 * time.Second
)

var (
	errBegun  = errors.New("the connection was lost; what was told meanwhile is unknown")
	errWentBy = errors.New("the stream no longer is the one that was read")
)

// Follow tells what the stream of a PBX says. It reads on one connection of its
// own, so that waiting takes none from the pool, and ends with that connection:
// after a failover the stream may have lost what was read, or not have what is
// to come, and only who begins anew, with the offers that stand, misses nothing.
func (s *Store) Follow(ctx context.Context, pbx string, tell func(acd.DeskNews)) error {
	const op = "acd/redisstore.Follow"
	f := &follower{s: s, pbx: pbx, key: s.keys.desk(pbx), tell: tell, told: map[string]bool{}}
	var err error
	if f.line, err = s.line(ctx, f.key); err != nil {
		return redisstore.Classify(op, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = f.line.Close() }) // a wait ends with its connection
	defer func() {
		if stop() {
			_ = f.line.Close()
		}
	}()
	if f.at, err = f.last(ctx); err != nil {
		return redisstore.Classify(op, err)
	}
	if err := f.standing(ctx); err != nil {
		return err
	}
	for {
		if err := f.next(ctx); err != nil {
			return redisstore.Classify(op, err)
		}
	}
}

// line returns a client with a single connection to the node that holds a key.
// When the connection is lost the client does not make another.
func (s *Store) line(ctx context.Context, key string) (*redis.Client, error) {
	var node *redis.Client
	switch c := s.rdb.(type) {
	case *redis.Client:
		node = c
	case *redis.ClusterClient:
		var err error
		if node, err = c.MasterForKey(ctx, key); err != nil {
			return nil, err
		}
	default:
		return nil, fault.New("acd/redisstore.line", fault.Internal, "no connection of its own can be made with a %T", c)
	}
	o := *node.Options()
	o.PoolSize, o.MinIdleConns, o.MaxRetries, o.ContextTimeoutEnabled = 1, 0, -1, true
	o.ConnMaxIdleTime, o.ConnMaxLifetime = -1, 0
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	begun, before := new(atomic.Bool), o.OnConnect
	o.OnConnect = func(ctx context.Context, cn *redis.Conn) error {
		if begun.Swap(true) {
			return errBegun
		}
		if before != nil {
			return before(ctx, cn)
		}
		return nil
	}
	return redis.NewClient(&o), nil
}

// follower is a place in the stream of a PBX.
type follower struct {
	s    *Store
	line *redis.Client
	pbx  string
	key  string
	at   string          // id of the last entry read
	told map[string]bool // offers told because they stood, which the stream may tell again
	tell func(acd.DeskNews)
}

// last is the highest id that the stream ever gave.
func (f *follower) last(ctx context.Context) (string, error) {
	info, err := f.line.XInfoStream(ctx, f.key).Result()
	if redis.HasErrorPrefix(err, "no such key") {
		return "0-0", nil
	}
	if err != nil {
		return "", err
	}
	return info.LastGeneratedID, nil
}

// standing tells the unanswered offers.
func (f *follower) standing(ctx context.Context) error {
	return f.s.EachOffer(ctx, func(id string, o acd.OfferRecord) error {
		if o.PBX == f.pbx && !o.Answered && !f.told[id] {
			f.told[id] = true
			f.tell(acd.DeskNews{Offer: o})
		}
		return nil
	})
}

// next waits a moment for entries and tells them.
func (f *follower) next(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, deskBlock+deskGrace) // a Redis that never answers must not hold us
	defer cancel()
	streams, err := f.line.XRead(wait, &redis.XReadArgs{
		Streams: []string{f.key, f.at}, Count: deskCount, Block: deskBlock,
	}).Result()
	if errors.Is(err, redis.Nil) {
		clear(f.told)
		return f.check(ctx)
	}
	if err != nil || len(streams) == 0 {
		return err
	}
	batch := streams[0].Messages
	if err := f.tellAll(ctx, batch); err != nil {
		return err
	}
	f.at = batch[len(batch)-1].ID
	if len(batch) == deskCount { // far behind: what was to come may have been trimmed unread
		clear(f.told)
		return f.standing(ctx)
	}
	return nil
}

// check finds out whether the stream still reaches as far as the place.
func (f *follower) check(ctx context.Context) error {
	last, err := f.last(ctx)
	if err == nil && orchestrator.CompareEntryIDs(last, f.at) < 0 {
		return errWentBy
	}
	return err
}

// tellAll tells a batch. An offer is told as the store has it now: one that is
// over by then, or answered, is nobody's business any more.
func (f *follower) tellAll(ctx context.Context, batch []redis.XMessage) error {
	var ids []string
	for _, m := range batch {
		if id := text(m, "made"); id != "" {
			ids = append(ids, id)
		}
	}
	offers, err := f.s.offers(ctx, ids)
	if err != nil {
		return err
	}
	for _, m := range batch {
		if empty := text(m, "empty"); empty != "" {
			f.tell(acd.DeskNews{Empty: queueAt(empty)})
			continue
		}
		if gone := text(m, "gone"); gone != "" {
			var o acd.OfferRecord
			if decode(gone, &o) == nil {
				f.tell(acd.DeskNews{Offer: o, Why: orchestrator.OfferFailure(text(m, "why"))})
			}
			continue
		}
		id := text(m, "made")
		if o, ok := offers[id]; ok && !o.Answered && !f.told[id] {
			f.tell(acd.DeskNews{Offer: o})
		}
	}
	return nil
}

// offers reads the offers in force among ids.
func (s *Store) offers(ctx context.Context, ids []string) (map[string]acd.OfferRecord, error) {
	out := make(map[string]acd.OfferRecord, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	values, err := s.rdb.HMGet(ctx, s.keys.offers(), ids...).Result()
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		var o acd.OfferRecord
		if text, ok := v.(string); ok && decode(text, &o) == nil {
			out[ids[i]] = o
		}
	}
	return out, nil
}

func text(m redis.XMessage, field string) string {
	s, _ := m.Values[field].(string)
	return s
}
