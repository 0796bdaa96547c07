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
	"github.com/operadora/operadora/orchestrator/life"
)

const (
	retryFirst = 100 * time.Millisecond
	// gather is how long the recorder rests after it has written less than a
	// batch. A transaction costs much the same for one entry and for a hundred,
	// and a call whose entries come together is computed once.
	gather = 500 * time.Millisecond
)

// Sink is where the recorder writes; *DB is one.
type Sink interface {
	// Identity is a lasting name of the database.
	Identity(ctx context.Context) (string, error)
	Place(ctx context.Context) (Place, error)
	Rewound(ctx context.Context, from Place, to string) (Place, bool, error)
	// Recorded and Holds say what is on record already.
	Recorded(ctx context.Context, n int) (id string, err error)
	Holds(ctx context.Context, e orchestrator.Entry) (bool, error)
	Write(ctx context.Context, entries []orchestrator.Entry) (malformed int, err error)
	SetAside(ctx context.Context, e orchestrator.Entry, reason error) error
}

// Source is the journal as the recorder needs it; redisstore.Store is one.
type Source interface {
	orchestrator.Journal
	// TailFrom is Tail from an entry, which must be there, the very same; a zero one is the beginning.
	TailFrom(ctx context.Context, place orchestrator.Entry, fn func([]orchestrator.Entry) error) error
	// Entry returns what the journal holds under an id, if anything.
	Entry(ctx context.Context, id string) (e orchestrator.Entry, ok bool, err error)
	// Trim notes the last entry that a reader has on record and forgets what is
	// older than keep and on record with every reader. It names the readers that
	// hold the journal back because nothing has been heard of them for long.
	Trim(ctx context.Context, reader string, recorded orchestrator.Entry, now time.Time, keep time.Duration) (silent []string, err error)
}

// Recorder carries the journal into SQL. While SQL is away it holds still and
// the journal keeps everything; an entry is forgotten by the journal only after
// it is on record and older than Config.KeepJournal. Its place is checked
// whenever it begins to read and by every reading: a journal that lost its last
// entries is read again from the newest entry that both know.
type Recorder struct {
	sink    Sink
	journal Source
	cfg     Config
	log     *slog.Logger
	now     func() time.Time
	// Tell is told what whoever is on duty should know, once it is over; nil tells nobody.
	Tell func(ctx context.Context, e orchestrator.SystemEvent)
	// Recorded is shown what is on record now, and returns at once; nil is shown nothing.
	Recorded func(entries []orchestrator.Entry)

	away map[orchestrator.SystemNews]time.Time // since when what does not answer; run's alone

	life life.Group

	mu      sync.Mutex
	state   Lag                // guarded by mu, without what Lag derives
	place   orchestrator.Entry // guarded by mu; the last on record
	pending time.Time          // guarded by mu; since when the oldest entry in hand waits
	newest  time.Time          // guarded by mu; when the newest entry on record happened
}

// Lag is how far the records are behind the journal.
type Lag struct {
	Behind    time.Duration // age of the oldest entry that is in hand but not yet on record; 0 when none is
	Recorded  string        // id of the last entry on record
	Written   int64         // entries written since the start, repeats included
	Malformed int64         // entries whose data could not be read
	SetAside  int64         // entries that the database refused, see DB.SetAside
	Rewinds   int64         // how often since the start the journal had lost entries
	Rewound   time.Time     // when that was last noticed, also before the start; zero for never
	Lost      int64         // of the entries on record it had lost at most so many then
	Err       error         // why the last attempt failed; nil when it worked
}

// NewRecorder makes a recorder that is not yet running.
func NewRecorder(sink Sink, j Source, cfg Config, log *slog.Logger, now func() time.Time) *Recorder {
	return &Recorder{sink: sink, journal: j, cfg: cfg, log: log.With("component", "recorder"), now: now, away: map[orchestrator.SystemNews]time.Time{}}
}

// Start begins to record in the background and returns at once. A second Start is an error.
func (r *Recorder) Start(ctx context.Context) error {
	ctx, ok := r.life.Begin(ctx)
	if !ok {
		return errors.New("the recorder runs already")
	}
	r.life.Go(func() { r.run(ctx) })
	return nil
}

// Stop ends recording and waits until the batch in hand is written or given
// up: what was given up is read from the journal again next time. It may be
// called twice or before Start.
func (r *Recorder) Stop() { r.life.End() }

// Lag tells how far the records are behind. It does no input or output.
func (r *Recorder) Lag() Lag {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.state
	l.Recorded = r.place.ID
	if !r.pending.IsZero() {
		l.Behind = max(0, r.now().Sub(r.pending))
	}
	return l
}

