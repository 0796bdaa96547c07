package ivr_test

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
)

func TestScriptsThatDoNotFit(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, script, want string }{
		{"another prompt is expected", "@ did 5000\n> answer\n> prompt hello (es)\n", "line 3: expected"},
		{"more came than expected", "@ did 5000\n> answer\n< dtmf 1\n", "after line 2:"},
		{"less came than expected", "@ did 5000\n< hangup\n> answer\n> prompt welcome (es) Bienvenido. Gracias por llamar.\n" +
			"> prompt recorded (es) Esta llamada puede ser grabada.\n> hangup\n", "line 6: expected"},
		{"no such number", "@ did 1\n", "no flow is defined for number"},
		{"no such flow", "@ flow nope\n", "there is no flow"},
		{"no such key", "@ did 5000\n< dtmf z\n", "line 2: 'z' is no telephone key"},
		{"no such event", "@ did 5000\n< laugh\n", "is nothing that can happen"},
		{"no such header", "@ mood 5\n", "line 1: @ knows"},
		{"a header without value", "@ did\n", "line 1: @ needs"},
		{"a field without value", "@ lead amount\n", "line 1: @ lead needs a field and its value"},
		{"a moment that is none", "@ at noon\n", "is no moment"},
		{"a line of another kind", "hello\n", "lines begin with"},
		{"silence when nobody waits", "@ did 5000\n< dtmf 1\n< silence\n", "nobody waits for a key"},
		{"after the end", "@ did 5000\n< hangup\n< dtmf 1\n", "the call is over"},
		{"a wait that is none", "@ did 5000\n< wait long\n", "is no length of time"},
		{"a message that is none", "@ did 5000\n< dtmf 3\n< recorded long\n", "; what can happen now: recorded 12s|failed, wait 90s"},
		{"a message of less than nothing", "@ did 5000\n< dtmf 3\n< recorded -3s\n", `"recorded -3s" is nothing that can come of node`},
		{"no key", "@ did 5000\n< dtmf\n", "no key is named"},
		{"an outcome that no queue has", "@ did 5000\n< dtmf 1\n< queue foo\n", "line 3: \"queue foo\" is nothing that can come of node sales; " +
			"what can happen now: queue served|timeout|full|no_agents|unqualified|closed|long_wait|exit|error, wait 90s, resume, hangup"},
		{"an outcome that stands in for others", "@ did 5000\n< dtmf 1\n< queue fail\n", `"queue fail" is nothing`},
		{"two outcomes", "@ did 5000\n< dtmf 1\n< queue served twice\n", `"queue served twice" is nothing`},
		{"a message while queued", "@ did 5000\n< dtmf 1\n< recorded 3s\n", "no message is being recorded at node sales; what can happen now: queue served|"},
		{"an agent while queued", "@ did 5000\n< dtmf 1\n< agent ok es\n", "no agent's operation is under way at node sales"},
		{"a transfer in a menu", "@ did 5000\n< transfer busy\n", "no transfer is under way at node menu; what can happen now: dtmf 1|"},
		{"an agent's answer without one", "@ feature login PJSIP/101\n< agent\n", "what can happen now: agent ok|later|already|"},
		{"an agent's answer in no language", "@ feature login PJSIP/101\n< agent ok 1!\n", `"agent ok 1!" is nothing`},
		{"nothing at all", "@ did 5000\n<\n", "nothing happens here"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			sim, err := ivr.NewSim(t.Context(), examples(t), flowfile.Parse, clock)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = sim.Run(strings.NewReader(r.script)); err == nil || !strings.Contains(err.Error(), r.want) {
				t.Errorf("error %v, want one with %q", err, r.want)
			}
		})
	}
}

// TestEveryEventIsKnown plays each event of the list, with each of its
// choices, where the flow stands in a menu: it may not fit, but it is a word.
func TestEveryEventIsKnown(t *testing.T) {
	t.Parallel()
	for _, e := range ivr.SimEvents() {
		word, choices, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(e.Form, " [es]"), " [name=value ...]"), " ")
		for choice := range strings.SplitSeq(choices, "|") {
			sim, err := ivr.NewSim(t.Context(), examples(t), flowfile.Parse, clock)
			if err != nil {
				t.Fatal(err)
			}
			_, err = sim.Run(strings.NewReader("@ did 5000\n< " + word + " " + choice + "\n"))
			if err != nil && !strings.Contains(err.Error(), " at node menu; what can happen now") {
				t.Errorf("%s %s: %v", word, choice, err)
			}
		}
	}
}
