package pbxtest

import (
	"errors"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Commands that were carried out already are no errors and change nothing.
func testRepeated(r *rig) {
	l, _, leg, bridge := r.bridged()
	ctx := r.Context()
	for range 2 {
		r.must(r.PBX.Answer(ctx, l.channel))
		r.must(r.PBX.Answer(ctx, leg))
		r.must(r.PBX.CreateBridge(ctx, bridge))
		r.must(r.PBX.Join(ctx, bridge, l.channel))
		r.must(r.PBX.Join(ctx, bridge, leg, l.channel))
	}
	order := r.recording(bridge, "")
	r.record(order)
	order.Again = true
	for _, muted := range []bool{true, true, false, false} {
		r.must(r.PBX.Record(ctx, order))
		r.must(r.PBX.MuteRecord(ctx, order.ID, muted))
	}
	r.inBridge(bridge, l.channel, leg)
	r.must(r.PBX.StopRecord(ctx, order.ID))
	r.must(r.PBX.StopRecord(ctx, order.ID))
	r.once("the end of the recording", recorded(order.ID))
	r.refused("Record of what was recorded", r.PBX.Record(ctx, order), fault.Conflict)
	for range 2 {
		r.must(r.PBX.DestroyBridge(ctx, bridge, l.channel))
		r.must(r.PBX.DeleteRecording(ctx, order.ID))
		r.must(r.PBX.Hangup(ctx, leg, orchestrator.CauseNormal))
	}
	r.must(r.PBX.Hold(ctx, l.channel, ""))
	r.must(r.PBX.Hold(ctx, l.channel, ""))
	r.barrier(l)
}

// A playback that is ordered again is heard once; one that is over is played.
func testPlayAgain(r *rig) {
	l, ctx := r.answered(), r.Context()
	first, waits := r.playback(l.channel, r.Long), r.playback(l.channel, r.Short)
	r.must(r.PBX.Play(ctx, first))
	r.must(r.PBX.Play(ctx, waits))
	first.Again, waits.Again = true, true
	r.must(r.PBX.Play(ctx, first))
	r.must(r.PBX.Play(ctx, waits))
	r.must(r.PBX.StopPlay(ctx, first.ID))
	r.over(l, first.ID)
	r.over(l, waits.ID)
	again := r.again("the second time", played(waits.ID))
	r.must(r.PBX.Play(ctx, waits))
	again()
}

// A recording of a channel that waits for a prompt is ordered once, too.
func testRecordAgain(r *rig) {
	l, ctx := r.answered(), r.Context()
	prompt := r.play(l.channel, r.Long)
	order := r.recording("", l.channel)
	order.MaxDuration = time.Second
	r.must(r.PBX.Record(ctx, order))
	order.Again = true
	r.must(r.PBX.Record(ctx, order))
	r.must(r.PBX.StopPlay(ctx, prompt))
	r.kept(order)
	r.linger(l)
}

// What has left is not found, by whatever command, but Hangup.
func testAfterLeaving(r *rig) {
	l, ctx := r.answered(), r.Context()
	bridge := r.bridge()
	r.must(r.PBX.Continue(ctx, l.channel, orchestrator.DialplanPlace{}))
	r.once("the leaving", on(orchestrator.EventLeft, l.channel))
	gone := fault.NotFound
	r.refused("Continue", r.PBX.Continue(ctx, l.channel, orchestrator.DialplanPlace{}), gone)
	r.refused("Answer", r.PBX.Answer(ctx, l.channel), gone)
	r.refused("Play", r.PBX.Play(ctx, r.playback(l.channel, r.Short)), gone)
	r.refused("Hold", r.PBX.Hold(ctx, l.channel, ""), gone)
	r.refused("Unhold", r.PBX.Unhold(ctx, l.channel), gone)
	r.refused("Record", r.PBX.Record(ctx, r.recording("", l.channel)), gone)
	r.refused("Join", r.PBX.Join(ctx, bridge, l.channel), gone)
	r.must(r.PBX.Hangup(ctx, l.channel, orchestrator.CauseNormal))
}

// A leg that rings exists, and forbids what only an answered one allows.
func testWhileRinging(r *rig) {
	ctx := r.Context()
	o := r.order(r.Phone(r.T, PhoneRings), 30*time.Second)
	r.must(r.PBX.Originate(ctx, o))
	r.await("ringing", on(orchestrator.EventRinging, o.Channel))
	r.refused("Play", r.PBX.Play(ctx, r.playback(o.Channel, r.Short)), fault.Conflict)
	r.refused("Hold", r.PBX.Hold(ctx, o.Channel, ""), fault.Conflict)
	r.refused("Join", r.PBX.Join(ctx, r.bridge(), o.Channel), fault.Conflict)
	r.refused("Answer", r.PBX.Answer(ctx, o.Channel), fault.Conflict)
	r.refused("Record", r.PBX.Record(ctx, r.recording("", o.Channel)), fault.Conflict)
	r.refused("Continue", r.PBX.Continue(ctx, o.Channel, orchestrator.DialplanPlace{}), fault.Conflict)
	c, ok := r.recut().Channels[o.Channel]
	if !ok || c.Entered || c.Up || !c.Dialled || c.CreatedAt.IsZero() || !c.AnsweredAt.IsZero() {
		r.Errorf("the snapshot shows %+v, %v", c, ok)
	}
	o.Again = true
	r.must(r.PBX.Originate(ctx, o))
	r.must(r.PBX.Hangup(ctx, o.Channel, orchestrator.CauseGone))
	r.once("the end", on(orchestrator.EventEnded, o.Channel))
}

// A call for somebody who hung up is not made, and it is not the phone's fault.
func testOriginatorGone(r *rig) {
	l, ctx := r.answered(), r.Context()
	p := r.Phone(r.T, PhoneAnswers)
	o := r.order(p, 10*time.Second)
	o.Originator = l.channel
	r.must(r.PBX.Originate(ctx, o))
	r.await("the answer", on(orchestrator.EventEntered, o.Channel))
	r.must(r.PBX.Hangup(ctx, o.Channel, orchestrator.CauseNormal))
	l.HangUp(r.T)
	r.await("the caller's end", on(orchestrator.EventEnded, l.channel))
	o.Channel = r.id("l")
	err := r.PBX.Originate(ctx, o)
	if !errors.Is(err, orchestrator.ErrOriginatorGone) || fault.KindOf(err) != fault.NotFound {
		r.Errorf("a call for somebody who is gone: %v", err)
	}
	absent := r.order(r.Phone(r.T, PhoneAbsent), 2*time.Second)
	if err := r.PBX.Originate(ctx, absent); errors.Is(err, orchestrator.ErrOriginatorGone) {
		r.Errorf("an absent phone: %v", err)
	}
	r.arrive()
	if n := r.count(on(orchestrator.EventRinging, o.Channel)); n != 0 {
		r.Error("the phone rang")
	}
}

// The order of arrival survives whatever hid the arrivals.
func testCreationTimes(r *rig) {
	first := r.answered()
	second := r.answered()
	_, leg := r.leg()
	truth := r.recut()
	now := time.Now()
	for _, e := range []orchestrator.Event{first.entered, second.entered, r.await("the leg", on(orchestrator.EventEntered, leg))} {
		c := truth.Channels[e.Channel]
		if e.CreatedAt.IsZero() || !c.CreatedAt.Equal(e.CreatedAt) {
			r.Errorf("created at %v, and in the snapshot at %v", e.CreatedAt, c.CreatedAt)
		}
		if age := now.Sub(truth.OurTime(c.CreatedAt)); age < -time.Second || age > 2*r.Bound {
			r.Errorf("created %v ago by our clock", age)
		}
		if e.At.Before(e.CreatedAt) {
			r.Errorf("entered at %v, created at %v", e.At, e.CreatedAt)
		}
	}
	if !first.entered.CreatedAt.Before(second.entered.CreatedAt) {
		r.Errorf("the first was created at %v, the second at %v", first.entered.CreatedAt, second.entered.CreatedAt)
	}
	if truth.Clock.IsZero() || truth.ObservedAt.IsZero() {
		r.Errorf("the snapshot was taken at %v, the PBX's %v", truth.ObservedAt, truth.Clock)
	}
}

// A channel that the dialplan sends straight back enters anew.
func testComesBack(r *rig) {
	l, ctx := r.answered(), r.Context()
	entered := on(orchestrator.EventEntered, l.channel)
	for range 3 {
		left := r.again("the leaving", on(orchestrator.EventLeft, l.channel))
		back := r.again("the return", entered)
		r.must(r.PBX.Continue(ctx, l.channel, r.Back(l.entered.DID)))
		left()
		back()
		r.barrier(l)
	}
	var seen []orchestrator.EventKind
	r.log.mu.Lock()
	for _, e := range r.log.events {
		if entered(e) || on(orchestrator.EventLeft, l.channel)(e) {
			seen = append(seen, e.Kind)
		}
		if entered(e) && (e.DID != l.entered.DID || !e.CreatedAt.Equal(l.entered.CreatedAt)) {
			r.Errorf("entered with number %q, created at %v", e.DID, e.CreatedAt)
		}
	}
	r.log.mu.Unlock()
	for i, kind := range seen {
		if want := [2]orchestrator.EventKind{orchestrator.EventEntered, orchestrator.EventLeft}[i%2]; kind != want {
			r.Fatalf("told %v", seen)
		}
	}
	l.HangUp(r.T)
	r.once("the end", on(orchestrator.EventEnded, l.channel))
}
