package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// twoRig is a rig with two PBXs and two processes, each of which drives one of them
// first: one drives main, and two the other.
type twoRig struct {
	*rig         // with process one, at the PBX main
	there   *rig // with process two, at the other
	killTwo func()
}

func newTwoRig(t *testing.T, o rigOptions) *twoRig {
	t.Helper()
	r := restingTwoRig(t, o)
	r.beginBoth()
	r.drives(r.there.Log, 0, centre.OtherPBX)
	return r
}

// beginBoth starts both at once: who waited for one to serve before the other begins would see the
// first take both PBXs, on a machine on which that takes longer than the engine leaves a PBX to who it is of.
func (r *twoRig) beginBoth() {
	r.t.Helper()
	must(r.t, r.Begin())
	r.launchTwo()
	r.waitLog(0, "msg=serving")
	r.servesTwo()
	r.drives(r.Log, 0, centre.PBX)
}

// restingTwoRig is one whose processes do not run yet.
func restingTwoRig(t *testing.T, o rigOptions) *twoRig {
	t.Helper()
	o.beside.Config += "    instance: two\n"
	o.config += "    instance: one\ninstance: one\n"
	r := &twoRig{rig: newRig(t, o)}
	r.there = r.at(r.Other)
	return r
}

// begin starts process one.
func (r *twoRig) begin() {
	r.t.Helper()
	mark := r.Log.Mark()
	must(r.t, r.Begin())
	r.waitLog(mark, "msg=serving")
}

// beginTwo starts process two.
func (r *twoRig) beginTwo() {
	r.t.Helper()
	r.launchTwo()
	r.servesTwo()
}

// servesTwo waits until process two serves.
func (r *twoRig) servesTwo() {
	r.t.Helper()
	must(r.t, r.there.Log.Wait(limit(r.t), 0, "msg=serving", nil))
}

// launchTwo starts process two, with a log of its own, and does not wait for it.
func (r *twoRig) launchTwo() {
	r.t.Helper()
	log := centre.NewLogTail()
	kill, err := r.Beside("two", log)
	must(r.t, err)
	r.killTwo, r.there.Log = kill, log
	r.t.Cleanup(func() {
		kill()
		if r.t.Failed() {
			r.t.Logf("the end of the log of process two:\n%s", log.End(100))
		}
		if text := log.Text(); strings.Contains(text, "DATA RACE") || strings.Contains(text, "panic:") {
			r.t.Errorf("process two has a race or panicked:\n%s", text)
		}
	})
}

// drives waits until a process says behind mark that a PBX is connected.
func (r *twoRig) drives(log *centre.LogTail, mark int, pbx string) {
	r.t.Helper()
	must(r.t, log.Wait(limit(r.t), mark, `msg="pbx connected" component=orchestrator pbx=`+pbx, nil))
}

// returns has a phone register at a PBX that was restarted, where that forgets its phones:
// the lab starts a FreeSWITCH without the databases of the one before.
func (r *rig) returns(p *lab.Phone) {
	r.t.Helper()
	if centre.OnFreeSWITCH() {
		must(r.t, p.Register(limit(r.t)))
	}
}

// TestTwoProcesses: two processes drive two PBXs with one queue. Orders, by command,
// by REST and by code, are given to either, lamps and offers go to the right one, and
// each takes over what the other drove, as does the next process, whatever dies.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	r := newTwoRig(t, rigOptions{agents: 2, beside: &centre.Beside{Endpoints: lab.Desk(201, 202)}, files: map[string]string{"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales], team: all}
  - {id: "102", pbx: main, endpoint: PJSIP/102}
  - {id: "201", pbx: other, endpoint: PJSIP/201, queues: [sales], team: all}
  - {id: "202", pbx: other, endpoint: PJSIP/202, pin: "4711"}
teams:
  - {id: all, supervisors: ["202"], may: [listen, whisper]}
