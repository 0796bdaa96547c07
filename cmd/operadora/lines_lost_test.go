package main

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// notRung checks that no call has come to a phone.
func notRung(t *testing.T, p *lab.Phone) {
	t.Helper()
	select {
	case <-p.Incoming():
		t.Errorf("the phone of %s was rung", p.User())
	default:
	}
}

// TestLinesOfARestartedSwitch: whoever stops the PBX ends every permanent line. They are
// rung again when it is back, and nobody is paused; but for an agent who had hung up.
func TestLinesOfARestartedSwitch(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2, files: map[string]string{"queues.yaml": lineQueues}, config: "lines: {again: 1s}\n"})
	r.start()
	_, desk := r.stores()
	ana, ben := r.desk("101"), r.desk("102")
	line := r.loginLine(ana)
	must(t, r.loginLine(ben).Hangup())
	gone := func() error { return agentIs(t, desk, "102", acd.StatePaused, orchestrator.ReasonLine) }
	r.eventually("the pause of who hung up", gone)
	for _, how := range []string{"asked to end", "stopped from its console"} {
		t.Log(how)
		mark := r.Log.Mark()
		if how != "asked to end" && !centre.OnFreeSWITCH() {
			_, _ = r.Switch.CLI("core stop now") // which ends the console, too
		}
		must(t, r.Switch.Restart(limit(t)))
		r.waitLog(mark, `msg="pbx connected"`)
		_ = line.Hangup() // the far end is gone
		must(t, ana.Register(limit(t)))
		must(t, ben.Register(limit(t)))
		line = r.answers(ana)
		r.lineIs("101", "idle")
		must(t, agentIs(t, desk, "101", acd.StateAvailable, ""))
		caller := r.queue("5550001")
		r.talk(caller, line)
		must(t, caller.Hangup())
		r.lineIs("101", "idle")
	}
	must(t, gone())
	r.lineIs("102", "lost")
	notRung(t, ben)
	r.dial(ana, "*482")
	ended(t, line)
	r.dial(ben, "*482")
	r.settled(2)
	r.entries(func(e orchestrator.Entry) {
		if e.Type == orchestrator.EntryAgentState && e.Agent == "101" && strings.Contains(string(e.Data), `"`+orchestrator.ReasonLine+`"`) {
			t.Errorf("who did not hang up was paused: %s", e.Data)
		}
	})
}

// TestLineHungUpUnseen: who hangs an idle permanent line up while operadora is dead has
// hung up, and is paused as always; a line that the PBX itself ended is rung again. No
// call has come in before: the lines alone have the PBX write down how they end.
func TestLineHungUpUnseen(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 3, files: map[string]string{"queues.yaml": lineQueues}, config: "lines: {again: 1s}\n"})
	r.start()
	_, desk := r.stores()
	ana, ben, eva := r.desk("101"), r.desk("102"), r.desk("103")
	rung := r.loginLine(ana)
	broken := r.loginLine(eva)
	dialled, err := ben.Dial(limit(t), "*4811", lab.DialOptions{})
	must(t, err)
	r.lineIs("102", "idle")
	r.kill()
	must(t, rung.Hangup())
	must(t, dialled.Hangup())
	if centre.OnFreeSWITCH() {
		t.Log("who on this PBX ended a line from its console is not tried")
	} else {
		text, err := r.Switch.CLI("core show channels concise")
		must(t, err)
		for channel := range strings.Lines(text) {
			if name, _, _ := strings.Cut(channel, "!"); strings.HasPrefix(name, "PJSIP/103-") {
				_, err := r.Switch.CLI("channel request hangup " + name)
				must(t, err)
			}
		}
		ended(t, broken)
		r.awaitPhones(0)
	}
	r.start()
	for _, id := range []string{"101", "102"} {
		r.eventually("the pause for the line", func() error { return agentIs(t, desk, id, acd.StatePaused, orchestrator.ReasonLine) })
		r.lineIs(id, "lost")
	}
	if !centre.OnFreeSWITCH() {
		broken = r.answers(eva)
	}
	r.lineIs("103", "idle")
	must(t, agentIs(t, desk, "103", acd.StateAvailable, ""))
	notRung(t, ana)
	notRung(t, ben)
	stays(t, broken)
	if calls := r.summaries(orchestrator.KindInbound); len(calls) > 0 {
		t.Errorf("callers on record: %+v", calls)
	}
}
