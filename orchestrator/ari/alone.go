package ari

import (
	"context"
	"net/http"
	"slices"
	"sync"

	wire "github.com/CyCoreSystems/ari/v6"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Asterisk sends nothing at all to a channel that is alone in a bridge, not even what
// somebody whispers to it, and phones take a line on which nothing comes for lost. So
// who is left alone there is sent silence. It has to end before others come: of them
// nothing would be heard meanwhile.

// alone remembers which channels are sent silence in a bridge, or may be.
type alone struct {
	orders sync.Mutex // held while silence is ordered, so that none is ordered for who is alone no more
	mu     sync.Mutex
	in     map[string]lone // by channel; guarded by mu
}

type lone struct {
	bridge string
	late   bool // the order was not answered: it may be carried out at any time
	music  bool // hears music instead
}

func (l *alone) note(channel string, at lone) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.in[channel] = at
}

// at is what is known of a channel.
func (l *alone) at(channel string) (lone, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, there := l.in[channel]
	return at, there
}

// has tells whether a channel is sent silence, and no music.
func (l *alone) has(channel string) bool {
	at, there := l.at(channel)
	return there && !at.music
}

// hears notes whether music is heard on a channel instead of silence.
func (l *alone) hears(channel string, music bool) {
	if at, there := l.at(channel); !there || at.music == music {
		return
	}
	l.orders.Lock() // what was ordered before is through
	defer l.orders.Unlock()
	if at, there := l.at(channel); there {
		at.music = music
		l.note(channel, at)
	}
}

// of are the channels that are sent silence in a bridge, and those of channels that
// are sent some in another.
func (l *alone) of(bridge string, channels []string) map[string]lone {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[string]lone{}
	for channel, at := range l.in {
		if at.bridge == bridge || slices.Contains(channels, channel) {
			found[channel] = at
		}
	}
	return found
}

func (l *alone) forget(channel string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.in, channel)
}

// seed takes in who was alone when we came: an earlier process may have left them silence.
func (l *alone) seed(truth orchestrator.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for channel := range l.in {
		if _, there := truth.Channels[channel]; !there {
			delete(l.in, channel)
		}
	}
	for bridge, channels := range truth.Bridges {
		if len(channels) == 1 && !orchestrator.Monitors(bridge) {
			l.in[channels[0]] = lone{bridge: bridge}
		}
	}
}

// leave has whoever is left alone in a bridge be sent silence.
func (a *Adapter) leave(ctx context.Context, bridge string) error {
	var b wire.BridgeData
	err := a.client.do(ctx, request{verb: "Alone", method: http.MethodGet, path: []string{"bridges", bridge}, again: true}, &b)
	if err != nil {
		return unknown(err)
	}
	left := slices.DeleteFunc(b.ChannelIDs, isSnoop)
	if len(left) != 1 {
		return nil
	}
	a.alone.orders.Lock()
	defer a.alone.orders.Unlock()
	err = unknown(a.silence(ctx, left[0], true))
	was, _ := a.alone.at(left[0])
	a.alone.note(left[0], lone{bridge: bridge, late: was.late || err != nil})
	return err
}

// goOn sends silence again to who is alone and has heard something: what is played
// ends the silence, and Asterisk does not go on with it.
func (a *Adapter) goOn(ctx context.Context, channel string) {
	a.alone.orders.Lock()
	defer a.alone.orders.Unlock()
	if !a.alone.has(channel) {
		return
	}
	if err := a.silence(ctx, channel, true); err != nil && ctx.Err() == nil {
		a.log.DebugContext(ctx, "who is alone in a bridge is sent nothing", "channel", channel, "error", err)
	}
}

// unknown is an error of which nobody knows what came of the order; a refusal is none:
// who is gone needs no silence.
func unknown(err error) error {
	if fault.KindOf(err) != fault.Unavailable {
		return nil
	}
	return err
}

// accompany ends the silence of those in a bridge, and of those who are to come into
// it or go out of it. It returns those for whom it is to be ended once more.
func (a *Adapter) accompany(ctx context.Context, bridge string, channels []string) (late []string, err error) {
	lonely := a.alone.of(bridge, channels)
	if len(lonely) == 0 {
		return nil, nil
	}
	a.alone.orders.Lock()
	defer a.alone.orders.Unlock()
	for channel, at := range lonely {
		if err := unknown(a.silence(ctx, channel, false)); err != nil {
			return nil, err
		}
		a.alone.forget(channel)
		if at.late {
			late = append(late, channel)
		}
	}
	return late, nil
}
