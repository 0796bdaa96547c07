// Package newcomer is the first hour of somebody who has an Asterisk, as
// Debian installs it and with a dialplan of its own, and attaches operadora to
// it: it runs the commands of README.md to the letter, calls, and looks at what
// the caller hears, what is on record, and what callers get while operadora is
// stopped, hung or without Redis.
package newcomer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/life"
)

// Limit is how long the whole may take.
const Limit = 5 * time.Minute

// Options say where the newcomer works.
type Options struct {
	Dir    string // an empty folder
	Readme string // the text of README.md
	// Examples are files of definitions, by where they are below the folder. At the end of the hour they take the
	// place of what init wrote.
	Examples map[string]string
	// First ends the hour with the first served call.
	First bool
	// Installed is the root of a system in which operadora's package is installed: the newcomer begins with that in place
	// of `operadora init`. The hour ends with a call that goes on while Upgrade brings the next version.
	Installed string
	Upgrade   func(context.Context) error
	// Tell is told each step; nil tells nobody.
	Tell func(format string, args ...any)
}

// Report is what came of it.
type Report struct {
	FirstCall time.Duration // from `operadora init` to the first served call
	Log       string        // of operadora
}

// hour is the newcomer's hour as it goes on.
type hour struct {
	*site
	Options
	ctx context.Context
}

// Run follows README.md. The error says what did not come out as it says.
func Run(ctx context.Context, o Options) (r Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	if o.Tell == nil {
		o.Tell = func(string, ...any) {}
	}
	commands, err := blocks(o.Readme, Section)
	if err != nil {
		return r, err
	}
	if len(commands) < 2 || commands[0].stays != "operadora serve" {
		return r, fmt.Errorf("the first block of %q does not end with operadora serve, or there is no second", Section)
	}
	if o.Installed != "" {
		if commands[0].script, err = ofPackage(commands[0].script); err != nil {
			return r, err
		}
	}
	s, err := newSite(ctx, o.Dir, o.Installed)
	if err != nil {
		return r, err
	}
	h := &hour{site: s, Options: o, ctx: ctx}
	defer func() {
		r.Log = s.log.End(100)
		err = errors.Join(err, s.close())
	}()
	ana, err := h.phone("101")
	if err != nil {
		return r, err
	}
	defer ana.Close() //nolint:contextcheck // a phone is put away whatever the context
	began := time.Now()
	out, err := h.shell(ctx, commands[0].script)
	if err != nil {
		return r, err
	}
	o.Tell("%s", out)
	if err := h.start(ctx); err != nil {
		return r, err
	}
	for _, b := range commands[1:] {
		if out, err = h.shell(ctx, b.script); err != nil {
			return r, err
		}
		o.Tell("%s", out)
	}
	if err := h.served(ana); err != nil { //nolint:contextcheck // h has the context
		return r, fmt.Errorf("the first call: %w", err)
	}
	r.FirstCall = time.Since(began)
	o.Tell("served after %v", r.FirstCall)
	switch {
	case o.First:
		return r, nil
	case o.Upgrade != nil:
		return r, errors.Join(h.recorded(1), h.upgraded(ana)) //nolint:contextcheck // h has the context
	}
	return r, errors.Join(h.recorded(1), h.away(), h.examples()) //nolint:contextcheck // h has the context
}

// phone is a desk phone of the PBX, registered.
func (h *hour) phone(user string) (*lab.Phone, error) { return h.asterisk.Phone(h.ctx, user) }

// call calls a number from outside; done ends it.
func (h *hour) call(from, number string) (c *lab.Call, done func(), err error) {
	p, err := h.asterisk.Caller(from)
	if err != nil {
		return nil, nil, err
	}
	if c, err = p.Dial(h.ctx, number, lab.DialOptions{}); err != nil {
		p.Close()
		return nil, nil, err
	}
	return c, p.Close, nil
}

// within bounds one wait.
func (h *hour) within(d time.Duration, wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(h.ctx, d)
	defer cancel()
	return wait(ctx)
}

