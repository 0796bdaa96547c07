package leadstore

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

const (
	// leaseTime is how long an import stays with a process that gives no sign of life;
	// each batch renews it.
	leaseTime = 30 * time.Second
	// waitsFor is how long a file may lie about that nobody has brought in.
	waitsFor = 7 * 24 * time.Hour
)

// Importer works at the imports that somebody began, one after another. Several
// processes may have one; an import is with one of them.
type Importer struct {
	s     *Store
	log   *slog.Logger
	owner string
	beat  time.Duration // after which a lease is renewed while a file is gone through

	mu     sync.Mutex
	cancel context.CancelFunc // guarded by mu
	wg     sync.WaitGroup
}

// NewImporter makes one.
func NewImporter(s *Store, log *slog.Logger) *Importer {
	return &Importer{s: s, log: log.With("component", "leads"), owner: ulid.Make().String(), beat: leaseTime / 3}
}

// Start works in the background until Stop.
func (w *Importer) Start(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cancel != nil {
		return errors.New("the importer runs already")
	}
	ctx, w.cancel = context.WithCancel(ctx)
	w.wg.Go(func() { w.loop(ctx) })
	return nil
}

// Stop ends after the batch in hand; whoever starts next goes on behind it. It may be
// called twice or before Start.
func (w *Importer) Stop() {
	w.mu.Lock()
	cancel := w.cancel
	w.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	w.wg.Wait()
}

// loop works while there is work, and waits for more: for a word of this process'
// store, or for the lease of a process that died.
func (w *Importer) loop(ctx context.Context) {
	sweep := time.NewTimer(0)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.s.wake:
		case <-sweep.C:
			w.tidy(ctx)
		}
		for w.one(ctx) {
		}
		sweep.Reset(leaseTime)
	}
}

// one takes up an import and works at it; false when there is none, or none that can
// be worked at now.
func (w *Importer) one(ctx context.Context) bool {
	i, ok, err := w.claim(ctx)
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "imports wait for the database", "error", err)
	}
	if err != nil || !ok {
		return false
	}
	more := w.settle(ctx, i, w.work(ctx, i))
	if w.s.Changed != nil {
		w.s.Changed()
	}
	return more
}

// settle is what follows from how the work at an import ended. It tells whether there
// may be more to do.
func (w *Importer) settle(ctx context.Context, i Import, err error) bool {
	if err == nil {
		return true
	}
	if ctx.Err() != nil {
		w.release(ctx, i)
		return false
	}
	if held := w.hold(ctx, i.N, i.State, ""); errors.Is(held, errLost) {
		return true // whatever it was, it is somebody else's
	}
	if fault.KindOf(err) == fault.Unavailable {
		w.log.WarnContext(ctx, "an import waits for the database", "import", i.ID(), "error", err)
		return false
	}
	w.log.WarnContext(ctx, "an import has failed", "import", i.ID(), "error", err)
	now, lookErr := w.s.Import(ctx, i.N)
	if lookErr != nil {
		return false
	}
	if now.State == leads.StateRunning && now.Done > 0 {
		// What is in stays in, as its counts say, and may be undone.
		return w.s.end(ctx, i.N, leads.OnFinish, "not all rows were brought in: "+fault.Text(err)) == nil
	}
	return w.s.end(ctx, i.N, leads.OnFail, err.Error()) == nil
}

// errLost means that an import is another's now, or was stopped.
var errLost = conflict("the import is not this process' any more")

// claim takes an import whose lease is over.
func (w *Importer) claim(ctx context.Context) (Import, bool, error) {
	now := w.s.now()
	var n int64
	err := w.s.tables.InTx(ctx, func(tx *records.Tx) (err error) {
		n, err = one[int64](ctx, tx, "SELECT n FROM lead_imports WHERE state IN (?, ?, ?) AND (lease_until <= ? OR owner = ?) ORDER BY n LIMIT 1",
			string(leads.StateRunning), string(leads.StateChecking), string(leads.StateUndoing), ms(now), w.owner)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE lead_imports SET owner = ?, lease_until = ? WHERE n = ?", w.owner, ms(now.Add(leaseTime)), n)
		return err
	})
	if err != nil || n == 0 {
		return Import{}, false, err
	}
	i, err := w.s.Import(ctx, n)
	return i, err == nil, err
}

