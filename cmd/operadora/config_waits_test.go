package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatWaitsForARestart edits the configuration of a running operadora: the keys
// are named, and no value.
func TestWhatWaitsForARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(initialised(t), "operadora.yaml")
	cfg, err := readConfig(file)
	must(t, err)
	if got := cfg.waits(); got != "" {
		t.Errorf("nothing has changed: %s", got)
	}
	must(t, os.WriteFile(filepath.Join(filepath.Dir(file), "other"), []byte("hush"), 0o600))
	put(t, file, "lease_ttl: 2s", "lease_ttl: 3s")
	put(t, file, `app: "operadora"`, `app: "desk"`) // of PBX main
	raw, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, append(raw, "  lima: {ari: {url: http://127.0.0.1:8089/ari, user: x, password: \"file:"+filepath.Dir(file)+"/other\"}}\n"...), 0o600))
	if got := cfg.waits(); !strings.HasSuffix(got, "a restart puts it in force: lease_ttl, pbxs.lima, pbxs.main.ari.app") || strings.Contains(got, "hush") {
		t.Errorf("what waits: %s", got)
	}
	put(t, file, "lease_ttl: 3s", "lease_ttl: 3")
	if got := cfg.waits(); !strings.Contains(got, "the next start will fail") || !strings.Contains(got, "lease_ttl") {
		t.Errorf("a fault: %s", got)
	}
}