// served is a call that hears the welcome, asks for sales, and talks to the agent who logged in.
func (h *hour) served(ana *lab.Phone) error {
	return h.serving(ana, func(_, _ *lab.Call) error { return nil })
}

// serving is such a call; during is what happens as they talk.
func (h *hour) serving(ana *lab.Phone, during func(caller, agent *lab.Call) error) error {
	c, done, err := h.call("5550100", "5000")
	if err != nil {
		return err
	}
	defer done()
	if err := h.within(20*time.Second, c.WaitSound); err != nil {
		return fmt.Errorf("the caller hears no prompt: %w", err)
	}
	if err := c.SendDTMF("1"); err != nil {
		return err
	}
	var a *lab.Call
	if err := h.within(30*time.Second, func(ctx context.Context) error { a, err = ana.NextCall(ctx); return err }); err != nil {
		return fmt.Errorf("the agent's phone does not ring: %w", err)
	}
	if err := a.Answer(); err != nil {
		return err
	}
	if err := h.talk(c, a, 600, 900); err != nil {
		return err
	}
	if err := during(c, a); err != nil {
		return err
	}
	return errors.Join(a.Hangup(), c.Hangup())
}

// talk has them hear each other's tone.
func (h *hour) talk(c, a *lab.Call, callers, agents float64) error {
	c.PlayTone(callers)
	a.PlayTone(agents)
	err := errors.Join(h.within(20*time.Second, func(ctx context.Context) error { return c.WaitTone(ctx, agents) }),
		h.within(20*time.Second, func(ctx context.Context) error { return a.WaitTone(ctx, callers) }))
	if err != nil {
		return fmt.Errorf("they do not hear each other: %w", err)
	}
	return nil
}

// upgraded has a call go on while the next version is installed and, as its package does, started in place
// of the one that runs.
func (h *hour) upgraded(ana *lab.Phone) error {
	if _, err := h.shell(h.ctx, "export OPERADORA_TOKEN=$(bin/operadora token create --name later --role supervisor)\nbin/operadora agent resume 101"); err != nil {
		return err
	}
	err := h.serving(ana, func(c, a *lab.Call) error {
		if err := h.Upgrade(h.ctx); err != nil {
			return err
		}
		began := time.Now()
		if err := errors.Join(h.stop(h.ctx), h.start(h.ctx)); err != nil {
			return err
		}
		h.Tell("the next version serves after %v", time.Since(began))
		return h.talk(c, a, 700, 1100)
	})
	if err != nil {
		return fmt.Errorf("a call during the upgrade: %w", err)
	}
	return h.recorded(2)
}

// recorded looks for the records of that many calls and their recordings, by the API.
func (h *hour) recorded(calls int) error {
	out, err := h.shell(h.ctx, "bin/operadora token create --name test --role supervisor 2>/dev/null")
	if err != nil {
		return err
	}
	lines := strings.Fields(out)
	a, err := client.New("http://"+h.api, lines[len(lines)-1])
	if err != nil {
		return err
	}
	return h.within(30*time.Second, func(ctx context.Context) error {
		for {
			err := onRecord(ctx, a, calls)
			if err == nil || !life.Sleep(ctx, 100*time.Millisecond) {
				return err
			}
		}
	})
}

func onRecord(ctx context.Context, a *client.API, calls int) error {
	list, err := a.ListContactsWithResponse(ctx, &wire.ListContactsParams{})
	switch {
	case err != nil:
		return err
	case list.JSON200 == nil || len(list.JSON200.Items) != calls:
		return fmt.Errorf("not %d contacts are on record: %s", calls, list.Body)
	}
	for _, c := range list.JSON200.Items {
		if c.Outcome != "served" || c.Recording == "" {
			return fmt.Errorf("the contact on record is not that of a served and recorded call: %+v", c)
		}
		audio, err := a.GetRecordingAudioWithResponse(ctx, c.Recording, &wire.GetRecordingAudioParams{})
		if err != nil {
			return err
		}
		if audio.StatusCode() != http.StatusOK || !loud(audio.Body) {
			return fmt.Errorf("the recording is answered with %d and %d bytes, or holds silence", audio.StatusCode(), len(audio.Body))
		}
	}
	return nil
}

