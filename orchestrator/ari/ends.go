package ari

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
)

// The dialplan writes down, in global variables (dialplans.Ring), when and why each
// channel of ours ended, and which calls it served itself: a process that takes the
// calls up reads what happened unseen.

// endsArg is the last argument with which a dialplan hands calls over that does so.
const endsArg = "ends"

// endedHandler is what it does it with, and handlerPush how a channel is given that.
const (
	endedHandler = "operadora-ended,s,1"
	handlerPush  = "CHANNEL(hangup_handler_push)"
)

// endsSlack is how long before the last sign of life of whoever listened an end may be of use.
const endsSlack = 2 * time.Second

// keepsEnds tells whether a channel came from a dialplan that writes ends down.
func keepsEnds(args []string) bool { return len(args) > 2 && args[len(args)-1] == endsArg }

// ringEntry is what the dialplan wrote down of a channel.
type ringEntry struct {
	channel string
	end     orchestrator.ChannelEnd
	did     string // "" for those that we dialled
	number  string // of the caller
	began   time.Time
	up      bool
}

// ring reads what the dialplan keeps. An entry that cannot be read is left out.
func (c *client) ring(ctx context.Context, r dialplans.Ring) ([]ringEntry, error) {
	var out []ringEntry
	for _, digit := range dialplans.RingDigits {
		text, err := c.global(ctx, r.Name+string(digit))
		if err != nil {
			return nil, err
		}
		entries := strings.Split(text, "|")
		for _, entry := range entries[:len(entries)-1] { // the last is cut off
			if e, ok := parseEntry(entry); ok {
				out = append(out, e)
			}
		}
	}
	return out, nil
}

// parseEntry reads an entry of a ring.
func parseEntry(text string) (e ringEntry, ok bool) {
	f := append(strings.Split(text, ","), "", "", "", "") // ends of older dialplans have fewer fields
	at, ok := millis(f[1])
	if !ok || len(f) < 9 || f[0] == "" {
		return e, false
	}
	cause, err := strconv.Atoi(f[2])
	if err != nil {
		cause = 0
	}
	e = ringEntry{channel: f[0], end: orchestrator.ChannelEnd{At: at, Cause: orchestrator.Cause(cause)}, did: f[3], number: f[4], up: f[6] == "Up"}
	if f[6] != "" {
		e.end.Answered = orchestrator.Tell(e.up)
	}
	if f[7] != "" {
		since, _ := millis(f[8])
		e.end.Message, e.end.MessageAt, e.end.AnsweredAt = orchestrator.MessageEnd(f[7]), since, answeredAt(f[9])
	}
	switch f[5] { // of an end: the far end hung up, or it did not; older dialplans do not say
	case "1":
		e.end.Cause = cmp.Or(e.end.Cause, orchestrator.CauseNormal)
	case "0":
		e.end.ByPBX = true
	default:
		e.began, _ = millis(f[5])
	}
	return e, true
}

func millis(text string) (time.Time, bool) {
	ms, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(ms), err == nil && ms > 0
}

// ends reads which channels ended since somebody last listened, and which calls
// came and went since then, or so shortly before that whoever listened may not have
// heard of them. A call without an end here is judged by what the PBX has.
func (c *client) ends(ctx context.Context, app string) (map[string]orchestrator.ChannelEnd, []orchestrator.AwayCall, error) {
	until, err := c.global(ctx, dialplans.UntilVariable(app))
	if err != nil {
		return nil, nil, err
	}
	entries, err := c.ring(ctx, dialplans.Ends(app))
	if err != nil {
		return nil, nil, err
	}
	var listened time.Time // somebody did, then; zero: nobody can tell when
	if n := answeredAt(until); !n.IsZero() && until != pulseNever {
		listened = n.Add(-pulseGood)
	}
	ends := map[string]orchestrator.ChannelEnd{}
	var unseen []orchestrator.AwayCall
	for _, e := range entries {
		if e.end.At.Before(listened.Add(-endsSlack)) {
			continue
		}
		ends[e.channel] = e.end
		began, ok := createdIn(e.channel)
		if ok && e.did != "" && !listened.IsZero() && !began.Before(listened.Add(-endsSlack)) {
			unseen = append(unseen, orchestrator.AwayCall{Channel: e.channel, DID: e.did,
				Caller: orchestrator.Party{Number: e.number}, Began: began, Ended: e.end.At, Cause: e.end.Cause})
		}
	}
	return ends, unseen, nil
}

