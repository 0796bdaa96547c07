package main

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/api/wire"
)

// TestListCommandsNoTerminal: what a file had in its cells is shown as text of one line.
func TestListCommandsNoTerminal(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := listLeads(&out, []wire.Lead{{ID: "1", Name: "Ana\x1b]0;owned\a\x1b[2J", External: "a\tb\nc", Fields: map[string]any{"note": "one\ntwo"}}}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.ContainsAny(got, "\x1b\a\t") || strings.Count(got, "\n") != 2 {
		t.Errorf("%q", got)
	}
}
