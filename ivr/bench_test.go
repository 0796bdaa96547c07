package ivr_test

import (
	"testing"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/ivr/flows"
	"github.com/operadora/operadora/orchestrator"
)

// BenchmarkKeyInAMenu is the hottest step: a state from the store, a key, the
// next node. state-bytes is what the flow adds to each stored call.
func BenchmarkKeyInAMenu(b *testing.B) {
	defs, faults := flowfile.Load(flowfile.Files{Flows: flows.Examples(), DIDs: flows.ExampleDIDs(),
		Calendars: flows.ExampleCalendars()}, flowfile.Known{})
	if err := faults.Err(); err != nil {
		b.Fatal(err)
	}
	l := ivr.NewLibrary(flowfile.Parse, nil)
	if err := l.Publish(b.Context(), defs); err != nil {
		b.Fatal(err)
	}
	a := arrival()
	a.Caller = orchestrator.Party{Number: "+34600123456", Name: "Ana"}
	step, err := l.Begin(a, clock)
	if err != nil {
		b.Fatal(err)
	}
	if step, err = l.Next(step.State, orchestrator.FlowInput{Kind: orchestrator.FlowPlayed, Ref: 1}, clock); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Next(step.State, orchestrator.FlowInput{Kind: orchestrator.FlowDigit, Digit: "1"}, clock); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(step.State)), "state-bytes")
}
