package records

import (
	"context"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Since returns the journal's entries after the one with this id, oldest first,
// at most limit; so what the journal itself has forgotten can still be told.
// NotFound when the entry is not on record.
func (d *DB) Since(ctx context.Context, id string, limit int) ([]orchestrator.Entry, error) {
	const op = "records.Since"
	var pos string
	if err := d.read.QueryRowContext(ctx, d.rebind("SELECT pos FROM timeline WHERE id = ? AND tenant IN (?, '')"), text(id), d.tenant).Scan(&pos); err != nil {
		return nil, classify(op, err)
	}
	if limit < 1 {
		return nil, fault.New(op, fault.Invalid, "limit: %d is not positive", limit)
	}
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+entryColumns+" FROM timeline WHERE pos > ? AND tenant IN (?, '') ORDER BY pos LIMIT ?"),
		pos, d.tenant, limit)
	list := []orchestrator.Entry{}
	err = scanEach(rows, err, scanEntry, func(e orchestrator.Entry) {
		e.ID = journalID(e.ID)
		list = append(list, e)
	})
	return list, classify(op, err)
}
