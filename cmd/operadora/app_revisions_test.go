package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/ivr/flowfile"
)

// TestCompare: files that are new, changed and gone, with the lines around; a long comparison is cut.
func TestCompare(t *testing.T) {
	t.Parallel()
	before := map[string]string{"queues.yaml": "queues:\n  - {id: sales}\n  - {id: support}\n", "agents.yaml": "agents: []\n", "dids.yaml": "a"}
	after := map[string]string{"queues.yaml": "queues:\n  - {id: sales, wrap_up: 5s}\n  - {id: support}\n", "agents.yaml": "agents: []\n", "flows/x.yaml": "flow: x\n"}
	got, err := compare(before, after)
	must(t, err)
	type line = wire.DefinitionLine
	want := wire.DefinitionsComparison{Files: []wire.DefinitionDifference{
		{File: "dids.yaml", Change: "gone", Hunks: []wire.DefinitionHunk{{From: 1, To: 1, Lines: []line{{Kind: "removed", Text: "a"}}}}},
		{File: "flows/x.yaml", Change: "new", Hunks: []wire.DefinitionHunk{{From: 1, To: 1, Lines: []line{{Kind: "added", Text: "flow: x"}}}}},
		{File: "queues.yaml", Change: "changed", Hunks: []wire.DefinitionHunk{{From: 1, To: 1, Lines: []line{
			{Kind: "same", Text: "queues:"}, {Kind: "removed", Text: "  - {id: sales}"}, {Kind: "added", Text: "  - {id: sales, wrap_up: 5s}"}, {Kind: "same", Text: "  - {id: support}"}}}}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got, err = compare(nil, map[string]string{"a.yaml": strings.Repeat("x\n", mostDiffLines+1), "b.yaml": "y\n"})
	must(t, err)
	if !got.Cut || len(got.Files) != 2 || len(got.Files[0].Hunks) != 0 {
		t.Errorf("a long comparison: %v, %d files", got.Cut, len(got.Files))
	}
}

// TestNoPINIsShown: of the files that init writes and of one that is written oddly.
func TestNoPINIsShown(t *testing.T) {
	t.Parallel()
	got := shown(map[string]string{"agents.yaml": "agents:\n  - {id: a, pin: \"4711\"}\n", "agents/lima.yaml": "agents:\n  - id: b\n    pin: >\n      4712\n", "dids.yaml": "pin: 4713\n"})
	want := map[string]string{"agents.yaml": "agents:\n  - {id: a, pin: \"***\"}\n", "agents/lima.yaml": withheld, "dids.yaml": "pin: 4713\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestChangesAreSaidInSpanish: every sentence of a reload that changes something of each kind.
func TestChangesAreSaidInSpanish(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(initialised(t), "definitions")
	full, _, err := loadDefinitions(dir, map[string]PBXConfig{"main": {}}, flowfile.Known{})
	must(t, err)
	source, err := os.ReadFile("app_changes.go")
	must(t, err)
	said := changes(full, Definitions{}, nil)
	said = append(said, changes(Definitions{}, full, nil)...)
	said = append(said, changes(full, Definitions{}, map[string]int{"sales": 3})...)
	for line := range strings.Lines(string(source)) { // kinds that the example has none of
		if _, rest, ok := strings.Cut(line, `differences("`); ok {
			kind, _, _ := strings.Cut(rest, `"`)
			said = append(said, fmt.Sprintf("%s new: x", kind), kind)
		}
	}
	said = append(said, "team gone: day; nobody may listen to its agents any more")
	if len(said) < 40 {
		t.Errorf("only %d sentences", len(said))
	}
	for _, english := range said {
		texts := changeTexts([]string{english})[0]
		for _, left := range []string{" new:", " gone:", " changed:", "nobody", "callers", "logged out", "calls in it"} {
			if strings.Contains(texts["es"], left) || texts["es"] == english {
				t.Errorf("%q is said as %q", english, texts["es"])
			}
		}
	}
}
