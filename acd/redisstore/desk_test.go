package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// lossy has every script about agents and calls run twice and its first reply
// lost, as the client library does when a connection breaks in between. (A claim
// of deadlines that is lost comes up again after its lease.)
type lossy struct{ on atomic.Bool }

func (l *lossy) DialHook(next redis.DialHook) redis.DialHook { return next }
func (l *lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *lossy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil && l.on.Load() && strings.HasPrefix(cmd.Name(), "eval") && fmt.Sprint(cmd.Args()[2]) != "1" {
			return next(ctx, cmd)
		}
		return err
	}
}

// TestALostReplyLosesNoOffer: whatever frees the agent, the owner of the PBX
// hears of the call that the agent is matched with.
func TestALostReplyLosesNoOffer(t *testing.T) {
	t.Parallel()
	for name, free := range map[string]func(w *world, o orchestrator.Offer){
		"finished": func(w *world, o orchestrator.Offer) { w.answer(o.ID); w.finish(o.ID) },
		"wrap-up over": func(w *world, o orchestrator.Offer) {
			w.answer(o.ID)
			w.must(w.svc.Finished(w.ctx(), w.inQueue(o, "lenta"), 0))
			w.advance(30 * time.Second)
		},
		"left":   func(w *world, o orchestrator.Offer) { w.leave(o.Call, 0) },
		"failed": func(w *world, o orchestrator.Offer) { w.failed(o.ID, orchestrator.OfferCancelled) },
		"rest over": func(w *world, o orchestrator.Offer) {
			w.failed(o.ID, orchestrator.OfferRejected)
			w.leave(o.Call, 0)
			w.advance(5 * time.Second)
		},
		"resumed": func(w *world, o orchestrator.Offer) {
			w.answer(o.ID)
			w.do(orchestrator.AgentPause, "a00")
			w.finish(o.ID)
			w.do(orchestrator.AgentResume, "a00")
		},
		"logged in": func(w *world, o orchestrator.Offer) {
			w.answer(o.ID)
			w.do(orchestrator.AgentLogout, "a00")
			w.finish(o.ID)
			w.do(orchestrator.AgentLogin, "a00")
		},
		"phone free": func(w *world, o orchestrator.Offer) {
			w.device("100", orchestrator.DeviceBusy)
			w.answer(o.ID)
			w.finish(o.ID)
			w.device("100", orchestrator.DeviceFree)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, defs(1, queue("ventas", noWrap), queue("lenta")))
			w.login("a00")
			o := w.enqueue("c1", "ventas").Offer
			w.advance(time.Millisecond)
			w.enqueue("c2", "ventas")
			hook := &lossy{}
			w.rdb.AddHook(hook)
			hook.on.Store(true)
			free(w, *o)
			got := w.offered()
			if got.Call != "c2" || got.Agent != "a00" {
				t.Fatalf("%+v", got)
			}
			w.answer(got.ID)
			w.clean()
		})
	}
}

// inQueue is an offer as if it were of another queue, whose wrap-up counts then.
func (w *world) inQueue(o orchestrator.Offer, queue string) orchestrator.Offer {
	o.Queue = queue
	return o
}

func TestARepeatedEnqueueGetsTheStandingOffer(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.login("a00", "a01")
	hook := &lossy{}
	w.rdb.AddHook(hook)
	hook.on.Store(true)
	p := w.enqueue("c1", "ventas")
	if p.Offer == nil || len(w.records().Offers) != 1 {
		t.Fatalf("%+v, offers %v", p, w.records().Offers)
	}
	q := w.failed(p.Offer.ID, orchestrator.OfferRejected)
	if q.Offer == nil || q.Offer.Agent == p.Offer.Agent {
		t.Fatalf("the second agent: %+v", q)
	}
	w.clean()
}

// TestWhoBeginsToDriveIsToldWhatStands, and not what is answered or over.
func TestWhoBeginsToDriveIsToldWhatStands(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.svc = w.process(acd.Parts{Definitions: defs(4, queue("ventas"))})
	w.login("a00", "a01", "a02")
	w.serve("talks", "ventas")
	over := w.enqueue("over", "ventas").Offer
	w.leave("over", 0)
	stands := w.enqueue("stands", "ventas").Offer
	next := newDesk()
	w.own(w.svc, next, pbx)
	if got := <-next.offers; got.ID != stands.ID {
		t.Errorf("told %+v, want %+v", got, stands)
	}
	after := w.enqueue("after", "ventas").Offer
	if got := <-next.offers; got.ID != after.ID {
		t.Errorf("told %+v, want %+v", got, after)
	}
	if len(next.withdrawn) != 0 {
		t.Errorf("told of %s, which was over before", over.ID)
	}
}

