package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"
)

// TestCommandLine: where a configuration, the API and a token are is told by a flag
// or, below it, by a variable.
func TestCommandLine(t *testing.T) {
	for _, row := range []struct{ name, env, flag, want string }{
		{"nothing", "", "", ""}, {"a variable", "http://of.env", "", "http://of.env"},
		{"a flag", "", "http://of.flag", "http://of.flag"}, {"both", "http://of.env", "http://of.flag", "http://of.flag"},
	} {
		for _, what := range []string{"config", "url", "token"} {
			t.Run(row.name+" for "+what, func(t *testing.T) {
				t.Setenv("OPERADORA_URL", "")
				t.Setenv("OPERADORA_"+map[string]string{"config": "CONFIG", "url": "URL", "token": "TOKEN"}[what], row.env)
				cmd := &cobra.Command{}
				clientFlags(cmd)
				cmd.PersistentFlags().String("config", "", "")
				if err := cmd.ParseFlags(nil); err != nil {
					t.Fatal(err)
				}
				if row.flag != "" {
					if err := cmd.Flags().Set(what, row.flag); err != nil {
						t.Fatal(err)
					}
				}
				got, err := told(cmd, what)
				if err != nil || got != row.want {
					t.Errorf("told %q, %v, want %q", got, err, row.want)
				}
			})
		}
	}
	t.Setenv("OPERADORA_CONFIG", "x.yaml")
	t.Setenv("OPERADORA_URL", "http://x")
	if _, err := loadSample(t, "redis: {db: 5}\n"); err != nil {
		t.Errorf("they are taken for settings: %v", err)
	}
}

// TestWhatViperMakesOfAFile is why it is not asked to read one: names and texts are
// to be kept as people write them (orchestrator/yamlfile does).
func TestWhatViperMakesOfAFile(t *testing.T) {
	t.Parallel()
	v := viper.New()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(strings.NewReader("pbxs: {Lima: {user: 0105}, lima: {user: other}}\n")); err != nil {
		t.Fatal(err)
	}
	pbxs := v.GetStringMap("pbxs")
	if len(pbxs) != 1 || pbxs["Lima"] != nil {
		t.Errorf("it tells names apart that differ in their letters' case, and may read files: %v", pbxs)
	}
	v = viper.New()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(strings.NewReader("user: 0105\n")); err != nil {
		t.Fatal(err)
	}
	if got := v.GetString("user"); got == "0105" {
		t.Errorf("it keeps a text as it is written, and may read files: %q", got)
	}
}
