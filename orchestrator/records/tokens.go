package records

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Token is the right to use the API. What its bearer may do is the API's
// business: here a role is a word. Zero times are "never".
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`            // who or what holds it, for the audit log
	Role    string    `json:"role"`            // admin, supervisor, campaign_manager, agent, wallboard
	Agent   string    `json:"agent,omitempty"` // the agent it acts for, with role agent
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Used    time.Time `json:"last_used,omitzero"` // to the minute
	Revoked time.Time `json:"revoked,omitzero"`
	// Scopes narrow what its role may do; none leaves it all. The words are the API's.
	Scopes []string `json:"scopes,omitempty"`
	// Teams are those whose people its rights are bound to; none is the whole centre.
	Teams []string `json:"teams,omitempty"`
	// Display tells that it is a screen's, which was let in by a code.
	Display bool `json:"display,omitempty"`
}

// Valid tells whether the token may be used at a moment.
func (t Token) Valid(now time.Time) bool { return t.Identity().Valid(now) }

const (
	tokenPrefix = "op"
	idBytes     = 8
	secretBytes = 32 // 256 random bits
	// useStep is how exactly the last use is noted: a write per request would be too dear.
	useStep = time.Minute
)

var tokenText = base32.StdEncoding.WithPadding(base32.NoPadding)

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return strings.ToLower(tokenText.EncodeToString(b))
}

// hashSecret needs no slow hash: the secret is 256 random bits, not a password,
// so there is nothing to guess, and each request pays for it.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// CreateToken makes a token with a fresh id and returns it with its text
// "op_<id>_<secret>", which is shown once and kept nowhere: only a hash is stored.
func (d *DB) CreateToken(ctx context.Context, t Token) (Token, string, error) {
	const op = "records.CreateToken"
	if t.Name == "" || t.Role == "" {
		return Token{}, "", fault.New(op, fault.Invalid, "a token needs a name and a role")
	}
	secret := randomText(secretBytes)
	t = d.newToken(t)
	if err := d.insertToken(ctx, d.write, t, secret); err != nil {
		return Token{}, "", classify(op, err)
	}
	return t, tokenPrefix + "_" + t.ID + "_" + secret, nil
}

// newToken gives a token its id and time.
func (d *DB) newToken(t Token) Token {
	t.ID, t.Created, t.Used, t.Revoked = randomText(idBytes), at(ms(d.now())), time.Time{}, time.Time{}
	return t
}

// execer is the database or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (d *DB) insertToken(ctx context.Context, into execer, t Token, secret string) error {
	_, err := into.ExecContext(ctx, d.rebind("INSERT INTO tokens ("+tokenColumns+", hash) VALUES ("+marks(12)+")"),
		t.ID, text(t.Name), text(t.Role), text(t.Agent), ms(t.Created), ms(t.Expires), 0, 0, text(strings.Join(t.Scopes, " ")), text(strings.Join(t.Teams, " ")), bit(t.Display), hashSecret(secret))
	return err
}

const tokenColumns = "id, name, role, agent, created_at, expires_at, used_at, revoked_at, scopes, teams, display" //nolint:gosec // names of columns, no credentials

// FindToken returns the token that a text "op_<id>_<secret>" stands for, also an
// expired or revoked one (see Valid), and notes its use when it is valid.
// NotFound when there is none or the secret is wrong: the two cannot be told apart.
func (d *DB) FindToken(ctx context.Context, bearer string) (Token, error) {
	const op = "records.FindToken"
	id, secret, ok := credentials(bearer, tokenPrefix)
	if !ok {
		return Token{}, classify(op, sql.ErrNoRows)
	}
	row := d.read.QueryRowContext(ctx, d.rebind("SELECT "+tokenColumns+", hash FROM tokens WHERE id = ?"), text(id))
	var hash string
	t, err := scanToken(row.Scan, &hash)
	if err != nil {
		return Token{}, classify(op, err)
	}
	if subtle.ConstantTimeCompare([]byte(hash), []byte(hashSecret(secret))) != 1 {
		return Token{}, classify(op, sql.ErrNoRows)
	}
	if now := d.now(); t.Valid(now) {
		d.noteUse(ctx, "tokens", t.ID, t.Used, now)
	}
	return t, nil
}

// noteUse writes down when a token, a session or a person was used last, after last. Failing to
// must not lock anybody out.
func (d *DB) noteUse(ctx context.Context, table, id string, last, now time.Time) {
	if now.Sub(last) >= useStep {
		_, _ = d.write.ExecContext(ctx, d.rebind("UPDATE "+table+" SET used_at = ? WHERE id = ? AND used_at < ?"), ms(now), id, ms(now)) //nolint:gosec // names of tables
	}
}

func scanToken(scan func(...any) error, more ...any) (Token, error) {
	var t Token
	var created, expires, used, revoked, display int64
	var scopes, teams string
	err := scan(append([]any{&t.ID, &t.Name, &t.Role, &t.Agent, &created, &expires, &used, &revoked, &scopes, &teams, &display}, more...)...)
	t.Display = display != 0
	t.Scopes, t.Teams = strings.Fields(scopes), strings.Fields(teams)
	t.Created, t.Expires, t.Used, t.Revoked = at(created), at(expires), at(used), at(revoked)
	return t, err
}

// Tokens lists all tokens, the oldest first.
func (d *DB) Tokens(ctx context.Context) ([]Token, error) {
	const op = "records.Tokens"
	rows, err := d.read.QueryContext(ctx, "SELECT "+tokenColumns+" FROM tokens ORDER BY created_at, id")
	list := []Token{}
	err = each(rows, err, func(rows *sql.Rows) error {
		t, err := scanToken(rows.Scan)
		list = append(list, t)
		return err
	})
	return list, classify(op, err)
}

// RevokeToken ends a token at once; a revoked one stays revoked. NotFound when there is none.
func (d *DB) RevokeToken(ctx context.Context, id string) error {
	const op = "records.RevokeToken"
	res, err := d.write.ExecContext(ctx, d.rebind("UPDATE tokens SET revoked_at = CASE revoked_at WHEN 0 THEN ? ELSE revoked_at END WHERE id = ?"), ms(d.now()), text(id))
	if err != nil {
		return classify(op, err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return fault.New(op, fault.NotFound, "no token has the ID %q", id)
	}
	return nil
}
