package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestTransferKeyCostsNoCaller lets agents press the transfer key of their
// phones: blind, also without wanting to be told what becomes of it, and after
// they have called a colleague. Nobody can be reached so, and the caller is not
// cut off.
func TestTransferKeyCostsNoCaller(t *testing.T) {
	t.Parallel()
	protected := lab.Desk(101, 102)
	for i := range protected {
		protected[i].NoTransfers = true
	}
	rows := []struct {
		name            string
		ari             string
		desk            []lab.Endpoint
		blind, attended int // what the phone is told
	}{
		{"handed over", "transfers: always", lab.Desk(101, 102), 603, 0},        // attended ones are carried out: TestAttendedTransferKey
		{"refused by Asterisk", "transfers: never", lab.Desk(101, 102), 404, 0}, // attended ones it carries out
		{"forbidden to the phone", "transfers: never", protected, 603, 603},
	}
	if centre.OnFreeSWITCH() { // there is nothing to choose
		rows = rows[:1]
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{agents: 2, ari: row.ari, asterisk: lab.AsteriskOptions{Endpoints: row.desk}})
			r.start()
			ana, ben := r.login("101"), r.desk("102")
			caller := r.queue("5550001")
			a := r.takes(ana, caller)
			r.presses(a, "4711", nil, row.blind)
			r.talk(caller, a)
			if !centre.OnFreeSWITCH() { // the caller's side asks for one, too
				r.presses(caller, "102", nil, 404)
				r.talk(caller, a)
			}
			if row.attended != 0 {
				consult, err := ana.Place(limit(t), "102", lab.DialOptions{})
				must(t, err)
				r.takes(ben, consult)
				r.presses(a, "102", consult, row.attended)
				r.talk(caller, a)
				must(t, consult.Hangup())
			}
			if row.name == "handed over" { // as phones do that take the transfer for done
				r.presses(a, "4711", nil, row.blind)
				must(t, a.Hangup())
				a = r.takes(ana, caller)
			}
			must(t, a.Hangup())
			ended(t, caller)
			if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeServed || got.Agent != "101" {
				t.Errorf("the record: %+v", got)
			}
		})
	}
}

