package esl

import (
	"context"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// beeps are what Beep plays.
var beeps = map[orchestrator.Tone]string{
	orchestrator.ToneYes: "tone_stream://%(250,0,1000)",
	orchestrator.ToneNo:  "tone_stream://%(120,60,400);loops=2",
}

// beepLasts is how long ToneYes is heard.
const beepLasts = 250 * time.Millisecond

// Beep plays a tone over what a channel hears, in a room or not. It is nothing that
// the channel does by itself: nothing waits for it, and nothing is told.
func (a *Adapter) Beep(ctx context.Context, channel string, tone orchestrator.Tone) error {
	file, ok := beeps[tone]
	if !ok {
		return fault.New("esl.Beep", fault.Invalid, "%q is no tone", tone)
	}
	if err := a.here(ctx, "Beep", channel); err != nil {
		return err
	}
	return a.mix(ctx, channel, file)
}

// mix adds a tone to what a channel hears.
func (a *Adapter) mix(ctx context.Context, channel, file string) error {
	return a.order(ctx, "Beep", "uuid_displace "+channel+" start "+file+" 0 mux")
}

// cue lets a channel that is in a room hear the beep of a playback that is nothing else
// and comes aside, over what is said there: while a channel plays, whoever talks to it is not heard, and
// those are a customer's first words. False leaves the playback to be played.
func (a *Adapter) cue(ctx context.Context, p orchestrator.Playback) (bool, error) {
	if !p.Aside || len(p.Media) != 1 || p.Media[0] != (orchestrator.Media{Kind: orchestrator.MediaSound, Value: "beep"}) {
		return false, nil
	}
	s, err := a.ready(ctx, "Play")
	if err != nil {
		return false, err
	}
	t := &task{kind: taskPlay, id: p.ID}
	mixes, known := false, false
	a.legs.see(p.Channel, func(g *leg) {
		if g == nil || g.stage != stageHere || g.room == "" {
			return
		}
		if known = p.Again && g.aside != nil && g.aside.id == p.ID; !known && g.aside == nil {
			g.aside, mixes = t, true
		}
	})
	if !mixes {
		return known, nil
	}
	if err := a.mix(ctx, p.Channel, beeps[orchestrator.ToneYes]); err != nil {
		a.cueOver(p.Channel, t)
		return true, err
	}
	time.AfterFunc(beepLasts, func() { // FreeSWITCH tells nothing of its end
		s.call(s.ctx, func() {
			if a.cueOver(p.Channel, t) {
				s.sink.Event(orchestrator.Event{Kind: orchestrator.EventPlayed, PBX: a.name, At: s.theirs(time.Now()), Channel: p.Channel, Playback: p.ID})
			}
		})
	})
	return true, nil
}

// cueOver ends what is mixed into what a channel hears; false when the channel is gone.
func (a *Adapter) cueOver(channel string, t *task) (was bool) {
	a.legs.see(channel, func(g *leg) {
		if was = g != nil && g.aside == t; was {
			g.aside = nil
		}
	})
	return was
}
