package password

import (
	"strings"
	"testing"
)

func TestHash(t *testing.T) {
	t.Parallel()
	const text = "correct horse ñandú"
	hash := Hash(text)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(hash, "horse") {
		t.Error(hash)
	}
	if Hash(text) == hash {
		t.Error("two hashes of one password are the same")
	}
	parts := strings.Split(hash, "$")
	weaker := settings{memory: 8 * 1024, passes: 1, lanes: 1}
	salt, _ := encoding.DecodeString(parts[4])
	older := strings.Join([]string{"", "argon2id", "v=19", "m=8192,t=1,p=1", parts[4], encoding.EncodeToString(weaker.key(text, salt))}, "$")
	for _, row := range []struct {
		name, hash, text string
		good, stale      bool
	}{
		{"right", hash, text, true, false},
		{"composed otherwise", hash, "correct horse n\u0303andu\u0301", true, false},
		{"wrong", hash, text + "x", false, false},
		{"empty", hash, "", false, false},
		{"older settings", older, text, true, true},
		{"other settings than it was made by", strings.Replace(older, "t=1", "t=2", 1), text, false, true},
		{"none yet", "", "", false, false},
		{"no passes", strings.Replace(hash, "t=2", "t=0", 1), text, false, false},
		{"another kind", strings.Replace(hash, "argon2id", "argon2i", 1), text, false, false},
		{"cut", hash[:len(hash)-10], text, false, false},
	} {
		if good, stale := Verify(row.hash, row.text); good != row.good || stale != row.stale {
			t.Errorf("%s: %v, %v", row.name, good, stale)
		}
	}
}

func TestWeakness(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"short":                     "has 5 characters; at least 12 are needed",
		strings.Repeat("abcde", 26): "has 130 characters; at most 128 may be",
		"aaaabbbbAAAA":              "has 2 different characters; at least 5 are needed",
		"123456789012":              "has nothing but digits",
		"EvaRuiz-2026":              "has the name in it that one signs in as",
		"tres tristes":              "",
		"señoríoñandú":              "",
	} {
		if got := Weakness(text, "evaruiz"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
