package main

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestTransfersCross: two agents who talk transfer their callers to each other at the
// same instant; then one caller is transferred twice at the same instant, to an
// agent and to a queue. Everybody talks with somebody, and nobody is rung for nothing.
func TestTransfersCross(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 3, files: map[string]string{
		"queues.yaml": strings.Replace(rigQueues, "dispositions:", "  - {id: billing, wrap_up: 0s}\ndispositions:", 1),
		"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: "102", pbx: main, endpoint: PJSIP/102, queues: [sales]}
  - {id: "103", pbx: main, endpoint: PJSIP/103, queues: [billing]}
`}})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	ana := r.login("101")
	first := r.queue("5550001")
	a := r.takes(ana, first)
	ben := r.login("102")
	second := r.queue("5550002")
	b := r.takes(ben, second)
	ids := map[string]string{"101": r.awaitEntry(orchestrator.EntryCallConnected, 1).Call, "102": r.awaitEntry(orchestrator.EntryCallConnected, 2).Call}
	transfer := func(call string, kind wire.TargetKind, name string) error {
		_, err := api.TransferCallWithResponse(limit(t), call, wire.Transfer{Kind: kind, Name: name})
		return err
	}

	t.Log("to each other")
	var both sync.WaitGroup
	for from, to := range map[string]string{"101": "102", "102": "101"} {
		both.Go(func() {
			if err := transfer(ids[from], wire.TargetKindAgent, to); err != nil {
				t.Errorf("%s transfers to %s: %v", from, to, err)
			}
		})
	}
	both.Wait()
	ended(t, a)
	ended(t, b)
	b = r.takes(ben, first)
	a = r.takes(ana, second)

	t.Log("one caller, to two at once: one of them has it")
	eva := r.login("103")
	results := make(chan error, 2)
	both.Go(func() { results <- transfer(ids["101"], wire.TargetKindAgent, "103") })
	both.Go(func() { results <- transfer(ids["101"], wire.TargetKindQueue, "billing") })
	both.Wait()
	if one, two := <-results, <-results; one != nil && two != nil {
		t.Errorf("nobody may have the caller: %v, %v", one, two)
	}
	ended(t, b)
	e := r.takes(eva, first)
	must(t, e.Hangup())
	ended(t, first)
	must(t, second.Hangup())
	ended(t, a)
	for _, c := range r.settled(2) {
		if c.Outcome != orchestrator.OutcomeServed || c.Offers != map[string]int{"5550001": 3, "5550002": 2}[c.Caller.Number] {
			t.Errorf("the record: %+v", c)
		}
	}
}

// TestCutInEveryStage cuts the connection to the PBX in every stage of a consultation,
// a conference, a supervisor's visit and a call that an agent makes. Meanwhile
// somebody answers, or hangs up, or nothing happens; afterwards all is as if
// operadora had been there.
func TestCutInEveryStage(t *testing.T) {
	t.Parallel()
	w := newCable(t)
	inEveryStage(t, w.lay, func(r *rig, meanwhile func()) {
		mark := r.Log.Mark()
		w.cut()
		r.waitLog(mark, `msg="pbx disconnected"`)
		meanwhile()
		w.mend()
		r.waitLog(mark, `msg="pbx connected"`)
	})
}

// TestKilledInEveryStage is the same with kill -9.
func TestKilledInEveryStage(t *testing.T) {
	t.Parallel()
	inEveryStage(t, nil, func(r *rig, meanwhile func()) {
		r.kill()
		meanwhile()
		r.start()
	})
}

func inEveryStage(t *testing.T, via func(string) string, trouble func(r *rig, meanwhile func())) {
	t.Helper()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := newRig(t, rigOptions{agents: 3, via: via,
		asterisk: lab.AsteriskOptions{Trunks: []lab.Trunk{{Name: "trunk", Addr: carrier.Addr()}}},
		config:   "    outbound: {dial: \"PJSIP/{number}@trunk\", region: ES, allow: [\"+3491\"]}\n",
		files: map[string]string{"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, team: all, queues: [sales]}
  - {id: ben, pbx: main, endpoint: PJSIP/102, queues: []}
  - {id: "103", pbx: main, endpoint: PJSIP/103, pin: "4712"}
teams:
  - {id: all, supervisors: ["103"], may: [listen, whisper, barge, takeover]}
`}})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	cut := func(meanwhile func()) {
		t.Helper()
		trouble(r, meanwhile)
		api, err = r.API("supervisor")
		must(t, err)
	}
	nothing := func() {}
	ana, ben, eva := r.login("101"), r.login("102"), r.desk("103")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 1).Call

	t.Log("a consultation: while it rings, in it, after a swap")
	r.asks(api, id, wire.TargetKindAgent, "ben")
	b := r.next(ben)
	must(t, b.Ring())
	cut(func() { must(t, b.Answer()) })
	r.talk(b, a)
	cut(nothing)
	r.talk(b, a)
	r.apart(caller, a)
	r.order(api, id, wire.OrderSwap)
	r.talk(caller, a)
	cut(nothing)
	r.talk(caller, a)

	t.Log("a conference, which one leaves while the caller is on hold: the agent is sent silence")
	r.order(api, id, wire.OrderConference)
	r.all(caller, a, b)
	r.order(api, id, wire.OrderHold)
	must(t, caller.WaitSound(limit(t)))
	cut(func() { must(t, b.Hangup()) })
	r.told(orchestrator.EntryCallConsult, `"result":"left"`)
	must(t, a.WaitSilence(limit(t), 300*time.Millisecond))
	r.order(api, id, wire.OrderResume)
	r.talk(caller, a)

	t.Log("a supervisor: while the phone rings, listening, whispering, and gone")
	r.supervise(id, wire.SuperviseModeListen)
	e := r.next(eva)
	must(t, e.Ring())
	cut(func() { must(t, e.Answer()) })
	e.PlayTone(1300)
	must(t, e.WaitPart(limit(t), 500))
	must(t, e.WaitPart(limit(t), 900))
	cut(nothing)
	r.supervise(id, wire.SuperviseModeWhisper)
	must(t, a.WaitPart(limit(t), 1300))
	cut(nothing)
	must(t, a.WaitPart(limit(t), 1300))
	must(t, caller.WaitTone(limit(t), 900))
	cut(func() { must(t, e.Hangup()) })
	r.told(orchestrator.EntryCallSupervised, `"state":"off"`)
	r.talk(caller, a)
	cut(func() { must(t, caller.Hangup()) })
	ended(t, a)

	t.Log("a call that the agent makes: while the customer's phone rings, and talking")
	_, desk := r.stores()
	r.eventually("the agent wraps up", func() error { return agentIs(t, desk, "101", acd.StateAvailable, "") })
	_, err = api.DialForAgentWithResponse(limit(t), "101", wire.Dial{Number: "910000001"})
	must(t, err)
	a = r.next(ana)
	must(t, a.Ring())
	cut(func() { must(t, a.Answer()) })
	c := r.next(carrier)
	must(t, c.Ring())
	cut(func() { must(t, c.Answer()) })
	r.talk(c, a)
	cut(func() { must(t, a.Hangup()) })
	ended(t, c)
	r.settled(1)
	if got := r.settledOf(orchestrator.KindOutbound, 1)[0]; got.Outcome != orchestrator.OutcomeServed || got.TalkMS == 0 {
		t.Errorf("the record: %+v", got)
	}
}