// createdIn reads from the id that Asterisk gave a channel in which second it
// came to be: "1700000000.17", behind the system's name and "-" if it has one.
func createdIn(channel string) (time.Time, bool) {
	whole, _, ok := strings.Cut(channel[strings.LastIndexByte(channel, '-')+1:], ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	return time.Unix(n, 0), ok && err == nil && !originated(channel)
}

// awayCalls are those that came and went without us.
type awayCalls struct {
	mu       sync.Mutex
	unseen   []orchestrator.AwayCall // that were handed to us, and may not be on record; guarded by mu
	recorded time.Time               // until when what Asterisk tells of is on record; guarded by mu
	done     map[string]time.Time    // channels on record that ended within recordedSlack before; guarded by mu
	last     string                  // what AwayLast said when all was on record; guarded by mu
}

// recordedSlack is how much later than others an end may be written down that was earlier.
const recordedSlack = 2 * time.Second

// away lists the calls that came and went without us and are not on record. It
// costs one request unless there are any.
func (a *Adapter) away(ctx context.Context) ([]orchestrator.AwayCall, error) {
	app := a.cfg.App
	last, err := a.client.global(ctx, dialplans.AwayLast(app))
	if err != nil {
		return nil, err
	}
	a.gone.mu.Lock()
	unseen, known := slices.Clone(a.gone.unseen), last == a.gone.last
	a.gone.mu.Unlock()
	if known {
		return unseen, nil
	}
	text, err := a.client.global(ctx, dialplans.AwayRecorded(app))
	if err != nil {
		return nil, err
	}
	entries, err := a.client.ring(ctx, dialplans.Away(app))
	if err != nil {
		return nil, err
	}
	a.gone.mu.Lock()
	defer a.gone.mu.Unlock()
	a.gone.read(text)
	out, told := slices.Clone(a.gone.unseen), map[string]bool{}
	for _, e := range entries {
		if _, done := a.gone.done[e.channel]; done || told[e.channel] || e.end.At.Before(a.gone.recorded.Add(-recordedSlack)) {
			continue
		}
		told[e.channel] = true
		out = append(out, orchestrator.AwayCall{Channel: e.channel, DID: e.did, Caller: orchestrator.Party{Number: e.number},
			Began: e.began, Ended: e.end.At, Cause: e.end.Cause, Served: e.up})
	}
	if len(told) == 0 {
		a.gone.last = last
	}
	return out, nil
}

// missed notes calls that were handed to us and ended while nobody may have listened.
func (a *Adapter) missed(calls []orchestrator.AwayCall) {
	a.gone.mu.Lock()
	defer a.gone.mu.Unlock()
	for _, c := range calls {
		if _, done := a.gone.done[c.Channel]; !done && !holds(a.gone.unseen, c) {
			a.gone.unseen = append(a.gone.unseen, c)
		}
	}
}

func holds(calls []orchestrator.AwayCall, c orchestrator.AwayCall) bool {
	return slices.ContainsFunc(calls, func(o orchestrator.AwayCall) bool { return o.Channel == c.Channel })
}

// AwayRecorded notes that calls of Snapshot.Away are on record.
func (a *Adapter) AwayRecorded(ctx context.Context, calls []orchestrator.AwayCall) error {
	a.gone.mu.Lock()
	for _, c := range calls {
		a.gone.done[c.Channel] = c.Ended
		if c.Ended.After(a.gone.recorded) {
			a.gone.recorded = c.Ended
		}
	}
	maps.DeleteFunc(a.gone.done, func(_ string, ended time.Time) bool { return a.gone.recorded.Sub(ended) > recordedSlack })
	a.gone.unseen = slices.DeleteFunc(a.gone.unseen, func(c orchestrator.AwayCall) bool { return holds(calls, c) })
	text := a.gone.text()
	a.gone.mu.Unlock()
	return a.setGlobal(ctx, dialplans.AwayRecorded(a.cfg.App), text)
}

// text is what is kept at Asterisk of what is on record, read the reverse; mu is held.
func (g *awayCalls) text() string {
	return strings.Join(append([]string{strconv.FormatInt(g.recorded.UnixMilli(), 10)}, slices.Sorted(maps.Keys(g.done))...), ",")
}

func (g *awayCalls) read(text string) {
	f := strings.Split(text, ",")
	at, ok := millis(f[0])
	if !ok || !at.After(g.recorded) { // this process knows better
		return
	}
	g.recorded = at
	for _, channel := range f[1:] {
		g.done[channel] = at
	}
}

// global reads a global variable of the dialplan; "" is one that is not there.
func (c *client) global(ctx context.Context, name string) (string, error) {
	var v struct{ Value string }
	err := c.do(ctx, request{
		verb: "GetGlobal", method: http.MethodGet, path: []string{"asterisk", "variable"}, query: url.Values{"variable": {name}}, again: true,
	}, &v)
	return v.Value, err
}
