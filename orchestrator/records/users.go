package records

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// User is a person who signs in with a name and a password. Zero times are "never".
type User struct {
	ID    string
	Login string // the name that is typed, in small letters; no other person has it
	Name  string
	Role  string
	Agent string // whom the person is, with role agent; nobody else who is not disabled is
	// Teams are those whose people the rights are bound to; none is the whole centre.
	Teams       []string
	Password    string // its hash, with what it was made by; "" is none yet
	PasswordSet time.Time
	// TOTP is the secret of the codes that are asked for beside the password, "" is none. It has to be
	// kept as it is: the codes are made from it. TOTPSince is when the person showed one for the
	// first time; until then nobody is asked for any.
	TOTP      string
	TOTPSince time.Time
	// Subject is whom a provider knows the person as, "" of who signs in with a password: nobody does both.
	Subject     string
	LinkExpires time.Time // of the one-time link that is open
	Created     time.Time
	Used        time.Time // to the minute
	Disabled    time.Time
}

// called is how the person is called.
func (u User) called() string {
	if u.Name == "" {
		return u.Login
	}
	return u.Name
}

const (
	linkPrefix  = "ol"
	userColumns = "id, login, name, role, agent, teams, password, password_at, totp, totp_at, subject, link_expires_at, created_at, used_at, disabled_at" //nolint:gosec // names of columns, no credentials
)

func scanUser(scan func(...any) error, more ...any) (User, error) {
	var u User
	var teams string
	var password, totp, link, created, used, disabled int64
	err := scan(append([]any{&u.ID, &u.Login, &u.Name, &u.Role, &u.Agent, &teams, &u.Password, &password, &u.TOTP, &totp, &u.Subject, &link, &created, &used, &disabled}, more...)...)
	u.Teams = strings.Fields(teams)
	u.PasswordSet, u.TOTPSince, u.LinkExpires, u.Created, u.Used, u.Disabled = at(password), at(totp), at(link), at(created), at(used), at(disabled)
	return u, err
}

// CreateUser adds a person, who has no password yet. Conflict when the login or the agent is another's.
func (d *DB) CreateUser(ctx context.Context, u User) (User, error) {
	const op = "records.CreateUser"
	u.ID, u.Created = randomText(idBytes), at(ms(d.now()))
	u.Password, u.PasswordSet, u.TOTP, u.TOTPSince, u.Subject, u.LinkExpires, u.Used, u.Disabled = "", time.Time{}, "", time.Time{}, "", time.Time{}, time.Time{}, time.Time{}
	err := d.inTx(ctx, func(tx *transaction) error {
		if err := tx.free(ctx, op, u); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, d.rebind("INSERT INTO users ("+userColumns+", link) VALUES ("+marks(16)+")"),
			u.ID, text(u.Login), text(u.Name), text(u.Role), text(u.Agent), text(strings.Join(u.Teams, " ")), "", 0, "", 0, "", 0, ms(u.Created), 0, 0, "")
		return err
	})
	return u, kept(op, err)
}

// free refuses a person whose login or agent is somebody else's. Of two at once the index lets one in.
func (tx *transaction) free(ctx context.Context, op string, u User) error {
	var login string
	row := tx.QueryRowContext(ctx, tx.db.rebind("SELECT login FROM users WHERE id <> ? AND (login = ? OR agent <> '' AND agent = ? AND disabled_at = 0) ORDER BY CASE login WHEN ? THEN 0 ELSE 1 END LIMIT 1"),
		u.ID, text(u.Login), text(u.Agent), text(u.Login))
	switch err := row.Scan(&login); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case login == u.Login:
		return fault.New(op, fault.Conflict, "login: %q is somebody's already", u.Login)
	}
	return fault.New(op, fault.Conflict, "agent: %q is %s already", u.Agent, login)
}

// Users lists all people, by login.
func (d *DB) Users(ctx context.Context) ([]User, error) {
	const op = "records.Users"
	rows, err := d.read.QueryContext(ctx, "SELECT "+userColumns+" FROM users ORDER BY login")
	list := []User{}
	err = each(rows, err, func(rows *sql.Rows) error {
		u, err := scanUser(rows.Scan)
		list = append(list, u)
		return err
	})
	return list, classify(op, err)
}