// release gives an import back at the end of this process, so that the next need not
// wait for the lease.
func (w *Importer) release(ctx context.Context, i Import) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second) // the process' own is over
	defer cancel()
	err := w.s.tables.InTx(ctx, func(tx *records.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE lead_imports SET lease_until = 0 WHERE n = ? AND owner = ?", i.N, w.owner)
		return err
	})
	if err != nil {
		w.log.WarnContext(ctx, "an import was not given back; its lease runs out", "import", i.N, "error", err)
	}
}

// tidy gives up files that nobody brings in, and goes on with lists whose deletion was begun.
func (w *Importer) tidy(ctx context.Context) {
	var old []int64
	err := w.s.tables.Query(ctx, func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		old = append(old, n)
		return err
	}, "SELECT n FROM lead_imports WHERE state IN (?, ?) AND created_at < ? LIMIT 100", string(leads.StateReceiving), string(leads.StateReady), ms(w.s.now().Add(-waitsFor)))
	for _, n := range old {
		if err == nil {
			_, err = w.s.Undo(ctx, n)
		}
	}
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "old files were not given up", "error", err)
	}
	gone, err := listsWhere(ctx, w.s.tables, "gone = 1")
	for _, l := range gone {
		for more := true; more && err == nil; {
			_, more, err = w.s.DeleteList(ctx, l.ID)
		}
	}
	if err != nil && ctx.Err() == nil && fault.KindOf(err) != fault.NotFound { // whoever deletes it was faster
		w.log.WarnContext(ctx, "a list is not deleted yet", "error", err)
	}
}

// work does what an import's state asks for.
func (w *Importer) work(ctx context.Context, i Import) error {
	if i.State == leads.StateUndoing {
		return w.undo(ctx, i)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer w.keep(ctx, i)()
	defer cancel()
	if i.Total == 0 {
		total, err := w.s.count(ctx, i)
		if err != nil {
			return err
		}
		if total == 0 {
			return invalid("the file has no rows")
		}
		if err := w.hold(ctx, i.N, i.State, "total = ?, ", total); err != nil {
			return err
		}
	}
	var dry *seen
	if i.State == leads.StateChecking {
		dry, i.Done = newSeen(), 0 // what it has seen is in memory: it begins anew
		i.Counts = Counts{}
	}
	j, err := w.s.open(ctx, i)
	if err != nil {
		return err
	}
	batches, over := j.batches(ctx, i.Done)
	defer func() {
		cancel()
		for range batches { // until its goroutine has ended
		}
		j.close()
	}()
	for rows := range batches {
		if err := w.batch(ctx, &i, rows, dry); err != nil {
			return err
		}
	}
	if err := over(); err != nil {
		return err
	}
	return w.finish(ctx, i)
}

// keep renews an import's lease until the function that it returns is called, which waits
// for that: a large file may be gone through for longer than a lease before a row of it
// is written.
func (w *Importer) keep(ctx context.Context, i Import) func() {
	over := make(chan struct{})
	go func() {
		defer close(over)
		beat := time.NewTicker(w.beat)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C: // who has lost it is told so at the next batch
				_ = w.hold(ctx, i.N, i.State, "")
			}
		}
	}()
	return func() { <-over }
}

// hold renews an import's lease, with further columns of its row, unless it is another's by now.
func (w *Importer) hold(ctx context.Context, n int64, state leads.State, set string, args ...any) error {
	return w.s.tables.InTx(ctx, func(tx *records.Tx) error { return w.holdIn(ctx, tx, n, state, set, args...) })
}

func (w *Importer) holdIn(ctx context.Context, tx *records.Tx, n int64, state leads.State, set string, args ...any) error {
	held, err := tx.Exec(ctx, "UPDATE lead_imports SET "+set+"lease_until = ? WHERE n = ? AND owner = ? AND state = ?",
		append(args, ms(w.s.now().Add(leaseTime)), n, w.owner, string(state))...)
	if err == nil && held == 0 {
		err = errLost
	}
	return err
}

