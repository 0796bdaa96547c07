package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// command runs operadora with arguments and returns what it printed on both outputs.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root := newRootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// initialSite is a folder as `operadora init` leaves it; it returns the configuration's name.
func initialSite(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files, err := initialFiles(KindAsterisk, nil)
	must(t, err)
	for _, f := range files {
		must(t, writeNew(filepath.Join(dir, f.path), f.content, f.mode))
	}
	return filepath.Join(dir, "operadora.yaml")
}

// every calls do with each command below one, and with itself.
func every(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		every(sub, do)
	}
}

func TestUnknownCommandsAreRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ line, want string }{
		{"agent lst", `unknown command "lst" for "operadora agent"; did you mean list?`},
		{"flow lnt", "did you mean lint?"},
		{"flow xyzzy", `unknown command "xyzzy" for "operadora flow"; there are lint, show, sim`},
	} {
		if _, err := command(t, strings.Fields(row.line)...); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.line, err, row.want)
		}
	}
	every(newRootCommand(), func(c *cobra.Command) {
		if !c.HasSubCommands() {
			return
		}
		path := strings.Fields(c.CommandPath())[1:]
		if _, err := command(t, append(path, "no-such-thing")...); err == nil {
			t.Errorf("%s accepts any word", c.CommandPath())
		}
		if out, err := command(t, path...); err != nil || !strings.Contains(out, "Available Commands") {
			t.Errorf("%s alone gives no help: %v", c.CommandPath(), err)
		}
	})
}

func TestMissingArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ line, want string }{
		{"agent login", "AGENT is missing; write operadora agent login AGENT"},
		{"agent dispose 101", "DISPOSITION is missing; write operadora agent dispose AGENT DISPOSITION"},
		{"agent pause", "AGENT is missing; write operadora agent pause AGENT [REASON]"},
		{"agent pause 101 lunch now", `"now" is one argument too many`},
		{"token revoke", "ID|NAME is missing"},
		{"call mute c1", "--side is missing (customer, agent, other (whom the agent asked), or that one's agent id); write operadora call mute CALL --side …"},
		{"call move c1 --front", "--reason is missing (why, for the record); write operadora call move CALL --reason …"},
		{"campaign appointment march", "LEAD is missing; write operadora campaign appointment CAMPAIGN LEAD"},
		{"flow sim", "FLOW is missing"},
		{"flow show", "FLOW is missing"},
	} {
		if _, err := command(t, strings.Fields(row.line)...); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.line, err, row.want)
		}
	}
}

// TestFlagsSayWhatTheyTake guards against backticks in a usage text: pflag
// takes what stands between them for the name of the value.
func TestFlagsSayWhatTheyTake(t *testing.T) {
	t.Parallel()
	every(newRootCommand(), func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if strings.Contains(f.Usage, "`") {
				t.Errorf("%s --%s: %s", c.CommandPath(), f.Name, f.Usage)
			}
		})
	})
}

func TestVersionFlag(t *testing.T) {
	t.Parallel()
	out, err := command(t, "--version")
	must(t, err)
	v := version()
	if !regexp.MustCompile(`^operadora \S+(, commit \w+)?, built with go\S+\n$`).MatchString(out) || !strings.Contains(out, v.Version) || !strings.Contains(out, v.Go) {
		t.Errorf("--version says %q", out)
	}
}
