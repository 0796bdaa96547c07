package ivr_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator"
)

// maxActions is how many actions one input may cause: a play, a timer and its
// end for each of 32 keys typed ahead, and a few for the node that follows.
const maxActions = 150

// pending is what a watcher of the actions believes the flow waits for.
type pending struct {
	play, timer int
	look        int                        // the look-up, of result FlowLookedUp
	result      orchestrator.FlowInputKind // queue, record, transfer, agent or answer
	over        bool
}

// watch follows the actions of one step and checks what must hold for each.
func (p *pending) watch(t *rapid.T, actions []orchestrator.Action, highest *int) {
	if len(actions) > maxActions {
		t.Fatalf("%d actions at once: %v", len(actions), brief(actions))
	}
	for i, a := range actions {
		if p.over {
			t.Fatalf("action after the last one: %v", brief(actions))
		}
		switch a.Kind {
		case orchestrator.ActPlay:
			if a.Language == "" || len(a.Media) == 0 {
				t.Fatalf("a playback without language or media: %+v", a)
			}
			p.play = a.Ref
			grows(t, a.Ref, highest)
		case orchestrator.ActStopPlay:
			p.play = 0
		case orchestrator.ActTimer:
			p.timer = 0
			if a.After > 0 {
				p.timer = a.Ref
				grows(t, a.Ref, highest)
			}
		case orchestrator.ActLeave:
			p.result = ""
		case orchestrator.ActHangup, orchestrator.ActContinue:
			p.over = true
			if i != len(actions)-1 {
				t.Fatalf("%s is not the last action: %v", a.Kind, brief(actions))
			}
		case orchestrator.ActLookup:
			p.result, p.look = orchestrator.FlowLookedUp, a.Ref
			grows(t, a.Ref, highest)
		default:
			p.result = results[a.Kind]
		}
	}
}

func grows(t *rapid.T, ref int, highest *int) {
	if ref <= *highest {
		t.Fatalf("reference %d after %d", ref, *highest)
	}
	*highest = ref
}

var results = map[orchestrator.ActionKind]orchestrator.FlowInputKind{
	orchestrator.ActAnswer: orchestrator.FlowAnswered, orchestrator.ActQueue: orchestrator.FlowQueued,
	orchestrator.ActRecord: orchestrator.FlowRecorded, orchestrator.ActTransfer: orchestrator.FlowTransferred,
	orchestrator.ActAgent: orchestrator.FlowAgent,
}

// anything draws an input: mostly what is waited for, else whatever.
func anything(t *rapid.T, p pending) orchestrator.FlowInput {
	in := orchestrator.FlowInput{
		Kind: rapid.SampledFrom([]orchestrator.FlowInputKind{orchestrator.FlowAnswered, orchestrator.FlowPlayed,
			orchestrator.FlowDigit, orchestrator.FlowDigit, orchestrator.FlowDigit, orchestrator.FlowTimer,
			orchestrator.FlowQueued, orchestrator.FlowRecorded, orchestrator.FlowTransferred,
			orchestrator.FlowAgent, orchestrator.FlowLookedUp, orchestrator.FlowResumed, "odd"}).Draw(t, "kind"),
		Digit: rapid.SampledFrom([]string{"0", "1", "2", "3", "4", "9", "*", "#", "A", "", "12", "x"}).Draw(t, "digit"),
		Result: rapid.SampledFrom([]string{"served", "timeout", "full", "no_agents", "unknown", "error", "exit", "busy",
			"no_answer", "denied", "failed", "fail", ""}).Draw(t, "result"),
		Failed: rapid.IntRange(0, 4).Draw(t, "failed") == 0,
		Answer: orchestrator.AgentAnswer{Result: orchestrator.AgentResult(rapid.SampledFrom([]string{"ok", "later",
			"bad_pin", "bad_reason", "unknown", "fail", ""}).Draw(t, "answer")),
			Language: rapid.SampledFrom([]string{"", "es", "en", "fr", "\x00"}).Draw(t, "language")},
	}
	if rapid.Bool().Draw(t, "expected") && p.result != "" {
		in.Kind = p.result
	}
	if in.Kind == orchestrator.FlowPlayed {
		in.Ref = p.play
	}
	if in.Kind == orchestrator.FlowTimer {
		in.Ref = p.timer
	}
	if in.Kind == orchestrator.FlowLookedUp {
		in.Ref, in.Looked.Result = p.look, orchestrator.LookupResult(rapid.SampledFrom([]string{"found", "none", "error", "odd"}).Draw(t, "looked"))
		in.Looked.Values = map[string]string{"r": rapid.String().Draw(t, "value")}
	}
	if rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
		in.Ref = rapid.IntRange(-1, 5).Draw(t, "ref")
	}
	return in
}

