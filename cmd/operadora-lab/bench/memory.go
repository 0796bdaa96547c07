package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strconv"
	"time"

	"github.com/operadora/operadora/acd"
	acdstore "github.com/operadora/operadora/acd/redisstore"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/call"
	"github.com/operadora/operadora/orchestrator/engine"
	"github.com/operadora/operadora/orchestrator/gate"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/pbxtest"
	"github.com/operadora/operadora/orchestrator/redisstore"
)

// memoryCalls is how many calls are up at once.
const memoryCalls = 1000

// Memory measures what a live conversation costs this process: engine,
// distributor and flow, with the scriptable PBX and a real Redis. The PBX's own
// share, measured apart, is taken off.
func Memory(ctx context.Context, out, progress io.Writer) error {
	fmt.Fprintf(progress, "memory: %d live calls …\n", memoryCalls)
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	redis, err := lab.StartRedis(ctx, lab.RedisOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = redis.Stop() }()
	rdb, err := redisstore.Config{Addrs: []string{redis.Addr()}, Tenant: "bench", PoolSize: 16,
		DialTimeout: 2 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second}.Client()
	if err != nil {
		return err
	}
	defer func() { _ = rdb.Close() }()
	used := func() (int64, error) {
		h, err := redisstore.New(rdb, "bench", slog.New(slog.DiscardHandler)).Health(ctx)
		return h.UsedMemory, err
	}
	redisBefore, err := used()
	if err != nil {
		return err
	}
	pbxShare := alone(ctx)
	f, err := newFloor(ctx, redisstore.New(rdb, "bench", slog.New(slog.DiscardHandler)), acdstore.New(rdb, "bench"))
	if err != nil {
		return err
	}
	defer f.stop()
	before := inUse()
	if err := f.fill(ctx); err != nil {
		return err
	}
	ours := float64(inUse()-before)/memoryCalls - pbxShare
	redisAfter, err := used()
	if err != nil {
		return err
	}
	return Emit(out, NewLine("memory", "per_live_call", "bytes", ours, "redis, the same calls with their journal", float64(redisAfter-redisBefore)/memoryCalls))
}

// inUse is the memory in use: heap and stacks, after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // the second frees what the first has finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// alone is what a conversation costs the scriptable PBX itself: two channels and a bridge.
func alone(ctx context.Context) float64 {
	p := pbxtest.New("alone")
	defer p.Close()
	p.ForgetCommands(false)
	before := inUse()
	for n := range memoryCalls {
		id := strconv.Itoa(n)
		p.Arrive("in."+id, "5000", orchestrator.Party{Number: id})
		p.Endpoint("PJSIP/"+id, pbxtest.Manual())
		_ = p.Answer(ctx, "in."+id)
		_ = p.CreateBridge(ctx, "b"+id)
		_ = p.Originate(ctx, orchestrator.Origination{Channel: "a" + id, Endpoint: "PJSIP/" + id})
		p.PickUp("PJSIP/" + id)
		_ = p.Join(ctx, "b"+id, "in."+id, "a"+id)
	}
	share := float64(inUse()-before) / memoryCalls
	runtime.KeepAlive(p)
	return share
}

// floor is an engine with everything that a call needs.
type floor struct {
	pbx    *pbxtest.PBX
	acd    *acd.Service
	engine *engine.Engine
}

func newFloor(ctx context.Context, store *redisstore.Store, seats acd.Store) (*floor, error) {
	p := pbxtest.New("main")
	p.ForgetCommands(false)
	defs := acd.Definitions{Queues: []acd.Queue{acd.NewQueue()}}
	defs.Queues[0].ID = benchQueue
	for n := range memoryCalls {
		a := acd.NewAgent()
		a.ID, a.PBX, a.Endpoint = strconv.Itoa(n), "main", "PJSIP/"+strconv.Itoa(n)
		a.Queues = []acd.Membership{{Queue: benchQueue}}
		defs.Agents = append(defs.Agents, a)
		p.Endpoint(a.Endpoint, pbxtest.AnswerAfter(0))
	}
	desk, err := acd.New(acd.Parts{Store: seats, Definitions: defs})
	if err != nil {
		return nil, err
	}
	flows, faults := flowfile.Load(flowfile.Files{
		Flows: []ivr.Source{{File: "straight.yaml", YAML: "flow: straight\nlanguage: en\nstart: pick_up\nnodes:\n" +
			"  pick_up: {type: answer, next: wait}\n" +
			"  wait: {type: queue, queue: " + benchQueue + ", on: {timeout: end, full: end, no_agents: end, error: end}}\n"}},
		DIDs: ivr.Source{File: "dids.yaml", YAML: "dids:\n  \"5000\": {flow: straight}\n"},
	}, flowfile.Known{})
	if err := faults.Err(); err != nil {
		return nil, err
	}
	library := ivr.NewLibrary(flowfile.Parse, nil)
	if err := library.Publish(ctx, flows); err != nil {
		return nil, err
	}
	f := &floor{pbx: p, acd: desk}
	f.engine = engine.New(engine.Parts{
		Store: store, Distributor: desk, Agents: desk, Devices: desk, Flows: library, Gate: gate.Gate{},
		PBXs: []orchestrator.PBX{p}, Owner: orchestrator.LeaseOwner{Instance: "bench", Process: "1"},
		Limits: call.DefaultLimits,
	})
	if err := desk.Start(ctx); err != nil {
		return nil, err
	}
	if err := f.engine.Start(ctx); err != nil {
		return nil, err
	}
	for _, a := range defs.Agents {
		if _, err := desk.Do(ctx, orchestrator.AgentCommand{Op: orchestrator.AgentLogin, Agent: a.ID, Trusted: true}); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *floor) stop() {
	f.engine.Stop()
	f.acd.Stop()
	f.pbx.Close()
}

// fill lets the callers in and waits until all of them talk.
func (f *floor) fill(ctx context.Context) error {
	for n := range memoryCalls {
		f.pbx.Arrive("in."+strconv.Itoa(n), "5000", orchestrator.Party{Number: strconv.Itoa(n)})
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := f.acd.Snapshot(ctx)
		if err != nil {
			return err
		}
		talking := 0
		for _, a := range s.Agents {
			if a.State == acd.StateTalking {
				talking++
			}
		}
		if talking == memoryCalls {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("only %d calls came to talk: %w", talking, ctx.Err())
		}
	}
}
