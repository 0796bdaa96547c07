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
