// Package matchbench is a contact centre of any size on a Redis, to measure matching and
// boards on: operadora-lab bench and the tests of acd/redisstore use it.
package matchbench

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/redisstore"
	"github.com/operadora/operadora/orchestrator"
)

// PBX is where all its agents and calls are.
const PBX = "uno"

// What a centre has, whatever its size.
const (
	Queues = 50
	skills = 200
	kinds  = 200
	served = 3 // queues by each kind of agent
)

// Definitions are a centre of 50 queues, 200 skills and 200 kinds of agents: each queue
// requires the caller's topic, and less of it later.
func Definitions(agents int) acd.Definitions {
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // the same each time
	var d acd.Definitions
	for i := range skills {
		d.Skills = append(d.Skills, acd.Skill{Name: "s" + strconv.Itoa(i)})
	}
	for i := range Queues {
		q := acd.NewQueue()
		q.ID, q.WrapUp, q.Requires = "q"+strconv.Itoa(i), 0, "skill(call.topic) >= 2"
		q.Relax = []acd.Relax{{After: 30 * time.Minute, Requires: "skill(call.topic) >= 1"}}
		d.Queues = append(d.Queues, q)
	}
	profile := make([]acd.Agent, kinds)
	for i := range profile {
		a := acd.NewAgent()
		a.PBX, a.Skills = PBX, map[string]int{}
		for _, q := range r.Perm(Queues)[:served] {
			a.Queues = append(a.Queues, acd.Membership{Queue: "q" + strconv.Itoa(q), Rank: r.IntN(2)})
		}
		for _, s := range r.Perm(skills)[:40] {
			a.Skills["s"+strconv.Itoa(s)] = 1 + r.IntN(5)
		}
		profile[i] = a
	}
	for i := range agents {
		a := profile[i%kinds]
		a.ID, a.Endpoint = fmt.Sprintf("a%05d", i), "PJSIP/"+strconv.Itoa(10_000+i)
		d.Agents = append(d.Agents, a)
	}
	return d
}

// Centre is one that runs, with a clock of its own. One goroutine may use it at a time.
type Centre struct {
	Service *acd.Service // does nothing by itself
	Store   *redisstore.Store
	Defs    acd.Definitions

	agents  map[string]acd.Agent
	talking []orchestrator.Offer
	now     atomic.Int64 // unix ms
	r       *rand.Rand
	calls   int
	turn    int // whose it is to become free
}

// New makes one of a tenant that has nothing yet; everybody is logged out.
func New(rdb Redis, tenant string, d acd.Definitions) (*Centre, error) {
	c := &Centre{Store: redisstore.New(rdb, tenant), Defs: d, agents: map[string]acd.Agent{}, r: rand.New(rand.NewPCG(2, 2))} //nolint:gosec // the same each time
	for _, a := range d.Agents {
		c.agents[a.ID] = a
	}
	c.now.Store(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).UnixMilli())
	var err error
	c.Service, err = acd.New(acd.Parts{Store: c.Store, Definitions: d, Now: c.clock})
	return c, err
}

func (c *Centre) clock() time.Time { return time.UnixMilli(c.now.Load()) }

// Tick moves the clock.
func (c *Centre) Tick(d time.Duration) { c.now.Add(d.Milliseconds()) }

// LogIn has every agent free.
func (c *Centre) LogIn(ctx context.Context) error {
	for _, a := range c.Defs.Agents {
		c.Tick(time.Millisecond)
		answer, err := c.Service.Do(ctx, orchestrator.AgentCommand{Op: orchestrator.AgentLogin, Agent: a.ID, Trusted: true, By: "bench"})
		if err != nil {
			return err
		}
		if answer.Result != orchestrator.AgentOK {
			return fmt.Errorf("login of %s: %s", a.ID, answer.Result)
		}
	}
	return nil
}

