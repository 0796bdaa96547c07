package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/life"
)

// Sizes of whisper_setup: so often a supervisor comes and whispers, and so often one
// who listens begins to.
const (
	whisperRounds = 60
	whisperLimit  = 20 * time.Second // of one round
	whisperPause  = 100 * time.Millisecond
)

// Who takes part in whisper_setup.
const (
	whisperAgent = "101"
	whisperBoss  = "102"
)

// WhisperSetup measures from an order over REST to the first packet in which the agent
// hears the supervisor: one whose phone is called first, and one who listens. Beside
// it what the PBX itself has for that, in the same conversation.
func WhisperSetup(ctx context.Context, out, progress io.Writer) error {
	o := inbound(lab.Desk(101, 102))
	o.Definitions["agents.yaml"] = strings.Replace(o.Definitions["agents.yaml"], `{id: "`+whisperAgent+`",`, `{id: "`+whisperAgent+`", team: all,`, 1)
	o.Definitions["agents.yaml"] = strings.Replace(o.Definitions["agents.yaml"], `{id: "`+whisperBoss+`",`, `{id: "`+whisperBoss+`", pin: "4711",`, 1) +
		"teams:\n  - {id: all, supervisors: [\"" + whisperBoss + "\"], may: [listen, whisper]}\n"
	o.Asterisk.Dialplan = chanSpy
	site, err := newSite(ctx, o)
	if err != nil {
		return err
	}
	defer discard(site)
	t, err := newTrio(ctx, site)
	if err != nil {
		return err
	}
	defer t.stop() //nolint:contextcheck // what was started ends whatever the context
	spy := peerSpy()
	listening := func(speak, back func(context.Context) error) whisperWay {
		return whisperWay{begin: t.order(wire.SuperviseModeListen), speak: speak, back: back, end: t.leave}
	}
	theirs := whisperWay{begin: t.spy(spy, false), speak: t.press(spy.speak), back: t.press(spy.back), end: t.hangup}
	ways := []whisperPair{
		{"setup", spy.name, whisperWay{speak: t.order(wire.SuperviseModeWhisper), end: t.leave}, whisperWay{speak: t.spy(spy, true), end: t.hangup}},
		{"change", spy.name + "_by_key", listening(t.order(wire.SuperviseModeWhisper), t.order(wire.SuperviseModeListen)), theirs},
		{"change_by_key", spy.name + "_by_key", listening(t.press("5"), t.press("4")), theirs},
	}
	var lines []Line
	for _, m := range ways {
		fmt.Fprintf(progress, "whisper_setup: %s …\n", m.metric)
		ours, err := t.measure(ctx, m.ours)
		if err != nil {
			return fmt.Errorf("%s: %w", m.metric, err)
		}
		theirs, err := t.measure(ctx, m.theirs)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", m.metric, m.peer, err)
		}
		for _, q := range []float64{.5, .99} {
			lines = append(lines, NewLine("whisper_setup", fmt.Sprintf("%s_p%g", m.metric, q*100), "ms", millis(quantile(ours, q)), m.peer, millis(quantile(theirs, q))))
		}
	}
	return Emit(out, lines...)
}

// whisperWay is how a supervisor comes to be heard, and the end of it.
type whisperWay struct {
	begin func(context.Context) error // once, before all rounds; nil: each round begins with nobody there
	speak func(context.Context) error // from here on it is measured
	back  func(context.Context) error // what ends a round; nil is end
	end   func(context.Context) error
}

// whisperPair is one figure: operadora's way, and the PBX' own.
type whisperPair struct {
	metric, peer string
	ours, theirs whisperWay
}

// trio is a conversation and the phone of a supervisor, who speaks whenever it is up.
type trio struct {
	site        *centre.Site
	api         *client.API
	call        string // the conversation's id
	agent, boss *lab.Call
	bossCalls   chan *lab.Call
	phones      []*lab.Phone
}

