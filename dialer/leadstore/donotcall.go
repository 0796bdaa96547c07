package leadstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/operadora/operadora/dialer/leads"
	"github.com/operadora/operadora/orchestrator/records"
)

// Source is an external list of hashes.
type Source struct {
	ID string
	leads.Hashing
	Hashes    int64
	CreatedAt time.Time
	CreatedBy string
}

// DoNotCall says why a number, in its one form, must not be called by a campaign; none
// when it may. Whoever is about to dial asks it at that moment. An error is no
// permission.
func (s *Store) DoNotCall(ctx context.Context, number, campaign string) ([]leads.Entry, error) {
	all, err := s.entries(ctx, number)
	var out []leads.Entry
	for _, e := range all {
		if e.Campaign == "" || e.Campaign == campaign {
			out = append(out, e)
		}
	}
	return out, err
}

// entries are all reasons not to call a number.
func (s *Store) entries(ctx context.Context, number string) ([]leads.Entry, error) {
	out, err := s.listEntries(ctx, "WHERE number = ? AND (expires_at = 0 OR expires_at > ?) ORDER BY campaign, import", number, ms(s.now()))
	if err != nil {
		return nil, err
	}
	sources, err := sourcesWhere(ctx, s.tables, "true")
	if err != nil {
		return nil, err
	}
	for _, src := range sources {
		hash := src.Sum(number)
		if hash == "" {
			continue
		}
		found, err := one[int64](ctx, s.tables, "SELECT 1 FROM do_not_call_hashes WHERE hash = ? AND source = ?", hash, src.ID)
		if err != nil {
			return nil, err
		}
		if found > 0 {
			out = append(out, leads.Entry{Number: number, Hashes: src.ID, By: src.CreatedBy, Added: src.CreatedAt})
		}
	}
	return out, nil
}

func (s *Store) listEntries(ctx context.Context, where string, args ...any) (out []leads.Entry, err error) {
	err = s.tables.Query(ctx, func(r *sql.Rows) error {
		var e leads.Entry
		var added, expires int64
		err := r.Scan(&e.Number, &e.Campaign, &e.Why, &e.By, &added, &expires, &e.Import)
		e.Added, e.Expires = at(added), at(expires)
		out = append(out, e)
		return err
	}, "SELECT number, campaign, why, added_by, added_at, expires_at, import FROM do_not_call "+where, args...)
	return out, err
}

// Entries lists numbers that must not be called, by number, campaign and import, behind the
// last of the page before (the zero Entry: from the first on).
func (s *Store) Entries(ctx context.Context, last leads.Entry, limit int) ([]leads.Entry, error) {
	if last.Number == "" {
		last.Import = -1
	}
	return s.listEntries(ctx, "WHERE (number, campaign, import) > (?, ?, ?) ORDER BY number, campaign, import LIMIT ?", last.Number, last.Campaign, last.Import, limit)
}

