package flowfile_test

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
)

// TestLintOfCallbacks: a queue that calls nobody back is named, as is a number that the gate refuses.
func TestLintOfCallbacks(t *testing.T) {
	t.Parallel()
	known := flowfile.Known{Queue: func(q string) bool { return q != "none" }, Callback: func(q string) bool { return q == "sales" },
		Destination: func(string) error { return errDenied }}
	for node, want := range map[string]string{
		`{type: callback, queue: sales, next: end}`:                                          `never has the outcome "next"`,
		`{type: callback, queue: sales, on: {ok: end, failed: end}}`:                         "",
		`{type: callback, queue: support, on: {ok: end, failed: end}}`:                       `queue "support" calls nobody back`,
		`{type: callback, queue: none, on: {ok: end, failed: end}}`:                          `queue "none" is not defined`,
		`{type: callback, queue: sales, number: "900", on: {ok: end, failed: end}}`:          "a callback to 900 would be refused: denied",
		`{type: callback, op: look, queue: "{{call.did}}", on: {pending: end, failed: end}}`: "",
		`{type: callback, op: lok, queue: sales, on: {failed: end}}`:                         "lok",
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

type denied struct{}

func (denied) Error() string { return "denied" }

var errDenied = denied{}
