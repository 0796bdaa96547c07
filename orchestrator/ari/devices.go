package ari

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// subscribeBatch is how many devices are named in one request: its line must
// stay below Asterisk's limit of a URL's length (4096).
const subscribeBatch = 40

// watch is the set of endpoints whose state is wanted, kept over reconnects.
type watch struct {
	changing life.Places // for the one who changes subscriptions

	mu         sync.Mutex
	wanted     []string        // guarded by mu
	subscribed map[string]bool // in the present session; guarded by mu
}

func newWatch() *watch {
	return &watch{changing: life.NewPlaces(1), subscribed: map[string]bool{}}
}

// Watch replaces the set of endpoints whose device state is delivered. While
// no socket is up it is only remembered; each connection tells all states anew.
func (a *Adapter) Watch(ctx context.Context, endpoints []string) error {
	endpoints = slices.Compact(slices.Sorted(slices.Values(endpoints)))
	for _, e := range endpoints {
		// An empty name would subscribe all devices, which can deadlock
		// Asterisk (github.com/asterisk/asterisk/issues/2170).
		if tech, name, ok := strings.Cut(e, "/"); !ok || tech == "" || name == "" || strings.ContainsAny(e, ",\r\n") {
			return fault.New("ari.Watch", fault.Invalid, "%q is not one technology/name", e)
		}
	}
	a.watch.mu.Lock()
	a.watch.wanted = endpoints
	a.watch.mu.Unlock()
	s, ctx, leave := a.present(ctx)
	defer leave()
	if s == nil {
		return nil
	}
	if err := a.subscribe(ctx, false); err != nil {
		if ctx.Err() != nil || fault.KindOf(err) == fault.NotFound {
			return nil // the session is ending; the next subscribes
		}
		return err
	}
	s.call(ctx, func() { clear(s.devices) })
	return s.tellDevices(ctx, endpoints)
}

func (w *watch) wants() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wanted
}

// subscribe makes Asterisk's subscriptions agree with what is wanted; afresh
// on a new connection, as Asterisk may have forgotten the application.
func (a *Adapter) subscribe(ctx context.Context, afresh bool) error {
	w := a.watch
	if err := w.changing.Take(ctx); err != nil {
		return err
	}
	defer w.changing.Free()
	w.mu.Lock()
	if afresh {
		clear(w.subscribed)
	}
	var add []string
	drop := maps.Clone(w.subscribed)
	for _, e := range w.wanted {
		if !w.subscribed[e] {
			add = append(add, e)
		}
		delete(drop, e)
	}
	w.mu.Unlock()
	for batch := range slices.Chunk(add, subscribeBatch) {
		if err := a.subscription(ctx, http.MethodPost, batch...); err != nil {
			return err
		}
		w.mu.Lock()
		for _, e := range batch {
			w.subscribed[e] = true
		}
		w.mu.Unlock()
	}
	for e := range drop {
		// 422 is "was not subscribed": all the same
		if err := a.subscription(ctx, http.MethodDelete, e); err != nil && status(err) != http.StatusUnprocessableEntity {
			return err
		}
		w.mu.Lock()
		delete(w.subscribed, e)
		w.mu.Unlock()
	}
	return nil
}

func (a *Adapter) subscription(ctx context.Context, method string, endpoints ...string) error {
	sources := make([]string, len(endpoints))
	for i, e := range endpoints {
		sources[i] = "deviceState:" + e
	}
	return a.client.do(ctx, request{
		verb: "Watch", method: method, path: []string{"applications", a.cfg.App, "subscription"},
		query: url.Values{"eventSource": {strings.Join(sources, ",")}}, again: true,
	}, nil)
}

// tellDevices asks for the state of endpoints and delivers them.
func (s *session) tellDevices(ctx context.Context, endpoints []string) error {
	for _, e := range endpoints {
		var d device
		err := s.a.client.do(ctx, request{
			verb: "Device", method: http.MethodGet, path: []string{"deviceStates", e}, again: true,
		}, &d)
		if err != nil {
			return err
		}
		if !s.call(ctx, func() { s.device(e, deviceState(d.State)) }) {
			return nil // the next session tells
		}
	}
	return nil
}

// enter makes s the session that Watch speaks through, until ctx ends; the
// function returned ends that.
func (a *Adapter) enter(ctx context.Context, s *session) func() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.session, a.sessionCtx = s, ctx
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.session, a.sessionCtx = nil, nil
	}
}

// present returns the session that is up, nil when there is none, and a
// context that ends with ctx or with the session.
func (a *Adapter) present(ctx context.Context) (*session, context.Context, context.CancelFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.session == nil {
		return nil, ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(a.sessionCtx, cancel)
	return a.session, ctx, func() { stop(); cancel() }
}

// lamps maps what a key is to show to Asterisk's device states; a key for an
// agent who is logged out is dark or crossed out.
var lamps = map[orchestrator.LampState]string{
	orchestrator.LampOff:     "UNAVAILABLE",
	orchestrator.LampFree:    "NOT_INUSE",
	orchestrator.LampRinging: "RINGING",
	orchestrator.LampBusy:    "INUSE",
	orchestrator.LampHeld:    "ONHOLD",
}

// SetLamp sets the device state Stasis:<name>, which a hint of the dialplan shows on keys.
func (a *Adapter) SetLamp(ctx context.Context, name string, state orchestrator.LampState) error {
	value, ok := lamps[state]
	if !ok || name == "" {
		return fault.New("ari.SetLamp", fault.Invalid, "lamp %q cannot show %q", name, state)
	}
	return a.client.do(ctx, request{
		verb: "SetLamp", method: http.MethodPut, path: []string{"deviceStates", "Stasis:" + name},
		query: url.Values{"deviceState": {value}}, again: true,
	}, nil)
}
