package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

type sampleSettings struct {
	Instance string `yaml:"instance" default:"one" doc:"x"`
	Redis    struct {
		DB       int                 `yaml:"db" default:"3" doc:"x"`
		Password orchestrator.Secret `yaml:"password" default:"" doc:"x"`
		Addrs    []string            `yaml:"addrs" default:"a:1,b:2" doc:"x"`
	} `yaml:"redis"`
	PBXs map[string]samplePBX `yaml:"pbxs" keys:"pbx"`
}

type samplePBX struct {
	URL     string              `yaml:"url" default:"http://127.0.0.1:8088/ari" doc:"x"`
	Timeout time.Duration       `yaml:"timeout" default:"5s" doc:"x"`
	Secret  orchestrator.Secret `yaml:"secret" default:"" doc:"x"`
}

func loadSample(t *testing.T, yaml string) (sampleSettings, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	var c sampleSettings
	_, err := loadSettings(&c, file)
	return c, err
}

func TestSettingsPrecedence(t *testing.T) {
	t.Setenv("OPERADORA_REDIS_DB", "7")
	t.Setenv("SAMPLE_SECRET", "hush")
	secret := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(secret, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadSample(t, "redis: {db: 5, password: '${SAMPLE_SECRET}'}\npbxs: {madrid: {timeout: 2s, secret: 'file:"+secret+"'}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Redis.DB != 7 {
		t.Errorf("redis.db = %d: the environment does not go before the file", c.Redis.DB)
	}
	if c.Instance != "one" || len(c.Redis.Addrs) != 2 {
		t.Errorf("defaults are missing: %+v", c)
	}
	if c.Redis.Password.Reveal() != "hush" || c.PBXs["madrid"].Secret.Reveal() != "from a file" {
		t.Error("secrets were not fetched")
	}
	if p := c.PBXs["madrid"]; p.Timeout != 2*time.Second || p.URL != "http://127.0.0.1:8088/ari" {
		t.Errorf("element of a map: %+v", p)
	}
}

// TestCredentials: what a service is given goes before what lies beside the file, for whoever is given nothing.
func TestCredentials(t *testing.T) {
	t.Setenv(credentialsVariable, "")
	file := filepath.Join(t.TempDir(), "c.yaml")
	must(t, os.WriteFile(file, []byte("redis: {password: 'credential:redis'}\n"), 0o600))
	must(t, writeNew(filepath.Join(filepath.Dir(file), "credentials", "redis"), []byte("beside\n"), 0o600))
	given := t.TempDir()
	must(t, os.WriteFile(filepath.Join(given, "redis"), []byte("given"), 0o600))
	read := func(want string) {
		t.Helper()
		var c sampleSettings
		if _, err := loadSettings(&c, file); err != nil || c.Redis.Password.Reveal() != want {
			t.Errorf("%q, %v, want %q", c.Redis.Password.Reveal(), err, want)
		}
	}
	read("beside")
	t.Setenv(credentialsVariable, given)
	read("given")
}

func TestSettingsRefuse(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ yaml, want string }{
		"misspelt key":       {"instanze: x", `c.yaml:1:1: E00 instanze: there is no such key; did you mean "instance"?`},
		"misspelt section":   {"redsi: {db: 5}", `redsi: there is no such key; did you mean "redis"?`},
		"misspelt below":     {"redis: {adrs: [x]}", `redis.adrs: there is no such key; did you mean "addrs"?`},
		"misspelt in a map":  {"pbxs: {madrid: {ulr: x}}", `pbxs.madrid.ulr: there is no such key; did you mean "url"?`},
		"nothing near":       {"redis: {colour: red}", "redis.colour: there is no such key; it knows db, password, addrs"},
		"section as a value": {"redis: 5", `redis: must be "key: value" lines, not "5"`},
		"PBX as a value":     {"pbxs: {madrid: 5}", `pbxs.madrid: must be "key: value" lines, not "5"`},
		"value as a section": {"instance: {name: x}", "instance: must be text, not"},
		"dot in a name":      {"pbxs: {a.b: {url: x}}", `pbxs: "a.b" is not a name of letters`},
		"not a number":       {"redis: {db: five}", `c.yaml:1:13: E00 redis.db: "five" is not a whole number`},
		"not a duration":     {"pbxs: {madrid: {timeout: soon}}", `c.yaml:1:26: E00 pbxs.madrid.timeout: "soon" is not a duration`},
		"no unit":            {"pbxs: {madrid: {timeout: 10}}", "pbxs.madrid.timeout: 10 has no unit; a duration needs one: 10s, 10m or 10h"},
		"no unit, quoted":    {"pbxs: {madrid: {timeout: '1.5'}}", "pbxs.madrid.timeout: 1.5 has no unit"},
		"switch as duration": {"pbxs: {madrid: {timeout: true}}", `"true" is not a duration`},
		"missing variable":   {"redis: {password: '${NOBODY_HAS_THIS}'}", "redis.password: "},
		"which variable":     {"redis: {password: '${NOBODY_HAS_THIS}'}", "the environment has no NOBODY_HAS_THIS"},
		"missing file":       {"redis: {password: 'file:/nowhere/x'}", "/nowhere/x"},
		"credential missing": {"redis: {password: 'credential:nobody'}", "credentials/nobody"},
		"credential a path":  {"redis: {password: 'credential:../x'}", "names no credential such as"},
		"not yaml":           {"redis: [", "c.yaml:1:8: E00 this is not YAML"},
	} {
		_, err := loadSample(t, row.yaml)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error %v does not say %q", name, err, row.want)
		}
	}
}

