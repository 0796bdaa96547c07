package records

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"time"
)

// Place is how far a tenant's journal is on record.
type Place struct {
	ID      string    // of the last entry, "" when there is none
	Epoch   int64     // how often the journal came back without its last entries
	Rewound time.Time // when that was last noticed; zero for never
	Lost    int64     // of the entries on record it had lost at most so many then
}

// Of returns the database as a tenant's recorder and API use it: the places of
// tenants that share a database, and their entries, are told apart. Closing one
// closes all.
func (d *DB) Of(tenant string) *DB {
	own := *d
	own.tenant = tenant
	return &own
}

// Identity is a name that this database gave itself when it was first asked. A
// copy has the name of its original: the journal waits for one of the two only.
func (d *DB) Identity(ctx context.Context) (string, error) {
	const op = "records.Identity"
	_, err := d.write.ExecContext(ctx, d.rebind("INSERT INTO database_identity (one, id) VALUES (1, ?) ON CONFLICT (one) DO NOTHING"), randomText(idBytes))
	if err != nil {
		return "", classify(op, err)
	}
	var id string
	err = d.read.QueryRowContext(ctx, "SELECT id FROM database_identity").Scan(&id)
	return string(d.dialect) + "-" + id, classify(op, err)
}

// Place returns how far the tenant's journal is on record. A place that was
// noted before tenants were told apart becomes that of the tenant who asks first.
func (d *DB) Place(ctx context.Context) (Place, error) {
	const op = "records.Place"
	if d.tenant != "" {
		_, err := d.write.ExecContext(ctx, d.rebind(`UPDATE recorder_offset SET tenant = ?
			WHERE tenant = '' AND NOT EXISTS (SELECT 1 FROM recorder_offset WHERE tenant = ?)`), d.tenant, d.tenant)
		if err != nil {
			return Place{}, classify(op, err)
		}
	}
	var p Place
	var rewound int64
	err := d.read.QueryRowContext(ctx, d.rebind("SELECT id, epoch, rewound_at, lost FROM recorder_offset WHERE tenant = ?"), d.tenant).
		Scan(&p.ID, &p.Epoch, &rewound, &p.Lost)
	if errors.Is(err, sql.ErrNoRows) {
		return Place{}, nil
	}
	p.Rewound = at(rewound)
	return p, classify(op, err)
}

// Rewound notes that the journal does not hold the entry at a place, and that it
// is read again after the entry to ("" is its beginning): the next epoch begins.
// When the place is another by now (a second recorder on this database was
// faster), nothing changes. It returns the place that is in force, and whether it is from here.
func (d *DB) Rewound(ctx context.Context, from Place, to string) (p Place, noted bool, err error) {
	const op = "records.Rewound"
	done, err := d.write.ExecContext(ctx, d.rebind(`UPDATE recorder_offset SET id = ?, pos = ?, epoch = epoch + 1, rewound_at = ?,
		lost = (SELECT COUNT(*) FROM timeline WHERE tenant = ? AND pos > ?)
		WHERE tenant = ? AND id = ? AND epoch = ?`),
		to, position(from.Epoch+1, to), ms(d.now()), d.tenant, position(from.Epoch, cmp.Or(to, "0-0")), d.tenant, from.ID, from.Epoch)
	if err != nil {
		return Place{}, false, classify(op, err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return Place{}, false, classify(op, err)
	}
	p, err = d.Place(ctx)
	return p, n > 0, err
}

// Recorded returns the journal id of the entry that came on record n entries
// before the newest, "" when there are not that many.
func (d *DB) Recorded(ctx context.Context, n int) (string, error) {
	var id string
	err := d.read.QueryRowContext(ctx, d.rebind("SELECT id FROM timeline WHERE tenant IN (?, '') ORDER BY pos DESC LIMIT 1 OFFSET ?"), d.tenant, n).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return journalID(id), classify("records.Recorded", err)
}

// epoch is the journal's in a transaction.
func (d *DB) epoch(ctx context.Context, tx *transaction) (epoch int64, err error) {
	err = tx.QueryRowContext(ctx, d.rebind("SELECT epoch FROM recorder_offset WHERE tenant = ?"), d.tenant).Scan(&epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return epoch, err
}

// advance moves the place forward, never back: a second recorder on the same
// database may be behind the first.
func (d *DB) advance(ctx context.Context, tx *transaction, epoch int64, id string) error {
	_, err := tx.ExecContext(ctx, d.rebind(`INSERT INTO recorder_offset (tenant, id, pos, epoch, written_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (tenant) DO UPDATE SET id = excluded.id, pos = excluded.pos, written_at = excluded.written_at
		WHERE excluded.pos > recorder_offset.pos`), d.tenant, id, position(epoch, id), epoch, ms(d.now()))
	return err
}
