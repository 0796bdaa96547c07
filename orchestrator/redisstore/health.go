package redisstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Health is what a probe found out about the Redis that holds a tenant's keys.
type Health struct {
	Version      string        // "7.0.15"
	Mode         string        // standalone or cluster
	Role         string        // master; anything else cannot store
	Persistence  Persistence   // what survives a restart
	WriteFailed  bool          // the last write to the append-only file or snapshot failed
	MemoryPolicy string        // maxmemory-policy
	MaxMemory    int64         // bytes, 0 is unlimited
	UsedMemory   int64         // bytes
	Clock        time.Duration // Redis' clock minus this machine's, exact to half of Latency
	Latency      time.Duration // best of some round trips
	Journal      int64         // entries in the journal
	User         string        // as whom Redis is asked; "" when it does not tell
	Beyond       bool          // the user may read the keys of others, or administer Redis
}

// Persistence is how Redis keeps what it holds.
type Persistence string

// Kinds of persistence.
const (
	PersistAppend   Persistence = "aof"
	PersistSnapshot Persistence = "rdb"
	PersistNone     Persistence = "none"
	PersistUnknown  Persistence = "unknown" // no append-only file, and snapshots may not be asked for
)

// Bounds of what Problems lets pass.
const (
	clockTolerance   = 2 * time.Second
	latencyTolerance = 20 * time.Millisecond
	journalTolerance = 1_000_000 // entries; some hundred megabytes
	probes           = 3
)

// Health asks Redis about itself. An error (kind Unavailable) means that it
// cannot be reached. It takes a few round trips, all together bounded by ctx.
func (s *Store) Health(ctx context.Context) (Health, error) {
	const op = "redisstore.Health"
	var h Health
	node, err := s.node(ctx)
	if err != nil {
		return h, Classify(op, err)
	}
	for i := range probes {
		begun := time.Now()
		there, err := node.Time(ctx).Result()
		took := time.Since(begun)
		if err != nil {
			return h, Classify(op, err)
		}
		if i == 0 || took < h.Latency {
			h.Latency, h.Clock = took, there.Sub(begun.Add(took/2))
		}
	}
	text, err := node.Info(ctx).Result()
	if err != nil {
		return h, Classify(op, err)
	}
	h.read(parseInfo(text))
	if h.Persistence == PersistUnknown {
		h.Persistence = snapshots(ctx, node)
	}
	h.User, _ = s.rdb.Do(ctx, "acl", "whoami").Text() // a Redis that has no users, or does not tell, needs no remedy
	h.Beyond = may(node.Exists(ctx, "beyond:"+s.keys.journal())) || may(node.SlowLogLen(ctx))
	h.Journal, err = node.XLen(ctx, s.keys.journal()).Result()
	return h, Classify(op, err)
}

// may tells whether Redis carried a command out.
func may(cmd redis.Cmder) bool { return cmd.Err() == nil }

// node is the server that holds the tenant's keys.
func (s *Store) node(ctx context.Context) (redis.Cmdable, error) {
	if c, ok := s.rdb.(*redis.ClusterClient); ok {
		return c.MasterForKey(ctx, s.keys.journal())
	}
	return s.rdb, nil
}

// snapshots tells whether snapshots are made. Managed Redis often refuses the question.
func snapshots(ctx context.Context, node redis.Cmdable) Persistence {
	save, err := node.ConfigGet(ctx, "save").Result()
	switch {
	case err != nil:
		return PersistUnknown
	case save["save"] == "":
		return PersistNone
	}
	return PersistSnapshot
}

// parseInfo reads the lines "name:value" of INFO.
func parseInfo(text string) map[string]string {
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info
}

func (h *Health) read(info map[string]string) {
	h.Version, h.Mode, h.Role = info["redis_version"], info["redis_mode"], info["role"]
	h.MemoryPolicy = info["maxmemory_policy"]
	h.MaxMemory, _ = strconv.ParseInt(info["maxmemory"], 10, 64)    // 0 when it is not told: unlimited
	h.UsedMemory, _ = strconv.ParseInt(info["used_memory"], 10, 64) // as above
	h.Persistence = PersistUnknown
	if info["aof_enabled"] == "1" {
		h.Persistence = PersistAppend
	}
	h.WriteFailed = info["aof_last_write_status"] == "err" || info["rdb_last_bgsave_status"] == "err"
}

// Problems says in plain words what an administrator should change, worst first.
func (h Health) Problems() []string {
	var out []string
	if !atLeast(h.Version, 6, 2) {
		out = append(out, fmt.Sprintf("Redis %s is too old: 6.2 or later is needed", h.Version))
	}
	if h.Role != "master" {
		out = append(out, fmt.Sprintf("this Redis is a %s: nothing can be stored", h.Role))
	}
	if h.WriteFailed {
		out = append(out, "Redis could not write to its disk: a restart loses what is live")
	}
	switch h.Persistence {
	case PersistNone:
		out = append(out, "Redis keeps nothing on disk: a restart loses calls, leases and unrecorded history; set appendonly yes")
	case PersistSnapshot:
		out = append(out, "Redis makes snapshots only: a crash loses what happened since the last; set appendonly yes")
	case PersistAppend, PersistUnknown: // good, or not to be judged
	}
	if h.MemoryPolicy != "noeviction" {
		out = append(out, fmt.Sprintf("maxmemory-policy is %s: Redis may forget live calls; set noeviction", h.MemoryPolicy))
	}
	if h.MaxMemory > 0 && h.UsedMemory > h.MaxMemory/10*8 {
		out = append(out, fmt.Sprintf("Redis uses %d of %d bytes: calls cannot be stored when it is full", h.UsedMemory, h.MaxMemory))
	}
	if h.Clock.Abs() > clockTolerance {
		out = append(out, fmt.Sprintf("Redis' clock is %v off this machine's: the journal is trimmed too early or too late",
			h.Clock.Round(time.Millisecond)))
	}
	if h.Latency > latencyTolerance {
		out = append(out, fmt.Sprintf("Redis takes %v to answer: every step of a call waits for it", h.Latency.Round(time.Millisecond)))
	}
	if h.Journal > journalTolerance {
		out = append(out, fmt.Sprintf("the journal has %d entries: nobody puts them on record and trims it", h.Journal))
	}
	return out
}

// atLeast compares a version "a.b.c" with want.
func atLeast(version string, want ...int) bool {
	var got []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		got = append(got, n)
	}
	return slices.Compare(got, want) >= 0
}
