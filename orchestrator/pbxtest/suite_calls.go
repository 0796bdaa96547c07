package pbxtest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

func testInbound(r *rig) {
	l := r.arrive()
	e := l.entered
	if e.PBX != r.PBX.Name() || e.At.IsZero() || e.Up {
		r.Errorf("pbx %q, at %v, up %v", e.PBX, e.At, e.Up)
	}
	if len(e.Args) == 0 || e.Args[0] != string(orchestrator.KindInbound) {
		r.Errorf("args %q", e.Args)
	}
	if e.Caller.Number != "5550100" || e.Caller.Name != "Ana" {
		r.Errorf("caller %+v", e.Caller)
	}
	r.must(r.PBX.Answer(r.Context(), l.channel))
	r.must(r.PBX.Answer(r.Context(), l.channel))
	keys := []string{"1", "2", "0", "*", "#"}
	for _, k := range keys {
		l.Press(r.T, k)
	}
	r.barrier(l)
	var got []string
	r.log.mu.Lock()
	for _, e := range r.log.events {
		if on(orchestrator.EventDigit, l.channel)(e) {
			got = append(got, e.Digit)
		}
	}
	r.log.mu.Unlock()
	if want := append(keys, "9"); !slices.Equal(got, want) {
		r.Errorf("keys %q, want %q", got, want)
	}
	l.HangUp(r.T)
	if e := r.once("the end", on(orchestrator.EventEnded, l.channel)); e.Cause != orchestrator.CauseNormal {
		r.Errorf("cause %d", e.Cause)
	}
}

func testAfterEnd(r *rig) {
	l, ctx := r.answered(), r.Context()
	bridge := r.bridge()
	l.HangUp(r.T)
	r.await("the end", on(orchestrator.EventEnded, l.channel))
	r.must(r.PBX.Hangup(ctx, l.channel, orchestrator.CauseNormal))
	r.must(r.PBX.Hangup(ctx, l.channel, orchestrator.CauseNormal))
	gone := fault.NotFound
	r.refused("Answer", r.PBX.Answer(ctx, l.channel), gone)
	r.refused("Play", r.PBX.Play(ctx, r.playback(l.channel, r.Short)), gone)
	r.refused("Hold", r.PBX.Hold(ctx, l.channel, ""), gone)
	r.refused("Unhold", r.PBX.Unhold(ctx, l.channel), gone)
	r.refused("Continue", r.PBX.Continue(ctx, l.channel, orchestrator.DialplanPlace{}), gone)
	r.refused("Record", r.PBX.Record(ctx, r.recording("", l.channel)), gone)
	r.refused("Join", r.PBX.Join(ctx, bridge, l.channel), gone)
}

func testUnknownIDs(r *rig) {
	ctx, id := r.Context(), r.id("x")
	l := r.answered()
	r.must(r.PBX.Hangup(ctx, id, orchestrator.CauseNormal))
	r.must(r.PBX.StopPlay(ctx, id))
	r.must(r.PBX.StopRecord(ctx, id))
	r.must(r.PBX.DestroyBridge(ctx, id))
	r.refused("Answer", r.PBX.Answer(ctx, id), fault.NotFound)
	r.refused("Join", r.PBX.Join(ctx, id, l.channel), fault.NotFound)
	r.refused("Record", r.PBX.Record(ctx, r.recording(id, "")), fault.NotFound)
	r.refused("MuteRecord", r.PBX.MuteRecord(ctx, id, true), fault.NotFound)
	r.must(r.PBX.DeleteRecording(ctx, id))
	_, _, err := r.PBX.OpenRecording(ctx, id)
	r.refused("OpenRecording", err, fault.NotFound)
	playing, err := r.PBX.Playing(ctx, id)
	r.must(err)
	recording, err := r.PBX.Recording(ctx, id)
	r.must(err)
	if playing || recording {
		r.Errorf("nothing plays %v or is recorded %v", playing, recording)
	}
}

func testContext(r *rig) {
	l := r.answered()
	ended, cancel := context.WithCancel(r.Context())
	cancel()
	if err := r.PBX.Play(ended, r.playback(l.channel, r.Short)); err == nil {
		r.Error("a command was obeyed under a context that had ended")
	}
	r.must(r.PBX.Hangup(r.Context(), l.channel, orchestrator.CauseNormal))
	r.await("the end", on(orchestrator.EventEnded, l.channel))
	if err := r.stop(); errors.Is(err, orchestrator.ErrReplaced) {
		r.Errorf("Run ended with %v", err)
	}
}

func testContinue(r *rig) {
	l, ctx := r.answered(), r.Context()
	r.must(r.PBX.Continue(ctx, l.channel, orchestrator.DialplanPlace{}))
	r.once("the leaving", on(orchestrator.EventLeft, l.channel))
	r.refused("Play", r.PBX.Play(ctx, r.playback(l.channel, r.Short)), fault.NotFound)
}

