package redisstore_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// tally counts the commands of a client, and finds those that may keep Redis
// busy for longer than a page does.
type tally struct {
	mu       sync.Mutex
	commands map[string]int // guarded by mu
	trips    int            // guarded by mu
	largest  int            // fields in one answer; guarded by mu
	unfit    []string       // guarded by mu
}

// pageMost is the COUNT that a page may ask for. An answer may hold a few
// fields more: Redis ends a page at the end of a bucket.
const pageMost = 200

func watchCommands(rdb redis.UniversalClient) *tally {
	t := &tally{commands: map[string]int{}}
	rdb.AddHook(t)
	return t
}

func (t *tally) DialHook(next redis.DialHook) redis.DialHook { return next }

func (t *tally) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		t.note(cmd)
		t.trip()
		return err
	}
}

func (t *tally) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			t.note(cmd)
		}
		t.trip()
		return err
	}
}

func (t *tally) note(cmd redis.Cmder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name := strings.ToLower(cmd.Name())
	t.commands[name]++
	scan, paged := cmd.(*redis.ScanCmd)
	switch {
	case name == "hget", name == "hmget", name == "hello", name == "client": // the latter two greet a new connection
	case name == "hscan" && paged && asksForAPage(cmd.Args()):
		page, _ := scan.Val()
		t.largest = max(t.largest, len(page)/2)
	default:
		t.unfit = append(t.unfit, fmt.Sprint(cmd.Args()))
	}
}

func (t *tally) trip() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trips++
}

func asksForAPage(args []any) bool {
	for i, a := range args[:len(args)-1] {
		if a == "count" {
			n, ok := args[i+1].(int64)
			return ok && n <= pageMost
		}
	}
	return false
}

// take returns what was counted since the last time.
func (t *tally) take() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	counted := t.commands
	t.commands = map[string]int{}
	delete(counted, "hello") // of a new connection
	delete(counted, "client")
	return counted
}

// full puts as many agents and calls into Redis as asked for, without a way through the scripts.
func (w *world) full(agents, calls int) {
	w.Helper()
	prefix := "op:{" + w.tenant + "}:acd:"
	pipe := w.rdb.Pipeline()
	for i := range agents {
		id := fmt.Sprintf("a%02d", i)
		pipe.HSet(w.ctx(), prefix+"agents", id, toJSON(acd.AgentRecord{State: acd.StateTalking, PBX: pbx, Endpoint: "PJSIP/1",
			Offer: "t-" + id, Call: "t", Queue: "ventas", Device: orchestrator.DeviceBusy}))
		pipe.HSet(w.ctx(), prefix+"offers", "t-"+id, toJSON(acd.OfferRecord{Offer: orchestrator.Offer{ID: "t-" + id, Call: "t",
			Agent: id, Queue: "ventas", PBX: pbx, Answered: true}}))
	}
	for i := range calls {
		pipe.HSet(w.ctx(), prefix+"calls", fmt.Sprintf("c%d", i), toJSON(acd.CallRecord{Queue: "ventas", PBX: pbx, Entered: epoch.UnixMilli()}))
	}
	_, err := pipe.Exec(w.ctx())
	w.must(err)
}

