package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func dialplanPrint(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := newRootCommand()
	var out strings.Builder
	cmd.SetOut(&out)
	cmd.SetArgs(append([]string{"dialplan", "print"}, args...))
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestDialplanPrint(t *testing.T) {
	t.Parallel()
	first, err := dialplanPrint(t)
	must(t, err)
	for _, part := range []string{"extensions_operadora.conf", "Stasis(operadora,inbound,", "ari_operadora.conf", "http_operadora.conf"} {
		if !strings.Contains(first, part) {
			t.Errorf("%q is not printed", part)
		}
	}
	second, err := dialplanPrint(t)
	must(t, err)
	if first == second {
		t.Error("two printings have the same password")
	}
	if _, err := dialplanPrint(t, "--pbx", "panasonic"); err == nil || !strings.Contains(err.Error(), "panasonic") {
		t.Errorf("an unknown PBX: %v", err)
	}
	if _, err := dialplanPrint(t, "--app", "two words"); err == nil || !strings.Contains(err.Error(), "two words") {
		t.Errorf("an impossible name: %v", err)
	}
}

func TestDialplanNeverWritesOverAFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "yet")
	out, err := dialplanPrint(t, "--password", "password-x1", "--dir", dir)
	must(t, err)
	mine, lost := filepath.Join(dir, "extensions_operadora.conf"), filepath.Join(dir, "http_operadora.conf")
	if !strings.Contains(out, "made the folder "+dir) || strings.Count(out, "wrote "+dir) != 3 {
		t.Errorf("a folder that was missing:\n%s", out)
	}
	must(t, os.WriteFile(mine, []byte("mine"), 0o600))
	must(t, os.Remove(lost))
	out, err = dialplanPrint(t, "--password", "password-x1", "--dir", dir)
	must(t, err)
	for _, want := range []string{"left as it is: " + mine + " differs", "wrote " + lost, "and the same: " + filepath.Join(dir, "ari_operadora.conf")} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if raw, err := os.ReadFile(mine); err != nil || string(raw) != "mine" {
		t.Errorf("the file was changed: %q %v", raw, err)
	}
}

// The files fit the configuration, belong to whom the folder belongs, and leave
// an HTTP server alone that is in use.
func TestDialplanFitsTheSite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "operadora.yaml")
	must(t, os.WriteFile(config, []byte("pbxs: {main: {ari: {url: \"http://127.0.0.1:8099/ari\", user: desk, password: secret-of-the-site, app: desk2}}}\n"), 0o600))
	const stranger = 64_042
	if os.Geteuid() == 0 {
		must(t, os.Chown(dir, stranger, stranger+1))
	}
	out, err := dialplanPrint(t, "-c", config, "--dir", dir)
	must(t, err)
	if strings.Contains(out, "also goes into") || !strings.Contains(out, "core reload") {
		t.Errorf("it says\n%s", out)
	}
	text := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || os.Geteuid() == 0 && (info.Sys().(*syscall.Stat_t).Uid != stranger || info.Sys().(*syscall.Stat_t).Gid != stranger+1) {
			t.Errorf("%s belongs to %+v (%v)", name, info.Sys(), err)
		}
		return string(raw)
	}
	for name, parts := range map[string][]string{
		"ari_operadora.conf": {"[desk]", "password = secret-of-the-site"}, "http_operadora.conf": {"bindaddr = 127.0.0.1", "bindport = 8099"},
		"extensions_operadora.conf": {"Stasis(desk2,"},
	} {
		for _, part := range parts {
			if !strings.Contains(text(name), part) {
				t.Errorf("%s lacks %q", name, part)
			}
		}
	}
	must(t, os.Remove(filepath.Join(dir, "http_operadora.conf")))
	must(t, os.Remove(filepath.Join(dir, "ari_operadora.conf")))
	must(t, os.Remove(filepath.Join(dir, "extensions_operadora.conf")))
	must(t, os.WriteFile(filepath.Join(dir, "http.conf"), []byte("[general]\nenabled = yes\nbindaddr = 10.0.0.1\n"), 0o600))
	out, err = dialplanPrint(t, "-c", config, "--dir", dir)
	must(t, err)
	if strings.Contains(text("http_operadora.conf"), "\nbind") || !strings.Contains(out, "left as they are") {
		t.Errorf("http.conf is in use, and its address is set anew:\n%s\n%s", out, text("http_operadora.conf"))
	}
}
