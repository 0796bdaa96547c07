package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// order gives one of the orders that need no more than the call.
func (r *rig) order(api *client.API, call string, do wire.Order) {
	r.t.Helper()
	if _, err := r.Run("call", string(do), call, "--token", api.Token, "--url", api.Base); err != nil {
		r.t.Fatalf("%s: %v", do, err)
	}
}

// asks asks somebody beside the caller, by REST.
func (r *rig) asks(api *client.API, call string, kind wire.TargetKind, name string) {
	r.t.Helper()
	res, err := api.ConsultCallWithResponse(limit(r.t), call, wire.Consultation{Kind: kind, Name: name})
	must(r.t, err)
	if res.JSON202 == nil {
		r.t.Fatalf("asking %s %s: %s", kind, name, res.Body)
	}
}

// all lets everybody in a conference hear everybody else.
func (r *rig) all(calls ...*lab.Call) {
	r.t.Helper()
	tones := []float64{500, 900, 1300, 1700}
	for i, c := range calls {
		c.PlayTone(tones[i])
	}
	for i, c := range calls {
		for j := range calls {
			if i != j {
				must(r.t, c.WaitPart(limit(r.t), tones[j]))
			}
		}
	}
	for _, c := range calls {
		c.PlayTone(0)
	}
}

// apart checks that a caller does not hear what is said in a call.
func (r *rig) apart(caller, other *lab.Call) {
	r.t.Helper()
	other.PlayTone(1100)
	short, cancel := context.WithTimeout(r.t.Context(), time.Second)
	defer cancel()
	if caller.WaitPart(short, 1100) == nil {
		r.t.Error("the caller hears what is not for them")
	}
	other.PlayTone(0)
}