`}})
	there := r.there
	_, desk := r.stores()
	ana, ben := r.desk("101"), r.desk("102")
	eva, zoe := there.desk("201"), there.desk("202")
	one, err := r.API("supervisor")
	must(t, err)
	two, err := there.API("supervisor")
	must(t, err)
	if one.Base == two.Base {
		t.Fatalf("both processes serve at %s", one.Base)
	}
	calls := 0
	queued := func(at *rig) *lab.Call {
		t.Helper()
		calls++
		return at.queue(fmt.Sprint(5550000 + calls))
	}
	connected := 0
	talks := func() string {
		t.Helper()
		connected++
		return r.awaitEntry(orchestrator.EntryCallConnected, connected).Call
	}

	t.Log("an agent who is logged in by the process that drives the other PBX; phones of both see it")
	lamp, err := zoe.WatchLamp(limit(t), "*487201")
	must(t, err)
	lampHere, err := ben.WatchLamp(limit(t), "*487201")
	must(t, err)
	lampThere, err := zoe.WatchLamp(limit(t), "*487102")
	must(t, err)
	_, err = r.Run("agent", "login", "201", "--token", one.Token, "--url", one.Base)
	must(t, err)
	shows := func(l *lab.Lamp, want string) {
		t.Helper()
		for state := ""; state != want; {
			select {
			case state = <-l.States():
			case <-limit(t).Done():
				t.Fatalf("the lamp never showed %s", want)
			}
		}
	}
	shows(lamp, "confirmed")
	shows(lampHere, "confirmed")
	r.able(desk, "201")

	t.Log("orders to the process that does not have the call")
	c := queued(r.rig)
	e := there.takes(eva, c)
	id := talks()
	there.order(two, id, wire.OrderHold)
	r.told(orchestrator.EntryCallHeld, `"api:`)
	must(t, c.WaitSound(limit(t)))
	there.order(two, id, wire.OrderResume)
	r.talk(c, e)
	_, err = there.Run("call", "listen", id, "--as", "202", "--token", two.Token, "--url", two.Base)
	must(t, err)
	z := there.answers(zoe)
	must(t, z.WaitPart(limit(t), 500))
	there.order(two, id, wire.OrderHold)
	there.order(one, id, wire.OrderResume)
	must(t, z.Hangup())
	r.talk(c, e)

	t.Log("a code at the phone of one PBX for a call of the other")
	r.dial(ben, "*481")
	r.able(desk, "102")
	shows(lampThere, "confirmed")
	code, err := eva.Place(limit(t), "*488102", lab.DialOptions{})
	must(t, err)
	b := r.takes(ben, c)
	talks()
	ended(t, e)
	_ = code.Hangup() // or the flow does
	must(t, c.Hangup())
	ended(t, b)
	r.dial(ben, "*482")
	shows(lampThere, "terminated")

	t.Log("a permanent line that the other process is asked for")
	_, err = there.Run("agent", "login", "101", "--line", "--token", two.Token, "--url", two.Base)
	must(t, err)
	line := r.answers(ana)
	r.lineIs("101", "idle")
	c = queued(r.rig)
	r.talk(c, line)
	onLine := talks()

	t.Log("kill -9 of the process that drives the other PBX, with callers there who talk and who wait")
	r.able(desk, "201")
	far := queued(there)
	e = there.takes(eva, far)
	far1 := talks()
	waits := queued(there)
	r.awaitQueued(fmt.Sprint(5550000 + calls))
	mark := r.Log.Mark()
	r.killTwo()
	r.drives(r.Log, mark, centre.OtherPBX)
	r.talk(far, e)
	r.dial(ben, "*481")
	shows(lampThere, "confirmed")
	r.dial(ben, "*482")
	r.order(one, far1, wire.OrderHold)
	r.order(one, far1, wire.OrderResume)
	must(t, far.Hangup())
	ended(t, e)
	e = there.takes(eva, waits)
	talks()

	t.Log("the next process asks for what the first one drives; kill -9 of that one, too")
	r.beginTwo()
	two, err = there.API("supervisor")
	must(t, err)
	there.order(two, onLine, wire.OrderHold)
	there.order(two, onLine, wire.OrderResume)
	r.talk(c, line)
	r.kill()
	r.drives(there.Log, 0, centre.PBX)
	r.drives(there.Log, 0, centre.OtherPBX)
	r.talk(c, line)
	r.talk(waits, e)
	must(t, c.Hangup())
	stays(t, line)
	must(t, e.Hangup())
	ended(t, waits)

	t.Log("the PBX dies that the agent is at; the caller of the other one keeps the place")
	r.begin()
	_, err = there.API("supervisor")
	must(t, err)
	r.able(desk, "201")
	r.dial(ana, "*482")
	ended(t, line)
	c = queued(r.rig)
	e = there.takes(eva, c)
	talks()
	waits = queued(r.rig)
	r.awaitQueued(fmt.Sprint(5550000 + calls))
	mark = there.Log.Mark()
	must(t, r.Other.Kill())
	r.eventually("nobody rings phones that cannot be there", func() error { return deviceIs(t, desk, "201", orchestrator.DeviceUnreachable) })
	must(t, c.Hangup()) // it hears nothing any more
	must(t, r.Other.Restart(limit(t)))
	r.drives(there.Log, mark, centre.OtherPBX)
	there.returns(eva)
	_ = e.Hangup()              // the far end is gone
	e = there.takes(eva, waits) // as soon as the phone can be rung again
	must(t, e.Hangup())
	ended(t, waits)
	r.entries(func(e orchestrator.Entry) {
		if e.Type == orchestrator.EntryCallMissed {
			t.Errorf("a phone was rung in vain: %s", e.Data)
		}
	})
	for _, got := range r.settled(calls) {
		if got.Outcome != orchestrator.OutcomeServed {
			t.Errorf("the record: %+v", got)
		}
	}
}

