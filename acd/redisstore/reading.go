package redisstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

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

// Read returns everything at one moment, in one round trip. The size of the
// reply grows with agents and calls: it is for pages and for checks at the
// start, not for the way of a call.
func (s *Store) Read(ctx context.Context) (acd.Records, error) {
	var agents, calls, offers, paces *redis.MapStringStringCmd
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		agents, calls = p.HGetAll(ctx, s.keys.agents()), p.HGetAll(ctx, s.keys.calls())
		offers, paces = p.HGetAll(ctx, s.keys.offers()), p.HGetAll(ctx, s.keys.paces())
		return nil
	})
	if err != nil {
		return acd.Records{}, redisstore.Classify("acd/redisstore.Read", err)
	}
	var out acd.Records
	if out.Agents, err = decodeAll[acd.AgentRecord](agents.Val()); err != nil {
		return out, err
	}
	if out.Calls, err = decodeAll[acd.CallRecord](calls.Val()); err != nil {
		return out, err
	}
	if out.Offers, err = decodeAll[acd.OfferRecord](offers.Val()); err != nil {
		return out, err
	}
	byField, err := decodeAll[acd.Pace](paces.Val())
	out.Paces = make(map[acd.QueueAt]acd.Pace, len(byField))
	for f, p := range byField {
		queue, pbx, _ := strings.Cut(f, "@")
		out.Paces[acd.QueueAt{Queue: queue, PBX: pbx}] = p
	}
	return out, err
}

func decodeAll[T any](fields map[string]string) (map[string]T, error) {
	out := make(map[string]T, len(fields))
	for id, text := range fields {
		var v T
		if err := decode(text, &v); err != nil {
			return nil, err
		}
		out[id] = v
	}
	return out, nil
}