// TestSettingsLeftOut has keys and sections without a value, and spells others in capitals.
func TestSettingsLeftOut(t *testing.T) {
	t.Parallel()
	c, err := loadSample(t, "instance:\nredis:\n  # db: 1\nPBXS: {Madrid: {Timeout: 0}, cadiz:}\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Instance != "one" || c.Redis.DB != 3 {
		t.Errorf("defaults do not hold: %+v", c)
	}
	if p, ok := c.PBXs["madrid"]; !ok || p.Timeout != 0 || p.URL == "" {
		t.Errorf("%+v", c.PBXs)
	}
}

func TestSettingsByEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"OPERADORA_PBXS_MADRID_SECRET": "zz", "OPERADORA_PBXS_SAN_JUAN_TIMEOUT": "7s", "OPERADORA_REDIS_ADDRS": "c:3,d:4",
		"OPERADORA_INSTANCE": "", // does not count
		"OPERADORA_TOKEN":    "of another command", "OPERADORA_SERVICE_PORT_HTTP": "80", "OPERADORA_PORT_80_TCP_ADDR": "10.0.0.1",
		"OPERADORA_OWN": "named by the file",
	} {
		t.Setenv(name, value)
	}
	c, err := loadSample(t, "redis: {password: '${OPERADORA_OWN}'}\npbxs: {madrid: {url: http://x}, san-juan: {}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if p := c.PBXs["madrid"]; p.Secret.Reveal() != "zz" || p.URL != "http://x" || p.Timeout != 5*time.Second {
		t.Errorf("madrid: %+v", p)
	}
	if p := c.PBXs["san-juan"]; p.Timeout != 7*time.Second || p.URL != "http://127.0.0.1:8088/ari" {
		t.Errorf("san-juan: %+v", p)
	}
	if c.Instance != "one" || c.Redis.Password.Reveal() != "named by the file" || strings.Join(c.Redis.Addrs, " ") != "c:3 d:4" {
		t.Errorf("%+v", c)
	}
}

func TestSettingsByEnvironmentRefuse(t *testing.T) {
	const file = "redis: {db: 5}\npbxs: {madrid: {}, san-juan: {}, san_juan: {}}\n"
	for name, row := range map[string]struct{ variable, value, want string }{
		"misspelt":    {"OPERADORA_REDIS_DBB", "7", "environment variable OPERADORA_REDIS_DBB: E00 there is no such setting; did you mean OPERADORA_REDIS_DB?"},
		"unknown":     {"OPERADORA_COLOUR", "red", "environment variable OPERADORA_COLOUR: E00 there is no such setting"},
		"unknown PBX": {"OPERADORA_PBXS_BILBAO_TIMEOUT", "7s", "OPERADORA_PBXS_BILBAO_TIMEOUT: E00 there is no such setting; a variable sets keys of PBXs that the configuration file names"},
		"two PBXs":    {"OPERADORA_PBXS_SAN_JUAN_TIMEOUT", "7s", "may be any of pbxs.san-juan.timeout, pbxs.san_juan.timeout"},
		"value":       {"OPERADORA_REDIS_DB", "five", `environment variable OPERADORA_REDIS_DB: E00 redis.db: "five" is not a whole number`},
		"PBX's value": {"OPERADORA_PBXS_MADRID_TIMEOUT", "10", "environment variable OPERADORA_PBXS_MADRID_TIMEOUT: E00 pbxs.madrid.timeout: 10 has no unit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(row.variable, row.value)
			_, err := loadSample(t, file)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("error %v does not say %q", err, row.want)
			}
			if strings.Contains(err.Error(), "c.yaml") {
				t.Errorf("the file is blamed: %v", err)
			}
		})
	}
}
