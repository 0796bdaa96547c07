package redisstore

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// Enqueue adds a call and looks for an agent, in one script.
func (s *Store) Enqueue(ctx context.Context, now time.Time, o acd.EnqueueOrder) (acd.EnqueueResult, error) {
	args := []any{ms(now), o.Call, encode(o.Record), o.MaxLength, string(o.Admit), o.OfferID, string(o.Refused), o.Kept}
	r, err := s.place(ctx, "acd/redisstore.Enqueue", callEnqueue, o.Lanes, args, args)
	if err != nil {
		return acd.EnqueueResult{}, err
	}
	if r.text(0) == "elsewhere" {
		return acd.EnqueueResult{Elsewhere: true, Visit: int(r.number(3))}, nil
	}
	if r.text(0) == "behind" {
		return acd.EnqueueResult{Behind: true}, nil
	}
	if r.text(0) == "again" {
		return acd.EnqueueResult{Taken: true}, nil
	}
	out := acd.EnqueueResult{Result: orchestrator.PlacementResult(r.text(0)), Position: int(r.number(2)), Staff: int(r.number(3))}
	if out.Offer, err = r.offer(1); err == nil && r.text(4) != "" {
		err = decode(r.text(4), &out.Kept)
	}
	return out, err
}

// tableKept is how long the table of a lane is kept after a call last asked for it.
const tableKept = 7 * 24 * time.Hour

// place runs a script that gives a call a place in lanes, and once more when their
// tables had to be stored first; again is what it is then given.
func (s *Store) place(ctx context.Context, op string, script *redis.Script, lanes []*acd.Lane, args, again []any) (reply, error) {
	r, err := s.run(ctx, op, script, s.base(), args...)
	if err != nil || r.text(0) != "tables" {
		return r, err
	}
	for _, l := range lanes {
		fields := make([]any, 0, 2*len(l.Ranks)+2)
		for name, value := range l.Fields() {
			fields = append(fields, name, value)
		}
		if _, err := s.runBool(ctx, op, tableStore, []string{s.keys.serves(l.Table)}, encode(fields), int(tableKept.Seconds())); err != nil {
			return nil, err
		}
	}
	if r, err = s.run(ctx, op, script, s.base(), again...); err == nil && r.text(0) == "tables" {
		err = fault.New(op, fault.Internal, "the tables of its lanes are not those of its rings")
	}
	return r, err
}

// Relax moves a call to the ring that it has waited long enough for.
func (s *Store) Relax(ctx context.Context, now time.Time, call, offerID string) (bool, *acd.OfferRecord, error) {
	r, err := s.run(ctx, "acd/redisstore.Relax", callRelax, s.base(), ms(now), call, offerID)
	return mended(r, err)
}

// Leave removes a call that has no standing offer, unless it is there by a later visit.
func (s *Store) Leave(ctx context.Context, now time.Time, call string, visit int, keep time.Duration) (bool, error) {
	return s.runBool(ctx, "acd/redisstore.Leave", callLeave, s.base(), ms(now), call, visit, keep.Milliseconds())
}

// Deserted tells whether nobody is logged in to a queue while some definitions are in force.
func (s *Store) Deserted(ctx context.Context, in acd.QueueAt, print string) (bool, error) {
	var staff *redis.IntCmd
	var inForce *redis.StringCmd
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		staff, inForce = p.SCard(ctx, s.keys.staff(in)), p.HGet(ctx, s.keys.definitions(), "print")
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, redisstore.Classify("acd/redisstore.Deserted", err)
	}
	return staff.Val() == 0 && inForce.Val() == print, nil
}

// Call returns a queued call.
func (s *Store) Call(ctx context.Context, call string) (rec acd.CallRecord, ok bool, err error) {
	ok, err = s.get(ctx, "acd/redisstore.Call", s.keys.calls(), call, &rec)
	return rec, ok, err
}

// LastAgent returns who served a caller of a queue last.
func (s *Store) LastAgent(ctx context.Context, queue, caller string) (string, error) {
	return s.text(ctx, "acd/redisstore.LastAgent", s.keys.last(queue, caller))
}

// KeptPlace returns the place that is kept for a caller of a queue.
func (s *Store) KeptPlace(ctx context.Context, queue, caller string) (string, error) {
	return s.text(ctx, "acd/redisstore.KeptPlace", s.keys.kept(queue, caller))
}