func (r *Recorder) run(ctx context.Context) {
	var trimming sync.WaitGroup
	defer trimming.Wait()
	var reader string
	ok := r.retry(ctx, "asking the database for its name", func() (err error) {
		reader, err = r.sink.Identity(ctx)
		return err
	})
	for pause, first := retryFirst, true; ok && ctx.Err() == nil; first = false {
		if ok = r.retry(ctx, "finding the place in the journal", func() error { return r.settle(ctx) }); !ok {
			return
		}
		if first {
			told := r.trim(ctx, reader, nil) // from now on nobody else trims what is not on record here
			trimming.Go(func() { r.keepTrimmed(ctx, reader, told) })
		}
		from := r.last()
		err := r.journal.TailFrom(ctx, from, func(entries []orchestrator.Entry) error { return r.take(ctx, entries) })
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("the journal ended")
		}
		r.note(err)
		if !errors.Is(err, orchestrator.ErrRewound) {
			r.answers(ctx, orchestrator.SystemStoreAway, err)
		}
		r.log.WarnContext(ctx, "reading the journal was cut off", "error", err)
		if r.last().ID != from.ID {
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
	if len(entries) < r.cfg.Batch {
		wait(ctx, gather)
	}
	return nil
}

// write puts a batch on record, however long it takes; false when ctx ended
// first. Of a batch that the database refuses the one entry at fault is found
// by halves and set aside.
func (r *Recorder) write(ctx context.Context, part []orchestrator.Entry) bool {
	r.inHand(part)
	var malformed int
	var refused error
	ok := r.retry(ctx, "writing records", func() (err error) {
		malformed, err = r.sink.Write(ctx, part)
		if errors.Is(err, errRefused) {
			refused, err = err, nil
		}
		r.answers(ctx, orchestrator.SystemRecordsAway, err)
		return err
	})
	switch {
	case !ok:
		return false
	case refused == nil:
		r.onRecord(ctx, part, malformed)
		return true
	case len(part) > 1:
		half := len(part) / 2
		return r.write(ctx, part[:half]) && r.write(ctx, part[half:])
	}
	return r.setAside(ctx, part[0], refused)
}

func (r *Recorder) setAside(ctx context.Context, e orchestrator.Entry, reason error) bool {
	ok := r.retry(ctx, "setting an entry aside", func() error {
		err := r.sink.SetAside(ctx, e, reason)
		if errors.Is(err, errRefused) {
			reason, err = err, nil // not even that: what is left is the line in the log
		}
		return err
	})
	if !ok {
		return false
	}
	r.log.ErrorContext(ctx, "journal entry set aside", "entry", e.ID, "type", e.Type, "call", e.Call, "error", reason)
	r.mu.Lock()
	r.state.SetAside++
	r.mu.Unlock()
	r.onRecord(ctx, []orchestrator.Entry{e}, 0)
	return true
}

// inHand notes since when the oldest entry in hand waits. Entries that are older
// than what is on record come again after a rewind: they wait from now on.
func (r *Recorder) inHand(part []orchestrator.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending = r.now()
	for _, e := range part {
		if e.At.After(r.newest) && e.At.Before(r.pending) {
			r.pending = e.At
		}
	}
}

func (r *Recorder) onRecord(ctx context.Context, part []orchestrator.Entry, malformed int) {
	last := part[len(part)-1]
	if malformed > 0 {
		r.log.WarnContext(ctx, "journal entries with unreadable data", "count", malformed, "last_id", last.ID)
	}
	if r.Recorded != nil {
		r.Recorded(part)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.place, r.pending = last, time.Time{}
	r.state.Written += int64(len(part))
	r.state.Malformed += int64(malformed)
	for _, e := range part {
		if e.At.After(r.newest) {
			r.newest = e.At
		}
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

// answers notes whether something answered, and tells of its absence when that is over.
func (r *Recorder) answers(ctx context.Context, what orchestrator.SystemNews, err error) {
	since, away := r.away[what]
	switch {
	case ctx.Err() != nil:
	case err != nil && !away:
		r.away[what] = r.now()
	case err == nil && away:
		delete(r.away, what)
		r.tell(ctx, orchestrator.SystemEvent{What: what, Since: since.UnixMilli()})
	}
}

func (r *Recorder) tell(ctx context.Context, e orchestrator.SystemEvent) {
	if r.Tell != nil {
		r.Tell(ctx, e)
	}
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
