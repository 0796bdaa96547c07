package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/operadora/operadora/cmd/operadora/demo"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator/lab"
)

// demonstrate runs `operadora demo args...` and returns what it printed.
func demonstrate(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := newDemoCommand()
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(args)
	c.SilenceUsage, c.SilenceErrors = true, true
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestDemo(t *testing.T) {
	t.Parallel()
	lab.Require(t)
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
	if n := strings.Count(out, "✓ 555"); n != 6 {
		t.Errorf("%d lines for 6 calls:\n%s", n, out)
	}
}

// TestDemoDefinitions checks the files as `operadora check` does.
func TestDemoDefinitions(t *testing.T) {
	t.Parallel()
	initial, err := demoDefinitions()
	must(t, err)
	files, err := demo.Adapt(initial)
	must(t, err)
	dir := t.TempDir()
	for name, text := range files {
		must(t, writeNew(dir+"/"+name, []byte(text), 0o644))
	}
	defs, faults, err := loadDefinitions(dir, map[string]PBXConfig{"main": {}}, flowfile.Known{})
	must(t, err)
	if len(faults) > 0 || len(defs.ACD.Agents) != 6 || len(defs.ACD.Queues) != 2 {
		t.Errorf("%d agents, %d queues, warnings %v", len(defs.ACD.Agents), len(defs.ACD.Queues), faults)
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

// TestTopWithoutATerminal needs no operadora: it must say what it lacks.
func TestTopWithoutATerminal(t *testing.T) {
	t.Setenv("OPERADORA_TOKEN", "")
	if _, err := command(t, "top"); err == nil || !strings.Contains(err.Error(), "no token") {
		t.Errorf("without a token: %v", err)
	}
}
