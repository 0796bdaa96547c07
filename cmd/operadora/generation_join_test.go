package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
)

// TestGenerationOfWhoStandsBy: a process with other definitions does not start beside one that runs,
// be it that this one drives no PBX at the moment.
func TestGenerationOfWhoStandsBy(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1, config: "    instance: two\n"})
	must(t, r.Begin()) // leaves the PBX to two for a moment
	must(t, r.Log.Wait(limit(t), 0, "msg=serving", nil))
	here, there := filepath.Join(r.Dir, "definitions"), filepath.Join(t.TempDir(), "definitions")
	must(t, os.CopyFS(there, os.DirFS(here)))
	path := filepath.Join(there, "queues.yaml")
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, append(text, "# another\n"...), 0o600))
	two := centre.NewLogTail()
	kill, err := r.Beside("two", two, "OPERADORA_DEFINITIONS="+there)
	must(t, err)
	t.Cleanup(kill)
	must(t, two.Wait(limit(t), 0, "is running by other definitions", nil))
	if strings.Contains(two.Text(), "msg=serving") {
		t.Error("it serves")
	}
}
