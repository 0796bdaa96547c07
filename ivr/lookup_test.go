package ivr_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator"
)

const balanceNode = `  a: {type: lookup, source: crm, params: {n: "0{{call.caller}}", fixed: x}, save: {owes: amount, gone: nothing}, filler: w, on: {found: say, none: m, error: q}}
  say: {type: say, number: "{{owes}}{{gone}}", next: m}
  m: {type: menu, prompt: p, keys: {"1": a, "2": end}, on: {fail: end}}
  q: {type: queue, queue: q, on: {fail: end}}
`

var lookupScripts = []script{
	{"found in time", head + balanceNode, []string{"lookup found amount=21"},
		[]string{"lookup crm map[fixed:x n:0600123456]", "timer 1s", "timer 0s", "play es 21"}, []string{"found"}},
	{"found while the filler is heard", head + balanceNode, []string{"silence", "lookup found amount=2"},
		[]string{"lookup crm map[fixed:x n:0600123456]", "timer 1s", "play es W", "stop_play", "play es 2"}, nil},
	{"the filler is heard again", head + balanceNode, []string{"silence", "played", "silence", "lookup none"},
		[]string{"lookup crm map[fixed:x n:0600123456]", "timer 1s", "play es W", "timer 1s", "play es W", "stop_play", "play es P"}, []string{"none"}},
	{"keys pressed meanwhile answer the next question", head + balanceNode, []string{"2", "lookup none"},
		[]string{"lookup crm map[fixed:x n:0600123456]", "timer 1s", "timer 0s", "hangup"}, nil},
	{"an error, and one that is none of its results", head + balanceNode, []string{"lookup odd"},
		[]string{"lookup crm map[fixed:x n:0600123456]", "timer 1s", "timer 0s", "queue q"}, []string{"error"}},
	{"another process says the filler again, and leaves the look-up to who asks for it", head + balanceNode, []string{"resumed", "silence", "resumed", "lookup found amount=2"},
		[]string{"lookup crm map[fixed:x n:0600123456]", "timer 1s", "play es W", "stop_play", "play es W", "stop_play", "play es 2"}, nil},
	{"an error without an edge is a matter of the flow", strings.Replace(head, "start: a", "start: a\ndefaults: {on_error: b}", 1) +
		"  a: {type: lookup, source: s, on: {found: end, none: end}}\n  b: {type: hangup, outcome: failed}\n",
		[]string{"lookup error"}, []string{"hangup failed"}, nil},
}

func TestLookups(t *testing.T) { runScripts(t, lookupScripts) }

// TestLookupsInCircles: a flow that asks again and again, in whatever way, ends by its fault; a caller who presses keys may ask on.
func TestLookupsInCircles(t *testing.T) {
	t.Parallel()
	c := dial(t, newFlows(t, strings.Replace(head, "start: a", "start: a\ndefaults: {on_error: a}", 1)+
		"  a: {type: lookup, source: s, on: {found: a, none: b, error: end}}\n  b: {type: set, vars: {x: y}, next: a}\n"))
	c.remember(c.last.Actions)
	asked := 1
	for ; asked < 100; asked++ {
		got := c.do([]string{"lookup found", "lookup none"}[asked%2])
		if len(got) == 1 && strings.HasPrefix(got[0], "hangup") {
			break
		}
	}
	why := ""
	for _, n := range c.last.Notes {
		if n.Outcome == "fault" {
			why = n.Detail["why"]
		}
	}
	if asked != 20 || why != "the flow goes in circles: 20 look-ups without a key, a queue or a person between them" {
		t.Errorf("it asked %d times, and its fault is %q", asked, why)
	}
	c = dial(t, newFlows(t, head+balanceNode))
	c.do("answered")
	for n := range 60 {
		if got := c.do("lookup none"); n > 0 && len(got) < 2 {
			t.Fatalf("after %d look-ups: %v", n, got)
		}
		c.do("1")
	}
}

// TestMaskedParameters: what is masked goes to the source, and is stored nowhere; what came of it before is not taken for the next answer.
func TestMaskedParameters(t *testing.T) {
	t.Parallel()
	c := dial(t, newFlows(t, head+`  a: {type: gather, prompt: p, var: pin, mask: true, digits: {min: 4, max: 4}, on: {ok: b, fail: end}}
  b: {type: lookup, source: crm, params: {pin: "{{pin}}", who: "{{call.caller}}"}, on: {found: b, none: end, error: end}}
`))
	for _, e := range []string{"answered", "4", "7", "2", "9"} {
		c.do(e)
	}
	first := c.last
	if diff := cmp.Diff(orchestrator.Lookup{Source: "crm", Params: map[string]string{"who": "600123456"}, Masked: []string{"pin"}, Secret: map[string]string{"pin": "4729"}},
		first.Actions[len(first.Actions)-1].Lookup); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := stored(t, first); strings.Contains(got, "4729") {
		t.Errorf("this is stored: %s", got)
	}
	old := c.look
	c.do("lookup found")
	if got := c.send(orchestrator.FlowInput{Kind: orchestrator.FlowLookedUp, Ref: old, Looked: orchestrator.LookupAnswer{Result: orchestrator.LookupNone}}); len(got) > 0 {
		t.Errorf("an answer of before led to %v", brief(got))
	}
}

// TestLookupsInScripts: a simulator's script says what a source answers; the picture shows the ways.
func TestLookupsInScripts(t *testing.T) {
	t.Parallel()
	flow, err := flowfile.Parse(ivr.Source{File: "t.yaml", YAML: head + balanceNode})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`n_a[("a<br/>look up crm")]`, `n_a -->|"found"| n_say`, `n_a -->|"none"| n_m`, `n_a -->|"error"| n_q`} {
		if chart := ivr.Mermaid(flow); !strings.Contains(chart, want) {
			t.Errorf("%s is not in\n%s", want, chart)
		}
	}
	defs := ivr.Definitions{Flows: map[string]*ivr.Flow{"t": flow}, Sources: map[string]ivr.Source{"t": {File: "t.yaml", YAML: head + balanceNode}}}
	for script, want := range map[string]string{
		"@ flow t\n@ caller 601\n> answer\n> lookup crm, fixed \"x\", n \"0601\"\n< wait 1500ms\n> prompt w (es)\n< lookup found amount=12 000 gone=no\n> prompt digits 12 000 (es)\n> prompt p (es)\n": "",
		"@ flow t\n< lookup none\n< dtmf 1\n< lookup error\n< lookup none\n": "no source is asked at node q",
		"@ flow t\n< lookup\n":                     "lookup found|none|error [name=value ...]",
		"@ flow t\n< lookup none amount=1\n":       `"lookup none amount=1" is nothing`,
		"@ flow t\n< lookup found twelve\n":        `"lookup found twelve" is nothing`,
		"@ flow t\n< lookup maybe\n":               `"lookup maybe" is nothing`,
		"@ flow t\n< lookup none\n< lookup none\n": "no source is asked at node m",
	} {
		sim, err := ivr.NewSim(t.Context(), defs, flowfile.Parse, clock)
		if err != nil {
			t.Fatal(err)
		}
		out, err := sim.Run(strings.NewReader(script))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q\n%s", script, err, want, out)
		}
	}
}