// TestTroubleWithTheStoreLosesNoOffer: what stands is told again.
func TestTroubleWithTheStoreLosesNoOffer(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(w *world){
		"the stream went back": func(w *world) { w.must(w.rdb.Del(w.ctx(), "op:{"+w.tenant+"}:acd:desk:"+pbx).Err()) },
		"the connection broke": func(w *world) {
			w.until("the one who waits is cut off", func() bool {
				list, err := w.rdb.ClientList(w.ctx()).Result()
				w.must(err)
				for line := range strings.Lines(list) {
					if strings.Contains(line, "cmd=xread") && strings.Contains(line, "name="+w.tenant+" ") {
						id := line[len("id="):strings.IndexByte(line, ' ')]
						w.must(w.rdb.ClientKillByFilter(w.ctx(), "ID", id).Err())
						return true
					}
				}
				return false
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := empty(t)
			o := *w.rdb.(*redis.Client).Options()
			w.tenant = strings.ReplaceAll(w.tenant, "_", "-")
			o.ClientName = w.tenant
			w.rdb = redis.NewClient(&o)
			t.Cleanup(func() { _ = w.rdb.Close() })
			w.store = newStore(w)
			w.start(defs(3, queue("ventas")))
			w.login("a00", "a01", "a02")
			w.leave(w.told("c0").Call, 0) // from here on the stream is read
			first := w.told("c1")
			trouble(w)
			for got := range w.desk.offers { // what was told before comes first
				if got.ID == first.ID {
					break
				}
			}
			w.told("c2")
		})
	}
}

// told enqueues a call that is offered at once, and waits until the desk is told.
func (w *world) told(call string) orchestrator.Offer {
	w.Helper()
	o := w.enqueue(call, "ventas").Offer
	if o == nil {
		w.Fatalf("%s was not offered", call)
	}
	for got := range w.desk.offers {
		if got.ID == o.ID {
			break
		}
	}
	return *o
}

func TestDeskEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(1, queue("ventas")))
	ctx, cancel := context.WithCancel(w.ctx())
	ended := make(chan error)
	go func() { ended <- w.svc.Desk(ctx, pbx, func(orchestrator.DeskNotice) {}) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestTheStreamTellsWhatTheStoreHas: whatever many processes do at once, every
// offer that stands in the end was told, as it is stored.
func TestTheStreamTellsWhatTheStoreHas(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(racers, queue("ventas"), queue("soporte")))
	told, mu := map[string]orchestrator.Offer{}, sync.Mutex{}
	ctx, cancel := context.WithCancel(w.ctx())
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = w.svc.Desk(ctx, pbx, func(n orchestrator.DeskNotice) {
			mu.Lock()
			defer mu.Unlock()
			if n.Withdrawn == "" {
				told[n.Offer.ID] = n.Offer
			} else {
				delete(told, n.Offer.ID)
			}
		})
	})
	together(func(i int) {
		agent, call := w.svc.Definitions().Agents[i].ID, "c"+w.svc.Definitions().Agents[i].ID
		if i%2 == 0 {
			w.do(orchestrator.AgentLogin, agent)
		}
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: []string{"ventas", "soporte"}[i%2], Visit: 1})
		if err != nil {
			t.Error(err)
		}
		if i%2 == 1 {
			w.do(orchestrator.AgentLogin, agent)
		}
		if i%4 == 0 {
			if err := w.svc.Leave(w.ctx(), call, 1, "hangup"); err != nil {
				t.Error(err)
			}
		}
		if i%4 == 1 && p.Offer != nil {
			if _, err := w.svc.Failed(w.ctx(), *p.Offer, orchestrator.OfferError); err != nil {
				t.Error(err)
			}
		}
	})
	want := map[string]orchestrator.Offer{}
	for id, o := range w.records().Offers {
		want[id] = o.Offer
	}
	w.until("all that stand are told", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for id := range want {
			if _, ok := told[id]; !ok {
				return false
			}
		}
		return true
	})
	cancel()
	wg.Wait()
	for id := range told {
		if _, stands := want[id]; !stands {
			delete(told, id) // over, on the owner's own word
		}
	}
	if diff := cmp.Diff(want, told); diff != "" || len(want) == 0 {
		t.Errorf("%d stand (-stored +told):\n%s", len(want), diff)
	}
	w.clean()
}
