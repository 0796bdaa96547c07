package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden parts anew")

// settingsTable is the README's table of all keys.
func settingsTable() string {
	var b strings.Builder
	b.WriteString("| key | default | what it is for |\n|---|---|---|\n")
	for _, s := range settingsOf(reflect.TypeFor[Config](), "") {
		value := s.Default
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Key, value, strings.ReplaceAll(s.Doc, "|", "\\|"))
	}
	return b.String()
}

func TestReadmeListsEverySetting(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "README.md")
	raw, err := os.ReadFile(path)
	must(t, err)
	const open, end = "<!-- settings -->\n", "<!-- /settings -->"
	before, rest, ok := strings.Cut(string(raw), open)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the README has lost the marks of its settings")
	}
	want := before + open + settingsTable() + end + after
	if *update {
		must(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	if string(raw) != want {
		t.Error("the README's settings are not those of the code; run go test ./cmd/operadora -run Readme -update")
	}
}

func TestEverySettingIsDescribed(t *testing.T) {
	t.Parallel()
	for _, s := range settingsOf(reflect.TypeFor[Config](), "") {
		if s.Key == "" || strings.HasSuffix(s.Key, ".") || s.Doc == "" {
			t.Errorf("setting %q (%s) has no key or no doc", s.Key, s.Type)
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
