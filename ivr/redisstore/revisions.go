// Package redisstore keeps the revisions of flows in Redis, so that a process
// can go on with calls that began in another one under texts it never read.
package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// keep is how long a revision stays after it was last put. Library.Refresh
// puts what is in use again long before, and no call lasts a day.
const keep = 7 * 24 * time.Hour

// maxBytes bounds what is stored under one hash: a flow with its sub-flows.
const maxBytes = 8 << 20

// Revisions implements ivr.Revisions. It is safe for concurrent use.
type Revisions struct {
	rdb    redis.UniversalClient
	prefix string
}

var _ ivr.Revisions = (*Revisions)(nil)

// New returns the revisions of a tenant. It does not own the client and sends nothing yet.
func New(rdb redis.UniversalClient, tenant string) *Revisions {
	return &Revisions{rdb: rdb, prefix: "op:{" + tenant + "}:ivr:revision:"}
}

// key is a string with the texts of a revision (JSON), written by Put, expires
// after keep.
func (r *Revisions) key(hash string) string { return r.prefix + hash }

// Put stores a revision, or prolongs its stay by another seven days.
func (r *Revisions) Put(ctx context.Context, hash string, source []byte) error {
	const op = "ivr/redisstore.Put"
	if hash == "" || len(source) > maxBytes {
		return fault.New(op, fault.Invalid, "revision %q has %d bytes, %d are allowed", hash, len(source), maxBytes)
	}
	return redisstore.Classify(op, r.rdb.Set(ctx, r.key(hash), source, keep).Err())
}

// Get returns a revision; NotFound when Redis does not have it.
func (r *Revisions) Get(ctx context.Context, hash string) ([]byte, error) {
	const op = "ivr/redisstore.Get"
	source, err := r.rdb.Get(ctx, r.key(hash)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, fault.New(op, fault.NotFound, "revision %s is not kept", hash)
	}
	return source, redisstore.Classify(op, err)
}
