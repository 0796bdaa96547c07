package ari

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// CreateBridge makes a mixing bridge; one that exists already is no error.
// Without dtmf_events Asterisk may let the two legs exchange packets by
// themselves (bridge_native_rtp), and keys pressed in the bridge are not told.
func (a *Adapter) CreateBridge(ctx context.Context, bridge string) error {
	if !orchestrator.Ours(bridge) {
		return fault.New("ari.CreateBridge", fault.Invalid, "bridge id %q is not of our making", bridge)
	}
	return a.client.do(ctx, request{
		verb: "CreateBridge", method: http.MethodPost, path: []string{"bridges", bridge},
		query: url.Values{"type": {"mixing,dtmf_events"}}, again: true,
	}, nil)
}

// Join puts channels into a bridge with one request; those that are in it
// already stay. Asterisk replies when all are in: a channel that plays or
// records something finishes that first, and hold music goes on inside the
// bridge, so both must be stopped before. When one channel is gone none is joined.
func (a *Adapter) Join(ctx context.Context, bridge string, channels ...string) error {
	err := a.join(ctx, bridge, false, channels)
	if err == nil {
		a.served(ctx, channels...)
	}
	return err
}

// JoinAbsorbing is Join for a channel whose keys reach nobody in the bridge; they
// are told all the same, as Asterisk tells them when it reads them. It comes last:
// Asterisk puts out who is in the bridge already and in again, and a recording ends
// with the last who leaves.
func (a *Adapter) JoinAbsorbing(ctx context.Context, bridge, channel string, others ...string) error {
	if len(others) > 0 {
		if err := a.join(ctx, bridge, false, others); err != nil {
			return err
		}
	}
	err := a.join(ctx, bridge, true, []string{channel})
	if err == nil {
		a.served(ctx, append(others, channel)...)
	}
	return err
}

func (a *Adapter) join(ctx context.Context, bridge string, absorbing bool, channels []string) error {
	if len(channels) == 0 {
		return fault.New("ari.Join", fault.Invalid, "bridge %q: no channels", bridge)
	}
	if err := a.refuseDialling("Join", channels...); err != nil {
		return err
	}
	a.quiet.joins(bridge, channels)
	late, err := a.accompany(ctx, bridge, channels)
	if err != nil {
		return err
	}
	q := url.Values{
		"channel": {strings.Join(channels, ",")},
		// The caller is not to see the agent's name and extension.
		"inhibitConnectedLineUpdates": {"true"},
	}
	if absorbing {
		q.Set("absorbDTMF", "true")
	}
	err = a.client.do(ctx, request{
		verb: "Join", method: http.MethodPost, path: []string{"bridges", bridge, "addChannel"}, query: q, again: true,
	}, nil)
	if status(err) != 0 { // refused: none has joined
		for _, channel := range channels {
			a.quiet.parts(bridge, channel)
		}
	}
	for _, channel := range late {
		if err == nil {
			err = unknown(a.silence(ctx, channel, false))
		}
	}
	return err
}

// DestroyBridge removes a bridge and leaves its channels in the application;
// one that is gone already is no error. Its recordings are ended before:
// Asterisk forgets with the bridge whom to tell of their end. Channels that are
// to go on are taken out one by one, which Asterisk confirms when it is done:
// those it puts out with the bridge leave it some time later, and a prompt
// ordered meanwhile is dropped without a word.
func (a *Adapter) DestroyBridge(ctx context.Context, bridge string, stay ...string) error {
	for _, id := range a.tapes.of(bridge) {
		if err := a.StopRecord(ctx, id); err != nil {
			return err
		}
	}
	if err := a.dropSnoops(ctx, bridge); err != nil {
		return err
	}
	if err := a.takeOut(ctx, bridge, stay); err != nil {
		return err
	}
	err := a.client.do(ctx, request{
		verb: "DestroyBridge", method: http.MethodDelete, path: []string{"bridges", bridge}, again: true,
	}, nil)
	if err == nil {
		a.quiet.gone(bridge)
	}
	return err
}

// Part takes channels out of a bridge. One that is gone, or was not in it, is no
// error. Whoever is left alone is sent silence.
func (a *Adapter) Part(ctx context.Context, bridge string, channels ...string) error {
	if err := a.takeOut(ctx, bridge, channels); err != nil {
		return err
	}
	return a.leave(ctx, bridge)
}

// takeOut takes channels out of a bridge, one by one: Asterisk confirms each when it is done.
func (a *Adapter) takeOut(ctx context.Context, bridge string, channels []string) error {
	if _, err := a.accompany(ctx, bridge, channels); err != nil {
		return err
	}
	for _, channel := range channels {
		err := a.client.do(ctx, request{
			verb: "Part", method: http.MethodPost, path: []string{"bridges", bridge, "removeChannel"},
			query: url.Values{"channel": {channel}}, again: true,
		}, nil)
		if err != nil {
			return err
		}
		a.quiet.parts(bridge, channel)
	}
	return nil
}
