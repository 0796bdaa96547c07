package records

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"slices"
	"strings"
	"time"
)

// Session is a page that was let in, with a token or a person's password. It ends everywhere at once.
type Session struct {
	ID      string
	Who     Identity // it was opened by
	Created time.Time
	Used    time.Time
	Expires time.Time
	Ended   time.Time // zero: not yet
	Origin
}

// Origin is where a session was opened.
type Origin struct {
	Address string
	Client  string // what the browser calls itself
}

// SessionIdle is how long a session may be unused, but for that of a display.
const SessionIdle = 30 * time.Minute

// Valid tells whether the session may be used at a moment.
func (s Session) Valid(now time.Time) bool {
	return s.Ended.IsZero() && now.Before(s.Expires) && (s.Who.Display || now.Sub(s.Used) < SessionIdle) && s.Who.Valid(now)
}

const (
	sessionPrefix = "os"
	// sessionKept is how long the line of an expired session stays, for who looks into it.
	sessionKept = 30 * 24 * time.Hour
	// mostClient is how much is kept of what a browser calls itself, in bytes.
	mostClient = 300
)

// CreateSession opens a session and returns its text, which is kept nowhere: only
// a hash is stored. Lines of sessions long over are removed.
func (d *DB) CreateSession(ctx context.Context, who Identity, length time.Duration, from Origin) (Session, string, error) {
	const op = "records.CreateSession"
	now := at(ms(d.now()))
	s := Session{ID: randomText(idBytes), Who: who, Created: now, Used: now, Expires: now.Add(length), Origin: from}
	secret := randomText(secretBytes)
	if _, err := d.write.ExecContext(ctx, d.rebind("DELETE FROM sessions WHERE expires_at < ?"), ms(now.Add(-sessionKept))); err != nil {
		return Session{}, "", classify(op, err)
	}
	token, person := who.ID, ""
	if who.IsPerson() {
		token, person = "", who.ID
	}
	_, err := d.write.ExecContext(ctx, d.rebind("INSERT INTO sessions ("+sessionColumns+", hash) VALUES ("+marks(10)+")"),
		s.ID, token, person, ms(now), ms(now), ms(s.Expires), 0, text(from.Address), cut(from.Client, mostClient), hashSecret(secret))
	if err != nil {
		return Session{}, "", classify(op, err)
	}
	return s, sessionPrefix + "_" + s.ID + "_" + secret, nil
}

const sessionColumns = "id, token, person, created_at, used_at, expires_at, ended_at, address, client" //nolint:gosec // names of columns, no credentials

// scanSession reads a session, of which only the id of who opened it is known then.
func scanSession(scan func(...any) error, more ...any) (s Session, token, person string, err error) {
	var created, used, expires, ended int64
	err = scan(append([]any{&s.ID, &token, &person, &created, &used, &expires, &ended, &s.Address, &s.Client}, more...)...)
	s.Who.ID = token + person
	s.Created, s.Used, s.Expires, s.Ended = at(created), at(used), at(expires), at(ended)
	return s, token, person, err
}

// FindSession returns the session that a text stands for, also one that is over
// (see Valid), and notes its use and its holder's when it is valid. NotFound when
// there is none or the secret is wrong.
func (d *DB) FindSession(ctx context.Context, bearer string) (Session, error) {
	const op = "records.FindSession"
	id, secret, ok := credentials(bearer, sessionPrefix)
	if !ok {
		return Session{}, classify(op, sql.ErrNoRows)
	}
	var hash string
	row := d.read.QueryRowContext(ctx, d.rebind("SELECT "+sessionColumns+", hash FROM sessions WHERE id = ?"), text(id))
	s, token, person, err := scanSession(row.Scan, &hash)
	if err == nil && subtle.ConstantTimeCompare([]byte(hash), []byte(hashSecret(secret))) != 1 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return Session{}, classify(op, err)
	}
	var table string
	var last time.Time
	if person != "" {
		u, err := d.userBy(ctx, "id", person)
		if err != nil {
			return Session{}, classify(op, err)
		}
		s.Who, table, last = u.Identity(), "users", u.Used
	} else {
		t, err := scanToken(d.read.QueryRowContext(ctx, d.rebind("SELECT "+tokenColumns+" FROM tokens WHERE id = ?"), token).Scan)
		if err != nil {
			return Session{}, classify(op, err)
		}
		s.Who, table, last = t.Identity(), "tokens", t.Used
	}
	if now := d.now(); s.Valid(now) && now.Sub(s.Used) >= useStep {
		d.noteUse(ctx, "sessions", s.ID, s.Used, now)
		d.noteUse(ctx, table, s.Who.ID, last, now)
	}
	return s, nil
}

