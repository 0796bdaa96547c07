package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

const callbackFlow = `flow: back
language: en
start: look
prompts:
  options: {sound: tt-monkeys}
  bye:     {sound: vm-goodbye}
nodes:
  look:   {type: callback, op: look, queue: sales, on: {pending: choice, none: wait, failed: wait}}
  choice: {type: menu, prompt: options, keys: {"1": resume, "2": cancel}, on: {fail: bye}}
  resume: {type: callback, op: resume, queue: sales, on: {ok: wait, none: wait, failed: bye}}
  cancel: {type: callback, op: cancel, queue: sales, on: {ok: bye, none: bye, failed: bye}}
  wait:   {type: queue, queue: sales, on: {timeout: bye, full: bye, no_agents: bye, exit: ask, error: bye}}
  ask:    {type: callback, queue: sales, on: {ok: bye, pending: bye, denied: bye, failed: bye}}
  bye:    {type: play, prompt: bye, next: end}
`

// callbackRig is a centre that calls back over a carrier.
func callbackRig(t *testing.T, carrier *lab.Phone, rules string) *rig {
	t.Helper()
	r := newRig(t, rigOptions{
		agents: 2, asterisk: lab.AsteriskOptions{Trunks: []lab.Trunk{{Name: "trunk", Addr: carrier.Addr()}}},
		files: map[string]string{
			"queues.yaml":     strings.Replace(rigQueues, "{id: sales,", "{id: sales, caller_id: \"+34910000000\", callback: {"+rules+"}, ", 1),
			"callers.yaml":    "callers: [{id: ana, numbers: [\"910000001\"], priority: 3}]\n",
			"flows/back.yaml": callbackFlow, "dids.yaml": "dids:\n  \"5000\": line\n  \"5002\": back\n",
		},
		config: "    outbound: {dial: \"PJSIP/{number}@trunk\", region: ES, allow: [\"+34\"], deny: [\"+34960\"]}\n",
	})
	r.start()
	return r
}

// asksBack is a caller who waits in the queue and asks to be called back; its call is over.
func (r *rig) asksBack(from string) {
	r.t.Helper()
	c := r.call(from, "5002")
	r.awaitQueued(from)
	must(r.t, c.SendDTMF("*"))
	ended(r.t, c)
}

// awaitQueued waits until the call of a caller is in its queue.
func (r *rig) awaitQueued(from string) (id string) {
	r.t.Helper()
	api, err := r.API("supervisor")
	must(r.t, err)
	r.eventually(from+" waits", func() error {
		calls, err := api.Calls(limit(r.t), wire.ListCallsParams{})
		if err != nil {
			return err
		}
		for _, c := range calls {
			if strings.HasSuffix(c.Caller.Number, from) && c.State == wire.CallStateWaiting {
				id = c.ID
				return nil
			}
		}
		return fmt.Errorf("calls %+v", calls)
	})
	return id
}

// callbacks waits until so many are to be called back.
func (r *rig) callbacks(api *client.API, n int) []wire.Callback {
	r.t.Helper()
	var list []wire.Callback
	r.eventually(fmt.Sprint(n, " callbacks"), func() (err error) {
		if list, err = api.Callbacks(limit(r.t), wire.ListCallbacksParams{}); err != nil {
			return err
		}
		if len(list) != n {
			return fmt.Errorf("%d are to be called back: %+v", len(list), list)
		}
		return nil
	})
	return list
}

