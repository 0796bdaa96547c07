package redisstore

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// Counts reads what the scripts count, in one round trip whose size is that of the
// kinds of agents and of the queues in which somebody is, and one more for each
// countPage of those.
func (s *Store) Counts(ctx context.Context) (acd.Counts, error) {
	const op = "acd/redisstore.Counts"
	out := acd.Counts{Inside: map[acd.QueueAt]acd.Inside{}, Paces: map[acd.QueueAt]acd.Pace{}}
	pipe := s.rdb.Pipeline()
	counts, paces, aside := pipe.HGetAll(ctx, s.keys.counts()), pipe.HGetAll(ctx, s.keys.paces()), pipe.HLen(ctx, s.keys.was())
	inside := insidesCount.EvalSha(ctx, pipe, []string{s.keys.insides()}, 0, countPage-1)
	if _, err := pipe.Exec(ctx); err != nil && !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return out, redisstore.Classify(op, err)
	}
	out.SetAside = int(aside.Val())
	out.Agents = make([]acd.Standing, 0, len(counts.Val()))
	for f, text := range counts.Val() {
		profile, standing, ok := strings.Cut(f, ":")
		n, err := strconv.Atoi(text)
		if !ok || err != nil {
			continue
		}
		out.Agents = append(out.Agents, acd.Standing{Profile: profile, As: standing, Agents: n})
	}
	for f, text := range paces.Val() {
		var p acd.Pace
		if decode(text, &p) == nil { // one that cannot be read is set aside by the script that needs it
			out.Paces[queueAt(f)] = p
		}
	}
	return out, s.countInside(ctx, op, inside, out.Inside)
}

// countPage is of how many queues calls are counted in one step, during which Redis does
// nothing else: some 0.1 ms. countWords is what is told of each.
const (
	countPage  = 200
	countWords = 6
)

// countInside counts who is in the queues in which somebody is, beginning with the answer for the first of them.
func (s *Store) countInside(ctx context.Context, op string, some *redis.Cmd, out map[acd.QueueAt]acd.Inside) error {
	if redis.HasErrorPrefix(some.Err(), "NOSCRIPT") {
		some = s.insidesFrom(ctx, 0)
	}
	for from := 0; ; some = s.insidesFrom(ctx, from) {
		list, err := some.Slice()
		if err != nil {
			return redisstore.Classify(op, err)
		}
		for r := reply(list); len(r) > 0; r = r[countWords:] {
			in := acd.Inside{Callers: int(r.number(2)), Waiting: int(r.number(3)), Callbacks: int(r.number(4)), Away: int(r.number(5))}
			if oldest, err := strconv.ParseFloat(r.text(1), 64); err == nil && !math.IsInf(oldest, 1) {
				in.Oldest = int64(oldest)
			}
			out[queueAt(r.text(0))] = in
			from++
		}
		if len(list) < countPage*countWords {
			return nil
		}
	}
}

func (s *Store) insidesFrom(ctx context.Context, from int) *redis.Cmd {
	return s.batch.Run(ctx, insidesCount, []string{s.keys.insides()}, from, from+countPage-1)
}

// queueAt is the queue that a field names; an agent's own has the sign in its name.
func queueAt(f string) acd.QueueAt {
	i := strings.LastIndexByte(f, '@')
	if i < 0 {
		return acd.QueueAt{Queue: f}
	}
	return acd.QueueAt{Queue: f[:i], Group: f[i+1:]}
}

// recounts is how often agents are counted anew when one has changed meanwhile.
const recounts = 3

// Recount brings the counts of agents in line with their records, if none changes meanwhile.
func (s *Store) Recount(ctx context.Context) (bool, error) {
	const op = "acd/redisstore.Recount"
	for range recounts {
		rev, err := s.rdb.HGet(ctx, s.keys.counts(), "rev").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return false, redisstore.Classify(op, err)
		}
		n, seen := map[string]int{}, map[string]bool{}
		err = s.EachAgent(ctx, func(id string, a acd.AgentRecord) error {
			if profile, _, ok := strings.Cut(a.Counted, ":"); ok && !seen[id] {
				n[profile]++
				n[a.Counted]++
			}
			seen[id] = true
			return nil
		})
		if err != nil {
			return false, err
		}
		found, err := s.batch.Run(ctx, countsHeal, []string{s.keys.counts()}, rev, encode(n)).Int64()
		if err != nil || found >= 0 {
			return found == 1, redisstore.Classify(op, err)
		}
	}
	return false, nil
}

// Agents returns the records of some agents; of one never seen there is none.
func (s *Store) Agents(ctx context.Context, ids []string) (map[string]acd.AgentRecord, error) {
	return someOf[acd.AgentRecord](ctx, s, s.keys.agents(), ids)
}

// Leaving lists agents whose definition is gone and who have a record yet.
func (s *Store) Leaving(ctx context.Context) ([]string, error) {
	ids, err := s.rdb.SMembers(ctx, s.keys.leaving()).Result()
	return ids, redisstore.Classify("acd/redisstore.Leaving", err)
}

// Used returns those of some queues to which somebody belongs.
func (s *Store) Used(ctx context.Context, queues []string) ([]string, error) {
	ids := make([]any, len(queues))
	for i, q := range queues {
		ids[i] = q
	}
	used, err := queuesUsed.Run(ctx, s.rdb, []string{s.keys.calls(), s.keys.offers(), s.keys.agents()}, ids...).StringSlice()
	return used, redisstore.Classify("acd/redisstore.Used", err)
}

// InQueue returns the calls in one queue, waiting or offered, and their offers.
func (s *Store) InQueue(ctx context.Context, at acd.QueueAt) (map[string]acd.CallRecord, map[string]acd.OfferRecord, error) {
	var calls, offers []string
	for _, set := range []string{s.keys.inside(at), s.keys.callbacks(at)} {
		err := s.eachMember(ctx, set, func(p acd.Place) error {
			calls = append(calls, p.Call)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	of, err := someOf[acd.CallRecord](ctx, s, s.keys.calls(), calls)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range of {
		offers = append(offers, c.Offers()...)
	}
	made, err := someOf[acd.OfferRecord](ctx, s, s.keys.offers(), offers)
	return of, made, err
}

// someOf reads some fields of a hash of records, page by page. What cannot be read is set aside.
func someOf[T any](ctx context.Context, s *Store, key string, ids []string) (map[string]T, error) {
	const op = "acd/redisstore.some"
	out := make(map[string]T, len(ids))
	for from := 0; from < len(ids); from += pageSize {
		page := ids[from:min(from+pageSize, len(ids))]
		texts, err := s.rdb.HMGet(ctx, key, page...).Result()
		if err != nil {
			return nil, redisstore.Classify(op, err)
		}
		for i, v := range texts {
			text, ok := v.(string)
			if !ok {
				continue
			}
			var rec T
			if decode(text, &rec) != nil {
				if err := s.aside(ctx, op, key, page[i], text); err != nil {
					return nil, err
				}
				continue
			}
			out[page[i]] = rec
		}
	}
	return out, nil
}
