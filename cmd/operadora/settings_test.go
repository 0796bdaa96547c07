package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

type trialConfig struct {
	Instance string `mapstructure:"instance" default:"one" doc:"x"`
	Redis    struct {
		DB       int                 `mapstructure:"db" default:"3" doc:"x"`
		Password orchestrator.Secret `mapstructure:"password" default:"" doc:"x"`
		Addrs    []string            `mapstructure:"addrs" default:"a:1,b:2" doc:"x"`
	} `mapstructure:"redis"`
	PBXs map[string]trialPBX `mapstructure:"pbxs"`
}

type trialPBX struct {
	URL     string              `mapstructure:"url" default:"http://127.0.0.1:8088/ari" doc:"x"`
	Timeout time.Duration       `mapstructure:"timeout" default:"5s" doc:"x"`
	Secret  orchestrator.Secret `mapstructure:"secret" default:"" doc:"x"`
}

func loadTrial(t *testing.T, yaml string) (trialConfig, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	var c trialConfig
	err := loadSettings(&c, file)
	return c, err
}

func TestSettingsPrecedence(t *testing.T) {
	t.Setenv("OPERADORA_REDIS_DB", "7")
	t.Setenv("TRIAL_SECRET", "hush")
	secret := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(secret, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadTrial(t, "redis: {db: 5, password: '${TRIAL_SECRET}'}\npbxs: {madrid: {timeout: 2s, secret: 'file:"+secret+"'}}\n")
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

func TestSettingsRefuse(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ yaml, want string }{
		"misspelt key":      {"redis: {dbb: 5}", "dbb"},
		"misspelt in a map": {"pbxs: {madrid: {ulr: x}}", "ulr"},
		"not a number":      {"redis: {db: five}", "five"},
		"not a duration":    {"pbxs: {madrid: {timeout: soon}}", "soon"},
		"missing variable":  {"redis: {password: '${NOBODY_HAS_THIS}'}", "NOBODY_HAS_THIS"},
		"missing file":      {"redis: {password: 'file:/nowhere/x'}", "/nowhere/x"},
		"not yaml":          {"redis: [", "yaml"},
	} {
		_, err := loadTrial(t, row.yaml)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error %v does not name %q", name, err, row.want)
		}
	}
}
