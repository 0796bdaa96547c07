package redisstore

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// claimKept is how long a key stands for what it was claimed for.
const claimKept = 24 * time.Hour

// livePage is how many live calls are read in one round trip, once their ids are known.
const livePage = 256

// Store implements orchestrator.Store.
type Store struct {
	rdb   redis.UniversalClient
	batch *Batcher
	keys  keys
	feed  feed
	log   *slog.Logger
	asks  asks

	mu    sync.Mutex
	known map[string]orchestrator.Lease // of the highest epoch that this process heard of, by PBX; guarded by mu
}

var _ orchestrator.Store = (*Store)(nil)

// New returns the store of a tenant. It does not own the client and sends
// nothing yet. A nil log discards.
func New(rdb redis.UniversalClient, tenant string, log *slog.Logger) *Store {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Store{
		rdb: rdb, batch: NewBatcher(rdb), keys: keysOf(tenant), feed: newFeed(), log: log.With("component", "redisstore"),
		asks: newAsks(), known: map[string]orchestrator.Lease{},
	}
}

// Commit stores a record and its journal entries in one round trip. Errors are
// ErrFenced and, when that revision or a later one is stored already, a fault
// of kind Conflict. A repetition of what this process stored last is no error
// and appends nothing.
func (s *Store) Commit(ctx context.Context, lease orchestrator.Lease, r orchestrator.Record, entries []orchestrator.Entry) error {
	const op = "redisstore.Commit"
	if r.ID == "" || r.PBX == "" || r.PBX != lease.PBX || r.Rev < 1 {
		return fault.New(op, fault.Invalid, "record %q, pbx %q under a lease of %q, revision %d", r.ID, r.PBX, lease.PBX, r.Rev)
	}
	deadline := ""
	if !r.Ended {
		deadline = "0" // a live call without a deadline is overdue, not forgotten
		if !r.Deadline.IsZero() {
			deadline = strconv.FormatInt(r.Deadline.UnixMilli(), 10)
		}
	}
	args := make([]any, 0, 7+len(entries)*len(JournalFields))
	args = append(args, lease.Epoch, lease.Owner.Holder(), r.ID, r.Rev, r.Doc, deadline, r.Came)
	args = appendEntries(args, entries)
	names := []string{s.keys.call(r.ID), s.keys.live(r.PBX), s.keys.journal(), s.keys.epoch(r.PBX), s.keys.came(r.PBX)}
	answer, err := s.batch.Run(ctx, callCommit, names, args...).StringSlice()
	if err != nil {
		return Classify(op, err)
	}
	switch answer[0] {
	case "stored", "repeated":
		return nil
	case "fenced":
		return fenced(op, lease, answer[1])
	}
	return fault.New(op, fault.Conflict, "record %s is at revision %s, so %d cannot be stored", r.ID, answer[1], r.Rev)
}

// Claim returns what a key stands for: value, unless it was claimed before.
func (s *Store) Claim(ctx context.Context, key, value string) (string, error) {
	got, err := claimTake.Run(ctx, s.rdb, []string{s.keys.claim(key)}, value, claimKept.Milliseconds()).Text()
	if err != nil {
		return "", Classify("redisstore.Claim", err)
	}
	return got, nil
}

// Came lists the channels on which the last calls of a PBX came in, the last first.
func (s *Store) Came(ctx context.Context, pbx string) ([]string, error) {
	came, err := s.rdb.LRange(ctx, s.keys.came(pbx), 0, -1).Result()
	if err != nil {
		return nil, Classify("redisstore.Came", err)
	}
	return came, nil
}

// PromiseCallback returns the call that is to call a number back for a queue: id,
// unless one is already that is not over.
func (s *Store) PromiseCallback(ctx context.Context, queue, number, id, over string) (string, error) {
	got, err := callbackClaim.Run(ctx, s.rdb, []string{s.keys.callbacks()}, queue+" "+number, id, over).Text()
	return got, Classify("redisstore.PromiseCallback", err)
}

// ForgetCallback lets a number be promised another callback.
func (s *Store) ForgetCallback(ctx context.Context, queue, number, id string) error {
	return Classify("redisstore.ForgetCallback", callbackForget.Run(ctx, s.rdb, []string{s.keys.callbacks()}, queue+" "+number, id).Err())
}

// CallbackQueues returns the queues for which callbacks are promised.
func (s *Store) CallbackQueues(ctx context.Context) ([]string, error) {
	fields, err := s.rdb.HKeys(ctx, s.keys.callbacks()).Result()
	var out []string
	for _, f := range fields {
		queue, _, _ := strings.Cut(f, " ")
		out = append(out, queue)
	}
	slices.Sort(out)
	return slices.Compact(out), Classify("redisstore.CallbackQueues", err)
}