// TestCallback has callers called back on real phones: the caller asks and hangs
// up, an agent becomes free and is rung before who came later, then the customer's
// phone; it is busy, and called again; the process is killed while it rings; both talk.
func TestCallback(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := callbackRig(t, carrier, "retry_busy: 10s, whisper: pbx-invalid")
	api, err := r.API("supervisor")
	must(t, err)
	_, desk := r.stores()

	t.Log("a caller asks, and another waits on the line")
	r.asksBack("910000001")
	asked := r.callbacks(api, 1)[0]
	if asked.Number != "+34910000001" || asked.Queue != "sales" || asked.AskedBy == "" || asked.State != wire.CallStateWaiting {
		t.Errorf("to be called back is %+v", asked)
	}
	late := r.call("910000002", "5002")
	r.awaitQueued("910000002")
	b, err := desk.Board(limit(t), 0)
	must(t, err)
	in, _, err := desk.InQueue(limit(t), "sales")
	must(t, err)
	if q := b.Queues[0]; q.Callers != 1 || q.Callbacks != 1 || len(in) != 2 || in[0].Call != asked.Call {
		t.Errorf("the board shows %+v, with %+v", q, in)
	}

	t.Log("the agent is rung first, and the customer is busy: who waits on the line comes first then")
	ana := r.login("101")
	a := r.next(ana)
	if number, name := a.Caller(); number != "+34910000001" || !strings.HasPrefix(name, "Callback") {
		t.Errorf("the agent's phone shows %q %q", number, name)
	}
	must(t, a.Answer())
	c := r.next(carrier)
	if number, _ := c.Caller(); number != "+34910000000" || c.Number() != "+34910000001" {
		t.Errorf("the customer %q sees %q", c.Number(), number)
	}
	must(t, c.Reject(486))
	ended(t, a)
	r.serve(ana, late)

	t.Log("called again; kill -9 while the customer's phone rings")
	a = r.answers(ana)
	c = r.next(carrier)
	must(t, c.Ring())
	must(t, a.WaitSound(limit(t)))
	r.kill()
	r.start()
	must(t, c.Answer())
	r.talk(c, a)
	must(t, agentIs(t, desk, "101", acd.StateTalking, ""))
	api, err = r.API("supervisor") // the new process has an address of its own
	must(t, err)
	r.callbacks(api, 0)
	must(t, c.Hangup())
	ended(t, a)

	got := r.settledOf(orchestrator.KindCallback, 1)[0]
	if got.Call != asked.Call || got.Outcome != orchestrator.OutcomeServed || got.Attempts != 2 || got.AskedBy != asked.AskedBy || got.Agent != "101" || got.TalkMS == 0 || got.WaitMS == 0 {
		t.Errorf("the record is %+v", got)
	}
	for _, in := range r.summaries(orchestrator.KindInbound) {
		if want := in.Caller.Number == "+34910000001"; want != (in.Outcome == orchestrator.OutcomeCallback) || want != (in.Callback == asked.Call) {
			t.Errorf("the record of who asked, or did not, is %+v", in)
		}
	}
	for _, id := range []string{got.AskedBy, got.Call} { // however the trunk writes the number
		r.await(id+" is a known caller's", func(e orchestrator.Entry) bool {
			return e.Type == orchestrator.EntryCallQueued && e.Call == id && strings.Contains(string(e.Data), `"known":"ana"`)
		})
	}
	r.told(orchestrator.EntryCallCallback, `"result":"promised"`)
	r.told(orchestrator.EntryCallCallback, `"result":"busy"`, `"attempt":1`)
}

// TestCallbackComesAgain: who calls again while they are to be called back has the
// old place on the line, or gives it up; staff add and cancel callbacks; a number
// has one at a time.
func TestCallbackComesAgain(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := callbackRig(t, carrier, "first: customer")
	api, err := r.API("supervisor")
	must(t, err)
	again := func(from, key string) *lab.Call {
		t.Helper()
		c := r.call(from, "5002")
		must(t, c.WaitSound(limit(t)))
		must(t, c.SendDTMF(key))
		return c
	}
	r.asksBack("910000003")
	r.asksBack("910000004")
	late := r.call("910000005", "5002")
	r.awaitQueued("910000005")
	r.callbacks(api, 2)
	ended(t, again("910000004", "2"))
	r.callbacks(api, 1)
	first := again("910000003", "1")
	resumed := r.awaitQueued("910000003")
	r.await("the place of the callback", func(e orchestrator.Entry) bool {
		return e.Type == orchestrator.EntryCallQueued && e.Call == resumed && strings.Contains(string(e.Data), `"position":1,`)
	})
	r.callbacks(api, 0)
	ana := r.login("101")
	r.serve(ana, first)
	r.serve(ana, late)

	t.Log("by staff: one at a time; the customer is rung first")
	r.dial(ana, "*482")
	add := func(number string) wire.CallbackPromise {
		t.Helper()
		res, err := api.AddCallbackWithResponse(limit(t), wire.CallbackRequest{Queue: "sales", Number: number})
		must(t, err)
		if res.JSON202 == nil {
			t.Fatalf("add: %s", res.Body)
		}
		return *res.JSON202
	}
	one := add("910 000 006")
	if two := add("0034910000006"); two.Callback != one.Callback || two.Result != wire.CallbackResultPending {
		t.Errorf("first %+v, then %+v", one, two)
	}
	if _, err := api.AddCallbackWithResponse(limit(t), wire.CallbackRequest{Queue: "sales", Number: "960000001"}); errors.As(err, new(*client.Refusal)) == false {
		t.Errorf("a number that is denied: %v", err)
	}
	gone := add("910000007")
	_, err = api.CancelCallbackWithResponse(limit(t), gone.Callback)
	must(t, err)
	r.callbacks(api, 1)
	r.dial(ana, "*481")
	c := r.next(carrier)
	must(t, c.Answer())
	a := r.answers(ana)
	r.talk(c, a)
	must(t, a.Hangup())
	ended(t, c)

	want := map[string]orchestrator.Outcome{"+34910000003": orchestrator.OutcomeCancelled, "+34910000004": orchestrator.OutcomeCancelled,
		"+34910000006": orchestrator.OutcomeServed, "+34910000007": orchestrator.OutcomeCancelled}
	for _, got := range r.settledOf(orchestrator.KindCallback, len(want)) {
		if got.Outcome != want[got.Caller.Number] {
			t.Errorf("the record is %+v", got)
		}
	}
}
