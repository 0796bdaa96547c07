// Package totp makes and judges the codes of a second factor (RFC 6238), and the codes by which
// somebody comes in who has lost what shows them.
//
// It is a leaf of api: pure but for the random secrets.
package totp

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

const (
	// period is how long a code is shown, in seconds; with SHA-1 and six digits it is what every
	// authenticator understands.
	period = 30
	// skew is how many periods a clock may be behind or ahead (RFC 6238, 5.2 and 6).
	skew = 1
	// secretBytes of a secret: RFC 4226, 4, R6 recommends 160 bits.
	secretBytes = 20
	// Recoveries are how many recovery codes there are.
	Recoveries = 10
	// recoveryLetters of a recovery code: 30 to the 16th are 78 bits, so that a hash of one needs no salt
	// and no slowness.
	recoveryLetters = 16
	letters         = "ABCDEFGHJKMNPQRSTVWXYZ23456789" // none looks like another
)

// Key is what somebody's authenticator is to be given.
type Key struct {
	Secret string // in base 32, to be typed
	URI    string // with the secret, to be drawn
}

// New makes a key. issuer and account are what the authenticator shows.
func New(issuer, account string) (Key, error) {
	k, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: account, Period: period, SecretSize: secretBytes, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return Key{}, err
	}
	return Key{Secret: k.Secret(), URI: k.URL()}, nil
}

// Step returns the period whose code it is, of those about a moment, so that none is taken twice;
// ok is false when it is of none.
func Step(secret, code string, now time.Time) (step int64, ok bool) {
	code = strings.Join(strings.Fields(code), "")
	for at := now.Unix()/period - skew; at <= now.Unix()/period+skew; at++ {
		good, err := hotp.ValidateCustom(code, uint64(max(0, at)), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}) //nolint:gosec // not below zero
		if err == nil && good {
			return at, true
		}
	}
	return 0, false
}

// Drawing is a QR code as an SVG path in a square of Size units, with a quiet zone of four about it.
type Drawing struct {
	Size int
	Path string
}

// Draw makes a QR code of a text.
func Draw(text string) (Drawing, error) {
	const quiet = 4 // ISO/IEC 18004, 6.3.8
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return Drawing{}, err
	}
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := range size {
			if dark, _, _, _ := code.At(x, y).RGBA(); dark == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return Drawing{Size: size + 2*quiet, Path: path.String()}, nil
}

// NewRecovery makes recovery codes, as they are shown: four groups of four.
func NewRecovery() []string {
	codes := make([]string, Recoveries)
	for i := range codes {
		b := make([]byte, recoveryLetters)
		_, _ = rand.Read(b) // never fails (crypto/rand)
		var groups []string
		for j, x := range b {
			b[j] = letters[int(x)%len(letters)] // 256 is no multiple of 30: a few letters are a little likelier
		}
		for at := 0; at < len(b); at += 4 {
			groups = append(groups, string(b[at:at+4]))
		}
		codes[i] = strings.Join(groups, "-")
	}
	return codes
}

// Recovery is a recovery code as it is kept, however it was typed; false for what is none.
func Recovery(typed string) (string, bool) {
	clean := strings.ToUpper(strings.Join(strings.FieldsFunc(typed, func(r rune) bool { return r == '-' || r == ' ' }), ""))
	return clean, len(clean) == recoveryLetters
}
