package leadstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator/records"
)

// List is a list and what is known of it.
type List struct {
	leads.List
	Leads     int64
	CreatedAt time.Time
	CreatedBy string

	n int64
}

// deletedAtOnce is how many leads one transaction removes.
const deletedAtOnce = 2000

// CreateList makes an empty list; Conflict when there is one of that name.
func (s *Store) CreateList(ctx context.Context, l leads.List, by string) (List, error) {
	if err := l.Validate(); err != nil {
		return List{}, err
	}
	err := s.tables.InTx(ctx, func(tx *records.Tx) error {
		n, err := take(ctx, tx, "list", 1)
		if err != nil {
			return err
		}
		added, err := tx.Exec(ctx, `INSERT INTO lead_lists (n, id, name, region, hours, zone, columns, fields, created_at, created_by, gone)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING`,
			n, l.ID, records.Text(l.Name), l.Region, toJSON(l.Hours), l.Zone, "{}", "{}", ms(s.now()), records.Text(by))
		if err == nil && added == 0 {
			return conflict("list: there is a list %q already, or it is still being deleted", l.ID)
		}
		return err
	})
	if err != nil {
		return List{}, err
	}
	return s.List(ctx, l.ID)
}

// Lists are all lists, by name.
func (s *Store) Lists(ctx context.Context) ([]List, error) {
	return listsWhere(ctx, s.tables, "gone = 0 ORDER BY id")
}

// listsWhere are the lists for which a condition holds.
func listsWhere(ctx context.Context, q querier, where string, args ...any) (out []List, err error) {
	err = q.Query(ctx, func(r *sql.Rows) error {
		var l List
		var hours, columns, fields string
		var created int64
		err := r.Scan(&l.n, &l.ID, &l.Name, &l.Region, &hours, &l.Zone, &columns, &fields, &created, &l.CreatedBy, &l.Leads)
		l.Hours, l.Columns, l.Fields = fromJSON[[]string](hours), fromJSON[map[string]leads.As](columns), fromJSON[map[string]leads.Kind](fields)
		l.CreatedAt = at(created)
		out = append(out, l)
		return err
	}, "SELECT n, id, name, region, hours, zone, columns, fields, created_at, created_by, COALESCE((SELECT leads FROM lead_counts WHERE list = n), 0) FROM lead_lists WHERE "+where, args...)
	return out, err
}

// List is one list; NotFound when there is none of that name.
func (s *Store) List(ctx context.Context, id string) (List, error) {
	list, err := listsWhere(ctx, s.tables, "gone = 0 AND id = ?", records.Text(id))
	if err == nil && len(list) == 0 {
		err = notFound("list: there is no list %q", id)
	}
	if err != nil {
		return List{}, err
	}
	return list[0], nil
}

// DeleteList removes a list with its leads, a portion at a time: more tells that there
// is another. It is not to be seen any more from the first on. Conflict while an import
// into it goes on.
func (s *Store) DeleteList(ctx context.Context, id string) (removed int64, more bool, err error) {
	err = s.tables.InTx(ctx, func(tx *records.Tx) error {
		n, err := one[int64](ctx, tx, "SELECT n FROM lead_lists WHERE id = ?", records.Text(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return notFound("list: there is no list %q", id)
		}
		// First of all: an import that is begun at this moment waits for it, or it for that.
		if _, err := tx.Exec(ctx, "UPDATE lead_lists SET gone = 1 WHERE n = ?", n); err != nil {
			return err
		}
		working, err := one[int64](ctx, tx, "SELECT COUNT(*) FROM lead_imports WHERE list = ? AND state IN (?, ?, ?)",
			n, string(leads.StateRunning), string(leads.StateChecking), string(leads.StateUndoing))
		if err != nil {
			return err
		}
		if working > 0 {
			return conflict("list: an import into %q goes on; undo it first, or wait for it", id)
		}
		if removed, err = removeLeads(ctx, tx, "list = ?", n); err != nil || removed == deletedAtOnce {
			more = removed == deletedAtOnce
			return err
		}
		for _, of := range []string{"lead_import_parts WHERE import", "lead_rejects WHERE import", "lead_before WHERE import", "lead_imports WHERE n"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+of+" IN (SELECT n FROM lead_imports WHERE list = ?)", n); err != nil {
				return err
			}
		}
		for _, of := range []string{"lead_counts WHERE list", "lead_lists WHERE n"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+of+" = ?", n); err != nil {
				return err
			}
		}
		return nil
	})
	return removed, more, err
}

// writtenIn is where a lead is written, the lead itself last: rows of tables with a column that
// names it. Attempts stay, for the law counts them.
var writtenIn = []string{"lead_numbers WHERE lead", "lead_before WHERE lead", "campaign_leads WHERE lead", "campaign_appointments WHERE lead", "leads WHERE id"}

// removeLeads removes a portion of leads, the first of those for whom a condition holds.
func removeLeads(ctx context.Context, tx *records.Tx, which string, args ...any) (int64, error) {
	var first, last, n int64
	err := tx.Query(ctx, func(r *sql.Rows) error { return r.Scan(&n, &first, &last) },
		"SELECT COUNT(*), COALESCE(MIN(id), 0), COALESCE(MAX(id), 0) FROM (SELECT id FROM leads WHERE "+which+" ORDER BY id LIMIT ?) AS portion", append(args[:len(args):len(args)], deletedAtOnce)...)
	if err != nil || n == 0 {
		return 0, err
	}
	if err := beside(ctx, tx); err != nil {
		return 0, err
	}
	those := "(SELECT id FROM leads WHERE " + which + " AND id BETWEEN ? AND ?)"
	within := append(args[:len(args):len(args)], first, last)
	return n, removeAll(ctx, tx, "IN "+those, within)
}

// removeAll removes leads, by their numbers.
func removeAll(ctx context.Context, tx *records.Tx, which string, args []any) error {
	return counting(ctx, tx, ofLists(which, args), func() error {
		return counting(ctx, tx, some{[]tally{stands}, "lead " + which, args}, func() error {
			for _, from := range writtenIn {
				if _, err := tx.Exec(ctx, "DELETE FROM "+from+" "+which, args...); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
