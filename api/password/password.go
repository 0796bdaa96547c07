// Package password turns passwords into what may be kept of them, and says which are too weak.
//
// It is a leaf of api: pure but for the random salt.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// What a hash is made by: argon2id with 19 MiB, two passes and one lane, the first of the
// settings that OWASP recommends
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html). RFC 9106's
// 64 MiB and three passes would keep a shift that signs in at once waiting on the machine that
// serves its calls.
var today = settings{memory: 19 * 1024, passes: 2, lanes: 1}

const (
	saltBytes = 16 // RFC 9106, 4
	keyBytes  = 32
	// Least is how many characters a password has at least: OWASP ASVS 4.0.3, 2.1.1.
	Least = 12
	// Most is how many it has at most: OWASP ASVS 4.0.3, 2.1.2.
	Most = 128
	// leastDifferent are the different characters in it.
	leastDifferent = 5
)

// settings are what a hash is made by. memory is in KiB.
type settings struct {
	memory, passes uint32
	lanes          uint8
}

var encoding = base64.RawStdEncoding

// Hash returns what is kept of a password, in the form of the PHC string format.
func Hash(text string) string {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, today.memory, today.passes, today.lanes,
		encoding.EncodeToString(salt), encoding.EncodeToString(today.key(text, salt)))
}

// key is the hash proper. Accented letters are the same however a keyboard composes them
// (NIST SP 800-63B, 5.1.1.2).
func (s settings) key(text string, salt []byte) []byte {
	return argon2.IDKey([]byte(norm.NFKC.String(text)), salt, s.passes, s.memory, s.lanes, keyBytes)
}

// Verify tells whether a hash is of a password, and whether it was made by other settings than
// today's, so that it is to be made anew. What is no hash takes as long and is of no password.
func Verify(hash, text string) (good, stale bool) {
	s, salt, want, ok := take(hash)
	if !ok {
		s, salt, want = today, make([]byte, saltBytes), make([]byte, keyBytes)
	}
	same := subtle.ConstantTimeCompare(s.key(text, salt), want) == 1
	return ok && same, ok && s != today
}

func take(hash string) (s settings, salt, key []byte, ok bool) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return s, nil, nil, false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &s.memory, &s.passes, &s.lanes); err != nil || n != 3 || s.passes == 0 || s.lanes == 0 {
		return s, nil, nil, false
	}
	salt, err := encoding.DecodeString(parts[4])
	if err != nil {
		return s, nil, nil, false
	}
	key, err = encoding.DecodeString(parts[5])
	return s, salt, key, err == nil && len(key) == keyBytes
}

// Weakness says why a password is not taken; "" for one that is. login is who it is for.
func Weakness(text, login string) string {
	different := map[rune]bool{}
	digits := true
	for _, r := range text {
		different[unicode.ToLower(r)] = true
		digits = digits && unicode.IsDigit(r)
	}
	switch n := utf8.RuneCountInString(text); {
	case n < Least:
		return fmt.Sprintf("has %d characters; at least %d are needed", n, Least)
	case n > Most:
		return fmt.Sprintf("has %d characters; at most %d may be", n, Most)
	case len(different) < leastDifferent:
		return fmt.Sprintf("has %d different characters; at least %d are needed", len(different), leastDifferent)
	case digits:
		return "has nothing but digits"
	case len(login) > 3 && strings.Contains(strings.ToLower(text), login):
		return "has the name in it that one signs in as"
	}
	return ""
}
