package esl

import (
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// Whoever is taken out of a room by somebody at FreeSWITCH is put back; whom we take
// out stays out.
func TestTakenOutOfARoom(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a, err := New("lima", f.config(), quietLog(), NewMetrics(nil))
	if err != nil {
		t.Fatal(err)
	}
	l := run(t, a)
	ctx := t.Context()
	f.mu.Lock()
	ch := &fakeChannel{id: "in-1", direction: "inbound", vars: map[string]string{}, created: time.Now()}
	f.channels[ch.id] = ch
	f.globals["operadora_here_operadora"] = "true"
	f.arrive(ch, "5000")
	f.mu.Unlock()
	l.next(t, orchestrator.EventEntered)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(a.CreateBridge(ctx, "op-x-b1"))
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
		must(join())
		f.mu.Lock()
		passes := ch.passes
		f.mu.Unlock()
		kicked()
		must(a.present().roundTrip(ctx)) // it is known by then
		must(a.await(ctx, "Join", ch.id, func(g *leg) bool { return g.seat.taken && g.room == "op-x-b1" }))
		f.mu.Lock()
		if ch.room != "op-x-b1" || ch.passes != passes {
			t.Errorf("in room %q, keys pass: %t, want op-x-b1, %t", ch.room, ch.passes, passes)
		}
		f.mu.Unlock()
		must(a.Part(ctx, "op-x-b1", ch.id))
		kicked()
		must(a.present().roundTrip(ctx))
		a.legs.see(ch.id, func(g *leg) {
			if g.room != "" || g.seat.room != "" {
				t.Errorf("taken out by us, and yet in room %q, seat %+v", g.room, g.seat)
			}
		})
	}
}
