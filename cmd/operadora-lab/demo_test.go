package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/operadora/operadora/api/web"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/cmd/operadora-lab/demo"
	"github.com/operadora/operadora/orchestrator/lab"
)

// demonstrate runs `operadora-lab demo args...` and returns what it printed.
func demonstrate(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return execute(t, newDemoCommand(), args)
}

// execute runs a command and returns what it printed.
func execute(t *testing.T, c *cobra.Command, args []string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(args)
	c.SilenceUsage, c.SilenceErrors = true, true
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestDemo(t *testing.T) {
	lab.Require(t)
	needProgram(t)
	out, err := demonstrate(t, "--once", "--calls", "6", "--seed", "2")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"6 calls placed = 3 served + 1 abandoned + 1 left + 1 voicemail", "all 6 calls ended as their scripts say",
		"6 records in SQL, 6 calls ended in the journal, 6 the same in both", "nothing is left",
	} {
		if !strings.Contains(out, "✓ "+want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	links := 2
	if _, built := web.Index(); !built {
		links = 0
	}
	if n := strings.Count(out, "/#/welcome/ol_"); n != links || links > 0 && !strings.Contains(out, "Véalo en un navegador") || links == 0 && !strings.Contains(out, "make web") {
		t.Errorf("%d links for a browser, want %d, in both languages:\n%s", n, links, out)
	}
	if n := strings.Count(out, "✓ 555"); n != 6 {
		t.Errorf("%d lines for 6 calls:\n%s", n, out)
	}
}

// TestDemoDefinitions has operadora check the files.
func TestDemoDefinitions(t *testing.T) {
	needProgram(t)
	dir := t.TempDir()
	initial, err := demo.Initial(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := demo.Adapt(initial)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "definitions", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := centre.Run(dir, "check")
	if err != nil || !strings.Contains(out, "ok: 1 PBX, 2 queues, 6 agents,") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestDemoRefusesNonsense(t *testing.T) {
	t.Parallel()
	for _, n := range []string{"0", "-1", "501"} {
		if _, err := demonstrate(t, "--calls", n); err == nil || !strings.Contains(err.Error(), "--calls "+n) {
			t.Errorf("--calls %s: %v", n, err)
		}
	}
}
