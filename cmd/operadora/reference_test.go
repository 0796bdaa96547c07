package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// run runs operadora's command line in this process.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := newRootCommand()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// schemaOf compiles a schema as an editor would.
func schemaOf(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(file)
	must(t, err)
	return s
}

// holdsAgainstSchema checks a file by the schema that its first line names.
func holdsAgainstSchema(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	must(t, err)
	line, _, _ := strings.Cut(string(raw), "\n")
	name, ok := strings.CutPrefix(line, "# yaml-language-server: $schema=")
	if !ok {
		t.Fatalf("%s names no schema", file)
	}
	fitsSchema(t, filepath.Join(filepath.Dir(file), name), raw)
}

// fitsSchema checks a file's text by a schema.
func fitsSchema(t *testing.T, schema string, text []byte) {
	t.Helper()
	var value any
	must(t, yaml.Unmarshal(text, &value))
	if err := schemaOf(t, schema).Validate(value); err != nil {
		t.Errorf("%s: %v\n%s", schema, err, text)
	}
}

// TestSchemasRefuseWhatTheReaderRefuses has mistakes that an editor shall show.
func TestSchemasRefuseWhatTheReaderRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, writeSchemas(dir))
	for text, kind := range map[string]string{
		"redis: {adrs: [x]}":                              "config",
		"lease_ttl: many":                                 "config",
		"redis: {pool_size: 2}":                           "config",
		"log: {level: loud}":                              "config",
		"pbxs: {'a b': {}}":                               "config",
		"queues: [{name: {en: Sales}}]":                   "queues",
		"queues: [{id: a, strategy: b}]":                  "queues",
		"queues: [{id: a, name: {fr: b}}]":                "queues",
		"agents: [{id: a, pbx: main, endpoint: Local/5}]": "queues",
		"queues: {id: a}":                                 "queues",
		"profile: a\nname: {en: a}\nread: 2026-11-30\nrules: [{id: a, kind: rnig, from: 2026-01-01, law: b}]": "profile",
		"dids: {'5*0': a}":                                                                 "dids",
		"dids: {'5': {langauge: es}}":                                                      "dids",
		"calendars: {a: {open: {}}}":                                                       "calendars",
		"flow: a\nlanguage: es\nnodes: {a: {type: paly}}":                                  "flow",
		"flow: a\nlanguage: es\nnodes: {a: {type: play, promt: x}}":                        "flow",
		"flow: a\nlanguage: es\nnodes: {a: {type: gather, prompt: x, var: b, digits: {}}}": "flow",
		"flow: a\nlanguage: es\nprompts: {a: {klingon: x}}\nnodes: {a: {type: hangup}}":    "flow",
	} {
		var value any
		must(t, yaml.Unmarshal([]byte(text), &value))
		if schemaOf(t, filepath.Join(dir, kind+".json")).Validate(value) == nil {
			t.Errorf("the schema of %s takes %s", kind, text)
		}
	}
}

func TestEveryKeyIsExplained(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		out, err := run(t, "config", "reference", k.name)
		must(t, err)
		for _, key := range yamlfile.Keys(k.shape) {
			if key.Doc == "" || !strings.Contains(out, "\n"+key.Name()+"\n    "+key.Doc+"\n") {
				t.Errorf("%s: %s is not explained", k.name, key.Name())
			}
		}
	}
	for asked, title := range map[string]string{"agents": "queues.yaml, agents.yaml, agents/*.yaml and callers.yaml", "flows": "flows/*.yaml"} { // as the files are called
		out, err := run(t, "config", "reference", asked)
		must(t, err)
		if !strings.HasPrefix(out, title) {
			t.Errorf("asked for %s: %.60s", asked, out)
		}
	}
	out, err := run(t, "config", "reference")
	must(t, err)
	if want := "\nredis.pool_size\n    Connections per Redis server at most.\n    number: 4 to 10000; default 32; OPERADORA_REDIS_POOL_SIZE\n"; !strings.Contains(out, want) {
		t.Errorf("%s\nlacks %s", out, want)
	}
	for _, key := range []string{"acd.offer_grace", "acd.phone_rest", "pbxs.NAME.ari.url"} {
		if !strings.Contains(out, "\n"+key+"\n") {
			t.Errorf("no %s", key)
		}
	}
	if _, err := run(t, "config", "reference", "flwo"); err == nil || !strings.Contains(err.Error(), `did you mean "flow"?`) {
		t.Error(err)
	}
}

