package ari

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	wire "github.com/CyCoreSystems/ari/v6"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Whoever monitors is in a bridge with a snoop channel, through which Asterisk lets
// hear, and speak to, another channel that stays in its own bridge: nothing changes
// there, not even the bridge's technology. A snoop's directions cannot be changed, so
// each mode has one of its own, whose id tells what it is.

// snoopPrefix begins the ids of snoop channels. They are no calls: neither events
// nor snapshots tell of them.
const snoopPrefix = "snoop-op-"

func isSnoop(channel string) bool { return strings.HasPrefix(channel, snoopPrefix) }

func snoopID(bridge string, mode orchestrator.MonitorMode) string {
	return "snoop-" + bridge + "-" + string(mode)
}

// whispers is to whom a snoop speaks: out is to the phone that is monitored, in is
// from it to those it talks with.
var whispers = map[orchestrator.MonitorMode]string{
	orchestrator.MonitorListen:  "none",
	orchestrator.MonitorWhisper: "out",
	orchestrator.MonitorBarge:   "both",
}

// Monitor lets a channel hear another, and change how it does.
func (a *Adapter) Monitor(ctx context.Context, m orchestrator.Monitoring) error {
	whisper, known := whispers[m.Mode]
	if !known || !orchestrator.Monitors(m.Bridge) {
		return fault.New("ari.Monitor", fault.Invalid, "bridge %q, mode %q", m.Bridge, m.Mode)
	}
	if err := a.refuseDialling("Monitor", m.Channel, m.Target); err != nil {
		return err
	}
	if err := a.CreateBridge(ctx, m.Bridge); err != nil {
		return err
	}
	id := snoopID(m.Bridge, m.Mode)
	var b wire.BridgeData
	err := a.client.do(ctx, request{verb: "Monitor", method: http.MethodGet, path: []string{"bridges", m.Bridge}, again: true}, &b)
	if err != nil {
		return err
	}
	if slices.Contains(b.ChannelIDs, id) && slices.Contains(b.ChannelIDs, m.Channel) {
		return nil
	}
	for _, other := range b.ChannelIDs { // first: two at once would hear each other
		if isSnoop(other) && other != id {
			if err := a.replaced(ctx, other); err != nil {
				return err
			}
		}
	}
	// Of a target that just hangs up Asterisk makes none, and knows of none a moment later.
	err = patiently(ctx, func() (bool, error) {
		err := a.snoop(ctx, m.Target, id, "both", whisper)
		return unready(err), err
	})
	if err != nil {
		return err
	}
	// A snoop cannot join before it has entered the application.
	return patiently(ctx, func() (bool, error) {
		err := a.Join(ctx, m.Bridge, m.Channel, id)
		return unready(err), err
	})
}

// unready tells whether Asterisk refused what it may do a moment later.
func unready(err error) bool { return notEntered(err) || status(err) == http.StatusInternalServerError }

// snoop makes a snoop channel; one of that id that exists is no error.
func (a *Adapter) snoop(ctx context.Context, target, id, spy, whisper string) error {
	err := a.client.do(ctx, request{
		verb: "Snoop", method: http.MethodPost, path: []string{"channels", target, "snoop", id},
		query: url.Values{"spy": {spy}, "whisper": {whisper}, "app": {a.cfg.App}}, again: true,
	}, nil)
	if status(err) != http.StatusInternalServerError {
		return err
	}
	if there, asked := a.exists(ctx, id); asked != nil || !there {
		return err
	}
	return nil
}

// replaced ends a snoop and waits until it is gone, as its mode may be wanted again.
func (a *Adapter) replaced(ctx context.Context, id string) error {
	if err := a.unsnoop(ctx, id); err != nil {
		return err
	}
	return patiently(ctx, func() (bool, error) {
		there, err := a.exists(ctx, id)
		if there {
			err = fault.New("ari.Monitor", fault.Unavailable, "the way in which %s was heard before does not end", id)
		}
		return there, err
	})
}

func (a *Adapter) unsnoop(ctx context.Context, id string) error {
	return a.client.do(ctx, request{verb: "Unsnoop", method: http.MethodDelete, path: []string{"channels", id}, again: true}, nil)
}

// dropSnoops ends what is left of whoever monitored in a bridge.
func (a *Adapter) dropSnoops(ctx context.Context, bridge string) error {
	if !orchestrator.Monitors(bridge) {
		return nil
	}
	for _, mode := range orchestrator.MonitorModes {
		if err := a.unsnoop(ctx, snoopID(bridge, mode)); err != nil {
			return err
		}
	}
	return nil
}
