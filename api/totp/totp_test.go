package totp

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"
)

// The codes are those of RFC 6238, appendix B, of whose eight digits an authenticator shows the last six.
func TestStep(t *testing.T) {
	t.Parallel()
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // "12345678901234567890"
	for _, row := range []struct {
		name string
		code string
		at   int64
		step int64
	}{
		{"RFC 6238, T = 1", "287082", 59, 1},
		{"RFC 6238, T = 0x23523EC", "081804", 1111111109, 0x23523EC},
		{"RFC 6238, T = 0x27BC86AA", "353130", 20000000000, 0x27BC86AA},
		{"in two groups", " 081 804 ", 1111111109, 0x23523EC},
		{"a clock that is behind", "081804", 1111111109 + 30, 0x23523EC},
		{"a clock that is ahead", "081804", 1111111109 - 30, 0x23523EC},
		{"too late", "081804", 1111111109 + 61, 0},
		{"too early", "081804", 1111111109 - 60, 0},
		{"another", "081805", 1111111109, 0},
		{"none", "", 1111111109, 0},
		{"eight digits", "07081804", 1111111109, 0},
	} {
		step, ok := Step(secret, row.code, time.Unix(row.at, 0))
		if step != row.step || ok != (row.step != 0) {
			t.Errorf("%s: %d, %v, want %d", row.name, step, ok, row.step)
		}
	}
}

// What is made is what an authenticator takes, and its drawing is a QR code.
func TestNew(t *testing.T) {
	t.Parallel()
	k, err := New("operadora", "eva")
	if err != nil || len(k.Secret) != 32 || !strings.HasPrefix(k.URI, "otpauth://totp/operadora:eva?") || !strings.Contains(k.URI, "secret="+k.Secret) {
		t.Fatal(k, err)
	}
	now := time.Unix(1_700_000_000, 0)
	code, err := totp.GenerateCode(k.Secret, now)
	if err != nil {
		t.Fatal(err)
	}
	if step, ok := Step(k.Secret, code, now); !ok || step != now.Unix()/period {
		t.Errorf("%s: %d, %v", code, step, ok)
	}
	d, err := Draw(k.URI)
	if err != nil || (d.Size-8-21)%4 != 0 { // versions of QR codes are 21, 25, 29 … wide
		t.Fatal(d.Size, err)
	}
	// Each finder pattern has a dark corner within the quiet zone and light about its core.
	for _, row := range []struct {
		square string
		dark   bool
	}{{"M4 4h1v1h-1z", true}, {"M5 5h1v1h-1z", false}, {"M6 6h1v1h-1z", true}, {"M3 3h1v1h-1z", false}} {
		if got := strings.Contains(d.Path, row.square); got != row.dark {
			t.Errorf("%s is dark: %v", row.square, got)
		}
	}
}

func TestRecovery(t *testing.T) {
	t.Parallel()
	codes := NewRecovery()
	seen := map[string]bool{}
	for _, code := range codes {
		kept, ok := Recovery(code)
		if !ok || len(code) != 19 || seen[kept] {
			t.Errorf("%q", code)
		}
		seen[kept] = true
		typed, ok := Recovery(" " + strings.ToLower(strings.ReplaceAll(code, "-", " ")))
		if !ok || cmp.Diff(kept, typed) != "" {
			t.Errorf("%q is not %q", typed, kept)
		}
	}
	if len(seen) != Recoveries {
		t.Errorf("%d codes", len(seen))
	}
	if _, ok := Recovery("123456"); ok {
		t.Error("six digits are a recovery code")
	}
}
