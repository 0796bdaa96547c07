package ari

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Answer answers a channel. Asterisk replies when the channel has carried it
// out, so a prompt in progress must be stopped first.
func (a *Adapter) Answer(ctx context.Context, channel string) error {
	if err := a.refuseDialling("Answer", channel); err != nil {
		return err
	}
	err := a.client.do(ctx, request{
		verb: "Answer", method: http.MethodPost, path: []string{"channels", channel, "answer"}, again: true,
	}, nil)
	if err == nil {
		a.quiet.rest(channel)
	}
	return err
}

// Hangup ends a channel with a Q.850 cause. A channel that is gone already is no error.
func (a *Adapter) Hangup(ctx context.Context, channel string, cause orchestrator.Cause) error {
	a.legs.askedToEnd(channel, cause)
	q := url.Values{}
	if cause > 0 {
		q.Set("reason_code", strconv.Itoa(int(cause)))
	}
	return a.client.do(ctx, request{
		verb: "Hangup", method: http.MethodDelete, path: []string{"channels", channel}, query: q, again: true,
	}, nil)
}

// Lines of the dialplan's extension, beside the one that handed the call over, at
// which it goes on when operadora cannot take it. A dialplan that writes calls down
// which it serves itself does not at the second.
const (
	awayLabel   = "away"
	passedLabel = "passed"
)

// Continue hands a channel back to the dialplan; a priority is given only with
// a place, the zero place is the line after Stasis.
func (a *Adapter) Continue(ctx context.Context, channel string, to orchestrator.DialplanPlace) error {
	if err := a.refuseDialling("Continue", channel); err != nil {
		return err
	}
	if !to.Away && (to.Context != "" || to.Extension != "") { // our own dialplan lets the channel be transferred again by itself
		if err := a.setVariable(ctx, channel, "TRANSFER_CONTEXT", ""); err != nil {
			return err
		}
	}
	a.legs.leaving(channel, true)
	a.quiet.forget(channel, false)
	q := url.Values{}
	switch {
	case to.Away && to.Recorded && a.legs.keepsEnds.Load():
		q.Set("label", passedLabel)
	case to.Away:
		q.Set("label", awayLabel)
	case to.Context != "" || to.Extension != "":
		q.Set("priority", "1")
		if to.Context != "" {
			q.Set("context", to.Context)
		}
		if to.Extension != "" {
			q.Set("extension", to.Extension)
		}
	}
	err := a.client.do(ctx, request{
		verb: "Continue", method: http.MethodPost, path: []string{"channels", channel, "continue"}, query: q,
	}, nil)
	if status(err) != 0 { // refused; after a lost answer it may well be on its way
		a.legs.leaving(channel, false)
	}
	return err
}

// Hold starts hold music. It stops at the next playback and does not come
// back by itself, and it goes on inside a bridge.
func (a *Adapter) Hold(ctx context.Context, channel, class string) error {
	q := url.Values{}
	if class != "" {
		q.Set("mohClass", class)
	}
	if err := a.refuseDialling("Hold", channel); err != nil {
		return err
	}
	if err := a.unquiet(ctx, channel, class); err != nil {
		return err
	}
	a.alone.hears(channel, true)
	err := a.client.do(ctx, request{
		verb: "Hold", method: http.MethodPost, path: []string{"channels", channel, "moh"}, query: q, again: true,
	}, nil)
	if err == nil {
		a.quiet.held(channel, class)
	}
	return err
}

// Unhold stops hold music; a channel without any is no error.
func (a *Adapter) Unhold(ctx context.Context, channel string) error {
	if err := a.refuseDialling("Unhold", channel); err != nil {
		return err
	}
	a.alone.hears(channel, false)
	err := a.client.do(ctx, request{
		verb: "Unhold", method: http.MethodDelete, path: []string{"channels", channel, "moh"}, again: true,
	}, nil)
	if err == nil {
		a.quiet.rest(channel)
	}
	return err
}

// Silence sends silence on a channel, or ends that. Asterisk sends nothing at all
// on a channel that does nothing, and phones take that for a call that is lost.
func (a *Adapter) Silence(ctx context.Context, channel string, on bool) error {
	a.quiet.forget(channel, true)
	return a.silence(ctx, channel, on)
}

func (a *Adapter) silence(ctx context.Context, channel string, on bool) error {
	if err := a.refuseDialling("Silence", channel); err != nil {
		return err
	}
	method := http.MethodPost
	if !on {
		method = http.MethodDelete
	}
	return a.client.do(ctx, request{
		verb: "Silence", method: method, path: []string{"channels", channel, "silence"}, again: true,
	}, nil)
}

// Mute drops the sound that comes in on a channel, or ends that.
func (a *Adapter) Mute(ctx context.Context, channel string, muted bool) error {
	if err := a.refuseDialling("Mute", channel); err != nil {
		return err
	}
	method := http.MethodPost
	if !muted {
		method = http.MethodDelete
	}
	return a.client.do(ctx, request{
		verb: "Mute", method: method, path: []string{"channels", channel, "mute"}, query: url.Values{"direction": {"in"}}, again: true,
	}, nil)
}

// exists tells whether there is a channel, whoever has it.
func (a *Adapter) exists(ctx context.Context, channel string) (bool, error) {
	return found(a.client.do(ctx, request{
		verb: "Channel", method: http.MethodGet, path: []string{"channels", channel}, again: true,
	}, nil))
}

// refuseDialling refuses what only a channel that has answered can do. Asterisk
// would obey, as a channel that we dial is in our application from the beginning.
func (a *Adapter) refuseDialling(verb string, channels ...string) error {
	for _, c := range channels {
		if a.legs.dialling(c) {
			return fault.New("ari."+verb, fault.Conflict, "channel %s is still dialling", c)
		}
	}
	return nil
}
