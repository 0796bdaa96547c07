package doctor

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/redisstore"
)

// redisFacts are what was found out about Redis.
type redisFacts struct {
	addrs  string
	health redisstore.Health
	err    error // it could not be asked
	took   time.Duration
}

// What passes without a word.
const (
	clockTolerance = 2 * time.Second
	slowRedis      = 20 * time.Millisecond
	longJournal    = 1_000_000 // entries; some hundred megabytes
)

func probeRedis(ctx context.Context, cfg redisstore.Config) redisFacts {
	f := redisFacts{addrs: strings.Join(cfg.Addrs, ", ")}
	begun := time.Now()
	rdb, err := cfg.Client()
	if err != nil {
		f.err = err
		return f
	}
	defer func() { _ = rdb.Close() }() // nothing was stored
	f.health, f.err = redisstore.New(rdb, cfg.Tenant, slog.New(slog.DiscardHandler)).Health(ctx)
	f.took = time.Since(begun)
	return f
}

func judgeRedis(f redisFacts) []Line {
	s := &sheet{part: "redis"}
	if f.err != nil {
		s.add(Fault, "reachable", redisRemedy(f.err.Error(), f.addrs), "%v", f.err).Took = f.took
		return s.lines
	}
	h := f.health
	if h.Latency > slowRedis {
		s.add(Warning, "reachable", "every step of a call waits for Redis: bring it nearer, or look at what keeps it busy (redis-cli --latency, SLOWLOG GET)",
			"%s answers only after %s", f.addrs, short(h.Latency)).Took = f.took
	} else {
		s.ok("reachable", "%s answers in %s", f.addrs, short(h.Latency)).Took = f.took
	}
	if major, minor := numbers(h.Version); major < 6 || (major == 6 && minor < 2) {
		s.add(Fault, "version", "install Redis 6.2 or later (7 is tested)", "%q is too old", h.Version)
	} else {
		s.ok("version", "%s", h.Version)
	}
	if h.Role != "master" {
		s.add(Fault, "role", "name the primary in redis.addrs, or use Sentinel (redis.master_name)", "this is a %s: nothing can be stored", h.Role)
	} else {
		s.ok("role", "primary, %s", h.Mode)
	}
	judgeRights(s, h)
	judgePersistence(s, h)
	judgeMemory(s, h)
	if h.Clock.Abs() > clockTolerance {
		s.add(Warning, "clock", "let both machines take their time from NTP", "Redis' clock is %s off this machine's", short(h.Clock))
	} else {
		s.ok("clock", "no more than %s off this machine's", short(h.Clock.Abs()+h.Latency/2))
	}
	if h.Journal > longJournal {
		s.add(Warning, "journal", "let `operadora serve` run, and look in its log why the recorder does not keep up", "%d entries wait to be put on record", h.Journal)
	} else {
		s.ok("journal", "%d entries", h.Journal)
	}
	return s.lines
}

func judgeRights(s *sheet, h redisstore.Health) {
	if h.Beyond {
		s.add(Note, "rights", "`operadora redis acl` prints a user with the least rights", "the user %q may read keys that are not operadora's, or administer Redis", h.User)
	} else {
		s.ok("rights", "user %q, and nothing beyond operadora's own keys", h.User)
	}
}

func judgePersistence(s *sheet, h redisstore.Health) {
	const appendOnly = "appendonly yes in redis.conf, or at once: redis-cli CONFIG SET appendonly yes"
	switch {
	case h.WriteFailed:
		s.add(Fault, "persistence", "look at the disk and the log of Redis (full? read-only?)", "Redis could not write to its disk the last time")
	case h.Persistence == redisstore.PersistNone:
		s.add(Fault, "persistence", appendOnly, "Redis keeps nothing on disk: its restart loses every call, lease and unrecorded contact")
	case h.Persistence == redisstore.PersistSnapshot:
		s.add(Warning, "persistence", appendOnly, "snapshots only: a crash of Redis loses what happened since the last")
	case h.Persistence == redisstore.PersistUnknown:
		s.add(Note, "persistence", "make sure that its append-only file is on", "Redis does not tell whether it makes snapshots")
	default:
		s.ok("persistence", "append-only file")
	}
}

func judgeMemory(s *sheet, h redisstore.Health) {
	const policy = "maxmemory-policy noeviction in redis.conf"
	switch {
	case h.MaxMemory > 0 && strings.HasPrefix(h.MemoryPolicy, "allkeys"):
		s.add(Fault, "memory", policy, "policy %s: Redis forgets live calls when it is full", h.MemoryPolicy)
	case h.MaxMemory > 0 && h.UsedMemory > h.MaxMemory/10*8:
		s.add(Warning, "memory", "raise maxmemory, or give operadora a Redis of its own",
			"%s of %s are used: calls cannot be stored when it is full", size(h.UsedMemory), size(h.MaxMemory))
	case h.MemoryPolicy != "noeviction":
		s.add(Warning, "memory", policy, "policy %s: Redis may forget leases and deadlines once it has a limit", h.MemoryPolicy)
	case h.MaxMemory == 0:
		s.ok("memory", "%s used, no limit, policy noeviction", size(h.UsedMemory))
	default:
		s.ok("memory", "%s of %s used, policy noeviction", size(h.UsedMemory), size(h.MaxMemory))
	}
}

// redisRemedy says what to do about an error of the connection.
func redisRemedy(text, addrs string) string {
	switch {
	case strings.Contains(text, "NOAUTH"), strings.Contains(text, "WRONGPASS"), strings.Contains(text, "invalid password"):
		return "set redis.username and redis.password to what redis.conf (requirepass) or its ACL says"
	case strings.Contains(text, "NOPERM"):
		return "give the user the rights that `operadora redis acl` prints"
	case strings.Contains(text, "LOADING"):
		return "Redis is reading its files after a start: wait and run doctor again"
	case strings.Contains(text, "tls"), strings.Contains(text, "x509"):
		return "see redis.tls and redis.tls_ca: both ends must agree on TLS, and the certificate must be trusted"
	}
	return "is Redis running at " + addrs + "? redis-cli -h HOST -p PORT ping; see bind and protected-mode in redis.conf, the firewall, and redis.addrs"
}

// numbers reads the first two numbers of a version.
func numbers(version string) (major, minor int) {
	parts := strings.SplitN(version, ".", 3)
	major, _ = strconv.Atoi(parts[0]) // 0 when it is none: too old
	if len(parts) > 1 {
		minor, _ = strconv.Atoi(parts[1])
	}
	return major, minor
}
