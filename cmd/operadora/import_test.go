package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImport: what is imported is a set of definitions without a fault, and nothing
// that is there is overwritten.
func TestImport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "queues.conf")
	must(t, os.WriteFile(file, []byte("[general]\n[sales]\nstrategy = ringall\nmember => PJSIP/101,0,Ana\nmember => SIP/102,3\n[support]\nmember => PJSIP/102\n"), 0o600))
	out, err := command(t, "import", file, "--pbx", "east")
	must(t, err)
	for _, want := range []string{"# queues.yaml\n", "\n# agents.yaml\n", `- id: "sales"`, "no equivalent: strategy = ringall", `pbx: "east"`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	into := filepath.Join(dir, "new", "definitions")
	out, err = command(t, "import", file, "--dir", into)
	if must(t, err); !strings.Contains(out, "3 remarks") {
		t.Errorf("said %s", out)
	}
	got := readACD(os.DirFS(into))
	if must(t, got.faults.Err()); len(got.defs.Queues) != 2 || len(got.defs.Agents) != 2 {
		t.Errorf("imported %+v", got.defs)
	}
	must(t, os.Remove(filepath.Join(into, "queues.yaml")))
	if _, err := command(t, "import", file, "--dir", into); err == nil || !strings.Contains(err.Error(), "agents.yaml") {
		t.Errorf("agents.yaml was there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(into, "queues.yaml")); !os.IsNotExist(err) {
		t.Errorf("one of two files was written: %v", err)
	}
	must(t, os.WriteFile(file, []byte("[sales]\nstrategy = best\n"), 0o600))
	if _, err := command(t, "import", file); err == nil || !strings.Contains(err.Error(), "line 2") || !strings.Contains(err.Error(), file) {
		t.Errorf("a fault: %v", err)
	}
	if _, err := command(t, "import", filepath.Join(dir, "nowhere")); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("no file: %v", err)
	}
}
