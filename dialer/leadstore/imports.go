package leadstore

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator/records"
)

// Order is what an import is to do.
type Order struct {
	Target     leads.Target
	List       string // with leads.IntoList
	Campaign   string // with leads.IntoDoNotCall: whose campaign may not call; "" is nobody
	Source     string // with leads.IntoHashes: the external list
	Hashing    leads.Hashing
	Region     string // of numbers that must not be called
	Why        string
	File       string // its name
	Format     leads.Format
	Columns    map[string]leads.As // by heading, as far as somebody says
	Duplicates leads.Duplicates
	By         string
}

// Import is one file that is brought in.
type Import struct {
	N int64
	Order
	Size    int64
	Settled []leads.Column // once the file is there
	State   leads.State
	Error   string // why it failed
	Counts
	Total      int64 // rows below the heading; 0 until they were counted
	CreatedAt  time.Time
	FinishedAt time.Time

	list                int64
	firstLead, lastLead int64
}

// Counts are what came of the rows of an import so far.
type Counts struct {
	Done      int64 // rows gone through
	Added     int64
	Updated   int64
	Doubles   int64 // not taken because they were there already
	Forbidden int64 // not taken because they must not be called
	Rejected  int64 // not taken for anything else
	LeftOut   int64 // numbers of rows that were taken
	Rejects   int64 // lines of the file of rejects
}

// ID is an import's, as text.
func (i Import) ID() string { return strconv.FormatInt(i.N, 10) }

// Bounds of a file.
const (
	MaxFile  = 512 << 20
	partSize = 1 << 20
)

