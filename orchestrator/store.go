package orchestrator

import (
	"context"
	"time"
)

// Record is what the store keeps of an owner of things on a PBX: a call, or the
// session of an agent's permanent line. The store does not look into Doc.
type Record struct {
	ID       string
	PBX      string
	Rev      int64 // the revision it replaces plus one
	Doc      []byte
	Deadline time.Time // the earliest thing that falls due; zero when nothing does
	Ended    bool      // it leaves the live set and is forgotten after a while
	Came     string    // of a first revision: the channel on which it came in, "" for none
}

// Store keeps live calls, the lease of each PBX and the journal.
// orchestrator/redisstore implements it.
type Store interface {
	// Commit stores a record and its journal entries in one atomic step. It is
	// refused with ErrFenced when lease is no longer the PBX's.
	Commit(ctx context.Context, lease Lease, r Record, entries []Entry) error
	// Live returns all live records of a PBX.
	Live(ctx context.Context, pbx string) ([]Record, error)
	// Came lists the channels on which the last calls of a PBX came in, whether they
	// are live or not: a thousand of them.
	Came(ctx context.Context, pbx string) ([]string, error)
	// SetAside takes a record that nobody can read out of the live set, and keeps
	// it for whoever looks into it.
	SetAside(ctx context.Context, lease Lease, r Record) error
	// Load returns one record, live or ended within the last hour; NotFound otherwise.
	Load(ctx context.Context, id string) (Record, error)

	// Acquire takes or renews the lease of a PBX for owner. Taking it gives a new
	// epoch; renewing keeps it. It is taken from nobody, from an owner whose
	// lease ran out, or from dead, a holder that the caller knows to be gone.
	// Otherwise the error is a HeldError.
	Acquire(ctx context.Context, pbx string, owner LeaseOwner, ttl time.Duration, dead string) (Lease, error)
	Release(ctx context.Context, l Lease) error

	// Order gives the process that drives a PBX an order, as Orders reads it there, and
	// returns its answer. Each is carried out once or not at all. Unavailable: nobody
	// drives the PBX, or nobody knows what became of it.
	Order(ctx context.Context, pbx string, order []byte) (answer []byte, err error)
	// Orders carries out the orders for a PBX, each in a goroutine of its own, until ctx
	// ends; it returns once all have been answered. Only who drives the PBX calls it.
	Orders(ctx context.Context, pbx string, do func(ctx context.Context, order []byte) (answer []byte)) error

	// Claim returns the value that a key stands for: this one, unless the key was
	// claimed before. It is forgotten after a day.
	Claim(ctx context.Context, key, value string) (string, error)

	// PromiseCallback returns the call that is to call a number back for a queue: id,
	// unless one is already other than over, which is known to be no more.
	PromiseCallback(ctx context.Context, queue, number, id, over string) (string, error)
	// ForgetCallback lets a number be promised another callback than that of id.
	ForgetCallback(ctx context.Context, queue, number, id string) error
	// Callback returns the call that is to call a number back, "" for none.
	Callback(ctx context.Context, queue, number string) (string, error)

	// Append writes journal entries that belong to no call (PBX connections).
	Append(ctx context.Context, entries ...Entry) error
	Journal
}

// LeaseOwner names a process: the configured instance name, where it runs, and
// a value unique to the process.
type LeaseOwner struct {
	Instance string
	Process  string // "<host>/<pid>/<when it started>": who can tell whether it is alive reads it
}

// Holder names a process among all of all instances.
func (o LeaseOwner) Holder() string { return o.Instance + "/" + o.Process }

// Lease is the right to command a PBX. A higher epoch fences the lower ones.
type Lease struct {
	PBX   string
	Owner LeaseOwner
	Epoch int64
}

// HeldError means that another process holds the lease. It is an ErrHeld.
type HeldError struct {
	Instance string
	Holder   string // as LeaseOwner.Holder
}

// Error names the holder.
func (e *HeldError) Error() string { return ErrHeld.Error() + ": " + e.Holder }

// Is makes it an ErrHeld.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }
