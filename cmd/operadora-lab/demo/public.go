package demo

import (
	"context"
	"sync"
	"time"

	"github.com/operadora/operadora/dialer/pacingsim"
	"github.com/operadora/operadora/orchestrator/lab"
)

// The tones of a campaign: what agents say, what people say, and the beep of machines. The
// agents' is one that the message for who has no agent does not have: vm-goodbye in Spanish
// has 2582 of amplitude at 900 Hz, and who is called would take it for an agent; at 2600 Hz 257.
const (
	agentVoice  = 2600
	personVoice = 500
	machineBeep = 1400
)

// machineTalk is how long a machine's greeting and its beep are heard by an agent: who of the
// world talks for as long is one.
const machineTalk = 3 * time.Second

// public are the people who are called, behind a carrier. Each does what the world says of
// the lead with that number.
type public struct {
	people  []pacingsim.Lead
	carrier *lab.Phone

	mu    sync.Mutex
	went  []visit // by lead; guarded by mu
	other int     // calls to numbers of nobody; guarded by mu
}

// visit is what a called person saw of the campaign.
type visit struct {
	rung               int
	answered, heard    time.Time
	machine, dumb, cut bool // cut: the other side ended a talk
}

// serve takes the calls that come, until ctx ends.
func (p *public) serve(ctx context.Context) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		c, err := p.carrier.NextCall(ctx)
		if err != nil {
			return
		}
		at := time.Now()
		k := leadOf(c.Number())
		if k < 0 || k >= len(p.people) {
			p.mu.Lock()
			p.other++
			p.mu.Unlock()
			_ = c.Reject(404)
			continue
		}
		calls.Go(func() { p.called(ctx, k, c, at) }) //nolint:contextcheck // hanging up has a limit of its own
	}
}

func (p *public) note(k int, do func(*visit)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do(&p.went[k])
}

// called is what a lead does when the phone rings.
func (p *public) called(ctx context.Context, k int, c *lab.Call, at time.Time) {
	x := p.people[k]
	p.note(k, func(v *visit) { v.rung++ })
	rest := func() time.Duration { return time.Until(at.Add(time.Duration(x.In * float64(time.Second)))) }
	switch x.Class {
	case pacingsim.Congestion:
		if pass(ctx, c, rest()) == nil {
			_ = c.Reject(503)
		}
		return
	case pacingsim.Failure:
		if pass(ctx, c, rest()) == nil {
			_ = c.Reject([]int{486, 486, 480, 404, 603}[k%5]) // busy, out of reach, no such number, rejected
		}
		return
	case pacingsim.Person, pacingsim.Machine, pacingsim.NoAnswer:
	}
	if c.Ring() != nil {
		return
	}
	if x.Class == pacingsim.NoAnswer {
		_, _ = c.WaitEnd(ctx) // who called gives up
		return
	}
	if pass(ctx, c, rest()) != nil || c.Answer() != nil {
		return // the caller gave up
	}
	talk := time.Duration(x.Talk * float64(time.Second))
	machine, dumb := talk == machineTalk, k%20 == 7
	p.note(k, func(v *visit) { v.answered, v.machine, v.dumb = time.Now(), machine, dumb && !machine })
	switch {
	case machine:
		c.Say(append(lab.Tone(personVoice, machineTalk-time.Second), lab.Tone(machineBeep, 500*time.Millisecond)...))
	case !dumb: // some say nothing
		c.PlayTone(personVoice)
	}
	var heard time.Time
	select {
	case heard = <-c.FirstTone(agentVoice):
	case <-c.Done(): // nobody came
		return
	case <-ctx.Done():
		return
	}
	p.note(k, func(v *visit) { v.heard = heard })
	if pass(ctx, c, time.Until(heard.Add(talk))) != nil {
		p.note(k, func(v *visit) { v.cut = ctx.Err() == nil })
		return
	}
	_ = c.Hangup() //nolint:contextcheck // it has a limit of its own; whoever was quicker
}

// tally is what the public saw, all together.
type tally struct {
	rung, twice, answered, served, machines, dumb, cut, other int
	waits                                                     []time.Duration // of the served, from the answer to the agent's voice
}

func (p *public) tally() (t tally) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.other = p.other
	for _, v := range p.went {
		count := func(n *int, yes bool) {
			if yes {
				*n++
			}
		}
		count(&t.rung, v.rung > 0)
		count(&t.twice, v.rung > 1)
		count(&t.answered, !v.answered.IsZero())
		count(&t.served, !v.heard.IsZero())
		count(&t.machines, v.machine)
		count(&t.dumb, v.dumb)
		count(&t.cut, v.cut)
		if !v.heard.IsZero() {
			t.waits = append(t.waits, v.heard.Sub(v.answered))
		}
	}
	return t
}
