package ivr_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/ivr/flows"
)

var update = flag.Bool("update", false, "write what comes out as the expected files")

// examples are the definitions that come with the program.
func examples(t *testing.T) ivr.Definitions {
	t.Helper()
	defs, faults := flowfile.Load(flowfile.Files{Flows: flows.Examples(), DIDs: flows.ExampleDIDs(),
		Calendars: flows.ExampleCalendars()}, flowfile.Known{})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return defs
}

// golden compares with a file of testdata.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestTranscripts(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/sim/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no transcripts", err)
	}
	defs := examples(t)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			sim, err := ivr.NewSim(t.Context(), defs, flowfile.Parse, clock)
			if err != nil {
				t.Fatal(err)
			}
			script, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := sim.Run(strings.NewReader(string(script)))
			if err != nil && !*update {
				t.Errorf("%s: %v", path, err)
			}
			golden(t, path, got)
		})
	}
}