// loud tells whether a WAV file holds a tone.
func loud(wav []byte) bool {
	const head, voice = 44, 1000
	n := 0
	for i := head; i+1 < len(wav); i += 2 {
		if s := int16(binary.LittleEndian.Uint16(wav[i:])); s > voice || s < -voice {
			n++
		}
	}
	return n > lab.SampleRate/50
}

// away calls while operadora hangs, has no Redis, and is stopped: the phone of
// the queue that the PBX had before rings.
func (h *hour) away() error {
	carla, err := h.phone("103")
	if err != nil {
		return err
	}
	defer carla.Close()
	carla.OnInvite(lab.AnswerAfter(0))
	resume := func() error { return h.serve.Process.Signal(syscall.SIGCONT) }
	for _, row := range []struct {
		what     string
		do, undo func() error
	}{
		{"hung", func() error { return errors.Join(h.serve.Process.Signal(syscall.SIGSTOP), h.awaitTaking(false)) },
			func() error { return errors.Join(resume(), h.awaitTaking(true)) }},
		{"without Redis", h.redis.Kill, func() error { return errors.Join(h.redis.Restart(h.ctx), h.awaitTaking(true)) }},
		{"stopped", func() error { return h.stop(h.ctx) }, func() error { return nil }},
		{"stopped, and Asterisk started anew", func() error {
			return errors.Join(h.asterisk.Restart(h.ctx), carla.Register(h.ctx))
		}, func() error { return nil }},
	} {
		began := time.Now()
		err := row.do()
		if err == nil {
			err = h.queueServes(carla)
		}
		if err != nil {
			return fmt.Errorf("operadora %s: %w", row.what, err)
		}
		h.Tell("operadora %s: the queue of before serves after %v", row.what, time.Since(began))
		if err := row.undo(); err != nil {
			return fmt.Errorf("operadora %s no more: %w", row.what, err)
		}
	}
	return nil
}

// examples has doctor, which fails where there is a fault, look at the examples.
func (h *hour) examples() error {
	for file, text := range h.Examples {
		path := filepath.Join(h.work(), file)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	out, err := h.shell(h.ctx, "bin/operadora sounds speak\nbin/operadora doctor")
	h.Tell("%s", out)
	return err
}

// awaitTaking waits until the dialplan believes that calls are taken, or that they are not.
func (h *hour) awaitTaking(want bool) error {
	for name := dialplans.UntilVariable("operadora") + "="; ; {
		globals, err := h.asterisk.CLI("dialplan show globals")
		if err != nil {
			return err
		}
		_, value, _ := strings.Cut(globals, name)
		value, _, _ = strings.Cut(value, "\n")
		if until, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && (float64(time.Now().Unix()) <= until) == want {
			return nil
		}
		if !life.Sleep(h.ctx, 100*time.Millisecond) {
			return fmt.Errorf("the dialplan has until=%q, want taking=%v", value, want)
		}
	}
}

// queueServes is a call that the PBX's own queue answers.
func (h *hour) queueServes(carla *lab.Phone) error {
	c, done, err := h.call("5550200", "5000")
	if err != nil {
		return err
	}
	defer done()
	var a *lab.Call
	if err := h.within(20*time.Second, func(ctx context.Context) error { a, err = carla.NextCall(ctx); return err }); err != nil {
		return fmt.Errorf("the phone of the PBX's own queue does not ring: %w", err)
	}
	a.PlayTone(900)
	if err := h.within(20*time.Second, func(ctx context.Context) error { return c.WaitTone(ctx, 900) }); err != nil {
		return fmt.Errorf("the caller hears nobody: %w", err)
	}
	return errors.Join(a.Hangup(), c.Hangup())
}
