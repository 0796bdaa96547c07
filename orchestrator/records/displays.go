package records

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

const (
	// codeLetters are those of a code that a screen shows: none looks like another.
	codeLetters = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
	codeLength  = 8
	// pairingsAtOnce is how many screens may show a code: who asks for codes fills no disk.
	pairingsAtOnce = 200
)

// Pairing is a screen that shows a code.
type Pairing struct {
	Code    string
	Secret  string // by which the screen asks what became of it; only a hash is stored
	Expires time.Time
}

func randomCode() string {
	b := make([]byte, codeLength)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = codeLetters[int(b[i])%len(codeLetters)] // 256 is no multiple of 30: a few letters are a little likelier
	}
	return string(b)
}

// OpenPairing makes a code for a screen. Unavailable while too many show one.
func (d *DB) OpenPairing(ctx context.Context, address string, holds time.Duration) (Pairing, error) {
	const op = "records.OpenPairing"
	p := Pairing{Code: randomCode(), Secret: randomText(secretBytes), Expires: at(ms(d.now().Add(holds)))}
	err := d.inTx(ctx, func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, d.rebind("DELETE FROM pairings WHERE expires_at <= ?"), ms(d.now())); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM pairings").Scan(&n); err != nil {
			return err
		}
		if n >= pairingsAtOnce {
			return fault.New(op, fault.Unavailable, "too many screens show a code")
		}
		_, err := tx.ExecContext(ctx, d.rebind("INSERT INTO pairings (code, hash, address, expires_at, token) VALUES ("+marks(5)+")"),
			p.Code, hashSecret(p.Secret), text(address), ms(p.Expires), "")
		return err
	})
	return p, kept(op, err)
}

// Pair lets the screen in that shows a code, with the rights of a token. NotFound when none shows it.
func (d *DB) Pair(ctx context.Context, code string, t Token) (Token, error) {
	const op = "records.Pair"
	code = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	t.Display = true
	err := d.inTx(ctx, func(tx *transaction) error {
		t = d.newToken(t)
		res, err := tx.ExecContext(ctx, d.rebind("UPDATE pairings SET token = ? WHERE code = ? AND token = '' AND expires_at > ?"), t.ID, text(code), ms(d.now()))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fault.New(op, fault.NotFound, "no screen shows the code %q, or not any more", code)
		}
		return d.insertToken(ctx, tx, t, randomText(secretBytes)) // which nobody is told
	})
	return t, kept(op, err)
}

// ClaimPairing returns whom a screen may come in as, once; nil while nobody has typed its code in.
// NotFound when the code has expired.
func (d *DB) ClaimPairing(ctx context.Context, secret string) (*Identity, error) {
	const op = "records.ClaimPairing"
	var who *Identity
	err := d.inTx(ctx, func(tx *transaction) error {
		var code, token string
		row := tx.QueryRowContext(ctx, d.rebind("SELECT code, token FROM pairings WHERE hash = ? AND expires_at > ?"), hashSecret(secret), ms(d.now()))
		if err := row.Scan(&code, &token); errors.Is(err, sql.ErrNoRows) {
			return fault.New(op, fault.NotFound, "the code has expired")
		} else if err != nil || token == "" {
			return err
		}
		t, err := scanToken(tx.QueryRowContext(ctx, d.rebind("SELECT "+tokenColumns+" FROM tokens WHERE id = ?"), token).Scan)
		if err != nil {
			return err
		}
		found := t.Identity()
		who = &found
		_, err = tx.ExecContext(ctx, d.rebind("DELETE FROM pairings WHERE code = ?"), code)
		return err
	})
	return who, kept(op, err)
}
