package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// Sizes of the drain: 20 agents whose calls last 2.1 s on average (talks) and
// 200 callers who wait.
const (
	drainAgents  = 20
	drainCallers = 200
	drainTalk    = 2100 * time.Millisecond
	drainLimit   = 2 * time.Minute
)

const benchQueue = "bench"

// plain is the queue of the benches, and choosy the same one with skills: what callers
// are about, and their priority, goes by the first digit after 555, each agent is good at
// some of it, and after a while anybody will do.
const (
	plain  = "queues:\n  - {id: " + benchQueue + ", wrap_up: 0s, retry: 1s, misses_before_pause: 0}\n"
	choosy = "queues:\n  - {id: " + benchQueue + `, wrap_up: 0s, retry: 1s, misses_before_pause: 0, strategy: most_skilled,
     requires: skill(call.topic) >= 2 and en >= 2, relax: [{after: 5s, requires: skill(call.topic) >= 1}]}
skills: [{name: en}, {name: billing}, {name: contracts}, {name: faults}]
callers:
  - {id: many, numbers: ["5551*"], about: {topic: billing}}
  - {id: some, numbers: ["5552*", "5553*", "5554*"], about: {topic: contracts}, priority: 1}
  - {id: few, numbers: ["555*"], about: {topic: faults}, priority: 2}
`
)

// people are the agents at phones of a PBX, with skills or none.
func people(pbx string, phones []lab.Endpoint, skilled bool) string {
	var b strings.Builder
	if pbx == centre.PBX { // and those of the other follow
		b.WriteString("agents:\n")
	}
	for n, p := range phones {
		skills := ""
		if skilled {
			skills = fmt.Sprintf(", skills: {en: %d, billing: %d, contracts: %d, faults: %d}", 2+n%2, 1+n%3, 1+(n/3)%3, 1+(n/2)%3)
		}
		fmt.Fprintf(&b, "  - {id: %q, pbx: %s, endpoint: PJSIP/%s, queues: [%s]%s}\n", p.User, pbx, p.User, benchQueue, skills)
	}
	return b.String()
}

// drained is what one side did with the same waiting callers.
type drained struct {
	rate float64         // calls per second, from the first login to the last BYE
	gaps []time.Duration // from the BYE that a phone sends to the next INVITE that reaches it
}

// Drain lets 20 agents work 200 waiting callers off, served by operadora, with a plain
// queue and with skills and priorities, and then by the queue of the same PBX: app_queue, or mod_callcenter. Everything is seen from the
// phones: SIP messages as they come and go.
func Drain(ctx context.Context, out, progress io.Writer) error {
	times := newTalks(drainTalk)
	desks, err := lab.StartDesks(times.next)
	if err != nil {
		return err
	}
	defer desks.Stop()
	site, err := inboundSite(ctx, desks, drainAgents)
	if err != nil {
		return err
	}
	defer discard(site)
	fmt.Fprintln(progress, "queue_drain: operadora …")
	ours, err := drainOurs(ctx, site, desks)
	if err != nil {
		return err
	}
	fmt.Fprintln(progress, "queue_drain: operadora, with skills and priorities …")
	times.again()
	if err := errors.Join(site.Define("queues.yaml", choosy), site.Define("agents.yaml", people(centre.PBX, phonesAt(desks, 101, drainAgents), true))); err != nil {
		return err
	}
	skilled, err := drainOurs(ctx, site, desks)
	if err != nil {
		return err
	}
	peer := peerQueue()
	fmt.Fprintf(progress, "queue_drain: %s …\n", peer.name)
	times.again()
	theirs, err := drainPeer(ctx, site, desks, peer)
	if err != nil {
		return err
	}
	ideal := drainCallers / times.ideal(drainAgents, drainCallers).Seconds()
	gap := func(q float64) Line {
		return NewLine("agent_gap", fmt.Sprintf("p%g", q*100), "ms", millis(quantile(ours.gaps, q)), peer.name, millis(quantile(theirs.gaps, q)))
	}
	with := func(q float64) Line {
		return NewLine("agent_gap", fmt.Sprintf("p%g_with_skills", q*100), "ms", millis(quantile(skilled.gaps, q)), "without", millis(quantile(ours.gaps, q)))
	}
	return Emit(out,
		NewLine("queue_drain", "throughput", "calls/s", ours.rate, "ideal", ideal),
		NewLine("queue_drain", "throughput", "calls/s", ours.rate, peer.name, theirs.rate),
		NewLine("queue_drain", peer.name+"_of_ideal", "calls/s", theirs.rate, "ideal", ideal),
		NewLine("queue_drain", "throughput_with_skills", "calls/s", skilled.rate, "without", ours.rate),
		gap(.5), gap(.99), with(.5), with(.99))
}

// inboundSite is a site whose number 5000 goes straight to a queue with the
// agents of desks, and whose number 5900 goes to app_queue with the same phones.
func inboundSite(ctx context.Context, desks *lab.Desks, agents int) (*centre.Site, error) {
	return newSite(ctx, inbound(phonesAt(desks, 101, agents)))
}

// newSite makes the site in a folder of its own, which discard removes.
func newSite(ctx context.Context, o centre.Options) (_ *centre.Site, err error) {
	if o.Dir, err = os.MkdirTemp("", "op-bench-"); err != nil {
		return nil, err
	}
	return centre.New(ctx, o)
}

