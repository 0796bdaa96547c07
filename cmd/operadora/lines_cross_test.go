package main

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
)

// TestLinesCross has permanent lines meet what others want of their calls: the call is
// taken over, whoever is asked hangs their line up, and the agent who asks does so while
// operadora is dead.
func TestLinesCross(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 3, files: map[string]string{"queues.yaml": lineQueues, "agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, team: all, queues: [sales]}
  - {id: "102", pbx: main, endpoint: PJSIP/102, queues: []}
  - {id: "103", pbx: main, endpoint: PJSIP/103, pin: "4712"}
teams:
  - {id: all, supervisors: ["103"], may: [listen, whisper, barge, takeover]}
`}})
	r.start()
	_, desk := r.stores()
	ana, ben, eva := r.desk("101"), r.desk("102"), r.desk("103")
	line, bens := r.loginLine(ana), r.loginLine(ben)
	connected := 0
	talks := func() string {
		t.Helper()
		connected++
		return r.awaitEntry(orchestrator.EntryCallConnected, connected).Call
	}

	t.Log("the call of a line is taken over: the line is free, and stays")
	caller := r.queue("5550001")
	id := talks()
	r.talk(caller, line)
	r.supervise(id, wire.SuperviseModeTakeover)
	e := r.answers(eva)
	talks()
	r.talk(caller, e)
	r.lineIs("101", "idle")
	must(t, line.WaitSilence(limit(t), 300*time.Millisecond))
	stays(t, line)
	must(t, e.Hangup())
	ended(t, caller)

	t.Log("who is asked on a line hangs it up: the caller is back, and they are paused")
	caller = r.queue("5550002")
	id = talks()
	r.talk(caller, line)
	api, err := r.API("supervisor")
	must(t, err)
	r.asks(api, id, wire.TargetKindAgent, "102")
	r.talk(bens, line)
	r.apart(caller, line)
	must(t, bens.Hangup())
	r.talk(caller, line)
	r.eventually("the pause", func() error { return agentIs(t, desk, "102", acd.StatePaused, orchestrator.ReasonLine) })
	r.dial(ben, "*484")
	bens = r.answers(ben)
	r.lineIs("102", "idle")

	t.Log("who asks hangs the line up while operadora is dead: the caller is with the other")
	r.asks(api, id, wire.TargetKindAgent, "102")
	r.talk(bens, line)
	r.kill()
	must(t, line.Hangup())
	r.awaitPhones(2)
	r.start()
	r.talk(caller, bens)
	r.eventually("the pause", func() error { return agentIs(t, desk, "101", acd.StatePaused, orchestrator.ReasonLine) })
	notRung(t, ana)
	must(t, caller.Hangup())
	r.lineIs("102", "idle")
	stays(t, bens)
	r.dial(ana, "*482")
	r.dial(ben, "*482")
	ended(t, bens)
	for _, c := range r.settled(2) {
		if c.Outcome != orchestrator.OutcomeServed {
			t.Errorf("the record: %+v", c)
		}
	}
}
