package redisstore

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/ivr/lookup"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Reader reads what somebody else keeps in a Redis, for look-ups. It is safe for concurrent use.
type Reader struct{ rdb *redis.Client }

var _ lookup.KeyValue = (*Reader)(nil)

// OpenReader makes a reader of the Redis at a URL; it connects as it is asked. The error may hold the URL's password.
func OpenReader(url string, connections int) (lookup.KeyValue, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, fault.E("ivr/redisstore.OpenReader", fault.Invalid, err)
	}
	o.PoolSize, o.MaxRetries, o.DialerRetries, o.ContextTimeoutEnabled = connections, -1, 1, true // whoever asks has a deadline, and somebody else asks again
	o.PoolTimeout, o.ReadTimeout, o.WriteTimeout, o.DialTimeout = longestRead, longestRead, longestRead, longestRead
	return &Reader{rdb: redis.NewClient(o)}, nil
}

// longestRead is beyond the deadline of every look-up.
const longestRead = 10 * time.Second

// Close ends all connections.
func (r *Reader) Close() error { return r.rdb.Close() }

// Read implements lookup.KeyValue.
func (r *Reader) Read(ctx context.Context, key, field string) (string, bool, error) {
	var cmd *redis.StringCmd
	if field == "" {
		cmd = r.rdb.Get(ctx, key)
	} else {
		cmd = r.rdb.HGet(ctx, key, field)
	}
	value, err := cmd.Result()
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	return value, err == nil, told(err)
}

// told is what a Redis says, by its first word alone: the rest may repeat what was asked.
func told(err error) error {
	const op = "ivr/redisstore.Read"
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[redis.Error](err); ok {
		word, _, _ := strings.Cut(e.Error(), " ")
		kind := fault.Unavailable
		switch word {
		case "WRONGTYPE":
			kind = fault.Invalid
		case "NOAUTH", "WRONGPASS", "NOPERM":
			kind = fault.Denied
		}
		return fault.New(op, kind, "Redis refuses (%s)", word)
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return fault.E(op, fault.Unavailable, e)
	}
	return fault.New(op, fault.Unavailable, "Redis does not answer")
}
