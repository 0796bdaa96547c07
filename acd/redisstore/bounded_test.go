package redisstore_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestACallIsMatchedInFewSteps: however many agents are rung through another
// queue, a call that enters does not go through them.
func TestACallIsMatchedInFewSteps(t *testing.T) {
	t.Parallel()
	const agents = 5000
	own := lab.RedisFor(t, lab.RedisOptions{}) // its counters are ours alone
	rdb := redis.NewClient(&redis.Options{Addr: own.Addr(), PoolSize: 64})
	t.Cleanup(func() { _ = rdb.Close() })
	w := newWorld(t, rdb, "many")
	w.svc = w.unstarted(acd.Parts{Definitions: defs(agents, queue("ventas"), queue("soporte"))})
	inParallel(agents, func(i int) { w.login(fmt.Sprintf("a%02d", i)) })
	inParallel(agents, func(i int) { w.enqueue("s"+strconv.Itoa(i), "soporte") })
	w.must(rdb.ConfigResetStat(w.ctx()).Err())
	if p := w.enqueue("c1", "ventas"); p.Offer != nil {
		t.Fatalf("everybody is rung: %+v", p)
	}
	if n := w.commands(); n > 60 {
		t.Errorf("%d commands for one call that finds nobody", n)
	}
	o := w.offerOf("a00")
	w.must(rdb.ConfigResetStat(w.ctx()).Err())
	w.failed(o, "cancelled")
	if n := w.commands(); n > 120 {
		t.Errorf("%d commands for one agent who becomes free", n)
	}
	if w.offerOf("a00") == "" {
		t.Error("a00 is free while a call waits")
	}
}

// TestAnExpectedWaitCostsWhatMatters: however many kinds of calls wait for other agents,
// who is told a wait has nobody counted but those whose agents are the same.
func TestAnExpectedWaitCostsWhatMatters(t *testing.T) {
	t.Parallel()
	own := lab.RedisFor(t, lab.RedisOptions{}) // its counters are ours alone
	rdb := redis.NewClient(&redis.Options{Addr: own.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	w := newWorld(t, rdb, "kinds")
	d := defs(10, queue("ventas", func(q *acd.Queue) { q.AnnounceWait = true }), queue("soporte"))
	for i := range d.Agents {
		skill := "s" + strconv.Itoa(i)
		d.Skills = append(d.Skills, acd.Skill{Name: skill})
		d.Agents[i].Skills, d.Agents[i].Queues = map[string]int{skill: 1}, d.Agents[i].Queues[1:]
	}
	d.Agents[0].Queues = []acd.Membership{{Queue: "ventas"}}
	w.svc = w.unstarted(acd.Parts{Definitions: d})
	w.login("a00")
	o := w.serve("c0", "ventas")
	w.finish(o.ID) // it is known how long that takes
	for i := range 300 {
		var any []string
		for k := range 9 {
			if (i+1)>>k&1 == 1 {
				any = append(any, fmt.Sprintf("s%d >= 1", k+1))
			}
		}
		_, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: "s" + strconv.Itoa(i), PBX: pbx, Queue: "soporte", Entered: w.clock(),
			Sought: orchestrator.Sought{Needs: strings.Join(any, " or ")}})
		w.must(err)
	}
	for i := range 3 {
		w.tock(time.Second)
		w.enqueue("c"+strconv.Itoa(i+1), "ventas")
	}
	ask := func() int {
		w.must(rdb.ConfigResetStat(w.ctx()).Err())
		position, _, err := w.svc.Place(w.ctx(), "c3")
		if w.must(err); position != 3 {
			t.Errorf("position %d", position)
		}
		return w.commands()
	}
	ask()
	if lanes, err := w.store.Lanes(w.ctx()); err != nil || len(lanes) < 290 {
		t.Fatalf("%d lanes, %v", len(lanes), err)
	}
	if n := ask(); n > 10 {
		t.Errorf("%d commands for a wait that three callers have to do with", n)
	}
}

