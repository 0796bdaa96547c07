package ari

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/operadora/operadora/dialplans"
)

// The dialplan hands calls over as long as the time in a global variable has not
// passed. A process that hangs, or that cannot take calls, keeps nobody waiting.
const (
	pulseEvery = time.Second
	pulseGood  = 3 * time.Second // how long one lasts
	pulseNever = "1"             // a time that has passed: calls are not taken now
)

// pulse tells the dialplan until when calls may be handed over, by Asterisk's clock.
func (s *session) pulse(ctx context.Context) {
	ticker := time.NewTicker(pulseEvery)
	defer ticker.Stop()
	for {
		until := pulseNever
		if s.sink.Ready() {
			until = seconds(s.theirs(time.Now()).Add(pulseGood))
		}
		if err := s.a.setGlobal(ctx, dialplans.UntilVariable(s.a.cfg.App), until); err != nil && ctx.Err() == nil {
			s.a.log.DebugContext(ctx, "the dialplan could not be told that calls are taken", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// seconds writes a time as the dialplan compares it: seconds since 1970 with a fraction.
func seconds(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// setGlobal sets a global variable of the dialplan.
func (a *Adapter) setGlobal(ctx context.Context, name, value string) error {
	return a.client.do(ctx, request{
		verb: "SetGlobal", method: http.MethodPost, path: []string{"asterisk", "variable"},
		query: url.Values{"variable": {name}, "value": {value}}, again: true,
	}, nil)
}