// NewImport begins an import, whose file is to come.
func (s *Store) NewImport(ctx context.Context, o Order) (Import, error) {
	if o.Duplicates == (leads.Duplicates{}) {
		o.Duplicates = leads.Duplicates{Scope: leads.ScopeList, Action: leads.ActionSkip}
	}
	for _, check := range []func() error{o.Format.Validate, o.Duplicates.Validate} {
		if err := check(); err != nil {
			return Import{}, err
		}
	}
	for _, as := range o.Columns {
		if err := as.Check(); err != nil {
			return Import{}, err
		}
	}
	list, err := s.target(ctx, o)
	if err != nil {
		return Import{}, err
	}
	var n int64
	err = s.tables.InTx(ctx, func(tx *records.Tx) error {
		if n, err = take(ctx, tx, "import", 1); err != nil {
			return err
		}
		_, err := tx.Insert(ctx, "lead_imports", "n, target, list, campaign, source, why, file, size, format, said, columns, scope, action, state, error, total, done, added, updated, duplicates, forbidden, rejected, left_out, rejects, first_lead, last_lead, created_at, created_by, finished_at, owner, lease_until", "",
			[][]any{{n, string(o.Target), list, records.Text(o.Campaign), records.Text(o.Source), records.Text(o.Why), records.Text(o.File), 0,
				toJSON(settings{o.Format, o.Region, o.Hashing}), toJSON(o.Columns), "[]", string(o.Duplicates.Scope), string(o.Duplicates.Action),
				string(leads.StateReceiving), "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ms(s.now()), records.Text(o.By), 0, "", 0}})
		return err
	})
	if err != nil {
		return Import{}, err
	}
	return s.Import(ctx, n)
}

// settings are how an import's file is read.
type settings struct {
	Format  leads.Format
	Region  string
	Hashing leads.Hashing
}

// target checks what an import is to bring its rows into, and returns the number of its list.
func (s *Store) target(ctx context.Context, o Order) (int64, error) {
	switch o.Target {
	case leads.IntoList:
		l, err := s.List(ctx, o.List)
		return l.n, err
	case leads.IntoDoNotCall:
		if o.Campaign != "" && (leads.List{ID: o.Campaign}).Validate() != nil {
			return 0, badCampaign(o.Campaign)
		}
		return 0, leads.List{ID: "do_not_call", Region: o.Region}.Validate()
	case leads.IntoHashes:
		if err := (leads.List{ID: o.Source}).Validate(); err != nil {
			return 0, invalid("source: %q is not a name of up to 64 of a-z, 0-9, - and _", o.Source)
		}
		if err := o.Hashing.Validate(); err != nil {
			return 0, err
		}
		return 0, s.tables.InTx(ctx, func(tx *records.Tx) error { return s.keepSource(ctx, tx, o.Source, o.Hashing, o.By) })
	}
	return 0, invalid("target: %q is none of list, do_not_call, hashes", o.Target)
}

const importColumns = `i.n, i.target, COALESCE(l.id, ''), i.list, i.campaign, i.source, i.why, i.file, i.size, i.format, i.said, i.columns, i.scope, i.action,
	i.state, i.error, i.total, i.done, i.added, i.updated, i.duplicates, i.forbidden, i.rejected, i.left_out, i.rejects, i.first_lead, i.last_lead,
	i.created_at, i.created_by, i.finished_at`

func scanImport(r *sql.Rows) (Import, error) {
	var i Import
	var format, said, columns string
	var created, finished int64
	err := r.Scan(&i.N, &i.Target, &i.List, &i.list, &i.Campaign, &i.Source, &i.Why, &i.File, &i.Size, &format, &said, &columns, &i.Duplicates.Scope, &i.Duplicates.Action,
		&i.State, &i.Error, &i.Total, &i.Done, &i.Added, &i.Updated, &i.Doubles, &i.Forbidden, &i.Rejected, &i.LeftOut, &i.Rejects, &i.firstLead, &i.lastLead,
		&created, &i.By, &finished)
	set := fromJSON[settings](format)
	i.Format, i.Region, i.Hashing = set.Format, set.Region, set.Hashing
	i.Columns, i.Settled = fromJSON[map[string]leads.As](said), fromJSON[[]leads.Column](columns)
	i.CreatedAt, i.FinishedAt = at(created), at(finished)
	return i, err
}

// Import is one import; NotFound when there is none of that number.
func (s *Store) Import(ctx context.Context, n int64) (Import, error) {
	list, err := s.imports(ctx, "WHERE i.n = ?", n)
	if err == nil && len(list) == 0 {
		err = notFound("import: there is no import %d", n)
	}
	if err != nil {
		return Import{}, err
	}
	return list[0], nil
}

// Imports lists imports, the latest first, before a number (0: from the latest on).
func (s *Store) Imports(ctx context.Context, before int64, limit int) ([]Import, error) {
	if before <= 0 {
		return s.imports(ctx, "ORDER BY i.n DESC LIMIT ?", limit)
	}
	return s.imports(ctx, "WHERE i.n < ? ORDER BY i.n DESC LIMIT ?", before, limit)
}

func (s *Store) imports(ctx context.Context, where string, args ...any) (out []Import, err error) {
	err = s.tables.Query(ctx, func(r *sql.Rows) error {
		i, err := scanImport(r)
		out = append(out, i)
		return err
	}, "SELECT "+importColumns+" FROM lead_imports i LEFT JOIN lead_lists l ON l.n = i.list "+where, args...)
	return out, err
}

// move brings an import to its next state, with further columns of its row.
func (s *Store) move(ctx context.Context, tx *records.Tx, n int64, t leads.Trigger, set string, args ...any) (leads.State, error) {
	is, err := one[leads.State](ctx, tx, "SELECT state FROM lead_imports WHERE n = ?", n)
	if err != nil {
		return "", err
	}
	if is == "" {
		return "", notFound("import: there is no import %d", n)
	}
	next, err := leads.Next(is, t)
	if err != nil {
		return "", err
	}
	moved, err := tx.Exec(ctx, "UPDATE lead_imports SET "+set+"state = ?, owner = '', lease_until = 0 WHERE n = ? AND state = ?", append(args, string(next), n, string(is))...)
	if err == nil && moved == 0 {
		err = conflict("import: somebody else has just changed import %d", n)
	}
	return next, err
}

// Receive keeps an import's file, whole or not at all, and finds out what its columns
// are. A file that cannot be read is Invalid, and the import has failed.
func (s *Store) Receive(ctx context.Context, n int64, file io.Reader) (Import, error) {
	i, err := s.Import(ctx, n)
	if err != nil {
		return i, err
	}
	sender := ulid.Make().String()
	if err := s.tables.InTx(ctx, func(tx *records.Tx) error { // from here on this file counts, and no other that is on its way
		if _, err := s.move(ctx, tx, n, leads.OnSend, ""); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM lead_import_parts WHERE import = ?", n); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE lead_imports SET owner = ? WHERE n = ?", sender, n)
		return err
	}); err != nil {
		return i, err
	}
	size, err := s.keepParts(ctx, n, sender, file)
	if err != nil {
		return i, err
	}
	format, columns, err := s.look(ctx, i)
	if err != nil {
		return i, errors.Join(err, s.end(ctx, n, leads.OnFail, err.Error()))
	}
	err = s.tables.InTx(ctx, func(tx *records.Tx) error {
		if err := stillSent(ctx, tx, n, sender); err != nil {
			return err
		}
		_, err := s.move(ctx, tx, n, leads.OnFile, "size = ?, format = ?, columns = ?, ", size, toJSON(settings{format, i.Region, i.Hashing}), toJSON(columns))
		return err
	})
	if err != nil {
		return i, err
	}
	return s.Import(ctx, n)
}

// stillSent refuses what comes of a file when another is sent, or the import was given up.
func stillSent(ctx context.Context, tx *records.Tx, n int64, sender string) error {
	held, err := tx.Exec(ctx, "UPDATE lead_imports SET owner = owner WHERE n = ? AND owner = ? AND state = ?", n, sender, string(leads.StateReceiving))
	if err == nil && held == 0 {
		err = conflict("import: another file was sent meanwhile, or import %d was given up", n)
	}
	return err
}

// keepParts stores a file in parts and returns its size.
func (s *Store) keepParts(ctx context.Context, n int64, sender string, file io.Reader) (size int64, err error) {
	buffer := make([]byte, partSize)
	for part := 0; ; part++ {
		got, last, err := fill(buffer, file)
		if err != nil {
			return size, err
		}
		if size += int64(got); size > MaxFile {
			return size, invalid("the file has more than %d MiB: bring it in in parts", MaxFile>>20)
		}
		err = s.tables.InTx(ctx, func(tx *records.Tx) error {
			if err := stillSent(ctx, tx, n, sender); err != nil {
				return err
			}
			if got == 0 {
				return nil
			}
			_, err := tx.Exec(ctx, "INSERT INTO lead_import_parts (import, part, data) VALUES (?, ?, ?)", n, part, buffer[:got])
			return err
		})
		if err != nil || last {
			return size, err
		}
	}
}

// fill reads as much as there is room for; last tells that there is no more. Unlike
// io.ReadFull it does not take a file that was cut off on its way for one that ends.
func fill(buffer []byte, file io.Reader) (n int, last bool, err error) {
	for n < len(buffer) {
		got, err := file.Read(buffer[n:])
		n += got
		if err == io.EOF { //nolint:errorlint // as io.Reader has it
			return n, true, nil
		}
		if err != nil {
			return n, false, invalid("the file was cut off on its way: %w", err)
		}
	}
	return n, false, nil
}

// end notes why an import cannot go on, and forgets its file.
func (s *Store) end(ctx context.Context, n int64, t leads.Trigger, why string) error {
	return s.tables.InTx(ctx, func(tx *records.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM lead_import_parts WHERE import = ?", n); err != nil {
			return err
		}
		_, err := s.move(ctx, tx, n, t, "error = ?, finished_at = ?, ", records.Text(why), ms(s.now()))
		return err
	})
}

// sampled is how many rows are looked at to find out what columns are.
const sampled = 100

// look opens an import's file and says how it is written and what its columns are.
func (s *Store) look(ctx context.Context, i Import) (leads.Format, []leads.Column, error) {
	rows, f, err := leads.Open(s.file(ctx, i.N), i.Format)
	if err != nil {
		return f, nil, err
	}
	defer func() { _ = rows.Close() }() // it was only read
	head, samples, err := leads.Head(rows, sampled)
	if err != nil {
		return f, nil, err
	}
	list, err := s.listOf(ctx, i)
	if err != nil {
		return f, nil, err
	}
	if i.Target == leads.IntoList {
		f, columns, err := leads.Settle(f, head, samples, i.Columns, list)
		if err == nil {
			columns, err = s.survey(ctx, i, f, leads.NewSurvey(columns, i.Columns, list.Columns))
		}
		return f, columns, err
	}
	return leads.OneColumn(f, head, func(v string) bool {
		if i.Target == leads.IntoHashes {
			_, why := i.Hashing.Hash(v)
			return why == ""
		}
		_, err := leads.Normal(v, i.Region)
		return err == nil
	}, samples)
}

// survey finds out how the columns of a whole file are written, where that matters.
func (s *Store) survey(ctx context.Context, i Import, f leads.Format, of *leads.Survey) ([]leads.Column, error) {
	if !of.Needed() {
		return of.Settle(), nil
	}
	i.Format = f
	j, err := s.open(ctx, i)
	if err != nil {
		return nil, err
	}
	defer j.close()
	for {
		n, cells, err := j.rows.Next()
		if errors.Is(err, io.EOF) {
			return of.Settle(), nil
		}
		if _, bad := errors.AsType[*leads.BadRow](err); err != nil && !bad {
			return nil, err
		}
		of.Row(n, cells)
	}
}

// listOf is the list that an import's rows are read for.
func (s *Store) listOf(ctx context.Context, i Import) (leads.List, error) {
	if i.Target != leads.IntoList {
		return leads.List{ID: "do_not_call", Region: i.Region}, nil
	}
	l, err := s.List(ctx, i.List)
	return l.List, err
}

// Preview is what the first rows of an import's file become.
func (s *Store) Preview(ctx context.Context, n int64, limit int) (Import, []Previewed, error) {
	i, err := s.Import(ctx, n)
	if err != nil {
		return i, nil, err
	}
	if i.State == leads.StateReceiving || i.State == leads.StateDone || i.State == leads.StateUndone || i.State == leads.StateFailed {
		return i, nil, conflict("an import that is %s has no file to look at", i.State)
	}
	j, err := s.open(ctx, i)
	if err != nil {
		return i, nil, err
	}
	defer j.close()
	var out []Previewed
	for len(out) < limit {
		r, err := j.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return i, nil, err
		}
		out = append(out, r)
	}
	return i, out, nil
}

