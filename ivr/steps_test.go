package ivr_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator"
)

var stepScripts = []script{
	{"variables, cases and language", head + `  a: {type: set, vars: {x: "1{{call.caller}}", y: "{{x}}2"}, language: en, next: s}
  s:
    type: switch
    cases:
      - {var: y, equals: "nope", next: end}
      - {var: y, prefix: "1600", next: t}
    else: end
  t: {type: switch, cases: [{var: unset, set: true, next: end}, {var: y, at_least: 5, next: u}], else: end}
  u: {type: switch, cases: [{var: y, in: [a, "16001234562"], next: v}], else: end}
  v: {type: switch, cases: [{var: y, matches: "62$", next: w}], else: end}
  w: {type: switch, cases: [{var: y, at_most: 5, next: end}, {var: y, not_equals: "", next: z}], else: end}
  z: {type: play, prompt: two, next: end}
`, []string{"played"}, []string{"play en TWO", "hangup"}, nil},
	{"a number, and what is none", head + `  a: {type: set, vars: {n: "21", t: "x7"}, next: s}
  s: {type: play, prompt: [p, {say: {number: "{{n}}", gender: f}}, {say: {number: "{{t}}"}}, {tone: busy}, {sound: beep}], next: end}
`, []string{"played"}, []string{"play es P 20-and 1F 7 busy beep", "hangup"}, nil},
	{"dates, times and money, and what is none", head + `  a: {type: play, prompt: [{say: {date: "2026-01-01"}}, {say: {time: "13:05"}}, {say: {money: "1.50", currency: EUR}}, {say: {date: "{{call.did}}"}}], next: end}
`, []string{"played"}, []string{"play es es-el day-4 h-1 es-de mon-0 es-de 2 thousand 26 1F and 5 afternoon 1M operadora/euro operadora/and 50 operadora/euro-cents 5 0 0 0", "hangup"}, nil},
	{"nothing to say goes straight on", head + `  a: {type: answer, next: s}
  s: {type: say, digits: "{{call.name}}", next: end}
`, nil, []string{"hangup"}, nil},
	{"queue results", head + `  a: {type: queue, queue: "q{{call.did}}", exit_key: "*", on: {timeout: b, fail: end}}
  b: {type: queue, queue: second, on: {exit: c, fail: end}}
  c: {type: queue, queue: third, exit_key: "9", on: {exit: d, fail: end}}
  d: {type: queue, queue: fourth, on: {error: e, fail: end}}
  e: {type: hangup, outcome: failed}
`, []string{"1", "queue timeout", "queue exit", "9", "queue no such result"},
		[]string{"queue q5000", "queue second", "queue third", "leave", "queue fourth", "hangup failed"}, nil},
	{"the exit key without an edge of its own", head + `  a: {type: queue, queue: q, exit_key: "*", on: {timeout: b, fail: end}}
  b: {type: play, prompt: p, next: end}
`, []string{"*"}, []string{"queue q", "leave", "play es P"}, nil},
	{"several keys lead out of a queue", head + `  a: {type: queue, queue: q, exit_key: "*", keys: {"1": b, "2": c}, on: {exit: end, fail: end}}
  b: {type: queue, queue: second, keys: {"7": end, "8": c}, on: {exit: end, fail: end}}
  c: {type: queue, queue: third, keys: {"7": end}, on: {exit: d, fail: end}}
  d: {type: queue, queue: fourth, on: {exit: e, fail: end}}
  e: {type: queue, queue: fifth, on: {fail: end}}
`, []string{"3", "1", "queue exit 8", "queue exit 9", "queue exit"}, []string{"queue q", "leave", "queue second", "queue third", "queue fourth", "queue fifth"}, nil},
	{"transfers", head + `  a: {type: transfer, to: "+34{{call.caller}}", on: {busy: b, failed: end}}
  b: {type: transfer, to: "555&PJSIP/x@trunk{{call.name}}", on: {denied: c, failed: end}}
  c: {type: transfer, to: "{{call.did}}", on: {no_answer: d, failed: end}}
  d: {type: transfer, to: "12", on: {failed: e}}
  e: {type: transfer, to: "13", on: {failed: end}}
`, []string{"transfer busy", "transfer no_answer", "transfer odd", "transfer served"},
		[]string{"transfer +34600123456", "transfer 5000", "transfer 12", "transfer 13", "hangup"}, []string{"denied"}},
	{"a message", head + `  a: {type: record, on: {next: b}}
  b: {type: record, on: {next: end, failed: c}}
  c: {type: record, on: {next: end}}
`, []string{"#", "recorded", "recorded failed", "resumed", "recorded failed"}, []string{"record", "record", "record", "hangup"}, nil},
	{"handed back to the dialplan", head + `  a: {type: answer, next: b}
  b: {type: continue, context: custom, extension: "100"}
`, []string{"1", "resumed"}, []string{"continue"}, nil},
	{"resumed in a prompt", head + `  a: {type: play, prompt: p, next: end}
`, []string{"resumed", "answered"}, []string{"play es P", "stop_play", "play es P"}, nil},
}