// TestTransfers puts a caller on hold, and lets the caller go by REST, command
// line and transfer key to an agent, to another queue and to an outside number.
func TestTransfers(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := newRig(t, rigOptions{
		agents: 3, ari: "transfers: always",
		asterisk: lab.AsteriskOptions{Trunks: []lab.Trunk{{Name: "trunk", Addr: carrier.Addr()}}},
		files: map[string]string{"queues.yaml": strings.Replace(rigQueues, "dispositions:", "  - {id: billing, max_length: 1}\ndispositions:", 1),
			"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: ben, pbx: main, endpoint: PJSIP/102, queues: [billing]}
  - {id: "103", pbx: main, endpoint: PJSIP/103, queues: []}
`},
		config: "    outbound: {dial: \"PJSIP/{number}@trunk\", region: ES, allow: [\"+3491\"], outside_to_outside: true}\n",
	})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	ana, ben := r.login("101"), r.login("102")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 1).Call

	t.Log("hold and resume, by REST and by the phone's key")
	held, err := api.HoldCallWithResponse(limit(t), id)
	must(t, err)
	if held.JSON202 == nil {
		t.Fatalf("hold: %s", held.Body)
	}
	must(t, caller.WaitSound(limit(t)))
	caller.PlayTone(700)
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if a.WaitTone(short, 700) == nil {
		t.Error("the agent hears a caller on hold")
	}
	_, err = api.ResumeCallWithResponse(limit(t), id)
	must(t, err)
	r.talk(caller, a)
	must(t, a.Hold(limit(t), true))
	r.awaitEntry(orchestrator.EntryCallHeld, 2)
	must(t, a.Hold(limit(t), false))
	r.awaitEntry(orchestrator.EntryCallResumed, 2)
	r.talk(caller, a)

	t.Log("to what is nobody, or forbidden")
	for target, want := range map[wire.Transfer]int{
		{Kind: wire.TargetKindNumber, Name: "555&PJSIP/x@trunk"}: http.StatusForbidden, {Kind: wire.TargetKindNumber, Name: "4711"}: http.StatusForbidden,
		{Kind: wire.TargetKindAgent, Name: "nobody"}: http.StatusNotFound, {Kind: wire.TargetKindQueue, Name: "@ben"}: http.StatusNotFound,
		{Kind: wire.TargetKindAgent, Name: "101"}: http.StatusConflict, {Kind: wire.TargetKindFlow, Name: "none"}: http.StatusNotFound,
	} {
		res, err := api.TransferCallWithResponse(limit(t), id, target)
		if err == nil {
			t.Errorf("transfer to %s %q: %d, want %d", target.Kind, target.Name, res.StatusCode(), want)
		} else if p, ok := errors.AsType[*client.Refusal](err); !ok || p.Status != want {
			t.Errorf("transfer to %s %q: %v, want %d", target.Kind, target.Name, err, want)
		}
	}
	r.talk(caller, a)

	t.Log("to an agent who is not logged in: the conversation goes on")
	if out, err := r.Run("call", "transfer", id, "--agent", "103", "--token", api.Token, "--url", api.Base); err == nil ||
		!strings.Contains(err.Error(), `agent "103" is not logged in`) {
		t.Errorf("told %q, %v", out, err)
	}
	r.told(orchestrator.EntryCallTransfer, `"result":"no_agents"`)
	r.talk(caller, a)

	t.Log("to an agent, from the command line")
	out, err := r.Run("call", "transfer", id, "--agent", "ben", "--token", api.Token, "--url", api.Base)
	must(t, err)
	if !strings.Contains(out, "transfer to agent ben ordered") {
		t.Errorf("the command says %q", out)
	}
	ended(t, a)
	b := r.takes(ben, caller)

	t.Log("by the transfer key, to an outside number")
	r.presses(b, "4711", nil, 603) // which is none that may be called
	r.talk(caller, b)
	r.presses(b, "910000001", nil, 200)
	ended(t, b)
	out1 := r.takes(carrier, caller)
	must(t, caller.Hangup())
	ended(t, out1)
	got := r.settled(1)[0]
	if got.Outcome != orchestrator.OutcomeServed || got.Agent != "ben" || got.Recording == "" || got.TalkMS == 0 {
		t.Errorf("the record: %+v", got)
	}
	contact, err := api.GetContactWithResponse(limit(t), id)
	must(t, err)
	for _, e := range contact.JSON200.Timeline {
		if strings.Contains(string(e.Data), "910000001") {
			t.Errorf("an outside number in full on the timeline: %s", e.Data)
		}
	}
	recordings, err := api.ListRecordingsWithResponse(limit(t), &wire.ListRecordingsParams{})
	must(t, err)
	var parts []string
	for _, rec := range slices.Backward(recordings.JSON200.Items) {
		for _, s := range rec.Speakers {
			parts = append(parts, string(s.Role)+" "+s.Agent+s.Number)
			if s.From.Before(rec.StartedAt) || s.To.IsZero() || s.To.After(rec.EndedAt) {
				t.Errorf("%s talks from %v to %v in a recording from %v to %v", s.Agent+s.Number, s.From, s.To, rec.StartedAt, rec.EndedAt)
			}
		}
	}
	if d := cmp.Diff([]string{"agent 101", "agent ben", "third " + orchestrator.MaskNumber("910000001")}, parts); d != "" {
		t.Errorf("who talks in the parts of the conversation (-want +got):\n%s", d)
	}
	out, err = r.Run("contact", "show", id, "--token", api.Token, "--url", api.Base)
	must(t, err)
	if !strings.Contains(out, "with 101\n") || !strings.Contains(out, "with ben\n") {
		t.Errorf("the command says %s", out)
	}
}

// TestTransferByCode: from any desk phone, on any Asterisk, an agent transfers the
// caller by a code on another line of the phone.
func TestTransferByCode(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2, ari: "transfers: never", files: map[string]string{"agents.yaml": salesAndBen}})
	r.start()
	ana, ben := r.login("101"), r.login("102")
	r.dial(ana, "*488102") // with nobody: that is not possible
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	for _, code := range []string{"*488101", "*4889999", "*488nobody"} { // to herself, to a forbidden number, to nobody
		r.dial(ana, code)
		r.talk(caller, a)
	}
	r.dial(ana, "*488102")
	ended(t, a)
	b := r.takes(ben, caller)
	must(t, b.Hangup())
	ended(t, caller)
	if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeServed || got.Agent != "ben" {
		t.Errorf("the record: %+v", got)
	}
}

// TestKilledOnHoldAndInTransfer ends operadora with kill -9 while a caller is on
// hold, and while the phone rings to which the caller is transferred.
func TestKilledOnHoldAndInTransfer(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2, files: map[string]string{"agents.yaml": salesAndBen}})
	r.start()
	ana, ben := r.login("101"), r.login("102")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 1).Call
	api, err := r.API("supervisor")
	must(t, err)
	_, err = api.HoldCallWithResponse(limit(t), id)
	must(t, err)
	must(t, caller.WaitSound(limit(t)))
	r.kill()
	r.start()
	must(t, caller.WaitSound(limit(t)))
	api, err = r.API("supervisor")
	must(t, err)
	_, err = api.ResumeCallWithResponse(limit(t), id)
	must(t, err)
	r.talk(caller, a)
	r.transfer(api, id, wire.TargetKindAgent, "ben")
	ended(t, a)
	b := r.next(ben)
	must(t, b.Ring())
	r.awaitEntry(orchestrator.EntryCallRinging, 1) // the first phone picked up without ringing
	r.kill()
	r.start()
	must(t, b.Answer())
	r.talk(caller, b)
	must(t, b.Hangup())
	ended(t, caller)
	if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeServed || got.Agent != "ben" || got.Adopted != 2 {
		t.Errorf("the record: %+v", got)
	}
}

// TestMoveWaiting: a supervisor moves a caller who waits to a queue whose agent is free,
// and ends the conversation. Who did so, and why, is on record.
func TestMoveWaiting(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1, files: map[string]string{
		"queues.yaml": strings.Replace(rigQueues, "dispositions:", "  - {id: billing}\ndispositions:", 1),
		"agents.yaml": "agents:\n  - {id: \"101\", pbx: main, endpoint: PJSIP/101, queues: [billing]}\n"}})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	ana := r.login("101")
	caller := r.queue("5550001")
	id := r.awaitEntry(orchestrator.EntryCallQueued, 1).Call
	out, err := r.Run("call", "move", id, "--queue", "billing", "--reason", "nobody is there", "--token", api.Token, "--url", api.Base)
	must(t, err)
	if !strings.Contains(out, "moved") {
		t.Errorf("the command says %q", out)
	}
	a := r.takes(ana, caller)
	out, err = r.Run("call", "hangup", id, "--reason", "he threatens her", "--token", api.Token, "--url", api.Base)
	must(t, err)
	if !strings.Contains(out, "hangup ordered") {
		t.Errorf("the command says %q", out)
	}
	ended(t, caller)
	ended(t, a)
	if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeServed || got.EndedBy != "operadora" || got.Agent != "101" || got.Queue != "billing" {
		t.Errorf("the record: %+v", got)
	}
	out, err = r.Run("contact", "show", id, "--token", api.Token, "--url", api.Base)
	must(t, err)
	for _, want := range []string{"call.hung_up", "he threatens her", "nobody is there", `"by":"api:`} {
		if !strings.Contains(out, want) {
			t.Errorf("the command says nothing of %s:\n%s", want, out)
		}
	}
	admin, err := r.API("admin")
	must(t, err)
	audit, err := admin.ListAuditWithResponse(limit(t), &wire.ListAuditParams{})
	must(t, err)
	if !strings.Contains(string(audit.Body), "call.hangup") || !strings.Contains(string(audit.Body), "he threatens her") {
		t.Errorf("the audit log: %s", audit.Body)
	}
}

// transfer orders a transfer by REST.
func (r *rig) transfer(api *client.API, call string, kind wire.TargetKind, name string) {
	r.t.Helper()
	res, err := api.TransferCallWithResponse(limit(r.t), call, wire.Transfer{Kind: kind, Name: name})
	must(r.t, err)
	if res.JSON202 == nil {
		r.t.Fatalf("transfer to %s %s: %s", kind, name, res.Body)
	}
}

// presses presses the transfer key and checks what the phone is told.
func (r *rig) presses(c *lab.Call, number string, other *lab.Call, want int) {
	r.t.Helper()
	if centre.OnFreeSWITCH() { // it says no before we know of it, and we do it all the same
		want = http.StatusForbidden
	}
	err := c.Refer(limit(r.t), number, other)
	refused, isRefused := errors.AsType[*lab.RefusedError](err)
	status := 0
	if isRefused {
		status = refused.Code
	} else {
		must(r.t, err)
		status, err = c.TransferEnds(limit(r.t))
		must(r.t, err)
	}
	if status != want {
		r.t.Errorf("the phone was told %d of its transfer, want %d", status, want)
	}
}
