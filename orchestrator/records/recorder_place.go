package records

import (
	"context"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// farBack is how many entries on record are asked for at most when the newest
// one is sought that the journal still holds. Beyond that the journal is read
// from its beginning: what is on record already changes nothing.
const farBack = 1 << 17

// settle makes the place in the database one that the journal knows. A place
// whose entry is not there means that Redis came back without its last writes,
// or that the journal could not wait for this database any longer.
func (r *Recorder) settle(ctx context.Context) error {
	// The tail says nothing while there is nothing new: ask, so that an outage
	// that is over shows.
	last, err := r.journal.Last(ctx)
	r.answers(ctx, orchestrator.SystemStoreAway, err)
	if err != nil {
		return err
	}
	place, err := r.sink.Place(ctx)
	r.answers(ctx, orchestrator.SystemRecordsAway, err)
	if err != nil {
		return err
	}
	to, err := r.common(ctx, place.ID)
	if err != nil {
		return err
	}
	rewound := to.ID != place.ID
	if rewound {
		was := place
		var noted bool
		if place, noted, err = r.sink.Rewound(ctx, was, to.ID); err != nil {
			return err
		}
		r.log.ErrorContext(ctx, "the journal has lost entries: it is read again from the newest that is on record",
			"place", was.ID, "from", to.ID, "journal_ends", last, "epoch", place.Epoch, "lost", place.Lost)
		if noted { // another recorder of this database tells it else
			r.tell(ctx, orchestrator.SystemEvent{What: orchestrator.SystemRewound, Counts: map[string]int{"lost": int(place.Lost)}})
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.place, r.state.Rewound, r.state.Lost = to, place.Rewound, place.Lost
	if rewound {
		r.state.Rewinds++
	}
	return nil
}

// last is the last entry on record, a zero one when there is none.
func (r *Recorder) last() orchestrator.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.place
}

// common returns the newest entry, from one on record backwards in growing
// steps, that the journal holds as well; a zero one is its beginning.
func (r *Recorder) common(ctx context.Context, id string) (orchestrator.Entry, error) {
	for n := 0; id != "" && n <= farBack; {
		e, there, err := r.journal.Entry(ctx, id)
		if err != nil {
			return orchestrator.Entry{}, err
		}
		if there {
			held, err := r.sink.Holds(ctx, e)
			if err != nil {
				return orchestrator.Entry{}, err
			}
			if held {
				return e, nil
			}
		}
		n = 2*n + 1
		if id, err = r.sink.Recorded(ctx, n); err != nil {
			return orchestrator.Entry{}, err
		}
	}
	return orchestrator.Entry{}, nil
}

// keepTrimmed calls trim every minute, also while the database is away: the
// journal waits for a recorder that lives.
func (r *Recorder) keepTrimmed(ctx context.Context, reader string, told []string) {
	for wait(ctx, trimEvery) {
		told = r.trim(ctx, reader, told)
	}
}

// trim tells the journal how far this database is, and lets it forget what is on
// record with every reader and old. Failing costs memory in the journal's store,
// nothing else. It returns the silent readers, which are logged when they were
// not told before.
func (r *Recorder) trim(ctx context.Context, reader string, told []string) []string {
	silent, err := r.journal.Trim(ctx, reader, r.last(), r.now(), r.cfg.KeepJournal)
	if err != nil {
		if ctx.Err() == nil {
			r.log.WarnContext(ctx, "journal not trimmed", "error", err)
		}
		return told
	}
	slices.Sort(silent)
	if len(silent) > 0 && !slices.Equal(silent, told) {
		r.log.WarnContext(ctx, "the journal is kept for databases whose recorders are silent", "databases", silent)
	}
	return silent
}

// trimEvery is short against Config.KeepJournal, and long against what it costs.
const trimEvery = time.Minute
