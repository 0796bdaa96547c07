package records

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

const (
	retryFirst = 100 * time.Millisecond
	trimEvery  = time.Minute
	// gather is how long the recorder rests after it has written less than a
	// batch. A transaction costs much the same for one entry and for a hundred,
	// and a call whose entries come together is computed once.
	gather = 200 * time.Millisecond
)

// Sink is where the recorder writes; *DB is one.
type Sink interface {
	Offset(ctx context.Context) (string, error)
	Write(ctx context.Context, entries []orchestrator.Entry) (malformed int, err error)
}

// Recorder carries the journal into SQL. While SQL is away it holds still and
// the journal keeps everything; an entry is forgotten by the journal only after
// it is on record and older than Config.KeepJournal.
type Recorder struct {
	sink    Sink
	journal orchestrator.Journal
	cfg     Config
	log     *slog.Logger
	now     func() time.Time

	mu      sync.Mutex
	cancel  context.CancelFunc // guarded by mu; set while running
	done    chan struct{}      // guarded by mu
	state   Lag                // guarded by mu
	pending time.Time          // guarded by mu; when the oldest entry in hand happened
	trimmed time.Time          // guarded by mu; when the journal was last trimmed
}

// Lag is how far the records are behind the journal.
type Lag struct {
	Behind    time.Duration // age of the oldest entry that is in hand but not yet on record; 0 when none is
	Recorded  string        // id of the last entry on record
	Written   int64         // entries written since the start, repeats included
	Malformed int64         // entries whose data could not be read
	Err       error         // why the last attempt failed; nil when it worked
}

// NewRecorder makes a recorder that is not yet running.
func NewRecorder(sink Sink, j orchestrator.Journal, cfg Config, log *slog.Logger, now func() time.Time) *Recorder {
	return &Recorder{sink: sink, journal: j, cfg: cfg, log: log.With("component", "recorder"), now: now}
}

// Start begins to record in the background and returns at once. A second Start is an error.
func (r *Recorder) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		return errors.New("the recorder runs already")
	}
	ctx, r.cancel = context.WithCancel(ctx)
	r.done = make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		r.run(ctx)
	}(r.done)
	return nil
}

// Stop ends recording and waits until the batch in hand is written or given
// up: what was given up is read from the journal again next time. It may be
// called twice or before Start.
func (r *Recorder) Stop() {
	r.mu.Lock()
	cancel, done := r.cancel, r.done
	r.cancel = nil
	r.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if done != nil {
		<-done
	}
}

// Lag tells how far the records are behind. It does no input or output.
func (r *Recorder) Lag() Lag {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.state
	if !r.pending.IsZero() {
		l.Behind = max(0, r.now().Sub(r.pending))
	}
	return l
}

func (r *Recorder) run(ctx context.Context) {
	r.retry(ctx, "reading the offset", func() error {
		id, err := r.sink.Offset(ctx)
		if err == nil {
			r.mu.Lock()
			r.state.Recorded = id
			r.mu.Unlock()
		}
		return err
	})
	for pause := retryFirst; ctx.Err() == nil; {
		// The tail says nothing while there is nothing new: ask, so that an
		// outage that is over shows.
		r.retry(ctx, "reading the journal", func() error {
			_, err := r.journal.Last(ctx)
			return err
		})
		from := r.Lag().Recorded
		err := r.journal.Tail(ctx, from, func(entries []orchestrator.Entry) error { return r.take(ctx, entries) })
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("the journal ended")
		}
		r.note(err)
		r.log.WarnContext(ctx, "reading the journal was cut off", "error", err)
		if r.Lag().Recorded != from {
			pause = retryFirst
		}
		wait(ctx, pause)
		pause = min(2*pause, r.cfg.RetryMax)
	}
}

// take writes what the journal delivers, in batches.
func (r *Recorder) take(ctx context.Context, entries []orchestrator.Entry) error {
	for part := range slices.Chunk(entries, r.cfg.Batch) {
		if !r.write(ctx, part) {
			return ctx.Err()
		}
	}
	now := r.now()
	r.mu.Lock()
	due := now.Sub(r.trimmed) >= trimEvery
	if due {
		r.trimmed = now
	}
	r.mu.Unlock()
	if due {
		r.trim(ctx, now)
	}
	if len(entries) < r.cfg.Batch {
		wait(ctx, gather)
	}
	return nil
}

// write puts a batch on record, however long it takes; false when ctx ended first.
func (r *Recorder) write(ctx context.Context, part []orchestrator.Entry) bool {
	r.mu.Lock()
	r.pending = part[0].At
	r.mu.Unlock()
	return r.retry(ctx, "writing records", func() error {
		malformed, err := r.sink.Write(ctx, part)
		if err != nil {
			return err
		}
		if malformed > 0 {
			r.log.WarnContext(ctx, "journal entries with unreadable data", "count", malformed, "last_id", part[len(part)-1].ID)
		}
		r.mu.Lock()
		r.state.Recorded = part[len(part)-1].ID
		r.state.Written += int64(len(part))
		r.state.Malformed += int64(malformed)
		r.pending = time.Time{}
		r.mu.Unlock()
		return nil
	})
}

// trim lets the journal forget what is on record and old. Failing costs memory
// in the journal's store, nothing else; the next minute tries again.
func (r *Recorder) trim(ctx context.Context, now time.Time) {
	if err := r.journal.Trim(ctx, r.Lag().Recorded, now.Add(-r.cfg.KeepJournal)); err != nil && ctx.Err() == nil {
		r.log.WarnContext(ctx, "journal not trimmed", "error", err)
	}
}

// retry calls fn until it works or ctx ends (false), with growing pauses. An
// outage is logged when it begins and when it is over.
func (r *Recorder) retry(ctx context.Context, what string, fn func() error) bool {
	pause, failed := retryFirst, false
	for ctx.Err() == nil {
		err := fn()
		if ctx.Err() != nil {
			return err == nil
		}
		r.note(err)
		if err == nil {
			if failed {
				r.log.InfoContext(ctx, "recorder works again", "doing", what)
			}
			return true
		}
		if !failed {
			failed = true
			r.log.ErrorContext(ctx, "recorder is held up", "doing", what, "error", err)
		}
		if !wait(ctx, pause+rand.N(pause/4+1)) {
			return false
		}
		pause = min(2*pause, r.cfg.RetryMax)
	}
	return false
}

func (r *Recorder) note(err error) {
	r.mu.Lock()
	r.state.Err = err
	r.mu.Unlock()
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
