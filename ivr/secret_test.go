package ivr_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator"
)

// secretFlow asks for a number in secret, has it confirmed, copies it, passes it to
// another flow, gets it back and says it.
const secretFlow = head + `  a: {type: gather, prompt: p, var: card, mask: true, digits: {min: 4, max: 4}, confirm: {prompt: {say: {digits: "{{card}}"}}}, on: {ok: copy, fail: end}}
  copy: {type: set, vars: {again: "card {{card}}"}, next: sub}
  sub: {type: call, flow: deeper, params: {given: "{{again}}"}, save: {back: out}, on: {ok: tell}}
  tell: {type: say, digits: "{{back}}", next: agent}
  agent: {type: agent, op: login, pin: "{{card}}", on: {ok: end, bad_pin: a, fail: end}}
`

const deeperFlow = "flow: deeper\nlanguage: en\nparams: [given]\nprompts: {q: {sound: q}}\nstart: wait\nnodes:\n" +
	"  wait: {type: play, prompt: q, next: back}\n  back: {type: return, values: {out: \"{{given}}\"}}\n"

// stored is all that would be kept of a step: state, notes and commands.
func stored(t *testing.T, step orchestrator.FlowStep) string {
	t.Helper()
	raw, err := json.Marshal([]any{step.State, step.Notes, step.Actions})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestMaskedDigitsAreNotStored: from the first key to the last use of the number,
// nothing that is stored has a part of it, also where it was copied or typed ahead.
func TestMaskedDigitsAreNotStored(t *testing.T) {
	t.Parallel()
	c := dial(t, newFlows(t, secretFlow, deeperFlow))
	// "4", "7" and "2" are typed before anybody asks.
	for _, e := range []string{"4", "7", "answered", "2", "9", "1", "played", "played"} {
		c.do(e)
		for _, part := range []string{"47", "72", "29"} {
			if got := stored(t, c.last); strings.Contains(got, part) {
				t.Fatalf("after %q this is stored: %s", e, got)
			}
		}
	}
	if last := c.last.Actions[len(c.last.Actions)-1]; last.Kind != orchestrator.ActAgent || last.Agent.PIN != "4729" {
		t.Errorf("the number did not arrive: %+v", last)
	}
}

// TestLostSecretsAreAskedForAgain: another process that takes the call up does not
// have what was entered; the caller is asked once more and nothing goes wrong.
func TestLostSecretsAreAskedForAgain(t *testing.T) {
	t.Parallel()
	for name, before := range map[string][]string{
		"while the digits come":  {"answered", "4", "7"},
		"while they are checked": {"answered", "4", "7", "2", "9"},
		"in the sub-flow":        {"answered", "4", "7", "2", "9", "1"},
	} {
		c := dial(t, newFlows(t, secretFlow, deeperFlow))
		for _, e := range before {
			c.do(e)
		}
		c.lost = true
		c.do("resumed")
		for range 3 {
			if n := len(c.last.Actions); n > 0 && c.last.Actions[n-1].Kind == orchestrator.ActAgent {
				if pin := c.last.Actions[n-1].Agent.PIN; pin != "" {
					t.Errorf("%s: the PIN is %q", name, pin)
				}
				c.send(orchestrator.FlowInput{Kind: orchestrator.FlowAgent, Answer: orchestrator.AgentAnswer{Result: orchestrator.AgentBadPIN}})
				break
			}
			if strings.HasPrefix(name, "in the") {
				c.do("played")
			}
		}
		for _, e := range []string{"4", "7", "2", "9", "1", "played", "played"} {
			c.do(e)
		}
		if last := c.last.Actions[len(c.last.Actions)-1]; last.Kind != orchestrator.ActAgent || last.Agent.PIN != "4729" {
			t.Errorf("%s: asked again, the number did not arrive: %+v", name, last)
		}
	}
}