// TestInitExplainsEveryKey reads what a newcomer reads.
func TestInitExplainsEveryKey(t *testing.T) {
	t.Parallel()
	files, err := initialFiles(KindAsterisk, nil)
	must(t, err)
	text := map[string]string{}
	for _, f := range files {
		text[f.path] = string(f.content)
	}
	for file, keys := range map[string][]string{
		"operadora.yaml":                           {"offer_grace", "phone_rest", "lease_ttl"},
		"definitions/queues.yaml":                  {"queues[].admit", "queues[].announce_prompts", "queues[].record_format"},
		"definitions/agents.yaml":                  {"agents[].pin", "agents[].wrap_up", "require_pause_reason", "dispositions[].digits"},
		"definitions/dids.yaml":                    {"dids.NAME.language"},
		"definitions/calendars.yaml":               {"calendars.NAME.holidays[].open"},
		"definitions/flows/welcome.yaml":           {"nodes.NAME.confirm.yes (type gather)", "nodes.NAME.max_wait (type queue)", "prompts.NAME.text"},
		"definitions/campaigns/march.yaml.example": {"attempts.day", "lists[].filter", "caller_id[].to", "preview.then", "retry: What follows an outcome", "machines.detect", "pacing.ratio"},
	} {
		for _, key := range keys {
			if !strings.Contains(text[file], key) {
				t.Errorf("%s does not explain %s:\n%s", file, key, text[file])
			}
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	out, err := run(t, "version", "--libraries")
	must(t, err)
	for _, want := range []string{"operadora ", "\nbuilt     with go1."} {
		if !strings.Contains(out, want) {
			t.Errorf("%s lacks %q", out, want)
		}
	}
	var b bytes.Buffer
	writeVersion(&b, version(), &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}}}, false)
	if strings.Contains(b.String(), "library") {
		t.Error(b.String())
	}
}

func TestEveryNumberHasBounds(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		for _, key := range yamlfile.Keys(k.shape) {
			if (key.Kind == "number" || key.Kind == "duration") && key.Allowed == "" {
				t.Errorf("%s: %s may be anything", k.name, key.Name())
			}
		}
	}
}

// TestInitSet: what is set is in the file, as it is to be read.
func TestInitSet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := run(t, "init", "--dir", dir, "--admin", "", "--set", "records.dsn=sqlite:/var/lib/x/y.db", "--set", "redis.addrs=a:1, b:2", "--set", "redis.db=3",
		"--set", "pbxs.main.ari.password=a=b"); err != nil {
		t.Fatal(err, out)
	}
	var cfg Config
	_, err := loadSettings(&cfg, filepath.Join(dir, "operadora.yaml"))
	must(t, err)
	if cfg.Records.DSN != "sqlite:/var/lib/x/y.db" || len(cfg.Redis.Addrs) != 2 || cfg.Redis.DB != 3 || cfg.PBXs["main"].ARI.Password.Reveal() != "a=b" {
		t.Errorf("%+v", cfg)
	}
	for _, row := range []struct{ set, want string }{
		{"redis.db", `"redis.db" is not KEY=VALUE`},
		{"redis.bd=1", `there is no key "redis.bd"; did you mean "redis.db"?`},
	} {
		if _, err := run(t, "init", "--dir", t.TempDir(), "--admin", "", "--set", row.set); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("--set %s: %v, want %q", row.set, err, row.want)
		}
	}
}
