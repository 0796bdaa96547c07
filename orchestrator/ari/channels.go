package ari

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Answer answers a channel. Asterisk replies when the channel has carried it
// out, so a prompt in progress must be stopped first.
func (a *Adapter) Answer(ctx context.Context, channel string) error {
	return a.about(a.client.do(ctx, request{
		verb: "Answer", method: http.MethodPost, path: []string{"channels", channel, "answer"}, again: true,
	}, nil), channel)
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

// Continue hands a channel back to the dialplan; a priority is given only with
// a place, the zero place is the line after Stasis.
func (a *Adapter) Continue(ctx context.Context, channel string, to orchestrator.DialplanPlace) error {
	a.legs.leaving(channel, true)
	q := url.Values{}
	if to.Context != "" {
		q.Set("context", to.Context)
	}
	if to.Extension != "" {
		q.Set("extension", to.Extension)
	}
	if len(q) > 0 {
		q.Set("priority", "1")
	}
	err := a.client.do(ctx, request{
		verb: "Continue", method: http.MethodPost, path: []string{"channels", channel, "continue"}, query: q,
	}, nil)
	if status(err) != 0 { // refused; after a lost answer it may well be on its way
		a.legs.leaving(channel, false)
	}
	return a.about(err, channel)
}

// Hold starts hold music. It stops at the next playback and does not come
// back by itself, and it goes on inside a bridge.
func (a *Adapter) Hold(ctx context.Context, channel, class string) error {
	q := url.Values{}
	if class != "" {
		q.Set("mohClass", class)
	}
	return a.about(a.client.do(ctx, request{
		verb: "Hold", method: http.MethodPost, path: []string{"channels", channel, "moh"}, query: q, again: true,
	}, nil), channel)
}

// Unhold stops hold music; a channel without any is no error.
func (a *Adapter) Unhold(ctx context.Context, channel string) error {
	return a.about(a.client.do(ctx, request{
		verb: "Unhold", method: http.MethodDelete, path: []string{"channels", channel, "moh"}, again: true,
	}, nil), channel)
}

// about completes the judgement of an error that says that a channel is not in
// our application, which Asterisk says alike of one that has left and of one
// that is still dialling for us: that one exists, and may come.
func (a *Adapter) about(err error, channels ...string) error {
	answer, ok := errors.AsType[*answerError](err)
	if !ok || !answer.left {
		return err
	}
	for _, c := range channels {
		if a.legs.dialling(c) {
			return fault.New("", fault.Conflict, "a channel is still dialling: %w", err)
		}
	}
	return err
}
