package ari

import (
	"fmt"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// says has a phone answer, and say tones and pauses by turns: on, off, on…
func says(pattern ...time.Duration) func(*lab.Call) {
	return func(c *lab.Call) {
		if c.Answer() != nil {
			return
		}
		c.Say(lab.Speech(pattern...))
	}
}

// TestWhoAnswered: AMD() on the real Asterisk, by what phones say.
func TestWhoAnswered(t *testing.T) {
	t.Parallel()
	w, a, h := start(t)
	ms := time.Millisecond
	for i, r := range []struct {
		name string
		says []time.Duration
		want orchestrator.Verdict
	}{
		{"hello", []time.Duration{500 * ms}, orchestrator.VerdictPerson},
		{"hello, who is it", []time.Duration{200 * ms, 150 * ms, 150 * ms, 120 * ms, 150 * ms, 120 * ms, 200 * ms}, orchestrator.VerdictPerson},
		{"hello after a while", []time.Duration{0, 1500 * ms, 400 * ms}, orchestrator.VerdictPerson},
		{"a greeting", []time.Duration{900 * ms, 200 * ms, 1500 * ms, 300 * ms, 3000 * ms}, orchestrator.VerdictMachine},
		{"nothing", nil, orchestrator.VerdictUnsure},
	} {
		user, channel := fmt.Sprint(101+i), fmt.Sprintf("op-m%d-c1", i)
		w.register(t, user, says(r.says...))
		must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: channel, Endpoint: "PJSIP/" + user, Timeout: 5 * time.Second}))
		h.await(orchestrator.EventEntered, channel)
		l := orchestrator.Listening{Channel: channel, Greeting: 1500 * ms, Silence: 800 * ms, Most: 5000 * ms}
		began := time.Now()
		must(t, a.Listen(t.Context(), l))
		t.Logf("%s: ordered in %v", r.name, time.Since(began))
		must(t, a.Listen(t.Context(), l)) // twice does no harm
		e := h.await(orchestrator.EventHeard, channel)
		t.Logf("%s: %s by %s after %v", r.name, e.Verdict, e.Reason, time.Since(began))
		if e.Verdict != r.want {
			t.Errorf("%s: %s by %s", r.name, e.Verdict, e.Reason)
		}
		must(t, a.Hangup(t.Context(), channel, orchestrator.CauseNormal))
	}
}
