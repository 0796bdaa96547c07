package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestSupervisorsOnRealPhones listens, whispers, barges in and takes over, by REST,
// by *480 with the PIN and by keys, with tones on each line; the process is killed
// while two supervisors listen. The customer's line is taped until one barges in.
func TestSupervisorsOnRealPhones(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 3, files: map[string]string{"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, team: all, queues: [sales]}
  - {id: "102", pbx: main, endpoint: PJSIP/102, pin: "4711"}
  - {id: "103", pbx: main, endpoint: PJSIP/103, pin: "4712"}
teams:
  - {id: all, supervisors: ["102", "103"], may: [listen, whisper, barge, takeover], visible: false}
`, "queues.yaml": strings.ReplaceAll(rigQueues, "record: true", "record: false")}})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	ana, bea, col := r.login("101"), r.desk("102"), r.desk("103")
	if _, err := r.Run("agent", "login", "102", "--token", api.Token, "--url", api.Base); err != nil {
		t.Fatal(err)
	}
	caller := r.queue("5550001")
	agent := r.answers(ana)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 1).Call
	const customerHz, agentHz, beaHz, colHz = 400.0, 700.0, 1000.0, 1300.0
	caller.PlayTone(customerHz)
	agent.PlayTone(agentHz)
	must(t, caller.WaitTone(limit(t), agentHz))
	wish := func(supervisor string, mode wire.SuperviseMode) {
		t.Helper()
		res, err := api.SuperviseCallWithResponse(limit(t), id, wire.Supervise{Mode: mode, Supervisor: supervisor})
		must(t, err)
		if res.JSON202 == nil {
			t.Fatalf("%s: %s", mode, res.Body)
		}
	}
	stop := caller.Tape()

	t.Log("who may not")
	_, err = api.SuperviseCallWithResponse(limit(t), id, wire.Supervise{Mode: wire.SuperviseModeListen, Supervisor: "101"})
	if p, ok := errors.AsType[*client.Refusal](err); !ok || p.Status != http.StatusForbidden {
		t.Errorf("an agent listens to herself: %v", err)
	}

	t.Log("by REST, then by keys")
	wish("102", wire.SuperviseModeListen)
	b := r.answers(bea)
	b.PlayTone(beaHz)
	hears := func(c *lab.Call, tones ...float64) {
		t.Helper()
		for _, hz := range tones {
			must(t, c.WaitPart(limit(t), hz))
		}
	}
	hears(b, customerHz, agentHz)
	must(t, agent.WaitTone(limit(t), customerHz))
	must(t, b.SendDTMF("5"))
	r.told(orchestrator.EntryCallSupervised, `"mode":"whisper"`, `"state":"on"`)
	hears(agent, customerHz, beaHz)

	t.Log("another, by the phone")
	code, err := col.Place(limit(t), "*480101", lab.DialOptions{})
	must(t, err)
	<-code.Answered()
	must(t, code.SendDTMF("4712#"))
	c := r.next(col)
	_ = code.Hangup() // or the flow does
	must(t, c.Answer())
	c.PlayTone(colHz)
	hears(c, customerHz, agentHz)
	must(t, agent.WaitWithout(limit(t), colHz))

	t.Log("killed and started anew, and a phone that drops: nobody hears anything of it")
	r.kill()
	r.start()
	api, err = r.API("supervisor")
	must(t, err)
	wish("102", wire.SuperviseModeListen)
	must(t, agent.WaitTone(limit(t), customerHz))
	hears(b, customerHz, agentHz)
	hears(c, customerHz, agentHz)
	must(t, c.Hangup())
	r.told(orchestrator.EntryCallSupervised, `"mode":"listen"`, `"state":"off"`)
	must(t, caller.WaitTone(limit(t), agentHz))
	tape := stop()
	if centre.OnFreeSWITCH() { // whose conference leaves a frame out now and then
		if other, gaps, all := foreign(tape, agentHz); other > 0 || gaps*10 > all {
			t.Errorf("the customer heard something else in %d of %d frames, and nothing in %d", other, all, gaps)
		}
	} else if share, weakest := lab.Purity(tape, agentHz); share < 0.99 || weakest < 7000 {
		t.Errorf("the customer heard something: %.3f of the agent's tone at worst, at a level of %.0f, in %d samples", share, weakest, len(tape))
	}

	t.Log("a whisper while the caller is on hold: the agent is sent silence, and hears the supervisor")
	wish("102", wire.SuperviseModeWhisper)
	r.order(api, id, wire.OrderHold)
	must(t, agent.WaitTone(limit(t), beaHz))
	b.PlayTone(0)
	must(t, agent.WaitSilence(limit(t), 300*time.Millisecond))
	b.PlayTone(beaHz)
	r.order(api, id, wire.OrderResume)
	hears(agent, customerHz, beaHz)
	wish("102", wire.SuperviseModeListen)
	must(t, agent.WaitTone(limit(t), customerHz))

	t.Log("barging in, and taking over")
	must(t, caller.WaitTone(limit(t), agentHz))
	wish("102", wire.SuperviseModeBarge)
	hears(caller, agentHz, beaHz)
	must(t, b.SendDTMF("7"))
	ended(t, agent)
	must(t, caller.WaitTone(limit(t), beaHz))
	must(t, b.WaitTone(limit(t), customerHz))
	_, desk := r.stores()
	must(t, agentIs(t, desk, "102", acd.StateTalking, ""))
	for _, verb := range []string{"hold", "resume"} {
		if _, err := r.Run("call", verb, id, "--token", api.Token, "--url", api.Base); err != nil {
			t.Error(err)
		}
	}
	must(t, b.WaitTone(limit(t), customerHz))
	must(t, caller.Hangup())
	ended(t, b)
	r.eventually("the supervisor wraps up", func() error { return agentIs(t, desk, "102", acd.StateWrapup, "") })
	if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeServed || got.Agent != "102" {
		t.Errorf("the record: %+v", got)
	}
}
