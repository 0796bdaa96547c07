package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestTwoPBXs: one queue over two Asterisks, with a trunk between them.
func TestTwoPBXs(t *testing.T) {
	t.Parallel()
	if centre.OnFreeSWITCH() {
		t.Skip("TestBothAtOnce has a FreeSWITCH beside an Asterisk")
	}
	oneQueue(t, centre.Beside{}, "PJSIP")
}

// at is the rig with its phones and callers at one of its PBXs.
func (r *rig) at(pbx centre.Switch) *rig {
	site := *r.Site
	site.Switch = pbx
	return &rig{&site, r.t}
}

// oneQueue lets callers and agents of one queue be at two PBXs: each is served from
// where the agent is, in one order of waiting, by the nearest of equals.
func oneQueue(t *testing.T, beside centre.Beside, tech string) {
	beside.Endpoints = lab.Desk(201, 202)
	r := newRig(t, rigOptions{agents: 2, beside: &beside, config: "    keys: {prefix: \"*\"}\n", files: map[string]string{"agents.yaml": fmt.Sprintf(`agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: "102", pbx: main, endpoint: PJSIP/102}
  - {id: "201", pbx: other, endpoint: %[1]s/201, queues: [sales], team: far, auto_answer: true}
  - {id: "202", pbx: other, endpoint: %[1]s/202, pin: "4711"}
teams:
  - {id: far, supervisors: ["202"], may: [listen, whisper]}
`, tech)}})
	r.start()
	if out, err := r.Run("doctor", "--json"); !strings.Contains(out, "phones of PBX \\\"other\\\" are rung over") || !strings.Contains(out, "phones of PBX \\\"main\\\" are rung over") {
		t.Errorf("doctor, %v: %s", err, out)
	}
	here, there := r.at(r.Switch), r.at(r.Other)
	_, desk := r.stores()
	ana, ben := here.desk("101"), here.desk("102")
	eva, zoe := there.desk("201"), there.desk("202")
	calls := 0
	queued := func(at *rig) *lab.Call {
		t.Helper()
		calls++
		return at.queue(fmt.Sprint(5550000 + calls))
	}

	t.Log("a caller there, an agent here")
	here.dial(ana, "*481")
	r.able(desk, "101")
	c := queued(there)
	a := here.next(ana)
	if number, _ := a.Caller(); number != "5550001" {
		t.Errorf("the phone shows %q", number)
	}
	must(t, a.Answer())
	r.talk(c, a)
	must(t, a.Hangup())
	ended(t, c)
	r.able(desk, "101")

	t.Log("a caller here, an agent there, who does not pick up at first; killed while they talk")
	here.dial(ana, "*482")
	there.dial(eva, "*481")
	r.able(desk, "201")
	c = queued(here)
	must(t, there.next(eva).Reject(603))
	r.told(orchestrator.EntryCallMissed, `"201"`, `"rejected"`)
	e := there.takes(eva, c)
	if got := e.Header("Alert-Info"); !strings.Contains(got, "alert-autoanswer") {
		t.Errorf("the phone is not asked to answer by itself: %q", got)
	}
	r.kill()
	r.start()
	r.talk(c, e)

	t.Log("their keys and codes, and a supervisor")
	must(t, e.SendDTMF("*1"))
	r.told(orchestrator.EntryCallHeld, `"agent:201"`)
	must(t, e.SendDTMF("*1"))
	r.talk(c, e)
	api, err := r.API("supervisor")
	must(t, err)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 2).Call
	_, err = r.Run("call", "listen", id, "--as", "202", "--token", api.Token, "--url", api.Base)
	must(t, err)
	z := there.answers(zoe)
	must(t, z.WaitPart(limit(t), 500))
	must(t, z.WaitPart(limit(t), 900))
	must(t, z.Hangup())
	if !r.refusesTransfer(e) { // a FreeSWITCH does not: it rings the phone again
		ended(t, e)
		e = there.answers(eva)
	}
	r.talk(c, e)
	here.dial(ben, "*481")
	r.able(desk, "102")
	code, err := eva.Place(limit(t), "*488102", lab.DialOptions{})
	must(t, err)
	b := here.takes(ben, c)
	ended(t, e)
	_ = code.Hangup() // or the flow does
	must(t, c.Hangup())
	ended(t, b)

	t.Log("the nearest of equals: who is there for longer is farther away")
	r.able(desk, "201")
	here.dial(ana, "*481")
	r.able(desk, "101")
	c = queued(here)
	a = here.takes(ana, c)
	far := queued(there)
	e = there.takes(eva, far)

	t.Log("one order of waiting")
	var waiting []*lab.Call
	for i, at := range []*rig{there, here, there} {
		waiting = append(waiting, queued(at))
		r.eventually("they wait in the order in which they came", func() error {
			snap, err := desk.Snapshot(limit(t))
			if err != nil {
				return err
			}
			if n := len(snap.Calls); n != i+1 || snap.Calls[i].Queue != "sales" || snap.Calls[i].Position != i+1 {
				return fmt.Errorf("%d wait, the last at %+v", n, snap.Calls)
			}
			return nil
		})
	}
	must(t, a.Hangup())
	for i, w := range waiting {
		a = here.takes(ana, w)
		if i+1 < len(waiting) {
			must(t, a.Hangup())
			ended(t, w)
		}
	}
	must(t, waiting[2].Hangup())
	must(t, far.Hangup())
	ended(t, e)
	for _, got := range r.settled(calls) {
		if got.Outcome != orchestrator.OutcomeServed {
			t.Errorf("the record: %+v", got)
		}
	}
}

