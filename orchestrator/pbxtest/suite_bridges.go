package pbxtest

import (
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// recut cuts and restores the connection and returns the new truth.
func (r *rig) recut() orchestrator.Snapshot {
	r.Helper()
	n := r.connections()
	r.Cut(r.T)
	r.until("the loss", func() bool { return len(r.log.losses) > 0 })
	r.Restore(r.T)
	return r.snapshot(n)
}

// inBridge checks who is in a bridge, as a new connection sees it.
func (r *rig) inBridge(bridge string, want ...string) {
	r.Helper()
	got, ok := r.recut().Bridges[bridge]
	slices.Sort(got)
	slices.Sort(want)
	if !ok || !slices.Equal(got, want) {
		r.Errorf("in bridge %s (%v): %q, want %q", bridge, ok, got, want)
	}
}

func testBridge(r *rig) {
	l, _, leg, bridge := r.bridged()
	ctx := r.Context()
	r.must(r.PBX.CreateBridge(ctx, bridge))
	r.must(r.PBX.Join(ctx, bridge, l.channel, leg))
	r.barrier(l) // keys are told in a bridge, too
	r.inBridge(bridge, l.channel, leg)
}

func testBridgeDestroyed(r *rig) {
	l, _, leg, bridge := r.bridged()
	ctx := r.Context()
	r.must(r.PBX.DestroyBridge(ctx, bridge, l.channel))
	r.must(r.PBX.DestroyBridge(ctx, bridge))
	r.refused("Join", r.PBX.Join(ctx, bridge, l.channel), fault.NotFound)
	r.linger(l)
	if n := r.count(on(orchestrator.EventEnded, leg)); n != 0 {
		r.Error("the end of the bridge ended a channel")
	}
	if _, ok := r.recut().Bridges[bridge]; ok {
		r.Error("the bridge is still there")
	}
}

// A caller is put on hold and taken back.
func testPart(r *rig) {
	l, _, leg, bridge := r.bridged()
	ctx := r.Context()
	for range 3 {
		r.must(r.PBX.Part(ctx, bridge, l.channel))
		r.must(r.PBX.Part(ctx, bridge, l.channel, "op-nobody"))
		r.must(r.PBX.Hold(ctx, l.channel, ""))
		r.barrier(l)
		r.must(r.PBX.Unhold(ctx, l.channel))
		id := r.play(l.channel, r.Short) // it is ready for anything
		if e := r.await("the end of playback "+id, played(id)); e.Failed {
			r.Errorf("failed: %s", e.Reason)
		}
		r.must(r.PBX.Join(ctx, bridge, l.channel))
	}
	r.must(r.PBX.Part(ctx, "op-no-bridge", l.channel))
	r.must(r.PBX.Part(ctx, bridge, l.channel))
	r.inBridge(bridge, leg)
}

// Who is alone in a bridge, as the others were taken out of it, is sent silence: a
// phone takes a line on which nothing comes for lost. A tone, and whoever whispers,
// is heard, and whoever comes back.
func testAlone(r *rig) {
	l, p, leg, bridge := r.bridged()
	boss, channel := r.leg()
	m := orchestrator.Monitoring{Bridge: r.id("w"), Channel: channel, Target: leg, Mode: orchestrator.MonitorWhisper}
	r.made = append(r.made, m.Bridge)
	ctx := r.Context()
	for range 2 {
		r.must(r.PBX.Part(ctx, bridge, l.channel))
		r.must(r.PBX.Part(ctx, bridge, l.channel))
		r.Alive(r.T, p)
		r.must(r.PBX.Monitor(ctx, m))
		r.Hears(r.T, p, boss)
		r.must(r.PBX.DestroyBridge(ctx, m.Bridge, channel))
		r.must(r.PBX.Beep(ctx, leg, orchestrator.ToneYes))
		p.Beeped(r.T)
		r.Alive(r.T, p)
		r.must(r.PBX.Join(ctx, bridge, l.channel))
		r.Hears(r.T, p, l.Caller)
		r.Hears(r.T, l.Caller, p)
	}
	r.must(r.PBX.Part(ctx, bridge, l.channel))
	r.recut() // what was known of who is alone may be that of another process
	r.must(r.PBX.Join(ctx, bridge, l.channel))
	r.Hears(r.T, p, l.Caller)
	r.must(r.PBX.Part(ctx, bridge, l.channel))
	r.must(r.PBX.DestroyBridge(ctx, bridge, leg)) // to be put into another
	other := r.bridge()
	r.must(r.PBX.Join(ctx, other, leg, l.channel))
	r.Hears(r.T, p, l.Caller)
}

func testHoldKey(r *rig) {
	l, p, leg, bridge := r.bridged()
	r.HoldKey(r.T, p, true)
	r.await("the hold", on(orchestrator.EventHeld, leg))
	r.HoldKey(r.T, p, false)
	r.await("its end", on(orchestrator.EventResumed, leg))
	r.barrier(l)
	r.inBridge(bridge, l.channel, leg)
}

// A caller who was left by the far end hears the next prompt at once.
func testPromptAfterBridge(r *rig) {
	l := r.answered()
	ctx := r.Context()
	for range 10 {
		bridge := r.id("b")
		r.must(r.PBX.CreateBridge(ctx, bridge))
		r.must(r.PBX.Join(ctx, bridge, l.channel))
		r.must(r.PBX.DestroyBridge(ctx, bridge, l.channel, "op-nobody"))
		id := r.play(l.channel, r.Short)
		if e := r.await("the end of playback "+id, played(id)); e.Failed {
			r.Errorf("failed: %s", e.Reason)
		}
	}
}

func testBridgePartnerLeaves(r *rig) {
	l, p, leg, bridge := r.bridged()
	p.HangUp(r.T)
	r.once("the end", on(orchestrator.EventEnded, leg))
	r.barrier(l)
	if n := r.count(on(orchestrator.EventEnded, l.channel)); n != 0 {
		r.Error("the caller was hung up as well")
	}
	r.inBridge(bridge, l.channel)
}

func testLamps(r *rig) {
	states := []orchestrator.LampState{orchestrator.LampFree, orchestrator.LampRinging,
		orchestrator.LampBusy, orchestrator.LampHeld, orchestrator.LampOff}
	name := "agent-" + r.call
	for _, s := range states {
		r.must(r.PBX.SetLamp(r.Context(), name, s))
		if r.Lamp == nil {
			continue
		}
		if got := r.Lamp(r.T, name); got != s {
			r.Errorf("the lamp shows %q, want %q", got, s)
		}
	}
}

func device(endpoint string, s orchestrator.DeviceState) func(orchestrator.Event) bool {
	return func(e orchestrator.Event) bool {
		return e.Kind == orchestrator.EventDevice && e.Endpoint == endpoint && e.Device == s
	}
}

func testDevices(r *rig) {
	ctx := r.Context()
	here, away := r.Phone(r.T, PhoneRings), r.Phone(r.T, PhoneAbsent)
	r.must(r.PBX.Watch(ctx, []string{here.Endpoint(), away.Endpoint()}))
	r.await("the free phone", device(here.Endpoint(), orchestrator.DeviceFree))
	r.await("the absent phone", device(away.Endpoint(), orchestrator.DeviceUnreachable))
	o := r.order(here, 10*time.Second)
	r.must(r.PBX.Originate(ctx, o))
	r.await("the ringing phone", device(here.Endpoint(), orchestrator.DeviceBusy))
	free := r.again("the phone that is free again", device(here.Endpoint(), orchestrator.DeviceFree))
	r.must(r.PBX.Hangup(ctx, o.Channel, orchestrator.CauseNormal))
	free()
}

func testReconnect(r *rig) {
	goes, stays := r.answered(), r.answered()
	leg := r.order(r.Phone(r.T, PhoneRings), 30*time.Second)
	r.must(r.PBX.Originate(r.Context(), leg))
	r.await("ringing", on(orchestrator.EventRinging, leg.Channel))
	before := r.snapshot(0)
	n := r.connections()
	r.Cut(r.T)
	r.until("the loss", func() bool { return len(r.log.losses) > 0 })
	goes.HangUp(r.T)
	r.Restore(r.T)
	truth := r.snapshot(n)
	if _, ok := truth.Channels[goes.channel]; ok {
		// The PBX may notice a hang-up only now; then it is told.
		r.await("the end that came late", on(orchestrator.EventEnded, goes.channel))
	}
	r.showsCall(truth, stays)
	if c, ok := truth.Channels[leg.Channel]; ok && (c.Entered || c.Up) {
		r.Errorf("a leg that rings is shown as %+v", c)
	}
	if truth.Epoch == "" || truth.Epoch != before.Epoch {
		r.Errorf("epoch %q, before %q, although the PBX was not restarted", truth.Epoch, before.Epoch)
	}
	if truth.ObservedAt.IsZero() {
		r.Error("the snapshot has no time")
	}
	r.barrier(stays)
	r.linger(stays)
	stays.HangUp(r.T)
	r.once("the end", on(orchestrator.EventEnded, stays.channel))
}

// showsCall checks an answered call in a snapshot.
func (r *rig) showsCall(s orchestrator.Snapshot, l line) {
	r.Helper()
	c, ok := s.Channels[l.channel]
	if !ok {
		r.Fatalf("the call is not in the snapshot: %+v", s.Channels)
	}
	if !c.Up || !c.Entered || c.DID != l.entered.DID || c.Caller.Number != l.entered.Caller.Number ||
		!slices.Equal(c.Args, l.entered.Args) {
		r.Errorf("the snapshot shows %+v, entered was %+v", c, l.entered)
	}
}

func testReconnectDevices(r *rig) {
	p := r.Phone(r.T, PhoneAnswers)
	r.must(r.PBX.Watch(r.Context(), []string{p.Endpoint()}))
	r.await("the free phone", device(p.Endpoint(), orchestrator.DeviceFree))
	o := r.order(p, 10*time.Second)
	r.must(r.PBX.Originate(r.Context(), o))
	r.await("the busy phone", device(p.Endpoint(), orchestrator.DeviceBusy))
	free := r.again("the phone that became free during the cut", device(p.Endpoint(), orchestrator.DeviceFree))
	r.await("the answer", on(orchestrator.EventEntered, o.Channel))
	n := r.connections()
	r.Cut(r.T)
	r.until("the loss", func() bool { return len(r.log.losses) > 0 })
	p.HangUp(r.T)
	r.Restore(r.T)
	r.snapshot(n)
	free()
}

// Both sides of a conversation that end while nobody listens are told afterwards,
// with the time and the reason.
func testEndsUnseen(r *rig) {
	l, phone, leg, _ := r.bridged()
	n := r.connections()
	r.Cut(r.T)
	r.until("the loss", func() bool { return len(r.log.losses) > 0 })
	phone.HangUp(r.T)
	l.HangUp(r.T)
	r.Restore(r.T)
	truth := r.snapshot(n)
	for _, ch := range []string{leg, l.channel} {
		if _, there := truth.Channels[ch]; there {
			r.await("the end that came late", on(orchestrator.EventEnded, ch)) // the PBX noticed it only now
			continue
		}
		end, told := truth.Ended[ch]
		if !told || end.Cause != orchestrator.CauseNormal {
			r.Errorf("the end of %s is told as %+v (%t)", ch, end, told)
		}
		if end.At.After(truth.Clock) || !truth.Since.IsZero() && end.At.Before(truth.Since) {
			r.Errorf("%s ended at %v by the PBX's clock, which was %v at the snapshot and %v at its start", ch, end.At, truth.Clock, truth.Since)
		}
	}
}

func testArrivalWhileCut(r *rig) {
	n := r.connections()
	r.Cut(r.T)
	r.until("the loss", func() bool { return len(r.log.losses) > 0 })
	did := nextDID()
	caller := r.Arrive(r.T, did, orchestrator.Party{Number: "5550100"})
	r.Restore(r.T)
	truth := r.snapshot(n)
	for id, c := range truth.Channels {
		if c.DID != did {
			continue
		}
		if !c.Entered || c.Up || len(c.Args) == 0 || c.Args[0] != string(orchestrator.KindInbound) {
			r.Errorf("the snapshot shows %+v", c)
		}
		r.must(r.PBX.Answer(r.Context(), id))
		r.own = append(r.own, id)
		r.barrier(line{Caller: caller, channel: id})
		return
	}
	r.Errorf("the call that arrived during the cut is not in the snapshot: %+v", truth.Channels)
}

func testRestart(r *rig) {
	l, _, leg, bridge := r.bridged()
	before := r.snapshot(0)
	n := r.connections()
	r.Restart(r.T)
	truth := r.snapshot(n)
	if truth.Epoch == before.Epoch {
		r.Errorf("the epoch is still %q", truth.Epoch)
	}
	for _, id := range []string{l.channel, leg} {
		if _, ok := truth.Channels[id]; ok {
			r.Errorf("channel %s outlived the restart", id)
		}
		r.refused("Answer", r.PBX.Answer(r.Context(), id), fault.NotFound)
	}
	if _, ok := truth.Bridges[bridge]; ok {
		r.Error("the bridge outlived the restart")
	}
	r.linger(r.answered())
}
