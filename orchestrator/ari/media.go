package ari

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/life"
)

// What a media value may be. A comma would begin the next item of Asterisk's
// list, and a scheme it does not know leaves a playback without an end.
var (
	mediaName = regexp.MustCompile(`^[\pL\pN_.+/ -]+$`)
	mediaTone = regexp.MustCompile(`^[\w*+!/.;=-]+$`)
)

// mediaURI writes one thing to play as ARI names it; number: takes 32 bits.
func mediaURI(m orchestrator.Media) (string, error) {
	ok := false
	switch m.Kind {
	case orchestrator.MediaSound, orchestrator.MediaRecording:
		ok = mediaName.MatchString(m.Value)
	case orchestrator.MediaDigits:
		ok = orchestrator.AreKeys(m.Value)
	case orchestrator.MediaNumber:
		n, err := strconv.ParseInt(m.Value, 10, 64)
		ok = err == nil && n >= math.MinInt32 && n <= math.MaxInt32
	case orchestrator.MediaTone:
		ok = mediaTone.MatchString(m.Value)
	}
	if !ok {
		return "", fault.New("ari.Play", fault.Invalid, "%s %q cannot be played", m.Kind, m.Value)
	}
	return string(m.Kind) + ":" + m.Value, nil
}

// Play starts a playback. Asterisk would play it twice when ordered twice, so
// after a lost answer, and when it may have been ordered before, Asterisk is
// asked first whether it knows it.
func (a *Adapter) Play(ctx context.Context, p orchestrator.Playback) error {
	if len(p.Media) == 0 || p.ID == "" {
		return fault.New("ari.Play", fault.Invalid, "playback %q has %d things to play", p.ID, len(p.Media))
	}
	q := url.Values{}
	for _, m := range p.Media {
		uri, err := mediaURI(m)
		if err != nil {
			return err
		}
		if list := q.Get("media"); list != "" {
			uri = list + "," + uri
		}
		q.Set("media", uri)
	}
	if p.Language != "" {
		q.Set("lang", p.Language)
	}
	if err := a.refuseDialling("Play", p.Channel); err != nil {
		return err
	}
	a.quiet.begins(p.Channel, p.ID)
	err := a.play(ctx, p, q)
	if err != nil && fault.KindOf(err) != fault.Unavailable {
		a.quiet.ends(p.ID)
	}
	if err == nil && p.Aside && life.Sleep(ctx, asideLasts) {
		return a.StopPlay(ctx, p.ID)
	}
	return err
}

// asideLasts is how much is heard of what is played beside a conversation. Asterisk takes
// a channel out of its bridge for so long (main/bridge_channel.c, BRIDGE_CHANNEL_ACTION_PLAY_FILE):
// neither side hears the other. A beep is heard well, and of a first word no more is lost than on
// any way to the agent. If nobody ends it here, it ends by itself. (A snoop that whispers it leaves the
// conversation alone, but is heard only where audio comes from the other side, and sometimes not
// when a call has just ended on the line.)
const asideLasts = 80 * time.Millisecond

// play orders a playback.
func (a *Adapter) play(ctx context.Context, p orchestrator.Playback, q url.Values) error {
	r := request{verb: "Play", method: http.MethodPost, path: []string{"channels", p.Channel, "play", p.ID}, query: q}
	if !p.Again {
		err := a.client.do(ctx, r, nil)
		if err == nil || !lostBeforeAnswer(ctx, err) {
			return err
		}
	}
	if known, err := a.Playing(ctx, p.ID); err != nil || known {
		return err
	}
	return a.client.do(ctx, r, nil)
}

// StopPlay ends a playback early; EventPlayed follows. One that is over already is no error.
func (a *Adapter) StopPlay(ctx context.Context, playback string) error {
	return a.client.do(ctx, request{
		verb: "StopPlay", method: http.MethodDelete, path: []string{"playbacks", playback}, again: true,
	}, nil)
}

// Playing tells whether a playback is queued or in progress.
func (a *Adapter) Playing(ctx context.Context, playback string) (bool, error) {
	return found(a.client.do(ctx, request{
		verb: "Playing", method: http.MethodGet, path: []string{"playbacks", playback}, again: true,
	}, nil))
}

// found turns NotFound into false.
func found(err error) (bool, error) {
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil, err
}
