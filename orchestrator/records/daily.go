package records

import (
	"context"
	"time"
)

// ClaimDay tells whether whoever asks is the first, of all processes, to do something on
// a day of a tenant: then it is to be done now, and nobody else is told so.
func (d *DB) ClaimDay(ctx context.Context, name string, day time.Time) (bool, error) {
	const op = "records.ClaimDay"
	date := day.Format(time.DateOnly)
	res, err := d.write.ExecContext(ctx, d.rebind("INSERT INTO daily (name, day) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET day = excluded.day WHERE daily.day < excluded.day"),
		text(d.tenant+" "+name), date)
	if err != nil {
		return false, classify(op, err)
	}
	n, err := res.RowsAffected()
	return n > 0, classify(op, err)
}

// ReturnDay gives a day back that was claimed and on which it could not be done.
func (d *DB) ReturnDay(ctx context.Context, name string, day time.Time) error {
	_, err := d.write.ExecContext(ctx, d.rebind("DELETE FROM daily WHERE name = ? AND day = ?"), text(d.tenant+" "+name), day.Format(time.DateOnly))
	return classify("records.ReturnDay", err)
}
