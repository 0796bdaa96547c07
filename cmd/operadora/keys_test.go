package main

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// keysRig is a centre whose agents have feature codes behind the star key.
func keysRig(t *testing.T) *rig {
	t.Helper()
	return newRig(t, rigOptions{agents: 2, config: "    keys: {prefix: \"*\"}\n", files: map[string]string{"agents.yaml": `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: ben, pbx: main, endpoint: PJSIP/102, queues: []}
`}})
}

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

// told waits for an entry that holds all the texts.
func (r *rig) told(typ orchestrator.EntryType, texts ...string) {
	r.t.Helper()
	r.await(string(typ)+" "+strings.Join(texts, " "), func(e orchestrator.Entry) bool {
		for _, text := range texts {
			if !strings.Contains(string(e.Data), text) {
				return false
			}
		}
		return e.Type == typ
	})
}

// TestKeysWhileTalking: what an agent and a caller type reaches the other side, in
// order, and the agent's codes do what they say, from the desk phone alone.
func TestKeysWhileTalking(t *testing.T) {
	t.Parallel()
	r := keysRig(t)
	r.start()
	ana, ben := r.login("101"), r.login("102")
	caller := r.queue("5550001")
	a := r.next(ana)
	must(t, a.Answer())
	r.talk(caller, a)

	t.Log("keys for the other side")
	r.types(a, "12#390")
	r.hears(caller, "12#390")
	r.types(a, "*7")
	r.hears(caller, "*7")
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
	b := r.next(ben)
	must(t, b.Answer())
	r.talk(caller, b)
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
