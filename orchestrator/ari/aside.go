package ari

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/operadora/operadora/orchestrator"
)

// Asterisk takes a channel out of its bridge for as long as something is played to it
// (main/bridge_channel.c, BRIDGE_CHANNEL_ACTION_PLAY_FILE): while an agent on a permanent
// line heard the beep, neither side would hear the other, and the first half second is
// "hello?". So what is played aside is whispered to the channel by a snoop channel of its
// own, which ends with it.

// asideMark parts the playback from the channel that hears it in the id of such a snoop:
// whoever hears of its end knows both, also after a restart.
const asideMark = "~"

func asideID(p orchestrator.Playback) string { return "snoop-" + p.ID + asideMark + p.Channel }

// asideOf is the channel to which a snoop whispers a playback; false for all others.
func asideOf(channel string) (hears string, ok bool) {
	if !isSnoop(channel) {
		return "", false
	}
	_, hears, ok = strings.Cut(channel, asideMark)
	return hears, ok
}

// aside plays something beside a conversation. False: it is to be played as anything
// else is, because it cannot be whispered, or the channel is gone, which playing tells.
func (a *Adapter) aside(ctx context.Context, p orchestrator.Playback, q url.Values) (bool, error) {
	if p.Again {
		if known, err := a.Playing(ctx, p.ID); err != nil || known {
			return true, err
		}
	}
	id := asideID(p)
	switch err := a.snoop(ctx, p.Channel, id, "none", "out"); {
	case err != nil && status(err) == 0: // it may have been made
		return true, err
	case err != nil:
		return false, nil
	}
	// It plays nothing before it has entered the application.
	err := patiently(ctx, func() (bool, error) {
		err := a.client.do(ctx, request{verb: "Play", method: http.MethodPost, path: []string{"channels", id, "play", p.ID}, query: q}, nil)
		return unready(err), err
	})
	if status(err) != 0 {
		a.asideOver(ctx, id)
	}
	return true, err
}

// asideOver ends what whispered a playback that is over.
func (a *Adapter) asideOver(ctx context.Context, id string) {
	if err := a.unsnoop(ctx, id); err != nil && ctx.Err() == nil {
		a.log.DebugContext(ctx, "what whispered a sound stays until its phone hangs up, or until the next connection", "channel", id, "error", err)
	}
}
