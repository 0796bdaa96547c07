package esl

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// A lamp is the presence of a name that no phone has: what a key watches. It is
// told to FreeSWITCH as an event, which sofia hands to all phones that have
// subscribed to it, and told again to each phone that subscribes later: FreeSWITCH
// asks then. A hash of FreeSWITCH's keeps it, so that it can be read.

// lamps remembers what each lamp shows, for phones that subscribe later.
type lamps struct {
	mu sync.Mutex
	m  map[string]orchestrator.LampState // by name; guarded by mu
}

func newLamps() *lamps { return &lamps{m: map[string]orchestrator.LampState{}} }

var lampName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// lampShown is what the dialog of a lamp looks like.
var lampShown = map[orchestrator.LampState]struct{ answer, channel, status, rpid string }{
	orchestrator.LampOff:     {"terminated", "CS_HANGUP", "Logged out", "away"},
	orchestrator.LampFree:    {"terminated", "CS_HANGUP", "Available", "unknown"},
	orchestrator.LampRinging: {"early", "CS_ROUTING", "Ringing", "on-the-phone"},
	orchestrator.LampBusy:    {"confirmed", "CS_EXECUTE", "On a call", "on-the-phone"},
	orchestrator.LampHeld:    {"confirmed", "CS_EXECUTE", "On pause", "busy"},
}

// SetLamp sets what keys show that watch a name.
func (a *Adapter) SetLamp(ctx context.Context, name string, state orchestrator.LampState) error {
	if _, ok := lampShown[state]; !ok || !lampName.MatchString(name) {
		return fault.New("esl.SetLamp", fault.Invalid, "lamp %q cannot show %q", name, state)
	}
	s, err := a.ready(ctx, "SetLamp")
	if err != nil {
		return err
	}
	if err := a.order(ctx, "SetLamp", "hash insert/operadora."+a.cfg.App+".lamps/"+name+"/"+string(state)); err != nil {
		return err
	}
	a.lamps.mu.Lock()
	a.lamps.m[a.watched(name)] = state
	a.lamps.mu.Unlock()
	return s.show(ctx, a.watched(name), state)
}

// watched is what a key watches for a lamp: the lamp op-101 is *486101 on keys,
// duty-101 is *487101, and heard-101 is *480101.
func (a *Adapter) watched(name string) string {
	if agent, ok := strings.CutPrefix(name, "duty-"); ok {
		return a.cfg.Prefix + "7" + agent
	}
	if agent, ok := strings.CutPrefix(name, "heard-"); ok {
		return a.cfg.Prefix + "0" + agent
	}
	return a.cfg.Prefix + "6" + strings.TrimPrefix(name, "op-")
}

// show tells the phones that have subscribed.
func (s *session) show(ctx context.Context, key string, state orchestrator.LampState) error {
	d := lampShown[state]
	entity := key + "@" + s.realm()
	f, err := s.ask(ctx, "SetLamp", strings.Join([]string{"sendevent PRESENCE_IN",
		"proto: sip", "login: " + entity, "from: " + entity, "status: " + d.status, "rpid: " + d.rpid,
		"event_type: presence", "alt_event_type: dialog", "event_count: 1", "unique-id: lamp-" + key,
		"channel-state: " + d.channel, "answer-state: " + d.answer, "presence-call-direction: inbound", "call-direction: inbound"}, "\n"))
	if err != nil {
		return err
	}
	return judge("SetLamp", f.reply)
}

// asked answers FreeSWITCH's question after the presence of somebody, when it is
// a lamp. The session's goroutine calls it.
func (l *lamps) asked(s *session, w *wire) {
	key := userOf(string(w.To))
	l.mu.Lock()
	state, ours := l.m[key]
	l.mu.Unlock()
	if !ours {
		return
	}
	s.wg.Go(func() {
		if err := s.show(s.ctx, key, state); err != nil {
			s.a.log.DebugContext(s.ctx, "a lamp could not be shown", "error", err)
		}
	})
}
