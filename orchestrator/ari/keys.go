package ari

import (
	"context"
	"net/http"
	"net/url"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// How long a key that we send lasts, and how long it is quiet after it, in ms.
// Asterisk is quiet for 100 ms before the first of an order by itself.
const (
	keyLasts  = "100"
	keyPauses = "60"
)

// SendKeys sends keys to the phone at the far end of a channel. Asterisk answers
// when it has noted the order and carries the orders of a channel out in turn.
func (a *Adapter) SendKeys(ctx context.Context, channel, keys string) error {
	if !orchestrator.AreKeys(keys) {
		return fault.New("ari.SendKeys", fault.Invalid, "%d characters are no keys of a telephone", len(keys))
	}
	if err := a.refuseDialling("SendKeys", channel); err != nil {
		return err
	}
	return a.client.do(ctx, request{
		verb: "SendKeys", method: http.MethodPost, path: []string{"channels", channel, "dtmf"},
		query: url.Values{"dtmf": {keys}, "duration": {keyLasts}, "between": {keyPauses}},
	}, nil)
}

// beeps are sounds of Asterisk's core set: a tone of Asterisk's own has no end.
var beeps = map[orchestrator.Tone]string{orchestrator.ToneYes: "sound:beep", orchestrator.ToneNo: "sound:beeperr"}

// Beep plays a tone to one channel, also in a bridge. Its playback has no id of
// ours: nothing is told of it.
func (a *Adapter) Beep(ctx context.Context, channel string, tone orchestrator.Tone) error {
	media, ok := beeps[tone]
	if !ok {
		return fault.New("ari.Beep", fault.Invalid, "%q is no tone", tone)
	}
	if err := a.refuseDialling("Beep", channel); err != nil {
		return err
	}
	return a.client.do(ctx, request{
		verb: "Beep", method: http.MethodPost, path: []string{"channels", channel, "play"}, query: url.Values{"media": {media}},
	}, nil)
}
