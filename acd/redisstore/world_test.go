package redisstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/redisstore"
	"github.com/operadora/operadora/orchestrator"
	journal "github.com/operadora/operadora/orchestrator/redisstore"
)

const pbx = "uno"

// world is a Service on a real Redis with a clock that only the test moves.
type world struct {
	testing.TB
	rdb    redis.UniversalClient
	tenant string
	store  *redisstore.Store
	svc    *acd.Service
	desk   *desk

	mu  sync.Mutex
	now time.Time // guarded by mu
}

// desk keeps what the owner of the PBX is told, each offer once, but for those
// that an answer carried.
type desk struct {
	mu        sync.Mutex
	seen      map[string]bool // guarded by mu
	offers    chan orchestrator.Offer
	withdrawn chan orchestrator.Offer
	deserted  chan string
}

func newDesk() *desk {
	return &desk{seen: map[string]bool{}, offers: make(chan orchestrator.Offer, 10_000), withdrawn: make(chan orchestrator.Offer, 10_000), deserted: make(chan string, 100)}
}

func (d *desk) tell(n orchestrator.DeskNotice) {
	switch {
	case n.Deserted != "":
		d.deserted <- n.Deserted
	case n.Withdrawn != "":
		d.withdrawn <- n.Offer
	default:
		d.offers <- n.Offer
	}
}

// first tells whether an offer is met for the first time, by answer or by notice.
func (d *desk) first(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := !d.seen[id]
	d.seen[id] = true
	return first
}

var epoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func setup(t testing.TB, defs acd.Definitions) *world {
	t.Helper()
	w := empty(t)
	w.start(defs)
	return w
}

// newWorld is a world without any process.
func newWorld(t testing.TB, rdb redis.UniversalClient, tenant string) *world {
	return &world{TB: t, rdb: rdb, tenant: tenant, store: redisstore.New(rdb, tenant), desk: newDesk(), now: epoch}
}

// empty is one of a tenant of its own on the Redis of all tests.
func empty(t testing.TB) *world {
	t.Helper()
	rdb, tenant := client(t)
	return newWorld(t, rdb, tenant)
}

// newStore is the store of a world's client and tenant.
func newStore(w *world) *redisstore.Store { return redisstore.New(w.rdb, w.tenant) }

// start runs a Service that owns the PBX.
func (w *world) start(defs acd.Definitions) {
	w.Helper()
	w.svc = w.process(acd.Parts{Definitions: defs})
	w.own(w.svc, w.desk, pbx)
}

// unstarted makes a Service of the same tenant that does nothing by itself.
func (w *world) unstarted(p acd.Parts) *acd.Service {
	w.Helper()
	p.Store, p.Now = w.store, w.clock
	svc, err := acd.New(p)
	w.must(err)
	return svc
}

// process runs a Service of the same tenant.
func (w *world) process(p acd.Parts) *acd.Service {
	w.Helper()
	svc := w.unstarted(p)
	w.must(svc.Start(w.ctx()))
	w.Cleanup(svc.Stop)
	return svc
}

// own has a process follow what is told of a PBX, until the test ends.
func (w *world) own(svc *acd.Service, d *desk, at string) {
	ctx, cancel := context.WithCancel(w.ctx())
	var wg sync.WaitGroup
	wg.Go(func() { _ = svc.Desk(ctx, at, d.tell) })
	w.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

func (w *world) ctx() context.Context { return context.WithoutCancel(w.Context()) }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// advance moves the clock and has the Service look at what is due.
func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	w.svc.Wake()
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) do(op orchestrator.AgentOp, agent string, more ...func(*orchestrator.AgentCommand)) orchestrator.AgentAnswer {
	w.Helper()
	cmd := orchestrator.AgentCommand{Op: op, Agent: agent, Trusted: true, By: "test"}
	for _, f := range more {
		f(&cmd)
	}
	a, err := w.svc.Do(w.ctx(), cmd)
	w.must(err)
	return a
}

func (w *world) login(agents ...string) {
	w.Helper()
	for _, a := range agents {
		if got := w.do(orchestrator.AgentLogin, a).Result; got != orchestrator.AgentOK {
			w.Fatalf("login of %s: %s", a, got)
		}
	}
}

func (w *world) enqueue(call, queue string) orchestrator.Placement {
	w.Helper()
	return w.visit(call, queue, 0)
}

