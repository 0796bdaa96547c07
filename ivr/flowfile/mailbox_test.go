package flowfile_test

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
)

// TestLintOfMailboxes: one that is not defined is named.
func TestLintOfMailboxes(t *testing.T) {
	t.Parallel()
	known := flowfile.Known{Mailbox: func(name string) bool { return name == "sales" }}
	for node, want := range map[string]string{
		`{type: record, next: end, on: {failed: end}}`:                               "",
		`{type: record, mailbox: sales, next: end, on: {failed: end}}`:               "",
		`{type: record, mailbox: "{{call.language}}", next: end, on: {failed: end}}`: "",
		`{type: record, mailbox: slaes, next: end, on: {failed: end}}`:               `mailbox "slaes" is not defined in mailboxes.yaml`,
		`{type: record, mailbox: "{{nobody}}", next: end, on: {failed: end}}`:        "nobody",
		`{type: record, mailbox: "a b", next: end, on: {failed: end}}`:               "a b",
	} {
		flow := "flow: f\nlanguage: en\nstart: a\nnodes:\n  a: " + node + "\n"
		_, faults := flowfile.Load(flowfile.Files{Flows: []ivr.Source{{File: "f.yaml", YAML: flow}}}, known)
		switch err := faults.Err(); {
		case want == "" && err != nil:
			t.Errorf("%s: %v", node, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", node, err, want)
		}
	}
}
