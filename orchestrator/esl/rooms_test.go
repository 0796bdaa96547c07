package esl

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/pbxtest"
)

// Whoever is taken out of a room by somebody at FreeSWITCH is put back; whom we take
// out stays out.
func TestTakenOutOfARoom(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	ctx := t.Context()
	ch := f.comes(t, l, "in-1")
	must(t, a.CreateBridge(ctx, "op-x-b1"))
	kicked := func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.leaveRoom(ch)
		f.park(ch)
	}
	for _, join := range []func() error{
		func() error { return a.Join(ctx, "op-x-b1", ch.id) },
		func() error { return a.JoinAbsorbing(ctx, "op-x-b1", ch.id) },
	} {
		must(t, join())
		f.mu.Lock()
		passes := ch.passes
		f.mu.Unlock()
		kicked()
		must(t, a.present().roundTrip(ctx)) // it is known by then
		must(t, a.await(ctx, "Join", ch.id, func(g *leg) bool { return g.seat.taken && g.room == "op-x-b1" }))
		f.mu.Lock()
		if ch.room != "op-x-b1" || ch.passes != passes {
			t.Errorf("in room %q, keys pass: %t, want op-x-b1, %t", ch.room, ch.passes, passes)
		}
		f.mu.Unlock()
		must(t, a.Part(ctx, "op-x-b1", ch.id))
		kicked()
		must(t, a.present().roundTrip(ctx))
		a.legs.see(ch.id, func(g *leg) {
			if g.room != "" || g.seat.room != "" {
				t.Errorf("taken out by us, and yet in room %q, seat %+v", g.room, g.seat)
			}
		})
	}
}

// Every channel of ours writes down how it ends: also one that was never in a room, and
// a caller whose dialplan has nothing about it. Who does so already is not told again.
func TestEndsAreWrittenDown(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	told := 0
	f.on = func(command string) { told += strings.Count(command, keepsEnd) }
	a := f.adapter(t)
	l := run(t, a)
	ctx := t.Context()
	must(t, a.CreateBridge(ctx, "op-x-b1"))
	f.phone("101", pbxtest.PhoneAnswers)
	must(t, a.Originate(ctx, orchestrator.Origination{Channel: "op-x-a1", Endpoint: "user/101", Timeout: 5 * time.Second, Args: []string{"leg"}}))
	f.mu.Lock()
	f.globals["operadora_here_operadora"] = "true"
	for _, id := range []string{"in-1", "in-before"} {
		f.before = id == "in-before"
		f.call(id, "5000", orchestrator.Party{})
	}
	f.mu.Unlock()
	for range 3 {
		l.next(t, orchestrator.EventEntered)
	}
	for range 2 {
		must(t, a.Join(ctx, "op-x-b1", "in-1", "in-before"))
		must(t, a.Part(ctx, "op-x-b1", "in-1", "in-before"))
	}
	f.mu.Lock()
	for _, ch := range f.channels {
		f.hangUp(ch, "NORMAL_CLEARING")
	}
	if told != 2 {
		t.Errorf("channels were told %d times to write down how they end, want op-x-a1 and in-before once each", told)
	}
	f.mu.Unlock()
	endings, err := a.present().endings(ctx)
	must(t, err)
	wrote := map[string]bool{}
	for _, e := range endings {
		wrote[e.channel] = true
	}
	for _, id := range []string{"op-x-a1", "in-1", "in-before"} {
		if !wrote[id] {
			t.Errorf("%s did not write down how it ended", id)
		}
	}
}

// A supervisor changes the mode all day, and a line is lent and given back: FreeSWITCH
// hangs up who was transferred 70 times.
func TestTransferredAllDay(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	ctx := t.Context()
	boss, agent := f.comes(t, l, "in-1"), f.comes(t, l, "in-2")
	for n := range 50 {
		for _, mode := range []orchestrator.MonitorMode{orchestrator.MonitorListen, orchestrator.MonitorWhisper} {
			if err := a.Monitor(ctx, orchestrator.Monitoring{Bridge: "op-x-w1", Channel: boss.id, Target: agent.id, Mode: mode}); err != nil {
				t.Fatalf("change %d to %s: %v", n, mode, err)
			}
		}
	}
}

// TestLineGoesFromCallToCall: a permanent line is put into the room of the next call while
// the one before lets it go. It is where the next wants it, whichever order FreeSWITCH
// takes longer over, and neither call waits in vain.
func TestLineGoesFromCallToCall(t *testing.T) {
	t.Parallel()
	lets := map[string]func(ctx context.Context, a *Adapter) error{
		"parted":    func(ctx context.Context, a *Adapter) error { return a.Part(ctx, "op-x-b1", "in-1") },
		"destroyed": func(ctx context.Context, a *Adapter) error { return a.DestroyBridge(ctx, "op-x-b1", "in-1") },
	}
	for name, let := range lets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			slow, asked := make(chan struct{}), make(chan string, 100)
			a := f.adapter(t)
			l := run(t, a)
			ctx := t.Context()
			for _, room := range []string{"op-x-b1", "op-y-b1"} {
				must(t, a.CreateBridge(ctx, room))
			}
			line := f.comes(t, l, "in-1")
			must(t, a.Join(ctx, "op-x-b1", line.id))
			f.mu.Lock()
			f.slow, f.slows = slow, "api uuid_transfer in-1 park:"
			f.on = func(command string) {
				if strings.HasPrefix(command, "api uuid_transfer in-1") {
					asked <- command
				}
			}
			f.mu.Unlock()
			gone, joined := make(chan error, 1), make(chan error, 1)
			go func() { gone <- let(ctx, a) }()
			wait(t, "the order to let the line go", asked)
			go func() { joined <- a.Join(ctx, "op-y-b1", line.id) }()
			select { // it waits for its turn
			case order := <-asked:
				t.Errorf("%q is given before the order that lets the line go was answered", order)
			case <-time.After(50 * time.Millisecond):
			}
			close(slow)
			must(t, wait(t, "the next room", joined))
			must(t, wait(t, "the end of the room before", gone))
			f.mu.Lock()
			defer f.mu.Unlock()
			if line.room != "op-y-b1" {
				t.Errorf("the line is in room %q", line.room)
			}
		})
	}
}

// TestLetGoLate: who is in the room of the next call already is not taken out of it by the
// call before.
func TestLetGoLate(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	ctx := t.Context()
	for _, room := range []string{"op-x-b1", "op-y-b1"} {
		must(t, a.CreateBridge(ctx, room))
	}
	line := f.comes(t, l, "in-1")
	must(t, a.Join(ctx, "op-x-b1", line.id))
	must(t, a.Join(ctx, "op-y-b1", line.id))
	must(t, a.Part(ctx, "op-x-b1", line.id))
	must(t, a.DestroyBridge(ctx, "op-x-b1", line.id))
	f.mu.Lock()
	defer f.mu.Unlock()
	if line.room != "op-y-b1" {
		t.Errorf("the line is in room %q", line.room)
	}
}

// TestOrderIsLost: a channel that is parked in place of being in its room is ordered there
// once more.
func TestOrderIsLost(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(t)
	l := run(t, a)
	ctx := t.Context()
	must(t, a.CreateBridge(ctx, "op-x-b1"))
	line := f.comes(t, l, "in-1")
	f.mu.Lock()
	f.loses = 2
	f.mu.Unlock()
	must(t, a.Join(ctx, "op-x-b1", line.id))
	f.mu.Lock()
	defer f.mu.Unlock()
	if line.room != "op-x-b1" {
		t.Errorf("the line is in room %q", line.room)
	}
}
