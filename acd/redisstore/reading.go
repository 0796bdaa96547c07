package redisstore

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// Turn tells whether something is the caller's to do now.
func (s *Store) Turn(ctx context.Context, now time.Time, what string, every time.Duration) (bool, error) {
	return s.runBool(ctx, "acd/redisstore.Turn", turnTake, []string{s.keys.turns()}, what, ms(now), every.Milliseconds())
}

// Claim hands out what is due and puts it off.
func (s *Store) Claim(ctx context.Context, now time.Time, pbx string, lease time.Duration, limit int) ([]acd.Deadline, time.Time, error) {
	const op = "acd/redisstore.Claim"
	r, err := s.run(ctx, op, deadlineClaim, []string{s.keys.deadlines(pbx)}, ms(now), lease.Milliseconds(), limit)
	if err != nil {
		return nil, time.Time{}, err
	}
	claimed, err := strconv.ParseFloat(r.text(0), 64)
	if err != nil {
		return nil, time.Time{}, fault.E(op, fault.Internal, err)
	}
	var next time.Time
	if r.text(1) != "" {
		at, err := strconv.ParseFloat(r.text(1), 64)
		if err != nil {
			return nil, time.Time{}, fault.E(op, fault.Internal, err)
		}
		next = time.UnixMilli(int64(at))
	}
	var due []acd.Deadline
	for i := 2; i < len(r); i++ {
		kind, id, _ := strings.Cut(r.text(i), ":")
		due = append(due, acd.Deadline{PBX: pbx, Kind: acd.DeadlineKind(kind), ID: id, Claimed: claimed})
	}
	return due, next, nil
}

// Drop removes a claimed deadline, unless it was set anew.
func (s *Store) Drop(ctx context.Context, d acd.Deadline) error {
	_, err := s.runBool(ctx, "acd/redisstore.Drop", deadlineDrop, []string{s.keys.deadlines(d.PBX)},
		string(d.Kind)+":"+d.ID, strconv.FormatFloat(d.Claimed, 'f', -1, 64))
	return err
}

// pageSize bounds what one round trip of Read asks of Redis, which serves
// nobody else meanwhile: some 200 records, less than 0.2 ms. (Redis answers a
// hash of up to hash-max-listpack-entries small records, 128 or 512, whole.)
const pageSize = 200

// Read returns what is stored, page by page. It is for boards and for checks at
// the start, not for the way of a call: it takes a round trip per pageSize
// records, between which everything else goes on. So it shows no one moment:
//   - each record is as it was at some instant of the reading;
//   - what came or went meanwhile may be there or not;
//   - two records may contradict each other: a call may have an offer that is
//     over, an agent may talk although the offer is still shown as open.
//
// Whoever acts on it leaves the decision to a script, which looks again.
func (s *Store) Read(ctx context.Context) (acd.Records, error) {
	var out acd.Records
	var err error
	if out.Agents, err = readAll[acd.AgentRecord](ctx, s, s.keys.agents(), acd.KindAgent, &out); err != nil {
		return out, err
	}
	if out.Calls, err = readAll[acd.CallRecord](ctx, s, s.keys.calls(), acd.KindCall, &out); err != nil {
		return out, err
	}
	if out.Offers, err = readAll[acd.OfferRecord](ctx, s, s.keys.offers(), acd.KindOffer, &out); err != nil {
		return out, err
	}
	byField, err := readAll[acd.Pace](ctx, s, s.keys.paces(), acd.KindPace, &out)
	out.Paces = make(map[acd.QueueAt]acd.Pace, len(byField))
	for f, p := range byField {
		out.Paces[queueAt(f)] = p
	}
	return out, err
}

// readAll reads a hash of records in pages. A field that Redis tells twice
// counts as it was told last. What is no record is noted and left out.
func readAll[T any](ctx context.Context, s *Store, key string, kind acd.RecordKind, into *acd.Records) (map[string]T, error) {
	out := map[string]T{}
	bad := map[string]error{}
	for cursor := uint64(0); ; {
		page, next, err := s.rdb.HScan(ctx, key, cursor, "", pageSize).Result()
		if err != nil {
			return nil, redisstore.Classify("acd/redisstore.Read", err)
		}
		for i := 0; i+1 < len(page); i += 2 {
			id, v := page[i], *new(T)
			delete(out, id)
			delete(bad, id)
			if err := decode(page[i+1], &v); err != nil {
				bad[id] = err
				continue
			}
			out[id] = v
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	for id, err := range bad {
		into.Unreadable = append(into.Unreadable, acd.UnreadableRecord{Kind: kind, ID: id, Err: err})
	}
	return out, nil
}

// Agent returns one agent's record; ok is false when there is none.
func (s *Store) Agent(ctx context.Context, id string) (rec acd.AgentRecord, ok bool, err error) {
	text, err := s.rdb.HGet(ctx, s.keys.agents(), id).Result()
	if errors.Is(err, redis.Nil) {
		return rec, false, nil
	}
	if err != nil {
		return rec, false, redisstore.Classify("acd/redisstore.Agent", err)
	}
	err = decode(text, &rec)
	return rec, err == nil, err
}
