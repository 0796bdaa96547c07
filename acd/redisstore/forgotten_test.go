package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// amid is a store in which something happens as it is asked whose queues are.
type amid struct {
	acd.Store
	happens func()
}

func (a *amid) Used(ctx context.Context, queues []string) ([]string, error) {
	if f := a.happens; f != nil {
		a.happens = nil
		f()
	}
	return a.Store.Used(ctx, queues)
}

// TestAClosedQueueStaysForWhoIsAnswered: as it is looked whose queues are an agent gets, and answers, the last caller of a queue that is gone from the definitions. The conversation is of
// that queue all the same, with its wrap-up.
func TestAClosedQueueStaysForWhoIsAnswered(t *testing.T) {
	t.Parallel()
	w := empty(t)
	s := &amid{Store: newStore(w)}
	svc, err := acd.New(acd.Parts{Store: s, Now: w.clock, Definitions: defs(1, queue("ventas"), queue("soporte"))})
	w.must(err)
	w.must(svc.Start(w.ctx()))
	w.Cleanup(svc.Stop)
	w.svc = svc
	w.own(w.svc, w.desk, pbx)
	w.enqueue("s1", "soporte")
	w.must(w.svc.Reload(w.ctx(), defs(1, queue("ventas"))))
	s.happens = func() {
		w.login("a00")
		w.answer(w.offered().ID)
	}
	_, err = w.svc.Heal(w.ctx(), pbx)
	w.must(err)
	w.finish(w.agent("a00").Offer)
	w.wantState("a00", acd.StateWrapup) // 30 s, as the queue says that is gone
}

// TestAClosedQueueStaysForWhoFinishes: who is in wrap-up after a call of a queue that is gone may
// give it as many outcomes as that queue lets them.
func TestAClosedQueueStaysForWhoFinishes(t *testing.T) {
	t.Parallel()
	d := treeDefs(acd.OutcomeRule{Several: 2, Required: true})
	w := setup(t, d)
	w.login("a00")
	o := w.serve("c1", "ventas")
	w.finish(o.ID)
	w.wantState("a00", acd.StateWrapup)
	next := treeDefs(acd.OutcomeRule{Several: 2})
	next.Queues = next.Queues[1:]
	for i := range next.Agents {
		next.Agents[i].Queues = next.Agents[i].Queues[1:]
	}
	next.Dispositions[0].Queues = nil
	w.must(w.svc.Reload(w.ctx(), next))
	_, err := w.svc.Heal(w.ctx(), pbx)
	w.must(err)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00", disposition("1*3"))
}

// TestAClosedQueueStaysForWhoIsHandedOn: a caller of a queue that is gone was handed to an agent
// and waits for that one alone; the conversation is of that queue, with its wrap-up.
func TestAClosedQueueStaysForWhoIsHandedOn(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas"), queue("soporte")))
	w.login("a00", "a01")
	first := w.serve("c1", "soporte")
	to := "a01"
	if first.Agent == to {
		to = "a00"
	}
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, to)
	w.finish(first.ID) // the call is handed on
	p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: "c1", PBX: pbx, Queue: orchestrator.PersonalQueue(to), Of: "soporte", Visit: 2, Entered: w.clock()})
	w.must(err)
	if w.met(p); p.Result != orchestrator.PlacedWaiting {
		t.Fatalf("%+v", p)
	}
	w.must(w.svc.Reload(w.ctx(), defs(2, queue("ventas"))))
	_, err = w.svc.Heal(w.ctx(), pbx)
	w.must(err)
	w.advance(time.Second)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, to)
	o := w.offered()
	if o.Call != "c1" || o.Agent != to {
		t.Fatalf("%+v", o)
	}
	w.answer(o.ID)
	w.finish(o.ID)
	w.wantState(to, acd.StateWrapup)
}
