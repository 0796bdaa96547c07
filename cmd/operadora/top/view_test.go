package top

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
)

// scripted is a stream of which each connection does what the next function says.
type scripted struct {
	afters      []string
	connections []func(ctx context.Context, fn func(client.Event) error) error
}

func (s *scripted) Events(ctx context.Context, after string, fn func(client.Event) error) error {
	s.afters = append(s.afters, after)
	if len(s.connections) == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	next := s.connections[0]
	s.connections = s.connections[1:]
	return next(ctx, fn)
}

// telling tells events, pausing before each, and ends with err.
func telling(pause time.Duration, err error, events ...client.Event) func(context.Context, func(client.Event) error) error {
	return func(ctx context.Context, fn func(client.Event) error) error {
		for _, e := range events {
			time.Sleep(pause)
			if err := fn(e); err != nil {
				return err
			}
		}
		if err == nil {
			<-ctx.Done()
			return ctx.Err()
		}
		return err
	}
}

var errCut = errors.New("cut")

func TestTheStreamIsTakenUpWhereItBroke(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{connections: []func(context.Context, func(client.Event) error) error{
			telling(0, errCut, story()[:3]...), telling(0, errCut), telling(0, errCut), telling(0, errCut), telling(0, errCut),
			telling(0, errCut, story()[3]), telling(0, nil),
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var pauses []time.Duration
		events := 0
		err := Follow(ctx, s, func(u Update) {
			if u.Err == nil {
				events++
				return
			}
			if !errors.Is(u.Err, errCut) {
				t.Errorf("the view is told %v", u.Err)
			}
			pauses = append(pauses, u.Pause)
		})
		if err != nil || events != 4 {
			t.Errorf("%d events, %v", events, err)
		}
		if diff := cmp.Diff([]string{"", "1-1", "1-1", "1-1", "1-1", "1-1", "1-2"}, s.afters); diff != "" {
			t.Errorf("taken up behind (-want +got):\n%s", diff)
		}
		half := 500 * time.Millisecond
		if diff := cmp.Diff([]time.Duration{half, 2 * half, 4 * half, 8 * half, 10 * half, half}, pauses); diff != "" {
			t.Errorf("pauses (-want +got):\n%s", diff)
		}
	})
}

func TestARefusedTokenEndsTheView(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403} {
		s := &scripted{connections: []func(context.Context, func(client.Event) error) error{
			telling(0, &client.Refusal{Problem: wire.Problem{Status: status, Title: "no"}}),
		}}
		err := (&View{Stream: s}).Print(t.Context(), &strings.Builder{})
		if err == nil || !strings.Contains(err.Error(), "refuses this token") {
			t.Errorf("status %d: %v", status, err)
		}
	}
}

func TestNothingIsOldBeforeTheBeginning(t *testing.T) {
	t.Parallel()
	var s state
	s.take(Update{Err: errCut, Pause: time.Second})
	if s.notice != "cut; trying again in 1s" {
		t.Errorf("before the first picture: %q", s.notice)
	}
	s.take(Update{Event: story()[0]})
	s.take(Update{Err: errCut, Pause: time.Second})
	if s.notice != "NO CONNECTION, what you see is old; trying again in 1s: cut" {
		t.Errorf("after it: %q", s.notice)
	}
}

func TestStateWord(t *testing.T) {
	t.Parallel()
	for state, want := range map[wire.AgentState]string{wire.AgentStateAvailable: "available", wire.AgentStatePaused: "paused", wire.AgentStateTalking: "talking",
		wire.AgentStateReserved: "ringing", wire.AgentStateWrapup: "wrap-up", wire.AgentStateOffline: "offline", "sabbatical": "sabbatical"} {
		if got := StateWord(state); got != want {
			t.Errorf("%s is called %s, want %s", state, got, want)
		}
	}
}

// TestAvailableMeansThatCallsCome: whose phone is busy, not there or resting is
// not counted as available, and the row says what is with the phone.
func TestAvailableMeansThatCallsCome(t *testing.T) {
	t.Parallel()
	m := play(t, story()[:1])
	now := noon.Add(time.Minute)
	m.Agents = map[string]wire.Agent{}
	for _, a := range []struct {
		id, device, rest string
		until            time.Time
	}{
		{"301", "free", "", time.Time{}}, {"302", "busy", "", time.Time{}}, {"303", "unreachable", "", time.Time{}},
		{"304", "free", "busy", now.Add(time.Minute)}, {"305", "free", "busy", now.Add(-time.Minute)},
	} {
		g := wire.Agent{ID: a.id, State: wire.AgentStateAvailable, Device: wire.DeviceState(a.device), Queues: []string{"sales"}, RestFor: wire.OfferFailure(a.rest)}
		if !a.until.IsZero() {
			g.RestUntil = a.until
		}
		m.Agents[a.id] = g
	}
	if n := m.staff("sales", now)[wire.AgentStateAvailable]; n != 2 {
		t.Errorf("%d are available, want 2", n)
	}
	for id, want := range map[string]string{"301": "available", "302": "phone busy", "303": "phone unreachable", "304": "rests: busy", "305": "available"} {
		if got := AgentWord(m.Agents[id], now); got != want {
			t.Errorf("%s is shown as %q, want %q", id, got, want)
		}
	}
}