// Sessions lists the sessions of a token or a person that are not over, the latest first.
func (d *DB) Sessions(ctx context.Context, holder string) ([]Session, error) {
	now := ms(d.now())
	rows, err := d.read.QueryContext(ctx, d.rebind("SELECT "+sessionColumns+" FROM sessions WHERE (token = ? OR person = ?) AND ended_at = 0 AND expires_at > ? AND used_at > ? ORDER BY created_at DESC, id LIMIT 500"),
		text(holder), text(holder), now, now-SessionIdle.Milliseconds())
	list := []Session{}
	err = each(rows, err, func(rows *sql.Rows) error {
		s, _, _, err := scanSession(rows.Scan)
		list = append(list, s)
		return err
	})
	return list, classify("records.Sessions", err)
}

// WasHere tells whether a person has signed in from an address lately.
func (d *DB) WasHere(ctx context.Context, person, address string) (bool, error) {
	var n int
	err := d.read.QueryRowContext(ctx, d.rebind("SELECT COUNT(*) FROM (SELECT 1 FROM sessions WHERE person = ? AND address = ? LIMIT 1) AS x"), text(person), text(address)).Scan(&n)
	return n > 0, classify("records.WasHere", err)
}

// EndSessions ends all sessions of a token or a person but one, "" for none.
func (d *DB) EndSessions(ctx context.Context, holder, but string) error {
	return classify("records.EndSessions", d.inTx(ctx, func(tx *transaction) error { return tx.endSessions(ctx, holder, but) }))
}

func (tx *transaction) endSessions(ctx context.Context, holder, but string) error {
	_, err := tx.ExecContext(ctx, tx.db.rebind("UPDATE sessions SET ended_at = ? WHERE (token = ? OR person = ?) AND id <> ? AND ended_at = 0"),
		ms(tx.db.now()), text(holder), text(holder), text(but))
	return err
}

// EndSession ends a session at once; one that is over stays as it is.
func (d *DB) EndSession(ctx context.Context, id string) error {
	_, err := d.write.ExecContext(ctx, d.rebind("UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at = 0"), ms(d.now()), text(id))
	return classify("records.EndSession", err)
}

// Credential is what somebody came in with: a token or a session.
type Credential struct {
	Token   string // its id, "" when it was a session
	Session string // its id, "" when it was the token itself
}

// credentialsAtOnce is how many credentials are looked up in one statement.
const credentialsAtOnce = 400

// Over returns those of the credentials in use that are not valid any more, and
// notes that the sessions among the others are used.
func (d *DB) Over(ctx context.Context, held []Credential) ([]Credential, error) {
	const op = "records.Over"
	now := d.now()
	const valid = "t.revoked_at = 0 AND (t.expires_at = 0 OR t.expires_at > ?)"
	uses := map[Credential]time.Time{} // of those that are valid
	for chunk := range slices.Chunk(held, credentialsAtOnce) {
		var tokens, sessions []any
		for _, c := range chunk {
			if c.Session != "" {
				sessions = append(sessions, text(c.Session))
			} else {
				tokens = append(tokens, text(c.Token))
			}
		}
		find := func(query string, args []any, of func(id string) Credential) error {
			rows, err := d.read.QueryContext(ctx, d.rebind(query), args...)
			return each(rows, err, func(rows *sql.Rows) error {
				var id string
				var used int64
				err := rows.Scan(&id, &used)
				uses[of(id)] = at(used)
				return err
			})
		}
		if len(tokens) > 0 {
			if err := find("SELECT t.id, t.used_at FROM tokens t WHERE t.id IN ("+marks(len(tokens))+") AND "+valid,
				append(tokens, ms(now)), func(id string) Credential { return Credential{Token: id} }); err != nil {
				return nil, classify(op, err)
			}
		}
		if len(sessions) > 0 {
			if err := find("SELECT s.id, s.used_at FROM sessions s LEFT JOIN tokens t ON t.id = s.token LEFT JOIN users u ON u.id = s.person WHERE s.id IN ("+marks(len(sessions))+
				") AND s.ended_at = 0 AND s.expires_at > ? AND (u.disabled_at = 0 OR "+valid+")",
				append(sessions, ms(now), ms(now)), func(id string) Credential { return Credential{Session: id} }); err != nil {
				return nil, classify(op, err)
			}
		}
	}
	var over []Credential
	var used []any
	for _, c := range held {
		last, open := uses[c]
		switch {
		case !open:
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
