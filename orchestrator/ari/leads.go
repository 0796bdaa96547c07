package ari

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
)

// Leads of campaigns are in our application from their creation on, so no dialplan runs at
// their answer, as it does for who calls. While there are any, a channel of the dialplan's
// (dialplans.WatchContext) sees to it that the pulse goes on; when it does not, it sends whoever
// of them is up and in no bridge with others to where the dialplan itself tells them what the
// campaign has for who is abandoned. Asterisk lets a channel of POST /channels/create that is
// redirected run the dialplan (res_stasis.c, stasis_app_exec: AST_SOFTHANGUP_ASYNCGOTO), as long as
// it is in a bridge: it is in the one of all that dial, until it is in ours or was taken out.

// watchKnown is how long the channel that watches is there for sure once it was seen, and a
// lead was called.
const watchKnown = dialplans.WatchLinger / 3

// watching is what is known of the channel that watches over leads.
type watching struct {
	mu   sync.Mutex
	seen time.Time // it was looked for, and was there, was made, or cannot be; guarded by mu
	none bool      // the dialplan had no such context then; guarded by mu
}

// forget has everything found out again: the PBX may be another, or its dialplan.
func (w *watching) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen, w.none = time.Time{}, false
}

func (a *Adapter) watcher() string { return "watch-" + a.cfg.App }

// watchOver sees to it that leads are watched over before the phone of one rings. A lead that
// nobody watches over is called all the same.
func (a *Adapter) watchOver(ctx context.Context, lead string) {
	w := &a.watching
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.seen) < watchKnown {
		return
	}
	there, err := a.exists(ctx, a.watcher())
	if err == nil && !there {
		there, err = a.makeWatcher(ctx, lead)
	}
	switch {
	case err != nil:
		a.log.WarnContext(ctx, "nobody watches over who answers while operadora is away", "error", err)
	case there:
		w.seen, w.none = time.Now(), false
	case w.none: // told; it is looked for again, as the dialplan may be reloaded
		w.seen = time.Now()
	default:
		w.seen, w.none = time.Now(), true
		a.log.InfoContext(ctx, "the dialplan is of an earlier version: who answers a campaign while operadora is away hears silence")
	}
}

// makeWatcher makes the channel, unless the dialplan has no place for it: only of a channel can
// Asterisk be asked for that.
func (a *Adapter) makeWatcher(ctx context.Context, lead string) (made bool, err error) {
	var there struct{ Value string }
	place := "DIALPLAN_EXISTS(" + dialplans.WatchContext + "," + a.cfg.App + ",1)"
	if err := a.client.do(ctx, variable(http.MethodGet, lead, url.Values{"variable": {place}}), &there); err != nil || there.Value != "1" {
		return false, err
	}
	q := url.Values{
		// The half that runs the dialplan never answers, so the other one dials for ever, and goes with it.
		"endpoint":  {"Local/" + a.cfg.App + "@" + dialplans.WatchContext + "/n"},
		"channelId": {a.watcher()}, "otherChannelId": {a.watcher() + "-far"}, "timeout": {"-1"},
		"context": {dialplans.WatchContext}, "extension": {a.cfg.App}, "priority": {"1"},
	}
	err = a.client.do(ctx, request{verb: "Watch", method: http.MethodPost, path: []string{"channels"}, query: q}, nil)
	if status(err) == http.StatusConflict {
		err = nil
	}
	return err == nil, err
}

// leadVariables mark a lead, and say what they are told by the dialplan.
func (a *Adapter) leadVariables(o orchestrator.Origination) map[string]string {
	var sounds []string
	for _, m := range o.Message {
		if m.Kind == orchestrator.MediaSound && mediaName.MatchString(m.Value) {
			sounds = append(sounds, m.Value)
		}
	}
	return map[string]string{dialplans.LeadGroup: a.cfg.App, dialplans.LeadMessage: strings.Join(sounds, "&")}
}

// servedLead is what LeadGroup becomes for who has been joined with somebody: on hold, they
// are in no bridge, and hear the music.
const servedLead = "served"

// served takes leads who are joined with somebody out of who is watched over. One of whom that
// cannot be noted is spared as long as the bridge is there.
func (a *Adapter) served(ctx context.Context, channels ...string) {
	for _, channel := range channels {
		if a.legs.servesLead(channel) {
			if err := a.setVariable(ctx, channel, dialplans.LeadGroup, servedLead); err != nil && ctx.Err() == nil {
				a.log.DebugContext(ctx, "it could not be noted that a lead is served", "channel", channel, "error", err)
			}
		}
	}
}

// isTold tells whether the dialplan has taken a lead of an application, to tell them the message.
func isTold(c *channel, app string) bool {
	return orchestrator.Ours(c.ID) && c.Dialplan.Context == dialplans.LeadContext && c.Dialplan.Exten == app
}

// whereabouts tells whether a channel lives, and whether it is a lead whom the dialplan tells.
func (a *Adapter) whereabouts(ctx context.Context, id string) (alive, told bool, err error) {
	var c channel
	alive, err = found(a.client.do(ctx, request{verb: "Channel", method: http.MethodGet, path: []string{"channels", id}, again: true}, &c))
	return alive, isTold(&c, a.cfg.App), err
}