func testHold(r *rig) {
	l, ctx := r.answered(), r.Context()
	r.must(r.PBX.Hold(ctx, l.channel, ""))
	r.must(r.PBX.Hold(ctx, l.channel, ""))
	r.must(r.PBX.Unhold(ctx, l.channel))
	r.must(r.PBX.Unhold(ctx, l.channel))
	r.barrier(l)
}

func testSilence(r *rig) {
	l, ctx := r.answered(), r.Context()
	r.must(r.PBX.Silence(ctx, l.channel, true))
	r.must(r.PBX.Silence(ctx, l.channel, true))
	r.barrier(l) // a playback is heard all the same
	r.must(r.PBX.Silence(ctx, l.channel, true))
	r.must(r.PBX.Silence(ctx, l.channel, false))
	r.must(r.PBX.Silence(ctx, l.channel, false))
	r.must(r.PBX.Hangup(ctx, l.channel, orchestrator.CauseNormal))
	r.await("the end", on(orchestrator.EventEnded, l.channel))
	r.refused("Silence", r.PBX.Silence(ctx, l.channel, true), fault.NotFound)
}

func testOriginateAnswered(r *rig) {
	p := r.Phone(r.T, PhoneAnswers)
	o := r.order(p, 10*time.Second)
	r.must(r.PBX.Originate(r.Context(), o))
	e := r.await("the answer", on(orchestrator.EventEntered, o.Channel))
	if !e.Up || !slices.Equal(e.Args, o.Args) {
		r.Errorf("up %v, args %q, want %q", e.Up, e.Args, o.Args)
	}
	if r.count(on(orchestrator.EventRinging, o.Channel)) == 0 {
		r.Error("the phone was not said to ring before it answered")
	}
	p.HangUp(r.T)
	if e := r.once("the end", on(orchestrator.EventEnded, o.Channel)); e.Cause != orchestrator.CauseNormal {
		r.Errorf("cause %d", e.Cause)
	}
	if n := r.count(on(orchestrator.EventEntered, o.Channel)); n != 1 {
		r.Errorf("answered %d times", n)
	}
}

func testOriginateRepeated(r *rig) {
	o := r.order(r.Phone(r.T, PhoneRings), 10*time.Second)
	ctx := r.Context()
	r.must(r.PBX.Originate(ctx, o))
	r.await("ringing", on(orchestrator.EventRinging, o.Channel))
	r.must(r.PBX.Originate(ctx, o))
	if n := r.count(on(orchestrator.EventEnded, o.Channel)); n != 0 {
		r.Error("the repetition ended the first attempt")
	}
	r.must(r.PBX.Hangup(ctx, o.Channel, orchestrator.CauseGone))
	r.once("the end", on(orchestrator.EventEnded, o.Channel))
}

// What is ordered once and may have been carried out goes on while it is there, and is
// never begun again.
func testOriginateOnce(r *rig) {
	o := r.order(r.Phone(r.T, PhoneRings), 10*time.Second)
	ctx := r.Context()
	again := o
	o.Once, again.Once, again.Again = true, true, true
	inDoubt := func(when string) {
		r.Helper()
		if err := r.PBX.Originate(ctx, again); fault.KindOf(err) != fault.Conflict || !errors.Is(err, orchestrator.ErrInDoubt) {
			r.Errorf("%s: %v", when, err)
		}
	}
	inDoubt("never made")
	r.must(r.PBX.Originate(ctx, o))
	r.await("ringing", on(orchestrator.EventRinging, o.Channel))
	r.must(r.PBX.Originate(ctx, again))
	if n := r.count(on(orchestrator.EventEnded, o.Channel)); n != 0 {
		r.Error("the repetition ended the first attempt")
	}
	r.must(r.PBX.Hangup(ctx, o.Channel, orchestrator.CauseGone))
	r.once("the end", on(orchestrator.EventEnded, o.Channel))
	rang := r.count(on(orchestrator.EventRinging, o.Channel))
	inDoubt("over")
	r.arrive()
	if n := r.count(on(orchestrator.EventRinging, o.Channel)); n != rang {
		r.Error("it rang once more")
	}
}

// attempt calls a phone that does not answer and returns the cause.
func (r *rig) attempt(kind PhoneKind, limit time.Duration) orchestrator.Cause {
	r.Helper()
	o := r.order(r.Phone(r.T, kind), limit)
	r.must(r.PBX.Originate(r.Context(), o))
	e := r.once("the end", on(orchestrator.EventEnded, o.Channel))
	if r.count(on(orchestrator.EventEntered, o.Channel)) != 0 {
		r.Error("nobody answered, and still the leg entered")
	}
	return e.Cause
}

func testOriginateBusy(r *rig) {
	if c := r.attempt(PhoneBusy, 10*time.Second); c != orchestrator.CauseBusy {
		r.Errorf("cause %d", c)
	}
}

