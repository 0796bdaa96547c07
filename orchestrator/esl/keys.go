package esl

import (
	"context"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// keyLasts is how long a key that we send lasts, in ms.
const keyLasts = "100"

// SendKeys sends keys to the phone at the far end of a channel.
func (a *Adapter) SendKeys(ctx context.Context, channel, keys string) error {
	if !orchestrator.AreKeys(keys) {
		return fault.New("esl.SendKeys", fault.Invalid, "%d characters are no keys of a telephone", len(keys))
	}
	if err := a.here(ctx, "SendKeys", channel); err != nil {
		return err
	}
	return a.order(ctx, "SendKeys", "uuid_send_dtmf "+channel+" "+keys+"@"+keyLasts)
}

// beeps are what Beep plays.
var beeps = map[orchestrator.Tone]string{
	orchestrator.ToneYes: "tone_stream://%(250,0,1000)",
	orchestrator.ToneNo:  "tone_stream://%(120,60,400);loops=2",
}

// Beep plays a tone in place of what a channel hears, in a room or not. It is
// nothing that the channel does by itself: nothing waits for it, and nothing is told.
func (a *Adapter) Beep(ctx context.Context, channel string, tone orchestrator.Tone) error {
	file, ok := beeps[tone]
	if !ok {
		return fault.New("esl.Beep", fault.Invalid, "%q is no tone", tone)
	}
	if err := a.here(ctx, "Beep", channel); err != nil {
		return err
	}
	return a.order(ctx, "Beep", "uuid_displace "+channel+" start "+file)
}