func newTrio(ctx context.Context, site *centre.Site) (t *trio, err error) {
	ctx, cancel := context.WithTimeout(ctx, whisperLimit)
	defer cancel()
	t = &trio{site: site, bossCalls: make(chan *lab.Call, 1)}
	defer func() { //nolint:contextcheck // what was started ends whatever the context
		if err != nil {
			t.stop()
		}
	}()
	if err = site.Start(ctx); err != nil {
		return t, err
	}
	if t.api, err = site.API("supervisor"); err != nil {
		return t, err
	}
	agent, err := site.Switch.Phone(ctx, whisperAgent)
	if err != nil {
		return t, err
	}
	t.phones = append(t.phones, agent)
	boss, err := site.Switch.Phone(ctx, whisperBoss)
	if err != nil {
		return t, err
	}
	t.phones = append(t.phones, boss)
	boss.OnInvite(func(c *lab.Call) {
		c.PlayTone(signal)
		_ = c.Answer() // a call that is gone already is missed by the bench
		t.bossCalls <- c
	})
	if _, err = t.api.LoginAgentWithResponse(ctx, whisperAgent, wire.AgentLogin{}); err != nil {
		return t, err
	}
	caller, err := site.Switch.Caller("5550001")
	if err != nil {
		return t, err
	}
	t.phones = append(t.phones, caller)
	c, err := caller.Dial(ctx, "5000", lab.DialOptions{})
	if err != nil {
		return t, err
	}
	if t.agent, err = agent.NextCall(ctx); err != nil {
		return t, err
	}
	if err = t.agent.Answer(); err != nil {
		return t, err
	}
	c.PlayTone(voice)
	if err = t.agent.WaitTone(ctx, voice); err != nil {
		return t, err
	}
	c.PlayTone(0)
	t.agent.PlayTone(voice)
	calls, err := t.api.ListCallsWithResponse(ctx, nil)
	if err != nil {
		return t, err
	}
	t.call = calls.JSON200.Items[0].ID
	return t, nil
}

func (t *trio) stop() {
	for _, p := range t.phones {
		p.Close()
	}
}

var errNoWhisper = errors.New("the agent does not hear the supervisor")

// measure lets the supervisor be heard again and again, at random times.
func (t *trio) measure(ctx context.Context, w whisperWay) (got []time.Duration, err error) {
	random := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // repeatable is what is wanted
	if w.begin != nil {
		if err := w.begin(ctx); err != nil {
			return nil, err
		}
		if err := t.listens(ctx); err != nil {
			return nil, err
		}
	}
	for range whisperRounds {
		took, err := t.round(ctx, w)
		if err != nil {
			return nil, err
		}
		got = append(got, took)
		life.Sleep(ctx, time.Duration(random.Int64N(int64(whisperPause))))
	}
	if w.begin != nil {
		err = w.end(ctx)
	}
	return got, err
}

func (t *trio) round(ctx context.Context, w whisperWay) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, whisperLimit)
	defer cancel()
	if err := t.agent.WaitSilence(ctx, 200*time.Millisecond); err != nil {
		return 0, err
	}
	heard := t.agent.FirstTone(signal)
	began := time.Now()
	if err := w.speak(ctx); err != nil {
		return 0, err
	}
	var took time.Duration
	select {
	case at := <-heard:
		took = at.Sub(began)
	case <-ctx.Done():
		return 0, errNoWhisper
	}
	if w.begin != nil {
		return took, w.back(ctx)
	}
	if err := t.comes(ctx); err != nil {
		return 0, err
	}
	return took, w.end(ctx)
}

// comes waits for the call at the supervisor's phone.
func (t *trio) comes(ctx context.Context) error {
	select {
	case t.boss = <-t.bossCalls:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// listens waits until the supervisor hears the agent.
func (t *trio) listens(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, whisperLimit)
	defer cancel()
	if err := t.comes(ctx); err != nil {
		return err
	}
	return t.boss.WaitTone(ctx, voice)
}

func (t *trio) order(mode wire.SuperviseMode) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := t.api.SuperviseCallWithResponse(ctx, t.call, wire.Supervise{Mode: mode, Supervisor: whisperBoss})
		return err
	}
}

func (t *trio) press(key string) func(context.Context) error {
	return func(context.Context) error { return t.boss.SendDTMF(key) }
}

func (t *trio) leave(ctx context.Context) error {
	if _, err := t.api.LeaveCallWithResponse(ctx, t.call, wire.Leave{Supervisor: whisperBoss}); err != nil {
		return err
	}
	_, err := t.boss.WaitEnd(ctx)
	return err
}

func (t *trio) hangup(context.Context) error { return t.boss.Hangup() } //nolint:contextcheck // it has a deadline of its own

// spy has the PBX itself connect the supervisor.
func (t *trio) spy(s spyOf, whisper bool) func(context.Context) error {
	return func(ctx context.Context) error { return s.call(ctx, t, whisper) }
}