// TestConsult: an agent asks another agent, and an outside number, while the
// caller hears music; swaps, cancels, brings all together and goes.
func TestConsult(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := newRig(t, rigOptions{agents: 3,
		asterisk: lab.AsteriskOptions{Trunks: []lab.Trunk{{Name: "trunk", Addr: carrier.Addr()}}},
		config:   "    outbound: {dial: \"PJSIP/{number}@trunk\", region: ES, allow: [\"+3491\"], outside_to_outside: true}\n",
		files: map[string]string{"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: ben, pbx: main, endpoint: PJSIP/102, queues: [sales]}
  - {id: "103", pbx: main, endpoint: PJSIP/103, queues: []}
`}})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	ana := r.login("101")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 1).Call
	ben := r.login("102")

	t.Log("who is not there: the conversation goes on")
	_, err = api.ConsultCallWithResponse(limit(t), id, wire.Consultation{Kind: wire.TargetKindAgent, Name: "103"})
	if p, ok := errors.AsType[*client.Refusal](err); !ok || p.Status != http.StatusConflict {
		t.Errorf("asking who is not there: %v", err)
	}
	r.told(orchestrator.EntryCallConsult, `"result":"no_agents"`)
	r.talk(caller, a)

	t.Log("an agent, who rejects the call: the caller is back")
	r.asks(api, id, wire.TargetKindAgent, "ben")
	b := r.next(ben)
	must(t, b.Ring())
	a.PlayTone(0)
	must(t, caller.WaitSound(limit(t)))
	r.apart(caller, a)
	must(t, b.Reject(603))
	r.told(orchestrator.EntryCallConsult, `"result":"rejected"`)
	r.talk(caller, a)

	t.Log("an agent: swap, and swap again, and cancel")
	r.asks(api, id, wire.TargetKindAgent, "ben")
	b = r.next(ben)
	if number, _ := b.Caller(); number != "5550001" {
		t.Errorf("who is asked sees %q", number)
	}
	must(t, b.Answer())
	r.talk(b, a)
	r.apart(caller, a)
	_, desk := r.stores()
	must(t, agentIs(t, desk, "ben", acd.StateTalking, ""))
	second := r.queue("5550002") // for whom nobody is free, although ben is of the queue
	r.order(api, id, wire.OrderSwap)
	r.talk(caller, a)
	r.apart(b, a)
	r.order(api, id, wire.OrderSwap)
	r.talk(b, a)
	r.order(api, id, wire.OrderCancel)
	ended(t, b)
	r.talk(caller, a)
	b = r.takes(ben, second) // who is free for the queue now
	must(t, second.Hangup())
	ended(t, b)

	t.Log("an outside number: conference, and the agent goes")
	r.asks(api, id, wire.TargetKindNumber, "910000001")
	out := r.answers(carrier)
	r.talk(out, a)
	r.order(api, id, wire.OrderConference)
	r.all(caller, a, out)
	view, err := api.GetCallWithResponse(limit(t), id)
	must(t, err)
	if g := view.JSON200.Guests; len(g) != 1 || g[0].Role != wire.GuestRoleConsult || g[0].State != "joined" || g[0].Number != orchestrator.MaskNumber("910000001") {
		t.Errorf("guests %+v", g)
	}
	must(t, a.Hangup())
	r.told(orchestrator.EntryCallConsult, `"result":"completed"`)
	r.talk(caller, out)
	must(t, caller.Hangup())
	ended(t, out)
	r.settled(2)
	r.tells(id, "asked", "no_agents", "asked", "waiting", "offered", "ringing", "rejected", "asked", "waiting", "offered", "answered", "swapped", "swapped",
		"cancelled", "dialling", "answered", "conference", "completed")
}

// tells checks what the timeline of a call says of consultations.
func (r *rig) tells(id string, want ...string) {
	r.t.Helper()
	api, err := r.API("supervisor")
	must(r.t, err)
	contact, err := api.GetContactWithResponse(limit(r.t), id)
	must(r.t, err)
	var got []string
	for _, e := range contact.JSON200.Timeline {
		if e.Type == wire.EntryTypeCallConsult {
			var f wire.EntryConsult
			must(r.t, json.Unmarshal(e.Data, &f))
			got = append(got, f.Result)
		}
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("the timeline tells %v, want %v", got, want)
	}
}

// TestConsultGoesOn: the agent hangs up while the other's phone rings; the other
// answers. Then that agent does the same, and nobody answers: the caller comes back.
func TestConsultGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 3, files: map[string]string{
		"queues.yaml": strings.Replace(rigQueues, "dispositions:", "  - {id: billing}\ndispositions:", 1),
		"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: ben, pbx: main, endpoint: PJSIP/102, queues: [billing]}
  - {id: "103", pbx: main, endpoint: PJSIP/103, queues: []}
`}})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	ana, ben, eva := r.login("101"), r.login("102"), r.login("103")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 1).Call
	r.asks(api, id, wire.TargetKindQueue, "billing")
	b := r.next(ben)
	must(t, b.Ring())
	must(t, a.Hangup())
	r.told(orchestrator.EntryCallConsult, `"result":"goes on"`)
	must(t, caller.WaitSound(limit(t)))
	must(t, b.Answer())
	r.talk(caller, b)
	r.asks(api, id, wire.TargetKindAgent, "103")
	e := r.next(eva)
	must(t, e.Ring())
	r.order(api, id, wire.OrderComplete)
	ended(t, b)
	r.dial(ben, "*485") // the end of the wrap-up
	must(t, e.Reject(486))
	b = r.takes(ben, caller) // the caller is back in the queue
	must(t, b.Hangup())
	ended(t, caller)
	if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeServed || got.Agent != "ben" || got.Queue != "billing" {
		t.Errorf("the record: %+v", got)
	}
}

