package esl

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// monitorApp is the application by which a channel hears another, and speaks to it.
const monitorApp = "eavesdrop"

// whispers says into which audio of the target whoever monitors is mixed: what its
// phone says (the a leg, in FreeSWITCH's words), and what its phone is told.
var whispers = map[orchestrator.MonitorMode]struct{ said, told bool }{
	orchestrator.MonitorListen:  {},
	orchestrator.MonitorWhisper: {told: true},
	orchestrator.MonitorBarge:   {said: true, told: true},
}

// monitorKeys are the keys that are told of whoever monitors: those by which a
// supervisor changes the mode.
const monitorKeys = "4567"

// A key has its channel carry out an application that does nothing, which is told.
const (
	keyApp  = "eval"
	keyData = "operadora_key"
)

// forgetKeys undoes bindKeys, and drops what was pressed and nobody has heard of.
const forgetKeys = "clear_digit_action:all^flush_dtmf:^"

// bindKeys are the applications that have monitorKeys told.
func bindKeys() string {
	var b strings.Builder
	b.WriteString("^clear_digit_action:all")
	for _, k := range monitorKeys {
		fmt.Fprintf(&b, "^bind_digit_action:operadora,%c,exec[i]:%s,%s=%c", k, keyApp, keyData, k)
	}
	return b.String()
}

// keyOf is the key that an application stands for.
func keyOf(app, data text) (key string, is bool) {
	key, is = strings.CutPrefix(string(data), keyData+"=")
	return key, is && app == keyApp
}

// Monitor lets a channel hear another, by an application that it carries out as long
// as both are there; then it is parked. Which bridge that stands for is a variable of
// the channel. FreeSWITCH would obey the keys of whoever monitors (1 speaks to the
// customer alone), so it is told to leave them where they are, and nobody is told of
// them; but each of monitorKeys is bound to setting a variable, which is told.
func (a *Adapter) Monitor(ctx context.Context, m orchestrator.Monitoring) error {
	w, known := whispers[m.Mode]
	if !known || !orchestrator.Monitors(m.Bridge) || !channelID.MatchString(m.Bridge) {
		return fault.New("esl.Monitor", fault.Invalid, "bridge %q, mode %q", m.Bridge, m.Mode)
	}
	if err := a.here(ctx, "Monitor", m.Channel, m.Target); err != nil {
		return err
	}
	if err := a.CreateBridge(ctx, m.Bridge); err != nil {
		return err
	}
	there := func(g *leg) bool { return g.room == m.Bridge && g.monitor == m.Mode }
	done := false
	a.legs.see(m.Channel, func(g *leg) { done = g != nil && there(g) })
	if done {
		return nil
	}
	a.legs.unseat(m.Channel)
	err := a.transfer(ctx, "Monitor", m.Channel, fmt.Sprintf("'m:^:set:operadora_monitor=%s.%s^set:eavesdrop_enable_dtmf=false"+
		"^set:eavesdrop_whisper_aleg=%t^set:eavesdrop_whisper_bleg=%t%s^%s:%s^park:' inline",
		m.Bridge, m.Mode, w.said, w.told, bindKeys(), monitorApp, m.Target), nil)
	if err != nil {
		return err
	}
	return a.await(ctx, "Monitor", m.Channel, there)
}

// Listen is refused: FreeSWITCH has nothing that tells persons from machines. (mod_avmd
// finds beeps; mod_amd is not part of it.)
func (a *Adapter) Listen(ctx context.Context, l orchestrator.Listening) error {
	return a.deaf(ctx, "Listen", l.Channel)
}

// Attend is refused as Listen is.
func (a *Adapter) Attend(ctx context.Context, channel string, _ time.Duration) error {
	return a.deaf(ctx, "Attend", channel)
}

func (a *Adapter) deaf(ctx context.Context, verb, channel string) error {
	if err := a.here(ctx, verb, channel); err != nil {
		return err
	}
	return fault.New("esl."+verb, fault.Denied, "freeswitch does not hear whether a machine answered")
}
