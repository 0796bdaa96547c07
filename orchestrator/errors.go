package orchestrator

import "errors"

// Sentinels that callers compare.
var (
	// ErrNoTransition means that a trigger is not allowed in a state. It is normal
	// for late and repeated events; the state is unchanged.
	ErrNoTransition = errors.New("no such transition")
	// ErrFenced means that the lease under which a change was made is no longer
	// the PBX's: another process drives it now, and this one must stop.
	ErrFenced = errors.New("the lease of this PBX was taken over")
	// ErrHeld means that another instance holds the lease of a PBX.
	ErrHeld = errors.New("another instance holds the lease of this PBX")
	// ErrReplaced means that another client has connected to the PBX with our
	// application name; the adapter has stopped. It may be a late connection of
	// our own that nobody serves: who proves the lease afterwards runs again at once.
	ErrReplaced = errors.New("another client took this application over")
	// ErrOriginatorGone means that a call was not made because the channel it was
	// to be made for has ended; the endpoint was not even asked.
	ErrOriginatorGone = errors.New("the channel that this call is for has ended")
	// ErrNothingDone means that an order has certainly not reached whom it was for:
	// asking again is asking for the first time. It comes with a fault of kind
	// Unavailable.
	ErrNothingDone = errors.New("nothing was done")
	// ErrInDoubt means that an order that is given once may have been carried out or
	// not, and that nothing is there now: it is not given again. It comes with a fault
	// of kind Conflict.
	ErrInDoubt = errors.New("nobody knows whether it was carried out, and it is not ordered again")
	// ErrChannelGone means that channels were not joined because one of them has
	// ended: another bridge would not help.
	ErrChannelGone = errors.New("a channel is gone")
	// ErrRewound means that the journal does not hold the entry after which a
	// reader reads on: it came back without its last entries, was emptied, or has
	// forgotten that entry. What is appended from now on may have lower ids than
	// what was read before, so the reader goes back to what is there. It comes
	// with a fault of kind Conflict.
	ErrRewound = errors.New("the journal does not hold the entry to read on from")
)
