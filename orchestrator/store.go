package orchestrator

import (
	"context"
	"time"
)

// Store keeps live calls, the lease of each PBX and the journal.
// orchestrator/redisstore implements it.
type Store interface {
	// Commit stores a call and its journal entries in one atomic step. The
	// call's Rev is the revision it replaces plus one. It is refused with
	// ErrFenced when lease is no longer the PBX's. A call in StateEnded leaves
	// the live set and is forgotten after a while.
	Commit(ctx context.Context, lease Lease, c Call, entries []Entry) error
	// Live returns all live calls of a PBX.
	Live(ctx context.Context, pbx string) ([]Call, error)
	// Call returns one call, live or lately ended; NotFound otherwise.
	Call(ctx context.Context, id string) (Call, error)

	// Acquire takes or renews the lease of a PBX for owner. Taking it (from
	// nobody, from an expired owner, or from an earlier process of the same
	// instance name) gives a new epoch; renewing keeps it. ErrHeld when another
	// instance holds it.
	Acquire(ctx context.Context, pbx string, owner LeaseOwner, ttl time.Duration) (Lease, error)
	Release(ctx context.Context, l Lease) error

	// Append writes journal entries that belong to no call (PBX connections).
	Append(ctx context.Context, entries ...Entry) error
	Journal
}

// LeaseOwner names a process: the configured instance name and a value unique to the process.
type LeaseOwner struct{ Instance, Process string }

// Lease is the right to command a PBX. A higher epoch fences the lower ones.
type Lease struct {
	PBX   string
	Owner LeaseOwner
	Epoch int64
}
