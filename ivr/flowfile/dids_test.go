package flowfile_test

import (
	"slices"
	"testing"
	"time"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// TestNumbersHaveACallerID: what a number says is shown goes with the calls that come in
// on it, and not with those that a person sends to the flow.
func TestNumbersHaveACallerID(t *testing.T) {
	t.Parallel()
	const flow = "flow: a\nlanguage: en\nstart: h\nnodes:\n  h: {type: hangup}\n"
	set, faults := flowfile.Load(flowfile.Files{Flows: []ivr.Source{{File: "flows/a.yaml", YAML: flow}},
		DIDs: ivr.Source{File: "dids.yaml", YAML: "dids:\n  \"5000\": {flow: a, caller_id: \"+34910000501\"}\n  \"5001\": a\n"}}, flowfile.Known{})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	lib := ivr.NewLibrary(flowfile.Parse, nil)
	if err := lib.Publish(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		a    orchestrator.Arrival
		want string
	}{
		{orchestrator.Arrival{Kind: orchestrator.KindInbound, DID: "5000"}, "+34910000501"},
		{orchestrator.Arrival{Kind: orchestrator.KindInbound, DID: "5001"}, ""},
		{orchestrator.Arrival{Kind: orchestrator.KindInbound, DID: "5000", Flow: "a"}, ""},
	} {
		step, err := lib.Begin(row.a, time.Now())
		if err != nil || step.CallerID != row.want {
			t.Errorf("%+v: shown is %q, want %q (%v)", row.a, step.CallerID, row.want, err)
		}
	}
	_, faults = flowfile.Load(flowfile.Files{DIDs: ivr.Source{File: "dids.yaml", YAML: "dids:\n  \"5000\": {flow: a, caller_id: anonymous}\n"}}, flowfile.Known{})
	if !slices.ContainsFunc(faults, func(f yamlfile.Fault) bool { return f.Where == "dids.5000.caller_id" }) {
		t.Errorf("a caller id that is no number: %v", faults)
	}
}
