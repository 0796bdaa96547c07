package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// caller is someone outside with a script.
type caller struct {
	script Script
	phone  *lab.Phone
	line   *lab.Call // once answered
	events reader
}

// call plays a script to its end. The error says at which step it went wrong.
func call(ctx context.Context, pbx centre.Switch, w *watch, s Script) error {
	phone, err := pbx.Caller(s.Number)
	if err != nil {
		return err
	}
	defer phone.Close() //nolint:contextcheck // hanging up has a limit of its own
	c := &caller{script: s, phone: phone, events: reader{w: w, number: s.Number}}
	c.line, err = phone.Dial(ctx, s.DID, lab.DialOptions{})
	refused, isRefused := errors.AsType[*lab.RefusedError](err)
	switch wantRefused := s.steps[0].act == noAnswer; {
	case wantRefused && isRefused:
		return nil
	case wantRefused && err == nil:
		return errors.New("was answered, want a refusal")
	case isRefused:
		return fmt.Errorf("was refused: %w", refused)
	case err != nil:
		return err
	}
	if err := c.line.WaitSound(ctx); err != nil {
		return fmt.Errorf("hears nothing: %w", err)
	}
	for i, st := range s.steps {
		if err := c.patiently(ctx, st); err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, strings.TrimSpace(string(st.act)+" "+st.arg), err)
		}
	}
	return nil
}

// patience is how long a caller waits for the next thing to happen. No step
// takes nearly as long, even in a large crowd on a busy machine.
const patience = 2 * time.Minute

var errPatience = fmt.Errorf("nothing happened for %s", patience)

func (c *caller) patiently(ctx context.Context, st step) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	return c.do(ctx, st)
}

// do carries out one step.
func (c *caller) do(ctx context.Context, st step) error {
	switch st.act {
	case atNode:
		return c.events.node(ctx, st.arg, "")
	case onRetry:
		return c.events.node(ctx, st.arg, "retry")
	case onQueued:
		_, err := c.events.entry(ctx, wire.EntryTypeCallQueued)
		return err
	case onRinging:
		_, err := c.events.entry(ctx, wire.EntryTypeCallRinging)
		return err
	case onMail:
		_, err := c.events.entry(ctx, wire.EntryTypeCallRecording)
		return err
	case listen:
		return c.line.WaitSound(ctx)
	case press:
		return c.line.SendDTMF(st.arg)
	case think:
		return pass(ctx, c.line, c.script.Think)
	case speak:
		c.line.PlayTone(c.script.Tone)
		err := pass(ctx, c.line, c.script.Talk)
		c.line.PlayTone(0)
		return err
	case converse:
		return c.converse(ctx)
	case hangUp:
		return c.line.Hangup() //nolint:contextcheck // hanging up has a limit of its own
	case stay:
		_, err := c.line.WaitEnd(ctx)
		return err
	case noAnswer:
		return errors.New("was answered")
	}
	return fmt.Errorf("no caller can %q", st.act)
}

// converse waits for an agent, speaks, and returns when that very agent was heard.
func (c *caller) converse(ctx context.Context) error {
	c.line.PlayTone(c.script.Tone)
	e, err := c.events.entry(ctx, wire.EntryTypeCallConnected)
	if err != nil {
		return err
	}
	if err := c.line.WaitTone(ctx, voice(e.Agent)); err != nil {
		return fmt.Errorf("does not hear agent %s: %w", e.Agent, err)
	}
	return nil
}
