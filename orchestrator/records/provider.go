package records

import (
	"context"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// UserOfSubject returns whom a provider knows as that; NotFound when there is nobody.
func (d *DB) UserOfSubject(ctx context.Context, subject string) (User, error) {
	u, err := d.userBy(ctx, "subject", subject)
	return u, classify("records.UserOfSubject", err)
}

// BindSubject has a person sign in at a provider from now on, and there alone: a password, a second
// factor and a one-time link are void, sessions end. Conflict for who signs in at one already, and
// for who has a password unless it may go.
func (d *DB) BindSubject(ctx context.Context, id, subject string, mayHavePassword bool) (User, error) {
	const op = "records.BindSubject"
	var u User
	err := d.inTx(ctx, func(tx *transaction) (err error) {
		if u, err = tx.user(ctx, op, id); err != nil {
			return err
		}
		if u.Subject != "" || u.Password != "" && !mayHavePassword {
			return fault.New(op, fault.Conflict, "%s signs in in another way", u.Login)
		}
		u.Subject, u.Password, u.PasswordSet, u.TOTP, u.TOTPSince, u.LinkExpires = subject, "", time.Time{}, "", time.Time{}, time.Time{}
		if _, err := tx.ExecContext(ctx, d.rebind("UPDATE users SET subject = ?, password = '', password_at = 0, totp = '', totp_at = 0, totp_step = 0, link = '', link_expires_at = 0 WHERE id = ?"), text(subject), u.ID); err != nil {
			return err
		}
		if err := tx.replaceRecovery(ctx, u.ID, nil); err != nil {
			return err
		}
		return tx.endSessions(ctx, u.ID, "")
	})
	return u, kept(op, err)
}
