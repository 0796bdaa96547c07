package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnplayable: what Asterisk lists as a sound may be empty, or not for its user.
func TestUnplayable(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, d := range []string{"sounds/en/custom", "sounds/es"} {
		if err := os.MkdirAll(filepath.Join(data, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"en/good.wav": 0o644, "en/none.wav": 0, "en/mine.wav": 0o600, "en/custom/empty.wav": 0o644, "en/both.wav": 0o600, "en/both.gsm": 0o644} {
		text := []byte("RIFF")
		if strings.Contains(name, "empty") {
			text = nil
		}
		path := filepath.Join(data, "sounds", name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	f := hostFacts{place: Place{Data: data}, uid: 65533, gid: 65533}
	for name, want := range map[string]string{"good": "", "both": "", "absent": "", "none": "user 65533 cannot read", "mine": "user 65533 cannot read", "custom/empty": "is empty"} {
		if got := f.unplayable("en-GB", name); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f.uid = 0
	if got := f.unplayable("en", "none"); got != "" {
		t.Errorf("root reads all: %q", got)
	}
}

// TestOtherPassword: ari_operadora.conf beside may tell why the login is refused.
func TestOtherPassword(t *testing.T) {
	t.Parallel()
	const file = "; ours\n[operadora]\ntype = user\npassword = there ; said init\n[other]\npassword = else\n"
	for password, want := range map[string]bool{"here": true, "there": false} {
		if got := otherPassword(file, "operadora", password); got != want {
			t.Errorf("%s: %v", password, got)
		}
	}
	if otherPassword(file, "nobody", "here") {
		t.Error("a user without a section")
	}
	lines := judgePBX("main", pbxFacts{access: statusError(401), otherPassword: "/etc/asterisk/ari_operadora.conf"}, nil)
	var text string
	for _, l := range lines {
		text += l.Text + "\n"
	}
	if !strings.Contains(text, "/etc/asterisk/ari_operadora.conf holds another password") {
		t.Errorf("%+v", lines)
	}
}
