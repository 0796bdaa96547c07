package dialplans

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// asGolden compares a file with the golden one of its name, which -update rewrites.
func asGolden(t *testing.T, f File) {
	t.Helper()
	golden := filepath.Join("testdata", f.Name)
	if *update {
		if err := os.WriteFile(golden, f.Content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(f.Content)); diff != "" {
		t.Errorf("%s differs from its golden file (-want +got):\n%s", f.Name, diff)
	}
}

func TestAsteriskGolden(t *testing.T) {
	t.Parallel()
	got, err := Asterisk(Values{ARIPassword: "correct-horse-battery"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got {
		names = append(names, f.Name)
		asGolden(t, f)
	}
	want := []string{"ari_operadora.conf", "extensions_operadora.conf", "http_operadora.conf"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestAsteriskUsesTheSitesValues(t *testing.T) {
	t.Parallel()
	got, err := Asterisk(Values{
		App: "desk2", AwayContext: "night", Prefix: "*7700", ARIUser: "ctl", ARIPassword: "s3cret-enough",
		HTTPBind: "::1", HTTPPort: 9999,
	})
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for _, f := range got {
		content[f.Name] = string(f.Content)
	}
	for name, wanted := range map[string][]string{
		"extensions_operadora.conf": {
			"Stasis(desk2,inbound,${FILTER(+0-9,${EXTEN})},ends)", "?night,${FILTER(+0-9,${EXTEN})},1)",
			UntilVariable("desk2"), "exten => _*77003X,1,Gosub(operadora-feature,s,1(pause,${FILTER(0-9,${EXTEN:6})}))",
			"exten => _*77006.,hint,Stasis:op-${FILTER(0-9A-Za-z._\\x2d,${EXTEN:6})}",
		},
		"ari_operadora.conf":  {"[ctl]\n", "password = s3cret-enough\n"},
		"http_operadora.conf": {"bindaddr = ::1\nbindport = 9999\n"},
	} {
		for _, w := range wanted {
			if !strings.Contains(content[name], w) {
				t.Errorf("%s lacks %q", name, w)
			}
		}
	}
}

// What http.conf has is not set anew when somebody may be using it.
func TestKeepHTTP(t *testing.T) {
	t.Parallel()
	http := func(conf string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "http.conf")
		if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		kept, err := ReadHTTP(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Asterisk(Values{ARIPassword: "s3cret-enough", KeepHTTP: kept})
		if err != nil {
			t.Fatal(err)
		}
		return string(got[2].Content)
	}
	fresh := http("[general]\n;enabled=yes\nbindaddr=127.0.0.1\n[other]\nenabled = yes\n")
	used := http("[general](!)\nservername=x\nEnabled => yes ; for the phones' pages\nbindaddr=0.0.0.0\nsessionlimit=5000\n")
	for _, name := range []string{"enabled =", "bindaddr =", "bindport =", "sessionlimit ="} {
		if !strings.Contains(fresh, "\n"+name) || strings.Contains(used, "\n"+name) {
			t.Errorf("%s: with HTTP off %v, with HTTP on %v", name, strings.Contains(fresh, "\n"+name), strings.Contains(used, "\n"+name))
		}
	}
	if !strings.Contains(used, "\nsession_keep_alive =") {
		t.Errorf("what nobody set is not there:\n%s", used)
	}
	if none, err := ReadHTTP(filepath.Join(t.TempDir(), "http.conf")); err != nil || none.Enabled {
		t.Errorf("no file: %+v, %v", none, err)
	}
}

func TestAsteriskRefusesValuesThatBreakTheFiles(t *testing.T) {
	t.Parallel()
	good := Values{ARIPassword: "correct-horse-battery"}
	for name, change := range map[string]func(*Values){
		"no password":               func(v *Values) { v.ARIPassword = "" },
		"password ends the line":    func(v *Values) { v.ARIPassword = "long-enough;really" },
		"password expands":          func(v *Values) { v.ARIPassword = "long-enough-${X}" },
		"password starts a section": func(v *Values) { v.ARIPassword = "long-enough\n[general]" },
		"application with a comma":  func(v *Values) { v.App = "a,b" },
		"context with a bracket":    func(v *Values) { v.AwayContext = "a)b" },
		"prefix with a letter":      func(v *Values) { v.Prefix = "*X" },
		"user with a bracket":       func(v *Values) { v.ARIUser = "a]" },
		"address that is a name":    func(v *Values) { v.HTTPBind = "localhost" },
		"port out of range":         func(v *Values) { v.HTTPPort = 70000 },
	} {
		v := good
		change(&v)
		if files, err := Asterisk(v); err == nil {
			t.Errorf("%s: rendered %d files, want an error", name, len(files))
		} else if strings.Contains(name, "password") && v.ARIPassword != "" && strings.Contains(err.Error(), v.ARIPassword) {
			t.Errorf("%s: the error %q shows the password", name, err)
		}
	}
}

func TestNewPassword(t *testing.T) {
	t.Parallel()
	a, b := NewPassword(), NewPassword()
	if a == b || len(a) != 40 {
		t.Errorf("passwords %q and %q: want two different ones of 40 digits", a, b)
	}
	if _, err := Asterisk(Values{ARIPassword: a}); err != nil {
		t.Errorf("a new password is refused: %v", err)
	}
}