func TestSteps(t *testing.T) { runScripts(t, stepScripts) }

func TestACallThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	c := dial(t, newFlows(t, head+"  a: {type: play, prompt: p, next: end}\n"))
	for _, step := range []struct {
		do   string
		want []string
	}{
		{"resumed", []string{"answer"}},
		{"1", nil}, // kept for the next question
		{"answered failed", []string{"hangup failed"}},
		{"answered", nil},
	} {
		if diff := cmp.Diff(step.want, c.do(step.do)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.do, diff)
		}
	}
}

func TestOrdersCarryWhatTheFlowSays(t *testing.T) {
	t.Parallel()
	c := dial(t, newFlows(t, head+`  a: {type: record, max: 90s, silence: 4s, terminator: "*", beep: false, format: gsm, on: {next: b}}
  b: {type: transfer, to: "12", timeout: 15s, on: {failed: c}}
  c: {type: queue, queue: q, priority: 7, max_wait: 3m, tier: 1, needs: "skill(call.topic) > 1", about: {topic: "{{call.did}}"},
    prefer: "{{call.did}}", patience: 5s, on: {fail: d}}
  d: {type: hangup, cause: busy, outcome: rejected}
`))
	got := c.last.Actions
	got = append(got, c.send(orchestrator.FlowInput{Kind: orchestrator.FlowAnswered})...)
	got = append(got, c.send(orchestrator.FlowInput{Kind: orchestrator.FlowRecorded})...)
	got = append(got, c.send(orchestrator.FlowInput{Kind: orchestrator.FlowTransferred, Result: "failed"})...)
	got = append(got, c.send(orchestrator.FlowInput{Kind: orchestrator.FlowQueued, Result: "full"})...)
	want := []orchestrator.Action{
		{Kind: orchestrator.ActAnswer},
		{Kind: orchestrator.ActRecord, Record: orchestrator.RecordingOrder{Format: "gsm",
			MaxDuration: 90 * time.Second, MaxSilence: 4 * time.Second, Terminator: "*"}},
		{Kind: orchestrator.ActTransfer, Destination: "12", Timeout: 15 * time.Second},
		{Kind: orchestrator.ActQueue, Queue: "q", Priority: 7, MaxWait: 3 * time.Minute, Sought: orchestrator.Sought{Tier: 1,
			Needs: "skill(call.topic) > 1", About: map[string]string{"topic": "5000"}, Prefer: "5000", Patience: 5 * time.Second}},
		{Kind: orchestrator.ActHangup, Cause: orchestrator.CauseBusy, Outcome: "rejected"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPriorityByVariable: how important a caller is, is what the flow has found out; what is
// no number is no advantage, and none is above the bounds.
func TestPriorityByVariable(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][2]int{"7": {7, 7}, " 3 ": {3, 3}, "5000": {1000, 9}, "99999999999999999999": {1000, 9}, "-4": {0, 0}, "gold": {0, 0}, "": {0, 0}, "2.5": {0, 0}} {
		c := dial(t, newFlows(t, head+`  a: {type: set, vars: {worth: "`+value+`"}, next: b}
  b: {type: queue, queue: q, priority: "{{worth}}", tier: "{{worth}}", on: {fail: d}}
  d: {type: hangup}
`))
		got := c.send(orchestrator.FlowInput{Kind: orchestrator.FlowAnswered})
		if len(got) != 1 || got[0].Priority != want[0] || got[0].Sought.Tier != want[1] {
			t.Errorf("%q: %+v, want %v", value, got, want)
		}
	}
}

func TestAgentCommand(t *testing.T) {
	t.Parallel()
	l := exampleFlows(t)
	step, err := l.Begin(orchestrator.Arrival{Call: "c", PBX: "lab", Kind: orchestrator.KindFeature, Answered: true,
		Args: []string{"pause", "PJSIP/101", "2"}, Language: "en"}, clock)
	if err != nil {
		t.Fatal(err)
	}
	want := []orchestrator.Action{{Kind: orchestrator.ActAgent, Agent: orchestrator.AgentCommand{
		Op: orchestrator.AgentPause, Endpoint: "PJSIP/101", PBX: "lab", Reason: "2", By: "phone"}}}
	if diff := cmp.Diff(want, step.Actions); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	rows := []struct {
		in   orchestrator.FlowInput
		want string // the sound that answers
	}{
		{orchestrator.FlowInput{Answer: orchestrator.AgentAnswer{Result: orchestrator.AgentOK, Language: "es"}}, "play es operadora/agent-paused"},
		{orchestrator.FlowInput{Answer: orchestrator.AgentAnswer{Result: orchestrator.AgentLater}}, "play en operadora/agent-later"},
		{orchestrator.FlowInput{Answer: orchestrator.AgentAnswer{Result: orchestrator.AgentUnknown, Language: "not a language"}}, "play en operadora/agent-unknown"},
		{orchestrator.FlowInput{Answer: orchestrator.AgentAnswer{Result: "surprise"}}, "play en operadora/agent-denied"},
		{orchestrator.FlowInput{Failed: true, Answer: orchestrator.AgentAnswer{Result: orchestrator.AgentOK}}, "play en operadora/agent-denied"},
		{orchestrator.FlowInput{}, "play en operadora/agent-denied"},
	}
	for _, r := range rows {
		r.in.Kind = orchestrator.FlowAgent
		next, err := l.Next(step.State, r.in, clock)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{r.want}, brief(next.Actions)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", r.in, diff)
		}
	}
}

// exampleFlows holds the example flows.
func exampleFlows(t *testing.T) *ivr.Library {
	t.Helper()
	l := ivr.NewLibrary(flowfile.Parse, nil)
	if err := l.Publish(t.Context(), examples(t)); err != nil {
		t.Fatal(err)
	}
	return l
}

const subFlow = `
flow: sub
language: es
languages: [es, en]
params: [in]
start: a
prompts: {x: X}
nodes:
  a: {type: gather, prompt: x, digits: {min: 1, max: 1}, var: d, on: {ok: b, fail: c}}
  b: {type: return, outcome: got, values: {both: "{{in}}{{d}}"}}
  c: {type: return, outcome: nothing}
`

func TestSubFlow(t *testing.T) {
	t.Parallel()
	main := strings.Replace(head, "start: a", "start: a\ndefaults: {on_error: oops, retries: 0}", 1) + `  a: {type: set, vars: {d: "7"}, next: ask}
  ask: {type: call, flow: sub, params: {in: "{{d}}"}, save: {r: both}, on: {got: say, nothing: nix}}
  say: {type: say, digits: "{{r}}{{d}}", next: end}
  nix: {type: play, prompt: q, next: end}
  oops: {type: play, prompt: w, next: end}
`
	rows := []struct {
		name string
		do   []string
		want []string
	}{
		{"a value comes back, the variables of both keep apart", []string{"4", "played"},
			[]string{"play es X", "stop_play", "play es 7 4 7", "hangup"}},
		{"another outcome", []string{"played", "silence", "played"},
			[]string{"play es X", "timer 5s", "play es X", "timer 5s"}},
	}
	for _, r := range rows {
		c := dial(t, newFlows(t, main, subFlow))
		got := c.do("answered")
		for _, e := range r.do {
			got = append(got, c.do(e)...)
		}
		if diff := cmp.Diff(r.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.name, diff)
		}
	}
}

