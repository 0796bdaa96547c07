package leads

import (
	"crypto/md5"  //nolint:gosec // what some external lists are made with
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Hashing is how an external list hides its numbers.
type Hashing struct {
	Algorithm string // md5, sha1, sha256, sha512
	Of        string // e164 (+573001234567), digits (573001234567) or national (3001234567)
	Region    string // whose national numbers they are
	Salt      string // before the number
}

// What numbers are hashed as.
const (
	ofE164     = "e164"
	ofDigits   = "digits"
	ofNational = "national"
)

var sizes = map[string]int{"md5": md5.Size, "sha1": sha1.Size, "sha256": sha256.Size, "sha512": sha512.Size}

// Validate names what cannot be right.
func (h Hashing) Validate() error {
	if sizes[h.Algorithm] == 0 {
		return invalid("algorithm: %q is none of md5, sha1, sha256, sha512", short(h.Algorithm))
	}
	if !slices.Contains([]string{ofE164, ofDigits, ofNational}, h.Of) {
		return invalid("of: %q is none of e164, digits, national", short(h.Of))
	}
	if h.Of == ofNational && !phonenumbers.GetSupportedRegions()[h.Region] {
		return invalid("region: is needed for hashes of national numbers: a country's two letters, such as ES")
	}
	return nil
}

// Sum is the hash of a number in its one form, "" when the list cannot have it.
func (h Hashing) Sum(number string) string {
	text := number
	switch h.Of {
	case ofDigits:
		text = strings.TrimPrefix(number, "+")
	case ofNational:
		n, err := phonenumbers.Parse(number, "")
		// By country code: the list of the US has numbers of Puerto Rico, that of GB those of Jersey.
		if err != nil || int(n.GetCountryCode()) != phonenumbers.GetCountryCodeForRegion(h.Region) {
			return ""
		}
		text = phonenumbers.GetNationalSignificantNumber(n)
	}
	in := []byte(h.Salt + text)
	switch h.Algorithm {
	case "md5":
		sum := md5.Sum(in) //nolint:gosec // the list's own
		return hex.EncodeToString(sum[:])
	case "sha1":
		sum := sha1.Sum(in) //nolint:gosec // the same
		return hex.EncodeToString(sum[:])
	case "sha512":
		sum := sha512.Sum512(in)
		return hex.EncodeToString(sum[:])
	default:
		sum := sha256.Sum256(in)
		return hex.EncodeToString(sum[:])
	}
}

// Hash reads a hash of the list; why is "" when it is one.
func (h Hashing) Hash(v string) (hash, why string) {
	hash = strings.ToLower(cell(v))
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) != sizes[h.Algorithm] {
		return "", quoted(v) + " is no " + h.Algorithm + " in hexadecimal digits"
	}
	return hash, ""
}
