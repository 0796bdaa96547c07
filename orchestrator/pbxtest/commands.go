package pbxtest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Answer answers a channel; one that is answered is left alone.
func (p *PBX) Answer(ctx context.Context, channel string) error {
	return p.obey(ctx, Command{Op: "Answer", Channel: channel}, func() error {
		c, err := p.controlled("Answer", channel)
		if err == nil {
			c.up = true
		}
		return err
	})
}

// Hangup ends a channel.
func (p *PBX) Hangup(ctx context.Context, channel string, cause orchestrator.Cause) error {
	return p.obey(ctx, Command{Op: "Hangup", Channel: channel, Cause: cause}, func() error {
		if c, ok := p.channels[channel]; ok {
			p.end(c, cause)
		}
		return nil
	})
}

// Continue hands a channel back to the dialplan: EventLeft. The caller stays on
// the line there until HangUp, which is not told any more, or comes back by
// ArriveAs or Bounce.
func (p *PBX) Continue(ctx context.Context, channel string, to orchestrator.DialplanPlace) error {
	where := to.Context + "," + to.Extension
	if to.Away {
		where = "away"
	}
	return p.obey(ctx, Command{Op: "Continue", Channel: channel, Text: where}, func() error {
		c, err := p.controlled("Continue", channel)
		if err != nil {
			return err
		}
		p.drop(c, "the channel left")
		c.entered, c.left = false, true
		p.emit(orchestrator.Event{Kind: orchestrator.EventLeft, Channel: channel})
		if p.script.bounce != 0 {
			p.script.bounce--
			p.enter(c)
		}
		return nil
	})
}

// Hold starts hold music on a channel.
func (p *PBX) Hold(ctx context.Context, channel, class string) error {
	return p.obey(ctx, Command{Op: "Hold", Channel: channel, Text: class}, func() error {
		return p.hold("Hold", channel, true)
	})
}

// Unhold stops the hold music.
func (p *PBX) Unhold(ctx context.Context, channel string) error {
	return p.obey(ctx, Command{Op: "Unhold", Channel: channel}, func() error {
		return p.hold("Unhold", channel, false)
	})
}

// Silence has a channel hear that the line is alive. In a bridge its own silence
// would be all that it hears, as on Asterisk.
func (p *PBX) Silence(ctx context.Context, channel string, on bool) error {
	return p.obey(ctx, Command{Op: "Silence", Channel: channel, Text: strconv.FormatBool(on)}, func() error {
		c, err := p.controlled("Silence", channel)
		if err == nil {
			c.silent = on
		}
		return err
	})
}

// Mute keeps what comes from the phone of a channel from everybody.
func (p *PBX) Mute(ctx context.Context, channel string, muted bool) error {
	return p.obey(ctx, Command{Op: "Mute", Channel: channel, Text: strconv.FormatBool(muted)}, func() error {
		c, err := p.controlled("Mute", channel)
		if err == nil {
			c.muted = muted
		}
		return err
	})
}

func (p *PBX) hold(op, channel string, on bool) error {
	c, err := p.controlled(op, channel)
	if err == nil {
		c.held = on
	}
	return err
}

// SendKeys lets the phone of a channel hear keys.
func (p *PBX) SendKeys(ctx context.Context, channel, keys string) error {
	return p.obey(ctx, Command{Op: "SendKeys", Channel: channel, Text: keys}, func() error {
		if strings.Trim(keys, "0123456789*#ABCD") != "" || keys == "" {
			return fault.New("pbxtest.SendKeys", fault.Invalid, "%q are no keys", keys)
		}
		c, err := p.controlled("SendKeys", channel)
		if err == nil {
			c.keys += keys
		}
		return err
	})
}

// Beep lets the phone of a channel hear a tone.
func (p *PBX) Beep(ctx context.Context, channel string, tone orchestrator.Tone) error {
	return p.obey(ctx, Command{Op: "Beep", Channel: channel, Text: string(tone)}, func() error {
		if tone != orchestrator.ToneYes && tone != orchestrator.ToneNo {
			return fault.New("pbxtest.Beep", fault.Invalid, "%q is no tone", tone)
		}
		c, err := p.controlled("Beep", channel)
		if err == nil {
			c.tones = append(c.tones, tone)
		}
		return err
	})
}

// Originate calls a phone that Endpoint made known.
func (p *PBX) Originate(ctx context.Context, o orchestrator.Origination) error {
	o.Args = slices.Clone(o.Args)
	cmd := Command{Op: "Originate", Channel: o.Channel, ID: o.Endpoint, Origination: &o}
	return p.obey(ctx, cmd, func() error { return p.dial(o) })
}

// AnswerTransfer tells a phone what became of its transfer: one that is told
// that it is done hangs up.
func (p *PBX) AnswerTransfer(ctx context.Context, channel string, done bool) error {
	cmd := Command{Op: "AnswerTransfer", Channel: channel, Text: map[bool]string{true: "done", false: "refused"}[done]}
	return p.obey(ctx, cmd, func() error {
		c, err := p.controlled("AnswerTransfer", channel)
		if err != nil || c.transfer == nil {
			return err
		}
		c.transfer <- done
		c.transfer = nil
		if done {
			p.end(c, orchestrator.CauseNormal)
		}
		return nil
	})
}

