package pbxtest

import (
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

func key(channel, digit string) func(orchestrator.Event) bool {
	return func(e orchestrator.Event) bool { return on(orchestrator.EventDigit, channel)(e) && e.Digit == digit }
}

// Keys that are pressed in a conversation reach the other side, and are told.
func testKeys(r *rig) {
	l, p, leg, _ := r.bridged()
	l.Press(r.T, "1")
	if got := p.Keys(r.T, 1); got != "1" {
		r.Errorf("the phone heard %q, want 1", got)
	}
	p.Press(r.T, "5#")
	if got := l.Keys(r.T, 2); got != "5#" {
		r.Errorf("the caller heard %q, want 5#", got)
	}
	r.await("the key of the phone", key(leg, "5"))
	r.await("the key of the caller", key(l.channel, "1"))
}

// Keys of a leg that joined absorbing are told and reach nobody but by our order.
func testKeysAbsorbed(r *rig) {
	l := r.answered()
	p, leg := r.leg()
	bridge := r.bridge()
	ctx := r.Context()
	r.must(r.PBX.JoinAbsorbing(ctx, bridge, leg))
	r.must(r.PBX.Join(ctx, bridge, l.channel))
	r.must(r.PBX.JoinAbsorbing(ctx, bridge, leg))
	p.Press(r.T, "*7")
	r.await("the first key", key(leg, "*"))
	r.await("the second key", key(leg, "7"))
	l.Press(r.T, "2")
	if got := p.Keys(r.T, 1); got != "2" {
		r.Errorf("the phone heard %q, want 2", got)
	}
	r.must(r.PBX.SendKeys(ctx, l.channel, "4"))
	r.must(r.PBX.SendKeys(ctx, l.channel, "#3"))
	if got := l.Keys(r.T, 3); got != "4#3" {
		r.Errorf("the caller heard %q, want 4#3", got)
	}
	r.must(r.PBX.SendKeys(ctx, leg, "6"))
	if got := p.Keys(r.T, 1); got != "6" {
		r.Errorf("the phone heard %q, want 6", got)
	}
	r.refused("no keys", r.PBX.SendKeys(ctx, leg, "6w,"), fault.Invalid)
	r.inBridge(bridge, l.channel, leg)
	r.refused("keys to nobody", r.PBX.SendKeys(ctx, r.id("x"), "1"), fault.NotFound)
}

// Who is alone in a bridge may hear music, and hears the others again after it.
func testHoldInBridge(r *rig) {
	l, p, leg, bridge := r.bridged()
	ctx := r.Context()
	for range 2 {
		r.must(r.PBX.Part(ctx, bridge, l.channel))
		r.must(r.PBX.Hold(ctx, leg, ""))
		if r.Music != nil {
			r.Music(r.T, p)
		}
		p.Press(r.T, "3")
		r.await("a key during the music", key(leg, "3"))
		r.must(r.PBX.Unhold(ctx, leg))
		r.must(r.PBX.Join(ctx, bridge, l.channel))
		l.Press(r.T, "2")
		if got := p.Keys(r.T, 1); got != "2" {
			r.Errorf("the phone heard %q, want 2", got)
		}
	}
	r.inBridge(bridge, l.channel, leg)
}

// What is played beside a conversation is told as any playback is, and leaves both sides in
// their bridge.
func testAside(r *rig) {
	l, _, leg, bridge := r.bridged()
	ctx := r.Context()
	order := orchestrator.Playback{Channel: leg, Media: []orchestrator.Media{{Kind: orchestrator.MediaSound, Value: "beep"}}, Aside: true}
	aside := func(again bool) string {
		order.ID, order.Again = r.id("p"), again
		r.must(r.PBX.Play(ctx, order))
		return order.ID
	}
	for range 2 {
		id := aside(false)
		if e := r.once("the end of playback "+id, played(id)); e.Failed || e.Channel != leg {
			r.Errorf("%+v, want the end at %s", e, leg)
		}
	}
	id := aside(true)
	r.must(r.PBX.StopPlay(ctx, id))
	r.await("the end of playback "+id, played(id))
	id = aside(false)
	if in := r.recut().Bridges[bridge]; len(in) != 2 { // its end may be told to nobody
		r.Errorf("in the conversation: %q", in)
	}
	r.must(r.PBX.StopPlay(ctx, id))
	r.must(r.PBX.Part(ctx, bridge, leg))
	r.barrier(l)
	r.inBridge(bridge, l.channel)
	order.Channel = r.id("x")
	order.ID = r.id("p")
	r.refused("a sound for nobody", r.PBX.Play(ctx, order), fault.NotFound)
}

// A tone is heard in a conversation and nothing is told of it.
func testBeep(r *rig) {
	l, p, leg, bridge := r.bridged()
	ctx := r.Context()
	for _, tone := range []orchestrator.Tone{orchestrator.ToneYes, orchestrator.ToneNo, orchestrator.ToneYes} {
		r.must(r.PBX.Beep(ctx, leg, tone))
		p.Beeped(r.T)
	}
	r.must(r.PBX.Beep(ctx, leg, orchestrator.ToneYes))
	r.must(r.PBX.Beep(ctx, leg, orchestrator.ToneYes)) // at once
	r.refused("no tone", r.PBX.Beep(ctx, leg, "loud"), fault.Invalid)
	r.refused("a tone for nobody", r.PBX.Beep(ctx, r.id("x"), orchestrator.ToneNo), fault.NotFound)
	r.must(r.PBX.Part(ctx, bridge, leg)) // which waits for the tones
	r.barrier(l)
	if n := r.count(func(e orchestrator.Event) bool { return e.Kind == orchestrator.EventPlayed }); n != 0 {
		r.Errorf("%d playbacks were told", n)
	}
	r.inBridge(bridge, l.channel)
}