// stale tells whether an input answers something that nobody waits for.
func (p *pending) stale(in orchestrator.FlowInput) bool {
	switch in.Kind {
	case orchestrator.FlowPlayed:
		return in.Ref != p.play || p.play == 0
	case orchestrator.FlowTimer:
		return in.Ref != p.timer || p.timer == 0
	case orchestrator.FlowQueued, orchestrator.FlowRecorded, orchestrator.FlowTransferred, orchestrator.FlowAgent:
		return in.Kind != p.result
	case orchestrator.FlowLookedUp:
		return in.Kind != p.result || in.Ref != p.look
	}
	return false
}

// settle clears what an input that was due has answered.
func (p *pending) settle(in orchestrator.FlowInput) {
	if p.stale(in) {
		return
	}
	switch in.Kind {
	case p.result:
		p.result = ""
	case orchestrator.FlowPlayed:
		if in.Ref == p.play {
			p.play = 0
		}
	case orchestrator.FlowTimer:
		if in.Ref == p.timer {
			p.timer = 0
		}
	}
}

// exercise sends any inputs into a call and checks what must always hold.
func exercise(t *rapid.T, g orchestrator.Flows, a orchestrator.Arrival) {
	now, highest := clock, 0
	step, err := g.Begin(a, now)
	if err != nil {
		t.Fatal(err)
	}
	var p pending
	p.watch(t, step.Actions, &highest)
	for range rapid.IntRange(1, 60).Draw(t, "inputs") {
		in := anything(t, p)
		now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
		before, stale := step.State, p.stale(in)
		p.settle(in)
		if rapid.IntRange(0, 9).Draw(t, "taken up") > 0 { // else another process has the call now
			in.Secret = step.Secret
		}
		step, err = g.Next(before, in, now)
		if err != nil {
			t.Fatalf("%+v: %v", in, err)
		}
		var tree map[string]any
		if err := json.Unmarshal(step.State, &tree); err != nil || len(step.State) > 4096 {
			t.Fatalf("the state is %d bytes and reads with %v", len(step.State), err)
		}
		if p.over && (len(step.Actions) > 0 || string(step.State) != string(before)) {
			t.Fatalf("%+v after the end: %v", in, brief(step.Actions))
		}
		if stale && (len(step.Actions) > 0 || string(step.State) != string(before)) {
			t.Fatalf("%+v was not waited for, and led to %v", in, brief(step.Actions))
		}
		p.watch(t, step.Actions, &highest)
		if !p.over && p.play == 0 && p.timer == 0 && p.result == "" {
			t.Fatalf("nobody and nothing is waited for after %+v: %s", in, step.State)
		}
	}
}

func TestAnyInputIsBorne(t *testing.T) {
	t.Parallel()
	l := exampleFlows(t)
	ops := []string{"login", "logout", "pause", "resume", "dispose", "dance", ""}
	rapid.Check(t, func(t *rapid.T) {
		a := orchestrator.Arrival{Call: "c", PBX: "lab", Kind: orchestrator.KindInbound,
			DID:      rapid.SampledFrom([]string{"5000", "5001"}).Draw(t, "did"),
			Caller:   orchestrator.Party{Number: rapid.String().Draw(t, "number"), Name: rapid.String().Draw(t, "name")},
			Answered: rapid.Bool().Draw(t, "answered")}
		if rapid.Bool().Draw(t, "feature") {
			a.Kind = orchestrator.KindFeature
			a.Args = []string{rapid.SampledFrom(ops).Draw(t, "op"), "PJSIP/101", rapid.SampledFrom([]string{"", "1", "x"}).Draw(t, "digits")}
		}
		exercise(t, l, a)
	})
}

