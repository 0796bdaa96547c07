package main

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// keysRig is a centre whose agents have feature codes behind the star key.
func keysRig(t *testing.T) *rig {
	t.Helper()
	return newRig(t, rigOptions{agents: 2, config: "    keys: {prefix: \"*\", flows: {\"1\": pay}}\n", files: map[string]string{"flows/pay.yaml": payFlow, "agents.yaml": salesAndBen}})
}

// payFlow takes a card's number.
const payFlow = `flow: pay
language: en
languages: [en, es]
start: card
defaults: {on_error: bye, first_digit: 30s, inter_digit: 30s}
prompts:
  ask: {sound: vm-options}
  bye: {sound: vm-goodbye}
nodes:
  card: {type: gather, prompt: ask, digits: {min: 4, max: 8, terminator: "#"}, var: card, mask: true, on: {ok: bye, fail: bye}}
  bye: {type: play, prompt: bye, next: end}
`

// hears waits for keys to arrive at a phone, in order.
func (r *rig) hears(c *lab.Call, want string) {
	r.t.Helper()
	var got strings.Builder
	for got.Len() < len(want) {
		select {
		case k := <-c.DTMF():
			got.WriteRune(k)
		case <-limit(r.t).Done():
			r.t.Fatalf("heard %q, want %q", got.String(), want)
		}
	}
	if got.String() != want {
		r.t.Errorf("heard %q, want %q", got.String(), want)
	}
}

// types presses keys of a phone.
func (r *rig) types(c *lab.Call, keys string) {
	r.t.Helper()
	must(r.t, c.SendDTMF(keys))
}

// TestKeysWhileTalking: what an agent and a caller type reaches the other side, in
// order, and the agent's codes do what they say, from the desk phone alone.
func TestKeysWhileTalking(t *testing.T) {
	t.Parallel()
	r := keysRig(t)
	r.start()
	ana, ben := r.login("101"), r.login("102")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)

	t.Log("keys for the other side")
	r.types(a, "12#390")
	r.hears(caller, "12#390")
	r.types(a, "*02") // *01 says that this is a machine
	r.hears(caller, "*02")
	r.types(a, "*")
	r.hears(caller, "*")
	r.types(caller, "*1*00")
	r.hears(a, "*1*00")
	r.talk(caller, a)

	t.Log("hold and resume")
	a.PlayTone(0)
	caller.PlayTone(0)
	r.types(a, "*1")
	must(t, a.WaitSound(limit(t))) // the tone
	must(t, caller.WaitSound(limit(t)))
	r.told(orchestrator.EntryCallHeld, `"agent:101"`)
	r.types(a, "*1")
	r.told(orchestrator.EntryCallResumed, `"agent:101"`)
	r.talk(caller, a)

	t.Log("mute and unmute the recording, and the outcome")
	r.types(a, "*8")
	r.told(orchestrator.EntryCallRecording, `"muted"`, `"agent:101"`)
	r.types(a, "*8")
	r.told(orchestrator.EntryCallRecording, `"unmuted"`, `"agent:101"`)
	r.types(a, "*91#")

	t.Log("a number that is none, and one that operadora is killed in the middle of")
	r.types(a, "*24711#")
	r.talk(caller, a)
	r.types(a, "*210")
	r.kill()
	r.start()
	r.types(a, "2#")
	r.hears(caller, "2#")
	r.talk(caller, a)

	t.Log("to an agent")
	r.types(a, "*2102#")
	ended(t, a)
	b := r.takes(ben, caller)
	r.told(orchestrator.EntryAgentDisposed, `"done"`)
	r.types(b, "5")
	r.hears(caller, "5")

	t.Log("the end of it")
	r.types(b, "*00")
	ended(t, b)
	ended(t, caller)
	got := r.settled(1)[0]
	if got.Outcome != orchestrator.OutcomeServed || got.Agent != "ben" || got.EndedBy != "agent" {
		t.Errorf("the record: %+v", got)
	}
}

// TestPaymentByKeys: an agent sends a caller through a flow that takes a card's
// number, by a code and by REST, and has the caller back. The agent hears music and
// no key, the recording is silent meanwhile, and the number is nowhere; a process
// that is killed in the middle changes nothing of that.
func TestPaymentByKeys(t *testing.T) {
	t.Parallel()
	r := keysRig(t)
	r.start()
	ana := r.login("101")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	a.PlayTone(0)
	caller.PlayTone(700)

	t.Log("by a code")
	r.types(a, "*#1#")
	r.told(orchestrator.EntryCallRecording, `"muted"`, `"operadora"`)
	must(t, caller.WaitSound(limit(t)))
	must(t, a.WaitSound(limit(t)))
	r.types(caller, "4929")
	r.kill()
	r.start()
	must(t, caller.WaitSound(limit(t))) // it asks again
	r.types(caller, "49291234")
	r.told(orchestrator.EntryCallTransfer, `"returned"`)
	r.told(orchestrator.EntryCallRecording, `"unmuted"`, `"operadora"`)
	r.talk(caller, a)
	select {
	case k := <-a.DTMF():
		t.Errorf("the agent's phone got key %c", k)
	default:
	}

	t.Log("by the command line, and taken back by a key")
	api, err := r.API("supervisor")
	must(t, err)
	id := r.awaitEntry(orchestrator.EntryCallConnected, 1).Call
	out, err := r.Run("call", "transfer", id, "--flow", "pay", "--return", "--token", api.Token, "--url", api.Base)
	must(t, err)
	if !strings.Contains(out, "flow pay") {
		t.Errorf("the command says %q", out)
	}
	r.types(a, "*1")
	r.told(orchestrator.EntryCallTransfer, `"taken back"`)
	r.talk(caller, a)
	must(t, a.Hangup())
	ended(t, caller)
	got := r.settled(1)[0]
	if got.Outcome != orchestrator.OutcomeServed || got.Agent != "101" {
		t.Errorf("the record: %+v", got)
	}
	recordings, err := api.ListRecordingsWithResponse(limit(t), &wire.ListRecordingsParams{Call: &id})
	must(t, err)
	if n := len(recordings.JSON200.Items); n != 1 {
		t.Errorf("%d recordings, want one: %s", n, recordings.Body)
	}
	contact, err := api.GetContactWithResponse(limit(t), id)
	must(t, err)
	if strings.Contains(string(contact.Body), "4929") || strings.Contains(r.Log.Text(), "49291234") {
		t.Error("the card's number is on the timeline or in the log")
	}
}

// TestConsultByKeys: an agent asks a colleague, changes between the two and lets
// all talk together, by keys alone.
func TestConsultByKeys(t *testing.T) {
	t.Parallel()
	r := keysRig(t)
	r.start()
	ana, ben := r.login("101"), r.login("102")
	caller := r.queue("5550001")
	a := r.takes(ana, caller)
	r.types(a, "*3102#")
	b := r.answers(ben)
	r.talk(b, a)
	r.types(b, "8")
	r.hears(a, "8")
	r.types(a, "*6")
	r.talk(caller, a)
	r.types(a, "*7")
	r.all(caller, a, b)
	r.types(a, "9")
	r.hears(caller, "9")
	r.hears(b, "9")
	r.types(a, "*4")
	ended(t, a)
	r.talk(caller, b)
	r.types(b, "*00")
	ended(t, caller)
	if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeServed || got.Agent != "ben" {
		t.Errorf("the record: %+v", got)
	}
}
