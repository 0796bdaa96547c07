package pbxtest

import (
	"context"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// requestLimit is how long a command waits for a switch that does not answer,
// as an adapter's own limit does.
const requestLimit = 5 * time.Second

// Fate is what becomes of a command: whether it is carried out, when, and what
// its caller learns. The zero value is Obeyed.
type Fate struct {
	dropped bool          // not carried out now
	late    bool          // but after a while
	after   time.Duration // that long
	err     error         // what the caller learns instead of the outcome
}

// Obeyed is a command that is carried out and answered.
func Obeyed() Fate { return Fate{} }

// Refused is a command that is not carried out and answers err; nil is Unheard.
func Refused(err error) Fate { return Fate{dropped: true, err: err} }

// Unheard is a command that never arrives: it answers fault.Unavailable.
func Unheard() Fate { return Fate{dropped: true} }

// ReplyLost is a command that is carried out and answers fault.Unavailable.
func ReplyLost() Fate {
	return Fate{err: fault.New("pbxtest", fault.Unavailable, "the reply was lost")}
}

// ObeyedLate is a command that answers fault.Unavailable and is carried out
// after d, when whoever gave it may have forgotten it, if it still can be.
func ObeyedLate(d time.Duration) Fate { return Fate{dropped: true, late: true, after: d} }

// Decide has fn decide the fate of every command that Fail, LoseReply and
// ObeyLate say nothing of. fn must not call the PBX. nil ends it.
func (p *PBX) Decide(fn func(Command) Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script.decide = fn
}

// carryOut lets a command meet its fate. p.mu is held.
func (p *PBX) carryOut(op string, f Fate, fn func() error) error {
	if !f.dropped {
		if err := fn(); f.err == nil {
			return err
		}
		return f.err
	}
	if f.late {
		restarts := p.restarts
		p.after(f.after, func() {
			if p.restarts == restarts {
				_ = fn() // whoever asked has stopped listening
				p.touch()
			}
		})
	}
	if f.err == nil {
		f.err = fault.New(op, fault.Unavailable, "not answered, as the test wants it")
	}
	return f.err
}

// stall is a time in which commands are not answered.
type stall struct {
	over  chan struct{}
	late  bool           // what was given up is carried out at the end all the same
	given []func() error // those, in order
	told  bool           // the client knows
}

// Stall lets commands go unanswered from now on, while events are told as ever
// (a REST interface that hangs beside a live event socket). A command waits
// until Resume, until its context ends, or until the switch's own limit of a
// request (5 s); then it answers fault.Unavailable. With the first that does,
// the client is told Disconnected, and all others fail at once, as adapters do.
// late says that what was given up is carried out at Resume all the same, in
// order; else it never is.
func (p *PBX) Stall(late bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.script.stall == nil {
		p.script.stall = &stall{over: make(chan struct{}), late: late}
	}
}

// Resume ends a Stall: what still waits is carried out, and a client that was
// told Disconnected is told Connected.
func (p *PBX) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.script.stall
	if s == nil {
		return
	}
	p.script.stall = nil
	for _, fn := range s.given {
		_ = fn() // whoever asked has given up
	}
	if s.told && p.link != nil {
		truth := p.snapshot()
		p.link.tell(notice{truth: &truth})
	}
	close(s.over)
	p.touch()
}

// sitOut waits until commands are answered; an error says that the command was given up.
func (p *PBX) sitOut(ctx context.Context, op string, fn func() error) error {
	p.mu.Lock()
	s, limit := p.script.stall, p.script.limit
	if s != nil && s.told {
		limit = 0
	}
	p.mu.Unlock()
	if s == nil {
		return nil
	}
	err := fault.New(op, fault.Unavailable, "the switch does not answer")
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		select {
		case <-s.over:
			return nil
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.script.stall != s {
		return nil // it ended in the same instant
	}
	if limit > 0 && s.late {
		s.given = append(s.given, fn)
	}
	if limit > 0 && ctx.Err() == nil && !s.told {
		s.told = true
		if p.link != nil {
			p.link.tell(notice{lost: err})
		}
	}
	return err
}

// TakeOver ends the client's connection as if another client had connected: Run
// returns orchestrator.ErrReplaced. Nobody has; the next Run connects.
func (p *PBX) TakeOver() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut(orchestrator.ErrReplaced)
	p.touch()
}

// Bounce lets the next n channels that Continue hands back come straight back,
// as a dialplan does that leads to the application again: EventEntered with
// the same id follows EventLeft at once. n < 0 is all from now on.
func (p *PBX) Bounce(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script.bounce = n
}

// enter brings a channel under control, and tells so. p.mu is held.
func (p *PBX) enter(c *channel) {
	c.entered, c.left = true, false
	e := orchestrator.Event{
		Kind: orchestrator.EventEntered, Channel: c.id, Args: c.args, Up: c.up, CreatedAt: c.created,
	}
	if !c.dialled {
		e.DID, e.Caller, e.Language = c.did, c.caller, c.language
	}
	p.emit(e)
}
