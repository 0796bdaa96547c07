package ari

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
)

// The dialplan writes down, in global variables, when and why each channel of
// ours ended: a process that takes the calls up reads what ended unseen.

// endedArg is the last argument with which a dialplan hands calls over that does so.
const endedArg = "ended"

// endedHandler is what it does it with.
const endedHandler = "operadora-ended,s,1"

// endsSlack is how long before the last sign of life of whoever listened an end may be of use.
const endsSlack = 2 * time.Second

// keepsEnds tells whether a channel came from a dialplan that writes ends down.
func keepsEnds(args []string) bool { return len(args) > 2 && args[len(args)-1] == endedArg }

// ends reads which channels ended since somebody last listened. What cannot be
// read is left out: a call without it is judged by what the PBX has.
func (c *client) ends(ctx context.Context, app string) (map[string]orchestrator.ChannelEnd, error) {
	until, err := c.global(ctx, dialplans.UntilVariable(app))
	if err != nil {
		return nil, err
	}
	var since time.Time
	if n, err := strconv.ParseInt(until, 10, 64); err == nil && until != pulseNever {
		since = time.Unix(n, 0).Add(-pulseGood - endsSlack)
	}
	text, err := c.global(ctx, dialplans.EndedVariable(app))
	if err != nil {
		return nil, err
	}
	last, err := strconv.Atoi(text)
	if err != nil {
		return nil, nil // the dialplan does not write them down, or nothing ended yet
	}
	ends := map[string]orchestrator.ChannelEnd{}
	for n := last; n > 0 && n > last-dialplans.EndsKept; n-- {
		text, err := c.global(ctx, dialplans.EndedVariable(app)+"_"+strconv.Itoa(n%dialplans.EndsKept))
		if err != nil {
			return nil, err
		}
		number, channel, end, ok := parseEnd(text)
		if !ok || number != n || end.At.Before(since) {
			break
		}
		ends[channel] = end
	}
	return ends, nil
}

// parseEnd reads "number,channel,milliseconds,cause".
func parseEnd(text string) (n int, channel string, end orchestrator.ChannelEnd, ok bool) {
	parts := strings.Split(text, ",")
	if len(parts) != 4 {
		return 0, "", end, false
	}
	n, err := strconv.Atoi(parts[0])
	ms, err2 := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || err2 != nil || parts[1] == "" {
		return 0, "", end, false
	}
	cause, err := strconv.Atoi(parts[3])
	if err != nil {
		cause = 0
	}
	return n, parts[1], orchestrator.ChannelEnd{At: time.UnixMilli(ms), Cause: orchestrator.Cause(cause)}, true
}

// global reads a global variable of the dialplan; "" is one that is not there.
func (c *client) global(ctx context.Context, name string) (string, error) {
	var v struct{ Value string }
	err := c.do(ctx, request{
		verb: "GetGlobal", method: http.MethodGet, path: []string{"asterisk", "variable"}, query: url.Values{"variable": {name}}, again: true,
	}, &v)
	return v.Value, err
}
