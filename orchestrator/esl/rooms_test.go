package esl

import (
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