// Forbid adds a number, in its one form, that must not be called. What was added so
// of the same number and campaign is replaced; what imports brought stands beside it.
func (s *Store) Forbid(ctx context.Context, e leads.Entry) (leads.Entry, error) {
	e.Added = at(ms(s.now()))
	if !e.Expires.IsZero() && !e.Expires.After(e.Added) {
		return e, invalid("expires_at: %s is past", e.Expires.UTC().Format(time.RFC3339))
	}
	if e.Campaign != "" {
		if err := (leads.List{ID: e.Campaign}).Validate(); err != nil {
			return e, badCampaign(e.Campaign)
		}
	}
	err := s.tables.InTx(ctx, func(tx *records.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO do_not_call (number, campaign, why, added_by, added_at, expires_at, import) VALUES (?, ?, ?, ?, ?, ?, 0)
			ON CONFLICT (number, campaign, import) DO UPDATE SET why = excluded.why, added_by = excluded.added_by, added_at = excluded.added_at, expires_at = excluded.expires_at`,
			e.Number, e.Campaign, records.Text(e.Why), records.Text(e.By), ms(e.Added), ms(e.Expires))
		return err
	})
	return e, err
}

func badCampaign(id string) error {
	return invalid("campaign: %q is not a name of up to 64 of a-z, 0-9, - and _", id)
}

// Allow takes a number away from those that must not be called, whoever added it; NotFound when it is none.
// What an external list has stays.
func (s *Store) Allow(ctx context.Context, number, campaign string) error {
	return s.tables.InTx(ctx, func(tx *records.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM do_not_call WHERE number = ? AND campaign = ?", number, records.Text(campaign))
		if err == nil && n == 0 {
			return notFound("number: it is not among those that must not be called")
		}
		return err
	})
}

// Sources lists the external lists, by name.
func (s *Store) Sources(ctx context.Context) ([]Source, error) {
	out, err := sourcesWhere(ctx, s.tables, "true")
	for i := range out {
		if err == nil {
			out[i].Hashes, err = one[int64](ctx, s.tables, "SELECT COUNT(DISTINCT hash) FROM do_not_call_hashes WHERE source = ?", out[i].ID)
		}
	}
	return out, err
}

// sourcesWhere are the external lists for which a condition holds, by name.
func sourcesWhere(ctx context.Context, q querier, where string, args ...any) (out []Source, err error) {
	err = q.Query(ctx, func(r *sql.Rows) error {
		var x Source
		var hashing string
		var created int64
		err := r.Scan(&x.ID, &hashing, &created, &x.CreatedBy)
		x.Hashing, x.CreatedAt = fromJSON[leads.Hashing](hashing), at(created)
		out = append(out, x)
		return err
	}, "SELECT id, hashing, created_at, created_by FROM do_not_call_sources WHERE "+where+" ORDER BY id", args...)
	return out, err
}

// keepSource makes an external list; Conflict when there is one that is hashed otherwise.
func (s *Store) keepSource(ctx context.Context, tx *records.Tx, id string, h leads.Hashing, by string) error {
	if _, err := tx.Exec(ctx, "INSERT INTO do_not_call_sources (id, hashing, created_at, created_by) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
		id, toJSON(h), ms(s.now()), records.Text(by)); err != nil {
		return err
	}
	there, err := sourcesWhere(ctx, tx, "id = ?", id)
	if err == nil && (len(there) == 0 || there[0].Hashing != h) {
		return conflict("source: the external list %q has hashes of another kind", id)
	}
	return err
}

// hashesAtOnce is how many hashes one transaction removes.
const hashesAtOnce = 5000

// DropSource removes an external list, a portion at a time; NotFound when there is none,
// Conflict while an import into it goes on.
func (s *Store) DropSource(ctx context.Context, id string) (more bool, err error) {
	err = s.tables.InTx(ctx, func(tx *records.Tx) error {
		working, err := one[int64](ctx, tx, "SELECT COUNT(*) FROM lead_imports WHERE target = ? AND source = ? AND state IN (?, ?)",
			string(leads.IntoHashes), records.Text(id), string(leads.StateRunning), string(leads.StateUndoing))
		if err != nil {
			return err
		}
		if working > 0 {
			return conflict("source: an import into %q goes on; undo it first, or wait for it", id)
		}
		n, err := tx.Exec(ctx, "DELETE FROM do_not_call_hashes WHERE source = ? AND hash IN (SELECT hash FROM do_not_call_hashes WHERE source = ? LIMIT ?)", id, id, hashesAtOnce)
		if more = n >= hashesAtOnce; err != nil || more {
			return err
		}
		n, err = tx.Exec(ctx, "DELETE FROM do_not_call_sources WHERE id = ?", records.Text(id))
		if err == nil && n == 0 {
			return notFound("source: there is no external list %q", id)
		}
		return err
	})
	return more, err
}