// SetColumns says what the columns of an import's file are, before it is started; those that are not said are proposed again.
func (s *Store) SetColumns(ctx context.Context, n int64, said map[string]leads.As) (Import, error) {
	i, err := s.Import(ctx, n)
	if err != nil {
		return i, err
	}
	if i.Target != leads.IntoList {
		return i, invalid("columns: of a file of numbers that must not be called the column is found by what is in it")
	}
	if i.State != leads.StateReady {
		return i, conflict("an import that is %s has the columns that it has", i.State)
	}
	i.Columns = said
	if _, i.Settled, err = s.look(ctx, i); err != nil {
		return i, err
	}
	return i, s.tables.InTx(ctx, func(tx *records.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE lead_imports SET said = ?, columns = ? WHERE n = ? AND state = ?", toJSON(i.Columns), toJSON(i.Settled), n, string(leads.StateReady))
		if err == nil && n == 0 {
			err = conflict("import %d was begun meanwhile", i.N)
		}
		return err
	})
}

// Begin has an import done, or only gone through: a dry run brings nothing in, and
// counts and rejects are what they would be. Columns that are said replace what they were.
func (s *Store) Begin(ctx context.Context, n int64, dry bool, said map[string]leads.As) (Import, error) {
	i, err := s.Import(ctx, n)
	if err != nil {
		return i, err
	}
	trigger := leads.OnStart
	if dry {
		trigger = leads.OnCheck
	}
	if _, err := leads.Next(i.State, trigger); err != nil {
		return i, err
	}
	columns := i.Settled
	if len(said) > 0 {
		i.Columns = said
		if _, columns, err = s.look(ctx, i); err != nil {
			return i, err
		}
	}
	if err := leads.Clear(columns); err != nil {
		return i, err
	}
	err = s.tables.InTx(ctx, func(tx *records.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM lead_rejects WHERE import = ?", n); err != nil {
			return err
		}
		if i.Target == leads.IntoList && !dry {
			if err := s.remember(ctx, tx, i.list, columns); err != nil {
				return err
			}
		}
		if i.Target == leads.IntoHashes && !dry { // it may have been dropped meanwhile, and hashes of no list forbid nothing
			if err := s.keepSource(ctx, tx, i.Source, i.Hashing, i.By); err != nil {
				return err
			}
		}
		_, err := s.move(ctx, tx, n, trigger, "said = ?, columns = ?, total = 0, done = 0, added = 0, updated = 0, duplicates = 0, forbidden = 0, rejected = 0, left_out = 0, rejects = 0, ",
			toJSON(i.Columns), toJSON(columns))
		return err
	})
	if err != nil {
		return i, err
	}
	s.work()
	return s.Import(ctx, n)
}