// text reads what a key has; "" is nothing.
func (s *Store) text(ctx context.Context, op, key string) (string, error) {
	text, err := s.rdb.Get(ctx, key).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return text, redisstore.Classify(op, err)
}

// ForgetCaller forgets who served a caller of some queues last, and places kept for the caller.
func (s *Store) ForgetCaller(ctx context.Context, caller string, queues []string) error {
	gone := make([]string, 0, 2*len(queues))
	for _, q := range queues {
		gone = append(gone, s.keys.last(q, caller), s.keys.kept(q, caller))
	}
	if len(gone) == 0 {
		return nil
	}
	return redisstore.Classify("acd/redisstore.ForgetCaller", s.rdb.Del(ctx, gone...).Err())
}

// Place returns a waiting call's position.
func (s *Store) Place(ctx context.Context, call string, c acd.CallRecord) (int, error) {
	in := c.Where()
	if c.Away > 0 {
		before, err := s.rdb.ZCount(ctx, s.keys.waiting(in), "-inf", below(c.Score)).Result()
		return int(before) + 1, redisstore.Classify("acd/redisstore.Place", err)
	}
	rank, err := s.rdb.ZRank(ctx, s.keys.waiting(in), call).Result()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	return int(rank) + 1, redisstore.Classify("acd/redisstore.Place", err)
}

// Lanes lists those in which somebody waits.
func (s *Store) Lanes(ctx context.Context) ([]string, error) {
	lanes, err := s.rdb.ZRange(ctx, s.keys.lanes(), 0, -1).Result()
	return lanes, redisstore.Classify("acd/redisstore.Lanes", err)
}

// below is the end of a range of scores that a score is not in.
func below(score float64) string { return "(" + strconv.FormatFloat(score, 'f', -1, 64) }

// Ahead counts who comes before a score in some lanes.
func (s *Store) Ahead(ctx context.Context, score float64, lanes []string) (map[string]int, error) {
	const op = "acd/redisstore.Ahead"
	out := make(map[string]int, len(lanes))
	err := s.pages(ctx, op, lanes, func(p redis.Pipeliner, lane string) func() error {
		n := p.ZCount(ctx, s.keys.lane(lane), "-inf", below(score))
		return func() error {
			out[lane] = int(n.Val())
			return nil
		}
	})
	return out, err
}

// Tables returns what is kept of some lanes.
func (s *Store) Tables(ctx context.Context, lanes []string) ([]acd.Lane, error) {
	var out []acd.Lane
	err := s.pages(ctx, "acd/redisstore.Tables", lanes, func(p redis.Pipeliner, lane string) func() error {
		fields := p.HGetAll(ctx, s.keys.serves(lane))
		return func() error {
			l := acd.Lane{ID: lane, Table: lane, Ranks: make(map[string]int, len(fields.Val()))}
			for profile, rank := range fields.Val() {
				if profile != "" {
					l.Ranks[profile], _ = strconv.Atoi(rank)
				}
			}
			if len(fields.Val()) == 0 { // gone
				return nil
			}
			if err := decode(fields.Val()[""], &l.Rules); err != nil {
				return err
			}
			out = append(out, l)
			return nil
		}
	})
	return out, err
}

// pages asks for something of each name, so many in one round trip that nobody else is
// kept waiting, and takes the answers.
func (s *Store) pages(ctx context.Context, op string, names []string, ask func(redis.Pipeliner, string) func() error) error {
	for page := range slices.Chunk(names, pageSize) {
		pipe, takes := s.rdb.Pipeline(), make([]func() error, len(page))
		for i, name := range page {
			takes[i] = ask(pipe, name)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return redisstore.Classify(op, err)
		}
		for _, take := range takes {
			if err := take(); err != nil {
				return err
			}
		}
	}
	return nil
}

// get reads one field of a hash of JSON values. One that cannot be read is set
// aside and counts as not there.
func (s *Store) get(ctx context.Context, op, key, id string, into any) (bool, error) {
	text, err := s.rdb.HGet(ctx, key, id).Result()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, redisstore.Classify(op, err)
	}
	if decode(text, into) != nil {
		return false, s.aside(ctx, op, key, id, text)
	}
	return true, nil
}
