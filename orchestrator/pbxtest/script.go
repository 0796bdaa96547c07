package pbxtest

import (
	"context"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Command is one command that was given to the switch.
type Command struct {
	Op      string    // the method's name: "Play"
	At      time.Time // when it was obeyed or refused
	Channel string    // the channel commanded, "" when there is none
	// ID is the playback, bridge or recording; the endpoint of Originate; the name of a lamp.
	ID          string
	Cause       orchestrator.Cause           // Hangup
	Text        string                       // music class, lamp state, "context,extension", "muted"
	Channels    []string                     // Join; the endpoints of Watch
	Playback    *orchestrator.Playback       // Play
	Origination *orchestrator.Origination    // Originate
	Order       *orchestrator.RecordingOrder // Record
	Err         error                        // how it was refused, nil when it was obeyed
}

// script is what a test injected, and what was commanded. Guarded by the PBX's mu.
type script struct {
	said   []Command
	silent bool
	fates  map[string]*injected
	delays map[string]time.Duration
	hook   func(Command)
	decide func(Command) Fate
	bounce int           // how many of those that leave come straight back; negative is all
	stall  *stall        // nil while commands are answered
	limit  time.Duration // of one request
}

type injected struct {
	fate Fate
	n    int // how often still; negative is always
}

func newScript() script {
	return script{fates: map[string]*injected{}, delays: map[string]time.Duration{}, limit: requestLimit}
}

// Fail lets the next n commands of an operation fail with err and do nothing;
// n < 0 is all from now on, 0 none. A nil err is a fault.Unavailable.
func (p *PBX) Fail(op string, err error, n int) {
	p.meet(op, n, Refused(err))
}

// LoseReply lets the next n commands of an operation be obeyed although they
// return fault.Unavailable: the reply got lost.
func (p *PBX) LoseReply(op string, n int) { p.meet(op, n, ReplyLost()) }

// ObeyLate lets the next n commands of an operation return fault.Unavailable at
// once and be obeyed after d, if they still can be.
func (p *PBX) ObeyLate(op string, d time.Duration, n int) { p.meet(op, n, ObeyedLate(d)) }

func (p *PBX) meet(op string, n int, f Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script.fates[op] = &injected{fate: f, n: n}
}

// Delay lets every command of an operation take d before it is obeyed.
func (p *PBX) Delay(op string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script.delays[op] = d
}

// OnCommand has fn called before every command, on the goroutine that gives
// it. fn may call any method of the PBX. nil ends it.
func (p *PBX) OnCommand(fn func(Command)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script.hook = fn
}

// Commands returns the commands of some operations, or all of them, in order.
func (p *PBX) Commands(ops ...string) []Command {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Command
	for _, c := range p.script.said {
		if len(ops) == 0 || slices.Contains(ops, c.Op) {
			out = append(out, c)
		}
	}
	return out
}

// ForgetCommands empties the list of commands, and keeps none from now on if
// keep is false (benchmarks).
func (p *PBX) ForgetCommands(keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script.said, p.script.silent = nil, !keep
}

// Await blocks until cond holds or ctx ends, and tells which. cond is asked
// after every change of the switch; it may call the PBX's methods.
func (p *PBX) Await(ctx context.Context, cond func() bool) bool {
	for {
		p.mu.Lock()
		changed := p.waiter()
		p.mu.Unlock()
		if cond() {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return cond()
		}
	}
}

// AwaitCommand returns the first command of an operation that match accepts
// (nil accepts all), and waits for it until ctx ends: then ok is false.
func (p *PBX) AwaitCommand(ctx context.Context, op string, match func(Command) bool) (c Command, ok bool) {
	ok = p.Await(ctx, func() bool {
		for _, said := range p.Commands(op) {
			if match == nil || match(said) {
				c = said
				return true
			}
		}
		return false
	})
	return c, ok
}

// obey runs one command under the injected faults.
func (p *PBX) obey(ctx context.Context, c Command, fn func() error) error {
	op := "pbxtest." + c.Op
	p.mu.Lock()
	hook, delay := p.script.hook, p.script.delays[c.Op]
	p.mu.Unlock()
	if hook != nil {
		hook(c)
	}
	if delay > 0 {
		wait := time.NewTimer(delay)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return fault.E(op, fault.Unavailable, err)
	}
	if err := p.sitOut(ctx, op, fn); err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.note(c, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.note(c, p.rule(op, c, fn))
}

// note keeps a command in the list, with what became of it. p.mu is held.
func (p *PBX) note(c Command, err error) error {
	c.Err, c.At = err, time.Now()
	if !p.script.silent {
		p.script.said = append(p.script.said, c)
	}
	p.touch()
	return err
}

// rule decides whether a command is carried out. p.mu is held.
func (p *PBX) rule(op string, c Command, fn func() error) error {
	if !p.plugged {
		return fault.New(op, fault.Unavailable, "the switch is unplugged")
	}
	f := Obeyed()
	if i := p.script.fates[c.Op]; i != nil && i.n != 0 {
		i.n--
		f = i.fate
	} else if p.script.decide != nil {
		f = p.script.decide(c)
	}
	return p.carryOut(op, f, fn)
}
