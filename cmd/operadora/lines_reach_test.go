package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestLineAtTheOtherPBX: callers of one Asterisk are served by an agent on a permanent
// line of the other.
func TestLineAtTheOtherPBX(t *testing.T) {
	t.Parallel()
	if centre.OnFreeSWITCH() {
		t.Skip("TestLineAtAFreeSWITCH has a FreeSWITCH beside an Asterisk")
	}
	lineThere(t, centre.Beside{}, "PJSIP")
}

// lineThere has callers at one PBX and an agent on a permanent line at the other, each
// driven by a process of its own: calls come on the line, one after the other, with
// keys, codes and a supervisor, whichever process is killed, and the phone never rings.
func lineThere(t *testing.T, beside centre.Beside, tech string) {
	beside.Endpoints = lab.Desk(201, 202)
	r := newTwoRig(t, rigOptions{agents: 2, beside: &beside, config: "    keys: {prefix: \"*\"}\n", files: map[string]string{"agents.yaml": fmt.Sprintf(`agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101}
  - {id: "201", pbx: other, endpoint: %[1]s/201, queues: [sales], team: far}
  - {id: "202", pbx: other, endpoint: %[1]s/202, pin: "4711"}
teams:
  - {id: far, supervisors: ["202"], may: [listen, whisper]}
`, tech)}})
	there := r.there
	_, desk := r.stores()
	ana, eva, zoe := r.desk("101"), there.desk("201"), there.desk("202")
	line := there.loginLine(eva)
	r.able(desk, "201")

	t.Log("a caller comes on the line, and the next one as soon as that is over; then one of the line's own PBX")
	c := r.queue("5550001")
	r.talk(c, line)
	there.lineIs("201", "lent")
	waits := r.queue("5550002")
	r.awaitEntry(orchestrator.EntryCallQueued, 2)
	must(t, c.Hangup())
	r.talk(waits, line)
	own := there.queue("5550003")
	r.awaitEntry(orchestrator.EntryCallQueued, 3)
	must(t, waits.Hangup())
	r.talk(own, line)
	c = r.queue("5550004")
	r.awaitEntry(orchestrator.EntryCallQueued, 4)
	must(t, own.Hangup())
	r.talk(c, line)

	t.Log("keys on the line, and a supervisor")
	must(t, line.SendDTMF("*1"))
	r.told(orchestrator.EntryCallHeld, `"agent:201"`)
	must(t, line.SendDTMF("*1"))
	r.talk(c, line)
	api, err := r.API("supervisor")
	must(t, err)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 4).Call
	_, err = r.Run("call", "listen", id, "--as", "202", "--token", api.Token, "--url", api.Base)
	must(t, err)
	z := there.answers(zoe)
	must(t, z.WaitPart(limit(t), 500))
	must(t, z.WaitPart(limit(t), 900))
	must(t, z.Hangup())

	t.Log("kill -9 of the process of the line, and of the caller's")
	mark := r.Log.Mark()
	r.killTwo()
	r.drives(r.Log, mark, centre.OtherPBX)
	r.talk(c, line)
	r.beginTwo()
	r.kill()
	r.drives(there.Log, 0, centre.PBX)
	r.drives(there.Log, 0, centre.OtherPBX)
	r.talk(c, line)

	t.Log("a code at the phone sends the caller on; the line is free")
	r.dial(ana, "*481")
	r.able(desk, "101")
	code, err := eva.Place(limit(t), "*488101", lab.DialOptions{})
	must(t, err)
	a := r.takes(ana, c)
	_ = code.Hangup() // or the flow does
	there.lineIs("201", "idle")
	stays(t, line)
	must(t, a.Hangup())
	ended(t, c)
	r.dial(ana, "*482")
	r.able(desk, "201")

	t.Log("the agent hangs the line up while they talk: the call is over, and the agent is paused")
	c = r.queue("5550005")
	r.talk(c, line)
	must(t, line.Hangup())
	ended(t, c)
	r.eventually("the pause", func() error { return agentIs(t, desk, "201", acd.StatePaused, orchestrator.ReasonLine) })
	there.dial(eva, "*482")
	ctx, cancel := context.WithTimeout(limit(t), 100*time.Millisecond)
	defer cancel()
	if _, err := eva.NextCall(ctx); err == nil {
		t.Error("the phone was rung beside the line")
	}
	for _, got := range r.settled(5) {
		if got.Outcome != orchestrator.OutcomeServed {
			t.Errorf("the record: %+v", got)
		}
	}
}