func TestFaultsLeadToOnError(t *testing.T) {
	t.Parallel()
	broken := strings.Replace(head, "start: a", "start: a\ndefaults: {on_error: oops}", 1)
	rows := []struct {
		name, nodes string
		want        []string
	}{
		{"an edge to nowhere", "  a: {type: set, language: es, next: gone}\n  oops: {type: play, prompt: w, next: end}\n", []string{"answer"}},
		{"no on_error hangs up", "  a: {type: set, language: es, next: gone}\n", []string{"hangup failed"}},
		{"circles end", "  a: {type: set, language: es, next: b}\n  b: {type: set, language: en, next: a}\n  oops: {type: play, prompt: w, next: end}\n", []string{"hangup failed"}},
		{"on_error that fails itself", "  a: {type: set, language: es, next: gone}\n  oops: {type: set, language: en, next: gone}\n", []string{"hangup failed"}},
		{"a calendar that is gone", "  a: {type: hours, calendar: none, on: {open: end, closed: oops}}\n  oops: {type: play, prompt: w, next: end}\n", []string{"answer"}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			text := head
			if strings.Contains(r.nodes, "oops") {
				text = broken
			}
			c := dial(t, newFlows(t, text+r.nodes))
			if diff := cmp.Diff(r.want, brief(c.last.Actions)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFaultInASubFlowComesBackToItsCaller(t *testing.T) {
	t.Parallel()
	sub := strings.Replace(head, "flow: t", "flow: sub", 1) + "  a: {type: set, language: es, next: gone}\n  b: {type: return}\n"
	loop := strings.Replace(head, "flow: t", "flow: sub", 1) + "  a: {type: call, flow: sub, on: {ok: b, error: b}}\n  b: {type: return}\n"
	rows := []struct{ name, sub, call, want string }{
		{"its error edge", sub, "{type: call, flow: sub, on: {ok: end, error: x}}", "play es X"},
		{"its on_error", sub, "{type: call, flow: sub, on: {ok: end}}", "play es Y"},
		{"a flow that calls itself comes to an end", loop, "{type: call, flow: sub, on: {ok: x, error: end}}", "play es X"},
	}
	for _, r := range rows {
		main := strings.Replace(head, "start: a", "start: a\ndefaults: {on_error: y}", 1) + "  a: {type: answer, next: c}\n  c: " + r.call + `
  x: {type: play, prompt: {sound: X}, next: end}
  y: {type: play, prompt: {sound: Y}, next: end}
`
		if diff := cmp.Diff([]string{r.want}, dial(t, newFlows(t, main, r.sub)).do("answered")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.name, diff)
		}
	}
}

func TestLanguageFallsBackAsAWhole(t *testing.T) {
	t.Parallel()
	// "both" is Spanish only, so the whole sentence is Spanish although the call is English.
	text := `
flow: t
language: es
languages: [es, en]
start: a
prompts: {hi: {es: HOLA, en: HI}, solo: {es: SOLO}}
nodes:
  a: {type: set, language: en-GB, next: b}
  b: {type: play, prompt: hi, next: c}
  c: {type: play, prompt: [hi, solo, {say: {number: "21"}}], next: end}
`
	c := dial(t, newFlows(t, text))
	got := append(c.do("answered"), c.do("played")...)
	want := []string{"play en HI", "play es HOLA SOLO 21"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMaskedDigitsAreInNoNote(t *testing.T) {
	t.Parallel()
	for _, mask := range []string{"true", "false"} {
		c := dial(t, newFlows(t, head+`  a: {type: gather, prompt: p, var: pin, mask: `+mask+`, digits: {min: 4, max: 4}, confirm: {prompt: q}, on: {ok: b, fail: end}}
  b: {type: play, prompt: p, next: end}
`))
		var notes []orchestrator.Note
		for _, e := range []string{"answered", "4", "7", "1", "1", "1"} {
			c.do(e)
			notes = append(notes, c.last.Notes...)
		}
		raw, err := json.Marshal(notes)
		if err != nil {
			t.Fatal(err)
		}
		if shown := strings.Contains(string(raw), "4711"); shown != (mask == "false") {
			t.Errorf("mask %s: the notes are %s", mask, raw)
		}
	}
}
