package esl

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// run runs an adapter until the test ends and waits for its first connection.
func run(t *testing.T, a *Adapter) *listener {
	t.Helper()
	l := &listener{events: make(chan orchestrator.Event, 1000), connected: make(chan orchestrator.Snapshot, 100), lost: make(chan error, 100)}
	begin(t, a, l)
	wait(t, "the connection", l.connected)
	return l
}

// begin runs an adapter until the test ends.
func begin(t *testing.T, a *Adapter, sink orchestrator.Sink) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); _ = a.Run(ctx, sink) }()
	t.Cleanup(func() { cancel(); <-done })
}

func wait[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

func (l *listener) next(t *testing.T, kind orchestrator.EventKind) orchestrator.Event {
	t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		select {
		case e := <-l.events:
			if e.Kind == kind {
				return e
			}
		case <-limit.C:
			t.Fatalf("waited in vain for %s", kind)
		}
	}
}

// A process that was stopped gives no command when it wakes: it connects anew
// first, and whoever drives it proves the lease then.
func TestSleeperCommandsNothing(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var mu sync.Mutex
	var commands []string
	f.on = func(c string) {
		mu.Lock()
		defer mu.Unlock()
		commands = append(commands, c)
	}
	a := f.adapter(t)
	var slept time.Duration
	a.awake.time = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Add(slept)
	}
	l := run(t, a)
	mu.Lock()
	slept = 2 * time.Second // the clock went on while nothing ran
	mu.Unlock()
	err := a.Hangup(t.Context(), "someone-elses-call", orchestrator.CauseNormal)
	if !errors.Is(err, errSlept) || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("the sleeper's command: %v", err)
	}
	wait(t, "the loss", l.lost)
	mu.Lock()
	for _, c := range commands {
		if strings.Contains(c, "someone-elses-call") {
			t.Errorf("it was sent: %s", c)
		}
	}
	mu.Unlock()
	wait(t, "the new connection", l.connected)
	if err := a.Hangup(t.Context(), "someone-elses-call", orchestrator.CauseNormal); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// FreeSWITCH is made to look for events while there is a call, and left alone without.
func TestHurry(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	nudges := func() int {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.nudges
	}
	l := run(t, a)
	for range 3 { // round trips, by which time would have passed
		if err := a.present().roundTrip(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := nudges(); n > 0 {
		t.Errorf("%d nudges without a call", n)
	}
	f.comes(t, l, "in-1")
	deadline := time.Now().Add(20 * time.Second)
	for nudges() < 3 {
		if time.Now().After(deadline) {
			t.Fatal("nothing makes FreeSWITCH look for events")
		}
		if err := a.present().roundTrip(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Without a connection nothing is commanded, and it is said at once.
func TestNothingBeforeConnected(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	for name, do := range map[string]func() error{
		"Answer":       func() error { return a.Answer(t.Context(), "x") },
		"Hangup":       func() error { return a.Hangup(t.Context(), "x", 16) },
		"Join":         func() error { return a.Join(t.Context(), "op-x-b1", "x") },
		"CreateBridge": func() error { return a.CreateBridge(t.Context(), "op-x-b1") },
		"SetLamp":      func() error { return a.SetLamp(t.Context(), "op-1", orchestrator.LampBusy) },
		"StopPlay":     func() error { return a.StopPlay(t.Context(), "op-x-p1") },
		"StopRecord":   func() error { return a.StopRecord(t.Context(), "op-x-r1") },
	} {
		if err := do(); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who leaves by order says so, and new calls go where they went without us; who
// is killed is found out by FreeSWITCH itself.
func TestHere(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	here := func() string {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.globals["operadora_here_operadora"]
	}
	ctx, cancel := context.WithCancel(t.Context())
	l := &listener{connected: make(chan orchestrator.Snapshot, 1)}
	done := make(chan struct{})
	go func() { defer close(done); _ = a.Run(ctx, l) }()
	wait(t, "the connection", l.connected)
	if got := here(); got != "true" {
		t.Errorf("connected, and here is %q", got)
	}
	f.mu.Lock()
	if f.tasks["operadora_here_operadora"] == nil {
		t.Error("nothing would take the word back")
	}
	f.mu.Unlock()
	l.busy.Store(true) // our Redis is away, say
	for deadline := time.Now().Add(20 * time.Second); here() != "false"; {
		if time.Now().After(deadline) {
			t.Fatal("busy, and here all the same")
		}
		time.Sleep(10 * time.Millisecond)
	}
	l.busy.Store(false)
	for deadline := time.Now().Add(20 * time.Second); here() != "true"; {
		if time.Now().After(deadline) {
			t.Fatal("ready, and not here")
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	<-done
	if got := here(); got != "false" {
		t.Errorf("gone, and here is %q", got)
	}
}

// Who may not take calls says nothing to the dialplan: somebody else may be the one who
// does, and has told it so. Our own word expires by itself.
func TestOldOwnerTakesBackNoWord(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	var mu sync.Mutex
	var said []string
	ctx, cancel := context.WithCancel(t.Context())
	l := &listener{connected: make(chan orchestrator.Snapshot, 1)}
	done := make(chan struct{})
	go func() { defer close(done); _ = a.Run(ctx, l) }()
	wait(t, "the connection", l.connected)
	l.busy.Store(true) // the lease has run out, and is somebody else's
	f.mu.Lock()
	f.on = func(c string) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, c)
	}
	f.mu.Unlock()
	for range 2 {
		if err := a.present().here(t.Context()); err != nil {
			t.Error(err)
		}
	}
	cancel()
	<-done
	mu.Lock()
	defer mu.Unlock()
	for _, c := range said {
		if strings.Contains(c, a.hereVariable()) {
			t.Errorf("the old owner said: %s", c)
		}
	}
}

// Whatever the moment at which we die, something takes back the word that calls are taken.
func TestWordIsNeverLeft(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	pulses := make(chan struct{}, 100)
	f.on = func(c string) { // before it is carried out
		if f.globals[a.hereVariable()] != "true" {
			return
		}
		if strings.HasPrefix(c, "api global_setvar "+a.hereVariable()) {
			pulses <- struct{}{}
		}
		for group := range f.tasks {
			if strings.HasPrefix(group, a.hereVariable()) {
				return
			}
		}
		t.Errorf("nothing would take the word back if we died before %q", c)
	}
	run(t, a)
	wait(t, "the word to be renewed", pulses)
}
