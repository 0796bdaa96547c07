package main

import (
	"testing"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
)

// takenRig is a centre in which 103 oversees 101, and ben takes calls that are handed to him.
func takenRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, rigOptions{agents: 3, config: "lines: {again: 1s}\n", files: map[string]string{"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, team: all, queues: [sales]}
  - {id: ben, pbx: main, endpoint: PJSIP/102, queues: []}
  - {id: "103", pbx: main, endpoint: PJSIP/103, pin: "4712", queues: []}
teams:
  - {id: all, supervisors: ["103"], may: [listen, whisper, barge, takeover]}
`}})
	r.start()
	return r
}

// supervise has 103 do something in a call.
func (r *rig) supervise(call string, mode wire.SuperviseMode) {
	r.t.Helper()
	api, err := r.API("supervisor")
	must(r.t, err)
	_, err = api.SuperviseCallWithResponse(limit(r.t), call, wire.Supervise{Mode: mode, Supervisor: "103"})
	must(r.t, err)
}

// TestCodesOfWhoTookACallOver: a supervisor who is not logged in takes a call over, and
// has its codes at the phone like any agent: asks somebody, swaps, and lets them have it.
func TestCodesOfWhoTookACallOver(t *testing.T) {
	t.Parallel()
	r := takenRig(t)
	ana, ben, eva := r.login("101"), r.login("102"), r.desk("103")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 1).Call
	r.supervise(id, wire.SuperviseModeTakeover)
	e := r.answers(eva)
	ended(t, a)
	r.talk(caller, e)
	_, desk := r.stores()
	must(t, agentIs(t, desk, "103", acd.StateOffline, ""))

	t.Log("asks, swaps, and lets the caller go")
	r.dial(eva, "*488*102")
	b := r.answers(ben)
	r.talk(b, e)
	r.apart(caller, e)
	r.dial(eva, "*488*")
	r.talk(caller, e)
	r.dial(eva, "*488")
	ended(t, e)
	r.talk(caller, b)

	t.Log("and has none in the call that is another's now")
	r.dial(eva, "*488101")
	r.talk(caller, b)
	must(t, b.Hangup())
	ended(t, caller)
	if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeServed || got.Agent != "ben" {
		t.Errorf("the record: %+v", got)
	}
}