// Callback returns the call that is to call a number back, "" for none.
func (s *Store) Callback(ctx context.Context, queue, number string) (string, error) {
	id, err := s.rdb.HGet(ctx, s.keys.callbacks(), queue+" "+number).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return id, Classify("redisstore.Callback", err)
}

// asideKept is how long a record that nobody can read is kept.
const asideKept = 7 * 24 * time.Hour

// SetAside takes a record out of the live set and keeps it for a week.
func (s *Store) SetAside(ctx context.Context, lease orchestrator.Lease, r orchestrator.Record) error {
	const op = "redisstore.SetAside"
	names := []string{s.keys.call(r.ID), s.keys.live(r.PBX), s.keys.epoch(r.PBX)}
	answer, err := callSetAside.Run(ctx, s.rdb, names, lease.Epoch, lease.Owner.Holder(), r.ID, asideKept.Milliseconds()).StringSlice()
	if err != nil {
		return Classify(op, err)
	}
	if answer[0] == "fenced" {
		return fenced(op, lease, answer[1])
	}
	return nil
}

// Live returns all live records of a PBX, in the order of their deadlines. It is
// consistent for the process that holds the PBX's lease: nobody else can
// change them.
func (s *Store) Live(ctx context.Context, pbx string) ([]orchestrator.Record, error) {
	const op = "redisstore.Live"
	ids, err := s.liveIDs(ctx, pbx)
	if err != nil {
		return nil, Classify(op, err)
	}
	records := make([]orchestrator.Record, 0, len(ids))
	for page := range pages(ids) {
		found, err := s.load(ctx, page)
		if err != nil {
			return nil, Classify(op, err)
		}
		for _, r := range found {
			if r.Doc == nil {
				// All is written by one script; a missing call was evicted or deleted by hand.
				s.log.ErrorContext(ctx, "a live call's data is gone from Redis", "call", r.ID, "pbx", pbx)
				continue
			}
			r.PBX = pbx
			if !r.Ended { // it may have ended since its id was read
				records = append(records, r)
			}
		}
	}
	return records, nil
}

// liveIDs reads the ids at one moment: between two pages a call that ends would
// move another one past the place.
func (s *Store) liveIDs(ctx context.Context, pbx string) ([]string, error) {
	return s.rdb.ZRange(ctx, s.keys.live(pbx), 0, -1).Result()
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

// load fetches records in one round trip; one that is gone has no Doc.
func (s *Store) load(ctx context.Context, ids []string) ([]orchestrator.Record, error) {
	type reply struct {
		hash *redis.SliceCmd
		life *redis.DurationCmd
	}
	replies := make([]reply, len(ids))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			replies[i] = reply{p.HMGet(ctx, s.keys.call(id), "rev", "doc"), p.PTTL(ctx, s.keys.call(id))}
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, err
	}
	records := make([]orchestrator.Record, len(ids))
	for i, id := range ids {
		values, err := replies[i].hash.Result()
		if err != nil {
			return nil, err
		}
		r := orchestrator.Record{ID: id, Ended: replies[i].life.Val() > 0} // only what has ended expires
		if rev, ok := values[0].(string); ok {
			r.Rev, _ = strconv.ParseInt(rev, 10, 64) // written by call_commit
		}
		if doc, ok := values[1].(string); ok {
			r.Doc = []byte(doc)
		}
		records[i] = r
	}
	return records, nil
}

// Load returns one record, live or ended less than an hour ago; NotFound otherwise.
func (s *Store) Load(ctx context.Context, id string) (orchestrator.Record, error) {
	const op = "redisstore.Load"
	found, err := s.load(ctx, []string{id})
	if err != nil {
		return orchestrator.Record{}, Classify(op, err)
	}
	if found[0].Doc == nil {
		return orchestrator.Record{}, fault.New(op, fault.NotFound, "call %q is neither live nor lately ended", id)
	}
	return found[0], nil
}

// Overdue counts the live calls of a PBX whose deadline passed before a time.
// More than a few mean that nobody drives the PBX.
func (s *Store) Overdue(ctx context.Context, pbx string, before time.Time) (int64, error) {
	until := "(" + strconv.FormatInt(before.UnixMilli(), 10)
	n, err := s.rdb.ZCount(ctx, s.keys.live(pbx), "-inf", until).Result()
	return n, Classify("redisstore.Overdue", err)
}