// Fill has every agent who is free talk, and as many calls wait as there are agents.
func (c *Centre) Fill(ctx context.Context) error {
	size := len(c.Defs.Agents)
	for i := 0; len(c.talking) < size && i <= 40*size; i++ { // until nobody is free
		c.Tick(time.Millisecond)
		call, p, err := c.come(ctx, c.Defs.Agents[c.r.IntN(size)])
		switch {
		case err != nil:
		case p.Offer != nil:
			err = c.answer(ctx, *p.Offer)
			c.talking = append(c.talking, *p.Offer)
		default:
			err = c.Service.Leave(ctx, call, 0, "nobody is free")
		}
		if err != nil {
			return err
		}
	}
	slices.SortFunc(c.talking, func(x, y orchestrator.Offer) int { return cmp.Compare(x.ID, y.ID) })
	for range size {
		c.Tick(time.Millisecond)
		if _, _, err := c.come(ctx, c.Defs.Agents[c.r.IntN(size)]); err != nil {
			return err
		}
	}
	return nil
}

// come has a caller enter a queue of an agent, with a topic that the agent can serve.
func (c *Centre) come(ctx context.Context, a acd.Agent) (call string, p orchestrator.Placement, err error) {
	var topics []string
	for s, level := range a.Skills {
		if level >= 2 {
			topics = append(topics, s)
		}
	}
	slices.Sort(topics)
	c.calls++
	call = "c" + strconv.Itoa(c.calls)
	p, err = c.Service.Enqueue(ctx, orchestrator.Waiting{Call: call, PBX: PBX, Queue: a.Queues[c.r.IntN(served)].Queue, Entered: c.clock(),
		Sought: orchestrator.Sought{About: map[string]string{"topic": topics[c.r.IntN(len(topics))]}}})
	return call, p, err
}

func (c *Centre) answer(ctx context.Context, o orchestrator.Offer) error {
	ok, err := c.Service.Answered(ctx, o)
	if err == nil && !ok {
		err = fmt.Errorf("offer %s is not in force", o.ID)
	}
	return err
}

// Free measures an agent who becomes free and gets the call that waits longest of those
// that the agent may serve; matched is false when nobody waited for such an agent. Then a
// call comes in its place.
func (c *Centre) Free(ctx context.Context) (took time.Duration, matched bool, err error) {
	k := c.turn % len(c.talking)
	c.turn++
	o := c.talking[k]
	c.Tick(time.Millisecond)
	begun := time.Now()
	err = c.Service.Finished(ctx, o, time.Second)
	took = time.Since(begun)
	if err != nil {
		return took, false, err
	}
	rec, _, err := c.Store.Agent(ctx, o.Agent)
	if err != nil {
		return took, false, err
	}
	matched = rec.Offer != ""
	like := c.agents[o.Agent]
	if matched {
		like = c.Defs.Agents[c.r.IntN(len(c.Defs.Agents))]
	}
	_, p, err := c.come(ctx, like)
	if err != nil {
		return took, matched, err
	}
	id := rec.Offer
	if !matched {
		id = p.Offer.ID
	}
	next, _, err := c.Store.Offer(ctx, id)
	if err == nil {
		err = c.answer(ctx, next.Offer)
		c.talking[k] = next.Offer
	}
	return took, matched, err
}

// Enter measures a call that comes and gets one of the agents, who are all free; then it goes.
func (c *Centre) Enter(ctx context.Context) (time.Duration, error) {
	c.Tick(time.Millisecond)
	like := c.Defs.Agents[c.r.IntN(len(c.Defs.Agents))]
	begun := time.Now()
	call, p, err := c.come(ctx, like)
	took := time.Since(begun)
	if err == nil && p.Offer == nil {
		err = fmt.Errorf("call %s is %s, and all agents are free", call, p.Result)
	}
	if err != nil {
		return took, err
	}
	return took, c.Service.Leave(ctx, call, 0, "bench")
}

// Board measures what a wallboard reads, whoever has read it lately.
func (c *Centre) Board(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	b, err := c.Service.Board(ctx, 0)
	took := time.Since(begun)
	if err == nil && len(b.Queues) != len(c.Defs.Queues) {
		err = fmt.Errorf("the board has %d queues, not %d", len(b.Queues), len(c.Defs.Queues))
	}
	return took, err
}
