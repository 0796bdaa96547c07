package redisstore_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

const racers = 64

// together runs f in racers goroutines that start at the same moment.
func together(f func(i int)) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range racers {
		wg.Go(func() {
			<-gate
			f(i)
		})
	}
	close(gate)
	wg.Wait()
}

func TestOneAgentManyCalls(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	w.login("a00")
	var offers atomic.Int64
	together(func(i int) {
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: fmt.Sprintf("c%02d", i), PBX: pbx, Queue: "ventas"})
		if err != nil {
			t.Error(err)
		}
		if p.Offer != nil {
			offers.Add(1)
		}
	})
	if offers.Load() != 1 {
		t.Errorf("%d calls got the one agent", offers.Load())
	}
	if r := w.records(); len(r.Offers) != 1 || len(r.Calls) != racers {
		t.Errorf("%d offers, %d calls", len(r.Offers), len(r.Calls))
	}
	if bad := invariants(w, w.records()); len(bad) > 0 {
		t.Error(bad)
	}
}

func TestManyAgentsOneCall(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(racers, queue("ventas")))
	w.enqueue("c1", "ventas")
	together(func(i int) { w.do(orchestrator.AgentLogin, fmt.Sprintf("a%02d", i)) })
	if r := w.records(); len(r.Offers) != 1 || r.Calls["c1"].Offer == "" {
		t.Errorf("offers %v", r.Offers)
	}
	if bad := invariants(w, w.records()); len(bad) > 0 {
		t.Error(bad)
	}
}

func TestOneOfferManyAnswers(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas", noWrap)))
	w.login("a00")
	o := w.enqueue("c1", "ventas").Offer
	var took, ended atomic.Int64
	together(func(i int) {
		switch i % 2 {
		case 0:
			ok, err := w.svc.Answered(w.ctx(), *o)
			if err != nil {
				t.Error(err)
			}
			if ok {
				took.Add(1)
			}
		case 1:
			if err := w.svc.Leave(w.ctx(), "c1", 0, "hangup"); err != nil {
				t.Error(err)
			}
			ended.Add(1)
		}
	})
	// Either an answer came first, then every answer was valid and no leaving
	// touched the offer; or the call left first, then none was.
	r := w.records()
	switch took.Load() {
	case 0:
		if len(r.Offers) != 0 || r.Agents["a00"].State != acd.StateAvailable {
			t.Errorf("the call left: %+v", r)
		}
	default:
		if len(r.Offers) == 0 {
			return // answered, then taken back by the leaving that had seen it unanswered
		}
		if r.Agents["a00"].State != acd.StateTalking {
			t.Errorf("answered: %+v", r.Agents["a00"])
		}
	}
	if bad := invariants(w, r); len(bad) > 0 {
		t.Error(bad)
	}
}

// TestCrowd has callers, agents and phones all act at once, then lets
// everybody finish: nothing may be left over and nobody stuck.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const agents, callers = 12, 240
	forgiving := func(q *acd.Queue) { q.WrapUp, q.MissesBeforePause, q.Retry = 0, 0, 100*time.Millisecond }
	w := setup(t, defs(agents, queue("ventas", forgiving), queue("soporte", forgiving, func(q *acd.Queue) {
		q.Strategy = acd.RoundRobin
	})))
	seen := &ledger{calls: map[string]string{}, agents: map[string]string{}}
	done := make(chan struct{})
	var servers, wg sync.WaitGroup
	var served, left atomic.Int64
	for i := range 4 { // the phones: take whatever is offered
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		servers.Go(func() {
			for {
				select {
				case <-done:
					return
				case o := <-w.desk.offers:
					crowdServe(w, seen, rng, o, &served)
				}
			}
		})
	}
	for i := range agents {
		wg.Go(func() { w.do(orchestrator.AgentLogin, fmt.Sprintf("a%02d", i)) })
	}
	for i := range 16 {
		rng := rand.New(rand.NewPCG(3, uint64(i)))
		wg.Go(func() {
			for n := range callers / 16 {
				call := fmt.Sprintf("c%02dn%02d", i, n)
				_, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: []string{"ventas", "soporte"}[rng.IntN(2)]})
				if err != nil {
					t.Error(err)
				}
				if rng.IntN(8) == 0 {
					left.Add(1)
					if err := w.svc.Leave(w.ctx(), call, 0, "hangup"); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	w.until("all calls are served", func() bool {
		w.advance(time.Second)
		r := w.records()
		return len(r.Calls) == 0 && len(r.Offers) == 0
	})
	close(done)
	servers.Wait()
	if served.Load()+left.Load() < callers {
		t.Errorf("%d served, %d left of %d", served.Load(), left.Load(), callers)
	}
	w.until("no agent rests", func() bool {
		w.advance(time.Second)
		return len(invariants(w, w.records())) == 0
	})
	for id, a := range w.records().Agents {
		if a.State != acd.StateAvailable {
			t.Errorf("agent %s is left %s", id, a.State)
		}
	}
	for _, problem := range seen.problems {
		t.Error(problem)
	}
}

// ledger notices a second conversation of a call or an agent while one is on.
type ledger struct {
	mu            sync.Mutex
	calls, agents map[string]string
	problems      []string
}

func (l *ledger) begin(o orchestrator.Offer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other, ok := l.calls[o.Call]; ok {
		l.problems = append(l.problems, fmt.Sprintf("call %s: agents %s and %s", o.Call, other, o.Agent))
	}
	if other, ok := l.agents[o.Agent]; ok {
		l.problems = append(l.problems, fmt.Sprintf("agent %s: calls %s and %s", o.Agent, other, o.Call))
	}
	l.calls[o.Call], l.agents[o.Agent] = o.Agent, o.Call
}

func (l *ledger) end(o orchestrator.Offer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.calls, o.Call)
	delete(l.agents, o.Agent)
}

// crowdServe does with an offer what phones do: rings out, is busy, or talks.
func crowdServe(w *world, seen *ledger, rng *rand.Rand, o orchestrator.Offer, served *atomic.Int64) {
	why := orchestrator.OfferFailure("")
	switch rng.IntN(6) {
	case 0:
		why = orchestrator.OfferRejected
	case 1:
		why = orchestrator.OfferError
	}
	if why != "" {
		if _, err := w.svc.Failed(w.ctx(), o, why); err != nil {
			w.Error(err)
		}
		return
	}
	ok, err := w.svc.Answered(w.ctx(), o)
	if err != nil {
		w.Error(err)
	}
	if !ok {
		return
	}
	seen.begin(o)
	runtime.Gosched()
	seen.end(o)
	if err := w.svc.Finished(w.ctx(), o, time.Second); err != nil {
		w.Error(err)
	}
	served.Add(1)
}
