package pbxtest

import (
	"context"
	"strconv"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Listen listens until Heard, or until the time is over: then nobody can tell.
func (p *PBX) Listen(ctx context.Context, l orchestrator.Listening) error {
	return p.obey(ctx, Command{Op: "Listen", Channel: l.Channel}, func() error {
		if l.Greeting <= 0 || l.Silence <= 0 || l.Most <= 0 {
			return fault.New("pbxtest.Listen", fault.Invalid, "greeting %v, silence %v, most %v", l.Greeting, l.Silence, l.Most)
		}
		c, err := p.controlled("Listen", l.Channel)
		if err == nil && !c.heard {
			c.heard = true
			c.fate = append(c.fate, p.after(l.Most, func() { p.verdict(c, orchestrator.VerdictUnsure, "TOOLONG") }))
		}
		return err
	})
}

// verdict tells who answered, once. p.mu is held.
func (p *PBX) verdict(c *channel, v orchestrator.Verdict, why string) {
	if c.heard {
		c.heard = false
		p.emit(orchestrator.Event{Kind: orchestrator.EventHeard, Channel: c.id, Verdict: v, Reason: why})
	}
}

// Heard says who answered on a channel that is listened to.
func (p *PBX) Heard(channel string, v orchestrator.Verdict, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.channels[channel]; c != nil {
		p.verdict(c, v, why)
	}
}

// Attend notes that it is to be told when a channel speaks and falls silent.
func (p *PBX) Attend(ctx context.Context, channel string, silent time.Duration) error {
	return p.obey(ctx, Command{Op: "Attend", Channel: channel, Text: strconv.FormatInt(silent.Milliseconds(), 10)}, func() error {
		c, err := p.controlled("Attend", channel)
		if err == nil {
			c.attended = silent > 0
		}
		return err
	})
}

// Speaks lets the far end of a channel begin to speak, or fall silent after it spoke for d.
func (p *PBX) Speaks(channel string, on bool, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.channels[channel]
	if c == nil || !c.attended {
		return
	}
	e := orchestrator.Event{Kind: orchestrator.EventSilent, Channel: channel, Duration: d}
	if on {
		e = orchestrator.Event{Kind: orchestrator.EventSpeaks, Channel: channel}
	}
	p.emit(e)
}