// batch decides upon and writes rows, with how far the import is, in one transaction.
func (w *Importer) batch(ctx context.Context, i *Import, rows []Previewed, dry *seen) error {
	b := &batch{s: w.s, imp: *i, dry: dry, counts: i.Counts}
	err := w.s.tables.InTx(ctx, func(tx *records.Tx) error {
		b.tx = tx
		if err := tx.PlanAfresh(ctx); err != nil {
			return err
		}
		decide := b.values
		if i.Target == leads.IntoList {
			decide = b.leads
		}
		if err := decide(ctx, rows); err != nil {
			return err
		}
		var lines [][]any
		for _, r := range b.rejects {
			b.counts.Rejects++
			kept := 0
			if r.Kept {
				kept = 1
			}
			lines = append(lines, []any{i.N, b.counts.Rejects, r.Row, kept, string(r.Reason), records.Text(r.Detail), toJSON(r.Cells)})
		}
		if i.State == leads.StateChecking && i.Done == 0 { // of a dry run that was cut off
			if _, err := tx.Exec(ctx, "DELETE FROM lead_rejects WHERE import = ?", i.N); err != nil {
				return err
			}
		}
		if _, err := tx.Insert(ctx, "lead_rejects", "import, n, line, kept, reason, detail, cells", "", lines); err != nil {
			return err
		}
		c := b.counts
		if len(b.order) > 0 {
			if i.firstLead == 0 {
				i.firstLead = b.order[0]
			}
			i.lastLead = b.order[len(b.order)-1]
		}
		return w.holdIn(ctx, tx, i.N, i.State, "done = ?, added = ?, updated = ?, duplicates = ?, forbidden = ?, rejected = ?, left_out = ?, rejects = ?, first_lead = ?, last_lead = ?, ",
			c.Done, c.Added, c.Updated, c.Doubles, c.Forbidden, c.Rejected, c.LeftOut, c.Rejects, i.firstLead, i.lastLead)
	})
	if err == nil {
		i.Counts = b.counts
	}
	return err
}

// finish ends what was done with an import.
func (w *Importer) finish(ctx context.Context, i Import) error {
	return w.s.tables.InTx(ctx, func(tx *records.Tx) error {
		if err := w.holdIn(ctx, tx, i.N, i.State, "finished_at = ?, ", ms(w.s.now())); err != nil {
			return err
		}
		if i.State != leads.StateChecking {
			if _, err := tx.Exec(ctx, "DELETE FROM lead_import_parts WHERE import = ?", i.N); err != nil {
				return err
			}
		}
		_, err := w.s.move(ctx, tx, i.N, leads.OnFinish, "")
		return err
	})
}

// undo takes back what an import brought, a portion at a time.
func (w *Importer) undo(ctx context.Context, i Import) error {
	for more := true; more; {
		err := w.s.tables.InTx(ctx, func(tx *records.Tx) (err error) {
			if err := w.holdIn(ctx, tx, i.N, i.State, "error = '', "); err != nil {
				return err
			}
			more, err = undoSome(ctx, tx, i, ms(w.s.now()))
			return err
		})
		if err != nil {
			return err
		}
	}
	return w.finish(ctx, i)
}

func undoSome(ctx context.Context, tx *records.Tx, i Import, now int64) (more bool, err error) {
	before := map[int64]leads.Lead{}
	if err := tx.Query(ctx, func(r *sql.Rows) error {
		var id int64
		var doc string
		err := r.Scan(&id, &doc)
		before[id] = fromJSON[leads.Lead](doc)
		return err
	}, "SELECT lead, doc FROM lead_before WHERE import = ? LIMIT ?", i.N, batchSize); err != nil {
		return false, err
	}
	if err := rewriteAll(ctx, tx, before, now); err != nil {
		return false, err
	}
	for id := range before {
		if _, err := tx.Exec(ctx, "DELETE FROM lead_before WHERE lead = ? AND import = ?", id, i.N); err != nil {
			return false, err
		}
	}
	if len(before) > 0 {
		return true, nil
	}
	for _, of := range []struct{ table, key string }{{"do_not_call", "number"}, {"do_not_call_hashes", "hash"}} {
		n, err := tx.Exec(ctx, "DELETE FROM "+of.table+" WHERE import = ? AND import > 0 AND "+of.key+" IN (SELECT "+of.key+" FROM "+of.table+" WHERE import = ? AND import > 0 LIMIT ?)", i.N, i.N, deletedAtOnce)
		if err != nil || n > 0 {
			return true, err
		}
	}
	n, err := tx.Exec(ctx, "DELETE FROM lead_rejects WHERE import = ? AND n IN (SELECT n FROM lead_rejects WHERE import = ? LIMIT ?)", i.N, i.N, deletedAtOnce)
	if err != nil || n > 0 {
		return true, err
	}
	removed, err := removeLeads(ctx, tx, "import = ? AND id BETWEEN ? AND ?", i.N, i.firstLead, i.lastLead)
	return removed > 0, err
}
