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
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// outboundRig is a centre whose agents call through a carrier.
func outboundRig(t *testing.T, carrier *lab.Phone, rules string) *rig {
	t.Helper()
	r := newRig(t, rigOptions{
		agents: 2, asterisk: lab.AsteriskOptions{Trunks: []lab.Trunk{{Name: "trunk", Addr: carrier.Addr()}}},
		files: map[string]string{
			"queues.yaml": strings.Replace(rigQueues, "{id: sales,", "{id: billing, dial_code: \"12\", caller_id: \"+34910000012\"}\n  - {id: sales, caller_id: \"+34910000000\",", 1),
			"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales, billing]}
  - {id: "102", pbx: main, endpoint: PJSIP/102, queues: [sales]}
`},
		config: "    outbound: {dial: \"PJSIP/{number}@trunk\", region: ES, allow: [\"+34\"], deny: [\"+34960\"]" + rules + "}\n",
	})
	r.start()
	return r
}

// TestAgentsCall has agents call customers: by a click and by a code at the desk
// phone, reached and not, with everybody who hangs up, and with the process killed.
func TestAgentsCall(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := outboundRig(t, carrier, "")
	api, err := r.API("supervisor")
	must(t, err)
	ana := r.login("101")
	_, desk := r.stores()
	dial := func(number, key string) string {
		t.Helper()
		res, err := api.DialForAgentWithResponse(limit(t), "101", wire.Dial{Number: number, Key: key})
		must(t, err)
		if res.JSON202 == nil {
			t.Fatalf("dial: %s", res.Body)
		}
		return res.JSON202.Call
	}
	free := func() {
		t.Helper()
		r.eventually("the agent wraps up", func() error { return agentIs(t, desk, "101", acd.StateAvailable, "") })
		r.eventually("the phone is free", func() error { return deviceIs(t, desk, "101", orchestrator.DeviceFree) })
	}
	free()

	t.Log("by a click: the agent's phone first, then the customer's; the same key is the same call")
	id := dial("910 000 001", "k1")
	a := r.next(ana)
	if number, _ := a.Caller(); number != "+34910000001" {
		t.Errorf("the agent's phone shows %q", number)
	}
	must(t, a.Answer())
	c := r.next(carrier)
	if number, _ := c.Caller(); number != "+34910000000" || c.Number() != "+34910000001" {
		t.Errorf("the customer %q sees %q", c.Number(), number)
	}
	must(t, a.WaitSound(limit(t))) // it rings
	must(t, c.Answer())
	r.talk(c, a)
	if again := dial("910 000 001", "k1"); again != id {
		t.Errorf("the key gave %s, then %s", id, again)
	}
	must(t, agentIs(t, desk, "101", acd.StateTalking, ""))
	must(t, c.Hangup())
	ended(t, a)
	r.eventually("the agent is in wrap-up", func() error { return agentIs(t, desk, "101", acd.StateWrapup, "") })
	free()

	t.Log("by a code at the phone, on behalf of another queue; the agent hangs up")
	code, err := ana.Place(limit(t), "*489*12*910000002", lab.DialOptions{})
	must(t, err)
	c = r.next(carrier)
	if number, _ := c.Caller(); number != "+34910000012" {
		t.Errorf("the customer sees %q", number)
	}
	must(t, c.Answer())
	r.talk(c, code)
	must(t, code.Hangup())
	ended(t, c)
	r.dial(ana, "*485")

	t.Log("busy: the agent hears so, and is free after wrap-up")
	code, err = ana.Place(limit(t), "*489910000003", lab.DialOptions{})
	must(t, err)
	must(t, r.next(carrier).Reject(486))
	ended(t, code)
	free()

	t.Log("the agent gives up while it rings")
	code, err = ana.Place(limit(t), "*489910000004", lab.DialOptions{})
	must(t, err)
	c = r.next(carrier)
	must(t, c.Ring())
	must(t, code.WaitSound(limit(t)))
	must(t, code.Hangup())
	ended(t, c)
	free()

	t.Log("the agent does not pick up")
	dial("910000005", "")
	must(t, r.next(ana).Reject(486))
	free()

	t.Log("kill -9 while the customer's phone rings, and while they talk")
	dial("910000006", "")
	a = r.answers(ana)
	c = r.next(carrier)
	must(t, c.Ring())
	must(t, a.WaitSound(limit(t)))
	r.kill()
	r.start()
	must(t, c.Answer())
	r.talk(c, a)
	r.kill()
	r.start()
	r.talk(c, a)
	must(t, a.Hangup())
	ended(t, c)
	free()

	want := []struct {
		outcome orchestrator.Outcome
		number  string
		queue   string
		by      string
	}{
		{orchestrator.OutcomeServed, "+34910000001", "sales", "caller"}, {orchestrator.OutcomeServed, "+34910000002", "billing", "agent"},
		{orchestrator.OutcomeBusy, "+34910000003", "sales", "operadora"}, {orchestrator.OutcomeCancelled, "+34910000004", "sales", "agent"},
		{orchestrator.OutcomeCancelled, "+34910000005", "sales", "agent"}, {orchestrator.OutcomeServed, "+34910000006", "sales", "agent"},
	}
	for i, got := range r.settledOf(orchestrator.KindOutbound, len(want)) {
		w := want[i]
		if got.Outcome != w.outcome || got.Caller.Number != w.number || got.Queue != w.queue || got.EndedBy != w.by || got.Agent != "101" {
			t.Errorf("call %d: %+v, want %+v", i, got, w)
		}
		if (got.TalkMS > 0) != (w.outcome == orchestrator.OutcomeServed) || got.WaitMS != 0 {
			t.Errorf("call %d talks for %d ms, waits %d", i, got.TalkMS, got.WaitMS)
		}
		if (got.Recording != "") != (w.outcome == orchestrator.OutcomeServed && w.queue == "sales") {
			t.Errorf("call %d is recorded as %q", i, got.Recording)
		}
	}
	api, err = r.API("supervisor")
	must(t, err)
	out, err := r.Run("contact", "list", "--kind", "outbound", "--token", api.Token, "--url", api.Base)
	must(t, err)
	if n := strings.Count(out, "91000000"); n < len(want)-1 {
		t.Errorf("the list of contacts:\n%s", out)
	}
	out, err = r.Run("agent", "list", "--token", api.Token, "--url", api.Base)
	must(t, err)
	if !strings.Contains(out, " 3\n") {
		t.Errorf("three conversations are not in:\n%s", out)
	}
}

// TestAgentsMayNotCall: numbers that the gate refuses, dangerous texts, agents who
// are logged out, in a call or not of the queue, and the trunk's cap.
func TestAgentsMayNotCall(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := outboundRig(t, carrier, ", max_calls: 1")
	api, err := r.API("supervisor")
	must(t, err)
	refused := func(agent string, d wire.Dial, status int, text string) {
		t.Helper()
		res, err := api.DialForAgentWithResponse(limit(t), agent, d)
		p, ok := errors.AsType[*client.Refusal](err)
		if !ok || p.Status != status || !strings.Contains(p.Detail, text) {
			t.Errorf("%s dials %q for %q: %v %v, want %d %q", agent, d.Number, d.Queue, res, err, status, text)
		}
	}
	refused("101", wire.Dial{Number: "910000001"}, http.StatusConflict, "not logged in")
	ana, ben := r.login("101"), r.login("102")
	for number, rule := range map[string]string{"555&PJSIP/x@trunk": "characters", "9100FLOWER": "characters", "807123456": "outbound.cost",
		"960000001": "outbound.deny", "0034 960 00 00 01": "outbound.deny", "+441614960000": "outbound.allow"} {
		refused("101", wire.Dial{Number: number}, http.StatusForbidden, rule)
	}
	refused("102", wire.Dial{Number: "910000001", Queue: "billing"}, http.StatusBadRequest, "does not serve it")
	refused("nobody", wire.Dial{Number: "910000001"}, http.StatusNotFound, "")

	t.Log("by a code: the phone is told, and nobody is rung")
	code, err := ana.Place(limit(t), "*489960000001", lab.DialOptions{})
	must(t, err)
	end, err := code.WaitEnd(limit(t))
	must(t, err)
	if end.Code < 400 {
		t.Errorf("the phone is told %+v", end)
	}

	t.Log("one call at a time over this trunk; the second agent hears that it is full")
	_, desk := r.stores()
	r.eventually("the phone is free again", func() error { return deviceIs(t, desk, "101", orchestrator.DeviceFree) })
	_, err = api.DialForAgentWithResponse(limit(t), "101", wire.Dial{Number: "910000001"})
	must(t, err)
	a := r.answers(ana)
	c := r.answers(carrier)
	r.talk(c, a)
	refused("101", wire.Dial{Number: "910000002"}, http.StatusConflict, "in a call")
	_, err = api.DialForAgentWithResponse(limit(t), "102", wire.Dial{Number: "910000002"})
	must(t, err)
	b := r.answers(ben)
	ended(t, b)
	r.told(orchestrator.EntryCallDialled, "outbound.max_calls") // the cap
	must(t, a.Hangup())
	ended(t, c)
	r.eventually("nothing is left", r.nothingLeft)
}

// TestAgentOnALineCalls: an agent on a permanent line calls by a click. The phone is
// not rung anew: the customer's ringing, a tone when nobody is reached, and the
// conversation are heard on the line, which goes on; also when operadora is killed.
func TestAgentOnALineCalls(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := outboundRig(t, carrier, "")
	ana := r.desk("101")
	line := r.loginLine(ana)
	_, desk := r.stores()
	dial := func(number string) *lab.Call {
		t.Helper()
		api, err := r.API("supervisor")
		must(t, err)
		out, err := r.Run("agent", "dial", "101", number, "--token", api.Token, "--url", api.Base)
		must(t, err)
		if !strings.Contains(out, "call") {
			t.Fatalf("the order says %q", out)
		}
		return r.next(carrier)
	}
	idle := func() {
		t.Helper()
		must(t, line.WaitSilence(limit(t), 300*time.Millisecond))
		r.lineIs("101", "idle")
		r.eventually("the agent wraps up", func() error { return agentIs(t, desk, "101", acd.StateAvailable, "") })
		stays(t, line)
	}

	c := dial("910000001")
	must(t, c.Ring())
	must(t, line.WaitSound(limit(t)))
	must(t, c.Answer())
	r.talk(c, line)
	must(t, c.Hangup())
	idle()

	t.Log("busy")
	must(t, dial("910000002").Reject(486))
	must(t, line.WaitSound(limit(t)))
	r.awaitEnds(orchestrator.KindOutbound, 2)
	idle()

	t.Log("kill -9 while the customer's phone rings, and while they talk")
	c = dial("910000003")
	must(t, c.Ring())
	must(t, line.WaitSound(limit(t)))
	r.kill()
	r.start()
	must(t, c.Answer())
	r.talk(c, line)
	r.kill()
	r.start()
	r.talk(c, line)
	must(t, c.Hangup())
	idle()

	t.Log("by a code on the phone's other line, which is free at once; and a number that is not allowed")
	code, err := ana.Place(limit(t), "*489910000005", lab.DialOptions{})
	must(t, err)
	c = r.next(carrier)
	ended(t, code)
	must(t, c.Answer())
	r.talk(c, line)
	must(t, c.Hangup())
	idle()
	code, err = ana.Place(limit(t), "*489960000001", lab.DialOptions{})
	must(t, err)
	if end, err := code.WaitEnd(limit(t)); err != nil || end.Code < 400 {
		t.Errorf("the phone is told %+v, %v", end, err)
	}
	idle()

	t.Log("an agent who hangs the line up while it rings")
	c = dial("910000004")
	must(t, c.Ring())
	must(t, line.WaitSound(limit(t)))
	must(t, line.Hangup())
	ended(t, c)
	r.lineIs("101", "lost")
	r.dial(ana, "*482")
	notRung(t, ana)
	want := []orchestrator.Outcome{orchestrator.OutcomeServed, orchestrator.OutcomeBusy, orchestrator.OutcomeServed,
		orchestrator.OutcomeServed, orchestrator.OutcomeRefused, orchestrator.OutcomeCancelled}
	for i, got := range r.settledOf(orchestrator.KindOutbound, len(want)) {
		if got.Outcome != want[i] || got.Agent != "101" && got.Outcome != orchestrator.OutcomeRefused { // whose phone it is was not asked
			t.Errorf("call %d: %+v, want %s", i, got, want[i])
		}
	}
}
