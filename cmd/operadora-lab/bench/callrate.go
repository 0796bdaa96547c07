package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/life"
)

// Sizes of the call rate: a closed loop of callers, each served for a second on
// average (talks) by one of more agents than there are callers at a time. An agent
// who hung up before the machine had got round to joining them would have operadora
// ring another, where the bare loop lets the caller go.
const (
	rateCalls   = 800 // a round
	rateRounds  = 3   // of each side, in turn: the median is what counts
	rateAgents  = 300
	rateTalk    = time.Second
	rateLimit   = 4 * time.Minute
	rateWarmUps = 100
)

// rateAtOnce is how many callers there are at a time: enough to keep both cores busy,
// and no more than the PBX carries. With 240 a FreeSWITCH takes seconds to join who has
// answered: agents hang up before, and whoever minds rings another.
func rateAtOnce() int {
	if centre.OnFreeSWITCH() {
		return 60
	}
	return 240
}

// paced is what one side made of the same callers.
type paced struct {
	rate    float64         // whole calls per second
	rounds  []float64       // the same, of each round
	connect []time.Duration // from a caller's entry to the joined conversation
	used    effort
}

// add joins a round's figures; settle takes the median of the rounds' rates.
func (p *paced) add(round paced) {
	p.rounds = append(p.rounds, round.rate)
	p.connect = append(p.connect, round.connect...)
	p.used = p.used.add(round.used)
}

func (p *paced) settle() {
	slices.Sort(p.rounds)
	p.rate = p.rounds[len(p.rounds)/2]
}

// CallRate compares operadora's whole calls (enter, match, bridge, hang up, on
// record) with a bare loop that does only the same commands to the PBX.
func CallRate(ctx context.Context, out, progress io.Writer) error {
	times := newTalks(rateTalk)
	desks, err := lab.StartDesks(times.next)
	if err != nil {
		return err
	}
	defer desks.Stop()
	site, err := inboundSite(ctx, desks, rateAgents)
	if err != nil {
		return err
	}
	defer discard(site)
	var bare, ours paced
	for round := range rateRounds {
		fmt.Fprintf(progress, "call_rate: round %d of %d …\n", round+1, rateRounds)
		times.again()
		b, err := rateBare(ctx, site)
		if err != nil {
			return err
		}
		times.again()
		o, err := rateOurs(ctx, site)
		if err != nil {
			return err
		}
		bare.add(b)
		ours.add(o)
	}
	bare.settle()
	ours.settle()
	const calls = rateCalls * rateRounds
	fmt.Fprintf(progress, "call_rate: processor time per call, ms: %.2f operadora, %.2f Redis, %.2f lab (%.2f with the bare loop)\n",
		perCall(ours.used.operadora, calls), perCall(ours.used.redis, calls), perCall(ours.used.lab, calls), perCall(bare.used.lab, calls))
	added := quantile(ours.connect, .99) - quantile(bare.connect, .99)
	return Emit(out,
		NewLine("call_rate", "throughput", "calls/s", ours.rate, bareName(), bare.rate),
		NewLine("call_rate", "cpu_of_all", "ms/call", perCall(ours.used.sum(), calls), bareName(), perCall(bare.used.sum(), calls)),
		NewLine("call_rate", "cpu_of_pbx", "ms/call", perCall(ours.used.pbx, calls), bareName(), perCall(bare.used.pbx, calls)),
		NewLine("call_rate", "connect_p50", "ms", millis(quantile(ours.connect, .5)), bareName(), millis(quantile(bare.connect, .5))),
		NewLine("call_rate", "connect_p99", "ms", millis(quantile(ours.connect, .99)), bareName(), millis(quantile(bare.connect, .99))),
		NewLine("call_rate", "added_latency_p99", "ms", millis(added), bareName(), millis(quantile(bare.connect, .99))))
}

// crowd sends the callers and waits until SIPp has ended.
func crowd(ctx context.Context, site *centre.Site, calls int) (time.Duration, error) {
	begun := time.Now()
	callers, err := lab.StartSIPpCallers(ctx, lab.SIPpCallers{Target: site.Outside(), Number: "5000",
		Calls: calls, Concurrent: rateAtOnce(), Rate: 500, Patience: 20 * time.Second})
	if err != nil {
		return 0, err
	}
	res, err := callers.Wait(ctx)
	if err == nil && res.Successful < calls {
		err = fmt.Errorf("only %d of %d calls were carried to their end: %s", res.Successful, calls, res.Errors)
	}
	return time.Since(begun), err
}

// measured sends the crowd that counts.
func measured(ctx context.Context, site *centre.Site) (paced, error) {
	before, err := effortOf(site)
	if err != nil {
		return paced{}, err
	}
	took, err := crowd(ctx, site, rateCalls)
	if err != nil {
		return paced{}, err
	}
	after, err := effortOf(site)
	return paced{rate: rateCalls / took.Seconds(), used: after.since(before)}, err
}

func rateOurs(ctx context.Context, site *centre.Site) (paced, error) {
	ctx, cancel := context.WithTimeout(ctx, rateLimit)
	defer cancel()
	if err := site.Start(ctx); err != nil {
		return paced{}, err
	}
	api, err := site.API("supervisor")
	if err != nil {
		return paced{}, err
	}
	pace := loginPace()
	for n := range rateAgents {
		if err := pace.Wait(ctx); err != nil {
			return paced{}, err
		}
		_, err := api.LoginAgentWithResponse(ctx, strconv.Itoa(101+n), wire.AgentLogin{})
		if p, ok := errors.AsType[*client.Refusal](err); ok && p.Code == wire.ProblemCodeAlready {
			continue // logged in since the round before
		}
		if err != nil {
			return paced{}, err
		}
	}
	if _, err := crowd(ctx, site, rateWarmUps); err != nil {
		return paced{}, err
	}
	from := time.Now()
	p, err := measured(ctx, site)
	if err != nil {
		return p, err
	}
	contacts, _, err := api.Contacts(ctx, wire.ListContactsParams{From: new(from.UTC())}, 0)
	if err != nil {
		return p, err
	}
	for _, c := range contacts {
		if !c.ConnectedAt.IsZero() {
			p.connect = append(p.connect, c.ConnectedAt.Sub(c.StartedAt))
		}
	}
	if len(p.connect) < rateCalls*9/10 {
		return p, fmt.Errorf("only %d calls of %d are on record", len(p.connect), rateCalls)
	}
	return p, site.Stop()
}

