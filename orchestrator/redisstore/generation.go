package redisstore

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Generation is which files of definitions are in force for all processes of a tenant.
type Generation struct {
	N     int64             // grows with each; 0 while none was put in force
	By    string            // the instance that put it in force
	At    time.Time         // when; later than what it follows, also where clocks differ
	Files map[string]string // their names, and a hash of what each says
}

// Generation returns the one in force.
func (s *Store) Generation(ctx context.Context) (g Generation, err error) {
	const op = "redisstore.Generation"
	got, err := s.rdb.HGetAll(ctx, s.keys.generation()).Result()
	if err != nil || len(got) == 0 {
		return g, Classify(op, err)
	}
	n, err := strconv.ParseInt(got["n"], 10, 64)
	if err != nil {
		return g, fault.E(op, fault.Internal, err)
	}
	at, err := strconv.ParseInt(got["at"], 10, 64)
	if err != nil {
		return g, fault.E(op, fault.Internal, err)
	}
	g.N, g.By, g.At = n, got["by"], time.UnixMilli(at)
	return g, fault.E(op, fault.Internal, json.Unmarshal([]byte(got["files"]), &g.Files))
}

// PutGeneration puts files in force unless they are, as the one after a generation, or
// after whatever is in force (after < 0). known is when those were put in force that the
// process knew last: if Redis came back with older ones, the same files are in force anew.
// It returns number and time of the one in force, and whether that is new: else it is the
// same, or another was faster.
func (s *Store) PutGeneration(ctx context.Context, g Generation, after int64, known time.Time) (now Generation, anew bool, err error) {
	const op = "redisstore.PutGeneration"
	files, err := json.Marshal(g.Files) // in the order of their names
	if err != nil {
		return now, false, fault.E(op, fault.Internal, err)
	}
	least := int64(0)
	if !known.IsZero() {
		least = known.UnixMilli()
	}
	follows := ""
	if after >= 0 {
		follows = strconv.FormatInt(after, 10)
	}
	got, err := generationPut.Run(ctx, s.rdb, []string{s.keys.generation()}, follows, files, g.By, g.At.UnixMilli(), least).Int64Slice()
	if err != nil {
		return now, false, Classify(op, err)
	}
	return Generation{N: got[0], At: time.UnixMilli(got[2])}, got[1] == 1, nil
}

// Present notes for ttl that a process runs.
func (s *Store) Present(ctx context.Context, holder string, ttl time.Duration) error {
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, s.keys.presence(holder), "", ttl)
		p.SAdd(ctx, s.keys.present(), holder)
		return nil
	})
	return Classify("redisstore.Present", err)
}

// Absent notes that a process ends.
func (s *Store) Absent(ctx context.Context, holder string) error {
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Del(ctx, s.keys.presence(holder))
		p.SRem(ctx, s.keys.present(), holder)
		return nil
	})
	return Classify("redisstore.Absent", err)
}

// Processes returns those that run, and forgets those that gave no sign of life: one that
// gives one meanwhile is known again by its next.
func (s *Store) Processes(ctx context.Context) (out []string, err error) {
	const op = "redisstore.Processes"
	all, err := s.rdb.SMembers(ctx, s.keys.present()).Result()
	if err != nil {
		return nil, Classify(op, err)
	}
	for _, holder := range all {
		n, err := s.rdb.Exists(ctx, s.keys.presence(holder)).Result()
		if err == nil && n == 0 {
			err = s.rdb.SRem(ctx, s.keys.present(), holder).Err()
		}
		if err != nil {
			return nil, Classify(op, err)
		}
		if n == 1 {
			out = append(out, holder)
		}
	}
	return out, nil
}
