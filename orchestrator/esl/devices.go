package esl

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// watch knows the states of the phones that are watched: registered or not, by
// sofia's registrations, and busy while a channel of anybody is theirs.
type watch struct {
	mu         sync.Mutex
	wanted     []string                            // guarded by mu
	busy       map[string]string                   // phones by channel; guarded by mu
	most       int                                 // how many channels FreeSWITCH may tell us of; it never changes
	ended      map[string]time.Time                // channels that ended a moment ago; guarded by mu
	registered map[string]orchestrator.DeviceState // by phone, without regard to calls; guarded by mu
	told       map[string]orchestrator.DeviceState // by endpoint; guarded by mu
	twice      map[string]bool                     // phones in a call of ours and in another; guarded by mu
	turned     chan struct{}                       // holds a token when twice was changed
}

func newWatch() *watch {
	return &watch{most: maxChannels, busy: map[string]string{}, ended: map[string]time.Time{}, registered: map[string]orchestrator.DeviceState{}, told: map[string]orchestrator.DeviceState{},
		twice: map[string]bool{}, turned: make(chan struct{}, 1)}
}

// userOf is the phone of a presence id, "101" of "101@example.com".
func userOf(presence string) string {
	user, _, _ := strings.Cut(presence, "@")
	return user
}

// phoneOf is the phone of an endpoint, "" for one that is not called by a name.
func phoneOf(endpoint string) string {
	user, ok := strings.CutPrefix(endpoint, "user/")
	if !ok {
		return ""
	}
	return userOf(user)
}

// Watch replaces the set of endpoints whose state is delivered. While nobody is
// connected it is only remembered; each connection tells all states anew.
func (a *Adapter) Watch(ctx context.Context, endpoints []string) error {
	endpoints = slices.Compact(slices.Sorted(slices.Values(endpoints)))
	for _, e := range endpoints {
		if !endpointID.MatchString(e) {
			return fault.New("esl.Watch", fault.Invalid, "%q is neither user/NAME nor sofia/PROFILE/ADDRESS", e)
		}
	}
	a.watch.mu.Lock()
	a.watch.wanted = endpoints
	clear(a.watch.told)
	maps.DeleteFunc(a.watch.registered, func(phone string, _ orchestrator.DeviceState) bool { // of others no change is noted
		return !slices.ContainsFunc(endpoints, func(e string) bool { return phoneOf(e) == phone })
	})
	a.watch.mu.Unlock()
	s := a.present()
	if s == nil {
		return nil
	}
	return a.watch.tellAll(ctx, s)
}

// seed forgets what was told, and knows whose phones are busy.
func (w *watch) seed(busy map[string]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = busy
	clear(w.twice)
	for _, phone := range busy {
		w.count(phone)
	}
	clear(w.told)
	clear(w.registered)
}

// tellAll tells the states of all phones that are watched. It asks for the registrations
// that it does not know: of those that it does, changes are told.
func (w *watch) tellAll(ctx context.Context, s *session) error {
	w.mu.Lock()
	wanted := w.wanted
	known := map[string]bool{}
	for phone, state := range w.registered {
		known[phone] = state != orchestrator.DeviceUnreachable // which may have got an address of its own since
	}
	w.mu.Unlock()
	for _, e := range wanted {
		phone := phoneOf(e)
		if phone != "" && !known[phone] {
			known[phone] = true
			if err := w.ask(ctx, s, phone); err != nil {
				return err
			}
		}
	}
	s.call(ctx, func() { w.tell(s, wanted) })
	return nil
}