// remember notes what the columns of a list's file are, for the next one and for filters.
func (s *Store) remember(ctx context.Context, tx *records.Tx, list int64, columns []leads.Column) error {
	found, err := listsWhere(ctx, tx, "n = ? AND gone = 0", list)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return conflict("the list of the import has been deleted")
	}
	l := found[0]
	there, err := tx.Exec(ctx, "UPDATE lead_lists SET columns = ?, fields = ? WHERE n = ? AND gone = 0", toJSON(leads.ColumnsOf(columns, l.Columns)), toJSON(leads.FieldsOf(columns, l.Fields)), list)
	if err == nil && there == 0 {
		err = conflict("the list of the import has been deleted")
	}
	return err
}

// Undo takes back what an import brought, or gives it up if it was not begun. Conflict
// when a later import has changed leads that this one brought or changed.
func (s *Store) Undo(ctx context.Context, n int64) (Import, error) {
	err := s.tables.InTx(ctx, func(tx *records.Tx) error {
		later, err := one[int64](ctx, tx, `SELECT COALESCE(MAX(b.import), 0) FROM lead_before b
			WHERE b.import > ? AND (EXISTS (SELECT 1 FROM leads l WHERE l.id = b.lead AND l.import = ?)
				OR EXISTS (SELECT 1 FROM lead_before o WHERE o.lead = b.lead AND o.import = ?))`, n, n, n)
		if err != nil {
			return err
		}
		if later > 0 {
			return conflict("import %d has changed leads of import %d since: undo that one first", later, n)
		}
		if err := changing(ctx, tx, n); err != nil {
			return err
		}
		next, err := s.move(ctx, tx, n, leads.OnUndo, "finished_at = ?, ", ms(s.now()))
		for _, of := range []string{"lead_import_parts", "lead_rejects"} {
			if err == nil && next == leads.StateUndone {
				_, err = tx.Exec(ctx, "DELETE FROM "+of+" WHERE import = ?", n)
			}
		}
		return err
	})
	if err != nil {
		return Import{}, err
	}
	s.work()
	return s.Import(ctx, n)
}