// TestTroubleOfTwoProcesses: a callback is given up by calling again at the PBX of the other
// process, and when Redis is away for ten seconds, or the first PBX dies, callers and agents
// of both are where they were.
func TestTroubleOfTwoProcesses(t *testing.T) {
	t.Parallel()
	outbound := "    outbound: {dial: \"PJSIP/{number}@trunk\", region: ES, allow: [\"+34\"]}\n"
	r := newTwoRig(t, rigOptions{agents: 1, beside: &centre.Beside{Endpoints: lab.Desk(201, 201), Config: outbound}, config: outbound, files: map[string]string{
		"queues.yaml":     strings.Replace(rigQueues, "{id: sales,", "{id: sales, caller_id: \"+34910000000\", callback: {}, ", 1),
		"flows/back.yaml": callbackFlow, "dids.yaml": "dids:\n  \"5000\": line\n  \"5002\": back\n",
		"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: "201", pbx: other, endpoint: PJSIP/201, queues: [sales]}
`}})
	there := r.there
	_, desk := r.stores()
	ana, eva := r.desk("101"), there.desk("201")
	api, err := r.API("supervisor")
	must(t, err)

	t.Log("a callback that process one has is given up at the PBX of process two, and the other way round")
	for n, at := range map[string][2]*rig{"910000001": {r.rig, there}, "910000002": {there, r.rig}} {
		at[0].asksBack(n)
		r.callbacks(api, 1)
		c := at[1].call(n, "5002")
		must(t, c.WaitSound(limit(t)))
		must(t, c.SendDTMF("2"))
		ended(t, c)
		r.callbacks(api, 0)
	}

	t.Log("Redis is away for ten seconds, with callers of both PBXs who talk and who wait")
	r.dial(ana, "*481")
	there.dial(eva, "*481")
	c1 := r.queue("5550001")
	a := r.takes(ana, c1)
	c2 := there.queue("5550002")
	e := there.takes(eva, c2)
	w1, w2 := r.queue("5550003"), there.queue("5550004")
	r.awaitQueued("5550003")
	r.awaitQueued("5550004")
	r.killRedis()
	time.Sleep(10 * time.Second) // that is how long it is away
	r.talk(c1, a)
	there.talk(c2, e)
	must(t, r.Redis.Restart(limit(t)))
	must(t, a.Hangup())
	ended(t, c1)
	a = r.takes(ana, w1)
	must(t, e.Hangup())
	ended(t, c2)
	e = there.takes(eva, w2)

	t.Log("the first PBX dies; who waits at the other is served there, and its agent once it is back")
	w3 := there.queue("5550005")
	r.awaitQueued("5550005")
	must(t, r.Switch.Kill())
	r.eventually("nobody rings phones that cannot be there", func() error { return deviceIs(t, desk, "101", orchestrator.DeviceUnreachable) })
	_ = w1.Hangup() // nobody answers it any more
	must(t, e.Hangup())
	ended(t, w2)
	e = there.takes(eva, w3)
	w4 := there.queue("5550006")
	r.awaitQueued("5550006")
	must(t, r.Switch.Restart(limit(t)))
	r.returns(ana)
	r.eventually("its phones can be rung again", func() error { return deviceIs(t, desk, "101", orchestrator.DeviceFree) })
	_ = a.Hangup() // the far end is gone
	a = r.takes(ana, w4)
	must(t, a.Hangup())
	ended(t, w4)
	must(t, e.Hangup())
	ended(t, w3)
	for _, got := range r.settled(10) {
		want := orchestrator.OutcomeServed
		switch {
		case strings.HasPrefix(got.Caller.Number, "+34"): // asked for a callback, and gave it up
			continue
		case got.Caller.Number == "5550003": // was at the PBX that died
			want = orchestrator.OutcomeLost
		}
		if got.Outcome != want {
			t.Errorf("the record of %s is %s, want %s", got.Caller.Number, got.Outcome, want)
		}
	}
}