// ask asks whether a phone is registered.
func (w *watch) ask(ctx context.Context, s *session, phone string) error {
	answer, err := s.api(ctx, "Watch", "sofia_contact */"+phone+"@"+s.realm())
	if err != nil {
		return err
	}
	state := orchestrator.DeviceFree
	switch {
	case strings.HasPrefix(answer, "error/") || strings.HasPrefix(answer, "-"):
		state = orchestrator.DeviceUnreachable
		// one whose address is written in the directory never registers
		dials, err := s.api(ctx, "Watch", "user_data "+phone+"@"+s.realm()+" param dial-string")
		if err != nil {
			return err
		}
		if strings.HasPrefix(dials, "{") && !strings.Contains(dials, "sofia_contact") || strings.HasPrefix(dials, "sofia/") {
			state = orchestrator.DeviceUnknown
		}
	case answer == "":
		state = orchestrator.DeviceUnknown
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.registered[phone] = state
	return nil
}

// state is what an endpoint is in. w.mu is held.
func (w *watch) state(endpoint string) orchestrator.DeviceState {
	phone := phoneOf(endpoint)
	if phone == "" {
		return orchestrator.DeviceUnknown // it answers at an address: nobody knows before it is called
	}
	for _, busy := range w.busy {
		if busy == phone {
			return orchestrator.DeviceBusy
		}
	}
	if state, known := w.registered[phone]; known {
		return state
	}
	return orchestrator.DeviceUnknown
}

// tell tells the states of endpoints that have changed; the session's goroutine calls it.
func (w *watch) tell(s *session, endpoints []string) {
	if !s.ready {
		return
	}
	var events []orchestrator.Event
	w.mu.Lock()
	for _, e := range endpoints {
		state := w.state(e)
		if told, ever := w.told[e]; ever && told == state {
			continue
		}
		w.told[e] = state
		events = append(events, orchestrator.Event{Kind: orchestrator.EventDevice, PBX: s.a.name,
			At: s.theirs(time.Now()), Endpoint: e, Device: state})
	}
	w.mu.Unlock()
	for _, e := range events {
		s.sink.Event(e)
	}
}

// heard notes what an event tells of phones. The session's goroutine calls it.
func (w *watch) heard(s *session, e *wire) {
	if strings.HasPrefix(string(e.Subclass), "sofia::") {
		for _, phone := range []string{string(e.FromUser), string(e.User)} {
			if phone != "" && len(w.of(phone)) > 0 {
				s.wg.Go(func() {
					if err := w.ask(s.ctx, s, phone); err == nil {
						s.call(s.ctx, func() { w.tell(s, w.of(phone)) })
					}
				})
				return
			}
		}
		return
	}
	channel := e.id()
	if channel == "" || !strings.HasPrefix(string(e.Name), "CHANNEL_") {
		return
	}
	w.mu.Lock()
	before, was := w.busy[channel]
	phone := userOf(string(e.Presence))
	changed := ""
	switch {
	case e.Name == "CHANNEL_HANGUP_COMPLETE", e.Name == "CHANNEL_HANGUP" && e.farEnd():
		delete(w.busy, channel)
		changed = before // "" of one whose end was told before
		now := time.Now()
		w.ended[channel] = now
		maps.DeleteFunc(w.ended, func(_ string, at time.Time) bool { return now.Sub(at) > remember })
	case !w.ended[channel].IsZero(): // told late
	case phone != "" && !was && !e.dying() && len(w.busy) >= w.most:
		s.end(fault.New("esl.Run", fault.Unavailable, "%w: %d channels of phones", errFlood, maxChannels))
	case phone != "" && !was && !e.dying():
		w.busy[channel] = phone
		changed = phone
	}
	if changed != "" {
		w.count(changed)
	}
	w.mu.Unlock()
	if changed != "" {
		w.tell(s, w.of(changed))
	}
}

// count notes whether a phone is in a call of ours and in another. w.mu is held.
func (w *watch) count(phone string) {
	ours, other := false, false
	for channel, busy := range w.busy {
		if busy == phone {
			ours, other = ours || orchestrator.Ours(channel), other || !orchestrator.Ours(channel)
		}
	}
	if w.twice[phone] == (ours && other) {
		return
	}
	if delete(w.twice, phone); ours && other {
		w.twice[phone] = true
	}
	select {
	case w.turned <- struct{}{}:
	default:
	}
}

// bothLines tells whether any phone is in a call of ours and in another.
func (w *watch) bothLines() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.twice) > 0
}

// of are the endpoints that are watched and are a phone's.
func (w *watch) of(phone string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, e := range w.wanted {
		if phoneOf(e) == phone {
			out = append(out, e)
		}
	}
	return out
}
