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
	"github.com/operadora/operadora/ivr/lookup"
	"github.com/operadora/operadora/orchestrator"
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

// TestInitialFilesAreGood runs `operadora init` for each kind of PBX and checks what it
// wrote, and what `operadora dialplan print` makes of it.
func TestInitialFilesAreGood(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		kind  Kind
		phone string
	}{{KindAsterisk, "PJSIP/101"}, {KindFreeSWITCH, "user/101"}} {
		t.Run(string(row.kind), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			config := filepath.Join(dir, "operadora.yaml")
			args := []string{"init", "--dir", dir, "--pbx", string(row.kind)}
			out, err := run(t, args...)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			files, err := initialFiles(row.kind, nil)
			must(t, err)
			for _, f := range files {
				holdsAgainstSchema(t, filepath.Join(dir, f.path))
			}
			if out, err = run(t, "check", "-c", config); err != nil || !strings.Contains(out, "ok: 1 PBX, 2 queues") {
				t.Errorf("check says %v: %q", err, out)
			}
			cfg, err := readConfig(config)
			must(t, err)
			pbx := cfg.PBXs["main"]
			password := map[Kind]orchestrator.Secret{KindAsterisk: pbx.ARI.Password, KindFreeSWITCH: pbx.FreeSWITCH.Password}[row.kind].Reveal()
			printed, err := run(t, "dialplan", "print", "-c", config, "--pbx", string(row.kind))
			must(t, err)
			if pbx.Kind != row.kind || len(password) < 32 || !strings.Contains(printed, password) {
				t.Errorf("the PBX is %q, its password of %d letters; printed:\n%s", pbx.Kind, len(password), printed)
			}
			agents, err := os.ReadFile(filepath.Join(dir, "definitions", "agents.yaml"))
			must(t, err)
			if !strings.Contains(string(agents), "endpoint: "+row.phone+",") {
				t.Errorf("no phone %s:\n%s", row.phone, agents)
			}
			if _, err := run(t, args...); err == nil || !strings.Contains(err.Error(), "exists already") {
				t.Errorf("existing files were written over: %v", err)
			}
		})
	}
	dir := t.TempDir()
	if _, err := run(t, "init", "--dir", dir, "--pbx", "panasonic"); err == nil || !strings.Contains(err.Error(), `--pbx "panasonic"`) {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("something was written all the same: %v, %v", left, err)
	}
}

// yamlBlock is an example of a README.
var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// examples are those of a README, by the files that their first lines name.
func examples(t *testing.T, readme string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(readme)
	must(t, err)
	out := map[string]string{}
	for _, block := range yamlBlock.FindAllStringSubmatch(string(text), -1) {
		line, _, _ := strings.Cut(block[1], "\n")
		file, named := strings.CutPrefix(line, "# ")
		if !named || !strings.HasSuffix(file, ".yaml") || out[file] != "" {
			t.Errorf("%s: an example begins with %q, not with the comment that names its file, or is the second of it", readme, line)
		}
		out[file] = block[1]
	}
	return out
}

// TestReadmeExamples puts the examples of each README in the place of what init
// writes, in the files that their first lines name, and checks the whole.
func TestReadmeExamples(t *testing.T) {
	t.Parallel()
	readmes, err := filepath.Glob(filepath.Join("..", "..", "*", "README.md"))
	must(t, err)
	found := 0
	for _, readme := range append(readmes, filepath.Join("..", "..", "README.md")) {
		dir := initialised(t)
		for file, example := range examples(t, readme) {
			found++
			schema := map[string]string{"operadora.yaml": "config", "queues.yaml": "queues", "agents.yaml": "queues", "callers.yaml": "queues", "dids.yaml": "dids",
				"calendars.yaml": "calendars", mailer.MailboxesFile: "mailboxes", lookup.FileName: "lookups"}[filepath.Base(file)]
			if kind, ok := map[string]string{compliance.Folder: "profile", campaign.Folder: "campaign", agentsFolder: "queues"}[filepath.Base(filepath.Dir(file))]; ok {
				schema = kind
			}
			must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o700))
			fitsSchema(t, filepath.Join(dir, "schemas", cmp.Or(schema, "flow")+".json"), []byte(example))
			must(t, os.WriteFile(filepath.Join(dir, file), []byte(example), 0o600))
		}
		if out, err := run(t, "check", "-c", filepath.Join(dir, "operadora.yaml")); err != nil {
			t.Errorf("the examples of %s: %v\n%s", readme, err, out)
		}
	}
	if found < 4 {
		t.Errorf("only %d examples were read", found)
	}
}
