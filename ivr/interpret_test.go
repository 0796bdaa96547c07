package ivr_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/calendar"
)

// clock is when every test begins: a Monday morning in Madrid.
var clock = time.Date(2026, 1, 12, 10, 0, 0, 0, time.UTC)

// newFlows publishes flows, the first of which answers number 5000.
func newFlows(t *testing.T, texts ...string) *ivr.Library {
	t.Helper()
	l := ivr.NewLibrary(flowfile.Parse, nil)
	publish(t, l, texts...)
	return l
}

func publish(t *testing.T, l *ivr.Library, texts ...string) {
	t.Helper()
	defs := ivr.Definitions{Flows: map[string]*ivr.Flow{}, Sources: map[string]ivr.Source{},
		Calendars: map[string]*calendar.Calendar{}}
	for i, text := range texts {
		src := ivr.Source{File: string(rune('a'+i)) + ".yaml", YAML: text}
		f, err := flowfile.Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		defs.Flows[f.ID], defs.Sources[f.ID] = f, src
		if i == 0 {
			defs.DIDs = ivr.DIDs{{Pattern: "5000", Flow: f.ID}}
		}
	}
	if err := l.Publish(t.Context(), defs); err != nil {
		t.Fatal(err)
	}
}

// caller is one call in a flow.
type caller struct {
	t     *testing.T
	g     orchestrator.Flows
	now   time.Time
	state json.RawMessage
	lost  bool // the secret of the step before: another process has the call now
	last  orchestrator.FlowStep
	play  int // the last playback
	timer int // the last timer
	look  int // the last look-up
}

// arrival is an answered call that comes in.
func arrival() orchestrator.Arrival {
	return orchestrator.Arrival{Call: "c1", PBX: "lab", DID: "5000", Kind: orchestrator.KindInbound, Answered: true}
}

func dial(t *testing.T, g orchestrator.Flows) *caller {
	t.Helper()
	step, err := g.Begin(orchestrator.Arrival{Call: "c1", PBX: "lab", DID: "5000",
		Kind: orchestrator.KindInbound, Caller: orchestrator.Party{Number: "600123456"}}, clock)
	if err != nil {
		t.Fatal(err)
	}
	return &caller{t: t, g: g, now: clock, state: step.State, last: step}
}

func (c *caller) send(in orchestrator.FlowInput) []orchestrator.Action {
	c.t.Helper()
	if in.Secret = c.last.Secret; c.lost {
		in.Secret, c.lost = nil, false
	}
	step, err := c.g.Next(c.state, in, c.now)
	if err != nil {
		c.t.Fatal(err)
	}
	c.state, c.last = step.State, step
	return step.Actions
}

func sounds(names ...string) []orchestrator.Media {
	var out []orchestrator.Media
	for _, n := range names {
		out = append(out, orchestrator.Media{Kind: orchestrator.MediaSound, Value: n})
	}
	return out
}

const smallFlow = `
flow: small
language: es
prompts:
  hello: {es: hola, en: hello}
  pick: {es: elija, en: pick}
nodes:
  open: {type: answer, next: greet}
  greet: {type: play, prompt: hello, next: menu}
  menu:
    type: menu
    prompt: pick
    keys: {"1": sales, "2": bye}
    on: {noinput: bye, nomatch: bye}
  sales: {type: queue, queue: ventas, priority: 3, max_wait: 2m, on: {timeout: bye, full: bye, no_agents: bye, error: bye}}
  bye: {type: hangup}
start: open
`

func TestCallThroughAMenuIntoAQueue(t *testing.T) {
	t.Parallel()
	c := dial(t, newFlows(t, smallFlow))
	steps := []struct {
		name string
		in   orchestrator.FlowInput
		want []orchestrator.Action
	}{
		{"a stray result is ignored", orchestrator.FlowInput{Kind: orchestrator.FlowQueued, Result: "served"}, nil},
		{"answered", orchestrator.FlowInput{Kind: orchestrator.FlowAnswered}, []orchestrator.Action{
			{Kind: orchestrator.ActPlay, Ref: 1, Media: sounds("hola"), Language: "es"}}},
		{"an older playback is ignored", orchestrator.FlowInput{Kind: orchestrator.FlowPlayed, Ref: 7}, nil},
		{"greeting over", orchestrator.FlowInput{Kind: orchestrator.FlowPlayed, Ref: 1}, []orchestrator.Action{
			{Kind: orchestrator.ActPlay, Ref: 2, Media: sounds("elija"), Language: "es"}}},
		{"menu over", orchestrator.FlowInput{Kind: orchestrator.FlowPlayed, Ref: 2}, []orchestrator.Action{
			{Kind: orchestrator.ActTimer, Ref: 3, After: 5 * time.Second}}},
		{"key 1", orchestrator.FlowInput{Kind: orchestrator.FlowDigit, Digit: "1"}, []orchestrator.Action{
			{Kind: orchestrator.ActTimer, Ref: 3},
			{Kind: orchestrator.ActQueue, Queue: "ventas", Priority: 3, MaxWait: 2 * time.Minute}}},
		{"resumed in the queue", orchestrator.FlowInput{Kind: orchestrator.FlowResumed}, nil},
		{"served", orchestrator.FlowInput{Kind: orchestrator.FlowQueued, Result: "served"}, []orchestrator.Action{
			{Kind: orchestrator.ActHangup, Cause: orchestrator.CauseNormal}}},
		{"nothing after the end", orchestrator.FlowInput{Kind: orchestrator.FlowDigit, Digit: "1"}, nil},
	}
	if diff := cmp.Diff([]orchestrator.Action{{Kind: orchestrator.ActAnswer}}, c.last.Actions); diff != "" {
		t.Fatalf("begin (-want +got):\n%s", diff)
	}
	for _, s := range steps {
		if diff := cmp.Diff(s.want, c.send(s.in)); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", s.name, diff)
		}
	}
}
