package ari

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	wire "github.com/CyCoreSystems/ari/v6"

	"github.com/operadora/operadora/orchestrator"
)

// prepare makes a fresh socket trustworthy: filter, proof that events arrive,
// devices, snapshot, Connected. Events that arrive meanwhile are kept.
func (s *session) prepare(ctx context.Context) error {
	if err := s.a.filter(ctx); err != nil {
		return err
	}
	took, err := s.roundTrip(ctx, s.a.cfg.RequestTimeout)
	if err != nil {
		return err
	}
	s.a.metrics.roundTrip.WithLabelValues(s.a.name).Observe(took.Seconds())
	if err := s.a.takesOver(ctx); err != nil {
		return err
	}
	if err := s.a.subscribe(ctx, true); err != nil {
		return err
	}
	truth, err := s.a.client.snapshot(ctx, s.a.cfg.App)
	if err != nil {
		return err
	}
	s.a.answers(ctx, truth)
	ends, unseen, err := s.a.client.ends(ctx, s.a.cfg.App)
	if err != nil {
		return err
	}
	truth.Ended = ends
	s.a.missed(unseen)
	if truth.Away, err = s.a.away(ctx); err != nil {
		return err
	}
	truth.Clock = s.theirs(truth.ObservedAt)
	if !s.call(ctx, func() { s.connected(ctx, truth) }) {
		return context.Cause(ctx)
	}
	return s.tellDevices(ctx, s.a.watch.wants())
}

// filter has Asterisk send only what we translate.
func (a *Adapter) filter(ctx context.Context) error {
	type named struct {
		Type string `json:"type"`
	}
	var allowed []named
	for _, t := range translated {
		allowed = append(allowed, named{t})
	}
	return a.client.do(ctx, request{
		verb: "EventFilter", method: http.MethodPut, path: []string{"applications", a.cfg.App, "eventFilter"},
		body: map[string]any{"allowed": allowed}, again: true,
	}, nil)
}

// snapshot is what exists within an application, or is being dialled for it.
func (c *client) snapshot(ctx context.Context, app string) (orchestrator.Snapshot, error) {
	var info wire.AsteriskInfo
	var channels []channel
	var bridges []wire.BridgeData
	began := time.Now() // what comes to be while we ask may be missing
	for _, part := range []struct {
		path []string
		out  any
	}{{[]string{"asterisk", "info"}, &info}, {[]string{"channels"}, &channels}, {[]string{"bridges"}, &bridges}} {
		r := request{verb: "Snapshot", method: http.MethodGet, path: part.path, again: true}
		if err := c.do(ctx, r, part.out); err != nil {
			return orchestrator.Snapshot{}, err
		}
	}
	truth := orchestrator.Snapshot{
		Channels:   map[string]orchestrator.ChannelTruth{},
		Bridges:    map[string][]string{},
		Epoch:      time.Time(info.StatusInfo.StartupTime).UTC().Format(time.RFC3339Nano),
		Since:      time.Time(info.StatusInfo.StartupTime),
		ObservedAt: began,
	}
	for i := range channels {
		if leg, ours := truthOf(&channels[i], app); ours {
			truth.Channels[channels[i].ID] = leg
		}
	}
	for _, b := range bridges {
		if orchestrator.Ours(b.ID) {
			truth.Bridges[b.ID] = slices.DeleteFunc(b.ChannelIDs, isSnoop)
		}
	}
	return truth, nil
}

// truthOf tells whether a channel is ours, and what of it. GET /channels shows
// every channel of the PBX. Ours are those in our application, and those with
// an id of ours that are still dialling: one that was handed back to the
// dialplan has the id, too, but not the dialling application. And leads whom the dialplan
// tells what the campaign has for who is abandoned.
func truthOf(c *channel, app string) (orchestrator.ChannelTruth, bool) {
	leg := orchestrator.ChannelTruth{Up: c.State == "Up", CreatedAt: createdAt(c)}
	if isSnoop(c.ID) {
		return leg, false
	}
	switch leg.Told = isTold(c, app); {
	case leg.Told: // by the dialplan, which has it
	case c.Dialplan.AppName == "Stasis":
		name, rest, _ := strings.Cut(c.Dialplan.AppData, ",")
		if name != app {
			return leg, false
		}
		leg.Entered, leg.Args = leg.Up || !originated(c.ID), append([]string{}, splitArgs(rest)...)
	case c.Dialplan.AppName == "AppDial2":
		if !orchestrator.Ours(c.ID) {
			return leg, false
		}
	default:
		return leg, false
	}
	leg.Dialled = originated(c.ID) && c.State != "Down"
	if !originated(c.ID) {
		leg.DID, leg.Caller = dialled(leg.Args, c), caller(c)
	}
	return leg, true
}

// answerOf is when a channel was answered, as Asterisk's own record of it has it: seconds
// since 1970 with a fraction, 0 for never, and nothing where cdr.conf has records off
// (https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Functions/CDR/).
const answerOf = "CDR(answer,u)"

// asksAtOnce is how many channels are asked for their answer at a time.
const asksAtOnce = 8

// answers finds out when channels were answered of whose answer nobody here has heard. One
// that does not tell stays without; and one that is in a bridge is not asked: it was put there by
// who had heard.
func (a *Adapter) answers(ctx context.Context, truth orchestrator.Snapshot) {
	bridged := map[string]bool{}
	for _, in := range truth.Bridges {
		for _, id := range in {
			bridged[id] = true
		}
	}
	var asked []string
	for id, c := range truth.Channels {
		if c.Up && (c.Entered || c.Told) && originated(id) && !bridged[id] && a.legs.inCall(id) != tell {
			asked = append(asked, id)
		}
	}
	at := make([]time.Time, len(asked))
	var wg sync.WaitGroup
	turn := make(chan struct{}, asksAtOnce)
	for i, id := range asked {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			var v struct{ Value string }
			if a.client.do(ctx, variable(http.MethodGet, id, url.Values{"variable": {answerOf}}), &v) == nil {
				at[i] = answeredAt(v.Value)
			}
		})
	}
	wg.Wait()
	for i, id := range asked {
		c := truth.Channels[id]
		c.AnsweredAt = at[i]
		truth.Channels[id] = c
	}
}

// answeredAt reads the value of answerOf.
func answeredAt(text string) time.Time {
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || !(s > 0 && s < 1<<33) {
		return time.Time{}
	}
	return time.UnixMicro(int64(s * 1e6))
}

// Snapshot is what exists within our application now, or is being dialled for it.
func (a *Adapter) Snapshot(ctx context.Context) (orchestrator.Snapshot, error) {
	truth, err := a.client.snapshot(ctx, a.cfg.App)
	if err != nil {
		return truth, err
	}
	a.answers(ctx, truth)
	if s, _, done := a.present(ctx); s != nil {
		truth.Clock = s.theirs(truth.ObservedAt)
		done()
	}
	truth.Away, err = a.away(ctx)
	return truth, err
}