// changing refuses when an import goes on that may yet change leads that another brought.
func changing(ctx context.Context, tx *records.Tx, n int64) error {
	other, err := one[int64](ctx, tx, `SELECT COALESCE(MAX(o.n), 0) FROM lead_imports o JOIN lead_imports i ON i.n = ?
		WHERE i.state = ? AND i.target = ? AND o.n <> i.n AND o.state = ? AND o.target = ? AND o.action = ? AND (o.list = i.list OR o.scope = ?)`,
		n, string(leads.StateDone), string(leads.IntoList), string(leads.StateRunning), string(leads.IntoList), string(leads.ActionUpdate), string(leads.ScopeAll))
	if err == nil && other > 0 {
		err = conflict("import %d goes on and may change leads of import %d: wait for it, or undo it first", other, n)
	}
	return err
}

// Rejects lists what was left out of an import, in the file's order, behind a line of that list.
func (s *Store) Rejects(ctx context.Context, n, behind int64, limit int) (out []leads.Reject, next int64, err error) {
	err = s.tables.Query(ctx, func(r *sql.Rows) error {
		var x leads.Reject
		var kept int64
		var cells string
		err := r.Scan(&next, &x.Row, &kept, &x.Reason, &x.Detail, &cells)
		x.Kept, x.Cells = kept == 1, fromJSON[[]string](cells)
		out = append(out, x)
		return err
	}, "SELECT n, line, kept, reason, detail, cells FROM lead_rejects WHERE import = ? AND n > ? ORDER BY n LIMIT ?", n, behind, limit)
	if len(out) < limit {
		next = 0
	}
	return out, next, err
}

// file reads an import's file, a part at a time.
func (s *Store) file(ctx context.Context, n int64) io.Reader { return &parts{ctx: ctx, s: s, n: n} }

type parts struct {
	ctx  context.Context //nolint:containedctx // an io.Reader is given none; it lives within one call
	s    *Store
	n    int64
	next int64
	rest []byte
}

// Read implements io.Reader.
func (p *parts) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		var err error
		if p.rest, err = one[[]byte](p.ctx, p.s.tables, "SELECT data FROM lead_import_parts WHERE import = ? AND part = ?", p.n, p.next); err != nil {
			return 0, err
		}
		if len(p.rest) == 0 {
			return 0, io.EOF
		}
		p.next++
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