// TestWishesAreShown follows what an agent asks for during a call.
func TestWishesAreShown(t *testing.T) {
	t.Parallel()
	m := play(t, story()[:1])
	for _, step := range []struct{ data, want string }{
		{`{"from":"talking","to":"talking","next":"pause","next_reason":"lunch"}`, "talking, then pause: lunch"},
		{`{"from":"talking","to":"wrapup","next":"logout"}`, "wrap-up, then logout"},
		{`{"from":"wrapup","to":"available"}`, "available"},
		{`{"from":"reserved","to":"available","reason":"busy","rest_until":"2100-01-01T00:00:00Z","rest_for":"busy"}`, "rests: busy"},
	} {
		e := wire.Entry{Type: wire.EntryTypeAgentState, At: noon, Agent: "102", Data: []byte(step.data)}
		if err := m.change(e); err != nil {
			t.Fatal(err)
		}
		if got := agentWord(m.Agents["102"], noon).text; got != step.want {
			t.Errorf("%s is shown as %q, want %q", step.data, got, step.want)
		}
	}
}

func TestPrintingKeepsItsPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// 21 events in 2.1 s: a first picture, and one after each second
		s := &scripted{connections: []func(context.Context, func(client.Event) error) error{telling(100*time.Millisecond, nil, story()...)}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var out strings.Builder
		v := &View{Stream: s, Every: time.Second, Keys: "no keys here", Status: func() string { return "status line" }}
		if err := v.Print(ctx, &out); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), "operadora  main connected"); n != 3 {
			t.Errorf("%d pictures of 21 events in 2.1 s, want 3:\n%s", n, out.String())
		}
		if strings.Contains(out.String(), "\x1b") || strings.Contains(out.String(), "no keys here") {
			t.Errorf("a printout has colours or keys:\n%s", out.String())
		}
		if !strings.Contains(out.String(), "2 served") || !strings.Contains(out.String(), "status line") {
			t.Errorf("the last picture lacks the last events:\n%s", out.String())
		}
	})
}

// typing is a keyboard on which somebody types when the screen shows what they wait for.
type typing struct {
	screen *glass
	wait   string
	keys   string
	done   <-chan struct{}
}

func (k *typing) Read(p []byte) (int, error) {
	select {
	case <-k.screen.showing(k.wait):
	case <-k.done:
		return 0, io.EOF
	}
	n := copy(p, k.keys)
	k.keys, k.wait = k.keys[n:], ""
	if n == 0 {
		<-k.done
		return 0, io.EOF
	}
	return n, nil
}

// glass is a screen that remembers what was written on it.
type glass struct {
	mu      sync.Mutex
	written strings.Builder
	more    chan struct{}
}

func newGlass() *glass { return &glass{more: make(chan struct{}, 1)} }

func (g *glass) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.written.Write(p)
	select {
	case g.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (g *glass) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.written.String()
}

// showing is closed when a text has been written.
func (g *glass) showing(text string) <-chan struct{} {
	seen := make(chan struct{})
	go func() {
		defer close(seen)
		for !strings.Contains(g.String(), text) {
			<-g.more
		}
	}()
	return seen
}

func TestKeysEndAView(t *testing.T) {
	t.Parallel()
	for typed, key := range map[string]Key{"xq": KeyQuit, "\x03": KeyInterrupt} {
		s := &scripted{connections: []func(context.Context, func(client.Event) error) error{telling(0, nil, story()...)}}
		screen := newGlass()
		keys := &typing{screen: screen, wait: "Sales", keys: typed, done: t.Context().Done()}
		got, err := (&View{Stream: s, Status: func() string { return "status line" }}).run(t.Context(), keys, screen, tea.WithWindowSize(80, 24))
		if err != nil || got != key {
			t.Errorf("%q ended it by %q, %v; want %q", typed, got, err, key)
		}
		for _, want := range []string{"\x1b[?1049h", "\x1b[?1049l", "q quits", "status line", "Ana"} {
			if !strings.Contains(screen.String(), want) {
				t.Errorf("the screen never had %q", want)
			}
		}
	}
}

func TestAViewEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	screen := newGlass()
	go func() {
		<-screen.showing("waiting for the first events")
		cancel()
	}()
	key, err := (&View{Stream: &scripted{}}).run(ctx, strings.NewReader(""), screen, tea.WithWindowSize(80, 24))
	if key != KeyNone || err != nil {
		t.Errorf("ended by %q, %v", key, err)
	}
}

func TestARefusedTokenEndsTheScreen(t *testing.T) {
	t.Parallel()
	s := &scripted{connections: []func(context.Context, func(client.Event) error) error{
		telling(0, &client.Refusal{Problem: wire.Problem{Status: 401, Title: "no"}})}}
	key, err := (&View{Stream: s}).run(t.Context(), strings.NewReader(""), newGlass(), tea.WithWindowSize(80, 24))
	if key != KeyNone || err == nil || !strings.Contains(err.Error(), "refuses this token") {
		t.Errorf("ended by %q, %v", key, err)
	}
}

// TestABreakIsShownUntilItIsMended, and a burst of events is one picture.
func TestABreakIsShownUntilItIsMended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{connections: []func(context.Context, func(client.Event) error) error{
			telling(0, errCut, story()[:17]...), telling(0, nil, story()[17])}}
		v := &View{Stream: s}
		ch, stop := v.updates(t.Context())
		m := &screen{view: v, updates: ch, width: 80, height: 24}
		m.Update(m.listen())
		if got := m.View().Content; !strings.Contains(got, "NO CONNECTION") || !strings.Contains(got, "Ana") {
			t.Errorf("after the break:\n%s", got)
		}
		m.Update(m.listen())
		if got := m.View().Content; strings.Contains(got, "NO CONNECTION") {
			t.Errorf("after it is mended:\n%s", got)
		}
		m.Update(tea.WindowSizeMsg{Width: 40, Height: 5})
		if got := m.View().Content; strings.Count(got, "\n") != 4 {
			t.Errorf("on a small window:\n%s", got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