// bareLoop serves callers with nothing but commands to the PBX: no queue, no
// store, no journal, no flow.
type bareLoop struct {
	ctx  context.Context
	pbx  orchestrator.PBX
	free chan string // endpoints of idle agents
	wg   sync.WaitGroup

	mu      sync.Mutex
	calls   map[string]*bareCall // by either channel; guarded by mu
	n       int                  // guarded by mu
	connect []time.Duration      // guarded by mu
}

type bareCall struct {
	caller, agent, bridge, endpoint string
	entered                         time.Time
}

// leaveTries is how often a caller is hung up on by a PBX that has too much to do, and
// leavePause what is between: an adapter that has lost its connection makes another.
const (
	leaveTries = 20
	leavePause = 500 * time.Millisecond
)

// bareName is what the bare loop is called in the figures.
func bareName() string {
	if centre.OnFreeSWITCH() {
		return "bare ESL loop"
	}
	return "bare ARI loop"
}

func rateBare(ctx context.Context, site *centre.Site) (paced, error) {
	ctx, cancel := context.WithTimeout(ctx, rateLimit)
	defer cancel()
	pbx, technology, err := bareAdapter(site)
	if err != nil {
		return paced{}, err
	}
	defer pbx.Close()
	b := &bareLoop{ctx: ctx, pbx: pbx, free: make(chan string, rateAgents), calls: map[string]*bareCall{}}
	for n := range rateAgents {
		b.free <- technology + "/" + strconv.Itoa(101+n)
	}
	stop, err := runBare(ctx, pbx, b.event)
	if err != nil {
		return paced{}, err
	}
	defer func() {
		cancel()
		stop()
		b.wg.Wait()
	}()
	if _, err := crowd(ctx, site, rateWarmUps); err != nil {
		return paced{}, err
	}
	b.mu.Lock()
	b.connect = nil
	b.mu.Unlock()
	p, err := measured(ctx, site)
	b.mu.Lock()
	defer b.mu.Unlock()
	p.connect = b.connect
	return p, err
}

// event does each step in a goroutine of its own, as the engine's calls are.
func (b *bareLoop) event(e orchestrator.Event) {
	switch {
	case e.Kind == orchestrator.EventEntered && e.Args[0] == "inbound":
		b.wg.Go(func() { b.enter(e, time.Now()) })
	case e.Kind == orchestrator.EventEntered:
		b.wg.Go(func() { b.join(b.take(e.Channel, false)) })
	case e.Kind == orchestrator.EventEnded:
		if c := b.take(e.Channel, true); c != nil && e.Channel == c.agent {
			b.wg.Go(func() { b.leave(c) })
		}
	}
}

func (b *bareLoop) take(channel string, forget bool) *bareCall {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.calls[channel]
	if forget {
		delete(b.calls, channel)
	}
	return c
}

func (b *bareLoop) enter(e orchestrator.Event, at time.Time) {
	channel, endpoint := e.Channel, <-b.free
	b.mu.Lock()
	b.n++
	id := "op-bare" + strconv.Itoa(b.n)
	c := &bareCall{caller: channel, agent: id + "-a", bridge: id + "-b", endpoint: endpoint, entered: at}
	b.calls[channel], b.calls[c.agent] = c, c
	b.mu.Unlock()
	// a command that fails shows as a call that is not carried to its end
	_ = b.pbx.Answer(b.ctx, channel)
	if err := b.pbx.Originate(b.ctx, orchestrator.Origination{Channel: c.agent, Endpoint: endpoint, Args: []string{"agent", id},
		Caller: e.Caller, Timeout: 15 * time.Second, Originator: channel}); err != nil { // nobody would ever end it
		b.take(channel, true)
		if b.take(c.agent, true) != nil {
			b.leave(c)
		}
		return
	}
	_ = b.pbx.CreateBridge(b.ctx, c.bridge)
	_ = b.pbx.Hold(b.ctx, channel, "")
}

func (b *bareLoop) join(c *bareCall) {
	if c == nil {
		return
	}
	_ = b.pbx.Unhold(b.ctx, c.caller)
	if b.pbx.Join(b.ctx, c.bridge, c.caller, c.agent) != nil {
		_ = b.pbx.Hangup(b.ctx, c.agent, orchestrator.CauseNormal) // whose end is the caller's
		return
	}
	b.mu.Lock()
	b.connect = append(b.connect, time.Since(c.entered))
	b.mu.Unlock()
}

func (b *bareLoop) leave(c *bareCall) {
	// In this order, as operadora does it: Asterisk may overlook the hangup of a
	// channel that it is just putting out of a bridge, and the caller waits for ever.
	for range leaveTries {
		if err := b.pbx.Hangup(b.ctx, c.caller, orchestrator.CauseNormal); fault.KindOf(err) != fault.Unavailable {
			break
		}
		life.Sleep(b.ctx, leavePause)
	}
	_ = b.pbx.DestroyBridge(b.ctx, c.bridge)
	b.free <- c.endpoint
}
