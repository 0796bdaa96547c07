package records

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"slices"
	"strings"
	"time"
)

// Session is a page that was let in with a token. It ends everywhere at once.
type Session struct {
	ID      string
	Token   Token // it was opened with
	Used    time.Time
	Expires time.Time
	Ended   time.Time // zero: not yet
}

// SessionIdle is how long a session may be unused.
const SessionIdle = 30 * time.Minute

// Valid tells whether the session may be used at a moment.
func (s Session) Valid(now time.Time) bool {
	return s.Ended.IsZero() && now.Before(s.Expires) && now.Sub(s.Used) < SessionIdle && s.Token.Valid(now)
}

const (
	sessionPrefix = "os"
	// sessionKept is how long the line of an expired session stays, for who looks into it.
	sessionKept = 30 * 24 * time.Hour
)

// CreateSession opens a session of a token and returns its text, which is kept
// nowhere: only a hash is stored. Lines of sessions long over are removed.
func (d *DB) CreateSession(ctx context.Context, t Token, length time.Duration) (Session, string, error) {
	const op = "records.CreateSession"
	now := at(ms(d.now()))
	s := Session{ID: randomText(idBytes), Token: t, Used: now, Expires: now.Add(length)}
	secret := randomText(secretBytes)
	if _, err := d.write.ExecContext(ctx, d.rebind("DELETE FROM sessions WHERE expires_at < ?"), ms(now.Add(-sessionKept))); err != nil {
		return Session{}, "", classify(op, err)
	}
	_, err := d.write.ExecContext(ctx, d.rebind("INSERT INTO sessions (id, token, hash, created_at, used_at, expires_at, ended_at) VALUES ("+marks(7)+")"),
		s.ID, t.ID, hashSecret(secret), ms(now), ms(now), ms(s.Expires), 0)
	if err != nil {
		return Session{}, "", classify(op, err)
	}
	return s, sessionPrefix + "_" + s.ID + "_" + secret, nil
}

// FindSession returns the session that a text stands for, also one that is over
// (see Valid), and notes its use and its token's when it is valid. NotFound when
// there is none or the secret is wrong.
func (d *DB) FindSession(ctx context.Context, bearer string) (Session, error) {
	const op = "records.FindSession"
	id, secret, ok := credentials(bearer, sessionPrefix)
	if !ok {
		return Session{}, classify(op, sql.ErrNoRows)
	}
	row := d.read.QueryRowContext(ctx, d.rebind("SELECT "+columnsOf("t", tokenColumns)+", s.hash, s.used_at, s.expires_at, s.ended_at FROM sessions s JOIN tokens t ON t.id = s.token WHERE s.id = ?"), text(id))
	var hash string
	var used, expires, ended int64
	t, err := scanToken(row.Scan, &hash, &used, &expires, &ended)
	if err != nil {
		return Session{}, classify(op, err)
	}
	if subtle.ConstantTimeCompare([]byte(hash), []byte(hashSecret(secret))) != 1 {
		return Session{}, classify(op, sql.ErrNoRows)
	}
	s := Session{ID: id, Token: t, Used: at(used), Expires: at(expires), Ended: at(ended)}
	if now := d.now(); s.Valid(now) && now.Sub(s.Used) >= useStep {
		// Failing to note the use must not lock anybody out.
		_, _ = d.write.ExecContext(ctx, d.rebind("UPDATE sessions SET used_at = ? WHERE id = ? AND used_at < ?"), ms(now), s.ID, ms(now))
		d.noteUse(ctx, t, now)
	}
	return s, nil
}

// EndSession ends a session at once; one that is over stays as it is.
func (d *DB) EndSession(ctx context.Context, id string) error {
	_, err := d.write.ExecContext(ctx, d.rebind("UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at = 0"), ms(d.now()), text(id))
	return classify("records.EndSession", err)
}

// Credential is what somebody came in with: a token, or a session of it.
type Credential struct {
	Token   string // its id
	Session string // its id, "" when it was the token itself
}

// credentialsAtOnce is how many credentials are looked up in one statement.
const credentialsAtOnce = 400

// Over returns those of the credentials in use that are not valid any more, and
// notes that the sessions among the others are used.
func (d *DB) Over(ctx context.Context, held []Credential) ([]Credential, error) {
	const op = "records.Over"
	now := d.now()
	tokens, sessions := map[string]bool{}, map[string]time.Time{}
	for chunk := range slices.Chunk(held, credentialsAtOnce) {
		var ids, pages []any
		for _, c := range chunk {
			ids = append(ids, text(c.Token))
			if c.Session != "" {
				pages = append(pages, text(c.Session))
			}
		}
		rows, err := d.read.QueryContext(ctx, d.rebind("SELECT id FROM tokens WHERE id IN ("+marks(len(ids))+") AND revoked_at = 0 AND (expires_at = 0 OR expires_at > ?)"),
			append(ids, ms(now))...)
		if err := each(rows, err, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			tokens[id] = true
			return err
		}); err != nil {
			return nil, classify(op, err)
		}
		if len(pages) == 0 {
			continue
		}
		rows, err = d.read.QueryContext(ctx, d.rebind("SELECT id, used_at FROM sessions WHERE id IN ("+marks(len(pages))+") AND ended_at = 0 AND expires_at > ?"),
			append(pages, ms(now))...)
		if err := each(rows, err, func(rows *sql.Rows) error {
			var id string
			var used int64
			err := rows.Scan(&id, &used)
			sessions[id] = at(used)
			return err
		}); err != nil {
			return nil, classify(op, err)
		}
	}
	var over []Credential
	var used []any
	for _, c := range held {
		last, open := sessions[c.Session]
		switch {
		case !tokens[c.Token] || c.Session != "" && !open:
			over = append(over, c)
		case c.Session != "" && now.Sub(last) >= useStep:
			used = append(used, text(c.Session))
		}
	}
	for chunk := range slices.Chunk(used, credentialsAtOnce) {
		if _, err := d.write.ExecContext(ctx, d.rebind("UPDATE sessions SET used_at = ? WHERE id IN ("+marks(len(chunk))+")"), append([]any{ms(now)}, chunk...)...); err != nil {
			return over, classify(op, err)
		}
	}
	return over, nil
}

// credentials takes the text of a token or session apart.
func credentials(bearer, prefix string) (id, secret string, ok bool) {
	parts := strings.Split(bearer, "_")
	if len(parts) != 3 || parts[0] != prefix || len(bearer) > 200 {
		return "", "", false
	}
	return parts[1], parts[2], true
}
