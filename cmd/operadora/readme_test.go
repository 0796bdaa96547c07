package main

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
	"github.com/operadora/operadora/orchestrator/mailer"
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

// yamlBlock is an example of a README.
var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestReadmeExamples puts the examples of each README in the place of what init
// writes, in the files that their first lines name, and checks the whole.
func TestReadmeExamples(t *testing.T) {
	t.Parallel()
	readmes, err := filepath.Glob(filepath.Join("..", "..", "*", "README.md"))
	must(t, err)
	found := 0
	for _, readme := range append(readmes, filepath.Join("..", "..", "README.md")) {
		text, err := os.ReadFile(readme)
		must(t, err)
		dir := initialised(t)
		for _, block := range yamlBlock.FindAllStringSubmatch(string(text), -1) {
			line, _, _ := strings.Cut(block[1], "\n")
			file, named := strings.CutPrefix(line, "# ")
			if !named || !strings.HasSuffix(file, ".yaml") {
				t.Errorf("%s: an example begins with %q, not with the comment that names its file", readme, line)
				continue
			}
			found++
			schema := map[string]string{"operadora.yaml": "config", "queues.yaml": "queues", "agents.yaml": "queues", "callers.yaml": "queues", "dids.yaml": "dids",
				"calendars.yaml": "calendars", mailer.MailboxesFile: "mailboxes"}[filepath.Base(file)]
			if kind, ok := map[string]string{compliance.Folder: "profile", campaign.Folder: "campaign", agentsFolder: "queues"}[filepath.Base(filepath.Dir(file))]; ok {
				schema = kind
			}
			must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o700))
			fitsSchema(t, filepath.Join(dir, "schemas", cmp.Or(schema, "flow")+".json"), []byte(block[1]))
			must(t, os.WriteFile(filepath.Join(dir, file), []byte(block[1]), 0o600))
		}
		if out, err := run(t, "check", "-c", filepath.Join(dir, "operadora.yaml")); err != nil {
			t.Errorf("the examples of %s: %v\n%s", readme, err, out)
		}
	}
	if found < 4 {
		t.Errorf("only %d examples were read", found)
	}
}
