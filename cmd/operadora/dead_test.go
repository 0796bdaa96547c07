package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestDeadPBX: a PBX dies with callers who wait for agents of another one, and who have
// waited for longer than that one's own callers. Those are served at once, and nothing is
// left of the others when it is back.
func TestDeadPBX(t *testing.T) {
	t.Parallel()
	r := newTwoRig(t, rigOptions{agents: 1, beside: &centre.Beside{Endpoints: lab.Desk(201, 202)}, files: map[string]string{"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: "201", pbx: other, endpoint: PJSIP/201, queues: [sales]}
  - {id: "202", pbx: other, endpoint: PJSIP/202, queues: [sales]}
`}})
	there := r.there
	_, desk := r.stores()
	eva, zoe := there.desk("201"), there.desk("202")
	calls := 0
	queued := func(at *rig) *lab.Call {
		t.Helper()
		calls++
		c := at.queue(fmt.Sprint(5550000 + calls))
		r.awaitEntry(orchestrator.EntryCallQueued, calls)
		return c
	}

	t.Log("three callers of the main PBX wait, and then two of the other one")
	there.dial(eva, "*481")
	r.able(desk, "201")
	first := queued(there)
	e := there.takes(eva, first)
	var dead []*lab.Call
	for range 3 {
		dead = append(dead, queued(r.rig))
	}
	second, third := queued(there), queued(there)

	t.Log("the main PBX dies; an agent of the other one becomes free, and another logs in")
	must(t, r.Asterisk.Kill())
	r.eventually("nobody rings phones that cannot be there", func() error { return deviceIs(t, desk, "101", orchestrator.DeviceUnreachable) })
	r.eventually("who waits there is told apart", func() error {
		b, err := desk.Board(limit(t), 0)
		if err != nil {
			return err
		}
		for _, q := range b.Queues {
			if q.ID == "sales" && q.Callers == 5 && q.Away == 3 {
				return nil
			}
		}
		return fmt.Errorf("%+v", b.Queues)
	})
	api, err := there.API("supervisor")
	must(t, err)
	if out, err := there.Run("explain", "201", r.awaitEntry(orchestrator.EntryCallQueued, 2).Call, "--token", api.Token, "--url", api.Base); err != nil || !strings.Contains(out, "pbx main, where the caller is, has been away for") {
		t.Errorf("explain: %v: %s", err, out)
	}
	for _, c := range dead {
		_ = c.Hangup() // nobody answers it any more
	}
	must(t, e.Hangup())
	ended(t, first)
	e = there.takes(eva, second)
	there.dial(zoe, "*481")
	z := there.takes(zoe, third)

	t.Log("it is back: its callers are gone, and nothing of them is left")
	must(t, r.Asterisk.Restart(limit(t)))
	r.eventually("nobody waits", func() error {
		snap, err := desk.Snapshot(limit(t))
		if err == nil && len(snap.Calls) > 0 {
			err = fmt.Errorf("%+v", snap.Calls)
		}
		return err
	})
	must(t, z.Hangup())
	ended(t, third)
	r.able(desk, "202")
	c := queued(r.rig)
	z = there.takes(zoe, c)
	must(t, c.Hangup())
	ended(t, z)
	must(t, second.Hangup())
	ended(t, e)
	for _, got := range r.settled(calls) {
		want := orchestrator.OutcomeServed
		if got.Caller.Number >= "5550002" && got.Caller.Number <= "5550004" {
			want = orchestrator.OutcomeLost
		}
		if got.Outcome != want {
			t.Errorf("the record of %s is %s, want %s", got.Caller.Number, got.Outcome, want)
		}
	}
}
