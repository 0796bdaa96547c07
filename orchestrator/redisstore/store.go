package redisstore

import (
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// endedKept is how long an ended call can still be looked up here; after that
// its record is all there is.
const endedKept = time.Hour

// livePage is how many live calls are read in one round trip.
const livePage = 256

// Store implements orchestrator.Store.
type Store struct {
	rdb  redis.UniversalClient
	keys keys
	log  *slog.Logger

	mu   sync.Mutex
	held map[string]orchestrator.Lease // by PBX, as last acquired here; guarded by mu
}

var _ orchestrator.Store = (*Store)(nil)

// New returns the store of a tenant. It does not own the client and sends
// nothing yet. A nil log discards.
func New(rdb redis.UniversalClient, tenant string, log *slog.Logger) *Store {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Store{
		rdb: rdb, keys: keysOf(tenant), log: log.With("component", "redisstore"),
		held: map[string]orchestrator.Lease{},
	}
}

// Commit stores a call and its journal entries in one round trip. Errors are
// ErrFenced and, when that revision or a later one is stored already, a fault
// of kind Conflict. A repetition of what this process stored last is no error
// and appends nothing.
func (s *Store) Commit(ctx context.Context, lease orchestrator.Lease, c orchestrator.Call, entries []orchestrator.Entry) error {
	const op = "redisstore.Commit"
	if c.Call == "" || c.PBX == "" || c.PBX != lease.PBX || c.Rev < 1 {
		return fault.New(op, fault.Invalid, "call %q, pbx %q under a lease of %q, revision %d", c.Call, c.PBX, lease.PBX, c.Rev)
	}
	doc, err := json.Marshal(c)
	if err != nil {
		return fault.E(op, fault.Internal, err)
	}
	deadline := ""
	if c.State != orchestrator.StateEnded {
		deadline = "0" // a live call without a deadline is overdue, not forgotten
		if _, at, ok := c.Deadline(); ok {
			deadline = strconv.FormatInt(at.UnixMilli(), 10)
		}
	}
	args := make([]any, 0, 7+len(entries)*len(JournalFields))
	args = append(args, lease.Epoch, holder(lease.Owner), c.Call, c.Rev, doc, deadline, endedKept.Milliseconds())
	args = appendEntries(args, entries)
	names := []string{s.keys.call(c.Call), s.keys.live(c.PBX), s.keys.journal(), s.keys.epoch(c.PBX)}
	answer, err := callCommit.Run(ctx, s.rdb, names, args...).StringSlice()
	if err != nil {
		return Classify(op, err)
	}
	switch answer[0] {
	case "stored", "repeated":
		return nil
	case "fenced":
		return fenced(op, lease, answer[1])
	}
	return fault.New(op, fault.Conflict, "call %s is at revision %s, so %d cannot be stored", c.Call, answer[1], c.Rev)
}

// Live returns all live calls of a PBX, in the order of their deadlines. It is
// consistent for the process that holds the PBX's lease: nobody else can
// change them.
func (s *Store) Live(ctx context.Context, pbx string) ([]orchestrator.Call, error) {
	const op = "redisstore.Live"
	ids, err := s.liveIDs(ctx, pbx)
	if err != nil {
		return nil, Classify(op, err)
	}
	calls := make([]orchestrator.Call, 0, len(ids))
	for page := range pages(ids) {
		docs, err := s.docs(ctx, page)
		if err != nil {
			return nil, Classify(op, err)
		}
		for i, doc := range docs {
			if doc == "" {
				// Both are written by one script; a missing call was evicted or deleted by hand.
				s.log.ErrorContext(ctx, "a live call's data is gone from Redis", "call", page[i], "pbx", pbx)
				continue
			}
			var c orchestrator.Call
			if err := json.Unmarshal([]byte(doc), &c); err != nil {
				return nil, fault.New(op, fault.Internal, "call %s: %w", page[i], err)
			}
			if c.State != orchestrator.StateEnded { // it may have ended since its id was read
				calls = append(calls, c)
			}
		}
	}
	return calls, nil
}

func (s *Store) liveIDs(ctx context.Context, pbx string) ([]string, error) {
	var ids []string
	for {
		from := int64(len(ids))
		page, err := s.rdb.ZRange(ctx, s.keys.live(pbx), from, from+livePage-1).Result()
		ids = append(ids, page...)
		if err != nil || len(page) < livePage {
			return ids, err
		}
	}
}

// pages splits ids into what one round trip fetches.
func pages(ids []string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for len(ids) > 0 {
			n := min(livePage, len(ids))
			if !yield(ids[:n]) {
				return
			}
			ids = ids[n:]
		}
	}
}

// docs fetches the JSON of calls in one round trip, "" for one that is gone.
func (s *Store) docs(ctx context.Context, ids []string) ([]string, error) {
	replies := make([]*redis.StringCmd, len(ids))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			replies[i] = p.HGet(ctx, s.keys.call(id), "doc")
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, err
	}
	docs := make([]string, len(ids))
	for i, r := range replies {
		if err := r.Err(); err != nil && !isNil(err) {
			return nil, err
		}
		docs[i] = r.Val()
	}
	return docs, nil
}

// Call returns one call, live or ended less than an hour ago; NotFound otherwise.
func (s *Store) Call(ctx context.Context, id string) (orchestrator.Call, error) {
	const op = "redisstore.Call"
	var c orchestrator.Call
	doc, err := s.rdb.HGet(ctx, s.keys.call(id), "doc").Bytes()
	switch {
	case isNil(err):
		return c, fault.New(op, fault.NotFound, "call %q is neither live nor lately ended", id)
	case err != nil:
		return c, Classify(op, err)
	}
	if err := json.Unmarshal(doc, &c); err != nil {
		return c, fault.New(op, fault.Internal, "call %s: %w", id, err)
	}
	return c, nil
}

// Overdue counts the live calls of a PBX whose deadline passed before a time.
// More than a few mean that nobody drives the PBX.
func (s *Store) Overdue(ctx context.Context, pbx string, before time.Time) (int64, error) {
	until := "(" + strconv.FormatInt(before.UnixMilli(), 10)
	n, err := s.rdb.ZCount(ctx, s.keys.live(pbx), "-inf", until).Result()
	return n, Classify("redisstore.Overdue", err)
}
