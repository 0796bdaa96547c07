package redisstore

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Generation is which files of definitions are in force for all processes of a tenant.
type Generation struct {
	N     int64             // grows with each; 0 while none was put in force
	By    string            // the instance that put it in force
	At    time.Time         // when
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
// after whatever is in force (after < 0). It returns the number of the one in force, and
// whether that is new: else it is the same, or another was faster.
func (s *Store) PutGeneration(ctx context.Context, g Generation, after int64) (n int64, anew bool, err error) {
	const op = "redisstore.PutGeneration"
	files, err := json.Marshal(g.Files) // in the order of their names
	if err != nil {
		return 0, false, fault.E(op, fault.Internal, err)
	}
	follows := ""
	if after >= 0 {
		follows = strconv.FormatInt(after, 10)
	}
	got, err := generationPut.Run(ctx, s.rdb, []string{s.keys.generation()}, follows, files, g.By, g.At.UnixMilli()).Int64Slice()
	if err != nil {
		return 0, false, Classify(op, err)
	}
	return got[0], got[1] == 1, nil
}