// TestBoardsKeepNobodyWaiting: whatever boards read of 5,000 agents and 5,000
// calls, no command asks Redis for more than a page, and a hundred readers
// cost as much as one.
func TestBoardsKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	const agents, calls = 5_000, 5_000
	w := empty(t)
	w.svc = w.unstarted(acd.Parts{Definitions: defs(agents, queue("ventas"))})
	w.full(agents, calls)
	watch := watchCommands(w.rdb)

	s, err := w.svc.Snapshot(w.ctx())
	w.must(err)
	if len(s.Agents) != agents || len(s.Calls) != calls {
		t.Errorf("%d agents, %d calls", len(s.Agents), len(s.Calls))
	}
	// agents, calls, offers: each needs at least its share of full pages, and a
	// few more for pages that buckets end early; the paces are one page.
	one := watch.take()["hscan"]
	if least := (2*agents + calls) / (2 * pageMost); one < least || one > 3*least {
		t.Errorf("%d pages", one)
	}

	w.advance(time.Minute)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if s, err := w.svc.Recent(w.ctx(), time.Second); err != nil || len(s.Agents) != agents {
				t.Errorf("%d agents, %v", len(s.Agents), err)
			}
		})
	}
	wg.Wait()
	if n := watch.take()["hscan"]; n != one {
		t.Errorf("%d pages for a hundred readers, %d for one", n, one)
	}

	if a, err := w.svc.Agent(w.ctx(), "a42"); err != nil || a.State != acd.StateTalking || a.Lamp != orchestrator.LampBusy {
		t.Errorf("%+v, %v", a, err)
	}
	if diff := cmp.Diff(map[string]int{"hget": 1}, watch.take()); diff != "" {
		t.Errorf("for one agent (-want +got):\n%s", diff)
	}
	if len(watch.unfit) > 0 || watch.largest > 2*pageMost {
		t.Errorf("unbounded commands %q, largest page %d", watch.unfit, watch.largest)
	}
}

