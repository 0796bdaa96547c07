package records

import (
	"context"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// BeginTOTP keeps the secret of a second factor of which the person has shown no code yet: nobody
// is asked for any until ConfirmTOTP. Conflict when there is one that is in use.
func (d *DB) BeginTOTP(ctx context.Context, person, secret string) error {
	const op = "records.BeginTOTP"
	n, err := d.changed(ctx, "UPDATE users SET totp = ?, totp_step = 0 WHERE id = ? AND totp_at = 0", text(secret), text(person))
	if err == nil && n == 0 {
		return fault.New(op, fault.Conflict, "there is a second factor already")
	}
	return classify(op, err)
}

// changed tells how many rows a statement changes.
func (d *DB) changed(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := d.write.ExecContext(ctx, d.rebind(query), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// ConfirmTOTP has a person be asked for a second factor from now on: the one whose secret is given
// and was begun, of whose codes that of a period was shown. Recovery codes replace those before; of
// the person's sessions, none of which had a second factor, one goes on. Conflict when there is
// none that was begun, or another meanwhile.
func (d *DB) ConfirmTOTP(ctx context.Context, person, secret string, step int64, recovery []string, butSession string) error {
	const op = "records.ConfirmTOTP"
	return kept(op, d.inTx(ctx, func(tx *transaction) error {
		res, err := tx.ExecContext(ctx, d.rebind("UPDATE users SET totp_at = ?, totp_step = ? WHERE id = ? AND totp = ? AND totp <> '' AND totp_at = 0"), ms(d.now()), step, text(person), text(secret))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fault.New(op, fault.Conflict, "no second factor was begun, or another one meanwhile")
		}
		if err := tx.replaceRecovery(ctx, person, recovery); err != nil {
			return err
		}
		return tx.endSessions(ctx, person, butSession)
	}))
}

// UseTOTP notes that the code of a period was taken; false when that or a later one was before.
func (d *DB) UseTOTP(ctx context.Context, person string, step int64) (bool, error) {
	n, err := d.changed(ctx, "UPDATE users SET totp_step = ? WHERE id = ? AND totp_at <> 0 AND totp_step < ?", step, text(person), step)
	return n > 0, classify("records.UseTOTP", err)
}

// UseRecovery uses a recovery code up; false when it is none of the person's.
func (d *DB) UseRecovery(ctx context.Context, person, code string) (bool, error) {
	n, err := d.changed(ctx, "DELETE FROM recovery_codes WHERE person = ? AND hash = ?", text(person), hashSecret(code))
	return n > 0, classify("records.UseRecovery", err)
}

// ReplaceRecovery gives a person other recovery codes; those before are void.
func (d *DB) ReplaceRecovery(ctx context.Context, person string, codes []string) error {
	const op = "records.ReplaceRecovery"
	return kept(op, d.inTx(ctx, func(tx *transaction) error { return tx.replaceRecovery(ctx, person, codes) }))
}

func (tx *transaction) replaceRecovery(ctx context.Context, person string, codes []string) error {
	if _, err := tx.ExecContext(ctx, tx.db.rebind("DELETE FROM recovery_codes WHERE person = ?"), text(person)); err != nil {
		return err
	}
	for _, code := range codes {
		if _, err := tx.ExecContext(ctx, tx.db.rebind("INSERT INTO recovery_codes (person, hash) VALUES ("+marks(2)+")"), text(person), hashSecret(code)); err != nil {
			return err
		}
	}
	return nil
}

// RecoveryLeft is how many recovery codes a person has.
func (d *DB) RecoveryLeft(ctx context.Context, person string) (n int, err error) {
	err = d.read.QueryRowContext(ctx, d.rebind("SELECT COUNT(*) FROM recovery_codes WHERE person = ?"), text(person)).Scan(&n)
	return n, classify("records.RecoveryLeft", err)
}

// RemoveTOTP takes a person's second factor away, with its recovery codes. All sessions end but one.
func (d *DB) RemoveTOTP(ctx context.Context, person, butSession string) (User, error) {
	const op = "records.RemoveTOTP"
	var u User
	err := d.inTx(ctx, func(tx *transaction) (err error) {
		if u, err = tx.user(ctx, op, person); err != nil {
			return err
		}
		u.TOTP, u.TOTPSince = "", time.Time{}
		if _, err = tx.ExecContext(ctx, d.rebind("UPDATE users SET totp = '', totp_at = 0, totp_step = 0 WHERE id = ?"), u.ID); err != nil {
			return err
		}
		if err := tx.replaceRecovery(ctx, person, nil); err != nil {
			return err
		}
		return tx.endSessions(ctx, person, butSession)
	})
	return u, kept(op, err)
}