// phonesAt are the phones of agents at desks, from a first one on.
func phonesAt(desks *lab.Desks, first, agents int) (phones []lab.Endpoint) {
	for n := range agents {
		user := strconv.Itoa(first + n)
		phones = append(phones, lab.Endpoint{User: user, Contact: desks.Contact(user)})
	}
	return phones
}

// inbound is what inboundSite has, with an agent at each phone.
func inbound(phones []lab.Endpoint) centre.Options {
	return centre.Options{
		Asterisk: lab.AsteriskOptions{
			Endpoints: phones,
			Queues: []lab.Queue{{Name: benchQueue, Strategy: "rrmemory",
				Settings: []string{"timeout=15", "retry=1", "wrapuptime=0", "ringinuse=no", "autofill=yes"}}},
			FromTrunk: "include => operadora-inbound\nexten => 5900,1,Answer()\n same => n,Queue(" + benchQueue + ")\n same => n,Hangup()\n",
		},
		FreeSWITCH: callcenter(),
		Definitions: map[string]string{
			"queues.yaml": plain,
			"agents.yaml": people(centre.PBX, phones, false),
			"dids.yaml":   "dids:\n  \"5000\": {flow: straight}\n",
			"flows/straight.yaml": "flow: straight\nlanguage: en\nstart: pick_up\nnodes:\n" +
				"  pick_up: {type: answer, next: wait}\n" +
				"  wait: {type: queue, queue: " + benchQueue + ", on: {timeout: end, full: end, no_agents: end, error: end}}\n",
		},
		Config: "log: {level: info}\n",
	}
}

// callersWait places the callers and returns when count says that all of them wait.
func callersWait(ctx context.Context, site *centre.Site, number string, n int, count func() (int, error)) (*lab.SIPp, error) {
	callers, err := lab.StartSIPpCallers(ctx, lab.SIPpCallers{Target: site.Outside(), Number: number, Calls: n, Rate: 40})
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		waiting, err := count()
		if err != nil || waiting >= n {
			return callers, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return callers, fmt.Errorf("only %d of %d callers wait: %w", waiting, n, ctx.Err())
		}
	}
}

// drainOurs begins and ends with all agents logged out.
func drainOurs(ctx context.Context, site *centre.Site, desks *lab.Desks) (drained, error) {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	desks.Forget()
	if err := site.Start(ctx); err != nil {
		return drained{}, err
	}
	api, err := site.API("supervisor")
	if err != nil {
		return drained{}, err
	}
	callers, err := callersWait(ctx, site, "5000", drainCallers, func() (int, error) {
		q, err := api.GetQueueWithResponse(ctx, benchQueue)
		if err != nil {
			return 0, err
		}
		return q.JSON200.Waiting, nil
	})
	if err != nil {
		return drained{}, err
	}
	defer func() { _, _ = callers.Stop() }() // the desks have counted what matters
	d, err := drain(ctx, desks, func(user string) error {
		_, err := api.LoginAgentWithResponse(ctx, user, wire.AgentLogin{})
		return err
	})
	if err != nil {
		return d, err
	}
	for n := range drainAgents {
		if _, err := api.LogoutAgentWithResponse(ctx, strconv.Itoa(101+n), wire.AgentForce{}); err != nil {
			return d, err
		}
	}
	return d, site.Stop()
}

func drainPeer(ctx context.Context, site *centre.Site, desks *lab.Desks, peer peerOf) (drained, error) {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	desks.Forget()
	callers, err := callersWait(ctx, site, "5900", drainCallers, func() (int, error) { //nolint:contextcheck // the console has a limit of its own
		return peer.waiting(site)
	})
	if err != nil {
		return drained{}, err
	}
	defer func() { _, _ = callers.Stop() }()                                            // the desks have counted what matters
	return drain(ctx, desks, func(user string) error { return peer.login(site, user) }) //nolint:contextcheck // as above
}

// drain logs every agent in and waits until all callers have been served.
func drain(ctx context.Context, desks *lab.Desks, login func(user string) error) (drained, error) {
	done := desks.Expect(drainCallers)
	begun := time.Now()
	for n := range drainAgents {
		if err := login(strconv.Itoa(101 + n)); err != nil {
			return drained{}, err
		}
	}
	select {
	case <-done:
	case <-ctx.Done():
		return drained{}, fmt.Errorf("%w after %s: %s", ctx.Err(), time.Since(begun), account(desks.Calls()))
	}
	took := time.Since(begun)
	return drained{rate: drainCallers / took.Seconds(), gaps: gapsOf(desks.Calls())}, nil
}

// gapsOf returns, per phone, the times from the end of a call to the next INVITE.
func gapsOf(calls []lab.DeskCall) (gaps []time.Duration) {
	last := map[string]time.Time{}
	for _, c := range calls {
		if end, ok := last[c.User]; ok {
			gaps = append(gaps, c.Rung.Sub(end))
		}
		last[c.User] = c.Over
	}
	return gaps
}

// account says how calls stand, for an error.
func account(calls []lab.DeskCall) string {
	var joined, over int
	for _, c := range calls {
		if !c.Joined.IsZero() {
			joined++
		}
		if !c.Over.IsZero() {
			over++
		}
	}
	return fmt.Sprintf("%d calls at the desks, %d joined, %d over", len(calls), joined, over)
}

// discard ends a site and removes its folder; what it could tell has been told.
func discard(site *centre.Site) {
	_ = site.Close()
	_ = os.RemoveAll(site.Dir)
}