// visit enqueues a call for one of its visits.
func (w *world) visit(call, queue string, visit int) orchestrator.Placement {
	w.Helper()
	p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: queue, Visit: visit, Entered: w.clock()})
	w.must(err)
	return w.met(p)
}

// met notes the offer that an answer carries.
func (w *world) met(p orchestrator.Placement) orchestrator.Placement {
	if p.Offer != nil {
		w.desk.first(p.Offer.ID)
	}
	return p
}

func (w *world) leave(call string, visit int) {
	w.Helper()
	w.must(w.svc.Leave(w.ctx(), call, visit, "hangup"))
}

// serve enqueues a call that must be offered at once and answers it.
func (w *world) serve(call, queue string) orchestrator.Offer {
	w.Helper()
	p := w.enqueue(call, queue)
	if p.Offer == nil {
		w.Fatalf("call %s: %+v, want an offer", call, p)
	}
	w.answer(p.Offer.ID)
	return *p.Offer
}

// offer is the offer with an id; of one that is over, what its id tells.
func (w *world) offer(id string) orchestrator.Offer {
	w.Helper()
	if o, ok := w.records().Offers[id]; ok {
		return o.Offer
	}
	return orchestrator.Offer{ID: id, Call: id[:max(0, strings.LastIndexByte(id, '-'))], PBX: pbx}
}

func (w *world) answer(offer string) {
	w.Helper()
	ok, err := w.svc.Answered(w.ctx(), w.offer(offer))
	w.must(err)
	if !ok {
		w.Fatalf("offer %s is not valid", offer)
	}
}

func (w *world) failed(offer string, why orchestrator.OfferFailure) orchestrator.Placement {
	w.Helper()
	p, err := w.svc.Failed(w.ctx(), w.offer(offer), why)
	w.must(err)
	return w.met(p)
}

func (w *world) finish(offer string) {
	w.Helper()
	w.must(w.svc.Finished(w.ctx(), w.offer(offer), time.Minute))
}

// offered waits for the next offer that no answer carried.
func (w *world) offered() orchestrator.Offer {
	w.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case o := <-w.desk.offers:
			if w.desk.first(o.ID) {
				return o
			}
		case <-late:
			w.Fatal("no offer came to the desk")
			return orchestrator.Offer{}
		}
	}
}

func (w *world) records() acd.Records {
	w.Helper()
	r, err := w.store.Read(w.ctx())
	w.must(err)
	return r
}

func (w *world) agent(id string) acd.AgentRecord {
	w.Helper()
	return w.records().Agents[id]
}

func (w *world) wantState(id string, want acd.State) acd.AgentRecord {
	w.Helper()
	a := w.agent(id)
	if a.State != want {
		w.Fatalf("agent %s is %s, want %s (%+v)", id, a.State, want, a)
	}
	return a
}

// until waits for something that the Service does on its own.
func (w *world) until(what string, ok func() bool) {
	w.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			w.Fatalf("never happened: %s", what)
		}
	}
}

// defs makes definitions of queues and agents; every agent is in every queue.
func defs(agents int, queues ...acd.Queue) acd.Definitions {
	d := acd.Definitions{Queues: queues}
	for i := range agents {
		a := acd.NewAgent()
		a.ID, a.PBX = fmt.Sprintf("a%02d", i), pbx
		a.Endpoint = fmt.Sprintf("PJSIP/%d", 100+i)
		for _, q := range queues {
			a.Queues = append(a.Queues, acd.Membership{Queue: q.ID})
		}
		d.Agents = append(d.Agents, a)
	}
	return d
}

func queue(id string, change ...func(*acd.Queue)) acd.Queue {
	q := acd.NewQueue()
	q.ID = id
	for _, f := range change {
		f(&q)
	}
	return q
}

func noWrap(q *acd.Queue) { q.WrapUp = 0 }

func toJSON(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// journal returns the entries of a type, in order.
func (w *world) journal(kind orchestrator.EntryType) []orchestrator.Entry {
	w.Helper()
	messages, err := w.rdb.XRange(w.ctx(), journal.JournalKey(w.tenant), "-", "+").Result()
	w.must(err)
	var out []orchestrator.Entry
	for _, m := range messages {
		e, err := journal.ParseEntry(m)
		w.must(err)
		if e.Type == kind {
			out = append(out, e)
		}
	}
	return out
}

func (w *world) decode(data json.RawMessage, into any) {
	w.Helper()
	w.must(json.Unmarshal(data, into))
}