// TestMutedSides: who is muted is heard by nobody and hears the others, through a
// kill -9 and a hold; and is heard again by whom they talk with next.
func TestMutedSides(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2, files: map[string]string{"agents.yaml": salesAndBen}})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	ana, ben := r.login("101"), r.login("102")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 1).Call
	r.asks(api, id, wire.TargetKindAgent, "ben")
	b := r.answers(ben)
	r.talk(b, a)
	r.order(api, id, wire.OrderConference)
	side := func(do wire.Order, side string) {
		t.Helper()
		if _, err := r.Run("call", string(do), id, "--side", side, "--token", api.Token, "--url", api.Base); err != nil {
			t.Fatalf("%s %s: %v", do, side, err)
		}
	}
	side(wire.OrderMute, "ben")
	r.told(orchestrator.EntryCallMuted, `"agent":"ben"`)
	b.PlayTone(650)
	a.PlayTone(450)
	must(t, b.WaitPart(limit(t), 450))
	must(t, caller.WaitPart(limit(t), 450))
	must(t, a.WaitWithout(limit(t), 650))
	must(t, caller.WaitWithout(limit(t), 650))
	r.kill()
	r.start()
	api, err = r.API("supervisor")
	must(t, err)
	r.order(api, id, wire.OrderHold)
	must(t, a.WaitWithout(limit(t), 650))
	r.order(api, id, wire.OrderResume)
	must(t, caller.WaitPart(limit(t), 450))
	must(t, caller.WaitWithout(limit(t), 650))
	side(wire.OrderUnmute, "ben")
	must(t, caller.WaitPart(limit(t), 650))
	a.PlayTone(0)
	b.PlayTone(0)
	side(wire.OrderMute, "customer")
	must(t, a.Hangup())
	r.talk(caller, b)
	must(t, caller.Hangup())
	ended(t, b)
	r.settled(1)
}

// TestConsultByCode: from any desk phone an agent asks somebody, and does all that
// follows, by codes on another line of the phone.
func TestConsultByCode(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2, files: map[string]string{"agents.yaml": salesAndBen}})
	r.start()
	ana, ben := r.login("101"), r.login("102")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	for _, code := range []string{"*488*101", "*488*4711", "*488*", "*488**", "*488***", "*488"} { // herself, a forbidden number, and with nobody
		r.dial(ana, code)
		r.talk(caller, a)
	}
	r.dial(ana, "*488*102")
	b := r.answers(ben)
	r.talk(b, a)
	r.dial(ana, "*488*")
	r.talk(caller, a)
	r.dial(ana, "*488**")
	ended(t, b)
	r.talk(caller, a)
	r.dial(ben, "*485") // the end of the wrap-up
	r.dial(ana, "*488*ben")
	b = r.answers(ben)
	r.talk(b, a)
	r.dial(ana, "*488***")
	r.all(caller, a, b)
	r.dial(ana, "*488")
	ended(t, a)
	r.talk(caller, b)
	must(t, b.Hangup())
	ended(t, caller)
	if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeServed || got.Agent != "ben" {
		t.Errorf("the record: %+v", got)
	}
}

// TestAttendedTransferKey: the agent calls a colleague, and then an outside number,
// on the phone's other line, and presses the transfer key for both lines. The caller
// talks with the colleague; a number that is not allowed costs nobody the call.
func TestAttendedTransferKey(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 3, ari: "transfers: always", files: map[string]string{"agents.yaml": salesAndBen}})
	r.start()
	ana, ben, eva := r.login("101"), r.login("102"), r.desk("103")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)

	t.Log("with a phone that is no agent's, and no number that is allowed")
	other, err := ana.Place(limit(t), "103", lab.DialOptions{})
	must(t, err)
	e := r.takes(eva, other)
	r.presses(a, "103", other, 603)
	r.talk(caller, a)
	r.talk(other, e)
	must(t, other.Hangup())
	ended(t, e)

	t.Log("with a colleague")
	must(t, a.Hold(limit(t), true))
	other, err = ana.Place(limit(t), "102", lab.DialOptions{})
	must(t, err)
	b := r.takes(ben, other)
	must(t, caller.WaitSound(limit(t)))
	r.presses(a, "102", other, 200)
	ended(t, a)
	ended(t, other)
	for joined := time.Now(); time.Since(joined) < time.Second; { // long enough to be a conversation
		r.talk(caller, b)
	}
	must(t, b.Hangup())
	ended(t, caller)
	got := r.settled(1)[0]
	if got.Outcome != orchestrator.OutcomeServed || got.Agent != "ben" {
		t.Errorf("the record: %+v", got)
	}
	r.tells(got.Call, "asked before", "answered", "completed")
}
