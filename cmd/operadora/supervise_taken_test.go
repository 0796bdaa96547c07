package main

import (
	"testing"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
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

// TestSuperviseOnAPermanentLine: a supervisor whose permanent line is open is not rung
// anew. They hear, and are heard, on the line; nobody's call comes meanwhile, and the
// next one does afterwards. The process is killed while they listen.
func TestSuperviseOnAPermanentLine(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 3, files: map[string]string{"queues.yaml": lineQueues, "agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, team: all, queues: [sales]}
  - {id: "103", pbx: main, endpoint: PJSIP/103, pin: "4712", queues: [sales]}
teams:
  - {id: all, supervisors: ["103"], may: [listen, whisper, barge, takeover]}
`}})
	r.start()
	ana, eva := r.login("101"), r.desk("103")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 1).Call
	line := r.loginLine(eva)
	_, desk := r.stores()

	t.Log("listens, by the code on the phone's other line; another caller waits meanwhile")
	code, err := eva.Place(limit(t), "*480101", lab.DialOptions{})
	must(t, err)
	<-code.Answered()
	must(t, code.SendDTMF("4712#"))
	must(t, line.WaitPart(limit(t), 500))
	must(t, line.WaitPart(limit(t), 900))
	_ = code.Hangup() // or the flow does
	r.eventually("busy", func() error { return deviceIs(t, desk, "103", orchestrator.DeviceBusy) })
	second := r.queue("5550002")
	r.awaitEntry(orchestrator.EntryCallQueued, 2)

	t.Log("killed; and whispers by a key")
	r.kill()
	r.start()
	r.lineIs("103", "lent")
	line.PlayTone(1300)
	must(t, line.WaitPart(limit(t), 900))
	r.supervise(id, wire.SuperviseModeWhisper)
	must(t, a.WaitPart(limit(t), 1300))
	must(t, caller.WaitTone(limit(t), 900))

	t.Log("leaves: the caller who waits has the line")
	api, err := r.API("supervisor")
	must(t, err)
	_, err = api.LeaveCallWithResponse(limit(t), id, wire.Leave{Supervisor: "103"})
	must(t, err)
	r.talk(second, line)
	must(t, caller.WaitTone(limit(t), 900))
	must(t, second.Hangup())
	r.lineIs("103", "idle")

	t.Log("takes over on the line, and has it back after the call")
	r.supervise(id, wire.SuperviseModeTakeover)
	ended(t, a)
	r.talk(caller, line)
	must(t, agentIs(t, desk, "103", acd.StateTalking, ""))
	must(t, caller.Hangup())
	r.lineIs("103", "idle")
	stays(t, line)
	notRung(t, eva)
	r.eventually("free", func() error { return deviceIs(t, desk, "103", orchestrator.DeviceFree) })
	r.dial(eva, "*482")
	ended(t, line)
	r.settled(2)
}
