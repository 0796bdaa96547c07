package main

import (
	"os"
	"path/filepath"
	"strings"
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
	dir := t.TempDir()
	_, err := dialplanPrint(t, "--dir", dir)
	must(t, err)
	mine := filepath.Join(dir, "extensions_operadora.conf")
	must(t, os.WriteFile(mine, []byte("mine"), 0o600))
	if _, err := dialplanPrint(t, "--dir", dir); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("writing again: %v", err)
	}
	if raw, err := os.ReadFile(mine); err != nil || string(raw) != "mine" {
		t.Errorf("the file was changed: %q %v", raw, err)
	}
}
