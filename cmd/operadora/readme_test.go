package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

func TestEverySettingIsDescribed(t *testing.T) {
	t.Parallel()
	for _, s := range yamlfile.Keys(Config{}) {
		if s.Path == "" || strings.HasSuffix(s.Path, ".") || s.Doc == "" {
			t.Errorf("setting %q (%s) has no key or no doc", s.Path, s.Kind)
		}
	}
}

// TestInitialFilesAreGood writes what `operadora init` writes and checks it.
func TestInitialFilesAreGood(t *testing.T) {
	t.Parallel()
	files, err := initialFiles()
	must(t, err)
	dir := t.TempDir()
	for _, f := range files {
		must(t, writeNew(filepath.Join(dir, f.path), f.content, f.mode))
	}
	if err := writeSchemas(filepath.Join(dir, "schemas")); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		holdsAgainstSchema(t, filepath.Join(dir, f.path))
	}
	cmd := newRootCommand()
	var out strings.Builder
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"check", "-c", filepath.Join(dir, "operadora.yaml")})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "ok: 1 PBX, 2 queues") {
		t.Errorf("check says %q", &out)
	}
	if err := writeNew(filepath.Join(dir, files[0].path), nil, 0o600); err == nil {
		t.Error("an existing file was written over")
	}
}
