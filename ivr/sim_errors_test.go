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
		{"a moment that is none", "@ at noon\n", "is no moment"},
		{"a line of another kind", "hello\n", "lines begin with"},
		{"silence when nobody waits", "@ did 5000\n< dtmf 1\n< silence\n", "nobody waits for a key"},
		{"after the end", "@ did 5000\n< hangup\n< dtmf 1\n", "the call is over"},
		{"a wait that is none", "@ did 5000\n< wait long\n", "is no length of time"},
		{"a message that is none", "@ did 5000\n< recorded long\n", "is no length"},
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