// TestMoreLanesThanOneStepLooksAt: calls of so many kinds wait for others that whoever becomes free does not look past
// them all in one step. The step ends, who comes finds the agent meanwhile, and the next steps find who waits.
func TestMoreLanesThanOneStepLooksAt(t *testing.T) {
	t.Parallel()
	const others, lanes = 12, 2500
	own := lab.RedisFor(t, lab.RedisOptions{}) // its counters are ours alone
	rdb := redis.NewClient(&redis.Options{Addr: own.Addr(), PoolSize: 16})
	t.Cleanup(func() { _ = rdb.Close() })
	for name, at := range map[string]time.Duration{"one after the other": time.Second, "all at once": 0} {
		w := newWorld(t, rdb, strings.ReplaceAll(name, " ", ""))
		d := defs(others+1, queue("ventas", noWrap))
		for i := range d.Agents {
			skill := "s" + strconv.Itoa(i)
			d.Skills = append(d.Skills, acd.Skill{Name: skill})
			d.Agents[i].Skills = map[string]int{skill: 1}
		}
		w.svc = w.unstarted(acd.Parts{Definitions: d})
		enter := func(call, needs string) {
			_, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: "ventas", Entered: w.clock(), Sought: orchestrator.Sought{Needs: needs}})
			w.must(err)
		}
		for i := range lanes {
			var any []string
			for k := range others {
				if (i+1)>>k&1 == 1 {
					any = append(any, fmt.Sprintf("s%d >= 1", k+1))
				}
			}
			w.tock(at / lanes)
			enter("o"+strconv.Itoa(i), strings.Join(any, " or "))
		}
		w.tock(time.Millisecond)
		enter("mine", "s0 >= 1")
		free := func(op orchestrator.AgentOp) string {
			w.must(rdb.ConfigResetStat(w.ctx()).Err())
			w.do(op, "a00")
			if n := w.commands(); n > 1200 {
				t.Errorf("%s: %d commands in one step", name, n)
			}
			return w.agent("a00").Call
		}
		if got := free(orchestrator.AgentLogin); got != "" {
			t.Fatalf("%s: %s is looked at by the first step", name, got)
		}
		enter("later", "s0 >= 1")
		if got := w.agent("a00").Call; got != "later" {
			t.Errorf("%s: who comes finds nobody but %q", name, got)
		}
		w.must(w.svc.Expire(w.ctx())) // the agent is busy by now
		o := w.offer(w.offerOf("a00"))
		w.answer(o.ID)
		w.finish(o.ID)
		for range lanes / 1000 {
			w.must(w.svc.Expire(w.ctx()))
		}
		if got := w.agent("a00").Call; got != "mine" {
			t.Errorf("%s: who waits is found by nobody but %q: %+v", name, got, w.agent("a00"))
		}
		if at == 0 {
			w.nobodyIsForgotten(epoch, others)
		}
	}
}

// nobodyIsForgotten has agent a00 become free again and again while a call that a00 alone may serve waits in one of the
// thousands of lanes whose heads all entered at the same moment, wherever it is among them, and while others leave: be it in the lane at
// which the last step ended.
func (w *world) nobodyIsForgotten(entered time.Time, others int) {
	w.Helper()
	const rounds, steps = 15, 6 // two for each thousand, for the lane at which one ended may be gone
	r := rand.New(rand.NewPCG(3, 1))
	skipped := 0
	for i := range rounds {
		o := w.offer(w.offerOf("a00"))
		w.answer(o.ID)
		w.finish(o.ID)
		w.do(orchestrator.AgentLogout, "a00")
		call, needs := "same"+strconv.Itoa(i), "s0 >= 1"
		for k := range others {
			if r.IntN(2) == 0 {
				needs += fmt.Sprintf(" or s%d >= 1", k+1)
			}
		}
		_, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: "ventas", Entered: entered, Sought: orchestrator.Sought{Needs: needs}})
		w.must(err)
		w.do(orchestrator.AgentLogin, "a00")
		gone := false
		for n := 0; w.agent("a00").Call == ""; n++ {
			if n == steps {
				w.Fatalf("%s waits for a00, who is free and has looked %d times: %+v", call, n, w.agent("a00"))
			}
			skipped++
			last := w.agent("a00").LookLane
			for id, c := range w.records().Calls {
				ends := !gone && i%2 == 0 && c.At > 0 && c.Rings[c.At-1].Lane == last
				if id != call && (ends || r.IntN(300) == 0) {
					w.leave(id, 0)
				}
				gone = gone || ends
			}
			w.must(w.svc.Expire(w.ctx()))
		}
		if got := w.agent("a00").Call; got != call {
			w.Errorf("a00 gets %q, not %s", got, call)
		}
	}
	if skipped < rounds/2 {
		w.Errorf("%d of %d calls were found by the first step: this proves nothing", rounds-skipped, rounds)
	}
}

func inParallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for k := range 16 {
		wg.Go(func() {
			for i := k; i < n; i += 16 {
				f(i)
			}
		})
	}
	wg.Wait()
}

var commandCalls = regexp.MustCompile(`calls=([0-9]+)`)

// commands is how many commands Redis ran since its counters were reset, those
// of scripts included, and without those by which a connection of the pool begins.
func (w *world) commands() (n int) {
	w.Helper()
	text, err := w.rdb.Info(w.ctx(), "commandstats").Result()
	w.must(err)
	for line := range strings.Lines(text) {
		begins := strings.HasPrefix(line, "cmdstat_hello:") || strings.HasPrefix(line, "cmdstat_client|")
		if m := commandCalls.FindStringSubmatch(line); m != nil && !begins {
			calls, err := strconv.Atoi(m[1])
			w.must(err)
			n += calls
		}
	}
	return n
}
