package redisstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// TestCallbackKeepsThePlace: a caller who is to be called back instead of waiting
// on the line is where the call was: before who came later, in the ring that it had
// reached, also in a queue that takes nobody in; and is matched as a call is.
func TestCallbackKeepsThePlace(t *testing.T) {
	t.Parallel()
	d := defs(1, queue("ventas", func(q *acd.Queue) {
		q.MaxLength, q.Admit = 2, acd.AdmitWhenAgentsHere
		q.Requires, q.Relax = "en >= 1", []acd.Relax{{After: 20 * time.Second}}
		rules := yamlfile.Defaults[acd.Callback]()
		q.Callback = &rules
	}))
	d.Skills = []acd.Skill{{Name: "en"}}
	w := setup(t, d)
	w.login("a00") // who knows no English
	began := w.clock()
	w.enqueue("c1", "ventas")
	w.advance(19 * time.Second)
	w.enqueue("c2", "ventas")
	w.leave("c1", 0)
	w.do(orchestrator.AgentLogout, "a00")
	w.enqueue("c3", "ventas") // is not taken in, nor would be c1
	p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: "b1", PBX: pbx, Queue: "ventas", Visit: 1,
		Entered: began, Since: began, Work: orchestrator.WorkCallback})
	if w.must(err); p.Result != orchestrator.PlacedWaiting || p.Position != 1 || p.Plan.Callback == nil {
		t.Fatalf("its place is %+v", p)
	}
	s, err := w.svc.Board(w.ctx(), 0)
	if w.must(err); len(s.Queues) != 1 || s.Queues[0].Callbacks != 1 || s.Queues[0].Callers != 1 || s.Queues[0].Oldest != began.Add(19*time.Second).UnixMilli() {
		t.Errorf("the board shows %+v", s.Queues)
	}
	w.login("a00")
	if n := len(w.records().Offers); n != 0 {
		t.Errorf("%d offers before the ring is reached", n)
	}
	w.advance(time.Second)
	if o := w.offered(); o.Call != "b1" {
		t.Errorf("who is free gets %q", o.Call)
	}
}

// TestWhoResumesACallbackHasItsPlace: a customer who calls again and waits on the line in place
// of a callback comes where that was, whether it has been ended by then or not.
func TestWhoResumesACallbackHasItsPlace(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas", noWrap)))
	began := w.clock()
	back := orchestrator.Waiting{Call: "b1", PBX: pbx, Queue: "ventas", Visit: 1, Entered: began, Since: began, Work: orchestrator.WorkCallback}
	_, err := w.svc.Enqueue(w.ctx(), back)
	w.must(err)
	w.advance(time.Second)
	w.enqueue("c2", "ventas")
	resumes := orchestrator.Waiting{Call: "c1", PBX: pbx, Queue: "ventas", Visit: 1, Entered: began, Since: began, Instead: "b1"}
	for range 2 { // asked twice it is there once
		p, err := w.svc.Enqueue(w.ctx(), resumes)
		if w.must(err); p.Result != orchestrator.PlacedWaiting || p.Position != 1 {
			t.Errorf("its place is %+v", p)
		}
	}
	calls, _, err := w.svc.InQueue(w.ctx(), "ventas")
	if w.must(err); len(calls) != 2 || calls[0].Call != "c1" || calls[0].Position != 1 || calls[1].Position != 2 {
		t.Errorf("who waits: %+v", calls)
	}
	w.clean()
	w.must(w.svc.Leave(w.ctx(), "b1", 1, "revoked")) // its end comes after
	w.leave("c1", 1)
	w.login("a00") // is rung for c2
	w.failed(w.offered().ID, orchestrator.OfferBusy)
	w.leave("c2", 0)

	w.do(orchestrator.AgentLogout, "a00")
	_, err = w.svc.Enqueue(w.ctx(), back)
	w.must(err)
	w.login("a00")
	o := w.offered()
	p, err := w.svc.Enqueue(w.ctx(), resumes) // an agent is being rung for it: its end is for its call to tell
	if w.must(err); o.Call != "b1" || p.Result != orchestrator.PlacedWaiting || p.Position != 1 || len(w.records().Offers) != 1 {
		t.Errorf("while %+v: %+v", o, p)
	}
	w.clean()
}

// TestACallbackOfAQueueThatIsGone: a customer who is yet to be called back has a place in a queue that
// is gone from the definitions, also between two attempts, and agents serve it until that is over.
func TestACallbackOfAQueueThatIsGone(t *testing.T) {
	t.Parallel()
	w := empty(t)
	promised := []string{"soporte"}
	w.svc = w.process(acd.Parts{Definitions: defs(1, queue("ventas"), queue("soporte")), Promised: func(context.Context) ([]string, error) { return promised, nil }})
	w.own(w.svc, w.desk, pbx)
	began := w.clock()
	turn := func() orchestrator.PlacementResult {
		t.Helper()
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: "b1", PBX: pbx, Queue: "soporte", Visit: 1, Entered: began, Since: began, Work: orchestrator.WorkCallback})
		w.must(err)
		return p.Result
	}
	heal := func() {
		t.Helper()
		_, err := w.svc.Heal(w.ctx(), pbx)
		w.must(err)
	}
	turn()
	w.leave("b1", 1) // the first attempt came to nothing
	w.must(w.svc.Reload(w.ctx(), defs(1, queue("ventas"))))
	heal()
	if got := turn(); got != orchestrator.PlacedWaiting {
		t.Errorf("its turn: %s", got)
	}
	if p := w.enqueue("c1", "soporte"); p.Result != orchestrator.RefusedQueue {
		t.Errorf("a new caller got in: %+v", p)
	}
	w.login("a00")
	if o := w.offered(); o.Call != "b1" {
		t.Errorf("who is free gets %q", o.Call)
	}
	w.leave("b1", 1)
	promised = nil
	heal()
	if a := w.agent("a00"); strings.Contains(a.Queues, "soporte") {
		t.Errorf("it is over, and the agent serves %s", a.Queues)
	}
	if got := turn(); got != orchestrator.RefusedQueue {
		t.Errorf("a turn after that: %s", got)
	}
	w.clean()
}