// CreateBridge makes a bridge.
func (p *PBX) CreateBridge(ctx context.Context, bridge string) error {
	return p.obey(ctx, Command{Op: "CreateBridge", ID: bridge}, func() error {
		if bridge == "" {
			return fault.New("pbxtest.CreateBridge", fault.Invalid, "no id")
		}
		if _, ok := p.bridges[bridge]; !ok {
			p.bridges[bridge] = nil
		}
		return nil
	})
}

// Join puts channels into a bridge; one that is in another bridge leaves that.
// It waits until the playbacks and recordings of the channels are over. Hold
// music goes on inside the bridge.
func (p *PBX) Join(ctx context.Context, bridge string, channels ...string) error {
	return p.join(ctx, "Join", bridge, channels)
}

// JoinAbsorbing is Join for a channel whose keys reach nobody in the bridge; others are
// there before.
func (p *PBX) JoinAbsorbing(ctx context.Context, bridge, channel string, others ...string) error {
	if len(others) > 0 {
		if err := p.join(ctx, "Join", bridge, others); err != nil {
			return err
		}
	}
	return p.join(ctx, "JoinAbsorbing", bridge, []string{channel})
}

// patience is how long a command is waited for, as an adapter would.
const patience = 5 * time.Second

func (p *PBX) join(ctx context.Context, op, bridge string, channels []string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p.Await(ctx, func() bool { return p.idle(channels) })
	cmd := Command{Op: op, ID: bridge, Channels: slices.Clone(channels)}
	return p.obey(ctx, cmd, func() error {
		if _, ok := p.bridges[bridge]; !ok {
			return fault.New("pbxtest."+op, fault.NotFound, "bridge %q does not exist", bridge)
		}
		for _, id := range channels {
			if _, err := p.controlled(op, id); err != nil {
				return err
			}
		}
		for _, id := range channels {
			p.put(bridge, p.channels[id], op == "JoinAbsorbing")
		}
		return nil
	})
}

// put puts a channel into a bridge. p.mu is held.
func (p *PBX) put(bridge string, c *channel, absorbs bool) {
	if c.bridge == bridge {
		return
	}
	p.part(c)
	c.bridge, c.absorbs = bridge, absorbs
	p.bridges[bridge] = append(p.bridges[bridge], c.id)
}

// Monitor lets a channel hear another, from a bridge of its own.
func (p *PBX) Monitor(ctx context.Context, m orchestrator.Monitoring) error {
	p.Await(ctx, func() bool { return p.idle([]string{m.Channel}) })
	cmd := Command{Op: "Monitor", ID: m.Bridge, Channel: m.Channel, Channels: []string{m.Target}, Text: string(m.Mode)}
	return p.obey(ctx, cmd, func() error {
		if !slices.Contains(orchestrator.MonitorModes, m.Mode) || !orchestrator.Monitors(m.Bridge) {
			return fault.New("pbxtest.Monitor", fault.Invalid, "bridge %q, mode %q", m.Bridge, m.Mode)
		}
		c, err := p.controlled("Monitor", m.Channel)
		if err == nil {
			_, err = p.controlled("Monitor", m.Target)
		}
		if err != nil {
			return err
		}
		p.put(m.Bridge, c, false)
		p.monitors[m.Bridge] = m
		return nil
	})
}

// Part takes channels out of a bridge.
func (p *PBX) Part(ctx context.Context, bridge string, channels ...string) error {
	cmd := Command{Op: "Part", ID: bridge, Channels: slices.Clone(channels)}
	return p.obey(ctx, cmd, func() error {
		for _, id := range channels {
			if c, ok := p.channels[id]; ok && c.bridge == bridge {
				p.part(c)
			}
		}
		return nil
	})
}

// idle tells that nothing plays or records on any of the channels.
func (p *PBX) idle(channels []string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range channels {
		if c, ok := p.channels[id]; ok && len(c.work) > 0 {
			return false
		}
	}
	return true
}

// DestroyBridge removes a bridge; the channels in it stay, its recordings end.
func (p *PBX) DestroyBridge(ctx context.Context, bridge string, stay ...string) error {
	return p.obey(ctx, Command{Op: "DestroyBridge", ID: bridge, Channels: slices.Clone(stay)}, func() error {
		in, ok := p.bridges[bridge]
		if !ok {
			return nil
		}
		for _, id := range slices.Clone(in) {
			p.part(p.channels[id])
		}
		delete(p.bridges, bridge)
		delete(p.monitors, bridge)
		for _, r := range p.recordingsOf(bridge) {
			p.finish(r.job, false, "")
		}
		return nil
	})
}

// SetLamp sets what a lamp shows.
func (p *PBX) SetLamp(ctx context.Context, name string, state orchestrator.LampState) error {
	return p.obey(ctx, Command{Op: "SetLamp", ID: name, Text: string(state)}, func() error {
		p.lamps[name] = state
		return nil
	})
}

// Watch replaces the watched endpoints and tells the state of each.
func (p *PBX) Watch(ctx context.Context, endpoints []string) error {
	cmd := Command{Op: "Watch", Channels: slices.Clone(endpoints)}
	return p.obey(ctx, cmd, func() error {
		clear(p.watched)
		for _, name := range endpoints {
			p.tellDevice(name)
		}
		return nil
	})
}
