package redisstore

import (
	"context"
	"strings"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// EachAgent calls fn for every agent on record.
func (s *Store) EachAgent(ctx context.Context, fn func(string, acd.AgentRecord) error) error {
	return each(ctx, s, s.keys.agents(), fn)
}

// EachCall calls fn for every queued call.
func (s *Store) EachCall(ctx context.Context, fn func(string, acd.CallRecord) error) error {
	return each(ctx, s, s.keys.calls(), fn)
}

// EachOffer calls fn for every offer in force.
func (s *Store) EachOffer(ctx context.Context, fn func(string, acd.OfferRecord) error) error {
	return each(ctx, s, s.keys.offers(), fn)
}

// each reads a hash of records in pages. What cannot be read is set aside.
func each[T any](ctx context.Context, s *Store, key string, fn func(string, T) error) error {
	const op = "acd/redisstore.Each"
	for cursor := uint64(0); ; {
		page, next, err := s.rdb.HScan(ctx, key, cursor, "", pageSize).Result()
		if err != nil {
			return redisstore.Classify(op, err)
		}
		for i := 0; i+1 < len(page); i += 2 {
			var v T
			if decode(page[i+1], &v) != nil {
				err = s.aside(ctx, op, key, page[i], page[i+1])
			} else {
				err = fn(page[i], v)
			}
			if err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// EachPlace calls fn for every member of the sets of a PBX's calls, of the waiting sets of
// some queues and of every lane in which somebody waits.
func (s *Store) EachPlace(ctx context.Context, pbx string, queues []acd.QueueAt, fn func(acd.Place) error) error {
	lanes, err := s.rdb.ZRange(ctx, s.keys.lanes(), 0, -1).Result()
	if err != nil {
		return redisstore.Classify("acd/redisstore.EachPlace", err)
	}
	full, err := s.rdb.ZRange(ctx, s.keys.insides(), 0, -1).Result()
	if err != nil {
		return redisstore.Classify("acd/redisstore.EachPlace", err)
	}
	all := map[acd.QueueAt]bool{}
	for _, q := range queues {
		all[q] = true
	}
	for _, f := range full {
		all[queueAt(f)] = true
	}
	for _, set := range []string{s.keys.present(pbx), s.keys.stranded(pbx)} {
		if err := s.eachMember(ctx, set, fn); err != nil {
			return err
		}
	}
	for q := range all {
		for _, set := range []string{s.keys.waiting(q), s.keys.inside(q), s.keys.callbacks(q), s.keys.astray(q)} {
			if err := s.eachMember(ctx, set, fn); err != nil {
				return err
			}
		}
		if err := fn(acd.Place{Set: strings.TrimPrefix(s.keys.inside(q), s.keys.prefix)}); err != nil {
			return err
		}
	}
	for _, lane := range lanes {
		set := s.keys.lane(lane)
		if err := s.eachMember(ctx, set, fn); err != nil {
			return err
		}
		if err := fn(acd.Place{Set: strings.TrimPrefix(set, s.keys.prefix)}); err != nil { // it may be noted, and empty
			return err
		}
	}
	return nil
}

// eachMember calls fn for every member of one of those sets, page by page.
func (s *Store) eachMember(ctx context.Context, set string, fn func(acd.Place) error) error {
	for cursor := uint64(0); ; {
		page, next, err := s.rdb.ZScan(ctx, set, cursor, "", pageSize).Result()
		if err != nil {
			return redisstore.Classify("acd/redisstore.EachPlace", err)
		}
		for i := 0; i+1 < len(page); i += 2 {
			if err := fn(acd.Place{Set: strings.TrimPrefix(set, s.keys.prefix), Call: page[i]}); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// brokenKept is how long a record that cannot be read is kept for whoever tells of it.
const brokenKept = 7 * 24 * time.Hour

// aside moves a record that cannot be read out of everybody's way.
func (s *Store) aside(ctx context.Context, op, key, id, text string) error {
	name := strings.TrimPrefix(key, s.keys.prefix) + " " + id
	_, err := s.runBool(ctx, op, recordAside, []string{key, s.keys.broken(), s.keys.was()}, id, text, name, int(brokenKept.Seconds()))
	return err
}

// Broken hands out, once, a page of the records that could not be read.
func (s *Store) Broken(ctx context.Context) ([]acd.BrokenRecord, error) {
	const op = "acd/redisstore.Broken"
	page, _, err := s.rdb.HScan(ctx, s.keys.broken(), 0, "", pageSize).Result()
	if err != nil {
		return nil, redisstore.Classify(op, err)
	}
	var out []acd.BrokenRecord
	for i := 0; i+1 < len(page); i += 2 {
		n, err := s.rdb.HDel(ctx, s.keys.broken(), page[i]).Result()
		if err != nil {
			return out, redisstore.Classify(op, err)
		}
		if n == 1 { // else another process tells of it
			out = append(out, acd.BrokenRecord{Name: page[i], Text: page[i+1]})
		}
	}
	return out, nil
}
