package records

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Revision is what definitions were in force from a time on.
type Revision struct {
	N        int64             // given by KeepRevision; grows with each
	At       time.Time         // since when; another revision of the tenant has another
	Instance string            // the process that put it in force
	By       string            // who had it done; "" is a start
	Changes  []string          // against the one before, a sentence each
	Files    map[string]string // texts by name; of one that is to be kept they are given beside it
}

// KeepRevision keeps a revision unless the one that is in force since that time is kept, and
// returns its number. files gives its texts by name, without secrets; it is asked only where they
// are not kept. Of a tenant the last most revisions are kept.
func (d *DB) KeepRevision(ctx context.Context, r Revision, files func() map[string]string, most int64) (n int64, err error) {
	const op = "records.KeepRevision"
	changes, _ := json.Marshal(append([]string{}, r.Changes...)) // strings always marshal
	err = d.inTx(ctx, func(tx *transaction) error {
		err := tx.QueryRowContext(ctx, d.rebind("SELECT n FROM revisions WHERE tenant = ? AND at = ?"), d.tenant, ms(r.At)).Scan(&n)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := tx.QueryRowContext(ctx, d.rebind("SELECT COALESCE(MAX(n), 0) + 1 FROM revisions WHERE tenant = ?"), d.tenant).Scan(&n); err != nil {
			return err
		}
		row := []any{d.tenant, n, ms(r.At), text(r.Instance), text(r.By), text(string(changes))}
		if _, err := d.insertInto(ctx, tx, "revisions", "tenant, n, at, instance, by_whom, changes", "", [][]any{row}); err != nil {
			return err
		}
		of := files()
		var names, texts [][]any
		for _, name := range slices.Sorted(maps.Keys(of)) {
			body := text(of[name])
			sum := sha256.Sum256([]byte(body))
			hash := hex.EncodeToString(sum[:])
			names, texts = append(names, []any{d.tenant, n, text(name), hash}), append(texts, []any{hash, body})
		}
		if _, err := d.insertInto(ctx, tx, "revision_files", "tenant, n, name, hash", "", names); err != nil {
			return err
		}
		if _, err := d.insertInto(ctx, tx, "revision_texts", "hash, body", " ON CONFLICT (hash) DO NOTHING", texts); err != nil {
			return err
		}
		for _, table := range []string{"revisions", "revision_files"} {
			if _, err := tx.ExecContext(ctx, d.rebind("DELETE FROM "+table+" WHERE tenant = ? AND n <= ?"), d.tenant, n-most); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM revision_texts WHERE NOT EXISTS (SELECT 1 FROM revision_files f WHERE f.hash = revision_texts.hash)")
		return err
	})
	return n, classify(op, err)
}

const revisionColumns = "n, at, instance, by_whom, changes"

func scanRevision(scan func(...any) error) (r Revision, err error) {
	var since int64
	var changes string
	err = scan(&r.N, &since, &r.Instance, &r.By, &changes)
	r.At = at(since)
	if err == nil && json.Unmarshal([]byte(changes), &r.Changes) != nil {
		r.Changes = nil // spoilt; the rest is still true
	}
	return r, err
}

// Revisions are those that are kept, the last first, without their files.
func (d *DB) Revisions(ctx context.Context) (out []Revision, err error) {
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+revisionColumns+" FROM revisions WHERE tenant = ? ORDER BY n DESC"), d.tenant)
	err = each(rows, err, func(rows *sql.Rows) error {
		r, err := scanRevision(rows.Scan)
		out = append(out, r)
		return err
	})
	return out, classify("records.Revisions", err)
}

// Revision is one with its files; NotFound when it is not kept.
func (d *DB) Revision(ctx context.Context, n int64) (Revision, error) {
	const op = "records.Revision"
	r, err := scanRevision(d.read.QueryRowContext(ctx, d.rebind("SELECT "+revisionColumns+" FROM revisions WHERE tenant = ? AND n = ?"), d.tenant, n).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fault.New(op, fault.NotFound, "revision %d of the definitions is not kept", n)
	}
	if err != nil {
		return r, classify(op, err)
	}
	r.Files = map[string]string{}
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT f.name, t.body FROM revision_files f JOIN revision_texts t ON t.hash = f.hash WHERE f.tenant = ? AND f.n = ?"), d.tenant, n)
	err = each(rows, err, func(rows *sql.Rows) error {
		var name, body string
		err := rows.Scan(&name, &body)
		r.Files[name] = body
		return err
	})
	return r, classify(op, err)
}