func testOriginateRejected(r *rig) {
	if c := r.attempt(PhoneRejects, 10*time.Second); c != orchestrator.CauseRejected {
		r.Errorf("cause %d", c)
	}
}

// An unanswered attempt has whatever cause the PBX gives (none, in Asterisk);
// the engine knows that it was its own limit. It must not look like a refusal.
func testOriginateNoAnswer(r *rig) {
	c := r.attempt(PhoneRings, time.Second)
	refusals := []orchestrator.Cause{orchestrator.CauseBusy, orchestrator.CauseRejected, orchestrator.CauseNoRoute}
	if slices.Contains(refusals, c) {
		r.Errorf("cause %d", c)
	}
}

// A PBX that knows no way to a phone refuses the command or ends the channel.
func testOriginateUnreachable(r *rig) {
	o := r.order(r.Phone(r.T, PhoneAbsent), 2*time.Second)
	err := r.PBX.Originate(r.Context(), o)
	if err != nil {
		r.refused("Originate", err, fault.NotFound, fault.Conflict)
		r.arrive()
	} else {
		r.once("the end", on(orchestrator.EventEnded, o.Channel))
	}
	if r.count(on(orchestrator.EventEntered, o.Channel)) != 0 {
		r.Error("an absent phone answered")
	}
}

func testOriginateCancelled(r *rig) {
	o := r.order(r.Phone(r.T, PhoneRings), 30*time.Second)
	ctx := r.Context()
	r.must(r.PBX.Originate(ctx, o))
	r.await("ringing", on(orchestrator.EventRinging, o.Channel))
	r.must(r.PBX.Hangup(ctx, o.Channel, orchestrator.CauseGone))
	r.once("the end", on(orchestrator.EventEnded, o.Channel))
	r.must(r.PBX.Hangup(ctx, o.Channel, orchestrator.CauseGone))
	if r.count(on(orchestrator.EventEntered, o.Channel)) != 0 {
		r.Error("a cancelled leg entered")
	}
}

func testHangupAnswered(r *rig) {
	_, leg := r.leg()
	r.must(r.PBX.Hangup(r.Context(), leg, orchestrator.CauseNormal))
	r.once("the end", on(orchestrator.EventEnded, leg))
	r.must(r.PBX.Hangup(r.Context(), leg, orchestrator.CauseNormal))
}

func testReplaced(r *rig) {
	l := r.answered()
	rival := r.Rival(r.T)
	log := &eventLog{changed: make(chan struct{})}
	ctx, cancel := context.WithCancel(r.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = rival.Run(ctx, log) // it is ended from here
	}()
	defer func() {
		cancel()
		<-done
	}()
	select {
	case <-r.done:
	case <-time.After(r.Bound):
		r.Fatal("the first client goes on beside the second")
	}
	second := &rig{T: r.T, Fixture: r.Fixture, log: log, call: r.call}
	if _, ok := second.snapshot(0).Channels[l.channel]; !ok {
		r.Error("the rival does not see the call")
	}
	l.Press(r.T, "5")
	second.await("the key at the rival", on(orchestrator.EventDigit, l.channel))
	r.must(rival.Hangup(ctx, l.channel, orchestrator.CauseNormal))
	second.await("the end at the rival", on(orchestrator.EventEnded, l.channel))
	if err := r.stop(); !errors.Is(err, orchestrator.ErrReplaced) {
		r.Errorf("the first client ended with %v", err)
	}
}

// A side that is muted is heard by nobody, hears the others, and stays muted out of
// the bridge, in another one, and after music; its keys pass.
func testMute(r *rig) {
	l, p, leg, bridge := r.bridged()
	ctx := r.Context()
	hears := func(muted bool) {
		r.Helper()
		if r.Hears == nil {
			return
		}
		r.Hears(r.T, p, l.Caller)
		if muted {
			r.Deaf(r.T, l.Caller, p)
		} else {
			r.Hears(r.T, l.Caller, p)
		}
	}
	r.must(r.PBX.Mute(ctx, leg, true))
	r.must(r.PBX.Mute(ctx, leg, true))
	hears(true)
	r.must(r.PBX.Part(ctx, bridge, leg))
	r.must(r.PBX.Hold(ctx, leg, ""))
	r.must(r.PBX.Unhold(ctx, leg))
	other := r.bridge()
	r.must(r.PBX.Join(ctx, other, leg, l.channel))
	hears(true)
	p.Press(r.T, "3")
	r.await("a key of who is muted", key(leg, "3"))
	r.must(r.PBX.Mute(ctx, leg, false))
	r.must(r.PBX.Mute(ctx, leg, false))
	hears(false)
	r.must(r.PBX.Hangup(ctx, leg, orchestrator.CauseNormal))
	r.await("the end", on(orchestrator.EventEnded, leg))
	r.refused("Mute", r.PBX.Mute(ctx, leg, true), fault.NotFound)
	r.barrier(l)
}