// TestABoardReadsWhatIsCounted: with as many agents and calls as may be, a board asks
// for the counts and for the sizes of the queues that somebody is in, and nothing else;
// a page of agents for those on it alone.
func TestABoardReadsWhatIsCounted(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.svc = w.unstarted(acd.Parts{Definitions: defs(30, queue("ventas"), queue("soporte"), queue("vacia"))})
	for i := range 20 {
		w.login(fmt.Sprintf("a%02d", i))
	}
	w.do(orchestrator.AgentPause, "a19")
	for i := range 25 {
		w.enqueue("c"+strconv.Itoa(i), "ventas")
	}
	w.enqueue("s", "soporte")
	_, err := w.svc.Board(w.ctx(), 0) // the first may have to bring a script along
	w.must(err)
	watch := watchCommands(w.rdb)
	b, err := w.svc.Board(w.ctx(), 0)
	w.must(err)
	if q := b.Queues[2]; q.Callers != 25 || q.Agents["reserved"] != 19 || q.Agents["paused"] != 1 || b.Agents["offline"] != 10 {
		t.Errorf("%+v of %v", q, b.Agents)
	}
	if diff := cmp.Diff(map[string]int{"hgetall": 2, "hlen": 1, "evalsha": 1}, watch.take()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	page, more, err := w.svc.AgentPage(w.ctx(), "a04", "ventas", 3, func(a acd.AgentView) bool { return a.State != acd.StatePaused })
	if w.must(err); !more || len(page) != 3 || page[0].ID != "a05" || page[2].State != acd.StateReserved {
		t.Errorf("%v %+v", more, page)
	}
	if diff := cmp.Diff(map[string]int{"smembers": 1, "hmget": 1}, watch.take()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	page, more, err = w.svc.AgentPage(w.ctx(), "", "", 5, func(a acd.AgentView) bool { return a.State == acd.StatePaused })
	if w.must(err); more || len(page) != 1 || page[0].ID != "a19" {
		t.Errorf("%v %+v", more, page)
	}
	in, ok, err := w.svc.InQueue(w.ctx(), "soporte")
	if w.must(err); !ok || len(in) != 1 || in[0].Position != 1 {
		t.Errorf("%v %+v", ok, in)
	}
	if _, ok, err := w.svc.InQueue(w.ctx(), "nada"); ok || err != nil {
		t.Errorf("a queue that there is not: %v, %v", ok, err)
	}
}

// TestAQueueIsReadAlone: who serves a queue and who waits in it, as campaigns ask for it, costs the same whoever
// serves others and however many wait there.
func TestAQueueIsReadAlone(t *testing.T) {
	t.Parallel()
	w := empty(t)
	const others = 5_000
	d := defs(others+3, queue("ventas"), queue("marzo"))
	for i := range d.Agents {
		d.Agents[i].Queues = d.Agents[i].Queues[:1]
		if i < 3 {
			d.Agents[i].Queues = []acd.Membership{{Queue: "marzo"}}
		}
	}
	w.svc = w.unstarted(acd.Parts{Definitions: d})
	w.login("a00")
	for _, call := range []string{"rings", "waits"} {
		w.enqueue(call, "marzo")
	}
	ask := func() {
		t.Helper()
		agents, calls, err := w.svc.OfQueues(w.ctx(), []string{"marzo"})
		w.must(err)
		states := map[string]acd.State{}
		for _, a := range agents {
			states[a.ID] = a.State
		}
		if diff := cmp.Diff(map[string]acd.State{"a00": acd.StateReserved, "a01": acd.StateOffline, "a02": acd.StateOffline}, states); diff != "" {
			t.Errorf("agents (-want +got):\n%s", diff)
		}
		waiting := map[string]string{}
		for _, c := range calls {
			waiting[c.Call] = c.Agent
		}
		if diff := cmp.Diff(map[string]string{"rings": "a00", "waits": ""}, waiting); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	}
	ask() // the first may have to bring a script along
	watch := watchCommands(w.rdb)
	ask()
	alone, own := watch.take(), w.agent("a00")
	for i := range 30 {
		w.enqueue("o"+strconv.Itoa(i), "ventas")
	}
	w.full(others, others)
	w.must(w.rdb.HSet(w.ctx(), "op:{"+w.tenant+"}:acd:agents", "a00", toJSON(own)).Err())
	w.must(w.rdb.HDel(w.ctx(), "op:{"+w.tenant+"}:acd:agents", "a01", "a02").Err())
	watch.take()
	ask()
	if diff := cmp.Diff(alone, watch.take()); diff != "" {
		t.Errorf("commands with %d agents and calls of another queue (-alone +then):\n%s", others, diff)
	}
}

// TestOneUnreadableRecordSpoilsNoBoard: it is left out, counted, and told in the log once.
func TestOneUnreadableRecordSpoilsNoBoard(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	w := empty(t)
	w.svc = w.unstarted(acd.Parts{Definitions: defs(2, queue("ventas")), Log: slog.New(slog.NewTextHandler(&text, nil))})
	w.login("a00")
	w.serve("c1", "ventas")
	w.enqueue("c2", "ventas")
	for _, key := range []string{"agents", "calls", "offers", "paces"} {
		w.must(w.rdb.HSet(w.ctx(), "op:{"+w.tenant+"}:acd:"+key, "a01", "{").Err())
	}
	for range 3 {
		s, err := w.svc.Snapshot(w.ctx())
		w.must(err)
		if len(s.Agents) != 1 || s.Agents[0].State != acd.StateTalking || len(s.Calls) != 1 || s.Unreadable != 4 {
			t.Errorf("%+v", s)
		}
	}
	for _, kind := range []acd.RecordKind{acd.KindAgent, acd.KindCall, acd.KindOffer, acd.KindPace} {
		if n := strings.Count(text.String(), "kind="+string(kind)+" id=a01"); n != 1 {
			t.Errorf("%s: told %d times in\n%s", kind, n, text.String())
		}
	}
	if _, err := w.svc.Agent(w.ctx(), "a01"); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("the agent itself: %v", err)
	}
	if _, err := w.svc.Agent(w.ctx(), "a99"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("nobody: %v", err)
	}
}

// TestCountsOfManyQueues: what boards show is read in one round trip, of some hundreds of
// queues in a few more.
func TestCountsOfManyQueues(t *testing.T) {
	t.Parallel()
	for queues, trips := range map[int]int{1: 1, 150: 1, 450: 3} {
		w := benched(t, crossed(queues, false))
		for i := range queues {
			w.enqueue("c"+strconv.Itoa(i), "q"+strconv.Itoa(i))
		}
		_, err := w.store.Counts(w.ctx()) // as above
		w.must(err)
		seen := watchCommands(w.rdb)
		c, err := w.store.Counts(w.ctx())
		w.must(err)
		if len(c.Inside) != queues || seen.trips != trips {
			t.Errorf("%d queues: %d of them in %d round trips, want %d", queues, len(c.Inside), seen.trips, trips)
		}
		for at, in := range c.Inside {
			if in.Callers != 1 || in.Waiting != 1 || in.Oldest != w.clock().UnixMilli() {
				t.Errorf("%v: %+v", at, in)
			}
		}
	}
}
