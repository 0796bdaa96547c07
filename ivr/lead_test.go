package ivr_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
)

const remindFlow = `flow: remind
language: en
start: owes
prompts: {due: {sound: due, text: You owe}, on: {sound: on, text: due on}, nothing: {sound: none, text: You owe nothing}}
nodes:
  owes: {type: switch, cases: [{var: lead.amount, set: true, next: say}], else: none}
  say: {type: play, prompt: [due, {say: {money: "{{lead.amount}}", currency: COP}}, on, {say: {date: "{{lead.due}}"}}], next: pay}
  pay: {type: call, flow: thanks, params: {whom: "{{lead.name}}"}, on: {done: end, error: end}}
  none: {type: play, prompt: nothing, next: end}
`

const thanksFlow = `flow: thanks
language: en
params: [whom]
start: a
nodes:
  a: {type: say, digits: "{{lead.id}}", next: b}
  b: {type: return, outcome: done}
`

// TestFieldsOfALead: a flow, and one that it goes through, speaks the fields of a campaign's
// lead and decides by them, also in another process; of a call without a lead they are empty.
func TestFieldsOfALead(t *testing.T) {
	t.Parallel()
	defs, faults := flowfile.Load(flowfile.Files{Flows: []ivr.Source{{File: "flows/remind.yaml", YAML: remindFlow}, {File: "flows/thanks.yaml", YAML: thanksFlow}}}, flowfile.Known{})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	for script, want := range map[string][]string{
		"@ flow remind\n@ lead amount 1250\n@ lead due 2026-12-01\n@ lead id 77\n@ lead name Ana María\n< resume\n": {"You owe", "money 1250 COP", "date 2026-12-01", "digits 77"},
		"@ flow remind\n@ lead due 2026-12-01\n": {"You owe nothing"},
		"@ flow remind\n":                        {"You owe nothing"},
	} {
		sim, err := ivr.NewSim(t.Context(), defs, flowfile.Parse, clock)
		if err != nil {
			t.Fatal(err)
		}
		got, err := sim.Run(strings.NewReader(script))
		if err != nil {
			t.Error(err)
		}
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%q is missing:\n%s", w, got)
			}
		}
	}
	if got := flowfile.LeadFields(defs.Flows, "remind"); !slices.Equal(got, []string{"amount", "due", "id", "name"}) {
		t.Errorf("it reads %v", got)
	}
	if got := flowfile.LeadFields(defs.Flows, "nowhere"); got != nil {
		t.Errorf("no flow reads %v", got)
	}
}