// User returns a person; NotFound when there is none of that id.
func (d *DB) User(ctx context.Context, id string) (User, error) {
	u, err := d.userBy(ctx, "id", id)
	return u, classify("records.User", err)
}

// UserOf returns the person who signs in by a name; NotFound when there is none.
func (d *DB) UserOf(ctx context.Context, login string) (User, error) {
	u, err := d.userBy(ctx, "login", strings.ToLower(login))
	return u, classify("records.UserOf", err)
}

func (d *DB) userBy(ctx context.Context, column, value string, more ...any) (User, error) {
	columns := userColumns
	if len(more) > 0 {
		columns += ", link"
	}
	return scanUser(d.read.QueryRowContext(ctx, d.rebind("SELECT "+columns+" FROM users WHERE "+column+" = ?"), text(value)).Scan, more...)
}

// ChangeUser sets a person's name, role, agent and teams. Where rights are others afterwards all
// of the person's sessions end: what they show was let through by what held before.
func (d *DB) ChangeUser(ctx context.Context, u User) (User, error) {
	const op = "records.ChangeUser"
	var now User
	err := d.inTx(ctx, func(tx *transaction) error {
		before, err := tx.user(ctx, op, u.ID)
		if err != nil {
			return err
		}
		now = before
		now.Name, now.Role, now.Agent, now.Teams = u.Name, u.Role, u.Agent, u.Teams
		if now.Disabled.IsZero() {
			if err := tx.free(ctx, op, now); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, d.rebind("UPDATE users SET name = ?, role = ?, agent = ?, teams = ? WHERE id = ?"),
			text(u.Name), text(u.Role), text(u.Agent), text(strings.Join(u.Teams, " ")), u.ID); err != nil {
			return err
		}
		if before.Role == now.Role && before.Agent == now.Agent && slices.Equal(before.Teams, now.Teams) {
			return nil
		}
		return tx.endSessions(ctx, u.ID, "")
	})
	return now, kept(op, err)
}

func (tx *transaction) user(ctx context.Context, op, id string) (User, error) {
	u, err := scanUser(tx.QueryRowContext(ctx, tx.db.rebind("SELECT "+userColumns+" FROM users WHERE id = ?"), text(id)).Scan)
	return u, classify(op, err)
}

// DisableUser keeps a person out from now on, or lets it in again. A one-time link that is open
// is void then, and sessions end.
func (d *DB) DisableUser(ctx context.Context, id string, out bool) (User, error) {
	const op = "records.DisableUser"
	var u User
	err := d.inTx(ctx, func(tx *transaction) (err error) {
		if u, err = tx.user(ctx, op, id); err != nil || out != u.Disabled.IsZero() {
			return err
		}
		if !out {
			if err := tx.free(ctx, op, u); err != nil {
				return err
			}
			u.Disabled = time.Time{}
			_, err = tx.ExecContext(ctx, d.rebind("UPDATE users SET disabled_at = 0 WHERE id = ?"), u.ID)
			return err
		}
		u.Disabled, u.LinkExpires = at(ms(d.now())), time.Time{}
		if _, err = tx.ExecContext(ctx, d.rebind("UPDATE users SET disabled_at = ?, link = '', link_expires_at = 0 WHERE id = ?"), ms(u.Disabled), u.ID); err != nil {
			return err
		}
		return tx.endSessions(ctx, u.ID, "")
	})
	return u, kept(op, err)
}

