package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
)

// needProgram builds operadora for a test, unless the environment names one.
func needProgram(t *testing.T) {
	t.Helper()
	if os.Getenv(centre.ProgramPath) != "" {
		return
	}
	path := filepath.Join(t.TempDir(), "operadora")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/operadora/operadora/cmd/operadora").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Setenv(centre.ProgramPath, path)
}

// command runs operadora-lab with arguments and returns what it printed on both outputs.
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

func TestUnknownCommandsAreRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ line, want string }{
		{"dmo", `unknown command "dmo" for "operadora-lab"`},
		{"pacing lst", `unknown command "lst" for "operadora-lab pacing"`},
		{"bench foo", `there is no bench "foo", but queue_drain, agent_gap, line_gap, call_rate, memory, takeover, first_call, conference_cost, whisper_setup`},
	} {
		if _, err := command(t, strings.Fields(row.line)...); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.line, err, row.want)
		}
	}
	if out, err := command(t, "pacing"); err != nil || !strings.Contains(out, "Available Commands") {
		t.Errorf("pacing alone gives no help: %v", err)
	}
}

// TestProgramIsNamed starts nothing: without an operadora it must say how to get one.
func TestProgramIsNamed(t *testing.T) {
	t.Setenv(centre.ProgramPath, "")
	if _, err := centre.Run(t.TempDir(), "init"); err == nil || !strings.Contains(err.Error(), "`make build` builds both") {
		t.Errorf("without a program: %v", err)
	}
	t.Setenv(centre.ProgramPath, "bin/operadora")
	if path, err := centre.Program(); err != nil || !filepath.IsAbs(path) || !strings.HasSuffix(path, "/bin/operadora") {
		t.Errorf("%q %v", path, err)
	}
}
