package leadstore

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// Erased is where a number was found, and is no more unless it was only looked for.
type Erased struct {
	Leads   int64 // with all their numbers, names and fields
	Rejects int64 // rows that were not taken: what was in them
	Files   int64 // that waited to be brought in: they were given up
	Busy    int64 // files that are on their way, or being brought in, and have it or may: erase again once they are over
}

// eraseAtOnce is how many rows are gone through in one transaction.
const eraseAtOnce = 500

// Erase removes who a number is: its leads, whatever list they are in, what they were
// before imports changed them, rejected rows that have the number, and files that wait
// with it. Numbers that must not be called stay: they are how it is not called again. With
// dry nothing is removed.
func (s *Store) Erase(ctx context.Context, number string, dry bool) (out Erased, err error) {
	tail := tailOf(number)
	if tail == "" { // an extension: no lead has it
		return out, nil
	}
	numbers, err := s.written(ctx, number)
	if err != nil {
		return out, err
	}
	if out.Files, out.Busy, err = s.eraseFiles(ctx, tail, dry); err != nil { // first: they would bring it back
		return out, err
	}
	if out.Leads, err = s.eraseLeads(ctx, numbers, dry); err != nil {
		return out, err
	}
	out.Rejects, err = s.eraseRejects(ctx, tail, dry)
	return out, err
}

// written are the forms in which leads may have a number: as it is, and as the regions of
// the lists have it.
func (s *Store) written(ctx context.Context, number string) ([]string, error) {
	lists, err := listsWhere(ctx, s.tables, "true")
	if err != nil {
		return nil, err
	}
	out := []string{number}
	for _, l := range append(lists, List{}) {
		if n, err := leads.Normal(number, l.Region); err == nil {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// tailDigits is how much of a number is looked for where anybody may have written it: with
// or without its country, with spaces and dots.
const tailDigits = 8

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}

// tailOf is the end of a number; "" for one that is too short to be told from others.
func tailOf(number string) string {
	d := digitsOf(number)
	if len(d) < tailDigits-2 {
		return ""
	}
	return d[max(0, len(d)-tailDigits):]
}

func has(cells []string, tail string) bool {
	return slices.ContainsFunc(cells, func(c string) bool { return strings.Contains(digitsOf(c), tail) })
}

// eraseLeads removes leads, and what others were before that had the number then.
func (s *Store) eraseLeads(ctx context.Context, numbers []string, dry bool) (n int64, err error) {
	marks := records.Marks(len(numbers))
	err = s.tables.InTx(ctx, func(tx *records.Tx) error {
		var ids []any
		if err := tx.Query(ctx, func(r *sql.Rows) error {
			var id int64
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, "SELECT DISTINCT lead FROM lead_numbers WHERE number IN ("+marks+")", anys(numbers)...); err != nil {
			return err
		}
		if n = int64(len(ids)); dry {
			return nil
		}
		if err := beside(ctx, tx); err != nil {
			return err
		}
		for _, number := range numbers {
			if _, err := tx.Exec(ctx, "DELETE FROM lead_before WHERE doc LIKE ?", `%"`+records.Text(number)+`"%`); err != nil {
				return err
			}
			// That there was an attempt stays: the law counts it. One that goes on is told from its call.
			if _, err := tx.Exec(ctx, "UPDATE campaign_attempts SET number = '' WHERE number = ?", number); err != nil {
				return err
			}
		}
		for part := range slices.Chunk(ids, eraseAtOnce) {
			if err := removeAll(ctx, tx, "IN ("+records.Marks(len(part))+")", part); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// eraseRejects empties rows that were not taken. That there was one, and why it was not
// taken, stays.
func (s *Store) eraseRejects(ctx context.Context, tail string, dry bool) (n int64, err error) {
	type key struct{ imp, n int64 }
	for last := (key{}); ; {
		var found []key
		seen := 0
		err := s.tables.Query(ctx, func(r *sql.Rows) error {
			var detail, cells string
			err := r.Scan(&last.imp, &last.n, &detail, &cells)
			seen++
			if has(append(fromJSON[[]string](cells), detail), tail) {
				found = append(found, last)
			}
			return err
		}, "SELECT import, n, detail, cells FROM lead_rejects WHERE import > ? OR (import = ? AND n > ?) ORDER BY import, n LIMIT ?", last.imp, last.imp, last.n, eraseAtOnce)
		if err != nil {
			return n, err
		}
		n += int64(len(found))
		if !dry && len(found) > 0 {
			err = s.tables.InTx(ctx, func(tx *records.Tx) error {
				for _, k := range found {
					if _, err := tx.Exec(ctx, "UPDATE lead_rejects SET detail = '', cells = '[]' WHERE import = ? AND n = ?", k.imp, k.n); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err != nil || seen < eraseAtOnce {
			return n, err
		}
	}
}

// eraseFiles gives up the files that wait with the number in them, and counts those that
// are being worked at.
func (s *Store) eraseFiles(ctx context.Context, tail string, dry bool) (files, busy int64, err error) {
	list, err := s.imports(ctx, "WHERE i.state IN (?, ?, ?, ?)", string(leads.StateReceiving), string(leads.StateReady), string(leads.StateChecking), string(leads.StateRunning))
	for _, i := range list {
		if err != nil {
			break
		}
		if i.Target == leads.IntoHashes { // nobody can be found in it
			continue
		}
		if i.State == leads.StateReceiving {
			busy++
			continue
		}
		var there bool
		if there, err = s.fileHas(ctx, i, tail); err != nil || !there {
			continue
		}
		if i.State != leads.StateReady {
			busy++
			continue
		}
		if files++; !dry {
			if _, err = s.Undo(ctx, i.N); fault.KindOf(err) == fault.Conflict { // somebody begins it, or undoes another
				files, busy, err = files-1, busy+1, nil
			}
		}
	}
	return files, busy, err
}

// fileHas tells whether a row of an import's file has the number.
func (s *Store) fileHas(ctx context.Context, i Import, tail string) (bool, error) {
	rows, _, err := leads.Open(s.file(ctx, i.N), i.Format)
	if err != nil {
		return false, err
	}
	defer func() { _ = rows.Close() }() // it was only read
	for {
		_, cells, err := rows.Next()
		if _, bad := errors.AsType[*leads.BadRow](err); bad {
			err = nil // it may have the number all the same
		}
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		case has(cells, tail):
			return true, nil
		}
	}
}