// InviteUser makes a one-time link by which a person sets its password, and returns its text, which
// is shown once and kept nowhere. The one before is void. Conflict for who is disabled.
func (d *DB) InviteUser(ctx context.Context, id string, holds time.Duration) (link string, until time.Time, err error) {
	const op = "records.InviteUser"
	secret, until := randomText(secretBytes), at(ms(d.now().Add(holds)))
	err = d.inTx(ctx, func(tx *transaction) error {
		u, err := tx.user(ctx, op, id)
		if err != nil {
			return err
		}
		if !u.Disabled.IsZero() {
			return fault.New(op, fault.Conflict, "%s is disabled", u.Login)
		}
		_, err = tx.ExecContext(ctx, d.rebind("UPDATE users SET link = ?, link_expires_at = ? WHERE id = ?"), hashSecret(secret), ms(until), u.ID)
		return err
	})
	if err != nil {
		return "", time.Time{}, kept(op, err)
	}
	return linkPrefix + "_" + id + "_" + secret, until, nil
}

// LinkedUser returns whom a one-time link is for. NotFound when it is not known, used or expired.
func (d *DB) LinkedUser(ctx context.Context, link string) (User, error) {
	const op = "records.LinkedUser"
	id, secret, ok := credentials(link, linkPrefix)
	if !ok {
		return User{}, classify(op, sql.ErrNoRows)
	}
	var hash string
	u, err := d.userBy(ctx, "id", id, &hash)
	if err == nil && (subtle.ConstantTimeCompare([]byte(hash), []byte(hashSecret(secret))) != 1 || !d.now().Before(u.LinkExpires)) {
		err = sql.ErrNoRows
	}
	if err != nil {
		return User{}, classify(op, err)
	}
	return u, nil
}

// SetPasswordByLink sets the password of whom a one-time link is for, who signs in with it alone from
// then on. The link is used up then, and all of the person's sessions end. NotFound when it is not known, used or expired.
func (d *DB) SetPasswordByLink(ctx context.Context, link, hash string) (User, error) {
	const op = "records.SetPasswordByLink"
	id, secret, ok := credentials(link, linkPrefix)
	if !ok {
		return User{}, classify(op, sql.ErrNoRows)
	}
	var u User
	err := d.inTx(ctx, func(tx *transaction) error {
		now := ms(d.now())
		res, err := tx.ExecContext(ctx, d.rebind("UPDATE users SET password = ?, password_at = ?, subject = '', link = '', link_expires_at = 0 WHERE id = ? AND link = ? AND link_expires_at > ?"),
			text(hash), now, text(id), hashSecret(secret), now)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return classify(op, sql.ErrNoRows)
		}
		if u, err = tx.user(ctx, op, id); err != nil {
			return err
		}
		return tx.endSessions(ctx, id, "")
	})
	return u, kept(op, err)
}

// SetPassword sets a person's password; all of its sessions end but one.
func (d *DB) SetPassword(ctx context.Context, id, hash, butSession string) error {
	const op = "records.SetPassword"
	return kept(op, d.inTx(ctx, func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, d.rebind("UPDATE users SET password = ?, password_at = ?, link = '', link_expires_at = 0 WHERE id = ?"), text(hash), ms(d.now()), text(id)); err != nil {
			return err
		}
		return tx.endSessions(ctx, id, butSession)
	}))
}

// RehashPassword keeps another hash of the password that a person has.
func (d *DB) RehashPassword(ctx context.Context, id, hash string) error {
	_, err := d.write.ExecContext(ctx, d.rebind("UPDATE users SET password = ? WHERE id = ?"), text(hash), text(id))
	return classify("records.RehashPassword", err)
}

// Preferences returns what a token or a person likes to see, as it was kept; "" before the first time.
func (d *DB) Preferences(ctx context.Context, holder string) (string, error) {
	var body string
	err := d.read.QueryRowContext(ctx, d.rebind("SELECT body FROM preferences WHERE holder = ?"), text(holder)).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return body, classify("records.Preferences", err)
}

// KeepPreferences keeps what a token or a person likes to see, instead of what was kept before.
func (d *DB) KeepPreferences(ctx context.Context, holder, body string) error {
	_, err := d.write.ExecContext(ctx, d.rebind("INSERT INTO preferences (holder, body, changed_at) VALUES ("+marks(3)+") ON CONFLICT (holder) DO UPDATE SET body = excluded.body, changed_at = excluded.changed_at"),
		text(holder), text(body), ms(d.now()))
	return classify("records.KeepPreferences", err)
}