// refusesTransfer presses the transfer key of a phone and tells whether the phone is
// told that it will not be.
func (r *rig) refusesTransfer(c *lab.Call) bool {
	r.t.Helper()
	if c.Refer(limit(r.t), "4711", nil) != nil {
		return true // at once
	}
	status, err := c.TransferEnds(limit(r.t))
	must(r.t, err)
	return status >= 300
}

// TestReachOfPBXs: ways between PBXs that cannot be right are told by their key.
func TestReachOfPBXs(t *testing.T) {
	t.Parallel()
	pbx := func(kind Kind, reach gate.Reach) PBXConfig { return PBXConfig{Kind: kind, Reach: reach} }
	a, f := KindAsterisk, KindFreeSWITCH
	for want, pbxs := range map[string]map[string]PBXConfig{
		"":                            {"a": pbx(a, gate.Reach{"f": "PJSIP/{endpoint}@f"}), "f": pbx(f, gate.Reach{"a": "sofia/gateway/a/{endpoint}"}), "z": pbx(a, nil)},
		`pbxs.a.reach.f: "PJSIP/1@f"`: {"a": pbx(a, gate.Reach{"f": "PJSIP/1@f"}), "f": pbx(f, nil)},
		`pbxs.a.reach.a: a PBX's own`: {"a": pbx(a, gate.Reach{"a": "PJSIP/{endpoint}@f"})},
		`pbxs.a.reach.x: "x" is not`:  {"a": pbx(a, gate.Reach{"x": "PJSIP/{endpoint}@f"})},
		"pbxs.a.reach.f: \"sofia/gateway/f/{endpoint}\" is no endpoint of a PBX of kind \"asterisk\"": {
			"a": pbx(a, gate.Reach{"f": "sofia/gateway/f/{endpoint}"}), "f": pbx(f, nil)},
		"pbxs.a.reach.f: pbxs.f.reach.a is missing": {"a": pbx(a, gate.Reach{"f": "PJSIP/{endpoint}@f"}), "f": pbx(f, nil)},
		"pbxs.a.reach.b: pbxs.a.reach.c is missing": {"a": pbx(a, gate.Reach{"b": "PJSIP/{endpoint}@b"}),
			"b": pbx(a, gate.Reach{"a": "PJSIP/{endpoint}@a", "c": "PJSIP/{endpoint}@c"}), "c": pbx(a, gate.Reach{"b": "PJSIP/{endpoint}@b"})},
	} {
		err := checkReach(pbxs)
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if want == "" {
			if got := groupsOf(pbxs); got["a"] != "a" || got["f"] != "a" || got["z"] != "" {
				t.Errorf("groups %v", got)
			}
		}
	}
}