// randomFlow draws a graph of nodes that reads, though lint would refuse much of it.
func randomFlow(t *rapid.T) string {
	names := []string{"a", "b", "c", "d", "e", "f"}
	target := rapid.SampledFrom(append(slices.Clone(names), "end", "nowhere"))
	var b strings.Builder
	b.WriteString("flow: t\nlanguage: es\nlanguages: [es, en]\nstart: a\ndefaults: {retries: 1, on_error: " + target.Draw(t, "on_error") +
		"}\nprompts: {p: P, q: {es: Q}}\nnodes:\n")
	for _, n := range names {
		to := func(i int) string { return target.Draw(t, fmt.Sprintf("%s%d", n, i)) }
		shapes := []string{
			"{type: answer, next: " + to(0) + "}",
			"{type: play, prompt: [p, q], barge_in: true, next: " + to(0) + "}",
			"{type: play, prompt: nope, next: " + to(0) + "}",
			"{type: menu, prompt: p, keys: {\"1\": " + to(0) + ", \"23\": " + to(1) + "}, on: {noinput: " + to(2) + "}}",
			"{type: gather, prompt: q, var: v, barge_in: false, digits: {min: 2, max: 3}, confirm: {prompt: p}, on: {ok: " + to(0) + "}}",
			"{type: set, vars: {v: \"{{v}}{{v}}9\"}, next: " + to(0) + "}",
			"{type: switch, cases: [{var: v, set: true, next: " + to(0) + "}], else: " + to(1) + "}",
			"{type: queue, queue: q, exit_key: \"*\", on: {timeout: " + to(0) + ", served: " + to(1) + "}}",
			"{type: record, on: {next: " + to(0) + "}}",
			"{type: transfer, to: \"{{v}}\", on: {failed: " + to(0) + "}}",
			"{type: agent, op: login, on: {ok: " + to(0) + ", fail: " + to(1) + "}}",
			"{type: lookup, source: s, params: {n: \"{{v}}\"}, save: {v: r}, filler: p, on: {found: " + to(0) + ", none: " + to(1) + ", error: " + to(2) + "}}",
			"{type: lookup, source: s, on: {found: " + to(0) + "}}",
			"{type: hours, calendar: none, on: {open: " + to(0) + ", closed: " + to(1) + "}}",
			"{type: call, flow: s, params: {in: \"{{v}}\"}, save: {v: both}, on: {got: " + to(0) + "}}",
			"{type: return}",
			"{type: continue}",
		}
		fmt.Fprintf(&b, "  %s: %s\n", n, rapid.SampledFrom(shapes).Draw(t, n))
	}
	return b.String()
}

func TestAnyFlowIsBorne(t *testing.T) {
	t.Parallel()
	sub := strings.Replace(strings.Replace(subFlow, "flow: sub", "flow: s", 1), "X", "P", 1)
	rapid.Check(t, func(rt *rapid.T) {
		texts := map[string]string{"t": randomFlow(rt), "s": sub}
		defs := ivr.Definitions{Flows: map[string]*ivr.Flow{}, Sources: map[string]ivr.Source{}, DIDs: ivr.DIDs{{Pattern: "*", Flow: "t"}}}
		for id, text := range texts {
			src := ivr.Source{File: id, YAML: text}
			f, err := flowfile.Parse(src)
			if err != nil {
				rt.Fatal(err)
			}
			defs.Flows[id], defs.Sources[id] = f, src
		}
		l := ivr.NewLibrary(flowfile.Parse, nil)
		if err := l.Publish(t.Context(), defs); err != nil {
			rt.Fatal(err)
		}
		exercise(rt, l, orchestrator.Arrival{Kind: orchestrator.KindInbound, DID: "1"})
	})
}