// TestLineDropsAtTheMatch: an agent hangs the permanent line up at the instant at
// which a caller who waits is matched with it, a little earlier and a little later.
// No caller is cut off: the agent was not told of the call yet, and each talks with
// the agent once the line is back.
func TestLineDropsAtTheMatch(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1, files: map[string]string{"queues.yaml": lineQueues}})
	r.start()
	_, desk := r.stores()
	api, err := r.API("supervisor")
	must(t, err)
	ana := r.desk("101")
	line := r.loginLine(ana)
	ready := func() error {
		_, err := api.ResumeAgentWithResponse(limit(t), "101", wire.AgentForce{})
		if p, ok := errors.AsType[*client.Refusal](err); ok && p.Status == http.StatusConflict {
			return nil // ready already
		}
		return err
	}
	offsets := []time.Duration{-4 * time.Millisecond, 0, 4 * time.Millisecond, 8 * time.Millisecond, 16 * time.Millisecond}
	for n, offset := range offsets {
		_, err := api.PauseAgentWithResponse(limit(t), "101", wire.AgentPause{Reason: "lunch"})
		must(t, err)
		r.eventually("the pause", func() error { return agentIs(t, desk, "101", acd.StatePaused, "lunch") })
		caller := r.queue("5550001")
		r.awaitEntry(orchestrator.EntryCallQueued, n+1)
		var both sync.WaitGroup
		after := func(d time.Duration, do func() error) {
			both.Go(func() {
				<-time.NewTimer(d).C
				if err := do(); err != nil {
					t.Error(err)
				}
			})
		}
		after(max(0, -offset), ready)
		after(max(0, offset), line.Hangup)
		both.Wait()
		r.eventually("the line is rung again", func() error { // by itself when the agent is ready after it went
			select {
			case line = <-ana.Incoming():
				return nil
			default:
				must(t, ready())
				return errors.New("the phone does not ring")
			}
		})
		must(t, line.Answer())
		line.PlayTone(900)
		select {
		case <-caller.Done():
			t.Fatalf("the caller was cut off, %v after the agent was ready", offset)
		case <-caller.FirstTone(900):
			r.talk(caller, line)
			must(t, caller.Hangup())
		case <-limit(t).Done():
			t.Fatal("the caller talks with nobody")
		}
		r.lineIs("101", "idle")
		stays(t, line)
	}
	r.dial(ana, "*482")
	ended(t, line)
	for _, c := range r.settled(len(offsets)) {
		if c.Outcome != orchestrator.OutcomeServed {
			t.Errorf("the record: %+v", c)
		}
	}
}
